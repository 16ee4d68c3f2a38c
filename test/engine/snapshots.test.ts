/**
 * Snapshots against copies of what a plain map held when they were made: they stay as they are, whatever happens to the
 * collection, until they are dropped; and when nothing is left, no file is. `SEEDS` runs more; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { columnKeys } from '../../src/schema/keys.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import type { EngineClient } from '../../src/engine/client.ts';
import { checkDatabase } from '../../src/check/check.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { DIM, fieldId, insertRows, openTestEngine, testSchema } from './harness.ts';
import { bestScores, type ModelRow } from './model.ts';
import { testKernels } from '../support/kernels.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 15);
const schema = testSchema('Int64');
const vectorField = fieldId(schema, 'vector');
const labelField = fieldId(schema, 'label');

type Rows = Map<bigint, ModelRow>;

async function expectRows(client: EngineClient, collectionId: number, rows: Rows, query: Float32Array): Promise<void> {
  expect(await client.count({ collectionId })).toBe(rows.size);
  const { scores } = await client.search({ collectionId, fieldId: vectorField, queries: query.slice(), nq: 1, limit: 10, offset: 0, outputFieldIds: [], params: {}, exact: true });
  const { spec } = await client.describeIndex({ collectionId, fieldId: vectorField }).catch(() => ({ spec: { metric: 'COSINE' as const } }));
  bestScores(rows.values(), spec.metric, query, 10).forEach((score, i) => expect(scores[i]).toBeCloseTo(score, 3));
  const keys = [...rows.keys()];
  const got = await client.get({ collectionId, keys: BigInt64Array.from(keys), outputFieldIds: [fieldId(schema, 'key'), labelField, vectorField] });
  const found = columnKeys(got.entities.columns[0]!);
  keys.forEach((key, i) => {
    expect(found[got.found[i]!]).toBe(key);
    expect(valueAt(got.entities.columns[1]!, got.found[i]!)).toBe(rows.get(key)!.label);
    expect(valueAt(got.entities.columns[2]!, got.found[i]!)).toEqual(rows.get(key)!.vector);
  });
}

describe('snapshots against copies', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      await run(seed);
    });
  }
});

async function run(seed: number): Promise<void> {
  const next = random(seed);
  const int = (bound: number): number => Math.floor(next() * bound);
  const vector = (): Float32Array => Float32Array.from({ length: DIM }, () => Math.round(next() * 20 - 10) / 4);
  const options = { retentionSeconds: int(2) === 0 ? 0 : 86_400 };
  const medium = new MemoryMedium();
  let store = openMemoryStore({ medium });
  const reopen = async (): Promise<EngineClient> => {
    // An engine that was left alone can do nothing more, as after a crash.
    await store.close();
    medium.lockedBy = null;
    store = openMemoryStore({ medium });
    return (await openTestEngine(store, options)).client;
  };
  let client = await reopen();
  const collections = new Map<string, { readonly collectionId: number; readonly rows: Rows }>();
  const snapshots = new Map<string, Rows>();
  let made = 0;
  const create = async (): Promise<void> => {
    const name = `c${made++}`;
    collections.set(name, { collectionId: (await client.createCollection({ name, schema, ifNotExists: false })).collectionId, rows: new Map() });
  };
  await create();

  for (let step = 0; step < 40; step++) {
    if (collections.size === 0) await create();
    const [name, { collectionId, rows }] = [...collections][int(collections.size)]!;
    const what = next();
    if (what < 0.3) {
      const keys = new Set(Array.from({ length: 1 + int(20) }, () => BigInt(int(40))));
      const added = [...keys].map((key) => ({ key, label: `label ${int(1e6)}`, vector: vector() }));
      await insertRows(client, collectionId, schema, added);
      for (const row of added) rows.set(row.key, row);
    } else if (what < 0.42) {
      const keys = BigInt64Array.from({ length: 1 + int(10) }, () => BigInt(int(40)));
      await client[next() < 0.3 ? 'purge' : 'delete']({ collectionId, keys: BigInt64Array.from(new Set(keys)) });
      for (const key of keys) rows.delete(key);
    } else if (what < 0.5) await client.flush({ collectionId });
    else if (what < 0.58) await client.compact({ collectionId });
    else if (what < 0.62) await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: int(2) === 0 ? 'L2' : 'IP' }, wait: true });
    else if (what < 0.65) {
      await client.truncateCollection({ collectionId });
      rows.clear();
    } else if (what < 0.77) {
      const snapshot = `s${made++}`;
      // A write at the same time is in it or not, as its timestamp says.
      const row = { key: 1_000n, label: snapshot, vector: vector() };
      const writing = next() < 0.5 ? insertRows(client, collectionId, schema, [row]) : null;
      const info = await client.createSnapshot({ collectionId, name: snapshot });
      const copy = new Map(rows);
      if (writing) {
        if ((await writing).timestamp <= info.timestamp) copy.set(row.key, row);
        rows.set(row.key, row);
      }
      snapshots.set(snapshot, copy);
      expect(info).toMatchObject({ name: snapshot, collection: name, rows: copy.size });
    } else if (what < 0.83 && snapshots.size > 0) {
      const [snapshot, copy] = [...snapshots][int(snapshots.size)]!;
      const restored = `r${made++}`;
      const info = await client.restoreSnapshot({ name: snapshot, collection: restored });
      collections.set(restored, { collectionId: info.collectionId, rows: new Map(copy) });
    } else if (what < 0.88 && snapshots.size > 0) {
      const [snapshot] = [...snapshots][int(snapshots.size)]!;
      await client.dropSnapshot({ name: snapshot });
      snapshots.delete(snapshot);
    } else if (what < 0.92) {
      await client.dropCollection({ name });
      collections.delete(name);
    } else {
      if (next() < 0.7) await client.close();
      client = await reopen();
    }
    expect((await client.listSnapshots({})).map((info) => info.name)).toEqual([...snapshots.keys()]);
    for (const { collectionId: id, rows: expected } of collections.values()) await expectRows(client, id, expected, vector());
    for (const [snapshot, expected] of snapshots) {
      const { collectionId: id } = await client.openSnapshot({ name: snapshot });
      await expectRows(client, id, expected, vector());
    }
  }
  await client.close();
  expect((await checkDatabase(openMemoryStore({ medium }), await testKernels('simd'))).findings).toEqual([]);
  client = await reopen();
  for (const name of collections.keys()) await client.dropCollection({ name });
  for (const name of snapshots.keys()) await client.dropSnapshot({ name });
  expect([...medium.files.keys(), ...medium.logs.keys()]).toEqual([]);
  await client.close();
}

describe('a snapshot', () => {
  const rows = (from: number, to: number): ModelRow[] => Array.from({ length: to - from }, (_, i) => ({ key: BigInt(from + i), label: `row ${from + i}`, vector: new Float32Array(DIM).fill(from + i) }));

  async function open() {
    const clock = { wall: 1_700_000_000_000 };
    const medium = new MemoryMedium();
    const { client } = await openTestEngine(openMemoryStore({ medium }), {}, {}, { now: () => clock.wall });
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false, properties: { ttlSeconds: 60 } });
    return { client, clock, collectionId, medium };
  }

  it('cannot be changed by any call', async () => {
    const { client, collectionId } = await open();
    await insertRows(client, collectionId, schema, rows(0, 5));
    await client.createSnapshot({ collectionId, name: 's', description: 'before the move' });
    const { collectionId: id } = await client.openSnapshot({ name: 's' });
    const writes = [
      () => insertRows(client, id, schema, rows(0, 1)),
      () => client.delete({ collectionId: id, keys: BigInt64Array.of(1n) }),
      () => client.purge({ collectionId: id, keys: BigInt64Array.of(1n) }),
      () => client.flush({ collectionId: id }),
      () => client.compact({ collectionId: id }),
      () => client.truncateCollection({ collectionId: id }),
      () => client.dropCollection({ collectionId: id }),
      () => client.createPartition({ collectionId: id, name: 'p' }),
      () => client.createIndex({ collectionId: id, fieldId: vectorField, spec: { type: 'FLAT' }, wait: true }),
      () => client.alterCollection({ collectionId: id, ttlSeconds: 1 }),
      () => client.createSnapshot({ collectionId: id, name: 't' }),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'READ_ONLY' });
    expect(await client.count({ collectionId: id })).toBe(5);
    expect(await client.describeSnapshot({ name: 's' })).toMatchObject({ name: 's', description: 'before the move', collection: 'c', rows: 5 });
  });

  it('has the writes up to its timestamp and no others, whenever they come', async () => {
    const { client, collectionId } = await open();
    await insertRows(client, collectionId, schema, rows(0, 3));
    for (let turns = 0; turns < 80; turns++) {
      const making = client.createSnapshot({ collectionId, name: `s${turns}` });
      for (let i = 0; i < turns; i++) await Promise.resolve();
      const label = `write ${turns}`;
      const { timestamp: written } = await insertRows(client, collectionId, schema, [{ ...rows(1, 2)[0]!, label }]);
      const { timestamp } = await making;
      const { collectionId: id } = await client.openSnapshot({ name: `s${turns}` });
      expect(await client.count({ collectionId: id })).toBe(3);
      const { entities } = await client.get({ collectionId: id, keys: BigInt64Array.of(1n), outputFieldIds: [labelField] });
      expect(valueAt(entities.columns[0]!, 0) === label, `after ${turns} turns`).toBe(written <= timestamp);
    }
  });

  it('does not expire, and neither does what is restored from it', async () => {
    const { client, clock, collectionId } = await open();
    await insertRows(client, collectionId, schema, rows(0, 2));
    clock.wall += 30_000;
    await insertRows(client, collectionId, schema, rows(2, 5));
    await client.flush({ collectionId });
    clock.wall += 30_001;
    // Two have expired, and nobody has noticed yet.
    const { timestamp } = await client.createSnapshot({ collectionId, name: 's' });
    clock.wall += 1_000_000;
    const { collectionId: id } = await client.openSnapshot({ name: 's' });
    expect([await client.count({ collectionId }), await client.count({ collectionId: id })]).toEqual([0, 3]);
    expect(await client.count({ collectionId: id, at: timestamp - (40_000n << 18n) })).toBe(2);
    await expect(client.count({ collectionId: id, at: timestamp + 1n })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const restored = await client.restoreSnapshot({ name: 's', collection: 'again' });
    expect(restored.properties).toEqual({});
    expect(await client.count({ collectionId: restored.collectionId })).toBe(3);
  });

  it('shares its files with what is restored from it, until one of them changes', async () => {
    const { client, collectionId, medium } = await open();
    await insertRows(client, collectionId, schema, rows(0, 5));
    await client.createSnapshot({ collectionId, name: 's' });
    const files = [...medium.files.keys()];
    const { collectionId: first } = await client.restoreSnapshot({ name: 's', collection: 'first' });
    await client.restoreSnapshot({ name: 's', collection: 'second' });
    expect([...medium.files.keys()]).toEqual(files);
    await client.delete({ collectionId: first, keys: BigInt64Array.of(1n) });
    await client.compact({ collectionId: first, retentionSeconds: 0 });
    await client.dropCollection({ name: 'c' });
    await client.dropSnapshot({ name: 's' });
    expect([...medium.files.keys()]).toEqual(expect.arrayContaining(files));
    await client.dropCollection({ name: 'second' });
    for (const file of files) expect([...medium.files.keys()]).not.toContain(file);
    expect(await client.count({ collectionId: first })).toBe(4);
  });

  it('is read to the end by a search that began before it was dropped', async () => {
    const { client, collectionId, medium } = await open();
    await insertRows(client, collectionId, schema, rows(0, 50));
    await client.createSnapshot({ collectionId, name: 's' });
    await client.dropCollection({ name: 'c' });
    const { collectionId: id } = await client.openSnapshot({ name: 's' });
    const getting = client.get({ collectionId: id, keys: BigInt64Array.of(7n), outputFieldIds: [vectorField, labelField] });
    const dropping = client.dropSnapshot({ name: 's' });
    expect(await getting.then(({ found }) => [...found], (error: { code: string }) => error.code)).toSatisfy((answer: unknown) => answer === 'NOT_FOUND' || (answer as number[])[0] === 0);
    await dropping;
    expect(medium.files.size).toBe(0);
    await expect(client.count({ collectionId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.openSnapshot({ name: 's' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('has a name that no other has in its database', async () => {
    const { client, collectionId } = await open();
    await client.createSnapshot({ collectionId, name: 's' });
    await expect(client.createSnapshot({ collectionId, name: 's' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(client.restoreSnapshot({ name: 's', collection: 'c' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    for (const call of [() => client.describeSnapshot({ name: 'x' }), () => client.openSnapshot({ name: 'x' }), () => client.dropSnapshot({ name: 'x' }), () => client.restoreSnapshot({ name: 'x', collection: 'y' })]) {
      await expect(call()).rejects.toMatchObject({ code: 'NOT_FOUND', detail: { snapshots: ['s'] } });
    }
    await client.createDatabase({ name: 'zoo' });
    const other = await client.createCollection({ database: 'zoo', name: 'c', schema, ifNotExists: false });
    await client.createSnapshot({ collectionId: other.collectionId, name: 's' });
    expect((await client.listSnapshots({ database: 'zoo' })).length).toBe(1);
    expect((await client.listSnapshots({ collection: 'c' })).length).toBe(1);
    expect((await client.listSnapshots({ collection: 'none' })).length).toBe(0);
  });
});
