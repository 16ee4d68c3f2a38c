/**
 * Searches page by page against a plain walk over all rows in the order of their scores, while rows come, go, are sealed and merged between
 * the pages. `SEEDS` runs more; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import type { Collection, SearchIteratorOptions } from '../../src/api/collection.ts';
import { defineSchema } from '../../src/schema/define.ts';
import type { Hit } from '../../src/schema/infer.ts';
import { isElanusError } from '../../src/util/error.ts';
import { connectInNode, engines } from '../support/connect-for-tests.ts';
import { random } from '../support/random.ts';
import { score } from '../engine/model.ts';

const SEEDS = Number(process.env.SEEDS ?? 10);

interface ModelRow {
  readonly id: bigint | string;
  readonly tag: number;
  readonly vector: Float32Array;
}

const byKey = (a: bigint | string, b: bigint | string): number => (a < b ? -1 : 1);

function ranked(rows: Iterable<ModelRow>, metric: 'L2' | 'IP', query: Float32Array): { id: bigint | string; score: number }[] {
  const sign = metric === 'L2' ? 1 : -1;
  return [...rows].map(({ id, vector }) => ({ id, score: score(metric, query, vector) })).sort((a, b) => sign * (a.score - b.score) || byKey(a.id, b.id));
}

async function drain(docs: Collection<any>, options: SearchIteratorOptions<any, any>, between: (page: number) => Promise<void> = async () => {}): Promise<Hit<any, any>[][]> {
  const pages: Hit<any, any>[][] = [];
  for await (const page of docs.searchIterator(options)) {
    pages.push(page);
    await between(pages.length);
  }
  return pages;
}

describe('an iterator without an index answers all rows in their order', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      const next = random(seed);
      const int = (bound: number): number => Math.floor(next() * bound);
      const dim = 4;
      const metric = next() < 0.5 ? 'L2' : 'IP';
      const isInt64 = next() < 0.7;
      const idOf = (n: number): bigint | string => (isInt64 ? BigInt(n) - 40n : `k${String(n).padStart(4, '0')}`);
      // Few different vectors, so that most scores tie, or many.
      const range = [1, 2, 9][int(3)]!;
      const schema = defineSchema({
        fields: {
          id: isInt64 ? { type: 'Int64', primaryKey: true } : { type: 'VarChar', maxLength: 8, primaryKey: true },
          tag: { type: 'Int32' },
          vector: { type: 'FloatVector', dim, index: { type: 'FLAT', metric } },
        },
      });
      const row = (n: number): ModelRow => ({ id: idOf(n), tag: int(10), vector: Float32Array.from({ length: dim }, () => int(range)) });
      const db = await connectInNode('memory:', { mode: 'inline', retentionSeconds: next() < 0.5 ? 0 : 600 });
      const docs = await db.createCollection('c', schema);
      const rows = new Map<bigint | string, ModelRow>();
      const write = async (): Promise<void> => {
        const what = next();
        if (what < 0.5) {
          const batch = [...new Set(Array.from({ length: 1 + int(60) }, () => int(400)))].map(row);
          await docs.insert(batch as never);
          for (const one of batch) rows.set(one.id, one);
        } else if (what < 0.7) {
          const ids = [...rows.keys()].filter(() => next() < 0.15);
          await docs.delete({ ids: ids as never });
          for (const id of ids) rows.delete(id);
        } else if (what < 0.85) await docs.flush();
        else await docs.compact(next() < 0.5 ? {} : { retentionSeconds: 0 });
      };
      for (let i = 0; i < 8; i++) await write();
      for (let trial = 0; trial < 5; trial++) {
        const query = Float32Array.from({ length: dim }, () => int(range) + (next() < 0.3 ? 0.5 : 0));
        const batchSize = [1, 2, 7, 100, 1000][int(5)]!;
        const limit = next() < 0.3 ? 1 + int(200) : undefined;
        const isFiltered = next() < 0.4;
        let wanted = ranked([...rows.values()].filter(({ tag }) => !isFiltered || tag < 4), metric, query);
        let params = {};
        if (next() < 0.3 && wanted.length > 10) {
          const near = wanted[int(wanted.length)]!.score;
          const far = near + (metric === 'L2' ? 1 + int(9) : -1 - int(9));
          params = { radius: far, range_filter: near };
          wanted = wanted.filter((hit) => (metric === 'L2' ? hit.score >= near && hit.score < far : hit.score <= near && hit.score > far));
        }
        const isPast = next() < 0.3;
        const at = isPast ? await db.now() : undefined;
        const pages = await drain(docs, { vector: query, batchSize, limit, at, params, ...(isFiltered ? { filter: 'tag < 4' } : {}), outputFields: next() < 0.5 ? ['tag'] : [] }, async (page) => {
          if (page < 12 && next() < 0.7) await write();
        });
        const expected = wanted.slice(0, limit);
        const label = `${metric} batchSize ${batchSize} limit ${limit} ${JSON.stringify(params)} ${isFiltered ? 'filtered' : ''}`;
        expect(pages.flat().map((hit) => ({ id: hit.id, score: hit.score })), label).toEqual(expected);
        expect(pages.slice(0, -1).every((page) => page.length === batchSize), label).toBe(true);
        expect(pages.every((page) => page.length > 0)).toBe(true);
      }
      await db.close();
    });
  }
});

describe('an iterator over an index', { timeout: 120_000 }, () => {
  const dim = 64;
  const DENSE: readonly (readonly [string, Record<string, unknown>, Record<string, number>])[] = [
    ['HNSW', { M: 16, efConstruction: 100 }, { ef: 120 }],
    ['HNSW_SQ', { M: 16, efConstruction: 100, refine: true }, { ef: 120, refine_k: 2 }],
    ['HNSW_SQ', { M: 16, efConstruction: 100 }, { ef: 120 }],
    ['IVF_FLAT', { nlist: 24 }, { nprobe: 12 }],
    ['IVF_SQ8', { nlist: 24 }, { nprobe: 12 }],
    ['DISKANN', { max_degree: 24, search_list_size: 40 }, { search_list: 120 }],
  ];
  for (const [type, build, params] of DENSE) {
    it(`of type ${type} ${JSON.stringify(build)} answers each row once, the nearest first`, async () => {
      const next = random(31);
      const vector = (): Float32Array => Float32Array.from({ length: dim }, () => next() + next() + next() - 1.5);
      const db = await connectInNode('memory:', { mode: 'inline' });
      const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, tag: { type: 'Int32' }, vector: { type: 'FloatVector', dim, index: { type, metric: 'L2', params: build as never } } } });
      const docs = await db.createCollection('c', schema);
      const rows = new Map<number, { id: number; tag: number; vector: Float32Array }>();
      const put = async (from: number, to: number): Promise<void> => {
        const batch = Array.from({ length: to - from }, (_, i) => ({ id: from + i, tag: Math.floor(next() * 10), vector: vector() }));
        await docs.insert(batch);
        for (const one of batch) rows.set(one.id, one);
      };
      await put(0, 8400);
      await docs.createIndex('vector', { type, metric: 'L2', params: build as never });
      await put(8400, 8600);
      await docs.delete({ ids: Array.from({ length: 400 }, (_, i) => i * 21) });
      for (let i = 0; i < 400; i++) rows.delete(i * 21);
      expect((await docs.describeIndex('vector')).serving[0]!.type).toBe(type);
      let right = 0, total = 0;
      for (const filter of [undefined, 'tag < 5', 'tag == 3']) {
        const query = vector();
        const matching = [...rows.values()].filter(({ tag }) => (filter === undefined ? true : filter === 'tag < 5' ? tag < 5 : tag === 3));
        const wanted = matching.map(({ id, vector: one }) => ({ id, distance: score('L2', query, one) })).sort((a, b) => a.distance - b.distance);
        const pages = await drain(docs, { vector: query, batchSize: 40, params, ...(filter === undefined ? {} : { filter }) }, async (page) => {
          if (page === 3) await docs.insert(Array.from({ length: 50 }, (_, i) => ({ id: 20_000 + i, tag: 3, vector: query })));
          if (page === 5) await docs.delete({ ids: wanted.slice(300, 400).map(({ id }) => id) });
          if (page === 7) await docs.flush();
        });
        expect(pages.length).toBeGreaterThan(7);
        const ids = pages.flat().map(({ id }) => id as number);
        expect(ids.length).toBe(matching.length);
        expect(new Set(ids)).toEqual(new Set(matching.map(({ id }) => id)));
        for (let page = 0; page < 8; page++) {
          const near = new Set(wanted.slice(0, 40 * (page + 1)).map(({ id }) => id));
          total += near.size;
          right += ids.slice(0, near.size).filter((id) => near.has(id)).length;
        }
        await docs.delete({ ids: Array.from({ length: 50 }, (_, i) => 20_000 + i) });
        await docs.upsert(wanted.slice(300, 400).map(({ id }) => rows.get(id)!));
      }
      expect(right / total).toBeGreaterThan(0.95);
      await db.close();
    });
  }

  it('of binary and sparse vectors answers each row once, in order', async () => {
    const next = random(8);
    const int = (bound: number): number => Math.floor(next() * bound);
    const db = await connectInNode('memory:', { mode: 'inline' });
    const schema = defineSchema({
      fields: {
        id: { type: 'Int64', primaryKey: true, as: 'number' },
        bits: { type: 'BinaryVector', dim: 1024, index: { type: 'BIN_IVF_FLAT', metric: 'HAMMING', params: { nlist: 16 } } },
        terms: { type: 'SparseFloatVector', index: { type: 'SPARSE_INVERTED_INDEX', metric: 'IP' } },
      },
    });
    const docs = await db.createCollection('c', schema);
    const bits = (): Uint8Array => Uint8Array.from({ length: 128 }, () => int(256));
    const terms = (): Record<number, number> => Object.fromEntries(Array.from({ length: 20 }, () => [int(60), int(4) + 1]));
    const rows = Array.from({ length: 9000 }, (_, id) => ({ id, bits: bits(), terms: terms() }));
    await docs.insert(rows);
    await docs.createIndex('bits', { type: 'BIN_IVF_FLAT', metric: 'HAMMING', params: { nlist: 16 } });
    await docs.createIndex('terms', { type: 'SPARSE_INVERTED_INDEX', metric: 'IP' });
    expect((await docs.describeIndex('bits')).serving[0]!.type).toBe('BIN_IVF_FLAT');
    expect((await docs.describeIndex('terms')).serving[0]!.type).toBe('SPARSE_INVERTED_INDEX');
    const ones = (byte: number): number => byte.toString(2).replaceAll('0', '').length;
    const query = bits();
    const byBits = rows.map(({ id, bits: of }) => ({ id, score: of.reduce((sum, byte, i) => sum + ones(byte ^ query[i]!), 0) })).sort((a, b) => a.score - b.score || a.id - b.id);
    const found = (await drain(docs, { field: 'bits', vector: query, batchSize: 500, params: { nprobe: 16 } })).flat();
    expect(found.map(({ id, score: of }) => ({ id, score: of }))).toEqual(byBits);
    const some = (await drain(docs, { field: 'bits', vector: query, batchSize: 100, params: { nprobe: 4 } })).flat();
    expect(new Set(some.map(({ id }) => id)).size).toBe(9000);
    const sparse = terms();
    const byTerms = rows.map(({ id, terms: of }) => ({ id, score: Object.entries(of).reduce((sum, [term, value]) => sum + value * (sparse[Number(term)] ?? 0), 0) })).sort((a, b) => b.score - a.score || a.id - b.id);
    const alike = (await drain(docs, { sparse, batchSize: 700 })).flat();
    expect(alike.map(({ id, score: of }) => ({ id, score: of }))).toEqual(byTerms);
    await db.close();
  });

  it('of many equal rows loses none at the borders of pages', async () => {
    const db = await connectInNode('memory:', { mode: 'inline' });
    const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, vector: { type: 'FloatVector', dim, index: { type: 'IVF_FLAT', metric: 'L2', params: { nlist: 4 } } } } });
    const docs = await db.createCollection('c', schema);
    // More ties than are asked for again.
    const rows = Array.from({ length: 6000 }, (_, i) => ({ id: (i * 7919) % 6000, vector: new Float32Array(dim).fill(i % 3 === 0 ? 1 : 2) }));
    await docs.insert(rows.slice(0, 5000));
    await docs.createIndex('vector', { type: 'IVF_FLAT', metric: 'L2', params: { nlist: 4 } });
    await docs.insert(rows.slice(5000));
    const hits = (await drain(docs, { vector: new Float32Array(dim), batchSize: 333 })).flat();
    expect(new Set(hits.map(({ id }) => id)).size).toBe(6000);
    expect(hits.length).toBe(6000);
    expect(hits.slice(0, 2000).every(({ score: of }) => of === dim)).toBe(true);
    await db.close();
  });
});

const birds = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, name: { type: 'VarChar', maxLength: 32 }, embedding: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } } } });

describe.each(engines)('an iterator over $name', ({ connect }) => {
  it('is left, stopped and refused', async () => {
    const db = await connect('memory:', { retentionSeconds: 0 });
    const docs = await db.createCollection('birds', birds);
    await docs.insert(Array.from({ length: 20 }, (_, id) => ({ id, name: `bird ${id}`, embedding: [id, 0] })));
    const seen: number[] = [];
    for await (const page of docs.searchIterator({ vector: [0, 0], batchSize: 3, outputFields: ['name'] })) {
      seen.push(...page.map(({ id }) => id));
      expect(page[0]!.entity).toEqual({ name: `bird ${page[0]!.id}` });
      await docs.delete({ ids: [seen.length + 1] });
      await docs.compact();
      if (seen.length === 9) break;
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await docs.count()).toBe(17);
    const pages = docs.searchIterator({ vector: [0, 0], batchSize: 5 });
    expect((await pages.next()).value).toHaveLength(5);
    expect(await pages.return()).toEqual({ value: undefined, done: true });
    expect(await pages.next()).toEqual({ value: undefined, done: true });
    expect(await drain(docs, { vector: [0, 0], filter: 'id > 100' })).toEqual([]);
    expect((await drain(docs, { vector: [0, 0], batchSize: 4, limit: 6 })).map((page) => page.length)).toEqual([4, 2]);
    const stop = new AbortController();
    const stopped = docs.searchIterator({ vector: [0, 0], batchSize: 5, signal: stop.signal });
    expect((await stopped.next()).value).toHaveLength(5);
    stop.abort();
    await expect((async () => { for (;;) if ((await stopped.next()).done) return; })()).rejects.toMatchObject({ code: 'ABORTED' });
    const messageOf = async (options: unknown): Promise<string> => {
      try {
        await docs.searchIterator(options as never).next();
      } catch (error) {
        if (isElanusError(error)) return `${error.code}: ${error.message}`;
        throw error;
      }
      return 'no refusal';
    };
    expect(await messageOf(undefined)).toBe('INVALID_ARGUMENT: "options" expected an object of options of searchIterator, got undefined');
    expect(await messageOf({})).toContain('"vector" expected either vector, vectors, sparse, text or texts, got none');
    expect(await messageOf({ vectors: [[0, 0]] })).toBe('INVALID_ARGUMENT: "vectors" expected one query: "vector", "sparse" or "text", got an array of 1');
    expect(await messageOf({ ids: [1] })).toBe('INVALID_ARGUMENT: "ids" expected one query: "vector", "sparse" or "text", got an array of 1');
    expect(await messageOf({ vector: [0, 0], offset: 1 })).toBe('INVALID_ARGUMENT: "offset" expected no offset: leave out the first hits, got 1');
    expect(await messageOf({ vector: [0, 0], groupBy: { field: 'name' } })).toContain('"groupBy" expected no groupBy');
    for (const batchSize of [0, 16_385, 1.5, '5', null]) expect(await messageOf({ vector: [0, 0], batchSize })).toContain('"batchSize" expected an integer from 1 to 16384');
    expect(await messageOf({ vector: [0, 0], limit: 0 })).toContain('"limit" expected an integer');
    expect(await messageOf({ vector: [0, 0], topk: 3 })).toContain('"topk"');
    expect(await messageOf({ vector: [0, 0], params: { ef: 3 } })).toContain('"ef"');
    expect(await messageOf({ vector: [0, 0], filter: 'id >' })).toContain('FILTER_SYNTAX');
    expect(await messageOf({ vector: [0, 0], filter: 'random_sample(0.5)' })).toBe('INVALID_ARGUMENT: "filter" expected the same rows for every page, got random_sample');
    expect(await messageOf({ vector: [0, 0], at: 0 })).toContain('"at"');
    const begun = docs.searchIterator({ vector: [0, 0], batchSize: 1 });
    await begun.next();
    await db.close();
    await expect(begun.next()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(docs.searchIterator({ vector: [0, 0] }).next()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
