/**
 * Range searches with filters against a plain computation: whatever path a search takes (one query, a batch, the past; growing and sealed segments; scans, graphs,
 * lists), the best k of the rows that match and are within are answered, and k of them where there are so many.
 */
import { describe, expect, it } from 'vitest';
import type { SearchReply } from '../../src/engine/client.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { random } from '../support/random.ts';
import { fieldId, openTestEngine } from './harness.ts';
import { score } from './model.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const DIM = 64;
const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, tag: { type: 'Int32', nullable: true }, vector: { type: 'FloatVector', dim: DIM } } });
const vectorField = fieldId(schema, 'vector');

interface ModelRow {
  readonly key: bigint;
  readonly tag: number | null;
  readonly vector: Float32Array;
}

const FILTERS: readonly (readonly [string, (row: ModelRow) => boolean])[] = [
  ['tag < 90', ({ tag }) => tag !== null && tag < 90],
  ['tag < 50', ({ tag }) => tag !== null && tag < 50],
  ['tag == 7', ({ tag }) => tag === 7],
  ['tag is null', ({ tag }) => tag === null],
];
/** Ranks that are within, of the rows that match, where there are so many. */
const RANGES: readonly (readonly [number, number])[] = [[0, 20], [3, 12], [30, 400], [200, 1800]];

describe(`a range search with a filter (seed ${SEED})`, { timeout: 120_000 }, () => {
  const INDEXES: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>, number])[] = [
    ['FLAT', {}, {}, 1],
    ['HNSW', { M: 12, efConstruction: 60 }, { ef: 200 }, 0.95],
    ['HNSW_SQ', { M: 12, efConstruction: 60, refine: true }, { ef: 200, refine_k: 3 }, 0.95],
    ['IVF_FLAT', { nlist: 16 }, { nprobe: 16 }, 0.95],
    ['IVF_SQ8', { nlist: 16, refine: true }, { nprobe: 16, refine_k: 3 }, 0.95],
  ];
  for (const [type, build, params, least] of INDEXES) {
    for (const metric of ['L2', 'IP'] as const) {
      it(`by ${type} and ${metric}`, async () => {
        const next = random(SEED);
        const int = (bound: number): number => Math.floor(next() * bound);
        const rows: ModelRow[] = Array.from({ length: 5400 }, (_, i) => ({ key: BigInt(i), tag: next() < 0.05 ? null : int(100), vector: Float32Array.from({ length: DIM }, () => next() * 2 - 1) }));
        const { client } = await openTestEngine(openMemoryStore({ medium: new MemoryMedium() }));
        const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
        const put = (some: readonly ModelRow[]) => client.insert({ collectionId, batch: toBatch(planOf(schema), some as never) });
        await put(rows.slice(0, 4700));
        await client.createIndex({ collectionId, fieldId: vectorField, spec: { type, metric, params: build }, wait: true });
        await put(rows.slice(4700, 5000));
        await client.flush({ collectionId });
        await put(rows.slice(5000));
        const then = await client.now();
        const dead = new Set(rows.filter(() => next() < 0.1));
        await client.delete({ collectionId, keys: BigInt64Array.from(dead, ({ key }) => key) });
        const sign = metric === 'L2' ? 1 : -1;
        let right = 0, wanted = 0;
        for (const [text, matches] of FILTERS) {
          for (const isPast of [false, true]) {
            const queries = Array.from({ length: 3 }, () => Float32Array.from({ length: DIM }, () => next() * 2 - 1));
            const matching = rows.filter((row) => (isPast || !dead.has(row)) && matches(row));
            const all = queries.map((query) => matching.map(({ key, vector }) => ({ key, score: score(metric, query, vector) })).sort((a, b) => sign * (a.score - b.score)));
            for (const [from, to] of RANGES) {
              // Bounds between two scores of the first query, so that rounding to f32 cannot matter to it.
              const ranks = all[0]!;
              if (ranks.length <= to) continue;
              const gap = (rank: number): number => (ranks[rank - 1]!.score + ranks[rank]!.score) / 2;
              const bounds = from === 0 ? { radius: gap(to) } : { radius: gap(to), range_filter: gap(from) };
              const isWithin = ({ score: of }: { score: number }): boolean =>
                metric === 'L2' ? of < bounds.radius && of >= (bounds.range_filter ?? -Infinity) : of > bounds.radius && of <= (bounds.range_filter ?? Infinity);
              for (const limit of [5, 100]) {
                const ask = (nq: number): Promise<SearchReply> | SearchReply => client.search({
                  collectionId, fieldId: vectorField, queries: Float32Array.from(queries.slice(0, nq).flatMap((query) => [...query])), nq, limit, offset: 0, outputFieldIds: [],
                  params: { ...params, ...bounds }, filter: { text }, ...(isPast ? { at: then } : {}),
                });
                for (const nq of [1, 3]) {
                  const { keys, ends, scores } = await ask(nq);
                  for (let q = 0; q < nq; q++) {
                    const start = q === 0 ? 0 : ends[q - 1]!;
                    const got = Array.from(keys as Iterable<bigint>).slice(start, ends[q]);
                    const expected = all[q]!.filter(isWithin).slice(0, limit).map(({ key }) => key);
                    const label = `${text} ${isPast ? 'at' : 'now'} ranks ${from} to ${to} limit ${limit} nq ${nq} query ${q}`;
                    expect([...scores].slice(start, ends[q]).every((of) => isWithin({ score: of })), label).toBe(true);
                    if (type === 'FLAT') expect(got, label).toEqual(expected);
                    // As many as there are, where so many are wanted that the index may not stop before.
                    if (q === 0 && expected.length === limit) expect(got.length, label).toBe(limit);
                    expect(new Set(got).size).toBe(got.length);
                    const set = new Set(got);
                    wanted += expected.length;
                    right += expected.filter((key) => set.has(key)).length;
                  }
                }
              }
            }
          }
        }
        expect(wanted).toBeGreaterThan(1000);
        expect(right / wanted).toBeGreaterThanOrEqual(least);
        await client.close();
      });
    }
  }
});
