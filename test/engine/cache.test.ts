/** A collection larger than its budget: full vectors stay in the store, and every answer is that of a collection in memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngineClient, SearchReply } from '../../src/engine/client.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { Schema, VectorType } from '../../src/schema/types.ts';
import { VectorCache, type CachedVectors } from '../../src/segment/vector-cache.ts';
import { openFsStore } from '../../src/storage/fs.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { SEED, randomVectors } from '../support/vectors.ts';
import { fieldId, openTestEngine } from './harness.ts';

/** 1.2 MB of vectors, and as much again in the second segment. */
const DIM = 256;
const ROWS = 1200;
const SEGMENT_BYTES = ROWS * (DIM * 4 + 4);
const AMPLE = 1 << 30;
const vectors = randomVectors(2 * ROWS, DIM, 31);
const queries = randomVectors(12, DIM, 32);

const schemaOf = (type: VectorType, dim: number): Schema => toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, vector: { type, dim } as never } });
const schema = schemaOf('FloatVector', DIM);
const vector = fieldId(schema, 'vector');
const collectionId = 1;

const rowOf = (i: number): Float32Array => vectors.slice(i * DIM, (i + 1) * DIM);

async function insert(client: EngineClient, from: number, count: number): Promise<void> {
  await client.insert({ collectionId, batch: toBatch(planOf(schema), Array.from({ length: count }, (_, i) => ({ key: BigInt(from + i), vector: rowOf(from + i) }))) });
}

/** A database of two segments with this index, closed. */
async function fill(store: Store, index: { type: string; params: Record<string, unknown> }): Promise<void> {
  const { client } = await openTestEngine(store, { cacheBytes: 0 });
  await client.createCollection({ name: 'c', schema, ifNotExists: false });
  await client.createIndex({ collectionId, fieldId: vector, spec: { ...index, metric: 'L2' }, wait: true });
  await insert(client, 0, ROWS);
  await client.flush({ collectionId });
  await insert(client, ROWS, ROWS);
  await client.flush({ collectionId });
  for (let i = 0; i < 1000 && (await client.indexProgress({ collectionId, fieldId: vector })).state !== 'finished'; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  await client.delete({ collectionId, keys: BigInt64Array.of(3n, 40n, BigInt(ROWS + 7)) });
  await client.close();
}

type Search = { params?: Record<string, unknown>; nq?: number; limit?: number; output?: boolean; exact?: boolean };

async function search(client: EngineClient, { params, nq = 1, limit = 10, output = false, exact = false }: Search, from = 0): Promise<SearchReply> {
  const values = queries.slice(from * DIM, (from + nq) * DIM);
  return client.search({ collectionId, fieldId: vector, queries: values, nq, limit, offset: 0, params, exact, outputFieldIds: output ? [vector] : [] });
}

const plain = ({ keys, scores, ends, entities }: SearchReply) => ({ keys: [...keys], scores: [...scores], ends: [...ends], values: entities && [...(entities.columns[0]!.values as Float32Array)] });
const cacheOf = async (client: EngineClient) => (await client.databaseStats()).cache;
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

const GRAPH = { M: 6, efConstruction: 40 };
const CASES: readonly [type: string, build: Record<string, unknown>, search: Record<string, unknown>][] = [
  ['HNSW_SQ', { ...GRAPH, refine: true }, { ef: 60, refine_k: 3 }],
  ['HNSW_SQ', GRAPH, { ef: 60 }],
  ['HNSW_SQ', { ...GRAPH, sq_type: 'SQ4U', refine: true, refine_type: 'FP16' }, { ef: 60, refine_k: 3 }],
  ['HNSW_PQ', { ...GRAPH, nbits: 4, refine: true }, { ef: 60, refine_k: 5 }],
  ['HNSW_PRQ', { ...GRAPH, nbits: 4, m: 16, refine: true, refine_type: 'SQ8' }, { ef: 60, refine_k: 5 }],
  ['IVF_FLAT', { nlist: 8 }, { nprobe: 3 }],
  ['IVF_SQ8', { nlist: 8, refine: true }, { nprobe: 3, refine_k: 3 }],
  ['IVF_SQ8', { nlist: 8 }, { nprobe: 3 }],
  ['IVF_PQ', { nlist: 8, m: 64, nbits: 4, refine: true }, { nprobe: 3, refine_k: 5 }],
  ['SCANN', { nlist: 8 }, { nprobe: 3, reorder_k: 60 }],
  ['IVF_RABITQ', { nlist: 8, refine: true }, { nprobe: 3, refine_k: 5 }],
  ['DISKANN', { max_degree: 12, search_list_size: 40, search_cache_budget_gb_ratio: 0 }, { search_list: 60 }],
  ['DISKANN', { max_degree: 12, search_list_size: 40 }, { search_list: 60, beamwidth: 4 }],
  ['IVF_RABITQ', { nlist: 8, refine: true, refine_type: 'SQ6' }, { nprobe: 3, refine_k: 5 }],
];

describe(`vectors in the store (seed ${SEED})`, { timeout: 60_000 }, () => {
  describe.each(CASES)('%s %j', (type, params, searchParams) => {
    it('answers as from memory, whatever is asked, over two segments', async () => {
      const medium = new MemoryMedium();
      await fill(openMemoryStore({ medium }), { type, params });
      const open = async (cacheBytes: number): Promise<EngineClient> => (await openTestEngine(openMemoryStore({ medium, readOnly: true }), { readOnly: true, cacheBytes })).client;
      const [paged, resident] = [await open(0), await open(AMPLE)];
      await search(resident, { exact: true });
      expect((await cacheOf(resident)).residentBytes).toBe(2 * SEGMENT_BYTES);
      const near = plain(await search(resident, { params: searchParams, limit: 30 })).scores;
      const asked: Search[] = [
        { params: searchParams },
        { params: searchParams, output: true },
        { params: searchParams, nq: 12, limit: 5, output: true },
        { params: { ...searchParams, radius: near[20] } },
        { params: { ...searchParams, radius: near[25], range_filter: near[4] }, limit: 20 },
        { params: searchParams, nq: 12 },
        { exact: true },
      ];
      for (const question of asked) {
        expect(plain(await search(paged, question)), JSON.stringify(question)).toEqual(plain(await search(resident, question)));
        expect((await cacheOf(paged)).residentBytes, JSON.stringify(question)).toBe(0);
      }
      const get = { collectionId, keys: BigInt64Array.of(5n, 3n, BigInt(ROWS + 9)), outputFieldIds: [vector] };
      expect(await paged.get(get)).toEqual(await resident.get(get));
      expect([...((await paged.get(get)).entities.columns[0]!.values as Float32Array).subarray(0, DIM)]).toEqual([...rowOf(5)]);
      for (const client of [paged, resident]) await client.close();
    });
  });

  it.each(['Float16Vector', 'Int8Vector'] as const)('of %s are scored again as from memory', async (type) => {
    const dim = 1024;
    const wide = randomVectors(ROWS + 3, dim, 33);
    const values = type === 'Int8Vector' ? Int8Array.from(wide, (x) => Math.round(x * 30)) : Uint16Array.from(wide, (x) => 0x3800 | (x < 0 ? 0x8000 : 0) | (Math.abs(x) * 300));
    const of = schemaOf(type, dim);
    for (const metric of ['L2', 'IP', 'COSINE'] as const) {
      const open = async (cacheBytes: number): Promise<EngineClient> => {
        const { client } = await openTestEngine(openMemoryStore(), { cacheBytes });
        await client.createCollection({ name: 'c', schema: of, ifNotExists: false });
        await client.insert({ collectionId, batch: toBatch(planOf(of), Array.from({ length: ROWS }, (_, i) => ({ key: BigInt(i), vector: values.slice(i * dim, (i + 1) * dim) }))) });
        await client.createIndex({ collectionId, fieldId: vector, spec: { type: 'IVF_SQ8', metric, params: { nlist: 4, refine: true } }, wait: true });
        return client;
      };
      const [paged, resident] = [await open(0), await open(AMPLE)];
      expect([(await cacheOf(paged)).residentBytes, (await cacheOf(resident)).residentBytes > ROWS * dim]).toEqual([0, true]);
      for (let q = 0; q < 6; q++) {
        const at = ROWS + (q % 3);
        const ask = (client: EngineClient) => client.search({ collectionId, fieldId: vector, queries: values.slice(at * dim, (at + 1) * dim), nq: 1, limit: 10, offset: 0, params: { nprobe: 4, refine_k: 4 }, outputFieldIds: [vector] });
        expect(plain(await ask(paged))).toEqual(plain(await ask(resident)));
      }
      expect((await cacheOf(paged)).residentBytes).toBe(0);
      for (const client of [paged, resident]) await client.close();
    }
  });

  it('of a folder are read at once when they were read before, and answer alike', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'elanus-cache-'));
    try {
      const folder = join(parent, 'db');
      await fill(await openFsStore(folder), { type: 'HNSW_SQ', params: { ...GRAPH, refine: true } });
      const { client } = await openTestEngine(await openFsStore(folder), { cacheBytes: 0 });
      const question = { params: { ef: 2 * ROWS, refine_k: 20 } };
      const first = plain(await search(client, question));
      expect(first.keys).toEqual(plain(await search(client, { exact: true })).keys);
      expect((await cacheOf(client)).residentBytes).toBe(0);
      const again = client.search({ collectionId, fieldId: vector, queries: queries.slice(0, DIM), nq: 1, limit: 10, offset: 0, ...question, outputFieldIds: [] });
      expect(again).not.toBeInstanceOf(Promise);
      expect(plain(await again)).toEqual(first);
      await client.close();
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });

  it('go when their index has been built, and are kept as far as the budget reaches', async () => {
    const medium = new MemoryMedium();
    const { client } = await openTestEngine(openMemoryStore({ medium }), { cacheBytes: SEGMENT_BYTES });
    await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insert(client, 0, 2 * ROWS);
    await client.flush({ collectionId });
    // Scanned, they must be there, whatever the budget.
    expect(await cacheOf(client)).toEqual({ residentBytes: 2 * SEGMENT_BYTES, budgetBytes: SEGMENT_BYTES, rowCacheBytes: 0 });
    const build = (type: string, params: Record<string, unknown>) => client.createIndex({ collectionId, fieldId: vector, spec: { type, metric: 'L2', params }, wait: true });
    await build('HNSW_SQ', { ...GRAPH, refine: true });
    expect((await cacheOf(client)).residentBytes).toBe(0);
    await search(client, { exact: true });
    expect((await cacheOf(client)).residentBytes).toBe(0);
    await build('HNSW', GRAPH);
    expect((await cacheOf(client)).residentBytes).toBe(2 * SEGMENT_BYTES);
    await search(client, {});
    expect((await cacheOf(client)).residentBytes).toBe(2 * SEGMENT_BYTES);
    const before = (await client.databaseStats()).memoryBytes;
    await build('IVF_SQ8', { nlist: 8 });
    expect((await cacheOf(client)).residentBytes).toBe(0);
    expect((await client.databaseStats()).memoryBytes).toBeLessThan(before - SEGMENT_BYTES);
    await client.dropIndex({ collectionId, fieldId: vector });
    await search(client, {});
    expect((await cacheOf(client)).residentBytes).toBe(2 * SEGMENT_BYTES);
    await client.close();
  });

  it('of one segment fit: that one is kept, turn about pushes nothing out, and answers stay', async () => {
    const medium = new MemoryMedium();
    await fill(openMemoryStore({ medium }), { type: 'HNSW_SQ', params: { ...GRAPH, refine: true } });
    const { client } = await openTestEngine(openMemoryStore({ medium, readOnly: true }), { readOnly: true, cacheBytes: SEGMENT_BYTES + 4096 });
    const question = { params: { ef: 2 * ROWS, refine_k: 20 } };
    const expected = plain(await search(client, { exact: true }));
    for (let round = 0; round < 5; round++) {
      expect(plain(await search(client, question))).toEqual(expected);
      await settled();
      expect((await cacheOf(client)).residentBytes).toBe(SEGMENT_BYTES);
    }
    await client.close();
  });

  it('are dropped and loaded beside searches at the same time, which answer as ever', async () => {
    const medium = new MemoryMedium();
    await fill(openMemoryStore({ medium }), { type: 'HNSW_SQ', params: { ...GRAPH, refine: true } });
    const { client } = await openTestEngine(openMemoryStore({ medium, readOnly: true }), { readOnly: true, cacheBytes: SEGMENT_BYTES });
    const exact = await Promise.all(Array.from({ length: 12 }, async (_, q) => plain(await search(client, { exact: true }, q))));
    const near = (q: number) => ({ ef: 2 * ROWS, refine_k: 20, radius: exact[q]!.scores[9]! * 1.00001, range_filter: exact[q]!.scores[2]! * 1.00001 });
    const rounds = Array.from({ length: 60 }, async (_, i) => {
      const q = i % 12;
      if (i % 3 === 0) expect(plain(await search(client, { exact: true }, q))).toEqual(exact[q]);
      else if (i % 3 === 1) expect(plain(await search(client, { params: { ef: 2 * ROWS, refine_k: 20 } }, q))).toEqual(exact[q]);
      else expect(plain(await search(client, { params: near(q) }, q)).keys).toEqual(exact[q]!.keys.slice(3, 10));
    });
    await Promise.all(rounds);
    await settled();
    expect((await cacheOf(client)).residentBytes).toBeLessThanOrEqual(SEGMENT_BYTES);
    await client.close();
  });

  it('that are damaged in the store are found, and only they', async () => {
    const medium = new MemoryMedium();
    await fill(openMemoryStore({ medium }), { type: 'HNSW_SQ', params: { ...GRAPH, refine: true } });
    const clean = (await openTestEngine(openMemoryStore({ medium, readOnly: true }), { readOnly: true, cacheBytes: 0 })).client;
    const ofRow = async (client: EngineClient, row: number) => client.search({ collectionId, fieldId: vector, queries: vectors.slice(row * DIM, (row + 1) * DIM), nq: 1, limit: 1, offset: 0, params: { ef: 2 * ROWS }, outputFieldIds: [] });
    expect([...(await ofRow(clean, 900)).keys]).toEqual([900n]);
    await clean.close();
    const name = [...medium.files.keys()].find((file) => file.endsWith('.seg'))!;
    const bytes = medium.files.get(name)!;
    const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(Buffer.from(vectors.slice(900 * DIM, 901 * DIM).buffer));
    expect(at).toBeGreaterThan(0);
    bytes[at + 5]! ^= 1;
    const { client } = await openTestEngine(openMemoryStore({ medium, readOnly: true }), { readOnly: true, cacheBytes: 0 });
    await expect(ofRow(client, 900)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect([...(await ofRow(client, 100)).keys]).toEqual([100n]);
    await client.close();
  });
});

describe('the cache of vectors', () => {
  const cached = (cache: VectorCache, bytes: number, isDroppable = true) => {
    const vectors = { residentBytes: bytes, rowCacheBytes: 0, isDroppable, lastUse: cache.use(), memoryBytes: bytes, isUnloadable: false, unload: () => {}, drop: () => void (vectors.residentBytes = 0) } satisfies CachedVectors as CachedVectors & { residentBytes: number; lastUse: number };
    cache.add(vectors);
    return vectors;
  };

  it('drops the least recently used first, no more than it must, and nothing that is needed', () => {
    const cache = new VectorCache(100);
    const [needed, old, middle, young] = [cached(cache, 50, false), cached(cache, 30), cached(cache, 30), cached(cache, 30)];
    old.lastUse = cache.use();
    cache.trim();
    expect([needed, old, middle, young].map((v) => v.residentBytes)).toEqual([50, 30, 0, 0]);
    cached(cache, 90, false);
    cache.trim();
    expect(cache.residentBytes).toBe(140);
  });

  it('makes room in place of what was not used since the wanting one was last', () => {
    const cache = new VectorCache(100);
    const a = cached(cache, 60), b = cached(cache, 40);
    expect(cache.makeRoom(10, 0)).toBe(false);
    expect(cache.makeRoom(10, a.lastUse)).toBe(false);
    expect(cache.makeRoom(90, b.lastUse)).toBe(false);
    expect(cache.makeRoom(50, b.lastUse)).toBe(true);
    expect([a.residentBytes, b.residentBytes]).toEqual([0, 40]);
    expect(cache.makeRoom(60, 0)).toBe(true);
  });
});
