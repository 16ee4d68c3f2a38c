/** Types of calls and their answers. Compiled, never run: what should not compile is marked as an error. */
import type { Database } from '../../src/api/database.ts';
import type { Collection } from '../../src/api/collection.ts';
import { defineSchema } from '../../src/schema/define.ts';
import type { IndexSpec, ScalarIndexSpec } from '../../src/schema/types.ts';
import type { JsonValue } from '../../src/schema/infer.ts';
import type { ElanusError } from '../../src/util/error.ts';
import { type Equal, expectType } from './expect.ts';

const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, autoId: true },
    title: { type: 'VarChar', maxLength: 512 },
    price: { type: 'Float' },
    meta: { type: 'JSON' },
    embedding: { type: 'FloatVector', dim: 4 },
  },
});

export async function calls(db: Database): Promise<void> {
  const docs = await db.createCollection('docs', schema);
  expectType<Collection<typeof schema>>(docs);
  expectType<Collection<typeof schema>>(await db.collection('docs', schema));
  const q = new Float32Array(4);

  // Writes
  const { ids } = await docs.insert([{ title: 'kite', price: 3, meta: { a: 1 }, embedding: [1, 2, 3, 4] }]);
  expectType<Equal<typeof ids, bigint[]>>(true);
  await docs.insert([{ title: 'kite', price: 3, meta: [1], embedding: q }, { title: 'owl', price: 4, meta: 'x', embedding: new Float64Array(4) }]);
  await docs.insert({ title: ['kite'], price: Float32Array.of(1), meta: [{}], embedding: q });
  await docs.insert({ title: ['kite'], price: [1], meta: [{}], embedding: [[1, 2, 3, 4]] });
  // What an <input> has is a FileList.
  const files = { length: 1, 0: new File([], 'x.csv'), item: (index: number): File | null => (index === 0 ? files[0] : null) };
  await docs.import(files, { fields: { title: 'Name' } });
  // @ts-expect-error numbers are no files
  await docs.import([1, 2]);
  interface Meta {
    colour: string;
  }
  const meta: Meta = { colour: 'red' };
  await docs.insert([{ title: 'kite', price: 1, meta, embedding: q }]);
  // @ts-expect-error a missing field
  await docs.insert([{ title: 'kite', meta: {}, embedding: q }]);
  // @ts-expect-error an unknown field
  await docs.insert([{ title: 'kite', price: 1, meta: {}, embedding: q, colour: 'red' }]);
  // @ts-expect-error a value of another type
  await docs.insert([{ title: 7, price: 1, meta: {}, embedding: q }]);
  // @ts-expect-error an auto id
  await docs.insert([{ id: 1, title: 'kite', price: 1, meta: {}, embedding: q }]);
  // @ts-expect-error null is no JSON value of a field
  await docs.insert([{ title: 'kite', price: 1, meta: null, embedding: q }]);
  // @ts-expect-error a column of another type
  await docs.insert({ title: [7], price: [1], meta: [{}], embedding: q });
  const row = { title: 'kite', price: 3, meta: {}, embedding: q };
  const upserted = await docs.upsert([{ id: 1, ...row }]);
  expectType<Equal<typeof upserted.ids, bigint[]>>(true);
  await docs.upsert({ id: [1n], title: ['kite'], price: [1], meta: [{}], embedding: q });
  await docs.upsert([{ id: 1, price: 4 }], { partial: true });
  await docs.upsert({ id: [1, 2], embedding: new Float32Array(8) }, { partial: true });
  // @ts-expect-error no key
  await docs.upsert([row]);
  // @ts-expect-error a missing field
  await docs.upsert([{ id: 1, price: 4 }]);
  // @ts-expect-error no key
  await docs.upsert([{ price: 4 }], { partial: true });
  // @ts-expect-error null in a field that is not nullable
  await docs.upsert([{ id: 1, price: null }], { partial: true });

  const more = await docs.addField('stars', { type: 'Int8', nullable: true });
  await more.insert([row, { ...row, stars: 3 }, { ...row, stars: null }]);
  const [starred] = await more.get([1], { outputFields: ['title', 'stars'] });
  expectType<Equal<typeof starred, { id: bigint; title: string; stars: number | null }>>(true);
  const [other] = await (await more.addField('seen', { type: 'Int64', defaultValue: 0 })).get([1]);
  expectType<Equal<(typeof other)['seen'], bigint>>(true);
  // @ts-expect-error not of the older handle
  await docs.insert([{ ...row, stars: 3 }]);
  await docs.delete({ ids: [1, 2n] });
  await docs.delete({ ids: BigInt64Array.of(1n) });
  // @ts-expect-error a key of another type
  await docs.delete({ ids: ['1'] });
  // @ts-expect-error no ids
  await docs.delete({});

  // Search
  const bare = await docs.search({ vector: q });
  expectType<Equal<(typeof bare)[0]['id'], bigint>>(true);
  expectType<Equal<(typeof bare)[0]['entity'], {}>>(true);
  const hits = await docs.search({ vector: q, limit: 10, params: { ef: 64 }, outputFields: ['title', 'meta'] });
  expectType<Equal<(typeof hits)[0]['entity'], { title: string; meta: JsonValue }>>(true);
  // @ts-expect-error a field that was not asked for
  void hits[0].entity.price;
  const all = await docs.search({ vector: [1, 2, 3, 4], outputFields: '*' });
  expectType<Equal<(typeof all)[0]['entity']['embedding'], Float32Array>>(true);
  const lists = await docs.search({ vectors: [q, [1, 2, 3, 4]], outputFields: ['title'] });
  expectType<Equal<(typeof lists)[0][0]['entity'], { title: string }>>(true);
  const flat = await docs.search({ vectors: q });
  expectType<Equal<(typeof flat)[0][0]['id'], bigint>>(true);
  const names: ('title' | 'price')[] = ['title'];
  const some = await docs.search({ vector: q, outputFields: names });
  expectType<Equal<(typeof some)[0]['entity'], { title?: string; price?: number }>>(true);
  const grouped = await docs.search({ vector: q, groupBy: { field: 'title', size: 3, strict: true }, outputFields: ['price'] });
  expectType<Equal<(typeof grouped)[0]['entity'], { price: number }>>(true);
  expectType<Equal<(typeof grouped)[0]['group'], boolean | number | bigint | string | null | undefined>>(true);
  // @ts-expect-error a field that is not grouped by
  await docs.search({ vector: q, groupBy: { field: 'price' } });
  const like = await docs.search({ ids: [1, 2n], outputFields: ['title'] });
  expectType<Equal<(typeof like)[0][0]['entity'], { title: string }>>(true);
  await docs.search({ ids: BigInt64Array.of(1n), groupBy: { field: 'id' } });
  // @ts-expect-error keys of another type
  await docs.search({ ids: ['1'] });
  // @ts-expect-error keys and a vector
  await docs.search({ ids: [1], vector: q });
  for await (const page of docs.searchIterator({ vector: q, batchSize: 100, limit: 500, filter: 'price < 3', outputFields: ['title'] })) {
    expectType<Equal<(typeof page)[0]['entity'], { title: string }>>(true);
  }
  // @ts-expect-error no batch
  docs.searchIterator({ vectors: q });
  // @ts-expect-error no offset
  docs.searchIterator({ vector: q, offset: 1 });
  // @ts-expect-error no groups
  docs.searchIterator({ vector: q, groupBy: { field: 'title' } });
  // @ts-expect-error neither vector nor vectors
  await docs.search({ limit: 3 });
  // @ts-expect-error both
  await docs.search({ vector: q, vectors: [q] });
  // @ts-expect-error an unknown option
  await docs.search({ vector: q, topk: 3 });
  // @ts-expect-error an unknown output field
  await docs.search({ vector: q, outputFields: ['colour'] });
  // @ts-expect-error a field that holds no vectors
  await docs.search({ vector: q, field: 'title' });

  // Reads
  const found = await docs.get([1, 2n]);
  expectType<Equal<(typeof found)[0], { id: bigint; title: string; price: number; meta: JsonValue }>>(true);
  const titles = await docs.get([1], { outputFields: ['title'] });
  expectType<Equal<(typeof titles)[0], { title: string; id: bigint }>>(true);
  const whole = await docs.get([1], { outputFields: '*' });
  expectType<Equal<(typeof whole)[0]['embedding'], Float32Array>>(true);
  for await (const page of docs.queryIterator({ filter: 'price > 0', outputFields: ['price'], batchSize: 10 })) expectType<Equal<typeof page, { price: number; id: bigint }[]>>(true);
  // @ts-expect-error an unknown output field
  docs.queryIterator({ outputFields: ['colour'] });
  const rows = await docs.query({ filter: 'price < {most}', filterParams: { most: 3 }, limit: 3, offset: 1, orderBy: ['price:desc', { field: 'title' }, 'id'] });
  expectType<Equal<(typeof rows)[0], { id: bigint; title: string; price: number; meta: JsonValue }>>(true);
  const prices = await docs.query({ limit: 3, outputFields: ['price'], orderBy: 'price' });
  expectType<Equal<(typeof prices)[0], { price: number; id: bigint }>>(true);
  const [counted] = await docs.query({ outputFields: ['count(*)', 'sum(price)', 'max(title)', 'min(id)'] });
  expectType<Equal<typeof counted, { 'count(*)': number; 'sum(price)': number | null; 'max(title)': string | null; 'min(id)': bigint | null }>>(true);
  const [shelf] = await docs.query({ groupBy: ['title'], outputFields: ['sum(id)', 'avg(price)', 'title'], orderBy: ['sum(id):desc', 'title'], limit: 3 });
  expectType<Equal<typeof shelf, { title: string; 'sum(id)': bigint; 'avg(price)': number }>>(true);
  const [titled] = await docs.query({ groupBy: 'title' });
  expectType<Equal<typeof titled, { title: string }>>(true);
  // @ts-expect-error a field of which there is no sum
  await docs.query({ outputFields: ['sum(title)'] });
  // @ts-expect-error a field that rows are not grouped by
  await docs.query({ groupBy: 'price', outputFields: ['count(*)'] });
  // @ts-expect-error a field that has no order
  await docs.query({ limit: 3, orderBy: 'meta' });
  // @ts-expect-error no direction
  await docs.query({ limit: 3, orderBy: 'price:up' });
  // @ts-expect-error an unknown output field
  await docs.query({ limit: 3, outputFields: ['colour'] });
  // @ts-expect-error an unknown option
  await docs.query({ limit: 3, sort: 'price' });
  expectType<number>(await docs.count());
  expectType<number>(await docs.count('price < {most}', { filterParams: { most: 3 } }));
  await docs.delete({ filter: 'price < 3' });
  // @ts-expect-error keys or a filter
  await docs.delete({ filter: 'price < 3', ids: [1] });

  // Indexes
  await docs.createIndex('embedding', { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, sq_type: 'SQ8', refine: true } }, { wait: false, onProgress: ({ done, total }) => done / total });
  // @ts-expect-error a field that holds no vectors
  await docs.createIndex('title', { type: 'HNSW' });
  expectType<'none' | 'building' | 'finished' | 'failed'>((await docs.indexProgress('embedding')).state);
  const { spec, servedBy, why, serving, indexedRows } = await docs.describeIndex('embedding');
  expectType<Equal<[typeof spec, typeof servedBy, typeof why, typeof indexedRows], [IndexSpec, IndexSpec, string | undefined, number]>>(true);
  expectType<number>(serving[0].rows);
  expectType<Equal<Awaited<ReturnType<typeof docs.dropIndex>>, void>>(true);
  await docs.dropIndex('title');
  expectType<ScalarIndexSpec>(await docs.createIndex('title', { type: 'NGRAM', params: { min_gram: 2, max_gram: 3 } }, { name: 'parts' }));
  expectType<readonly { readonly type: string; readonly rows: number }[]>((await docs.describeIndex('title')).serving);
  // @ts-expect-error no such field
  await docs.createIndex('titel', { type: 'INVERTED' });
  // @ts-expect-error no such parameter
  await docs.createIndex('title', { type: 'NGRAM', params: { gram: 3 } });
  const tuned = await docs.tune({ queries: [q, [1, 2, 3, 4]], targetRecall: 0.9 });
  await docs.search({ vector: q, params: tuned.params });
  await docs.search({ vector: q, params: { ...tuned.params, radius: 0.2, range_filter: 0.9 } });
  expectType<Equal<typeof tuned.latencyMs, { readonly p50: number; readonly p95: number }>>(true);
  await docs.tune('embedding', { queries: q });
  // @ts-expect-error no queries
  await docs.tune({ targetRecall: 0.9 });
  // @ts-expect-error a field that holds no vectors
  await docs.tune('title', { queries: q });

  // Without a schema
  const untyped = await db.collection('docs');
  await untyped.insert([{ anything: 1 }]);
  const [hit] = await untyped.search({ vector: q, outputFields: ['anything'] });
  expectType<Equal<(typeof hit)['entity'], Record<string, unknown>>>(true);
  expectType<Equal<(typeof hit)['id'], bigint | number | string>>(true);
  expectType<Collection>(docs);

  // Events and the end
  const stop: () => void = db.on('error', (error) => expectType<Equal<typeof error, ElanusError>>(true));
  db.on('indexed', ({ collection, field }) => collection + field);
  // @ts-expect-error no such event
  db.on('close', stop);
  await using _scope = db;
}

const embedded = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    text: { type: 'VarChar', maxLength: 9 },
    embedding: { type: 'FloatVector', dim: 4, embedder: { id: 'm', input: 'text' } },
  },
});

export async function words(db: Database, plain: Collection<typeof schema>, untyped: Collection): Promise<void> {
  const docs = await db.collection('docs', embedded);
  await docs.insert([{ id: 1, text: 'a' }]);
  await docs.upsert([{ id: 1, text: 'a' }]);
  await docs.upsert([{ id: 1, text: 'a' }], { partial: true });
  const hits = await docs.search({ text: 'a', outputFields: ['text'] });
  expectType<Equal<(typeof hits)[0]['entity'], { text: string }>>(true);
  const lists = await docs.search({ texts: ['a', 'b'] });
  expectType<number>(lists[0]![0]!.id);
  for await (const page of docs.searchIterator({ text: 'a', batchSize: 3 })) expectType<number>(page[0]!.id);
  await docs.explain({ text: 'a' });
  await untyped.search({ text: 'a' });
  // @ts-expect-error a query is of one kind
  await docs.search({ text: 'a', vector: [1, 2, 3, 4] });
  // @ts-expect-error no field has an embedder
  await plain.search({ text: 'a' });
}
