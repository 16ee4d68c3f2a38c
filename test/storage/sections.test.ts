import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openMemoryStore } from '../../src/storage/memory.ts';
import { encodePreamble } from '../../src/storage/preamble.ts';
import { encodeSections, openSections, sectionsByteLength, type SectionInput } from '../../src/storage/sections/index.ts';
import type { Store } from '../../src/storage/store.ts';
import { expectBytes, pattern } from '../contract/store.ts';

const BLOCK = 65_536;
const NAME = 's1.seg';

function join(chunks: Iterable<Uint8Array>): Uint8Array {
  return Uint8Array.from([...chunks].flatMap((chunk) => [...chunk]));
}

/** A store with one file, and the ranges read of it. */
async function fileOf(bytes: Uint8Array): Promise<{ store: Store; reads: [number, number][] }> {
  const inner = openMemoryStore();
  await inner.write(NAME, [bytes]);
  const reads: [number, number][] = [];
  const store = new Proxy(inner, {
    get: (target, key) => {
      if (key === 'read') {
        return async (name: string, from: number, to: number) => {
          reads.push([from, to]);
          return inner.read(name, from, to);
        };
      }
      const member = Reflect.get(target, key, target) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { store, reads };
}

const SECTIONS: SectionInput[] = [
  { name: 'meta', bytes: pattern(100, 1) },
  { name: 'empty', bytes: new Uint8Array(0) },
  { name: 'f1.values', bytes: [pattern(200_000, 2), new Uint8Array(0), pattern(1, 3), pattern(64, 4)] },
  { name: 'Ünïcode', bytes: pattern(63, 5) },
  { name: 'last', bytes: pattern(70_000, 6) },
];
const contentOf = (section: SectionInput): Uint8Array => (section.bytes instanceof Uint8Array ? section.bytes : join(section.bytes));

async function codeOf(attempt: () => Promise<unknown>): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('sections', () => {
  test('every section comes back, whole, in the order written', async () => {
    const { store } = await fileOf(join(encodeSections('segment', NAME, SECTIONS)));
    const file = await openSections(store, NAME, 'segment');
    expect(file.sectionNames).toEqual(SECTIONS.map(({ name }) => name));
    expect(file.fileBytes).toBe(await store.size(NAME));
    for (const section of SECTIONS) {
      expect(file.has(section.name)).toBe(true);
      expect(file.byteLength(section.name)).toBe(contentOf(section).length);
      expectBytes(await file.read(section.name), contentOf(section));
    }
    expect(file.has('none')).toBe(false);
    await file.verify();
  });

  test('any sections, any ranges', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat(100), fc.nat(200_000)), { maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(5), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 10 }),
        async (lengths, ranges) => {
          const sections = lengths.map((length, i) => ({ name: `s${i}`, bytes: pattern(length, i) }));
          const store = openMemoryStore();
          await store.write(NAME, encodeSections('index', NAME, sections));
          expect(await store.size(NAME)).toBe(sectionsByteLength('index', sections));
          const file = await openSections(store, NAME, 'index');
          await Promise.all(
            ranges.map(async ([which, a, b]) => {
              const section = sections[which];
              if (!section) return;
              const [from, to] = [a, b].map((share) => Math.floor(share * section.bytes.length)).sort((x, y) => x - y);
              expectBytes(await file.read(section.name, from, to), section.bytes.subarray(from, to));
            }),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('sections are 64-byte aligned in the file, and a read fits any typed array', async () => {
    const floats = Float64Array.from({ length: 1000 }, (_, i) => i / 3);
    const bytes = join(encodeSections('segment', NAME, [{ name: 'a', bytes: pattern(5) }, { name: 'b', bytes: new Uint8Array(floats.buffer) }]));
    expect(bytes.length % 64).toBe(0);
    // The preamble takes 64 bytes with its padding, so does section a.
    expectBytes(bytes.slice(128, 128 + 8000), new Uint8Array(floats.buffer));
    const { store } = await fileOf(bytes);
    const file = await openSections(store, NAME, 'segment');
    const read = await file.read('b', 16, 32);
    expect([...new Float64Array(read.buffer)]).toEqual([floats[2], floats[3]]);
    expect([read.byteOffset, read.buffer.byteLength]).toEqual([0, 16]);
  });

  test('big buffers are passed on, not copied', () => {
    const big = pattern(1_000_000);
    expect([...encodeSections('segment', NAME, [{ name: 'big', bytes: big }])]).toContain(big);
  });

  test('a small read takes the blocks it touches and no more; a verified block is not read whole again', async () => {
    const content = pattern(10 * BLOCK);
    const { store, reads } = await fileOf(join(encodeSections('segment', NAME, [{ name: 'a', bytes: content }])));
    const file = await openSections(store, NAME, 'segment');
    expect(reads.reduce((sum, [from, to]) => sum + to - from, 0)).toBeLessThan(10_000);
    reads.length = 0;
    expectBytes(await file.read('a', 3 * BLOCK, 3 * BLOCK + 10), content.slice(3 * BLOCK, 3 * BLOCK + 10));
    expect(reads).toEqual([[3 * BLOCK, 4 * BLOCK]]);
    // The neighbour in the same block costs nothing; the same again neither.
    await file.read('a', 3 * BLOCK + 10, 3 * BLOCK + 20);
    await file.read('a', 3 * BLOCK, 3 * BLOCK + 10);
    expect(reads.length).toBe(1);
    reads.length = 0;
    await file.read('a', 7 * BLOCK, 7 * BLOCK + 10);
    await file.read('a', 3 * BLOCK, 3 * BLOCK + 10);
    // Sections begin 64 bytes into the file.
    expect(reads).toEqual([[7 * BLOCK, 8 * BLOCK], [3 * BLOCK + 64, 3 * BLOCK + 74]]);
  });

  test('reads of one block at once are one read', async () => {
    const { store, reads } = await fileOf(join(encodeSections('segment', NAME, [{ name: 'a', bytes: pattern(BLOCK) }])));
    const file = await openSections(store, NAME, 'segment');
    reads.length = 0;
    await Promise.all(Array.from({ length: 20 }, (_, i) => file.read('a', i * 10, i * 10 + 10)));
    expect(reads.length).toBe(1);
  });

  test('readRangesNow answers what readRanges does, of blocks that were read before alone', async () => {
    const content = pattern(5 * BLOCK, 9);
    const { store } = await fileOf(join(encodeSections('segment', NAME, [{ name: 'a', bytes: content }])));
    const file = await openSections(store, NAME, 'segment');
    const offsets = [3 * BLOCK + 100, 7, BLOCK - 500, 7];
    const target = new Uint8Array(offsets.length * 1000);
    expect(file.readRangesNow('a', offsets, 1000, target)).toBe(false);
    const expected = await file.readRanges('a', offsets, 1000);
    expect(file.readRangesNow('a', offsets, 1000, target)).toBe(true);
    expectBytes(target, expected);
    expect(file.readRangesNow('a', [4 * BLOCK + 1000], 1000, target)).toBe(false);
    expect(() => file.readRangesNow('a', [content.length - 999], 1000, target)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
    expect(() => file.readRangesNow('b', [0], 1000, target)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
  });

  test('readRanges answers rows in the order asked for, repeats too, and reads no block twice', async () => {
    const row = 48;
    const content = pattern(20 * BLOCK);
    const { store, reads } = await fileOf(join(encodeSections('segment', NAME, [{ name: 'a', bytes: content }])));
    const file = await openSections(store, NAME, 'segment');
    for (const isFirst of [true, false]) {
      reads.length = 0;
      const offsets = Array.from({ length: 300 }, (_, i) => ((i * 7_919) % Math.floor(content.length / row)) * row);
      offsets.push(offsets[5], offsets[5]);
      const rows = await file.readRanges('a', offsets, row);
      expect(rows.length).toBe(offsets.length * row);
      for (const [i, offset] of offsets.entries()) expectBytes(rows.subarray(i * row, (i + 1) * row), content.subarray(offset, offset + row));
      const bytesRead = reads.reduce((sum, [from, to]) => sum + to - from, 0);
      expect(bytesRead).toBeLessThanOrEqual(21 * BLOCK);
      if (!isFirst) expect(bytesRead).toBeLessThan(content.length);
    }
    expect((await file.readRanges('a', [], row)).length).toBe(0);
    await expect(file.readRanges('a', [content.length - row + 1], row)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('a missing section and a range beyond one are CORRUPT', async () => {
    const { store } = await fileOf(join(encodeSections('segment', NAME, SECTIONS)));
    const file = await openSections(store, NAME, 'segment');
    await expect(file.read('none')).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining('"none"') });
    expect(() => file.byteLength('none')).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
    await expect(file.read('meta', 0, 101)).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(file.read('meta', 5, 4)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('the same name twice, or none, is our own mistake', () => {
    expect(() => join(encodeSections('segment', NAME, [{ name: 'a', bytes: pattern(1) }, { name: 'a', bytes: pattern(1) }]))).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(() => join(encodeSections('segment', NAME, [{ name: '', bytes: pattern(1) }]))).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('sections > damage', () => {
  const small: SectionInput[] = [{ name: 'a', bytes: pattern(70, 1) }, { name: 'b', bytes: pattern(9, 2) }];

  /** Opens the file and reads everything in it. */
  async function readAll(bytes: Uint8Array): Promise<void> {
    const { store } = await fileOf(bytes);
    const file = await openSections(store, NAME, 'segment');
    for (const section of small) expectBytes(await file.read(section.name), contentOf(section));
    await file.verify();
  }

  test('a changed byte anywhere is CORRUPT', async () => {
    const whole = join(encodeSections('segment', NAME, small));
    expect(await codeOf(() => readAll(whole))).toBeNull();
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const changed = whole.slice();
        changed[at] ^= mask;
        const code = await codeOf(() => readAll(changed));
        if (code !== 'CORRUPT') expect.fail(`byte ${at} ^ ${mask}: ${code}`);
      }
    }
  });

  test('a file cut anywhere is CORRUPT', async () => {
    const whole = join(encodeSections('segment', NAME, small));
    for (let cut = 0; cut < whole.length; cut++) {
      const code = await codeOf(() => readAll(whole.slice(0, cut)));
      if (code !== 'CORRUPT') expect.fail(`cut at ${cut}: ${code}`);
    }
  });

  test('a changed byte is found in the block where it is, by name, and other blocks stay readable', async () => {
    const content = pattern(5 * BLOCK);
    const whole = join(encodeSections('segment', NAME, [{ name: 'a', bytes: content }]));
    whole[2 * BLOCK + 1000] ^= 1;
    const { store } = await fileOf(whole);
    const file = await openSections(store, NAME, 'segment');
    await file.read('a', 0, BLOCK);
    await file.read('a', 3 * BLOCK, 4 * BLOCK);
    const named = { code: 'CORRUPT', message: expect.stringContaining('block 2'), detail: { file: NAME, block: 2, from: 2 * BLOCK, to: 3 * BLOCK } };
    await expect(file.read('a', 2 * BLOCK + 5, 2 * BLOCK + 9)).rejects.toMatchObject(named);
    await expect(file.read('a')).rejects.toMatchObject(named);
    await expect(file.verify()).rejects.toMatchObject(named);
    await expect(file.readRanges('a', [0, 2 * BLOCK + 5], 4)).rejects.toMatchObject(named);
  });

  test('a long read finds damage at its far end', async () => {
    const content = pattern(9_000_000);
    const whole = new Uint8Array(sectionsByteLength('segment', [{ name: 'a', bytes: content }]));
    let at = 0;
    for (const chunk of encodeSections('segment', NAME, [{ name: 'a', bytes: content }])) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    const good = await fileOf(whole);
    expectBytes(await (await openSections(good.store, NAME, 'segment')).read('a', 100_000, 8_900_000), content.subarray(100_000, 8_900_000));
    whole[8_999_999] ^= 1;
    const bad = await fileOf(whole);
    await expect((await openSections(bad.store, NAME, 'segment')).read('a')).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('another kind of file is CORRUPT; a newer version is FORMAT_UNSUPPORTED with both versions', async () => {
    const whole = join(encodeSections('segment', NAME, small));
    const { store } = await fileOf(whole);
    await expect(openSections(store, NAME, 'index')).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining('index') });
    whole.set(encodePreamble('segment', 9));
    await expect(openSections((await fileOf(whole)).store, NAME, 'segment')).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      detail: { found: 9, newestSupported: 2, oldestSupported: 2, advice: expect.stringContaining('upgrade') },
    });
  });

  test('a file in the place of another is CORRUPT, whole as it is', async () => {
    const { store } = await fileOf(join(encodeSections('segment', 's2.seg', small)));
    await expect(openSections(store, NAME, 'segment')).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining('another name') });
  });

  test('an older version is FORMAT_UNSUPPORTED, too', async () => {
    const whole = join(encodeSections('segment', NAME, small));
    whole.set(encodePreamble('segment', 1));
    await expect(openSections((await fileOf(whole)).store, NAME, 'segment')).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED', detail: { found: 1, advice: expect.stringContaining('older') } });
  });

  test('verifying goes on after damage where it is told of it', async () => {
    const whole = join(encodeSections('segment', NAME, [{ name: 'a', bytes: pattern(5 * BLOCK) }]));
    whole[BLOCK + 1] ^= 1;
    whole[4 * BLOCK + 1] ^= 1;
    const file = await openSections((await fileOf(whole)).store, NAME, 'segment');
    const blocks: unknown[] = [];
    await file.verify(undefined, ({ detail }) => blocks.push(detail['block']));
    expect(blocks).toEqual([1, 4]);
  });

  test('salvage gives what there is of a section, and says which of it is damaged', async () => {
    const content = pattern(5 * BLOCK);
    const whole = join(encodeSections('segment', NAME, [{ name: 'before', bytes: pattern(100) }, { name: 'a', bytes: content }, { name: 'b', bytes: pattern(10) }]));
    const start = 192;
    for (const block of [1, 2, 4]) whole[block * BLOCK + 7] ^= 1;
    const file = await openSections((await fileOf(whole)).store, NAME, 'segment');
    const { bytes, damaged } = await file.salvage('a');
    expect(damaged).toEqual([{ from: BLOCK - start, to: 3 * BLOCK - start }, { from: 4 * BLOCK - start, to: 5 * BLOCK - start }]);
    expectBytes(bytes.subarray(0, BLOCK - start), content.subarray(0, BLOCK - start));
    expectBytes(bytes.subarray(3 * BLOCK - start, 4 * BLOCK - start), content.subarray(3 * BLOCK - start, 4 * BLOCK - start));
    expect((await file.salvage('before')).damaged).toEqual([]);
  });

  test('a directory or an end with a changed byte is found for salvage, unless it makes no sense', async () => {
    const whole = join(encodeSections('segment', NAME, small));
    const dataBytes = 256;
    expect(new DataView(whole.buffer).getBigUint64(dataBytes, true)).toBe(BigInt(dataBytes));
    let opened = 0;
    for (let at = dataBytes; at < whole.length; at++) {
      const changed = whole.slice();
      changed[at] ^= 1;
      const { store } = await fileOf(changed);
      expect(await codeOf(() => openSections(store, NAME, 'segment'))).toBe('CORRUPT');
      const file = await openSections(store, NAME, 'segment', { salvage: true }).catch((error: { code: string }) => void expect(error.code).toBe('CORRUPT'));
      if (!file) continue;
      opened++;
      for (const section of small) {
        if (!file.has(section.name)) continue;
        const { bytes, damaged } = await file.salvage(section.name);
        // Nothing but the directory has the lengths: whoever salvages must know them.
        const known = contentOf(section);
        if (damaged.length === 0 && bytes.length === known.length) expectBytes(bytes, known);
      }
    }
    expect(opened).toBeGreaterThan(24);
  });

  test('no such file is NOT_FOUND', async () => {
    await expect(openSections(openMemoryStore(), NAME, 'segment')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('bytes of chance are CORRUPT', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), fc.boolean(), async (bytes, withHead) => {
        const whole = withHead ? Uint8Array.from([...encodePreamble('segment', 2), ...bytes]) : bytes;
        expect(await codeOf(() => readAll(whole))).toBe('CORRUPT');
      }),
    );
  });
});
