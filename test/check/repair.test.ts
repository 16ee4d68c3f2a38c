/**
 * `repairDatabase` saves what is whole and says what is not: what the new database holds is the model less what the report says
 * that is lost. `SEEDS` runs more rounds of chance; a failure names its seed.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { checkDatabase } from '../../src/check/check.ts';
import { repairDatabase, type RepairReport } from '../../src/check/repair.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { decodeManifest } from '../../src/storage/manifest/codec.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { encodePreamble } from '../../src/storage/preamble.ts';
import { openSections } from '../../src/storage/sections/index.ts';
import { testKernels } from '../support/kernels.ts';
import { damageAtRandom, joined } from './damage.ts';
import { connectTo, copyOf, DIM, docOf, docsSchema, makeSample, plainDoc, plainWord, readAll, type Sample } from './support.ts';

const SEEDS = Number(process.env.SEEDS ?? 20);
const BLOCK = 65_536;

let closed: Sample;
let crashed: Sample;
beforeAll(async () => {
  closed = await makeSample(true);
  crashed = await makeSample(false);
});

async function repair(medium: MemoryMedium): Promise<{ report: RepairReport; saved: MemoryMedium }> {
  const before = copyOf(medium);
  const saved = new MemoryMedium();
  const report = await repairDatabase(openMemoryStore({ medium, readOnly: true }), openMemoryStore({ medium: saved }), await testKernels('simd'));
  // What is damaged stays as it was.
  expect(sizes(medium)).toEqual(sizes(before));
  for (const [name, bytes] of before.files) expect(medium.files.get(name)!.every((byte, i) => byte === bytes[i])).toBe(true);
  return { report, saved };
}

const sizes = ({ files, logs, root }: MemoryMedium): unknown => [[...files].map(([name, bytes]) => [name, bytes.length]), [...logs].map(([name, pieces]) => [name, joined(pieces).length]), root?.length];

interface Outcome {
  readonly report: RepairReport;
  readonly saved: MemoryMedium;
  readonly missingDocs: number[];
  readonly missingWords: string[];
  /** Rows that are not the model's: of deleted keys, or older versions. */
  readonly back: (number | string)[];
}

/** Everything that can be read of the sample's keys, those it has deleted among them. */
const DOC_KEYS = Array.from({ length: 4000 }, (_, i) => i);
const WORD_KEYS = Array.from({ length: 320 }, (_, i) => `wörd ${i}`);

async function outcomeOf(sample: Sample, change: (medium: MemoryMedium) => void | Promise<void>): Promise<Outcome> {
  const medium = copyOf(sample.medium);
  await change(medium);
  const { report, saved } = await repair(medium);
  const found = await readAll(copyOf(saved), { docs: DOC_KEYS, words: WORD_KEYS });
  const back: (number | string)[] = [];
  for (const [id, row] of found.docs) if (JSON.stringify(plainDoc(row)) !== JSON.stringify(sample.docs.has(id) ? plainDoc(sample.docs.get(id)!) : null)) back.push(id);
  for (const [word, row] of found.words) if (JSON.stringify(plainWord(row)) !== JSON.stringify(sample.words.has(word) ? plainWord(sample.words.get(word)!) : null)) back.push(word);
  expect(found.counts).toEqual({ docs: found.docs.size, words: found.words.size });
  return { report, saved, missingDocs: [...sample.docs.keys()].filter((id) => !found.docs.has(id)), missingWords: [...sample.words.keys()].filter((word) => !found.words.has(word)), back };
}

const nothing = { missingDocs: [], missingWords: [], back: [] };
const fileOf = (sample: Sample, collection: string, at = 0): string => decodeManifest(sample.medium.root!).collections.find(({ name }) => name === collection)!.segments[at]!.file;
const logOf = (sample: Sample, collectionId: number): string => [...sample.medium.logs.keys()].find((name) => name.startsWith(`c${collectionId}-`))!;

/** Where in a file a section lies: found by its bytes, which are long enough to be there once. */
async function placeOf(sample: Sample, file: string, section: string): Promise<{ from: number; to: number }> {
  const bytes = await (await openSections(openMemoryStore({ medium: sample.medium, readOnly: true }), file, 'segment')).read(section);
  const whole = sample.medium.files.get(file)!;
  for (let at = 64; at < whole.length; at += 64) if (bytes.every((byte, i) => whole[at + i] === byte)) return { from: at, to: at + bytes.length };
  throw new Error(`no ${section} in ${file}`);
}

describe('repair', () => {
  it('of a database that is whole loses nothing, and copies its files as they are', async () => {
    for (const sample of [closed, crashed]) {
      const outcome = await outcomeOf(sample, () => {});
      expect(outcome).toMatchObject({ ...nothing, report: { losses: [], notices: [] } });
      expect([...outcome.saved.files.keys()].sort()).toEqual([...sample.medium.files.keys()].sort());
      expect(outcome.report.collections.map(({ name }) => name)).toEqual(['docs', 'words']);
    }
  });

  it('writes to an empty place alone', async () => {
    const kernels = await testKernels('simd');
    const full = copyOf(closed.medium);
    await expect(repairDatabase(openMemoryStore({ medium: copyOf(closed.medium) }), openMemoryStore({ medium: full }), kernels)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(repairDatabase(openMemoryStore(), openMemoryStore(), kernels)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('loses the rows of a damaged block, by their keys, and no others', async () => {
    const file = fileOf(closed, 'docs');
    const vectors = await placeOf(closed, file, 'f4/values');
    const block = Math.floor(vectors.from / BLOCK) + 3;
    const outcome = await outcomeOf(closed, (medium) => void (medium.files.get(file)![block * BLOCK + 17]! ^= 8));
    const first = Math.floor((block * BLOCK - vectors.from) / (DIM * 4));
    const end = Math.ceil(((block + 1) * BLOCK - vectors.from) / (DIM * 4));
    // The segment's rows are keys 0 to 1099 in their order; some were replaced or deleted since.
    const expected = Array.from({ length: end - first }, (_, i) => first + i).filter((id) => closed.docs.has(id) && closed.docs.get(id)!.meta.version === 1);
    expect(outcome.missingDocs).toEqual(expected);
    expect(outcome).toMatchObject({ missingWords: [], back: [] });
    // Rows that the log deletes or replaces are lost, too, and nobody misses them.
    const [loss] = outcome.report.losses;
    expect(outcome.report.losses).toHaveLength(1);
    expect(loss).toMatchObject({ of: '"docs"', file });
    expect(loss!.keys.map(Number)).toEqual(expect.arrayContaining(expected));
    expect(loss!.rows).toBe(loss!.keys.length);
    expect(outcome.report.notices).toEqual([expect.stringContaining('index')]);
    const db = await connectTo(copyOf(outcome.saved))('memory:', { mode: 'inline' });
    const docs = await db.collection('docs', docsSchema);
    const alive = [...closed.docs.keys()].find((id) => !expected.includes(id))!;
    expect((await docs.search({ vector: closed.docs.get(alive)!.v, limit: 1 }))[0]).toMatchObject({ id: BigInt(alive) });
    await db.close();
  });

  it('drops a damaged index and loses nothing', async () => {
    const index = [...closed.medium.files.keys()].find((name) => name.endsWith('.idx'))!;
    for (const change of [(medium: MemoryMedium) => void (medium.files.get(index)![5000]! ^= 1), (medium: MemoryMedium) => void medium.files.delete(index)]) {
      const outcome = await outcomeOf(closed, change);
      expect(outcome).toMatchObject({ ...nothing, report: { losses: [], notices: [expect.stringContaining(index)] } });
      expect([...outcome.saved.files.keys()]).not.toContain(index);
      const db = await connectTo(copyOf(outcome.saved))('memory:', { mode: 'inline' });
      await (await db.collection('docs', docsSchema)).createIndex('v', { type: 'HNSW_SQ', metric: 'L2', params: { M: 4, efConstruction: 8, sq_type: 'SQ8' } });
      await db.close();
    }
  });

  it('says how many rows are lost with a segment', async () => {
    const segment = decodeManifest(closed.medium.root!).collections[0]!.segments[0]!;
    for (const change of [(medium: MemoryMedium) => void medium.files.delete(segment.file), (medium: MemoryMedium) => void medium.files.set(segment.file, medium.files.get(segment.file)!.slice(0, 100_000))]) {
      const outcome = await outcomeOf(closed, change);
      expect(outcome.back).toEqual([]);
      expect(outcome.report.losses).toMatchObject([{ of: '"docs"', file: segment.file, rows: segment.rows - segment.deletedRows }]);
      expect(outcome.missingDocs.length).toBeLessThanOrEqual(segment.rows - segment.deletedRows);
      expect(outcome.missingDocs).toEqual([...closed.docs.values()].filter(({ id, meta }) => id < 1100 && meta.version === 1).map(({ id }) => id));
    }
  });

  it('of lost deletes says how many; rows that were replaced stay so', async () => {
    const segment = decodeManifest(closed.medium.root!).collections[0]!.segments[0]!;
    const outcome = await outcomeOf(closed, (medium) => void medium.files.delete(segment.deletesFile!));
    expect(outcome.report.losses).toMatchObject([{ file: segment.deletesFile, message: expect.stringContaining(`${segment.deletedRows} deletes are lost`) }]);
    expect({ docs: outcome.missingDocs, words: outcome.missingWords }).toEqual({ docs: [], words: [] });
    // 100 to 119 were deleted; 40 to 59 were replaced, which their newer rows say.
    expect(outcome.back).toEqual(Array.from({ length: 20 }, (_, i) => 100 + i));
    expect(outcome.report.notices).toEqual([expect.stringContaining('newest was kept')]);
  });

  it('finds files again that lie under each other\'s names', async () => {
    const outcome = await outcomeOf(closed, (medium) => {
      const [a, b] = [fileOf(closed, 'docs'), fileOf(closed, 'words')];
      const bytes = medium.files.get(a)!;
      medium.files.set(a, medium.files.get(b)!);
      medium.files.set(b, bytes);
      const [x, y] = [logOf(closed, 1), logOf(closed, 2)];
      const pieces = medium.logs.get(x)!;
      medium.logs.set(x, medium.logs.get(y)!);
      medium.logs.set(y, pieces);
    });
    expect(outcome).toMatchObject({ ...nothing, report: { losses: [] } });
    expect(outcome.report.notices.length).toBeGreaterThanOrEqual(2);
  });

  it('keeps the writes before and behind a damaged record of a log', async () => {
    for (const sample of [closed, crashed]) {
      const log = logOf(sample, 1);
      const bytes = joined(sample.medium.logs.get(log)!);
      const text = new TextEncoder().encode('doc 3010 version 3');
      const at = bytes.findIndex((_, i) => text.every((byte, j) => bytes[i + j] === byte));
      expect(at).toBeGreaterThan(0);
      const outcome = await outcomeOf(sample, (medium) => {
        const changed = joined(medium.logs.get(log)!);
        changed[at]! ^= 1;
        medium.logs.set(log, [changed]);
      });
      // The batch of 50 to 69 and 3000 to 3029 is lost, with what it replaced; the delete and the insert after it are not.
      expect(outcome.missingDocs).toEqual(Array.from({ length: 30 }, (_, i) => 3000 + i));
      expect(outcome.back).toEqual(Array.from({ length: 20 }, (_, i) => 50 + i));
      expect(outcome.report.losses).toMatchObject([{ of: '"docs"', file: log, rows: null, message: expect.stringMatching(/bytes \d+ to \d+ cannot be read: .* before 20/) }]);
    }
  });

  it('puts a lost manifest together again from segments and logs, and loses no row', async () => {
    for (const sample of [closed, crashed]) {
      for (const change of [(medium: MemoryMedium) => void (medium.root = null), (medium: MemoryMedium) => void (medium.root![200]! ^= 1), (medium: MemoryMedium) => void (medium.root = new Uint8Array(0))]) {
        const outcome = await outcomeOf(sample, change);
        expect(outcome).toMatchObject({ ...nothing, report: { losses: [{ of: 'the database', file: 'root' }] } });
        const db = await connectTo(copyOf(outcome.saved))('memory:', { mode: 'inline' });
        expect((await db.collection('docs')).schema.fields.map(({ name }) => name)).toEqual(['id', 'title', 'meta', 'flag', 'v']);
        await (await db.collection('docs', docsSchema)).insert([docOf(9000, 1)]);
        await db.close();
      }
    }
  });

  it('of a lost manifest brings back collections that were never sealed, and never gives out an id twice', async () => {
    const medium = new MemoryMedium();
    const db = await connectTo(medium)('memory:', { mode: 'inline' });
    const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, note: { type: 'VarChar', maxLength: 10 }, v: { type: 'FloatVector', dim: 2 } } });
    const notes = await db.createCollection('notes', schema);
    await notes.insert([{ note: 'a', v: [1, 2] }, { note: 'b', v: [3, 4] }]);
    await notes.flush();
    await notes.insert([{ note: 'c', v: [5, 6] }]);
    const drafts = await db.createCollection('drafts', schema);
    await drafts.insert([{ note: 'x', v: [1, 1] }]);
    await db.close();
    medium.root = null;
    const { saved } = await repair(medium);
    const again = await connectTo(saved)('memory:', { mode: 'inline' });
    expect((await again.listCollections()).sort()).toEqual(['drafts', 'notes']);
    const back = await again.collection('notes', schema);
    expect((await back.get([1, 2, 3])).map(({ note }) => note)).toEqual(['a', 'b', 'c']);
    expect((await back.insert([{ note: 'd', v: [7, 8] }])).ids).toEqual([4n]);
    expect((await (await again.collection('drafts', schema)).get([1])).map(({ note }) => note)).toEqual(['x']);
    await again.close();
  });

  it('makes lost values of nullable fields null, and keeps what came to the schema later', async () => {
    const medium = new MemoryMedium();
    const db = await connectTo(medium)('memory:', { mode: 'inline' });
    const text = (id: number): string => `${id} `.repeat(600);
    const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, text: { type: 'VarChar', maxLength: 6_000, nullable: true }, v: { type: 'FloatVector', dim: 2 } } });
    const notes = await db.createCollection('notes', schema);
    await notes.insert(Array.from({ length: 300 }, (_, id) => ({ id, text: text(id), v: [id, 1] })));
    await notes.flush();
    await notes.addField('stars', { type: 'Int32', defaultValue: 3 });
    await db.close();
    const [file, bytes] = [...medium.files].find(([name]) => name.endsWith('.seg'))!;
    bytes[5 * BLOCK + 9]! ^= 2;
    const { report, saved } = await repair(medium);
    const count = Number(/^(\d+) values of field "text" are lost and now null$/.exec(report.losses[0]!.message)![1]);
    expect(report.losses).toEqual([{ of: '"notes"', file, rows: 0, keys: [], message: expect.any(String) }]);
    const again = await connectTo(saved)('memory:', { mode: 'inline' });
    const rows = await (await again.collection('notes')).get(Array.from({ length: 300 }, (_, id) => id), { outputFields: '*' });
    expect(rows).toHaveLength(300);
    const lost = rows.filter((row) => row['text'] === null);
    expect(lost).toHaveLength(count);
    expect(count).toBeGreaterThan(20);
    for (const row of rows) expect([row['text'] ?? text(Number(row.id)), row['stars'], [...(row['v'] as Float32Array)]]).toEqual([text(Number(row.id)), 3, [Number(row.id), 1]]);
    await again.close();
  });

  it.each([
    ['VarChar', (id: number) => Array.from({ length: id % 7 }, (_, i) => `${id}-${i} `.repeat(20))],
    ['Bool', (id: number) => Array.from({ length: (id * 97) % 4_000 }, (_, i) => (id + i) % 3 === 0)],
    ['Int64', (id: number) => Array.from({ length: (id * 13) % 120 }, (_, i) => BigInt(id) * 2n ** 40n + BigInt(i))],
  ] as const)('saves arrays of %s whose elements are whole, whichever block is damaged', async (elementType, arrayOf) => {
    const medium = new MemoryMedium();
    const db = await connectTo(medium)('memory:', { mode: 'inline' });
    const field = { type: 'Array', elementType, maxCapacity: 4_096, nullable: true, ...(elementType === 'VarChar' ? { maxLength: 400 } : {}) };
    const lists = await db.createCollection('lists', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, list: field, v: { type: 'FloatVector', dim: 2 } } } as never));
    const ids = Array.from({ length: 1_000 }, (_, id) => id);
    await lists.insert(ids.map((id) => ({ id, list: arrayOf(id), v: [id, 1] })) as never);
    await lists.flush();
    await db.close();
    const [name, whole] = [...medium.files].find(([file]) => file.endsWith('.seg'))!;
    let inArrays = 0;
    const blocks = Math.floor(whole.length / BLOCK);
    for (let block = 0; block < blocks; block += Math.ceil(blocks / 12)) {
      const damaged = copyOf(medium);
      damaged.files.get(name)![block * BLOCK + 11]! ^= 4;
      const { report, saved } = await repair(damaged);
      const again = await connectTo(saved)('memory:', { mode: 'inline' });
      const found = await (await again.collection('lists')).get(ids);
      const nulls = found.filter(({ list }) => list === null).length;
      for (const { id, list } of found) if (list !== null) expect(list, `block ${block}`).toEqual(arrayOf(Number(id)));
      const message = report.losses.find((loss) => /field "list"/.test(loss.message))?.message;
      expect(nulls, `block ${block}`).toBe(message === undefined ? 0 : Number(/^(\d+)/.exec(message)![1]));
      // Other sections may begin in the block in which arrays end.
      if (nulls > 0 && nulls < ids.length && found.length === ids.length) inArrays++;
      await again.close();
    }
    expect(inArrays).toBeGreaterThan(1);
  });

  it('keeps history: versions of a key that were replaced are there for reads of the past', async () => {
    const medium = new MemoryMedium();
    const db = await connectTo(medium)('memory:', { mode: 'inline' });
    const docs = await db.createCollection('docs', docsSchema);
    const ids = Array.from({ length: 400 }, (_, id) => id);
    const { timestamp } = await docs.insert(ids.map((id) => docOf(id, 1)));
    await docs.insert(ids.map((id) => docOf(id, 2)));
    await docs.delete({ ids: [0, 1, 2] });
    await docs.flush();
    await db.close();
    const segment = decodeManifest(medium.root!).collections[0]!.segments[0]!;
    expect(segment.rows).toBe(800);
    for (const change of [(changed: MemoryMedium) => void (changed.files.get(segment.file)![6 * BLOCK]! ^= 1), (changed: MemoryMedium) => void (changed.root = null), (changed: MemoryMedium) => void changed.files.delete(segment.deletesFile!)]) {
      const changed = copyOf(medium);
      change(changed);
      const { report, saved } = await repair(changed);
      const again = await connectTo(saved)('memory:', { mode: 'inline' });
      const found = await again.collection('docs', docsSchema);
      const lost = new Set(report.losses.flatMap(({ keys }) => keys.map(Number)));
      const areDeletesLost = report.losses.some(({ message }) => message.includes('deletes are lost'));
      for (const row of await found.get(ids, { outputFields: ['meta'] })) expect(row.meta).toMatchObject({ version: 2 });
      expect(await found.count()).toBe(areDeletesLost ? 400 : 397 - lost.size);
      // A lost manifest takes the horizon with it: before it nobody knows what was deleted.
      const past = found.get(ids, { outputFields: ['meta'], at: timestamp });
      if (changed.root === null) await expect(past).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      else for (const row of await past) expect(row.meta).toMatchObject({ version: 1 });
      await again.close();
    }
  });

  it('saves snapshots, and collections that share files with them', async () => {
    const medium = new MemoryMedium();
    const db = await connectTo(medium)('memory:', { mode: 'inline' });
    const docs = await db.createCollection('docs', docsSchema);
    const ids = Array.from({ length: 400 }, (_, id) => id);
    await docs.insert(ids.map((id) => docOf(id, 1)));
    await docs.flush();
    await db.createSnapshot({ collection: 'docs', name: 'old' });
    await (await db.restoreSnapshot({ name: 'old', collection: 'twin' })).delete({ ids: [1] });
    await docs.insert(ids.map((id) => docOf(id, 2)));
    await docs.flush();
    await docs.compact({ retentionSeconds: 0 });
    await db.close();
    const [shared] = decodeManifest(medium.root!).snapshots[0]!.collection.segments;
    expect((await checkDatabase(openMemoryStore({ medium: copyOf(medium) }), await testKernels('simd'))).findings).toEqual([]);
    for (const damage of [false, true]) {
      const changed = copyOf(medium);
      if (damage) changed.files.get(shared!.file)![3 * BLOCK]! ^= 1;
      else changed.files.set('s77.seg', new Uint8Array(64));
      const { report, saved } = await repair(changed);
      const lost = new Set(report.losses.flatMap(({ keys }) => keys.map(Number)));
      expect(report.losses.map(({ of }) => of)).toEqual(damage ? ['"twin"', 'snapshot "old" of "docs"'] : []);
      const again = await connectTo(saved)('memory:', { mode: 'inline' });
      expect(await (await again.collection('docs', docsSchema)).count()).toBe(400);
      expect(await (await again.openSnapshot('old', docsSchema)).count()).toBe(400 - lost.size);
      expect(await (await again.collection('twin', docsSchema)).count()).toBe(399 - lost.size);
      await again.close();
    }
  });

  it('refuses what another version wrote', async () => {
    const medium = copyOf(closed.medium);
    medium.root!.set(encodePreamble('manifest', 99));
    await expect(repair(medium)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  });
});

describe('repair of damage by chance', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      const sample = seed % 3 === 0 ? crashed : closed;
      const rounds = 1 + (seed % 3);
      const whats: string[] = [];
      let outcome: Outcome;
      try {
        outcome = await outcomeOf(sample, (medium) => {
          for (let i = 0; i < rounds; i++) if (medium.files.size > 0) whats.push(damageAtRandom(medium, seed * 1000 + i).what);
        });
      } catch (error) {
        // The head of some file says, with a checksum that matches, that it is of another version.
        expect((error as { code: string }).code, `${whats.join('; ')}: ${(error as Error).stack}`).toBe('FORMAT_UNSUPPORTED');
        return;
      }
      const about = whats.join('; ');
      const { losses } = outcome.report;
      const missing = outcome.missingDocs.length + outcome.missingWords.length;
      const isKnown = losses.every(({ rows }) => rows !== null);
      const isLogCut = whats.some((what) => /of c\d/.test(what));
      if (isKnown && !isLogCut) {
        const rows = losses.reduce((sum, loss) => sum + loss.rows!, 0);
        expect(missing, about).toBeLessThanOrEqual(rows);
        const named = new Set(losses.flatMap(({ keys }) => keys));
        // Each missing row is one of those named, unless its segment is gone with its keys.
        if (losses.every((loss) => loss.rows === loss.keys.length)) for (const key of [...outcome.missingDocs, ...outcome.missingWords]) expect(named.has(String(key)), `${about}: ${key}`).toBe(true);
        const deletesLost = losses.reduce((sum, { message }) => sum + Number(/^(\d+) deletes? (is|are) lost/.exec(message)?.[1] ?? 0), 0);
        expect(outcome.back.length, about).toBeLessThanOrEqual(deletesLost + rows);
      }
      const check = await checkDatabase(openMemoryStore({ medium: outcome.saved, readOnly: true }), await testKernels('simd'));
      expect(check.isDamaged, about).toBe(false);
    });
  }
});
