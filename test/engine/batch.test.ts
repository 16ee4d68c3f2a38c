/** A batch of queries answers what its queries answer one by one: the same keys, the same scores to the last bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineClient, SearchReply } from '../../src/engine/client.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { Schema, VectorType } from '../../src/schema/types.ts';
import { VECTOR_TYPES, type QueryVectors } from '../../src/schema/vector-types/index.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { yieldToHost } from '../../src/util/yield.ts';
import { seeded, TYPE_CASES, type ReadVector } from '../support/typed-vectors.ts';
import { SEED } from '../support/vectors.ts';
import { fieldId, openTestEngine } from './harness.ts';

const RUNS = Number(process.env['RUNS'] ?? 6);

interface Collection {
  readonly client: EngineClient;
  readonly collectionId: number;
  readonly schema: Schema;
  readonly vector: number;
}

async function create(type: VectorType, dim: number, medium = new MemoryMedium()): Promise<Collection> {
  const { client } = await openTestEngine(openMemoryStore({ medium }));
  const field = type === 'SparseFloatVector' ? { type } : { type, dim };
  const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, vector: field as { type: 'FloatVector'; dim: number } } });
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
  return { client, collectionId, schema, vector: fieldId(schema, 'vector') };
}

const put = ({ client, collectionId, schema }: Collection, keys: readonly number[], vectors: readonly ReadVector[]) =>
  client.insert({ collectionId, batch: toBatch(planOf(schema), keys.map((key, i) => ({ key: BigInt(key), vector: vectors[i] }))) });

interface Question {
  readonly limit: number;
  readonly offset: number;
  readonly params: Record<string, unknown>;
}

const ask = ({ client, collectionId, vector }: Collection, queries: QueryVectors, nq: number, { limit, offset, params }: Question, signal?: AbortSignal): Promise<SearchReply> =>
  Promise.resolve(client.search({ collectionId, fieldId: vector, queries, nq, limit, offset, params, outputFieldIds: [] }, signal ? { signal } : undefined));

/** Keys and scores of each query. */
function split({ ends, keys, scores }: SearchReply): { keys: bigint[]; scores: number[] }[] {
  return Array.from(ends, (end, i) => {
    const from = i === 0 ? 0 : ends[i - 1]!;
    return { keys: [...(keys as BigInt64Array).subarray(from, end)], scores: [...scores.subarray(from, end)] };
  });
}

const queriesOf = (type: VectorType, vectors: readonly ReadVector[], dim: number): QueryVectors => {
  const column = VECTOR_TYPES[type].toRows('q', vectors, dim, null);
  return (type === 'SparseFloatVector' ? { offsets: column.offsets, indices: column.indices, values: column.values } : column.values) as QueryVectors;
};

async function compare(collection: Collection, type: VectorType, dim: number, queries: readonly ReadVector[], question: Question, about: string): Promise<number> {
  const batch = split(await ask(collection, queriesOf(type, queries, dim), queries.length, question));
  let hits = 0;
  for (const [i, query] of queries.entries()) {
    const [alone] = split(await ask(collection, queriesOf(type, [query], dim), 1, question));
    expect(batch[i], `${about}, query ${i}`).toEqual(alone);
    hits += alone!.keys.length;
  }
  return hits;
}

const INDEXES: Record<'dense' | 'binary' | 'sparse', readonly [string, Record<string, unknown>, (rows: number) => Record<string, unknown>][]> = {
  dense: [
    ['FLAT', {}, () => ({})],
    ['HNSW_SQ', { M: 8, efConstruction: 40, refine: true }, () => ({ ef: 300, refine_k: 2 })],
    ['IVF_FLAT', { nlist: 12 }, () => ({ nprobe: 3 })],
    ['IVF_SQ8', { nlist: 12, refine: true }, () => ({ nprobe: 4, refine_k: 3 })],
    ['IVF_SQ8', { nlist: 9 }, () => ({ nprobe: 9 })],
    ['IVF_RABITQ', { nlist: 8, refine: true }, () => ({ nprobe: 4, refine_k: 3 })],
  ],
  binary: [['BIN_FLAT', {}, () => ({})]],
  sparse: [['SPARSE_INVERTED_INDEX', {}, () => ({})]],
};

describe(`a batch of queries (seed ${SEED})`, { timeout: 240_000 }, () => {
  for (const { type, metrics, draw } of TYPE_CASES) {
    it(`of ${type} answers what its queries answer one by one`, async () => {
      const arbitrary = fc.record({
        seed: fc.nat(),
        metric: fc.constantFrom(...metrics),
        dim: type === 'BinaryVector' ? fc.constantFrom(8, 72, 520) : fc.constantFrom(2, 7, 16, 65),
        rows: fc.integer({ min: 1, max: 500 }),
        nq: fc.oneof(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 13, max: 300 })),
        limit: fc.constantFrom(1, 3, 10, 200),
        offset: fc.constantFrom(0, 0, 5),
        index: fc.constantFrom(...INDEXES[VECTOR_TYPES[type].family]),
        dead: fc.constantFrom(0, 0.1, 0.9),
        inOrder: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(arbitrary, async ({ seed, metric, dim, rows, nq, limit, offset, index: [name, build, search], dead, inOrder }) => {
          const next = seeded(seed);
          const collection = await create(type, dim);
          const { client, collectionId, vector } = collection;
          const pool = Array.from({ length: Math.ceil(rows / 2) }, () => draw(next, dim));
          const pick = (): ReadVector => pool[Math.floor(next() * pool.length)]!;
          const keys = Array.from({ length: rows }, (_, i) => i * 3);
          await put(collection, keys, keys.map(pick));
          await client.createIndex({ collectionId, fieldId: vector, spec: { type: name, metric, params: build }, wait: true });
          // A second sealed segment, and growing rows, some of which replace sealed ones.
          await put(collection, [1, 4, 7, 3], [pick(), pick(), pick(), pick()]);
          await client.flush({ collectionId });
          const late = Array.from({ length: 40 }, (_, i) => (inOrder ? i : 39 - i) * 6 + (i % 3));
          await put(collection, late, late.map(pick));
          const gone = keys.filter(() => next() < dead);
          if (gone.length > 0) await client.delete({ collectionId, keys: BigInt64Array.from(gone, BigInt) });

          const queries = Array.from({ length: nq }, (_, i) => (i % 4 === 0 ? pick() : draw(next, dim)));
          const question: Question = { limit, offset, params: search(rows) };
          const about = `${metric} ${dim}-d, ${name} ${rows} rows, ${nq} queries, k ${limit}+${offset}`;
          const hits = await compare(collection, type, dim, queries, question, about);
          const { scores } = split(await ask(collection, queriesOf(type, [queries[0]!], dim), 1, { ...question, offset: 0, limit: 60 }))[0]!;
          if (scores.length > 4) {
            const radius = scores[Math.floor(scores.length * 0.7)]!, filter = scores[1]!;
            await compare(collection, type, dim, queries.slice(0, 40), { ...question, params: { ...question.params, radius } }, `${about}, radius ${radius}`);
            if (filter !== radius) await compare(collection, type, dim, queries.slice(0, 9), { ...question, params: { ...question.params, radius, range_filter: filter } }, `${about}, range`);
          }
          await client.close();
          return hits >= 0;
        }),
        { numRuns: RUNS, seed: SEED },
      );
    });
  }

  it('reads what is not in memory after reopening', async () => {
    const medium = new MemoryMedium();
    const dim = 20;
    const next = seeded(SEED);
    const { draw } = TYPE_CASES[0]!;
    let collection = await create('FloatVector', dim, medium);
    const keys = Array.from({ length: 900 }, (_, i) => i);
    await put(collection, keys, keys.map(() => draw(next, dim)));
    const queries = Array.from({ length: 30 }, () => draw(next, dim));
    for (const [name, build, search] of INDEXES.dense) {
      await collection.client.createIndex({ collectionId: collection.collectionId, fieldId: collection.vector, spec: { type: name, metric: 'COSINE', params: build }, wait: true });
      await collection.client.close();
      collection = { ...collection, client: (await openTestEngine(openMemoryStore({ medium }))).client };
      const question: Question = { limit: 10, offset: 0, params: search(900) };
      const first = split(await ask(collection, queriesOf('FloatVector', queries, dim), queries.length, question));
      await compare(collection, 'FloatVector', dim, queries, question, name);
      // Rows read from the file are scored again in double precision: the order can differ by what rounds.
      expect(first.map((hits) => hits.keys.length)).toEqual(queries.map(() => 10));
    }
    await collection.client.close();
  });

  describe('that takes long', () => {
    const dim = 64, rows = 30_000, nq = 1500;
    const next = seeded(SEED + 1);
    const uniform = (n: number): Float32Array => Float32Array.from({ length: n * dim }, next);
    const open = async (): Promise<Collection> => {
      const collection = await create('FloatVector', dim);
      const values = uniform(rows);
      for (let from = 0; from < rows; from += 10_000) {
        const keys = Array.from({ length: 10_000 }, (_, i) => from + i);
        await put(collection, keys, keys.map((key) => values.subarray(key * dim, (key + 1) * dim)));
        if (from === 0) await collection.client.flush({ collectionId: collection.collectionId });
      }
      return collection;
    };

    it('gives way to the host, and sees the rows that were there when it began', async () => {
      const collection = await open();
      const queries = uniform(nq);
      const before = split(await ask(collection, queries, nq, { limit: 5, offset: 0, params: {} }));
      let turns = 0;
      let isDone = false;
      const running = ask(collection, queries, nq, { limit: 5, offset: 0, params: {} }).finally(() => (isDone = true));
      // Meanwhile every row that anyone found is replaced by a zero vector: sealed ones by growing ones.
      const best = [...new Set(before.flatMap(({ keys }) => keys))].map(Number);
      await yieldToHost();
      for (let at = 0; at < best.length; at += 500) {
        const keys = best.slice(at, at + 500);
        await put(collection, keys, keys.map(() => new Float32Array(dim)));
      }
      expect(isDone).toBe(false);
      for (; !isDone; turns++) await yieldToHost();
      expect(split(await running)).toEqual(before);
      expect(turns).toBeGreaterThan(5);
      const after = split(await ask(collection, queries.slice(0, 10 * dim), 10, { limit: 5, offset: 0, params: {} }));
      after.forEach(({ keys, scores }, i) => {
        expect(keys.some((key) => before[i]!.keys.includes(key))).toBe(false);
        expect(scores[0]).toBeLessThanOrEqual(before[i]!.scores[4]!);
      });
      await collection.client.close();
    });

    it('is given up when its signal says so, and leaves nothing behind', async () => {
      const collection = await open();
      const queries = uniform(nq);
      const bytes = async (): Promise<number> => (await collection.client.databaseStats()).memoryBytes;
      await ask(collection, queries, nq, { limit: 5, offset: 0, params: {} });
      const before = await bytes();
      const controller = new AbortController();
      const running = ask(collection, queries, nq, { limit: 5, offset: 0, params: {} }, controller.signal);
      await yieldToHost();
      controller.abort();
      await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
      expect(await bytes()).toBe(before);
      await collection.client.close();
    });
  });
});
