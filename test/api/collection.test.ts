import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { Database } from '../../src/api/database.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { until } from '../support/until.ts';
import { codeOfAsync, withHole } from '../support/refusals.ts';

const birds = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    name: { type: 'VarChar', maxLength: 8 },
    rare: { type: 'Bool' },
    size: { type: 'Int8' },
    price: { type: 'Double' },
    meta: { type: 'JSON' },
    v: { type: 'FloatVector', dim: 3, index: { type: 'FLAT', metric: 'L2' } },
  },
});
const bird = (id: number, over: object = {}) => ({ id, name: `bird ${id}`, rare: id % 2 === 0, size: id, price: id / 4, meta: { id }, v: [id, 0, 0], ...over });
const aborted = AbortSignal.abort(new Error('enough'));

describe.each(engines)('a collection on $name', ({ connect }) => {
  let db: Database;
  let docs: Collection<typeof birds>;
  beforeEach(async () => {
    db = await connect('memory:');
    docs = await db.createCollection('birds', birds);
  });
  afterEach(() => db.close());

  /** What a refused call must leave as it was. */
  const state = async (): Promise<unknown> => [await docs.count(), await docs.get([1, 2, 3, 4, 5], { outputFields: '*' }), await db.listCollections()];

  it('tells of changes once they are visible, to whom asked, until he stops', async () => {
    const told: unknown[] = [];
    const stop = await docs.on('change', (change) => told.push(change));
    const { timestamp } = await docs.insert([bird(1), bird(2)]);
    const { timestamp: later } = await docs.delete({ ids: [2, 9] });
    await until(() => told.length === 2);
    expect(told).toEqual([
      { kind: 'insert', count: 2, ids: [1n, 2n], timestamp, isLocal: true },
      { kind: 'delete', count: 1, ids: [2n, 9n], timestamp: later, isLocal: true },
    ]);
    stop();
    await docs.insert([bird(3)]);
    expect(await docs.count(undefined, { consistency: 'Strong' })).toBe(2);
    expect(told.length).toBe(2);
    expect(await codeOfAsync(docs.on('changes' as never, () => {}))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.on('change', 7 as never))).toBe('INVALID_ARGUMENT');
    for (const consistency of ['Bounded', 'Session', 'Eventually'] as const) expect(await docs.get([1], { consistency })).toHaveLength(1);
    expect(await codeOfAsync(docs.get([1], { consistency: 'all' as never }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.count(undefined, { consistency: 1 as never }))).toBe('INVALID_ARGUMENT');
  });

  describe('insert', () => {
    it('takes rows and answers their ids in order', async () => {
      const { ids, count, timestamp } = await docs.insert([bird(2), bird(1)]);
      expect(ids).toEqual([2n, 1n]);
      expect(count).toBe(2);
      expect(timestamp).toBeTypeOf('bigint');
      expect((await docs.insert([bird(3)])).timestamp).toBeGreaterThan(timestamp);
      expect(await docs.count()).toBe(3);
    });

    it('takes columns, and leaves the caller’s arrays alone', async () => {
      const v = Float32Array.of(1, 0, 0, 2, 0, 0);
      const id = BigInt64Array.of(1n, 2n);
      await docs.insert({ id, name: ['a', 'b'], rare: [true, false], size: Int8Array.of(1, 2), price: [1, 2], meta: [{}, [1]], v });
      expect([id.length, v.length]).toEqual([2, 6]);
      v.fill(9);
      expect(await docs.get([2, 1], { outputFields: ['v', 'meta'] })).toEqual([
        { id: 2n, v: Float32Array.of(2, 0, 0), meta: [1] },
        { id: 1n, v: Float32Array.of(1, 0, 0), meta: {} },
      ]);
    });

    it('replaces the row of a key that exists', async () => {
      await docs.insert([bird(1), bird(2)]);
      await docs.insert([bird(1, { name: 'new', v: [9, 0, 0] })]);
      expect(await docs.count()).toBe(2);
      expect((await docs.get([1]))[0].name).toBe('new');
      expect((await docs.search({ vector: [9, 0, 0], limit: 1 }))[0].id).toBe(1n);
    });

    it('counts keys from 1 where the schema says so', async () => {
      const auto = await db.createCollection('auto', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true, as: 'number' }, v: { type: 'FloatVector', dim: 2 } } }));
      expect((await auto.insert([{ v: [1, 2] }, { v: [3, 4] }])).ids).toEqual([1, 2]);
      expect((await auto.insert({ v: Float32Array.of(5, 6) })).ids).toEqual([3]);
      expect(await auto.get([3], { outputFields: '*' })).toEqual([{ id: 3, v: Float32Array.of(5, 6) }]);
    });

    it.each<[string, unknown]>([
      ['a wrong dimension', [bird(3), bird(4, { v: [1, 2] })]],
      ['NaN in a vector', [bird(3), bird(4, { v: [1, NaN, 2] })]],
      ['Infinity in a vector', [bird(3), bird(4, { v: Float32Array.of(1, Infinity, 2) })]],
      ['a plain array with holes', [bird(3), bird(4, { v: withHole([1, 3, 2], 1) })]],
      ['an unknown field', [bird(3), bird(4, { colour: 'red' })]],
      ['a missing field', [bird(3), { id: 4, v: [1, 2, 3] }]],
      ['a value out of range', [bird(3), bird(4, { size: 200 })]],
      ['a string that is over-long in bytes only', [bird(3), bird(4, { name: 'äöüäö' })]],
      ['a lone surrogate', [bird(3), bird(4, { name: '\ud800' })]],
      ['a key twice', [bird(3), bird(4), bird(3)]],
      ['a key that is there, twice', [bird(1, { name: 'x' }), bird(1, { name: 'y' })]],
      ['no rows', []],
      ['nothing', undefined],
      ['columns of different lengths', { ...Object.fromEntries(Object.entries(bird(3)).map(([name, value]) => [name, [value]])), name: ['a', 'b'] }],
    ])('refuses %s whole', async (_, rows) => {
      await docs.insert([bird(1), bird(2)]);
      const before = await state();
      expect(await codeOfAsync(docs.insert(rows as never))).toBe('INVALID_ARGUMENT');
      expect(await state()).toEqual(before);
    });

    it('refuses options it does not know, and says which are to come', async () => {
      expect(await codeOfAsync(docs.insert([bird(1)], { sginal: 1 } as never))).toBe('INVALID_ARGUMENT');
      expect(await codeOfAsync(docs.insert([bird(1)], { transfer: true } as never))).toBe('NOT_SUPPORTED');
      expect(await docs.count()).toBe(0);
    });
  });

  describe('search', () => {
    beforeEach(() => docs.insert([1, 2, 3, 4, 5].map((id) => bird(id))));

    it('answers the closest rows first, ten of them unless asked otherwise', async () => {
      expect(await docs.search({ vector: [0, 0, 0], limit: 2 })).toEqual([{ id: 1n, score: 1, entity: {} }, { id: 2n, score: 4, entity: {} }]);
      expect(await docs.search({ vector: Float32Array.of(0, 0, 0) })).toHaveLength(5);
      await docs.insert(Array.from({ length: 20 }, (_, i) => bird(i + 10)));
      expect(await docs.search({ vector: Float64Array.of(0, 0, 0) })).toHaveLength(10);
    });

    it('leaves out the first hits of an offset', async () => {
      expect((await docs.search({ vector: [0, 0, 0], limit: 2, offset: 3 })).map((hit) => hit.id)).toEqual([4n, 5n]);
      expect(await docs.search({ vector: [0, 0, 0], offset: 5 })).toEqual([]);
    });

    it('answers a list per vector', async () => {
      const expected = [[1n, 2n], [5n, 4n]];
      for (const vectors of [[[0, 0, 0], Float32Array.of(6, 0, 0)], Float32Array.of(0, 0, 0, 6, 0, 0), Float64Array.of(0, 0, 0, 6, 0, 0)]) {
        const lists = await docs.search({ vectors, limit: 2 });
        expect(lists.map((hits) => hits.map((hit) => hit.id))).toEqual(expected);
      }
      expect(await docs.search({ vectors: [[0, 0, 0]], limit: 1 })).toEqual([[{ id: 1n, score: 1, entity: {} }]]);
    });

    it('gives the fields asked for, as a reader’s own', async () => {
      const [hit] = await docs.search({ vector: [0, 0, 0], limit: 1, outputFields: ['name', 'meta', 'v', 'name'] });
      expect(hit.entity).toEqual({ name: 'bird 1', meta: { id: 1 }, v: Float32Array.of(1, 0, 0) });
      hit.entity.v.fill(7);
      const [all] = await docs.search({ vector: [0, 0, 0], limit: 1, outputFields: '*' });
      expect(all.entity).toEqual({ ...bird(1), id: 1n, v: Float32Array.of(1, 0, 0) });
      const lists = await docs.search({ vectors: [[0, 0, 0], [9, 0, 0]], limit: 2, outputFields: ['id'] });
      expect(lists.map((hits) => hits.map((each) => each.entity))).toEqual([[{ id: 1n }, { id: 2n }], [{ id: 5n }, { id: 4n }]]);
    });

    it('leaves the query alone, and takes a part of a larger array', async () => {
      const query = Float32Array.of(9, 9, 0, 0, 0, 9);
      const hits = await docs.search({ vector: query.subarray(2, 5), limit: 1 });
      expect(hits[0].id).toBe(1n);
      expect(query).toEqual(Float32Array.of(9, 9, 0, 0, 0, 9));
    });

    it('finds nothing in an empty collection', async () => {
      const empty = await db.createCollection('empty', birds);
      expect(await empty.search({ vector: [1, 2, 3], outputFields: '*' })).toEqual([]);
      expect(await empty.search({ vectors: [[1, 2, 3], [1, 2, 3]] })).toEqual([[], []]);
    });

    it('takes limits up to 16,384', async () => {
      expect(await docs.search({ vector: [0, 0, 0], limit: 16_384 })).toHaveLength(5);
      expect(await docs.search({ vector: [0, 0, 0], limit: 16_380, offset: 4 })).toHaveLength(1);
    });

    it.each<[string, unknown]>([
      ['no options', undefined],
      ['a vector for options', [1, 2, 3]],
      ['neither vector nor vectors', { limit: 3 }],
      ['both vector and vectors', { vector: [1, 2, 3], vectors: [[1, 2, 3]] }],
      ['a sparse vector where no field is', { sparse: { 1: 1 } }],
      ['vector and sparse', { vector: [1, 2, 3], sparse: { 1: 1 } }],
      ['a wrong dimension', { vector: [1, 2] }],
      ['a wrong dimension among many', { vectors: [[1, 2, 3], [1, 2, 3, 4]] }],
      ['a flat matrix that does not fit', { vectors: new Float32Array(7) }],
      ['no vectors', { vectors: [] }],
      ['an empty matrix', { vectors: new Float32Array(0) }],
      ['16,385 vectors', { vectors: new Float32Array(16_385 * 3) }],
      ['a flat array of numbers', { vectors: [1, 2, 3] }],
      ['NaN', { vector: [1, NaN, 3] }],
      ['Infinity', { vector: Float32Array.of(1, 2, Infinity) }],
      ['a number beyond f32', { vector: [1e39, 1, 1] }],
      ['a hole', { vector: withHole([1, 2, 3], 1) }],
      ['a string for a vector', { vector: 'abc' }],
      ['limit 0', { vector: [1, 2, 3], limit: 0 }],
      ['limit 16,385', { vector: [1, 2, 3], limit: 16_385 }],
      ['limit 1.5', { vector: [1, 2, 3], limit: 1.5 }],
      ['limit "3"', { vector: [1, 2, 3], limit: '3' }],
      ['limit null', { vector: [1, 2, 3], limit: null }],
      ['offset -1', { vector: [1, 2, 3], offset: -1 }],
      ['limit and offset beyond 16,384 together', { vector: [1, 2, 3], limit: 16_000, offset: 385 }],
      ['an unknown option', { vector: [1, 2, 3], topk: 3 }],
      ['an option named like a method', { vector: [1, 2, 3], constructor: 3 }],
      ['an unknown parameter', { vector: [1, 2, 3], params: { nprobe: 3 } }],
      ['a parameter that is an object', { vector: [1, 2, 3], params: { ef: {} } }],
      ['a parameter that is a function', { vector: [1, 2, 3], params: { ef: () => 1 } }],
      ['params that are no object', { vector: [1, 2, 3], params: 7 }],
      ['an unknown field', { vector: [1, 2, 3], field: 'w' }],
      ['a scalar field', { vector: [1, 2, 3], field: 'name' }],
      ['an unknown output field', { vector: [1, 2, 3], outputFields: ['colour'] }],
      ['an output field named like a method', { vector: [1, 2, 3], outputFields: ['toString'] }],
      ['output fields that are no list', { vector: [1, 2, 3], outputFields: 'name' }],
      ['a signal that is none', { vector: [1, 2, 3], signal: {} }],
      ['a consistency that is none', { vector: [1, 2, 3], consistency: 'strong' }],
    ])('refuses %s', async (_, options) => {
      const before = await state();
      expect(await codeOfAsync(docs.search(options as never))).toBe('INVALID_ARGUMENT');
      expect(await state()).toEqual(before);
    });

    it.each(['rerank'])('says that %s is not there yet', async (name) => {
      expect(await codeOfAsync(docs.search({ vector: [1, 2, 3], [name]: 'x' } as never))).toBe('NOT_SUPPORTED');
      expect(await docs.search({ vector: [1, 2, 3], [name]: undefined } as never)).toHaveLength(5);
    });

    it('asks which field where there are several', async () => {
      const vector = { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'IP' } } as const;
      const two = await db.createCollection('two', defineSchema({ fields: { id: { type: 'VarChar', maxLength: 9, primaryKey: true }, a: vector, b: vector } }));
      await two.insert([{ id: 'x', a: [1, 0], b: [0, 1] }, { id: 'y', a: [0, 1], b: [1, 0] }]);
      expect(await codeOfAsync(two.search({ vector: [1, 0] }))).toBe('INVALID_ARGUMENT');
      expect((await two.search({ vector: [1, 0], field: 'a', limit: 1 }))[0]).toEqual({ id: 'x', score: 1, entity: {} });
      expect((await two.search({ vector: [1, 0], field: 'b', limit: 1 }))[0]).toEqual({ id: 'y', score: 1, entity: {} });
    });

    it('gives the score of the metric: L2 squared, IP and COSINE larger for closer', async () => {
      const of = async (metric: 'L2' | 'IP' | 'COSINE') => {
        const index = { type: 'FLAT', metric } as const;
        const named = await db.createCollection(`by_${metric}`, defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 2, index } } }));
        await named.insert([{ id: 1, v: [3, 4] }, { id: 2, v: [10, 0] }, { id: 3, v: [0, 0] }]);
        return (await named.search({ vector: [3, 4] })).map(({ id, score }) => [id, Number(score.toFixed(5))]);
      };
      expect(await of('L2')).toEqual([[1n, 0], [3n, 25], [2n, 65]]);
      expect(await of('IP')).toEqual([[2n, 30], [1n, 25], [3n, 0]]);
      expect(await of('COSINE')).toEqual([[1n, 1], [2n, 0.6], [3n, 0]]);
    });
  });

  describe('get', () => {
    beforeEach(() => docs.insert([1, 2, 3].map((id) => bird(id))));

    it('answers found rows in the order asked for, with all scalar fields', async () => {
      const { v: _, ...scalars } = bird(1);
      expect(await docs.get([3, 99, 1n])).toEqual([{ ...bird(3), id: 3n, v: undefined }, { ...scalars, id: 1n }]);
      expect(await docs.get(BigInt64Array.of(2n), { outputFields: ['size'] })).toEqual([{ id: 2n, size: 2 }]);
      expect(await docs.get([1], { outputFields: '*' })).toEqual([{ ...bird(1), id: 1n, v: Float32Array.of(1, 0, 0) }]);
      expect(await docs.get([1], { outputFields: [] })).toEqual([{ id: 1n }]);
      expect(await docs.get([2, 2], { outputFields: [] })).toEqual([{ id: 2n }, { id: 2n }]);
      expect(await docs.get([])).toEqual([]);
    });

    it('refuses what is no list of keys', async () => {
      for (const ids of [1, '1', undefined, ['1'], [1.5], [2n ** 64n], [null], { ids: [1] }]) expect(await codeOfAsync(docs.get(ids as never))).toBe('INVALID_ARGUMENT');
      expect(await codeOfAsync(docs.get([1], { outputFields: ['colour'] as never }))).toBe('INVALID_ARGUMENT');
      expect(await codeOfAsync(docs.get([1], { fields: ['name'] } as never))).toBe('INVALID_ARGUMENT');
    });
  });

  describe('delete', () => {
    beforeEach(() => docs.insert([1, 2, 3].map((id) => bird(id))));

    it('counts the rows that were there', async () => {
      const { count, timestamp } = await docs.delete({ ids: [1, 2n, 77] });
      expect(count).toBe(2);
      expect(timestamp).toBeTypeOf('bigint');
      expect(await docs.count()).toBe(1);
      expect((await docs.search({ vector: [0, 0, 0] })).map((hit) => hit.id)).toEqual([3n]);
      expect((await docs.delete({ ids: [1] })).count).toBe(0);
      expect(await docs.get([1, 2])).toEqual([]);
    });

    it('makes room for the key', async () => {
      await docs.delete({ ids: [2] });
      await docs.insert([bird(2, { name: 'again' })]);
      expect((await docs.get([2]))[0].name).toBe('again');
    });

    it('refuses whole what it does not understand', async () => {
      const before = await state();
      for (const options of [undefined, {}, [1], { ids: 1 }, { ids: [1, 'x'] }, { ids: [1], force: true }]) expect(await codeOfAsync(docs.delete(options as never))).toBe('INVALID_ARGUMENT');
      for (const options of [{ filter: '' }, { filter: ' ' }, { filter: 3 }, { filter: 'id > 0', ids: [1] }, { ids: [1], filterParams: {} }]) expect(await codeOfAsync(docs.delete(options as never))).toBe('INVALID_ARGUMENT');
      expect(await state()).toEqual(before);
    });
  });

  describe('indexes', () => {
    beforeEach(() => docs.insert([1, 2, 3].map((id) => bird(id))));

    it('are made, told of and listed', async () => {
      expect(await docs.describeIndex('v')).toMatchObject({ field: 'v', spec: { type: 'FLAT', metric: 'L2' } });
      const spec = await docs.createIndex('v', { type: 'hnsw', metric: 'l2', params: { M: 8, efConstruction: 40 } });
      expect(spec).toMatchObject({ type: 'HNSW', metric: 'L2', params: { M: 8, efConstruction: 40 } });
      expect(await docs.listIndexes()).toMatchObject([{ field: 'v', spec, servedBy: spec, state: 'finished' }]);
      expect((await docs.describe()).indexes).toEqual({ v: spec });
      expect(await docs.indexProgress('v')).toEqual({ state: 'finished', indexedRows: 3, totalRows: 3 });
      expect((await docs.search({ vector: [0, 0, 0], limit: 2, params: { ef: 64 } })).map((hit) => hit.id)).toEqual([1n, 2n]);
    });

    it('are not there where none was asked for', async () => {
      const plain = await db.createCollection('plain', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 2 } } }));
      expect(await codeOfAsync(plain.describeIndex('v'))).toBe('NOT_FOUND');
      expect(await plain.listIndexes()).toEqual([]);
      expect((await plain.indexProgress('v')).state).toBe('none');
    });

    it.each<[string, unknown, unknown, unknown]>([
      ['an unknown field', 'w', { type: 'FLAT' }, undefined],
      ['no field', undefined, { type: 'FLAT' }, undefined],
      ['no spec', 'v', undefined, undefined],
      ['an unknown index', 'v', { type: 'NO_SUCH_INDEX' }, undefined],
      ['an unknown metric', 'v', { type: 'FLAT', metric: 'JACCARD' }, undefined],
      ['an unknown parameter', 'v', { type: 'HNSW', params: { nlist: 7 } }, undefined],
      ['a misplaced parameter', 'v', { type: 'HNSW', M: 7 }, undefined],
      ['an unknown option', 'v', { type: 'FLAT' }, { async: true }],
      ['wait: 1', 'v', { type: 'FLAT' }, { wait: 1 }],
      ['a progress that is no function', 'v', { type: 'FLAT' }, { onProgress: 1 }],
    ])('refuse %s', async (_, field, spec, options) => {
      const before = await docs.listIndexes();
      expect(await codeOfAsync(docs.createIndex(field as never, spec as never, options as never))).toBe('INVALID_ARGUMENT');
      expect(await docs.listIndexes()).toEqual(before);
    });

    it('of scalar fields are made, told of, listed and dropped by name', async () => {
      expect(await docs.createIndex('name', { type: 'Trie' })).toEqual({ type: 'Trie', params: {} });
      expect(await docs.createIndex('name', { type: 'NGRAM', params: { min_gram: 2, max_gram: 3 } }, { name: 'parts' })).toEqual({ type: 'NGRAM', params: { min_gram: 2, max_gram: 3 } });
      expect(await docs.describeIndex('name')).toMatchObject({ field: 'name', name: 'parts', state: 'finished', serving: [{ type: 'scan', rows: 3 }] });
      expect(await docs.describeIndex('parts')).toEqual(await docs.describeIndex('name'));
      expect((await docs.listIndexes()).map(({ field }) => field)).toEqual(['v', 'name']);
      expect(await docs.indexProgress('parts')).toEqual({ state: 'finished', indexedRows: 3, totalRows: 3 });
      await docs.dropIndex('parts');
      expect(await codeOfAsync(docs.indexProgress('name'))).toBe('NOT_FOUND');
    });

    it.each<[string, unknown, unknown, unknown]>([
      ['another kind of index', 'name', { type: 'HNSW' }, undefined],
      ['a metric', 'name', { type: 'INVERTED', metric: 'L2' }, undefined],
      ['BITMAP of a primary key', 'id', { type: 'BITMAP' }, undefined],
      ['NGRAM without lengths', 'name', { type: 'NGRAM' }, undefined],
      ['no name', 'name', { type: 'INVERTED' }, { name: '' }],
    ])('of scalar fields refuse %s', async (_, field, spec, options) => {
      expect(await codeOfAsync(docs.createIndex(field as never, spec as never, options as never))).toBe('INVALID_ARGUMENT');
    });
  });

  it('flushes, counts, tells its state', async () => {
    await docs.insert([bird(1)]);
    await docs.flush();
    expect(await docs.count()).toBe(1);
    expect((await docs.stats()).rows).toBe(1);
    expect((await docs.describe()).name).toBe('birds');
    expect(await codeOfAsync(docs.count(1 as never))).toBe('INVALID_ARGUMENT');
  });

  it('is NOT_FOUND once dropped, also where its name is taken again', async () => {
    await docs.insert([bird(1)]);
    const other = await db.collection('birds', birds);
    await docs.drop();
    expect(await codeOfAsync(docs.count())).toBe('NOT_FOUND');
    expect(await codeOfAsync(other.count())).toBe('NOT_FOUND');
    const again = await db.createCollection('birds', birds);
    expect(await codeOfAsync(docs.insert([bird(1)]))).toBe('NOT_FOUND');
    expect(await codeOfAsync(other.describe())).toBe('NOT_FOUND');
    expect(await codeOfAsync(other.listIndexes())).toBe('NOT_FOUND');
    expect(await codeOfAsync(other.drop())).toBe('NOT_FOUND');
    expect(await again.count()).toBe(0);
  });

  it('does nothing for a signal that has fired', async () => {
    await docs.insert([bird(1), bird(2)]);
    const before = await state();
    const signal = aborted;
    for (const call of [
      docs.insert([bird(3)], { signal }), docs.delete({ ids: [1], signal }), docs.search({ vector: [1, 2, 3], signal }), docs.get([1], { signal }), docs.count(undefined, { signal }),
      docs.flush({ signal }), docs.createIndex('v', { type: 'HNSW' }, { signal }), docs.drop({ signal }),
    ]) expect(await codeOfAsync(call)).toBe('ABORTED');
    expect(await state()).toEqual(before);
  });

  it('takes a signal that does not fire', async () => {
    const { signal } = new AbortController();
    await docs.insert([bird(1)], { signal });
    expect(await docs.search({ vector: [1, 0, 0], signal })).toHaveLength(1);
  });

  it('has entities that stand for themselves, whatever the fields are called', async () => {
    const odd = await db.createCollection(
      'odd',
      defineSchema({ fields: { toString: { type: 'VarChar', maxLength: 9, primaryKey: true }, constructor: { type: 'Int32' }, v: { type: 'FloatVector', dim: 2 } } }),
    );
    await odd.insert([{ toString: 'a', constructor: 7, v: [1, 2] }] as never);
    const [hit] = await odd.search({ vector: [1, 2], outputFields: '*' });
    expect(Object.keys(hit.entity).toSorted()).toEqual(['constructor', 'toString', 'v']);
    expect(hit.entity).toMatchObject({ toString: 'a', constructor: 7 });
    expect({}.constructor).toBe(Object);
  });
});
