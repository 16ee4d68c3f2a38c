/**
 * Moves to another embedder against a plain map: whatever is written meanwhile, here and in other tabs, and whatever fails, the collection is the old one or the new one, whole. The vectors of model
 * `m3` are hashed words with salt 3. `SEEDS` runs more; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import type { CollectionInfo, EngineClient } from '../../src/engine/client.ts';
import { checkDatabase } from '../../src/check/check.ts';
import { columnKeys } from '../../src/schema/keys.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { Field, Schema } from '../../src/schema/types.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { isElanusError } from '../../src/util/error.ts';
import { hashedWords } from '../support/fake-embedder.ts';
import { faultStore, type Fault } from '../support/fault-store.ts';
import { testKernels } from '../support/kernels.ts';
import { random } from '../support/random.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';
import { openTestEngine } from './harness.ts';

const SEEDS = Number(process.env.SEEDS ?? 3);
const OLD_DIM = 8;

const first = toSchema({
  fields: {
    key: { type: 'Int64', primaryKey: true },
    text: { type: 'VarChar', maxLength: 80, index: { type: 'INVERTED' } },
    stars: { type: 'Int32', nullable: true },
    vector: { type: 'FloatVector', dim: OLD_DIM, embedder: { id: 'm0', input: 'text' }, index: { type: 'HNSW', metric: 'L2', params: { M: 8 } } },
    other: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } },
  },
});
const VECTOR = 3;

interface Row {
  readonly text: string;
  readonly stars: number | null;
}
type Rows = ReadonlyMap<bigint, Row>;

const saltOf = (id: string): number => Number(id.slice(1));
const otherOf = (key: bigint): Float32Array => Float32Array.of(Number(key), 1);
const inTheModel = (schema: Schema): { dim: number; salt: number } => {
  const { dim, embedder } = schema.fields[VECTOR]!;
  return { dim: dim!, salt: saltOf(embedder!.id) };
};

function batchOf(schema: Schema, rows: Rows) {
  const { dim, salt } = inTheModel(schema);
  return toBatch(planOf(schema), Array.from(rows, ([key, { text, stars }]) => ({ key, text, stars, vector: hashedWords(text, dim, salt), other: otherOf(key) })));
}

const fieldToBe = (schema: Schema, model: number, dim: number): Field => ({ ...schema.fields[VECTOR]!, dim, embedder: { id: `m${model}`, input: 'text' } });

let nextMove = 1;

/** Drives a move as the API does. `between` runs while each page is embedded. */
async function move(client: EngineClient, collectionId: number, field: Field, between: () => Promise<void> = async () => {}): Promise<CollectionInfo> {
  const id = `move-${nextMove++}`;
  let reply = await client.reembed({ collectionId, id, field });
  let last = 0;
  while (reply.texts) {
    expect(reply.done).toBeGreaterThanOrEqual(last);
    expect(reply.total).toBeGreaterThanOrEqual(reply.done);
    last = reply.done;
    const { length } = reply.texts;
    const vectors = new Float32Array(length * field.dim!);
    for (let row = 0; row < length; row++) vectors.set(hashedWords(valueAt(reply.texts, row) as string, field.dim!, saltOf(field.embedder!.id)), row * field.dim!);
    await between();
    reply = await client.reembed({ collectionId, id, vectors });
  }
  return reply.info!;
}

/** All of the collection is as the rows say, with vectors of one model, and is found by them. */
async function expectRows(client: EngineClient, collectionId: number, rows: Rows, about: string): Promise<void> {
  const { schema } = await client.describeCollection({ collectionId });
  const { dim, salt } = inTheModel(schema);
  expect(await client.count({ collectionId, consistency: 'Strong' }), about).toBe(rows.size);
  const found = await client.query({ collectionId, limit: 10_000, offset: 0, outputFieldIds: schema.fields.map(({ fieldId }) => fieldId) });
  const keys = columnKeys(found.columns[0]!) as BigInt64Array;
  expect([...keys], about).toEqual([...rows.keys()].sort((a, b) => (a < b ? -1 : 1)));
  keys.forEach((key, i) => {
    const { text, stars } = rows.get(key)!;
    expect(found.columns.map((column) => valueAt(column, i)), `${about}, key ${key}`).toEqual([key, text, stars, hashedWords(text, dim, salt), otherOf(key), ...schema.fields.slice(5).map(() => null)]);
  });
  const some = [...rows.values()][0];
  if (!some) return;
  const query = hashedWords(some.text, dim, salt);
  const { scores } = await client.search({ collectionId, fieldId: VECTOR, queries: query.slice(), nq: 1, limit: 5, offset: 0, outputFieldIds: [], exact: true });
  const distances = Array.from(rows.values(), ({ text }) => hashedWords(text, dim, salt).reduce((sum, x, i) => sum + (x - query[i]!) ** 2, 0)).sort((a, b) => a - b);
  Array.from(scores).forEach((score, i) => expect(score, about).toBeCloseTo(distances[i]!, 4));
  const filtered = await client.count({ collectionId, filter: { text: `text == "${some.text}"` } });
  expect(filtered, about).toBe([...rows.values()].filter(({ text }) => text === some.text).length);
}

const WORDS = ['kite', 'owl', 'river', 'stone', 'red', 'blue'];

/** Writes at random, in a schema, and keeps the map. */
function writer(next: () => number, rows: Map<bigint, Row>) {
  const int = (bound: number): number => Math.floor(next() * bound);
  return async (client: EngineClient, collectionId: number, schema: Schema, mayPurge = true): Promise<void> => {
    const keys = [...new Set(Array.from({ length: 1 + int(12) }, () => BigInt(int(200))))];
    if (next() < 0.65) {
      const fresh = new Map(keys.map((key) => [key, { text: Array.from({ length: int(4) }, () => WORDS[int(WORDS.length)]!).join(' '), stars: next() < 0.3 ? null : int(9) }]));
      await client.insert({ collectionId, batch: batchOf(schema, fresh) });
      for (const [key, row] of fresh) rows.set(key, row);
    } else {
      await (mayPurge && next() < 0.2 ? client.purge : client.delete).call(client, { collectionId, keys: BigInt64Array.from(keys) });
      for (const key of keys) rows.delete(key);
    }
  };
}

/** More rows than are moved while writers wait; some of them are among those that are written to. */
const MANY: Rows = new Map(Array.from({ length: 1_200 }, (_, i) => [BigInt(i < 100 ? i : i + 1_000_000), { text: `${WORDS[i % 6]} ${WORDS[i % 5]}`, stars: i }] as const));

async function insertMany(client: EngineClient, collectionId: number, schema: Schema, rows: Map<bigint, Row>): Promise<void> {
  await client.insert({ collectionId, batch: batchOf(schema, MANY) });
  for (const [key, row] of MANY) rows.set(key, row);
}

describe('a move to another embedder, of the only writer', () => {
  for (let seed = 1; seed <= SEEDS; seed++) it(`seed ${seed}`, () => run(seed));
});

async function run(seed: number): Promise<void> {
  const next = random(seed * 101);
  const int = (bound: number): number => Math.floor(next() * bound);
  const medium = new MemoryMedium();
  let store = openMemoryStore({ medium });
  let { client } = await openTestEngine(store);
  const rows = new Map<bigint, Row>();
  const write = writer(next, rows);
  let { collectionId, schema } = await client.createCollection({ name: 'c', schema: first, ifNotExists: false });
  await client.createAlias({ alias: 'current', collection: 'c' });
  if (seed % 2 === 1) await insertMany(client, collectionId, schema, rows);
  for (let round = 0; round < 3; round++) {
    const about = `seed ${seed}, round ${round}`;
    for (let step = 0; step < 12; step++) {
      await write(client, collectionId, schema);
      if (next() < 0.3) await client.flush({ collectionId });
    }
    if (next() < 0.5) await client.compact({ collectionId });
    const copy = new Map(rows);
    await client.createSnapshot({ collectionId, name: `s${round}` });
    const pending: Promise<unknown>[] = [];
    const dim = [OLD_DIM, 5, 16][int(3)]!;
    const old = collectionId;
    let added = schema.fields.length;
    const info = await move(client, collectionId, fieldToBe(schema, round + 1, dim), async () => {
      if (next() < 0.3) await expectRows(client, collectionId, rows, `${about}, meanwhile`);
      for (let step = int(3); step > 0; step--) {
        // One that ends with the collection may have deleted the rows, and not yet written their segments anew.
        const writing = write(client, collectionId, schema, false);
        // In the last page writers wait.
        pending.push(writing.catch((error: unknown) => void expect(error).toMatchObject({ code: 'NOT_FOUND' })));
        await Promise.race([writing.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 20))]);
      }
      if (added === 5 && next() < 0.1) {
        await client.addField({ collectionId, field: { name: 'note', type: 'VarChar', maxLength: 9, nullable: true, primaryKey: false, autoId: false } });
        added++;
      }
    }).catch((error: unknown) => Promise.reject(new Error(about, { cause: error })));
    // What was refused is in no map.
    await Promise.all(pending);
    collectionId = info.collectionId;
    schema = info.schema;
    expect(collectionId).not.toBe(old);
    expect(info).toMatchObject({ name: 'c', indexes: { vector: { type: 'HNSW', metric: 'L2' }, other: { type: 'FLAT' } } });
    expect(schema.fields[VECTOR]).toMatchObject({ dim });
    expect(schema.fields).toHaveLength(added);
    await expect(client.count({ collectionId: old })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const name of ['c', 'current']) expect((await client.describeCollection({ name })).collectionId).toBe(collectionId);
    await expectRows(client, collectionId, rows, about);
    await client.createIndex({ collectionId, fieldId: VECTOR, spec: { type: 'HNSW', metric: 'L2', params: { M: 8 } }, wait: true });
    await expectRows(client, collectionId, rows, `${about}, indexed`);
    const snapshot = await client.openSnapshot({ name: `s${round}` });
    await expectRows(client, snapshot.collectionId, copy, `${about}, of the snapshot`);
    if (next() < 0.5) {
      await store.close();
      medium.lockedBy = null;
      store = openMemoryStore({ medium });
      ({ client } = await openTestEngine(store));
      await expectRows(client, collectionId, rows, `${about}, reopened`);
    }
  }
  await client.flush({ collectionId });
  await client.close();
  expect((await checkDatabase(openMemoryStore({ medium }), await testKernels('simd'))).findings).toEqual([]);
}

const FAULTS: readonly Fault[] = ['power-loss', 'fail', 'tear', 'quota', 'lose-answer'];

describe('a move over a store with bad luck', () => {
  for (let seed = 1; seed <= SEEDS * 2; seed++) {
    it(`seed ${seed}: is done or has never been`, async () => {
      const next = random(seed * 773);
      const medium = new MemoryMedium();
      const rows = new Map<bigint, Row>();
      const write = writer(next, rows);
      const before = await openTestEngine(openMemoryStore({ medium }));
      const { collectionId, schema } = await before.client.createCollection({ name: 'c', schema: first, ifNotExists: false });
      for (let step = 0; step < 10; step++) {
        await write(before.client, collectionId, schema);
        if (next() < 0.3) await before.client.flush({ collectionId });
      }
      await before.client.close();
      // The opening takes a call or two; a move of this much about ten.
      const fault = FAULTS[seed % FAULTS.length]!;
      const about = `seed ${seed}, ${fault}`;
      const store = faultStore(openMemoryStore({ medium }), { at: 2 + Math.floor(next() * 14), fault, isLasting: next() < 0.3, seed });
      let isMoved: boolean | null = null;
      try {
        const { client } = await openTestEngine(store);
        await move(client, collectionId, fieldToBe(schema, 1, 5));
        isMoved = true;
        await client.close();
      } catch (error) {
        expect(isElanusError(error), `${about}: ${String(error)}\n${(error as Error).stack}`).toBe(true);
        expect(['STORAGE', 'QUOTA', 'POISONED'], `${about}: ${String(error)}`).toContain((error as { code: string }).code);
      }
      await store.powerLoss().catch(() => {});
      medium.lockedBy = null;
      const { client } = await openTestEngine(openMemoryStore({ medium }));
      const after = await client.describeCollection({ name: 'c' });
      const { dim } = after.schema.fields[VECTOR]!;
      expect(isMoved ? [5] : [OLD_DIM, 5], about).toContain(dim);
      expect(await client.listCollections({})).toEqual(['c']);
      await expectRows(client, after.collectionId, rows, about);
      // And it goes on.
      await write(client, after.collectionId, after.schema);
      const last = await move(client, after.collectionId, fieldToBe(after.schema, 2, 6));
      await expectRows(client, last.collectionId, rows, `${about}, moved again`);
      await client.close();
      expect((await checkDatabase(openMemoryStore({ medium }), await testKernels('simd'))).findings, about).toEqual([]);
      // Nothing is left of what was given up.
      expect((await openMemoryStore({ medium }).list()).filter((name) => name.endsWith('.seg'))).toHaveLength((await segmentsOf(medium)).length);
    });
  }
});

async function segmentsOf(medium: MemoryMedium): Promise<unknown[]> {
  medium.lockedBy = null;
  const { client } = await openTestEngine(openMemoryStore({ medium }));
  const { collectionId } = await client.describeCollection({ name: 'c' });
  const { segments } = await client.collectionStats({ collectionId });
  await client.close();
  return segments.filter(({ state }) => state === 'sealed');
}

describe('a move beside other tabs', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}: what they write meanwhile is in it, or was refused`, async () => {
      const next = random(seed * 331);
      const medium = new SharedMemoryMedium();
      const delay = async (): Promise<void> => {
        for (let turns = Math.floor(next() * 4); turns > 0; turns--) await new Promise((resolve) => setTimeout(resolve, 0));
      };
      const engines = [];
      for (let i = 0; i < 3; i++) engines.push(await openTestEngine(openTab(medium, delay).store, {}, {}, { silenceMs: 2_000 }));
      const clients = engines.map(({ client }) => client);
      const { collectionId, schema } = await clients[0]!.createCollection({ name: 'c', schema: first, ifNotExists: true });
      // Each tab has keys of its own, so that a map tells what is there.
      const rows = new Map<bigint, Row>();
      if (seed % 2 === 1) await insertMany(clients[0]!, collectionId, schema, rows);
      let isOver = false;
      const refused: string[] = [];
      const work = async (client: EngineClient, tab: number): Promise<void> => {
        for (let step = 0; !isOver; step++) {
          const keys = Array.from({ length: 1 + Math.floor(next() * 3) }, () => BigInt(tab * 1_000 + Math.floor(next() * 60)));
          const batch = new Map(keys.map((key) => [key, { text: `${WORDS[step % WORDS.length]} ${tab}`, stars: step }]));
          try {
            if (next() < 0.7) {
              await client.insert({ collectionId, batch: batchOf(schema, batch) });
              for (const [key, row] of batch) rows.set(key, row);
            } else {
              await client.delete({ collectionId, keys: BigInt64Array.from(batch.keys()) });
              for (const key of batch.keys()) rows.delete(key);
            }
          } catch (error) {
            refused.push((error as { code: string }).code);
            return;
          }
          await new Promise((resolve) => setTimeout(resolve, next() * 4));
        }
      };
      await clients[1]!.describeCollection({ name: 'c' });
      await clients[2]!.describeCollection({ name: 'c' });
      const working = clients.map((client, tab) => work(client, tab));
      await new Promise((resolve) => setTimeout(resolve, 40));
      const info = await move(clients[seed % 3]!, collectionId, fieldToBe(schema, 1, 5), () => new Promise((resolve) => setTimeout(resolve, 5)));
      isOver = true;
      await Promise.all(working);
      for (const code of refused) expect(['NOT_FOUND', 'UNAVAILABLE']).toContain(code);
      for (const [tab, client] of clients.entries()) {
        const found = await client.describeCollection({ name: 'c' });
        expect(found.collectionId).toBe(info.collectionId);
        await expectRows(client, info.collectionId, rows, `seed ${seed}, tab ${tab}`);
        await client.insert({ collectionId: info.collectionId, batch: batchOf(found.schema, new Map([[BigInt(5_000 + tab), { text: 'late', stars: null }]])) });
        rows.set(BigInt(5_000 + tab), { text: 'late', stars: null });
      }
      await Promise.all(clients.map((client) => client.close()));
    });
  }

  /** Two tabs of one database, the first of which leads; a call of the second notices soon when it is gone. */
  async function twoTabs() {
    const medium = new SharedMemoryMedium();
    const tabs = [openTab(medium), openTab(medium)] as const;
    const [leading, following] = [await openTestEngine(tabs[0].store, {}, {}, { silenceMs: 100 }), await openTestEngine(tabs[1].store, {}, {}, { silenceMs: 100 })];
    const { collectionId, schema } = await leading.client.createCollection({ name: 'c', schema: first, ifNotExists: true });
    await following.client.describeCollection({ name: 'c' });
    return { tabs, client: following.client, collectionId, schema };
  }

  it('ends with the tab that does it, and nothing has changed', async () => {
    const { tabs, client, collectionId, schema } = await twoTabs();
    const rows = new Map<bigint, Row>([[1n, { text: 'red kite', stars: 1 }], [2n, { text: 'owl', stars: null }]]);
    await client.insert({ collectionId, batch: batchOf(schema, rows) });
    await expect(move(client, collectionId, fieldToBe(schema, 1, 5), async () => tabs[0]!.kill())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expectRows(client, collectionId, rows, 'after the death of the tab');
    const info = await move(client, collectionId, fieldToBe(schema, 1, 5));
    await expectRows(client, info.collectionId, rows, 'moved by the other tab');
    await client.close();
  });

  it('a log that a dead tab was holding goes on', async () => {
    const { tabs, client, collectionId, schema } = await twoTabs();
    const rows = new Map<bigint, Row>([[1n, { text: 'red kite', stars: 1 }]]);
    await client.insert({ collectionId, batch: batchOf(schema, rows) });
    const { logs } = tabs[0]!.store.shared!;
    await logs.hold(collectionId, { generation: 1, nextAutoId: 1n });
    let isWritten = false;
    const waiting = client.insert({ collectionId, batch: batchOf(schema, rows) }).then(() => void (isWritten = true));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(isWritten).toBe(false);
    tabs[0]!.kill();
    await client.flush({ collectionId });
    await waiting;
    await expectRows(client, collectionId, rows, 'after the death of the tab');
    await client.close();
  });
});

describe('a move', () => {
  async function open(count: number) {
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId, schema } = await client.createCollection({ name: 'c', schema: first, ifNotExists: false });
    const rows = new Map(Array.from({ length: count }, (_, i) => [BigInt(i), { text: `${WORDS[i % 5]} ${i % 7}`, stars: i }] as const));
    for (let from = 0; from < count; from += 1_000) await client.insert({ collectionId, batch: batchOf(schema, new Map([...rows].slice(from, from + 1_000))) });
    return { client, collectionId, schema, rows };
  }

  it('that is given up changes nothing, and another one goes', async () => {
    const { client, collectionId, schema, rows } = await open(3_000);
    const reply = await client.reembed({ collectionId, id: 'a', field: fieldToBe(schema, 1, 5) });
    expect(reply.texts!.length).toBeLessThanOrEqual(512);
    await expect(client.reembed({ collectionId, id: 'a', isEnd: true })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(client.reembed({ collectionId, id: 'a', vectors: new Float32Array(5 * 512) })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expectRows(client, collectionId, rows, 'given up');
    const info = await move(client, collectionId, fieldToBe(schema, 1, 5));
    await expectRows(client, info.collectionId, rows, 'moved');
    await client.close();
  });

  it('ends with the database', async () => {
    const { client, collectionId, schema } = await open(10);
    await client.reembed({ collectionId, id: 'a', field: fieldToBe(schema, 1, 5) });
    const answered = client.reembed({ collectionId, id: 'a', vectors: new Float32Array(10 * 5) });
    await Promise.all([client.close(), answered.then(() => {}, (error: unknown) => void expect(error).toMatchObject({ code: expect.stringMatching(/CLOSED|ABORTED/) as string }))]);
  });

  it('is refused where an index cannot have that many dimensions, or vectors do not fit', async () => {
    const { client, collectionId, schema, rows } = await open(10);
    await client.createIndex({ collectionId, fieldId: VECTOR, spec: { type: 'IVF_PQ', metric: 'L2', params: { nlist: 1, m: 4 } }, wait: false });
    await expect(client.reembed({ collectionId, id: 'a', field: fieldToBe(schema, 1, 5) })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await client.reembed({ collectionId, id: 'b', field: fieldToBe(schema, 1, 12) });
    await expect(client.reembed({ collectionId, id: 'b', vectors: new Float32Array(3) })).rejects.toMatchObject({ code: 'INTERNAL' });
    await expectRows(client, collectionId, rows, 'refused');
    await client.close();
  });

  it('keeps partitions, auto ids, and the time that rows live', async () => {
    const medium = new MemoryMedium();
    let now = 1_700_000_000_000;
    const { client } = await openTestEngine(openMemoryStore({ medium }), {}, {}, { now: () => now });
    const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true, autoId: true }, text: { type: 'VarChar', maxLength: 9 }, v: { type: 'FloatVector', dim: 2, embedder: { id: 'm0', input: 'text' } } } });
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false, properties: { ttlSeconds: 100 } });
    await client.createPartition({ collectionId, name: 'p' });
    const insert = (id: number, text: string, partition?: string) => client.insert({ collectionId: id, batch: toBatch(planOf(schema), [{ text, v: [1, 2] }]), partition });
    await insert(collectionId, 'a');
    await insert(collectionId, 'b', 'p');
    now += 60_000;
    const field: Field = { ...schema.fields[2]!, embedder: { id: 'm1', input: 'text' } };
    const { collectionId: moved } = await move(client, collectionId, field);
    expect((await client.listPartitions({ collectionId: moved })).map(({ name, rows }) => [name, rows])).toEqual([['_default', 1], ['p', 1]]);
    expect([...(await insert(moved, 'c', 'p')).keys]).toEqual([3n]);
    now += 60_000;
    // The first two have outlived their time since they were inserted.
    expect(await client.count({ collectionId: moved })).toBe(1);
    await client.close();
  });
});
