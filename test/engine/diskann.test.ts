/** A DISKANN index in an engine: vectors in the store, rows of them kept within its budget, and its life. */
import { describe, expect, it } from 'vitest';
import type { CallContext, EngineClient, SearchReply } from '../../src/engine/client.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { RowCache } from '../../src/segment/row-cache.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { random } from '../support/random.ts';
import { SEED, randomVectors } from '../support/vectors.ts';
import { fieldId, openTestEngine } from './harness.ts';

const DIM = 256;
const ROWS = 1500;
const VECTOR_BYTES = ROWS * DIM * 4;
const vectors = randomVectors(ROWS + 100, DIM, 41);
const queries = randomVectors(40, DIM, 42);
const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim: DIM } } });
const vector = fieldId(schema, 'vector');
const collectionId = 1;
const BUILD = { max_degree: 16, search_list_size: 40 };

async function withRows(store: Store): Promise<EngineClient> {
  const { client } = await openTestEngine(store);
  await client.createCollection({ name: 'c', schema, ifNotExists: false });
  await insert(client, 0, ROWS);
  return client;
}

const insert = (client: EngineClient, from: number, count: number) =>
  client.insert({ collectionId, batch: toBatch(planOf(schema), Array.from({ length: count }, (_, i) => ({ key: BigInt(from + i), vector: vectors.slice((from + i) * DIM, (from + i + 1) * DIM) }))) });

const build = (client: EngineClient, params: Record<string, unknown> = {}, metric: MetricType = 'L2', context?: CallContext) =>
  client.createIndex({ collectionId, fieldId: vector, spec: { type: 'DISKANN', metric, params: { ...BUILD, ...params } }, wait: true }, context);

async function search(client: EngineClient, q: number, params?: Record<string, unknown>, exact = false, limit = 10): Promise<{ keys: bigint[]; scores: number[] }> {
  const reply: SearchReply = await client.search({ collectionId, fieldId: vector, queries: queries.slice(q * DIM, (q + 1) * DIM), nq: 1, limit, offset: 0, params, exact, outputFieldIds: [] });
  return { keys: [...reply.keys] as bigint[], scores: [...reply.scores] };
}

const all = async (client: EngineClient, params?: Record<string, unknown>, exact = false) => Promise.all(Array.from({ length: 40 }, (_, q) => search(client, q, params, exact)));
const cacheOf = async (client: EngineClient) => (await client.databaseStats()).cache;
const memoryOf = async (client: EngineClient) => (await client.collectionStats({ collectionId })).segments[0]!.memoryBytes;

describe(`DISKANN in an engine (seed ${SEED})`, { timeout: 120_000 }, () => {
  it('keeps codes, graph and as many rows as its budget in memory, whatever is searched', async () => {
    const client = await withRows(openMemoryStore());
    for (const ratio of [0, 0.1, 0.5, 1]) {
      await build(client, { search_cache_budget_gb_ratio: ratio });
      expect(await cacheOf(client)).toMatchObject({ residentBytes: 0 });
      for (let round = 0; round < 3; round++) await all(client, { search_list: 200 });
      const { residentBytes, rowCacheBytes } = await cacheOf(client);
      expect(residentBytes).toBe(0);
      expect(rowCacheBytes).toBeLessThanOrEqual(ratio * VECTOR_BYTES);
      // And they are used: so many searches come to most of the rows.
      expect(rowCacheBytes).toBeGreaterThanOrEqual(0.8 * ratio * VECTOR_BYTES);
      const codesAndGraph = ROWS * (DIM / 2 + 4 + 16 * 4) + 256 * DIM * 4;
      expect((await memoryOf(client)) - rowCacheBytes).toBeLessThan(codesAndGraph * 1.02 + ROWS * 16);
    }
    await client.close();
  });

  it.each(['L2', 'IP', 'COSINE'] as const)('equals the scan with a list of all rows, and when it is opened again, with rows deleted and without (%s)', async (metric) => {
    const medium = new MemoryMedium();
    const client = await withRows(openMemoryStore({ medium }));
    await build(client, {}, metric);
    const exact = await all(client, undefined, true);
    expect(await all(client, { search_list: ROWS })).toEqual(exact);
    const usual = await all(client);
    await client.close();
    const { client: again } = await openTestEngine(openMemoryStore({ medium }));
    expect(await all(again)).toEqual(usual);
    expect(await all(again, { search_list: ROWS })).toEqual(exact);
    await again.delete({ collectionId, keys: BigInt64Array.from(Array.from({ length: ROWS }, (_, i) => i).filter((i) => i % 3 !== 0), BigInt) });
    const left = await all(again, undefined, true);
    expect(await all(again, { search_list: ROWS })).toEqual(left);
    expect((await all(again, { search_list: 16 })).every(({ keys }) => keys.length === 10 && keys.every((key) => key % 3n === 0n))).toBe(true);
    await again.delete({ collectionId, keys: BigInt64Array.from(Array.from({ length: ROWS - 9 }, (_, i) => i + 9), BigInt) });
    expect((await search(again, 0)).keys.sort()).toEqual([0n, 3n, 6n]);
    await again.close();
  });

  it('finds by range, with vectors and without refining twice', async () => {
    const client = await withRows(openMemoryStore());
    await build(client);
    const { scores, keys } = await search(client, 0, undefined, true, 40);
    const bounds = { radius: (scores[30]! + scores[31]!) / 2, range_filter: (scores[4]! + scores[5]!) / 2 };
    expect((await search(client, 0, { search_list: ROWS, ...bounds }, false, 20)).keys).toEqual(keys.slice(5, 25));
    expect((await search(client, 0, { search_list: ROWS, radius: bounds.radius }, false, 40)).keys).toEqual(keys.slice(0, 31));
    expect((await cacheOf(client)).rowCacheBytes).toBeGreaterThan(0);
    await client.close();
  });

  it('a build that is stopped leaves the old one serving; made again it takes over, and grown rows come in', async () => {
    const client = await withRows(openMemoryStore());
    await build(client);
    const before = await all(client);
    const stop = new AbortController();
    const stopped = build(client, { max_degree: 24 }, 'L2', { signal: stop.signal, onProgress: ({ phase, done }) => phase === 'build' && done > 0 && stop.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await all(client)).toEqual(before);
    expect((await client.describeIndex({ collectionId, fieldId: vector })).serving).toMatchObject([{ type: 'DISKANN', params: { max_degree: 16 }, rows: ROWS }]);
    await insert(client, ROWS, 100);
    await build(client, { max_degree: 24 });
    expect((await client.describeIndex({ collectionId, fieldId: vector })).serving).toMatchObject([{ type: 'DISKANN', params: { max_degree: 24 }, rows: ROWS + 100 }]);
    expect(await all(client, { search_list: ROWS + 100 })).toEqual(await all(client, undefined, true));
    await client.createIndex({ collectionId, fieldId: vector, spec: { type: 'FLAT', metric: 'L2', params: {} }, wait: true });
    expect((await cacheOf(client)).rowCacheBytes).toBe(0);
    await client.close();
  });

  it('reads through promises where the store gives nothing at once, a beam of rows at a time', async () => {
    const medium = new MemoryMedium();
    const writer = await withRows(openMemoryStore({ medium }));
    await build(writer, { search_cache_budget_gb_ratio: 0.2 });
    const expected = await all(writer, { search_list: 64 });
    await writer.close();
    const inner = openMemoryStore({ medium, readOnly: true });
    let reading = 0, most = 0;
    const slow = new Proxy(inner, {
      get(target, name) {
        if (name === 'readNow') return () => false;
        const member = Reflect.get(target, name, target) as unknown;
        if (name !== 'read') return typeof member === 'function' ? member.bind(target) : member;
        return async (...of: Parameters<Store['read']>) => {
          most = Math.max(most, ++reading);
          await new Promise((resolve) => setTimeout(resolve, 1));
          reading--;
          return inner.read(...of);
        };
      },
    });
    const { client } = await openTestEngine(slow, { readOnly: true });
    for (let q = 0; q < 40; q++) expect(await search(client, q, { search_list: 64, beamwidth: 4 })).toEqual(expected[q]);
    expect(most).toBeLessThanOrEqual(4);
    expect((await cacheOf(client)).rowCacheBytes).toBeLessThanOrEqual(0.2 * VECTOR_BYTES);
    await client.close();
  });
});

describe('the cache of rows', () => {
  it('answers what was put there, within its bytes, and what is used stays', () => {
    const rows = 2000, rowBytes = 40, budget = 20_000;
    const cache = RowCache.within(budget, rows, rowBytes)!;
    const next = random(SEED);
    const bytesOf = (row: number): Uint8Array => new Uint8Array(rowBytes).fill(row % 251).fill(row >> 8, 0, 1);
    const target = new Uint8Array(rowBytes);
    let often = 0, asked = 0;
    for (let i = 0; i < 20_000; i++) {
      const isOften = next() < 0.5;
      const row = isOften ? Math.floor(next() * 100) : Math.floor(next() * rows);
      const isThere = cache.get(row, target);
      if (isThere) expect(target).toEqual(bytesOf(row));
      else cache.put(row, bytesOf(row));
      expect(cache.get(row, target)).toBe(true);
      if (isOften && i > 2000) {
        asked++;
        if (isThere) often++;
      }
    }
    expect(cache.memoryBytes).toBeLessThanOrEqual(budget);
    expect(often / asked).toBeGreaterThan(0.8);
  });

  it('holds all rows where the bytes suffice, and is none where they do not suffice for one', () => {
    const cache = RowCache.within(1e6, 100, 8)!;
    for (let row = 0; row < 100; row++) cache.put(row, new Uint8Array(8).fill(row));
    const target = new Uint8Array(8);
    for (let row = 0; row < 100; row++) expect(cache.get(row, target) && target[7] === row).toBe(true);
    expect(RowCache.within(410, 100, 8)).toBe(null);
    expect(RowCache.within(0, 0, 8)).toBe(null);
  });
});
