/** Every vector type end to end over the real engine: exact round trips, and scores as double precision has them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { defineSchema, toSchema } from '../../src/schema/define.ts';
import { connectInNode } from '../support/connect-for-tests.ts';
import { hasDataset, readJsonl } from '../support/datasets.ts';
import { codeOfAsync } from '../support/refusals.ts';
import { TYPE_CASES, isSameVector, isSmallerBetter, referenceScore, seeded, tolerance, type ReadVector, type TypeCase } from '../support/typed-vectors.ts';

const SEED = Number(process.env['SEED'] ?? 99);
const DIMS: Record<TypeCase['type'], readonly number[]> = {
  FloatVector: [2, 131], Float16Vector: [2, 131], BFloat16Vector: [2, 131], Int8Vector: [2, 131], BinaryVector: [8, 1032], SparseFloatVector: [30, 100_000],
};

const schemaOf = (type: TypeCase['type'], dim: number, metric: MetricType) =>
  toSchema({
    fields: {
      id: { type: 'Int64', primaryKey: true, as: 'number' },
      v: { type, ...(type === 'SparseFloatVector' ? {} : { dim }), index: { type: type === 'BinaryVector' ? 'BIN_FLAT' : 'FLAT', metric } },
    },
  });

/** Hits must be the best rows in order, with scores as close to the reference as the type allows; equal scores by key. */
async function checkSearch(docs: Collection, { type }: TypeCase, metric: MetricType, dim: number, rows: ReadonlyMap<number, ReadVector>, query: ReadVector): Promise<void> {
  const limit = 20;
  const hits = await docs.search({ vector: query as Float32Array, limit, outputFields: ['v'] });
  const references = new Map([...rows].map(([id, vector]) => [id, referenceScore(metric, query, vector)] as const));
  const better = isSmallerBetter(metric) ? 1 : -1;
  const best = [...references.values()].map(({ score }) => score).sort((a, b) => better * (a - b)).slice(0, limit);
  expect(hits).toHaveLength(Math.min(limit, rows.size));
  hits.forEach((hit, i) => {
    const { score, magnitude } = references.get(hit.id as number)!;
    const allowed = tolerance(type, metric, dim, score, magnitude);
    expect(Math.abs(hit.score - score), `seed ${SEED}, ${type} ${metric} dim ${dim}, id ${hit.id}`).toBeLessThanOrEqual(allowed);
    expect(Math.abs(hit.score - best[i]!)).toBeLessThanOrEqual(2 * allowed + tolerance(type, metric, dim, best[i]!, magnitude));
    expect(isSameVector(hit.entity['v'], rows.get(hit.id as number)!), `vector of ${hit.id}`).toBe(true);
    if (i > 0) expect(hit.score === hits[i - 1]!.score ? (hit.id as number) > (hits[i - 1]!.id as number) : better * (hit.score - hits[i - 1]!.score) > 0).toBe(true);
  });
}

describe.each(TYPE_CASES)('$type', (typeCase) => {
  const { type, metrics, draw } = typeCase;

  it.each(metrics)('by %s: growing, sealed, merged and reopened rows are found and read exactly', async (metric) => {
    for (const dim of DIMS[type]) {
      const next = seeded(SEED + dim);
      const folder = await mkdtemp(join(tmpdir(), 'elanus-types-'));
      let db = await connectInNode(`file:${folder}`, { mode: 'inline', durability: 'relaxed' });
      try {
        let docs = (await db.createCollection('docs', schemaOf(type, dim, metric))) as Collection;
        const rows = new Map<number, ReadVector>();
        const insert = async (from: number, to: number): Promise<void> => {
          const batch = Array.from({ length: to - from }, (_, i) => ({ id: (from + i) * 7919 % 1009, v: draw(next, dim) }));
          for (const row of batch) rows.set(row.id, row.v);
          await docs.insert(batch);
        };
        const remove = async (ids: number[]): Promise<void> => {
          for (const key of ids) rows.delete(key);
          await docs.delete({ ids });
        };
        const check = async (): Promise<void> => {
          const zero = draw(next, dim);
          for (const vector of [draw(next, dim), [...rows.values()][5]!, 'indices' in zero ? { indices: new Uint32Array(0), values: new Float32Array(0) } : zero.fill(0)]) {
            await checkSearch(docs, typeCase, metric, dim, rows, vector);
          }
          const ids = [...rows.keys()];
          const found = await docs.get(ids, { outputFields: ['v'] });
          expect(found.map((row) => row['id'])).toEqual(ids);
          for (const row of found) expect(isSameVector(row['v'], rows.get(row['id'] as number)!), `vector of ${row['id']}`).toBe(true);
        };

        await insert(0, 300);
        await insert(300, 301);
        // Equal rows: ties.
        rows.set(2000, rows.get(7919 % 1009)!).set(2001, rows.get(7919 % 1009)!);
        await docs.insert([{ id: 2001, v: rows.get(2001)! }, { id: 2000, v: rows.get(2000)! }]);
        await remove([...rows.keys()].slice(10, 40));
        await check();
        await docs.flush();
        await check();
        await insert(400, 460);
        await remove([...rows.keys()].slice(0, 20));
        await check();
        await docs.flush();
        await docs.createIndex('v', { type: type === 'BinaryVector' ? 'BIN_FLAT' : 'FLAT' });
        await insert(500, 520);
        await check();
        await db.close();
        db = await connectInNode(`file:${folder}`, { mode: 'inline', durability: 'relaxed' });
        docs = await db.collection('docs');
        // Before anything is resident, rows are read from the file.
        const some = [...rows.keys()].slice(3, 9);
        expect((await docs.get(some, { outputFields: ['v'] })).map((row) => row['v'])).toEqual(some.map((key) => rows.get(key)));
        await check();

        const queries = Array.from({ length: 4 }, () => draw(next, dim));
        const many = await docs.search({ vectors: queries as Float32Array[], limit: 5 });
        for (let i = 0; i < queries.length; i++) expect(many[i]).toEqual(await docs.search({ vector: queries[i] as Float32Array, limit: 5 }));
      } finally {
        await db.close();
        await rm(folder, { recursive: true });
      }
    }
  });

  it('refuses queries of another kind, and metrics and indexes that it does not have', async () => {
    const db = await connectInNode('memory:', { mode: 'inline', durability: 'relaxed' });
    try {
      const docs = (await db.createCollection('docs', schemaOf(type, 16, metrics[0]!))) as Collection;
      for (const vector of [null, 3, 'text', [1, 2, 3], new Set([1]), [NaN, NaN]]) {
        expect(await codeOfAsync(docs.search({ vector: vector as never }))).toBe('INVALID_ARGUMENT');
        expect(await codeOfAsync(docs.search({ vectors: [vector] as never }))).toBe('INVALID_ARGUMENT');
      }
      expect(await codeOfAsync(docs.search({ vectors: [] }))).toBe('INVALID_ARGUMENT');
      for (const metric of ['L2', 'IP', 'COSINE', 'HAMMING', 'JACCARD'] as const) {
        if (metrics.includes(metric)) continue;
        expect(await codeOfAsync(docs.createIndex('v', { type: type === 'BinaryVector' ? 'BIN_FLAT' : 'FLAT', metric }))).toBe('INVALID_ARGUMENT');
      }
      for (const index of type === 'BinaryVector' ? ['FLAT', 'HNSW', 'HNSW_SQ'] : type === 'SparseFloatVector' ? ['BIN_FLAT', 'HNSW', 'HNSW_SQ'] : ['BIN_FLAT']) {
        expect(await codeOfAsync(docs.createIndex('v', { type: index }))).toBe('INVALID_ARGUMENT');
      }
      expect(await docs.count()).toBe(0);
    } finally {
      await db.close();
    }
  });
});

describe.each(['Float16Vector', 'BFloat16Vector', 'Int8Vector'] as const)('%s under an index', (type) => {
  const typeCase = TYPE_CASES.find((known) => known.type === type)!;

  it.each(['L2', 'IP', 'COSINE'] as const)('by %s: HNSW and HNSW_SQ with refine find what a scan finds, also when reopened', async (metric) => {
    const dim = 128, count = 4_500;
    const next = seeded(SEED);
    const vectors = Array.from({ length: count }, () => typeCase.draw(next, dim));
    const folder = await mkdtemp(join(tmpdir(), 'elanus-types-'));
    let db = await connectInNode(`file:${folder}`, { mode: 'inline', workers: 0 });
    try {
      let docs = (await db.createCollection('docs', schemaOf(type, dim, metric))) as Collection;
      // Enough bytes for a segment to be worth a graph: 1 MiB.
      const copies = type === 'Int8Vector' ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) await docs.insert(vectors.map((v, id) => ({ id: id + copy * count, v })));
      await docs.flush();
      const queries = vectors.slice(0, 10) as Float32Array[];
      const exact = await docs.search({ vectors: queries, limit: 10 });
      for (const [index, params] of [['HNSW', { M: 8, efConstruction: 40 }], ['HNSW_SQ', { M: 8, efConstruction: 40, refine: true }]] as const) {
        await docs.createIndex('v', { type: index, metric, params });
        expect((await docs.stats()).segments[0]!.indexes).toEqual({ v: index });
        const check = async (collection: Collection): Promise<void> => {
          const found = await collection.search({ vectors: queries, limit: 10, params: { ef: 400, ...(index === 'HNSW_SQ' ? { refine_k: 8 } : {}) } });
          let same = 0;
          found.forEach((hits, i) => hits.forEach((hit) => {
            const expected = exact[i]!.find(({ id }) => id === hit.id);
            if (!expected) return;
            same++;
            expect(Math.abs(hit.score - expected.score)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected.score)));
          }));
          expect(same, `${index} ${metric}, seed ${SEED}`).toBeGreaterThanOrEqual(90);
        };
        await check(docs);
        await db.close();
        db = await connectInNode(`file:${folder}`, { mode: 'inline', workers: 0 });
        docs = await db.collection('docs');
        await check(docs);
      }
    } finally {
      await db.close();
      await rm(folder, { recursive: true });
    }
  }, 60_000);
});

/** Real learned sparse vectors where they are, otherwise random ones of the same shape. */
function splade(): ReadonlyMap<number, number>[] {
  if (!hasDataset('splade-msmarco-sparse')) {
    console.warn('sparse index: splade-msmarco-sparse is not there (ELANUS_DATA), random vectors stand in');
    const next = seeded(SEED);
    return Array.from({ length: 7_000 }, () => new Map(Array.from({ length: 24 }, () => [Math.floor(next() ** 3 * 13_161), Math.ceil(next() * 120)])));
  }
  const dims = new Map<string, number>();
  const dimOf = (token: string): number => dims.get(token) ?? (dims.set(token, dims.size), dims.size - 1);
  const lines = readJsonl('splade-msmarco-sparse/vectors.jsonl.gz') as { terms: Record<string, number> }[];
  return lines.map(({ terms }) => new Map(Object.entries(terms).map(([token, weight]) => [dimOf(token), weight])));
}

it('SPARSE_INVERTED_INDEX gives what a scan gives, by every algorithm, after deletes and reopened', async () => {
  const vectors = splade();
  const folder = await mkdtemp(join(tmpdir(), 'elanus-types-'));
  const connect = () => connectInNode(`file:${folder}`, { mode: 'inline', durability: 'relaxed', workers: 0 });
  let db = await connect();
  try {
    let docs = (await db.createCollection('docs', toSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, v: { type: 'SparseFloatVector' } } }))) as Collection;
    await docs.insert(vectors.map((v, id) => ({ id, v })));
    await docs.delete({ ids: [3, 500, 501] });
    const queries = vectors.filter((_, i) => i % 350 === 0);
    const exact = await docs.search({ vectors: queries, limit: 20 });
    expect(exact.every((hits) => hits.length === 20)).toBe(true);
    for (const algorithm of ['TAAT_NAIVE', 'DAAT_WAND', 'DAAT_MAXSCORE']) {
      await docs.createIndex('v', { type: 'SPARSE_INVERTED_INDEX', metric: 'IP', params: { inverted_index_algo: algorithm } });
      expect((await docs.stats()).segments[0]!.indexes).toEqual({ v: 'SPARSE_INVERTED_INDEX' });
      expect(await docs.search({ vectors: queries, limit: 20 }), algorithm).toEqual(exact);
    }
    await docs.delete({ ids: [exact[0]![0]!.id] });
    await db.close();
    db = await connect();
    docs = await db.collection('docs');
    const after = await docs.search({ vectors: queries, limit: 19 });
    expect(after[0]).toEqual(exact[0]!.slice(1));
    const rough = await docs.search({ vectors: queries, limit: 20, params: { drop_ratio_search: 0.5 } });
    expect(rough.flat().filter(({ id }, i) => exact[Math.floor(i / 20)]!.some((hit) => hit.id === id)).length).toBeGreaterThan(0.5 * 20 * queries.length);
    expect(await codeOfAsync(docs.search({ vectors: queries, params: { ef: 10 } }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.createIndex('v', { type: 'SPARSE_WAND' }))).toBe('NOT_SUPPORTED');
  } finally {
    await db.close();
    await rm(folder, { recursive: true });
  }
});

it('a schema with several kinds of vectors is searched by each', async () => {
  const db = await connectInNode('memory:', { mode: 'inline' });
  try {
    const docs = await db.createCollection('docs', defineSchema({
      fields: {
        id: { type: 'Int64', primaryKey: true, as: 'number' },
        half: { type: 'Float16Vector', dim: 2 },
        bits: { type: 'BinaryVector', dim: 8 },
        pairs: { type: 'SparseFloatVector' },
      },
    }));
    await docs.insert([
      { id: 1, half: [1, 0], bits: [0b1111], pairs: { 5: 1 } },
      { id: 2, half: [0, 1], bits: [0b0111], pairs: { indices: [5, 9], values: [2, 3] } },
      { id: 3, half: Uint16Array.of(0, 0), bits: [0], pairs: {} },
    ]);
    for (const isSealed of [false, true]) {
      if (isSealed) await docs.flush();
      const of = async (options: object) => (await docs.search(options as never)).map(({ id, score }) => [id, score]);
      expect(await of({ field: 'half', vector: [0, 2] })).toEqual([[2, 1], [1, 0], [3, 0]]);
      expect(await of({ field: 'bits', vector: [0b0011] })).toEqual([[2, 1], [1, 2], [3, 2]]);
      expect(await of({ field: 'pairs', vector: { 9: 1, 5: 1 } })).toEqual([[2, 5], [1, 1], [3, 0]]);
      expect(await of({ sparse: { 5: -1 } })).toEqual([[3, 0], [1, -1], [2, -2]]);
      expect(await codeOfAsync(docs.search({ sparse: { 5: 1 }, field: 'half' }))).toBe('INVALID_ARGUMENT');
      expect(await codeOfAsync(docs.search({ vector: [0, 2] }))).toBe('INVALID_ARGUMENT');
      expect((await docs.get([1, 3], { outputFields: '*' }))).toEqual([
        { id: 1, half: Float32Array.of(1, 0), bits: Uint8Array.of(15), pairs: { indices: Uint32Array.of(5), values: Float32Array.of(1) } },
        { id: 3, half: Float32Array.of(0, 0), bits: Uint8Array.of(0), pairs: { indices: new Uint32Array(0), values: new Float32Array(0) } },
      ]);
    }
  } finally {
    await db.close();
  }
});
