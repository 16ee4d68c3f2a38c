/** What happens while something else is under way: closing, opening for reading, builds, seals and merges beside searches. */
import { describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { toSchema } from '../../src/schema/define.ts';
import type { Schema } from '../../src/schema/types.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { ElanusError, isElanusError } from '../../src/util/error.ts';
import { faultStore } from '../support/fault-store.ts';
import { DIM, fieldId, insertRows, openTestEngine, testSchema } from './harness.ts';

const schema = testSchema('Int64');
const vectorField = fieldId(schema, 'vector');
const labelField = fieldId(schema, 'label');

const rowsOf = (from: number, count: number, dim = DIM) =>
  Array.from({ length: count }, (_, i) => ({ key: BigInt(from + i), label: `row ${from + i}`, vector: Float32Array.from({ length: dim }, (_, d) => Math.sin((from + i) * 7 + d)) }));

/** Its code, or what it is. */
const outcome = (work: Promise<unknown>): Promise<string> => work.then(() => 'done', (error: unknown) => (isElanusError(error) ? error.code : String(error)));

const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 2000 && !(await is()); i++) await new Promise((resolve) => setTimeout(resolve, 2));
};

/** A memory store whose reads of files matching `slow` wait for `gate`. */
function slowReads(medium: MemoryMedium, gate: { wait: Promise<void> | null; waiting: number }, slow: RegExp): Store {
  const store = openMemoryStore({ medium });
  return new Proxy(store, {
    get(target, name) {
      if (name === 'read') {
        return async (file: string, from?: number, to?: number) => {
          if (gate.wait && slow.test(file)) {
            gate.waiting++;
            await gate.wait;
          }
          return target.read(file, from, to);
        };
      }
      const value = target[name as keyof Store];
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

function gate() {
  let open!: () => void;
  const state = { wait: null as Promise<void> | null, waiting: 0, shut: () => void (state.wait = new Promise((resolve) => (open = resolve))), open: () => void ((state.wait = null), open()) };
  return state;
}

const searchFor = (collectionId: number, over: Partial<Parameters<EngineClient['search']>[0]> = {}) => ({
  collectionId, fieldId: vectorField, queries: new Float32Array(DIM).fill(0.5), nq: 1, limit: 5, offset: 0, outputFieldIds: [], ...over,
});

describe('closing', () => {
  it('while an insert fills the growing segment loses nothing and leaves nothing behind', { timeout: 60_000 }, async () => {
    const medium = new MemoryMedium();
    const small = testSchema('Int64', { autoId: true, dim: 2 });
    const { client, events } = await openTestEngine(openMemoryStore({ medium }));
    const { collectionId } = await client.createCollection({ name: 'c', schema: small, ifNotExists: false });
    const batch = Array.from({ length: 33_000 }, (_, i) => ({ label: 'x', vector: Float32Array.of(i, 1) }));
    const inserts = [insertRows(client, collectionId, small, batch), insertRows(client, collectionId, small, batch)];
    await client.close();
    expect(await Promise.all(inserts.map(outcome))).toEqual(['done', 'done']);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(events.filter(({ type }) => type === 'error')).toEqual([]);
    const again = await openTestEngine(openMemoryStore({ medium }));
    expect(await again.client.count({ collectionId })).toBe(66_000);
    await again.client.close();
  });

  it('during a build rejects the createIndex that waits for it with CLOSED', async () => {
    const wide = testSchema('Int64', { dim: 64 });
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId } = await client.createCollection({ name: 'c', schema: wide, ifNotExists: false });
    await insertRows(client, collectionId, wide, rowsOf(0, 5000, 64));
    let started = false;
    const building = outcome(
      client.createIndex({ collectionId, fieldId: fieldId(wide, 'vector'), spec: { type: 'HNSW', metric: 'L2', params: { M: 8, efConstruction: 40 } }, wait: true }, { onProgress: ({ phase }) => void (started ||= phase === 'build') }),
    );
    await until(() => started);
    await client.close();
    expect(await building).toBe('CLOSED');
  });
});

describe('collections', () => {
  it('asked for twice at once, if they do not exist, are made once', async () => {
    const { client } = await openTestEngine(openMemoryStore());
    const [a, b] = await Promise.all([client.createCollection({ name: 'c', schema, ifNotExists: true }), client.createCollection({ name: 'c', schema, ifNotExists: true })]);
    expect(b).toEqual(a);
    expect(await client.listCollections({})).toEqual(['c']);
    await client.close();
  });
});

describe('flush', () => {
  it('seals what was inserted before the call, answered or not', async () => {
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    const insert = insertRows(client, collectionId, schema, rowsOf(0, 10));
    await client.flush({ collectionId });
    expect((await client.collectionStats({ collectionId })).segments).toMatchObject([{ state: 'sealed', rows: 10 }]);
    await insert;
    await client.close();
  });
});

describe('reading beside a writer', () => {
  it('finds every row though the log is sealed away during the opening', async () => {
    const medium = new MemoryMedium();
    const writer = (await openTestEngine(openMemoryStore({ medium }))).client;
    const { collectionId } = await writer.createCollection({ name: 'c', schema, ifNotExists: false });
    await insertRows(writer, collectionId, schema, rowsOf(0, 20));
    const store = openMemoryStore({ medium, readOnly: true });
    let isFirst = true;
    const logs = { ...store.logs, list: async () => {
      if (isFirst) {
        isFirst = false;
        await writer.flush({ collectionId });
      }
      return store.logs.list();
    } };
    const reading = new Proxy(store, { get: (target, name) => (name === 'logs' ? logs : typeof target[name as keyof Store] === 'function' ? (target[name as keyof Store] as () => unknown).bind(target) : target[name as keyof Store]) });
    const reader = (await openTestEngine(reading, { readOnly: true })).client;
    expect(await reader.count({ collectionId })).toBe(20);
    await reader.close();
    await writer.close();
  });
});

describe('searches beside changes', () => {
  it('and gets read what they began to read though a merge has replaced its segment', async () => {
    const medium = new MemoryMedium();
    const first = await openTestEngine(openMemoryStore({ medium }));
    const { collectionId } = await first.client.createCollection({ name: 'c', schema, ifNotExists: false });
    for (let i = 0; i < 2; i++) {
      // Columns of several blocks, so that two readers do not wait for one read.
      await insertRows(first.client, collectionId, schema, rowsOf(i * 3000, 3000).map((row) => ({ ...row, label: row.label.padEnd(60) })));
      await first.client.flush({ collectionId });
    }
    await first.client.close();
    const door = gate();
    // Only the read of `get` is held up: those of the merge come after the door is open again for others.
    const { client } = await openTestEngine(slowReads(medium, door, /^s\d+\.seg$/));
    door.shut();
    const reading = outcome(client.get({ collectionId, keys: BigInt64Array.of(3n, 4000n), outputFieldIds: [labelField] }));
    await until(() => door.waiting > 0);
    const letIn = door.open;
    door.wait = null;
    const merged = client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: 'L2' }, wait: true });
    await until(async () => (await client.collectionStats({ collectionId })).segments.length === 1);
    letIn();
    expect(await reading).toBe('done');
    await merged;
    expect([...medium.files.keys()].filter((name) => name.endsWith('.seg')).length).toBe(1);
    await client.close();
  });

  it('are exact under FLAT though the graph was still being loaded when it was asked for', async () => {
    const medium = new MemoryMedium();
    const wide = testSchema('Int64', { dim: 64 });
    const field = fieldId(wide, 'vector');
    const first = await openTestEngine(openMemoryStore({ medium }));
    const { collectionId } = await first.client.createCollection({ name: 'c', schema: wide, ifNotExists: false });
    await insertRows(first.client, collectionId, wide, rowsOf(0, 5000, 64));
    await first.client.createIndex({ collectionId, fieldId: field, spec: { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, efConstruction: 40 } }, wait: true });
    await first.client.close();
    const door = gate();
    const { client } = await openTestEngine(slowReads(medium, door, /\.idx$/));
    const query = searchFor(collectionId, { fieldId: field, queries: rowsOf(77, 1, 64)[0]!.vector });
    door.shut();
    const early = outcome(Promise.resolve(client.search({ ...query })));
    await until(() => door.waiting > 0);
    await client.createIndex({ collectionId, fieldId: field, spec: { type: 'FLAT', metric: 'L2' }, wait: true });
    door.open();
    expect(await early).toBe('done');
    const reply = await client.search({ ...query });
    expect(reply.scores[0]).toBe(0);
    await client.close();
  });

  it('by a new metric are exact while the codes of the old one are all that is in memory', async () => {
    const medium = new MemoryMedium();
    const wide = testSchema('Int64', { dim: 64 });
    const field = fieldId(wide, 'vector');
    for (const refine of [false, true]) {
      const first = await openTestEngine(openMemoryStore({ medium }));
      const { collectionId } = await first.client.createCollection({ name: `c${refine}`, schema: wide, ifNotExists: false });
      const rows = rowsOf(0, 5000, 64).map((row, i) => ({ ...row, vector: row.vector.map((x) => x * (1 + (i % 7))) }));
      await insertRows(first.client, collectionId, wide, rows);
      const spec = { type: 'HNSW_SQ', params: { M: 8, efConstruction: 40, refine } };
      await first.client.createIndex({ collectionId, fieldId: field, spec: { ...spec, metric: 'COSINE' }, wait: true });
      await first.client.close();
      const door = gate();
      const { client } = await openTestEngine(slowReads(medium, door, /\.seg$/));
      const query = searchFor(collectionId, { fieldId: field, queries: rows[77]!.vector.slice() });
      if (!refine) await client.search({ ...query });
      door.shut();
      const stop = new AbortController();
      const building = outcome(client.createIndex({ collectionId, fieldId: field, spec: { ...spec, metric: 'L2' }, wait: true }, { signal: stop.signal }));
      await until(async () => (await client.describeCollection({ name: `c${refine}` })).indexes['vector']!.metric === 'L2');
      const searching = Promise.resolve(client.search({ ...query }));
      searching.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
      door.open();
      const { keys, scores } = await searching;
      expect([refine, keys[0], scores[0]]).toEqual([refine, 77n, 0]);
      stop.abort();
      await building;
      await client.close();
    }
  });
});

describe('an index', () => {
  it('of one field is built to the end though another field gets one meanwhile', async () => {
    const two: Schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, a: { type: 'FloatVector', dim: 64 }, b: { type: 'FloatVector', dim: 64 } } });
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId } = await client.createCollection({ name: 'c', schema: two, ifNotExists: false });
    const rows = rowsOf(0, 5000, 64).map(({ key, vector }) => ({ key, a: vector, b: vector }));
    await insertRows(client, collectionId, two, rows as never);
    const spec = { type: 'HNSW', metric: 'L2' as const, params: { M: 8, efConstruction: 40 } };
    let started = false;
    const a = outcome(client.createIndex({ collectionId, fieldId: fieldId(two, 'a'), spec, wait: true }, { onProgress: ({ phase }) => void (started ||= phase === 'build') }));
    await until(() => started);
    const b = outcome(client.createIndex({ collectionId, fieldId: fieldId(two, 'b'), spec, wait: true }));
    expect(await Promise.all([a, b])).toEqual(['done', 'done']);
    for (const name of ['a', 'b']) expect(await client.indexProgress({ collectionId, fieldId: fieldId(two, name) })).toMatchObject({ state: 'finished', indexedRows: 5000 });
    await client.close();
  });
});

describe('string keys', () => {
  it('that begin with a byte order mark keep it when they are sealed and merged', async () => {
    const strings = testSchema('VarChar');
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId } = await client.createCollection({ name: 'c', schema: strings, ifNotExists: false });
    const { vector } = rowsOf(0, 1)[0]!;
    const marked = '\ufeffa';
    for (const key of [marked, 'a', 'z']) {
      await insertRows(client, collectionId, strings, [{ key, label: key, vector }]);
      await client.flush({ collectionId });
    }
    const field = fieldId(strings, 'vector');
    const keysFound = async () => [...(await client.search(searchFor(collectionId, { fieldId: field }))).keys];
    expect(await keysFound()).toEqual(['a', 'z', marked]);
    await client.createIndex({ collectionId, fieldId: field, spec: { type: 'FLAT', metric: 'L2' }, wait: true });
    expect(await keysFound()).toEqual(['a', 'z', marked]);
    expect((await client.get({ collectionId, keys: [marked, 'a', 'z'], outputFieldIds: [] })).found).toEqual(Int32Array.of(0, 1, 2));
    await client.close();
  });
});

describe('equal scores', () => {
  it('come in ascending order of the key, also among rows that are not sealed, and so do those at the limit', async () => {
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    const same = rowsOf(0, 1)[0]!.vector;
    const rows = [9, 3, 7, 1, 8].map((key) => ({ key: BigInt(key), label: '', vector: same }));
    await insertRows(client, collectionId, schema, rows);
    const keysOf = async (limit: number) => [...(await client.search(searchFor(collectionId, { limit }))).keys];
    expect(await keysOf(10)).toEqual([1n, 3n, 7n, 8n, 9n]);
    expect(await keysOf(2)).toEqual([1n, 3n]);
    await client.flush({ collectionId });
    expect(await keysOf(2)).toEqual([1n, 3n]);
    await client.close();
  });
});

describe('kernel memory', () => {
  it('of a dropped collection is given back', async () => {
    const { client } = await openTestEngine(openMemoryStore());
    const used = async () => (await client.databaseStats()).memoryBytes;
    const round = async () => {
      const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
      await insertRows(client, collectionId, schema, rowsOf(0, 3000));
      await client.delete({ collectionId, keys: BigInt64Array.of(5n, 6n) });
      await client.flush({ collectionId });
      await insertRows(client, collectionId, schema, rowsOf(3000, 3000));
      await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'HNSW', metric: 'L2' }, wait: true });
      await client.search(searchFor(collectionId));
      await client.dropCollection({ name: 'c' });
    };
    await round();
    const before = await used();
    await round();
    expect(await used()).toBe(before);
    await client.close();
  });

  it('of a segment whose commit fails is given back', async () => {
    const medium = new MemoryMedium();
    const store = openMemoryStore({ medium });
    let fail = false;
    const root = { read: () => store.root.read(), swap: async (expected: Uint8Array | null, next: Uint8Array) => {
      if (fail) throw new Error('no medium');
      return store.root.swap(expected, next);
    } };
    const faulty = new Proxy(store, { get: (target, name) => (name === 'root' ? root : typeof target[name as keyof Store] === 'function' ? (target[name as keyof Store] as () => unknown).bind(target) : target[name as keyof Store]) });
    const { client } = await openTestEngine(faulty);
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insertRows(client, collectionId, schema, rowsOf(0, 3000));
    fail = true;
    const before = (await client.databaseStats()).memoryBytes;
    expect(await outcome(client.flush({ collectionId }))).not.toBe('done');
    expect(await outcome(client.flush({ collectionId }))).toBe('POISONED');
    expect((await client.databaseStats()).memoryBytes).toBe(before);
    // The file of the failed commit stays until the next open: the manifest may name it after all.
    expect(medium.files.size).toBe(1);
    expect(await client.count({ collectionId })).toBe(3000);
    await client.close();
  });
});

describe('truncating', () => {
  it('while segments are merged takes what came of the merge, too, and leaves no file behind', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const medium = new MemoryMedium();
      const { client } = await openTestEngine(faultStore(openMemoryStore({ medium }), { delays: 0.6, seed }));
      const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
      for (let batch = 0; batch < 3; batch++) {
        await insertRows(client, collectionId, schema, rowsOf(batch * 10, 10));
        await client.flush({ collectionId });
      }
      const merging = outcome(client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: 'L2' }, wait: true }));
      await new Promise((resolve) => setTimeout(resolve, seed % 8));
      await client.delete({ collectionId, keys: BigInt64Array.of(5n) });
      await client.truncateCollection({ collectionId });
      expect(await client.count({ collectionId }), `seed ${seed}`).toBe(0);
      expect(await merging, `seed ${seed}`).toBe('done');
      expect((await client.search(searchFor(collectionId))).keys.length, `seed ${seed}`).toBe(0);
      await client.close();
      expect([...medium.files.keys()], `seed ${seed}`).toEqual([]);
    }
  });
});

describe('loading', () => {
  it('while segments are merged and dropped loads those that there are', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { client } = await openTestEngine(faultStore(openMemoryStore(), { delays: 0.6, seed }));
      const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
      for (let batch = 0; batch < 4; batch++) {
        await insertRows(client, collectionId, schema, rowsOf(batch * 10, 10));
        await client.flush({ collectionId });
      }
      await client.release({ collectionId });
      const loading = outcome(client.load({ collectionId }));
      await new Promise((resolve) => setTimeout(resolve, seed % 6));
      await (seed % 2 === 0 ? client.truncateCollection({ collectionId }) : client.compact({ collectionId }));
      expect(await loading, `seed ${seed}`).toBe('done');
      expect((await client.loadState({ collectionId })).state, `seed ${seed}`).toBe('loaded');
      await client.close();
    }
  });
});

describe('a file that cannot be removed', () => {
  it('fails no call whose work is committed, and its name is not given to another', async () => {
    const medium = new MemoryMedium();
    let isStubborn = true;
    const stubborn = (): Store =>
      new Proxy(openMemoryStore({ medium }), {
        get(target, name) {
          if (name === 'remove' && isStubborn) return async () => Promise.reject(new ElanusError('STORAGE', 'not now'));
          const value = target[name as keyof Store];
          return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
        },
      });
    let { client } = await openTestEngine(stubborn());
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insertRows(client, collectionId, schema, rowsOf(0, 10));
    await client.flush({ collectionId });
    await client.truncateCollection({ collectionId });
    expect(await client.count({ collectionId })).toBe(0);
    await client.close();
    expect(medium.files.size).toBe(1);
    // Whoever numbers files by the manifest alone would meet it again.
    ({ client } = await openTestEngine(stubborn()));
    await insertRows(client, collectionId, schema, rowsOf(0, 10));
    await client.flush({ collectionId });
    expect(await client.count({ collectionId })).toBe(10);
    await client.close();
    isStubborn = false;
    ({ client } = await openTestEngine(stubborn()));
    expect(medium.files.size).toBe(1);
    await client.close();
  });
});
