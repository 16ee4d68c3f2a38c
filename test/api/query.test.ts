import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { QueryOptions } from '../../src/api/query.ts';
import type { Database } from '../../src/api/database.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { codeOfAsync } from '../support/refusals.ts';

const birds = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    name: { type: 'VarChar', maxLength: 16 },
    rare: { type: 'Bool' },
    legs: { type: 'Int64', as: 'number', nullable: true },
    price: { type: 'Double', nullable: true },
    meta: { type: 'JSON' },
    v: { type: 'FloatVector', dim: 2 },
  },
});
const bird = (id: number, over: object = {}) => ({ id, name: `bird ${id}`, rare: id % 2 === 0, legs: id % 3, price: id / 4, meta: { id }, v: [id, 0], ...over });

describe.each(engines)('queries by $name', ({ connect }) => {
  let db: Database;
  let docs: Collection<typeof birds>;
  beforeEach(async () => {
    db = await connect('memory:');
    docs = await db.createCollection('birds', birds);
    await docs.insert([5, 3, 9, 1, 7].map((id) => bird(id)));
    await docs.flush();
    await docs.insert([4, 8, 2, 6].map((id) => bird(id)));
  });
  afterEach(() => db.close());

  const ids = async (options: QueryOptions<typeof birds>): Promise<number[]> => (await docs.query({ ...options, outputFields: ['id'] })).map(({ id }) => Number(id));

  it('answer rows in the order of the primary key, of sealed and growing rows', async () => {
    expect(await docs.query({ limit: 2 })).toEqual([
      { id: 1n, name: 'bird 1', rare: false, legs: 1, price: 0.25, meta: { id: 1 } },
      { id: 2n, name: 'bird 2', rare: true, legs: 2, price: 0.5, meta: { id: 2 } },
    ]);
    expect(await ids({ limit: 3, offset: 4 })).toEqual([5, 6, 7]);
    expect(await ids({ limit: 3, offset: 8 })).toEqual([9]);
    expect(await ids({ limit: 3, offset: 100 })).toEqual([]);
    expect(await docs.query({ limit: 1, outputFields: ['v', 'name'] })).toEqual([{ id: 1n, v: Float32Array.of(1, 0), name: 'bird 1' }]);
    expect(await docs.query({ limit: 1, outputFields: '*' })).toEqual([{ id: 1n, name: 'bird 1', rare: false, legs: 1, price: 0.25, meta: { id: 1 }, v: Float32Array.of(1, 0) }]);
    expect(await docs.query({ limit: 1, outputFields: [] })).toEqual([{ id: 1n }]);
  });

  it('answer what a filter matches, all of it where there is no limit', async () => {
    expect(await ids({ filter: 'rare == true' })).toEqual([2, 4, 6, 8]);
    expect(await ids({ filter: 'id > {least}', filterParams: { least: 6 } })).toEqual([7, 8, 9]);
    expect(await ids({ filter: 'rare == true', limit: 2, offset: 1 })).toEqual([4, 6]);
    expect(await ids({ filter: 'rare == true', offset: 3 })).toEqual([8]);
    expect(await ids({ filter: '  ', limit: 2 })).toEqual([1, 2]);
    expect(await ids({ filter: 'id > 100' })).toEqual([]);
  });

  it('answer rows in the order of fields', async () => {
    await docs.upsert([{ id: 5, price: null }, { id: 6, price: null }].map((row) => ({ ...bird(row.id), ...row })));
    expect(await ids({ orderBy: 'price', limit: 9 })).toEqual([1, 2, 3, 4, 7, 8, 9, 5, 6]);
    expect(await ids({ orderBy: { field: 'price', order: 'desc' }, limit: 4 })).toEqual([5, 6, 9, 8]);
    expect(await ids({ orderBy: ['rare', { field: 'id', order: 'desc' }], limit: 9 })).toEqual([9, 7, 5, 3, 1, 8, 6, 4, 2]);
    expect(await ids({ orderBy: 'legs:desc, price:asc' as never, limit: 9, offset: 2 })).toEqual([5, 1, 4, 7, 3, 9, 6]);
    expect(await ids({ orderBy: ['legs:desc', 'price'], limit: 9 })).toEqual([2, 8, 5, 1, 4, 7, 3, 9, 6]);
    expect(await ids({ orderBy: 'name:desc', limit: 2, filter: 'rare == true' })).toEqual([8, 6]);
  });

  it('answer counts, sums, means and extremes', async () => {
    const outputFields = ['count(*)', 'count(price)', 'sum(price)', 'avg(price)', 'min(price)', 'max(name)', 'sum(id)', 'max(id)', 'sum(legs)', 'avg(legs)', 'count(meta)'] as const;
    await docs.upsert([bird(9, { price: null, legs: null })]);
    expect(await docs.query({ outputFields })).toEqual([
      { 'count(*)': 9, 'count(price)': 8, 'sum(price)': 9, 'avg(price)': 1.125, 'min(price)': 0.25, 'max(name)': 'bird 9', 'sum(id)': 45n, 'max(id)': 9n, 'sum(legs)': 9, 'avg(legs)': 1.125, 'count(meta)': 9 },
    ]);
    expect(await docs.query({ filter: 'id > 100', outputFields })).toEqual([
      { 'count(*)': 0, 'count(price)': 0, 'sum(price)': null, 'avg(price)': null, 'min(price)': null, 'max(name)': null, 'sum(id)': null, 'max(id)': null, 'sum(legs)': null, 'avg(legs)': null, 'count(meta)': 0 },
    ]);
    expect(await docs.query({ outputFields: ['count(*)'] })).toEqual([{ 'count(*)': 9 }]);
    expect(await docs.query({ filter: 'rare == true', outputFields: ['count(*)', 'count(*)'] })).toEqual([{ 'count(*)': 4 }]);
    expect(await docs.query({ outputFields: ['count(*)'], offset: 1 })).toEqual([]);
  });

  it('answer them by group', async () => {
    await docs.upsert([bird(9, { legs: null })]);
    expect(await docs.query({ groupBy: 'legs', outputFields: ['count(*)', 'max(id)'] })).toEqual([
      { legs: 0, 'count(*)': 2, 'max(id)': 6n },
      { legs: 1, 'count(*)': 3, 'max(id)': 7n },
      { legs: 2, 'count(*)': 3, 'max(id)': 8n },
      { legs: null, 'count(*)': 1, 'max(id)': 9n },
    ]);
    expect(await docs.query({ groupBy: ['rare', 'legs'], outputFields: ['legs', 'sum(id)'], filter: 'id < 9', offset: 1, limit: 3 })).toEqual([
      { rare: false, legs: 1, 'sum(id)': 8n },
      { rare: false, legs: 2, 'sum(id)': 5n },
      { rare: true, legs: 0, 'sum(id)': 6n },
    ]);
    expect(await docs.query({ groupBy: ['rare'] })).toEqual([{ rare: false }, { rare: true }]);
    expect(await docs.query({ groupBy: ['rare'], filter: 'id > 100', outputFields: ['count(*)'] })).toEqual([]);
    expect(await docs.query({ groupBy: 'legs', outputFields: ['count(*)'], orderBy: ['count(*):desc', { field: 'legs', order: 'desc' }], limit: 2 })).toEqual([{ legs: 2, 'count(*)': 3 }, { legs: 1, 'count(*)': 3 }]);
    expect(await docs.query({ groupBy: 'name', outputFields: ['avg(price)'], orderBy: 'avg(price):desc', limit: 1 })).toEqual([{ name: 'bird 9', 'avg(price)': 2.25 }]);
  });

  it('keep integers exact', async () => {
    const big = await db.createCollection('big', defineSchema({
      fields: { id: { type: 'Int64', primaryKey: true }, n: { type: 'Int64' }, as: { type: 'Int64', as: 'number' }, text: { type: 'Int64', as: 'string' }, v: { type: 'FloatVector', dim: 2 } },
    }));
    const most = 2n ** 63n - 1n;
    await big.insert([1, 2, 3].map((id) => ({ id, n: most, as: Number.MAX_SAFE_INTEGER, text: most, v: [1, 2] })));
    expect(await big.query({ outputFields: ['sum(n)', 'sum(text)', 'max(as)', 'min(text)'] })).toEqual([{ 'sum(n)': most * 3n, 'sum(text)': String(most * 3n), 'max(as)': Number.MAX_SAFE_INTEGER, 'min(text)': String(most) }]);
    expect(await codeOfAsync(big.query({ outputFields: ['sum(as)'] }))).toBe('INVALID_ARGUMENT');
  });

  it('see the past, and parts', async () => {
    const then = await db.now();
    await docs.createPartition('p');
    await docs.insert([bird(20)], { partition: 'p' });
    await docs.delete({ ids: [1] });
    expect(await ids({ limit: 100, at: then })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await ids({ limit: 100 })).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 20]);
    expect(await ids({ limit: 100, partitions: ['p'] })).toEqual([20]);
    expect(await ids({ limit: 100, consistency: 'Strong' })).toHaveLength(9);
    expect(await codeOfAsync(docs.query({ limit: 1, partitions: ['q'] }))).toBe('NOT_FOUND');
  });

  it('refuse what they cannot answer', async () => {
    const refused = async (options: unknown, code = 'INVALID_ARGUMENT'): Promise<void> => expect(await codeOfAsync(docs.query(options as never)), JSON.stringify(options)).toBe(code);
    await refused(undefined);
    await refused(7);
    await refused({});
    await refused({ filter: ' ' });
    await refused({ filter: 7, limit: 1 });
    await refused({ limit: 0 });
    await refused({ limit: 16_385 });
    await refused({ limit: 16_384, offset: 1 });
    await refused({ limit: 1, offset: -1 });
    await refused({ limit: 1, colour: 'red' });
    await refused({ limit: 1, outputFields: ['colour'] });
    await refused({ limit: 1, outputFields: 'name' });
    await refused({ limit: 1, at: 'yesterday' });
    await refused({ limit: 1, consistency: 'all' });
    await refused({ filter: 'rare == true', orderBy: 'price' });
    for (const orderBy of [7, null, [], '', 'colour', 'meta', 'v', 'price:up', 'price:asc:desc', ['price', 'price:desc'], [7], { field: 'price', order: 'up' }, { field: 'price', by: 'asc' }, {}, [['price']]]) await refused({ limit: 1, orderBy });
    for (const outputFields of [['sum(name)'], ['avg(rare)'], ['min(meta)'], ['max(v)'], ['count(v)'], ['sum(*)'], ['sum(colour)'], ['median(price)', 'count(*)'], ['count(*)', 'name'], ['count(*)', 7], '*']) await refused({ groupBy: 'rare', outputFields });
    for (const groupBy of ['price', 'meta', 'v', 'colour', 7, null, ['rare', 'rare'], [['rare']]]) await refused({ groupBy, outputFields: ['count(*)'] });
    for (const orderBy of ['price', 'id', 'sum(price)', []]) await refused({ groupBy: 'rare', outputFields: ['count(*)'], orderBy });
    await refused({ outputFields: ['count(*)', 'name'] });
    await refused({ limit: 1, signal: AbortSignal.abort() }, 'ABORTED');
    await refused({ limit: 1, filter: 'colour ==' }, 'FILTER_SYNTAX');
    await db.close();
    await refused({ limit: 1 }, 'CLOSED');
  });
});
