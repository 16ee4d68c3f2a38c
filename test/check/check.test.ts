/**
 * `checkDatabase` finds what is damaged, says where, and never fails by anything but an ElanusError. `SEEDS` runs more rounds of
 * chance; a failure names its seed.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { checkDatabase, type CheckReport } from '../../src/check/check.ts';
import { decodeManifest, encodeManifest } from '../../src/storage/manifest/codec.ts';
import type { CollectionEntry, Manifest } from '../../src/storage/manifest/manifest.ts';
import { openMemoryStore, type MemoryMedium } from '../../src/storage/memory.ts';
import { encodePreamble } from '../../src/storage/preamble.ts';
import { encodeSections } from '../../src/storage/sections/index.ts';
import { ByteWriter } from '../../src/util/bytes.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import { testKernels } from '../support/kernels.ts';
import { connectTo, copyOf, docOf, docsSchema, makeSample, readAll, type Sample } from './support.ts';
import { damageAtRandom } from './damage.ts';

const SEEDS = Number(process.env.SEEDS ?? 40);

let closed: Sample;
let crashed: Sample;
beforeAll(async () => {
  closed = await makeSample(true);
  crashed = await makeSample(false);
});

const check = async (medium: MemoryMedium): Promise<CheckReport> => checkDatabase(openMemoryStore({ medium, readOnly: true }), await testKernels('simd'));

async function checkChanged(change: (medium: MemoryMedium) => void | Promise<void>, sample = closed): Promise<CheckReport> {
  const medium = copyOf(sample.medium);
  await change(medium);
  const report = await check(medium);
  expect(report.findings.filter(({ code }) => code === 'INTERNAL')).toEqual([]);
  return report;
}

const messages = (report: CheckReport): string[] => report.findings.map(({ severity, message }) => `${severity}: ${message}`);

function changeManifest(medium: MemoryMedium, change: (manifest: Manifest) => Manifest): void {
  medium.root = encodeManifest(change(decodeManifest(medium.root!)));
}

const changeCollection = (medium: MemoryMedium, name: string, change: (entry: CollectionEntry) => CollectionEntry): void =>
  changeManifest(medium, (manifest) => ({ ...manifest, collections: manifest.collections.map((entry) => (entry.name === name ? change(entry) : entry)) }));

describe('check', () => {
  it('finds nothing in a database that was closed, and reads all of it', async () => {
    const report = await check(closed.medium);
    expect(messages(report)).toEqual([]);
    const files = [...closed.medium.files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    expect(report.bytes).toBeGreaterThan(files * 0.9);
    expect(report).toMatchObject({ isDamaged: false, wasChanged: false });
  });

  it('finds nothing in one that a crash left', async () => {
    expect(messages(await check(crashed.medium))).toEqual([]);
  });

  it('changes nothing', async () => {
    const medium = copyOf(closed.medium);
    await check(medium);
    expect([...medium.files.keys()]).toEqual([...closed.medium.files.keys()]);
    expect(medium.root).toEqual(closed.medium.root);
    expect(medium.lockedBy).toBeNull();
  });

  it('says that there is no database', async () => {
    await expect(checkChanged((medium) => medium.clear())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('says of a manifest of another version that it is one', async () => {
    await expect(checkChanged((medium) => medium.root!.set(encodePreamble('manifest', 99)))).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  });

  it('says which file is missing, once', async () => {
    for (const file of closed.medium.files.keys()) {
      const report = await checkChanged((medium) => void medium.files.delete(file));
      expect(messages(report)).toEqual([`damage: "${file}" is named by the manifest and is not there`]);
    }
  });

  it('says which file was cut, or has another in its place', async () => {
    const [first] = closed.medium.files.keys();
    expect(messages(await checkChanged((medium) => void medium.files.set(first!, medium.files.get(first!)!.slice(0, -64))))[0]).toMatch(/damage: "s\d+\.seg" has a damaged end/);
    const segments = [...closed.medium.files.keys()].filter((file) => file.endsWith('.seg'));
    expect(segments.length).toBeGreaterThanOrEqual(3);
    const swapped = await checkChanged((medium) => {
      const [a, b] = segments as [string, string];
      const bytes = medium.files.get(a)!;
      medium.files.set(a, medium.files.get(b)!);
      medium.files.set(b, bytes);
    });
    expect(messages(swapped).filter((message) => message.includes('another name'))).toHaveLength(2);
  });

  it('names all damaged blocks of a file in one line', async () => {
    const file = [...closed.medium.files].find(([name, bytes]) => name.endsWith('.seg') && bytes.length > 6 * 65_536)![0];
    const report = await checkChanged((medium) => {
      for (const block of [1, 2, 3, 5]) medium.files.get(file)![block * 65_536 + 100]! ^= 4;
    });
    expect(messages(report)).toEqual([`damage: "${file}" has 4 blocks of 64 KiB whose checksum does not match: 1-3, 5`]);
  });

  it('tells a log with damage from one that a crash cut', async () => {
    const log = [...crashed.medium.logs.keys()].find((name) => name.startsWith('c1-'))!;
    const bytesOf = (medium: MemoryMedium): Uint8Array => Uint8Array.from(medium.logs.get(log)!.flatMap((piece) => [...piece]));
    const cut = await checkChanged((medium) => void medium.logs.set(log, [bytesOf(medium).slice(0, -7)]), crashed);
    expect(cut.isDamaged).toBe(false);
    expect(messages(cut)).toEqual([expect.stringMatching(/^notice: "c1-\d+\.log" ends in \d+ bytes of a write that a crash cut off/)]);
    const damaged = await checkChanged((medium) => {
      const bytes = bytesOf(medium);
      bytes[200]! ^= 1;
      medium.logs.set(log, [bytes]);
    }, crashed);
    expect(messages(damaged)[0]).toMatch(/^damage: "c1-\d+\.log" has a fragment whose data do not match/);
  });

  it('calls files that nothing names garbage, and what is not ours a notice', async () => {
    const report = await checkChanged((medium) => {
      medium.files.set('s999.seg', new Uint8Array(100));
      medium.files.set('notes.txt', new Uint8Array(3));
      medium.logs.set('c77-1.log', [new Uint8Array(10)]);
    });
    expect(messages(report).sort()).toEqual([
      expect.stringMatching(/^garbage: "c77-1.log"/),
      expect.stringMatching(/^garbage: "s999.seg"/),
      expect.stringMatching(/^notice: "notes.txt"/),
    ]);
    expect(report.isDamaged).toBe(false);
  });

  it('finds what the manifest says wrongly', async () => {
    const wrong = async (change: (entry: CollectionEntry) => CollectionEntry, expected: RegExp): Promise<void> => {
      const report = await checkChanged((medium) => changeCollection(medium, 'docs', change));
      expect(messages(report).some((message) => expected.test(message)), `${expected}: ${messages(report).join('\n')}`).toBe(true);
      expect(report.isDamaged).toBe(true);
    };
    const eachSegment = (change: (segment: CollectionEntry['segments'][number]) => Partial<CollectionEntry['segments'][number]>) => (entry: CollectionEntry): CollectionEntry => ({
      ...entry,
      segments: entry.segments.map((segment) => ({ ...segment, ...change(segment) })),
    });
    await wrong(eachSegment(({ rows }) => ({ rows: rows + 1 })), /expected rows 1101, as the manifest has it, got 1100/);
    await wrong(eachSegment(() => ({ schemaVersion: 7 })), /of schema version 7/);
    await wrong(eachSegment(({ fileBytes }) => ({ fileBytes: fileBytes + 64 })), /expected \d+ bytes, as the manifest has it/);
    await wrong(eachSegment(({ minTimestamp }) => ({ minTimestamp: minTimestamp - 1n })), /expected inserts of/);
    await wrong(eachSegment(({ deletedRows }) => ({ deletedRows: deletedRows === 0 ? 0 : deletedRows - 1 })), /expected \d+ deleted rows, as the manifest has it/);
    await wrong(eachSegment(() => ({ deletesFile: null })), /deleted rows and no deletes file/);
    await wrong((entry) => ({ ...entry, indexes: { 1: Object.values(entry.indexes)[0]! } }), /index of field 1, which is no vector field/);
    await wrong((entry) => ({ ...entry, collectionId: 50 }), /number 50, which is to be given out again/);
  });

  it('finds keys that live twice: a deletes file that is not named any more', async () => {
    const report = await checkChanged((medium) => changeCollection(medium, 'docs', (entry) => ({ ...entry, segments: entry.segments.map((segment) => ({ ...segment, deletesFile: null, deletedRows: 0 })) })));
    expect(messages(report).join('\n')).toMatch(/^damage: \d+ keys have more than one live row: \d+ in s1\.seg and s\d\.seg/);
  });

  it('finds a log that was sealed already', async () => {
    const report = await checkChanged(async (medium) => {
      // The segment and the log that it came from, both named.
      const before = copyOf(medium);
      const db = await connectTo(medium)('memory:', { mode: 'inline' });
      await (await db.collection('docs')).flush();
      await db.close();
      const [name, pieces] = [...before.logs].find(([log]) => log.startsWith('c1-'))!;
      medium.logs.set(name, pieces);
      changeCollection(medium, 'docs', (entry) => ({ ...entry, firstLogGeneration: 1 }));
    });
    expect(messages(report).join('\n')).toMatch(/inserts the key 50, of which a row that is as new lives elsewhere/);
  });

  it('finds values that cannot be, behind checksums that match', async () => {
    const file = [...closed.medium.files.keys()].find((name) => name.endsWith('.seg'))!;
    const withSections = (change: (sections: Map<string, Uint8Array>) => void) => async (medium: MemoryMedium): Promise<void> => {
      const { openSections } = await import('../../src/storage/sections/index.ts');
      const opened = await openSections(openMemoryStore({ medium: copyOf(medium) }), file, 'segment');
      const sections = new Map<string, Uint8Array>();
      for (const name of opened.sectionNames) sections.set(name, await opened.read(name));
      change(sections);
      const chunks = [...encodeSections('segment', file, [...sections].map(([name, bytes]) => ({ name, bytes })))];
      const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      let at = 0;
      for (const chunk of chunks) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      medium.files.set(file, bytes);
      changeCollection(medium, 'docs', (entry) => ({ ...entry, segments: entry.segments.map((segment) => (segment.file === file ? { ...segment, fileBytes: bytes.length } : segment)) }));
    };
    const found = async (change: (sections: Map<string, Uint8Array>) => void): Promise<string> => messages(await checkChanged(withSections(change))).join('\n');
    expect(await found(() => {})).toBe('');
    expect(await found((sections) => new DataView(sections.get('f4/values')!.buffer).setFloat32(4 * DIM_OF_V * 7, NaN, true))).toMatch(/vector of field "v" that cannot be: row 7/);
    expect(await found((sections) => new DataView(sections.get('f0/values')!.buffer).setBigInt64(8 * 500, 3n, true))).toMatch(/not in the order of their keys, from row 500 on/);
    expect(await found((sections) => void sections.get('f1/values')!.fill(0xff, 0, 1))).toMatch(/value of field "title" that cannot be: row 0 is no UTF-8/);
    expect(await found((sections) => void sections.get('f2/values')!.fill(0x7d, 0, 1))).toMatch(/value of field "meta" that cannot be: row 0 is no JSON/);
    expect(await found((sections) => void sections.delete('f3/values'))).toMatch(/expected a section "f3\/values"/);
    expect(await found((sections) => new DataView(sections.get('f1/offsets')!.buffer).setInt32(8, 2_000_000_000, true))).toMatch(/offsets of field "title"/);
    expect(await found((sections) => new DataView(sections.get('times')!.buffer).setUint32(0, 0xffff_ffff, true))).toMatch(/row times .* do not fit/);
    expect(await found((sections) => void sections.get('zones')!.fill(0x77, 4, 8))).toMatch(/"zones" of .* expected bounds of its fields/);
    // Fields (u32), field id, rows without a value, kind, then the least key.
    expect(await found((sections) => new DataView(sections.get('zones')!.buffer).setBigInt64(13, -5n, true))).toMatch(/bounds of field "id" that are not those of its values/);
    expect(await found((sections) => new DataView(sections.get('meta')!.buffer).setUint32(0, 0xffff_fff0, true))).toMatch(/expected rows 1100/);
  });

  it('takes no length on trust that a log, a manifest or a directory says', async () => {
    const lying = (kind: 'manifest' | 'log', length: number): Uint8Array => {
      const writer = new ByteWriter().bytes(encodePreamble(kind, kind === 'manifest' ? 2 : 1)).u32(length).bytes(new Uint8Array(40));
      return writer.u32(crc32c(writer.finish())).finish();
    };
    for (const length of [0, 1, 0x7fff_ffff, 0xffff_ffff]) {
      expect((await checkChanged((medium) => void (medium.root = lying('manifest', length)))).isDamaged).toBe(true);
      const report = await checkChanged((medium) => void medium.logs.set('c1-9.log', [lying('log', length)]));
      expect(report.isDamaged).toBe(true);
    }
    for (const [file, whole] of closed.medium.files) {
      for (const value of [0, 0xffff_ffff]) {
        for (const back of [24, 20, 16, 12, 8, 4, 60, 100, 200]) {
          const report = await checkChanged((medium) => new DataView(medium.files.get(file)!.buffer).setUint32(whole.length - back, value, true));
          if (new DataView(whole.buffer).getUint32(whole.length - back, true) !== value) expect(report.isDamaged, `${file} at -${back}: ${value}`).toBe(true);
        }
      }
    }
  });

  it('works beside a writer', { timeout: 60_000 }, async () => {
    const medium = copyOf(closed.medium);
    const db = await connectTo(medium)('memory:', { mode: 'inline' });
    const docs = await db.collection('docs', docsSchema);
    let isDone = false;
    const writing = (async () => {
      for (let i = 0; !isDone; i++) {
        await docs.insert([docOf(5000 + i, 1)]);
        if (i % 5 === 4) await docs.flush();
        await new Promise((resolve) => setTimeout(resolve));
      }
    })();
    for (let i = 0; i < 5; i++) {
      const report = await check(medium);
      expect(report.findings.filter(({ severity }) => severity === 'damage' && !report.wasChanged)).toEqual([]);
    }
    isDone = true;
    await writing;
    await db.close();
  });
});

const DIM_OF_V = 256;

describe('check of damage by chance', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      const sample = seed % 3 === 0 ? crashed : closed;
      const medium = copyOf(sample.medium);
      const damage = damageAtRandom(medium, seed);
      let report: CheckReport;
      try {
        report = await check(medium);
      } catch (error) {
        expect((error as { code: string }).code, `${damage.what}: ${String(error)}`).toBe('FORMAT_UNSUPPORTED');
        return;
      }
      expect(report.findings.filter(({ code }) => code === 'INTERNAL'), damage.what).toEqual([]);
      if (damage.isFound) expect(report.isDamaged, damage.what).toBe(true);
      if (report.isDamaged) return;
      // What is called whole must be: all that was acknowledged, or, of a log that was cut, all before the cut.
      const found = await readAll(medium, { docs: sample.docs.keys(), words: sample.words.keys() });
      if (damage.isHarmless) expect({ docs: found.docs.size, words: found.words.size }, damage.what).toEqual({ docs: sample.docs.size, words: sample.words.size });
    });
  }
});
