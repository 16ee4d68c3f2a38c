/** The life of an index: made, made again, stopped, dropped, beside searches and over reopening. */
import { describe, expect, it } from 'vitest';
import type { CallContext, EngineClient, Progress } from '../../src/engine/client.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { MetricType, Schema } from '../../src/schema/types.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { ElanusError } from '../../src/util/error.ts';
import { SEED, randomVectors } from '../support/vectors.ts';
import { fieldId, openTestEngine } from './harness.ts';
import { codeOrNone } from '../support/refusals.ts';

/** 1.1 MB of vectors: enough for a graph, and quick to build. */
const DIM = 256;
const ROWS = 1100;
const SMALL_GRAPH = { M: 4, efConstruction: 24 };
const vectors = randomVectors(2 * ROWS, DIM, 11);

const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim: DIM } } });
const vector = fieldId(schema, 'vector');

const rowAt = (i: number): Float32Array => vectors.slice(i * DIM, (i + 1) * DIM);
const rowsOf = (from: number, count: number) => Array.from({ length: count }, (_, i) => ({ key: BigInt(from + i), vector: rowAt(from + i) }));

async function openOn(medium: MemoryMedium, options: { readOnly?: boolean; store?: Store } = {}) {
  const readOnly = options.readOnly ?? false;
  return (await openTestEngine(options.store ?? openMemoryStore({ medium, readOnly }), { readOnly })).client;
}

async function withRows(medium: MemoryMedium, count: number, client?: EngineClient, of: Schema = schema) {
  const engine = client ?? (await openOn(medium));
  const { collectionId } = await engine.createCollection({ name: 'c', schema: of, ifNotExists: false });
  if (count > 0) await insert(engine, collectionId, 0, count);
  return { client: engine, collectionId };
}

const insert = (client: EngineClient, collectionId: number, from: number, count: number) => client.insert({ collectionId, batch: toBatch(planOf(schema), rowsOf(from, count)) });

const index = (client: EngineClient, collectionId: number, type: string, metric: MetricType, params: Record<string, unknown> = SMALL_GRAPH, context?: CallContext) =>
  client.createIndex({ collectionId, fieldId: vector, spec: { type, metric, params }, wait: true }, context);

const about = (client: EngineClient, collectionId: number) => client.describeIndex({ collectionId, fieldId: vector });
const indexFiles = (medium: MemoryMedium): string[] => [...medium.files.keys()].filter((name) => name.endsWith('.idx'));

/** Squared distances or negative dot products in double precision, smallest first. */
function exact(metric: 'L2' | 'IP', query: Float32Array, rows: number, limit: number): bigint[] {
  const distances = Array.from({ length: rows }, (_, r) => {
    let sum = 0;
    for (let d = 0; d < DIM; d++) sum += metric === 'L2' ? (query[d]! - vectors[r * DIM + d]!) ** 2 : -query[d]! * vectors[r * DIM + d]!;
    return sum;
  });
  return distances.map((_, r) => r).sort((a, b) => distances[a]! - distances[b]! || a - b).slice(0, limit).map(BigInt);
}

async function keysOf(client: EngineClient, collectionId: number, query: Float32Array, limit: number, params?: Record<string, unknown>): Promise<bigint[]> {
  return [...(await client.search({ collectionId, fieldId: vector, queries: query.slice(), nq: 1, limit, offset: 0, params, outputFieldIds: [] })).keys] as bigint[];
}

/** Stops at the first progress of a build. */
function stopAtBuild(): { signal: AbortSignal; onProgress: (progress: Progress) => void } {
  const stop = new AbortController();
  return { signal: stop.signal, onProgress: ({ phase, done }) => phase === 'build' && done > 0 && stop.abort() };
}

async function finished(client: EngineClient, collectionId: number): Promise<void> {
  for (let i = 0; i < 1000 && (await client.indexProgress({ collectionId, fieldId: vector })).state === 'building'; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await client.indexProgress({ collectionId, fieldId: vector })).state).toBe('finished');
}

const query = randomVectors(1, DIM, 12);

describe(`an index (seed ${SEED})`, { timeout: 60_000 }, () => {
  it('that is dropped leaves no file; rows are found exactly, by COSINE again, also when opened again', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await index(client, collectionId, 'HNSW', 'L2');
    expect(await about(client, collectionId)).toMatchObject({ field: 'vector', state: 'finished', indexedRows: ROWS, serving: [{ type: 'HNSW', rows: ROWS }] });
    expect(indexFiles(medium).length).toBe(1);
    await client.dropIndex({ collectionId, fieldId: vector });
    expect(indexFiles(medium)).toEqual([]);
    expect(await codeOrNone(about(client, collectionId))).toBe('NOT_FOUND');
    expect(await codeOrNone(client.dropIndex({ collectionId, fieldId: vector }))).toBe('NOT_FOUND');
    expect(await client.indexProgress({ collectionId, fieldId: vector })).toEqual({ state: 'none', indexedRows: 0, totalRows: ROWS });
    const scanned = await keysOf(client, collectionId, query, 10);
    await client.close();
    const again = await openOn(medium);
    expect(await keysOf(again, collectionId, query, 10)).toEqual(scanned);
    await index(again, collectionId, 'FLAT', 'L2', {});
    expect(await keysOf(again, collectionId, query, 10)).toEqual(exact('L2', query, ROWS, 10));
    await again.close();
  });

  it('that is dropped while it is being built is gone, and its createIndex says so', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    let dropping: Promise<void> | undefined;
    const building = index(client, collectionId, 'HNSW', 'L2', SMALL_GRAPH, { onProgress: ({ phase, done }) => void (phase === 'build' && done > 0 && (dropping ??= client.dropIndex({ collectionId, fieldId: vector }))) });
    expect(await codeOrNone(building)).toBe('ABORTED');
    await dropping;
    expect(await client.indexProgress({ collectionId, fieldId: vector })).toMatchObject({ state: 'none' });
    expect(indexFiles(medium)).toEqual([]);
    await client.close();
  });

  it('made again with other parameters takes over when it is there; the old one answers meanwhile', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    const first = await index(client, collectionId, 'HNSW', 'L2');
    const [firstFile] = indexFiles(medium);
    const before = await keysOf(client, collectionId, query, 10, { ef: 200 });
    const seen: unknown[] = [];
    let searches = 0;
    const second = await index(client, collectionId, 'HNSW_SQ', 'L2', { ...SMALL_GRAPH, refine: true }, {
      onProgress: ({ phase }) => {
        if (phase !== 'build') return;
        searches++;
        void about(client, collectionId).then(({ serving, servedBy, state }) => seen.push([serving, servedBy.type, state]));
        void keysOf(client, collectionId, query, 10, { ef: 200, refine_k: 3 }).then((keys) => seen.push(keys));
      },
    });
    expect(searches).toBeGreaterThan(0);
    expect(seen[0]).toEqual([[{ type: 'HNSW', params: first.params, rows: ROWS }], 'HNSW_SQ', 'building']);
    expect(seen.filter((found) => typeof (found as unknown[])[0] === 'bigint')[0]).toEqual(before);
    expect(await about(client, collectionId)).toMatchObject({ spec: second, serving: [{ type: 'HNSW_SQ', rows: ROWS }], state: 'finished' });
    expect(indexFiles(medium).length).toBe(1);
    expect(indexFiles(medium)).not.toContain(firstFile);
    await client.close();
  });

  it('made again as it is, waits and changes nothing', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    const all = await Promise.all([index(client, collectionId, 'HNSW', 'L2'), index(client, collectionId, 'HNSW', 'L2'), index(client, collectionId, 'HNSW', 'L2')]);
    expect(all[1]).toEqual(all[0]);
    const files = [...medium.files.keys()];
    const phases: string[] = [];
    await index(client, collectionId, 'HNSW', 'L2', SMALL_GRAPH, { onProgress: ({ phase }) => phases.push(phase) });
    expect([...medium.files.keys()]).toEqual(files);
    expect(phases).not.toContain('build');
    await client.close();
  });

  it('whose rebuild is stopped leaves the old one serving, also when opened again, until it is taken up', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await index(client, collectionId, 'HNSW_SQ', 'L2', { ...SMALL_GRAPH, refine: true });
    expect(await codeOrNone(index(client, collectionId, 'HNSW_SQ', 'L2', { M: 6, efConstruction: 30, refine: true }, stopAtBuild()))).toBe('ABORTED');
    const old = [{ type: 'HNSW_SQ', params: { M: 4 }, rows: ROWS }];
    expect(await about(client, collectionId)).toMatchObject({ spec: { params: { M: 6 } }, serving: old, state: 'failed', error: { code: 'ABORTED' } });
    const params = { ef: ROWS, refine_k: 10 };
    expect(await keysOf(client, collectionId, query, 10, params)).toEqual(exact('L2', query, ROWS, 10));
    await client.close();
    const reader = await openOn(medium, { readOnly: true });
    expect(await about(reader, collectionId)).toMatchObject({ serving: old });
    expect(await keysOf(reader, collectionId, query, 10, params)).toEqual(exact('L2', query, ROWS, 10));
    await reader.close();
    const writer = await openOn(medium);
    await finished(writer, collectionId);
    expect(await about(writer, collectionId)).toMatchObject({ serving: [{ type: 'HNSW_SQ', params: { M: 6 }, rows: ROWS }], state: 'finished' });
    expect(indexFiles(medium).length).toBe(1);
    await writer.close();
  });

  it('over rows that grew: a stopped rebuild merges nothing away from the old index, and leaves no file', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await index(client, collectionId, 'HNSW', 'L2');
    await insert(client, collectionId, ROWS, 100);
    expect(await codeOrNone(index(client, collectionId, 'HNSW', 'L2', { M: 6, efConstruction: 24 }, stopAtBuild()))).toBe('ABORTED');
    expect((await about(client, collectionId)).serving).toMatchObject([{ type: 'HNSW', params: { M: 4 }, rows: ROWS }, { type: 'FLAT', rows: 100 }]);
    expect(medium.files.size).toBe(3);
    await client.delete({ collectionId, keys: BigInt64Array.of(3n) });
    // While the merged segment is built, rows go on being deleted.
    let deleting: Promise<unknown> | undefined;
    await index(client, collectionId, 'HNSW', 'L2', { M: 6, efConstruction: 24 }, {
      onProgress: ({ phase, done }) => void (phase === 'build' && done > 0 && (deleting ??= client.delete({ collectionId, keys: BigInt64Array.of(5n, BigInt(ROWS + 1)) }))),
    });
    await deleting;
    expect((await about(client, collectionId)).serving).toMatchObject([{ type: 'HNSW', params: { M: 6 }, rows: ROWS + 100 - 3 }]);
    const best = exact('L2', query, ROWS + 100, 60).filter((key) => ![3n, 5n, BigInt(ROWS + 1)].includes(key)).slice(0, 50);
    expect(await keysOf(client, collectionId, query, 50, { ef: 5000 })).toEqual(best);
    await client.close();
    const again = await openOn(medium);
    expect(await keysOf(again, collectionId, query, 50, { ef: 5000 })).toEqual(best);
    await again.close();
  });

  it('of another metric, stopped: rows are scanned by the new metric, also where no vector was in memory', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await index(client, collectionId, 'HNSW_SQ', 'L2', { ...SMALL_GRAPH, refine: true });
    expect(await codeOrNone(index(client, collectionId, 'HNSW_SQ', 'IP', { ...SMALL_GRAPH, refine: true }, stopAtBuild()))).toBe('ABORTED');
    expect(await keysOf(client, collectionId, query, 10)).toEqual(exact('IP', query, ROWS, 10));
    await client.close();
    const reader = await openOn(medium, { readOnly: true });
    expect(await keysOf(reader, collectionId, query, 10)).toEqual(exact('IP', query, ROWS, 10));
    expect((await about(reader, collectionId)).serving).toMatchObject([{ type: 'FLAT', rows: ROWS }]);
    await reader.close();
  });

  it('whose file cannot be written fails, tells so and leaves the old one', async () => {
    const medium = new MemoryMedium();
    const store = openMemoryStore({ medium });
    let isFull = false;
    const write: Store['write'] = async (name, bytes) => {
      if (isFull && name.endsWith('.idx')) throw new ElanusError('QUOTA', 'no space left');
      await store.write(name, bytes);
    };
    const limited = new Proxy(store, { get: (target, name) => (name === 'write' ? write : typeof target[name as keyof Store] === 'function' ? (target[name as keyof Store] as () => unknown).bind(target) : target[name as keyof Store]) });
    const { client, collectionId } = await withRows(medium, ROWS, await openOn(medium, { store: limited }));
    await index(client, collectionId, 'HNSW', 'L2');
    isFull = true;
    expect(await codeOrNone(index(client, collectionId, 'HNSW', 'L2', { M: 6, efConstruction: 24 }))).toBe('QUOTA');
    expect(await about(client, collectionId)).toMatchObject({ state: 'failed', error: { code: 'QUOTA' }, serving: [{ type: 'HNSW', params: { M: 4 }, rows: ROWS }] });
    isFull = false;
    await index(client, collectionId, 'HNSW', 'L2', { M: 6, efConstruction: 24 });
    expect(await about(client, collectionId)).toMatchObject({ state: 'finished', serving: [{ type: 'HNSW', params: { M: 6 }, rows: ROWS }] });
    await client.close();
  });

  it('called AUTOINDEX or by a GPU name is kept by that name, and says what serves it, also when opened again', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    expect(await index(client, collectionId, 'AUTOINDEX', 'L2', {})).toEqual({ type: 'AUTOINDEX', metric: 'L2', params: {} });
    const picked = { spec: { type: 'AUTOINDEX' }, servedBy: { type: 'HNSW_SQ', params: { M: 16, refine: true } }, serving: [{ type: 'HNSW_SQ', rows: ROWS }], state: 'finished' };
    expect(await about(client, collectionId)).toMatchObject(picked);
    expect((await about(client, collectionId)).why).toContain('256 dimensions');
    const files = indexFiles(medium);
    await client.close();
    const again = await openOn(medium);
    await finished(again, collectionId);
    expect(await about(again, collectionId)).toMatchObject(picked);
    expect(indexFiles(medium)).toEqual(files);
    expect(await keysOf(again, collectionId, query, 10, { ef: ROWS, refine_k: 20 })).toEqual(exact('L2', query, ROWS, 10));
    await index(again, collectionId, 'GPU_CAGRA', 'L2', { graph_degree: 16, intermediate_graph_degree: 32 });
    expect(await about(again, collectionId)).toMatchObject({ spec: { type: 'GPU_CAGRA' }, servedBy: { type: 'HNSW_SQ', params: { M: 8 } }, serving: [{ type: 'HNSW_SQ', params: { M: 8 }, rows: ROWS }] });
    expect((await keysOf(again, collectionId, query, 10, { itopk_size: ROWS })).length).toBe(10);
    await index(again, collectionId, 'GPU_BRUTE_FORCE', 'L2', {});
    expect(await about(again, collectionId)).toMatchObject({ spec: { type: 'GPU_BRUTE_FORCE' }, servedBy: { type: 'FLAT' }, serving: [{ type: 'FLAT', rows: ROWS }] });
    expect(indexFiles(medium)).toEqual([]);
    expect(await keysOf(again, collectionId, query, 10)).toEqual(exact('L2', query, ROWS, 10));
    await index(again, collectionId, 'GPU_IVF_FLAT', 'L2', { nlist: 4, cache_dataset_on_device: true });
    expect(await about(again, collectionId)).toMatchObject({ spec: { type: 'GPU_IVF_FLAT', params: { cache_dataset_on_device: true } }, servedBy: { type: 'IVF_FLAT', params: { nlist: 4 } }, serving: [{ type: 'IVF_FLAT', rows: ROWS }] });
    expect((await about(again, collectionId)).why).toContain('IVF_FLAT serves GPU_IVF_FLAT');
    expect(await keysOf(again, collectionId, query, 10, { nprobe: 4 })).toEqual(exact('L2', query, ROWS, 10));
    expect(await codeOrNone(index(again, collectionId, 'AISAQ', 'L2', {}))).toBe('NOT_SUPPORTED');
    await again.close();
  });

  it('that waits its turn ends when its signal fires', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), ROWS);
    const stop = new AbortController();
    let isFirstDone = false;
    const first = index(client, collectionId, 'HNSW', 'L2', { M: 4, efConstruction: 200 }, { onProgress: ({ phase, done }) => phase === 'build' && done > 0 && stop.abort() }).then(() => void (isFirstDone = true));
    const second = index(client, collectionId, 'HNSW', 'L2', { M: 4, efConstruction: 200 }, { signal: stop.signal });
    expect(await codeOrNone(second)).toBe('ABORTED');
    expect(isFirstDone).toBe(false);
    await first;
    expect((await about(client, collectionId)).serving).toMatchObject([{ type: 'HNSW', rows: ROWS }]);
    await client.close();
  });

  it('is dropped and made again beside searches of many queries, which answer as ever', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await index(client, collectionId, 'HNSW_SQ', 'COSINE', { ...SMALL_GRAPH, refine: true });
    await client.close();
    // Opened again, nothing but the codes is in memory.
    const again = await openOn(medium);
    const nq = 400;
    const queries = randomVectors(nq, DIM, 13);
    const search = (params?: Record<string, unknown>) => again.search({ collectionId, fieldId: vector, queries: queries.slice(), nq, limit: 5, offset: 0, params, outputFieldIds: [] });
    const many = search({ ef: ROWS, refine_k: 20 });
    await new Promise((resolve) => setTimeout(resolve, 0));
    await again.dropIndex({ collectionId, fieldId: vector });
    const dropped = await many;
    const scanned = await search();
    expect([...dropped.keys]).toEqual([...scanned.keys]);
    await again.close();
  });

  it('over nothing, over one row, over equal rows and over duplicates finds what there is', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, 0);
    for (const type of ['FLAT', 'HNSW', 'HNSW_SQ']) {
      await index(client, collectionId, type, 'L2', type === 'FLAT' ? {} : SMALL_GRAPH);
      expect(await about(client, collectionId)).toMatchObject({ state: 'finished', indexedRows: 0, totalRows: 0, serving: [] });
      expect(await keysOf(client, collectionId, query, 3)).toEqual([]);
    }
    await insert(client, collectionId, 0, 1);
    await index(client, collectionId, 'HNSW', 'L2');
    expect(await about(client, collectionId)).toMatchObject({ state: 'finished', indexedRows: 1, serving: [{ type: 'FLAT', rows: 1 }] });
    expect(await keysOf(client, collectionId, query, 3)).toEqual([0n]);
    const equal = Array.from({ length: ROWS }, (_, i) => ({ key: BigInt(i), vector: rowAt(0) }));
    const twins = Array.from({ length: ROWS }, (_, i) => ({ key: BigInt(i), vector: rowAt(i >> 1) }));
    for (const [rows, limit] of [[equal, ROWS], [twins, 2]] as const) {
      await client.insert({ collectionId, batch: toBatch(planOf(schema), rows) });
      for (const type of ['HNSW', 'HNSW_SQ']) {
        await index(client, collectionId, type, 'L2');
        const found = await keysOf(client, collectionId, rowAt(0), limit, { ef: ROWS });
        expect(found.length).toBe(limit);
        expect([...found].sort((a, b) => Number(a - b))).toEqual(Array.from({ length: limit }, (_, i) => BigInt(i)));
        // All of a rank: the smaller key first.
        if (type === 'HNSW') expect(found).toEqual([...found].sort((a, b) => Number(a - b)));
      }
    }
    await client.close();
  });
});

describe('several vector fields', { timeout: 60_000 }, () => {
  const two = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, a: { type: 'FloatVector', dim: DIM }, b: { type: 'FloatVector', dim: DIM } } });
  const a = fieldId(two, 'a');
  const b = fieldId(two, 'b');
  const spec = (type: string, metric: MetricType, m = 4) => ({ type, metric, params: { M: m, efConstruction: 24 } });

  it('have each an index of their own, made at the same time, one dropped without the other', async () => {
    const medium = new MemoryMedium();
    const client = await openOn(medium);
    const { collectionId } = await client.createCollection({ name: 'c', schema: two, ifNotExists: false });
    const rows = Array.from({ length: ROWS }, (_, i) => ({ key: BigInt(i), a: rowAt(i), b: rowAt(ROWS - 1 - i) }));
    await client.insert({ collectionId, batch: toBatch(planOf(two), rows) });
    // The second must not stop the first.
    const made = await Promise.all([
      client.createIndex({ collectionId, fieldId: a, spec: spec('HNSW', 'L2'), wait: true }),
      client.createIndex({ collectionId, fieldId: b, spec: spec('HNSW_SQ', 'IP'), wait: true }),
    ]);
    expect(made).toMatchObject([{ type: 'HNSW', metric: 'L2' }, { type: 'HNSW_SQ', metric: 'IP' }]);
    const serving = async (field: number) => (await client.describeIndex({ collectionId, fieldId: field })).serving;
    expect(await serving(a)).toMatchObject([{ type: 'HNSW', rows: ROWS }]);
    expect(await serving(b)).toMatchObject([{ type: 'HNSW_SQ', rows: ROWS }]);
    const find = async (field: number, of: EngineClient = client) => [...(await of.search({ collectionId, fieldId: field, queries: rowAt(7), nq: 1, limit: 1, offset: 0, params: { ef: ROWS }, outputFieldIds: [] })).keys];
    expect(await find(a)).toEqual([7n]);
    expect(await find(b)).toEqual([BigInt(ROWS - 8)]);

    // More rows: one createIndex merges and leaves both fields indexed.
    await client.insert({ collectionId, batch: toBatch(planOf(two), Array.from({ length: 50 }, (_, i) => ({ key: BigInt(ROWS + i), a: rowAt(ROWS + i), b: rowAt(ROWS + 100 + i) }))) });
    await client.createIndex({ collectionId, fieldId: a, spec: spec('HNSW', 'L2', 6), wait: true });
    expect(await serving(a)).toMatchObject([{ type: 'HNSW', params: { M: 6 }, rows: ROWS + 50 }]);
    expect(await serving(b)).toMatchObject([{ type: 'HNSW_SQ', rows: ROWS + 50 }]);

    await client.dropIndex({ collectionId, fieldId: a });
    expect(await serving(b)).toMatchObject([{ type: 'HNSW_SQ', rows: ROWS + 50 }]);
    expect(indexFiles(medium).length).toBe(1);
    await client.close();
    const again = await openOn(medium);
    expect(await find(b, again)).toEqual([BigInt(ROWS - 8)]);
    expect(await codeOrNone(again.describeIndex({ collectionId, fieldId: a }))).toBe('NOT_FOUND');
    await again.close();
  });

  it('changed while a merge builds the other one end with what was asked for last', async () => {
    const client = await openOn(new MemoryMedium());
    const { collectionId } = await client.createCollection({ name: 'c', schema: two, ifNotExists: false });
    const put = (from: number, count: number) => client.insert({ collectionId, batch: toBatch(planOf(two), Array.from({ length: count }, (_, i) => ({ key: BigInt(from + i), a: rowAt(from + i), b: rowAt(from + i) }))) });
    await put(0, ROWS);
    await client.createIndex({ collectionId, fieldId: a, spec: spec('HNSW', 'L2'), wait: true });
    await client.createIndex({ collectionId, fieldId: b, spec: spec('HNSW', 'L2'), wait: true });
    await put(ROWS, 30);
    let changing: Promise<unknown> | undefined;
    await client.createIndex({ collectionId, fieldId: a, spec: spec('HNSW', 'L2', 6), wait: true }, {
      onProgress: ({ phase, done }) => void (phase === 'build' && done > ROWS / 2 && (changing ??= client.createIndex({ collectionId, fieldId: b, spec: spec('HNSW_SQ', 'L2', 8), wait: true }))),
    });
    await changing;
    expect((await client.describeIndex({ collectionId, fieldId: a })).serving).toMatchObject([{ type: 'HNSW', params: { M: 6 }, rows: ROWS + 30 }]);
    expect((await client.describeIndex({ collectionId, fieldId: b })).serving).toMatchObject([{ type: 'HNSW_SQ', params: { M: 8 }, rows: ROWS + 30 }]);
    await client.close();
  });
});
