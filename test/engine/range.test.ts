/** Range search against brute force in double precision: what is within, truncated to the limit, best first. */
import { describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { takeRange } from '../../src/exec/range.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { isElanusError } from '../../src/util/error.ts';
import { SEED, randomVectors } from '../support/vectors.ts';
import { fieldId, openTestEngine } from './harness.ts';
import { score } from './model.ts';

const DIM = 64;
const SEALED = 4600;
const GROWING = 150;
const ROWS = SEALED + GROWING;
const vectors = randomVectors(ROWS, DIM, 21);
const queries = randomVectors(6, DIM, 22);
const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim: DIM } } });
const vector = fieldId(schema, 'vector');
const rowAt = (i: number): Float32Array => vectors.slice(i * DIM, (i + 1) * DIM);
const dead = (i: number): boolean => i % 10 === 3;
const GRAPH = { M: 12, efConstruction: 60 };

type Found = { keys: bigint[]; scores: number[] };

async function find(client: EngineClient, collectionId: number, query: Float32Array, limit: number, params: Record<string, unknown>): Promise<Found> {
  const reply = await client.search({ collectionId, fieldId: vector, queries: query.slice(), nq: 1, limit, offset: 0, params, outputFieldIds: [] });
  return { keys: [...reply.keys] as bigint[], scores: [...reply.scores] };
}

/** All live rows, best first. */
function ranked(metric: MetricType, query: Float32Array): { key: bigint; score: number }[] {
  const sign = metric === 'L2' ? 1 : -1;
  const all = Array.from({ length: ROWS }, (_, i) => i).filter((i) => !dead(i)).map((i) => ({ key: BigInt(i), score: score(metric, query, rowAt(i)) }));
  return all.sort((a, b) => sign * (a.score - b.score));
}

/** Bounds halfway between neighbours in rank, so that rounding to f32 cannot matter: ranks [from, to) are within. */
function between(all: readonly { score: number }[], from: number, to: number): { radius: number; range_filter?: number } {
  const gap = (rank: number): number => (all[rank - 1]!.score + all[rank]!.score) / 2;
  return from === 0 ? { radius: gap(to) } : { radius: gap(to), range_filter: gap(from) };
}

const RANGES: readonly (readonly [number, number])[] = [[0, 1], [0, 7], [0, 300], [1, 2], [5, 40], [60, 75], [400, 2000], [4000, 4100]];

describe(`a range search (seed ${SEED})`, { timeout: 120_000 }, () => {
  for (const metric of ['L2', 'IP', 'COSINE'] as const) {
    it(`by ${metric} finds what is within, by scan, by graph and by codes`, async () => {
      const medium = new MemoryMedium();
      let { client } = await openTestEngine(openMemoryStore({ medium }));
      const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
      const put = (from: number, count: number) => client.insert({ collectionId, batch: toBatch(planOf(schema), Array.from({ length: count }, (_, i) => ({ key: BigInt(from + i), vector: rowAt(from + i) }))) });
      await put(0, SEALED);
      const indexed = async (type: string, params: Record<string, unknown>) => {
        await client.createIndex({ collectionId, fieldId: vector, spec: { type, metric, params }, wait: true });
      };
      const check = async (exhaustive: Record<string, unknown>, usual: Record<string, unknown> | null, isApproximate = false): Promise<void> => {
        let right = 0, wanted = 0;
        for (let q = 0; q < 6; q++) {
          const query = queries.slice(q * DIM, (q + 1) * DIM);
          const all = ranked(metric, query);
          for (const [from, to] of RANGES) {
            const bounds = between(all, from, to);
            for (const limit of [1, 10, 100]) {
              const expected = all.slice(from, Math.min(to, from + limit)).map(({ key }) => key);
              for (const params of usual ? [exhaustive, usual] : [exhaustive]) {
                const { keys, scores } = await find(client, collectionId, query, limit, { ...params, ...bounds });
                for (const s of scores) {
                  const lower = metric === 'L2' ? (bounds.range_filter ?? -Infinity) : bounds.radius;
                  const upper = metric === 'L2' ? bounds.radius : (bounds.range_filter ?? Infinity);
                  expect(s >= lower && s <= upper, `${s} within ${lower} .. ${upper}`).toBe(true);
                }
                expect(scores).toEqual([...scores].sort((a, b) => (metric === 'L2' ? a - b : b - a)));
                if (params === exhaustive && !isApproximate) expect(keys, `ranks ${from} to ${to}, limit ${limit}`).toEqual(expected);
                else {
                  const set = new Set(keys);
                  wanted += expected.length;
                  right += expected.filter((key) => set.has(key)).length;
                }
              }
            }
          }
        }
        if (wanted > 0) expect(right / wanted).toBeGreaterThan(0.9);
      };
      await indexed('FLAT', {});
      await put(SEALED, GROWING);
      await client.delete({ collectionId, keys: BigInt64Array.from(Array.from({ length: ROWS }, (_, i) => i).filter(dead), BigInt) });
      await check({}, null);
      await client.flush({ collectionId });
      await indexed('HNSW', GRAPH);
      expect((await client.describeIndex({ collectionId, fieldId: vector })).serving[0]!.type).toBe('HNSW');
      await check({ ef: ROWS }, { ef: 100 });
      await indexed('HNSW_SQ', { ...GRAPH, refine: true });
      await check({ ef: ROWS, refine_k: 20 }, { ef: 100, refine_k: 2 }, true);
      // Opened again, the vectors are not in memory at first.
      await client.close();
      ({ client } = await openTestEngine(openMemoryStore({ medium })));
      await check({ ef: ROWS, refine_k: 20 }, null, true);
      // Without refine the bounds are on the estimates from codes, which are what is shown.
      await indexed('HNSW_SQ', GRAPH);
      await check({ ef: ROWS }, null, true);
      await client.close();
    });
  }

  it('by L2 includes range_filter and excludes radius; by IP it is the other way round', async () => {
    const { client } = await openTestEngine(openMemoryStore({ medium: new MemoryMedium() }));
    const line = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim: 2 } } });
    const { collectionId } = await client.createCollection({ name: 'c', schema: line, ifNotExists: false });
    await client.insert({ collectionId, batch: toBatch(planOf(line), Array.from({ length: 10 }, (_, i) => ({ key: BigInt(i), vector: Float32Array.of(i, 0) }))) });
    const search = async (x: number, params: Record<string, unknown>) => [...(await client.search({ collectionId, fieldId: vector, queries: Float32Array.of(x, 0), nq: 1, limit: 20, offset: 0, params, outputFieldIds: [] })).keys].map(Number);
    await client.createIndex({ collectionId, fieldId: vector, spec: { type: 'FLAT', metric: 'L2' }, wait: true });
    expect(await search(0, { radius: 25, range_filter: 4 })).toEqual([2, 3, 4]);
    expect(await search(0, { radius: 25.5, range_filter: 3.9 })).toEqual([2, 3, 4, 5]);
    expect(await search(0, { radius: 0 })).toEqual([]);
    expect(await search(0, { radius: 0.01 })).toEqual([0]);
    expect(await search(0, { radius: 1e300, range_filter: 80 })).toEqual([9]);
    await client.createIndex({ collectionId, fieldId: vector, spec: { type: 'FLAT', metric: 'IP' }, wait: true });
    expect(await search(1, { radius: 4, range_filter: 7 })).toEqual([7, 6, 5]);
    expect(await search(1, { radius: -1 })).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(await search(1, { radius: 0 })).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    await client.close();
  });

  it.each<[MetricType, Record<string, unknown>, string]>([
    ['L2', { radius: 1, range_filter: 1 }, '"range_filter" expected a number less than "radius" (1) for L2, got 1'],
    ['L2', { radius: 1, range_filter: 2 }, '"range_filter" expected a number less than "radius" (1) for L2, got 2'],
    ['IP', { radius: 1, range_filter: 0.5 }, '"range_filter" expected a number greater than "radius" (1) for IP, got 0.5'],
    ['COSINE', { radius: 0.5, range_filter: 0.5 }, '"range_filter" expected a number greater than "radius" (0.5) for COSINE, got 0.5'],
    ['L2', { range_filter: 2 }, '"radius" expected a finite number, got nothing'],
    ['L2', { radius: '1' }, '"radius" expected a finite number, got "1"'],
    ['L2', { radius: NaN }, '"radius" expected a finite number, got NaN'],
    ['L2', { radius: 3, range_filter: true }, '"range_filter" expected a finite number, got true'],
  ])('by %s refuses %j', (metric, params, message) => {
    try {
      takeRange(metric, params);
    } catch (error) {
      expect(isElanusError(error) && error.code === 'INVALID_ARGUMENT').toBe(true);
      expect((error as Error).message).toBe(message);
      return;
    }
    throw new Error('expected a refusal');
  });
});
