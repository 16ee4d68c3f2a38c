/** The engine's behaviour, case by case; what random workloads cover is in model.test.ts and concurrent.test.ts. */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/util/error.ts';
import { type MemoryMedium as Medium, MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { ElanusError, isElanusError } from '../../src/util/error.ts';
import { DIM, fieldId, insertRows, openTestEngine, testSchema } from './harness.ts';

const schema = testSchema('Int64');
const vectorField = fieldId(schema, 'vector');
const labelField = fieldId(schema, 'label');

const rowsOf = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: BigInt(from + i), label: `row ${from + i}`, vector: Float32Array.from({ length: DIM }, (_, d) => Math.sin((from + i) * 7 + d)) }));

async function refusal(work: Promise<unknown>): Promise<ErrorCode> {
  try {
    await work;
  } catch (error) {
    if (isElanusError(error)) return error.code;
    throw error;
  }
  throw new Error('expected a refusal');
}

async function open(medium: Medium, options: { readOnly?: boolean; retentionSeconds?: number } = {}) {
  return openTestEngine(openMemoryStore({ medium, readOnly: options.readOnly ?? false }), options);
}

async function withRows(medium: Medium, count: number, options: { retentionSeconds?: number } = {}) {
  const { client, events } = await open(medium, options);
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
  if (count > 0) await insertRows(client, collectionId, schema, rowsOf(0, count));
  return { client, collectionId, events };
}

const query = (collectionId: number, limit = 5) => ({ collectionId, fieldId: vectorField, queries: new Float32Array(DIM).fill(0.5), nq: 1, limit, offset: 0, outputFieldIds: [] });

describe('collections', () => {
  it('are created once, unless asked for if they do not exist', async () => {
    const { client } = await open(new MemoryMedium());
    const first = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    expect(await refusal(client.createCollection({ name: 'c', schema, ifNotExists: false }))).toBe('ALREADY_EXISTS');
    expect(await client.createCollection({ name: 'c', schema, ifNotExists: true })).toEqual(first);
    expect(await client.listCollections({})).toEqual(['c']);
  });

  it('with an index that does not exist are not created', async () => {
    const { client } = await open(new MemoryMedium());
    const bad = { ...schema, fields: schema.fields.map((field) => (field.type === 'FloatVector' ? { ...field, index: { type: 'NO_SUCH', metric: 'L2' as const, params: {} } } : field)) };
    expect(await refusal(client.createCollection({ name: 'c', schema: bad, ifNotExists: false }))).toBe('INVALID_ARGUMENT');
    expect(await client.listCollections({})).toEqual([]);
  });

  it('that were dropped leave no file and no log, and can be made again', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, 100);
    await client.flush({ collectionId });
    await insertRows(client, collectionId, schema, rowsOf(100, 10));
    expect(medium.files.size).toBeGreaterThan(0);
    expect(medium.logs.size).toBeGreaterThan(0);
    await client.dropCollection({ name: 'c' });
    expect([...medium.files.keys(), ...medium.logs.keys()]).toEqual([]);
    expect(await refusal(client.describeCollection({ name: 'c' }))).toBe('NOT_FOUND');
    expect(await refusal(client.count({ collectionId }))).toBe('NOT_FOUND');
    const again = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    expect(await client.count({ collectionId: again.collectionId })).toBe(0);
  });
});

describe('searches', () => {
  it('of an empty collection find nothing', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), 0);
    const reply = await client.search(query(collectionId));
    expect([...reply.ends]).toEqual([0]);
    expect(reply.keys.length).toBe(0);
  });

  it('refuse a parameter that the index does not know', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), 10);
    expect(() => client.search({ ...query(collectionId), params: { nprobe: 3 } })).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('of several queries answer each as it would be answered alone, across growing and sealed rows', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), 300);
    await client.flush({ collectionId });
    await insertRows(client, collectionId, schema, rowsOf(300, 200));
    const queries = Float32Array.from({ length: 7 * DIM }, (_, i) => Math.cos(i));
    const many = await client.search({ ...query(collectionId), queries: queries.slice(), nq: 7, offset: 2, outputFieldIds: [labelField] });
    let start = 0;
    for (let i = 0; i < 7; i++) {
      const one = await client.search({ ...query(collectionId), queries: queries.slice(i * DIM, (i + 1) * DIM), offset: 2, outputFieldIds: [labelField] });
      expect([...many.keys.slice(start, many.ends[i])]).toEqual([...one.keys]);
      expect([...many.scores.slice(start, many.ends[i])]).toEqual([...one.scores]);
      start = many.ends[i]!;
    }
  });
});

describe('opening', () => {
  it('for writing twice is refused, for reading beside a writer is not', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, 20);
    expect(await refusal(open(medium))).toBe('LOCKED');
    const reader = (await open(medium, { readOnly: true })).client;
    expect(await reader.count({ collectionId })).toBe(20);
    expect(await refusal(insertRows(reader, collectionId, schema, rowsOf(20, 1)))).toBe('READ_ONLY');
    expect(await refusal(reader.flush({ collectionId }))).toBe('READ_ONLY');
    expect(await refusal(reader.dropCollection({ name: 'c' }))).toBe('READ_ONLY');
    await reader.close();
    expect(await client.count({ collectionId })).toBe(20);
  });

  it('for reading only finds no database where there is none, and makes none', async () => {
    const medium = new MemoryMedium();
    expect(await refusal(open(medium, { readOnly: true }))).toBe('NOT_FOUND');
    expect(medium.root).toBeNull();
  });

  it('removes files that no manifest names', async () => {
    const medium = new MemoryMedium();
    const { client } = await withRows(medium, 10);
    await client.close();
    medium.files.set('s999.seg', new Uint8Array(10));
    medium.logs.set('c77-1.log', [new Uint8Array(10)]);
    const again = await open(medium);
    expect([...medium.files.keys()]).toEqual([]);
    expect([...medium.logs.keys()]).toEqual(['c1-1.log']);
    await again.client.close();
  });

  it('tells what recovery found', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, 25);
    await client.delete({ collectionId, keys: BigInt64Array.of(1n) });
    await client.close();
    const { recovery } = await (await open(medium)).client.databaseStats();
    expect(recovery).toMatchObject({ replayedRecords: 2, replayedRows: 25, droppedBytes: 0 });
  });

  it('never hands out an auto id twice', async () => {
    const medium = new MemoryMedium();
    const autoSchema = testSchema('Int64', { autoId: true });
    const rows = rowsOf(0, 5).map(({ label, vector }) => ({ label, vector }));
    const seen = new Set<bigint>();
    let collectionId = 0;
    for (let round = 0; round < 6; round++) {
      const { client } = await open(medium);
      ({ collectionId } = await client.createCollection({ name: 'c', schema: autoSchema, ifNotExists: true }));
      for (const key of (await insertRows(client, collectionId, autoSchema, rows)).keys) seen.add(key as bigint);
      if (round % 2 === 1) await client.flush({ collectionId });
      await client.close();
    }
    expect(seen.size).toBe(30);
    expect(seen.has(1n)).toBe(true);
  });
});

describe('sealing', () => {
  it('puts the rows into a segment and drops the log', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, 50);
    await client.flush({ collectionId });
    const stats = await client.collectionStats({ collectionId });
    expect(stats).toMatchObject({ rows: 50, logBytes: 0 });
    expect(stats.segments).toMatchObject([{ state: 'sealed', rows: 50 }]);
    expect(medium.logs.size).toBe(0);
    await client.flush({ collectionId });
    expect((await client.collectionStats({ collectionId })).segments.length).toBe(1);
  });

  it('keeps deletes of sealed rows over reopening, from the log and from a deletes file', async () => {
    const medium = new MemoryMedium();
    let { client, collectionId } = await withRows(medium, 50);
    await client.flush({ collectionId });
    await client.delete({ collectionId, keys: BigInt64Array.of(3n, 4n, 99n) });
    await client.close();
    ({ client } = await open(medium));
    expect(await client.count({ collectionId })).toBe(48);
    await client.flush({ collectionId });
    expect(medium.logs.size).toBe(0);
    expect([...medium.files.keys()].some((name) => name.endsWith('.del'))).toBe(true);
    await client.close();
    ({ client } = await open(medium));
    expect(await client.count({ collectionId })).toBe(48);
    expect((await client.get({ collectionId, keys: BigInt64Array.of(3n, 5n), outputFieldIds: [labelField] })).found).toEqual(Int32Array.of(-1, 0));
  });

  it('happens by itself when the growing segment is full', { timeout: 60_000 }, async () => {
    const { client, events } = await open(new MemoryMedium());
    const small = testSchema('Int64', { autoId: true, dim: 2 });
    const { collectionId } = await client.createCollection({ name: 'c', schema: small, ifNotExists: false });
    const batch = Array.from({ length: 10_000 }, (_, i) => ({ label: 'x', vector: Float32Array.of(i, 1) }));
    for (let i = 0; i < 8; i++) await insertRows(client, collectionId, small, batch);
    for (let i = 0; i < 200 && !(await client.collectionStats({ collectionId })).segments.some((segment) => segment.state === 'sealed'); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    const stats = await client.collectionStats({ collectionId });
    expect(stats.rows).toBe(80_000);
    expect(stats.segments.filter((segment) => segment.state === 'sealed').map((segment) => segment.rows)).toEqual([70_000]);
    expect(events.filter(({ type }) => type === 'error')).toEqual([]);
  });

  it('is followed by a merge when an index is asked for', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), 50);
    for (let i = 1; i < 4; i++) {
      await client.flush({ collectionId });
      await insertRows(client, collectionId, schema, rowsOf(i * 40, 50));
    }
    await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: 'L2' }, wait: true });
    expect((await client.collectionStats({ collectionId })).segments).toMatchObject([{ state: 'sealed', rows: 200, deletedRows: 30 }]);
  });

  it('is followed by a merge without the dead where no history is kept', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), 50, { retentionSeconds: 0 });
    for (let i = 1; i < 4; i++) {
      await client.flush({ collectionId });
      await insertRows(client, collectionId, schema, rowsOf(i * 40, 50));
    }
    await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: 'L2' }, wait: true });
    expect((await client.collectionStats({ collectionId })).segments).toMatchObject([{ state: 'sealed', rows: 170, deletedRows: 0 }]);
  });
});

describe('an index', () => {
  it('asked for without a metric keeps the one that the field has', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), 10);
    await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: 'IP' }, wait: true });
    expect(await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'HNSW' }, wait: true })).toMatchObject({ type: 'HNSW', metric: 'IP' });
  });

  it('whose build is stopped leaves every row found by scan, and is built at the next open', { timeout: 60_000 }, async () => {
    const medium = new MemoryMedium();
    const wide = testSchema('Int64', { dim: 64 });
    const field = fieldId(wide, 'vector');
    const first = await open(medium);
    const { collectionId } = await first.client.createCollection({ name: 'c', schema: wide, ifNotExists: false });
    const rows = Array.from({ length: 6000 }, (_, i) => ({ key: BigInt(i), label: '', vector: Float32Array.from({ length: 64 }, (_, d) => Math.sin(i * 3 + d)) }));
    await insertRows(first.client, collectionId, wide, rows);
    const stop = new AbortController();
    const building = first.client.createIndex({ collectionId, fieldId: field, spec: { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, efConstruction: 100 } }, wait: true }, { signal: stop.signal, onProgress: ({ phase, done }) => phase === 'build' && done > 0 && stop.abort() });
    expect(await refusal(building)).toBe('ABORTED');
    expect(await first.client.indexProgress({ collectionId, fieldId: field })).toMatchObject({ state: 'failed', error: { code: 'ABORTED' } });
    const one = { collectionId, fieldId: field, queries: rows[77]!.vector.slice(), nq: 1, limit: 1, offset: 0, outputFieldIds: [] };
    expect([...(await first.client.search({ ...one, queries: one.queries.slice() })).keys]).toEqual([77n]);
    await first.client.close();
    const second = await open(medium);
    for (let i = 0; i < 1000 && (await second.client.indexProgress({ collectionId, fieldId: field })).state !== 'finished'; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await second.client.indexProgress({ collectionId, fieldId: field })).toEqual({ state: 'finished', indexedRows: 6000, totalRows: 6000 });
    expect((await second.client.collectionStats({ collectionId })).segments).toMatchObject([{ indexes: { vector: 'HNSW_SQ' } }]);
    await insertRows(second.client, collectionId, wide, rows.slice(0, 10).map((row) => ({ ...row, key: row.key + 9000n })));
    expect(await second.client.indexProgress({ collectionId, fieldId: field })).toEqual({ state: 'finished', indexedRows: 6000, totalRows: 6010 });
    expect([...(await second.client.search({ ...one, queries: one.queries.slice() })).keys]).toEqual([77n]);
    // Deletes reach the index, and reopening finds both.
    await second.client.delete({ collectionId, keys: BigInt64Array.of(77n) });
    expect([...(await second.client.search({ ...one, queries: one.queries.slice() })).keys]).not.toEqual([77n]);
    await second.client.close();
    const third = await open(medium);
    const reply = await third.client.search({ ...one, queries: one.queries.slice(), limit: 20 });
    expect(reply.keys.length).toBe(20);
    expect([...reply.keys]).not.toContain(77n);
    await third.client.close();
  });
});

/** A memory store with one operation replaced. */
function withFault(medium: Medium, change: (store: Store) => Partial<Store>): Store {
  const store = openMemoryStore({ medium });
  const changed = change(store);
  return new Proxy(store, { get: (target, name) => (name in changed ? changed[name as keyof Store] : typeof target[name as keyof Store] === 'function' ? (target[name as keyof Store] as () => unknown).bind(target) : target[name as keyof Store]) });
}

describe('a write that fails', () => {
  it('is refused, and so is every later one until the database is opened again; reads go on', async () => {
    const medium = new MemoryMedium();
    let fail = false;
    const store = withFault(medium, ({ logs }) => ({
      logs: {
        append: async (name, bytes) => {
          if (fail) throw new ElanusError('QUOTA', 'no space left');
          return logs.append(name, bytes);
        },
        sync: (name) => logs.sync(name),
        read: (name) => logs.read(name),
        drop: (name) => logs.drop(name),
        list: () => logs.list(),
      },
    }));
    const { client } = await openTestEngine(store);
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insertRows(client, collectionId, schema, rowsOf(0, 10));
    fail = true;
    expect(await refusal(insertRows(client, collectionId, schema, rowsOf(10, 10)))).toBe('QUOTA');
    fail = false;
    expect(await refusal(insertRows(client, collectionId, schema, rowsOf(10, 10)))).toBe('POISONED');
    expect(await refusal(client.delete({ collectionId, keys: BigInt64Array.of(1n) }))).toBe('POISONED');
    expect(await refusal(client.flush({ collectionId }))).toBe('POISONED');
    expect(await client.count({ collectionId })).toBe(10);
    expect((await client.search(query(collectionId))).keys.length).toBe(5);
    await client.close();
    const again = (await open(medium)).client;
    expect(await again.count({ collectionId })).toBe(10);
    await insertRows(again, collectionId, schema, rowsOf(10, 10));
    expect(await again.count({ collectionId })).toBe(20);
  });

  it('of a segment file leaves the log, and a later flush seals', async () => {
    const medium = new MemoryMedium();
    let fail = true;
    const store = withFault(medium, (real) => ({
      write: async (name, chunks) => {
        if (fail) throw new ElanusError('QUOTA', 'no space left');
        return real.write(name, chunks);
      },
    }));
    const { client } = await openTestEngine(store);
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insertRows(client, collectionId, schema, rowsOf(0, 10));
    expect(await refusal(client.flush({ collectionId }))).toBe('QUOTA');
    expect(await client.count({ collectionId })).toBe(10);
    await insertRows(client, collectionId, schema, rowsOf(10, 10));
    fail = false;
    await client.flush({ collectionId });
    expect(await client.count({ collectionId })).toBe(20);
    expect((await client.search(query(collectionId, 20))).keys.length).toBe(20);
    await client.close();
    const again = (await open(medium)).client;
    expect(await again.count({ collectionId })).toBe(20);
    expect((await again.search(query(collectionId, 30))).keys.length).toBe(20);
  });
});

describe('damage', () => {
  it('of a log is refused, or with recover: truncate reported once and left behind', async () => {
    for (const at of [20, 3000]) {
      const medium = new MemoryMedium();
      const { client, collectionId } = await withRows(medium, 30);
      await insertRows(client, collectionId, schema, rowsOf(30, 30));
      await client.close();
      const [name, pieces] = [...medium.logs][0]!;
      const bytes = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      bytes[at]! ^= 4;
      medium.logs.set(name, [bytes]);
      expect(await refusal(open(medium)), `byte ${at}`).toBe('CORRUPT');
      const { client: again, events } = await openTestEngine(openMemoryStore({ medium }), { recover: 'truncate' });
      expect(events.filter(({ type }) => type === 'error'), `byte ${at}`).toMatchObject([{ type: 'error', code: 'CORRUPT', collection: 'c' }]);
      expect((await again.databaseStats()).recovery.droppedBytes).toBeGreaterThan(0);
      const kept = await again.count({ collectionId });
      expect(kept).toBe(at === 20 ? 0 : 30);
      await again.close();
      const third = await open(medium);
      expect(await third.client.count({ collectionId })).toBe(kept);
      expect(third.events.filter(({ type }) => type === 'error')).toEqual([]);
      await third.client.close();
    }
  });

  it('of any byte of a segment file is found when it is read, never returned', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, 40);
    await client.flush({ collectionId });
    const expected = await client.search({ ...query(collectionId, 40), outputFieldIds: [labelField, vectorField] });
    await client.close();
    const name = [...medium.files.keys()].find((file) => file.endsWith('.seg'))!;
    const bytes = medium.files.get(name)!;
    let found = 0;
    for (let at = 0; at < bytes.length; at += 1 + Math.floor(bytes.length / 997)) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at & 7);
      medium.files.set(name, damaged);
      medium.lockedBy = null;
      try {
        const again = (await open(medium)).client;
        const reply = await again.search({ ...query(collectionId, 40), outputFieldIds: [labelField, vectorField] });
        expect([...reply.keys]).toEqual([...expected.keys]);
        expect(reply.entities).toEqual(expected.entities);
        await again.close();
      } catch (error) {
        expect(error, `byte ${at}`).toMatchObject({ code: expect.stringMatching(/^(CORRUPT|FORMAT_UNSUPPORTED)$/) });
        found++;
      }
    }
    expect(found).toBeGreaterThan(100);
  });
});
