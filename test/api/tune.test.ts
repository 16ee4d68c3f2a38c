/** tune: finds search parameters that keep what they promise, on the engine itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Collection, Database } from '../../src/api/index.ts';
import { defineSchema } from '../../src/api/index.ts';
import { codeOfAsync } from '../support/refusals.ts';
import { connectInNode } from '../support/connect-for-tests.ts';
import { SEED, randomVectors } from '../support/vectors.ts';

const DIM = 48;
const ROWS = 6000;
const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: DIM } } });
const base = randomVectors(ROWS, DIM, 31);
const queries = randomVectors(40, DIM, 32);

describe(`tune (seed ${SEED})`, { timeout: 60_000 }, () => {
  let db: Database;
  let docs: Collection<typeof schema>;

  beforeEach(async () => {
    db = await connectInNode('memory:', { mode: 'inline' });
    docs = await db.createCollection('docs', schema);
    await docs.insert({ id: Array.from({ length: ROWS }, (_, i) => i), v: base });
  });
  afterEach(() => db.close());

  /** Recall of these parameters, measured anew. */
  async function recallOf(params: Readonly<Record<string, number>>, limit: number): Promise<number> {
    const found = await docs.search({ vectors: queries, limit, params });
    const { type, metric } = (await docs.describeIndex('v')).spec;
    expect(type).not.toBe('FLAT');
    const other = await db.createCollection('exact', schema);
    await other.insert({ id: Array.from({ length: ROWS }, (_, i) => i), v: base });
    await other.createIndex('v', { type: 'FLAT', metric });
    const exact = await other.search({ vectors: queries, limit });
    await other.drop();
    let right = 0;
    found.forEach((hits, q) => {
      const ids = new Set(exact[q].map((hit) => hit.id));
      right += hits.filter((hit) => ids.has(hit.id)).length;
    });
    return right / (found.length * limit);
  }

  it('reaches the recall with the least ef of a graph', async () => {
    await docs.createIndex('v', { type: 'HNSW', metric: 'L2', params: { M: 8, efConstruction: 60 } });
    const result = await docs.tune({ queries, targetRecall: 0.9 });
    expect(result).toMatchObject({ field: 'v', index: 'HNSW', isReached: true });
    expect(Object.keys(result.params)).toEqual(['ef']);
    expect(result.recall).toBeGreaterThanOrEqual(0.9);
    expect(await recallOf(result.params, 10)).toBeCloseTo(result.recall, 6);
    expect(result.latencyMs.p95).toBeGreaterThanOrEqual(result.latencyMs.p50);
    expect(result.tried.length).toBeGreaterThan(2);
    // Of the breadths that were tried and are enough, the least: a tenth less was tried and was not. (The fastest of them is answered.)
    const least = Math.min(...result.tried.filter((trial) => trial.recall >= 0.9).map((trial) => trial.params['ef']!));
    expect(result.params['ef']).toBeGreaterThanOrEqual(least);
    expect(result.tried.some((trial) => trial.params['ef']! < least && trial.params['ef']! >= least / 1.2 && trial.recall < 0.9)).toBe(true);
    const higher = await docs.tune('v', { queries, targetRecall: 0.99, limit: 5 });
    expect(higher.recall).toBeGreaterThanOrEqual(0.99);
    expect(await recallOf(higher.params, 5)).toBeCloseTo(higher.recall, 6);
  });

  it('turns refine_k, too, where candidates are scored again', async () => {
    await docs.createIndex('v', { type: 'HNSW_SQ', metric: 'COSINE', params: { M: 8, efConstruction: 60, refine: true } });
    const progress: { done: number; total: number }[] = [];
    const result = await docs.tune({ queries, targetRecall: 0.95, onProgress: ({ phase, done, total }) => phase === 'tune' && progress.push({ done, total }) });
    expect(result).toMatchObject({ index: 'HNSW_SQ', isReached: true });
    expect(new Set(result.tried.map((trial) => trial.params['refine_k']))).toEqual(new Set([1, 2, 4]));
    expect(await recallOf(result.params, 10)).toBeCloseTo(result.recall, 6);
    expect(progress.length).toBeGreaterThanOrEqual(result.tried.length);
    expect(progress.every(({ done, total }) => done <= total)).toBe(true);
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total);
  });

  it.each([['HNSW_PQ', { nbits: 4, m: 24, refine: true, refine_type: 'FP16' }, [4, 10, 30]], ['HNSW_SQ', { sq_type: 'SQ4U', refine: true, refine_type: 'SQ8' }, [2, 4, 8]]] as const)('turns refine_k of %s %j', async (type, params, values) => {
    await docs.createIndex('v', { type, metric: 'L2', params: { M: 8, efConstruction: 60, ...params } });
    const result = await docs.tune({ queries, targetRecall: 0.9 });
    expect(result).toMatchObject({ index: type, isReached: true });
    expect(new Set(result.tried.map((trial) => trial.params['refine_k']))).toEqual(new Set(values));
    expect(await recallOf(result.params, 10)).toBeCloseTo(result.recall, 6);
  });

  it('says when codes alone do not reach it, and comes as near as they do', async () => {
    await docs.createIndex('v', { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, efConstruction: 60 } });
    const result = await docs.tune({ queries, targetRecall: 1 });
    expect(result.isReached).toBe(false);
    expect(result.recall).toBe(Math.max(...result.tried.map((trial) => trial.recall)));
    expect(result.recall).toBeGreaterThan(0.8);
  });

  it('of exact search and of nothing is exact', async () => {
    expect(await docs.tune({ queries })).toMatchObject({ index: 'FLAT', params: {}, recall: 1, isReached: true, tried: [{ params: {}, recall: 1 }] });
    await docs.createIndex('v', { type: 'GPU_BRUTE_FORCE' });
    expect(await docs.tune({ queries })).toMatchObject({ index: 'FLAT', params: {}, recall: 1 });
    const empty = await db.createCollection('empty', schema);
    expect(await empty.tune({ queries })).toMatchObject({ recall: 1, isReached: true });
  });

  it('counts rows that tie with the last one as right', async () => {
    const same = await db.createCollection('same', schema);
    await same.insert({ id: Array.from({ length: ROWS }, (_, i) => i), v: new Float32Array(ROWS * DIM).fill(1) });
    await same.createIndex('v', { type: 'HNSW', metric: 'L2', params: { M: 4, efConstruction: 16 } });
    expect(await same.tune({ queries, targetRecall: 1 })).toMatchObject({ recall: 1, params: { ef: 10 } });
  });

  it('ends when its signal fires, and refuses what it does not understand', async () => {
    await docs.createIndex('v', { type: 'HNSW', metric: 'L2', params: { M: 8, efConstruction: 60 } });
    const stop = new AbortController();
    expect(await codeOfAsync(docs.tune({ queries, signal: stop.signal, onProgress: () => stop.abort() }))).toBe('ABORTED');
    for (const options of [undefined, {}, { queries: [] }, { queries: [[1, 2]] }, { queries, targetRecall: 0 }, { queries, targetRecall: 1.1 }, { queries, limit: 0 }, { queries, filter: 'x' }]) {
      expect(await codeOfAsync(docs.tune(options as never))).toBe('INVALID_ARGUMENT');
    }
    expect(await codeOfAsync(docs.tune('id' as never, { queries }))).toBe('INVALID_ARGUMENT');
  });
});
