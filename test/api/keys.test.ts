/** Arrays, and keys that no field has, through every call that reads and writes rows. */
import { describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { codeOfAsync } from '../support/refusals.ts';

const fields = {
  id: { type: 'Int64', primaryKey: true, as: 'number' },
  kind: { type: 'VarChar', maxLength: 9, nullable: true },
  tags: { type: 'Array', elementType: 'VarChar', maxCapacity: 3, maxLength: 9, nullable: true },
  marks: { type: 'Array', elementType: 'Int16', maxCapacity: 4 },
  v: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } },
} as const;
const closed = defineSchema({ fields });
const open = defineSchema({ fields, dynamicField: true });

const rows = [
  { id: 1, kind: 'a', tags: ['x', 'y'], marks: [1, -2], v: [1, 0], color: 'red', size: { width: 3 } },
  { id: 2, kind: 'b', tags: [], marks: [], v: [2, 0], color: null },
  { id: 3, kind: 'a', marks: Int16Array.of(3), v: [3, 0] },
];
const plain = [
  { id: 1, kind: 'a', tags: ['x', 'y'], marks: [1, -2], color: 'red', size: { width: 3 } },
  { id: 2, kind: 'b', tags: [], marks: [], color: null },
  { id: 3, kind: 'a', tags: null, marks: [3] },
];

describe.each(engines)('arrays and keys that no field has, over $name', ({ connect }) => {
  it.each([false, true])('are read by every call (flushed: %s)', async (isFlushed) => {
    const db = await connect('memory:');
    const things = await db.createCollection('things', open);
    await things.insert(rows);
    if (isFlushed) await things.flush();
    const withVectors = plain.map((row, i) => ({ ...row, v: Float32Array.from(rows[i]!.v) }));
    expect(await things.get([1, 2, 3])).toEqual(plain);
    expect(await things.get([1, 2, 3], { outputFields: '*' })).toEqual(withVectors);
    expect(await things.get([1, 2, 3], { outputFields: ['color', 'none'] })).toEqual([{ id: 1, color: 'red' }, { id: 2, color: null }, { id: 3 }]);
    expect(await things.get([3, 1], { outputFields: ['$meta', 'marks'] })).toEqual([{ id: 3, marks: [3] }, { id: 1, marks: [1, -2], color: 'red', size: { width: 3 } }]);
    expect(await things.query({ filter: 'id > 0' })).toEqual(plain);
    expect(await things.query({ filter: 'color == "red"', outputFields: ['size'] })).toEqual([{ id: 1, size: { width: 3 } }]);
    expect(await things.query({ filter: 'array_length(marks) == 1 or array_contains(tags, "y")', outputFields: ['tags'] })).toEqual([{ id: 1, tags: ['x', 'y'] }, { id: 3, tags: null }]);
    const pages: unknown[] = [];
    for await (const page of things.queryIterator({ batchSize: 2 })) pages.push(...page);
    expect(pages).toEqual(plain);

    const near = { vector: [1, 0], limit: 3 };
    expect((await things.search(near)).map(({ entity }) => entity)).toEqual([{}, {}, {}]);
    expect((await things.search({ ...near, outputFields: '*' })).map(({ entity }) => entity)).toEqual(withVectors);
    expect((await things.search({ ...near, outputFields: ['color', 'marks'] })).map(({ entity }) => entity)).toEqual([{ color: 'red', marks: [1, -2] }, { color: null, marks: [] }, { marks: [3] }]);
    expect((await things.search({ vectors: [[1, 0], [3, 0]], limit: 1, outputFields: ['color'] })).map((hits) => hits.map(({ id, entity }) => [id, entity]))).toEqual([[[1, { color: 'red' }]], [[3, {}]]]);
    expect((await things.search({ ...near, groupBy: { field: 'kind' }, outputFields: ['color'] })).map(({ id, entity }) => [id, entity])).toEqual([[1, { color: 'red' }], [2, { color: null }]]);
    const found: unknown[] = [];
    for await (const hits of things.searchIterator({ vector: [1, 0], batchSize: 2, outputFields: ['$meta'] })) found.push(...hits.map(({ entity }) => entity));
    expect(found).toEqual([{ color: 'red', size: { width: 3 } }, { color: null }, {}]);
    await db.close();
  });

  it('are merged key by key where rows are written in part', async () => {
    const db = await connect('memory:');
    const things = await db.createCollection('things', open);
    await things.insert(rows);
    await things.flush();
    await things.upsert([{ id: 1, color: 'blue', extra: [1] }, { id: 3 }], { partial: true });
    expect(await things.get([1, 3])).toEqual([{ ...plain[0], color: 'blue', extra: [1] }, plain[2]]);
    await things.upsert({ id: [1, 2], marks: [[7], [8]], size: [undefined, { height: 1 }] }, { partial: true });
    expect(await things.get([1, 2])).toEqual([{ ...plain[0], color: 'blue', extra: [1], marks: [7] }, { ...plain[1], marks: [8], size: { height: 1 } }]);
    // A row that is replaced loses what it had.
    await things.upsert([{ id: 1, marks: [], v: [1, 0] }]);
    expect(await things.get([1])).toEqual([{ id: 1, kind: null, tags: null, marks: [] }]);
    expect(await codeOfAsync(things.upsert([{ id: 2, a: 'x'.repeat(65_500) }, { id: 9, b: 1 }], { partial: true }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(things.upsert([{ id: 2, a: 'x'.repeat(65_500) }], { partial: true }))).toBe('INVALID_ARGUMENT');
    expect(await things.get([2, 9])).toEqual([{ ...plain[1], marks: [8], size: { height: 1 } }]);
    await db.close();
  });

  it('are hidden behind a field of the same name', async () => {
    const db = await connect('memory:');
    const things = await db.createCollection('things', open);
    await things.insert(rows);
    const more = await things.addField('color', { type: 'VarChar', maxLength: 9, nullable: true });
    expect(await more.get([1], { outputFields: ['color', 'size'] })).toEqual([{ id: 1, color: null, size: { width: 3 } }]);
    expect(await more.query({ filter: '$meta["color"] == "red"', outputFields: ['id'] })).toEqual([{ id: 1 }]);
    expect(await more.query({ filter: 'color is null', outputFields: ['id'] })).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    await more.upsert([{ id: 1, color: 'green' }], { partial: true });
    expect(await more.get([1], { outputFields: '*' })).toEqual([{ ...plain[0], v: Float32Array.of(1, 0), color: 'green' }]);
    // The old handle knows no such field.
    expect(await things.get([1], { outputFields: ['color'] })).toEqual([{ id: 1, color: 'red' }]);
    await db.close();
  });

  it('are told of, compared, and allowed later', async () => {
    const db = await connect('memory:');
    const things = await db.createCollection('things', closed);
    expect(await codeOfAsync(things.insert(rows as never))).toBe('INVALID_ARGUMENT');
    await things.insert([{ id: 7, marks: [], v: [7, 0] }]);
    expect((await things.describe()).schema.dynamicField).toBe(undefined);
    for (const bad of [{}, { dynamicField: false }, { dynamicField: 'yes' }]) expect(await codeOfAsync(things.alter(bad as never))).toBe('INVALID_ARGUMENT');
    expect((await things.alter({ dynamicField: true })).schema.dynamicField).toBe(true);
    // Once more changes nothing.
    expect((await things.alter({ dynamicField: true, ttlSeconds: 1_000 })).schema.version).toBe(2);
    await things.insert([{ id: 8, marks: [], v: [8, 0] }]);
    expect(await codeOfAsync(db.collection('things', closed))).toBe('SCHEMA_MISMATCH');
    const opened = await db.collection('things', open);
    await opened.insert(rows);
    expect(await opened.get([7, 8, 1])).toEqual([{ id: 7, kind: null, tags: null, marks: [] }, { id: 8, kind: null, tags: null, marks: [] }, plain[0]]);
    const { schema } = await opened.describe();
    expect(schema.fields.map(({ name }) => name)).toEqual(Object.keys(fields));
    expect([schema.dynamicField, opened.schema]).toEqual([true, schema]);
    // What is described makes a collection of the same kind.
    const copy = await db.createCollection('copy', schema);
    await copy.insert(rows as never);
    expect(await copy.get([1])).toEqual([plain[0]]);
    expect(await codeOfAsync(opened.insert([{ id: 9, marks: [], v: [1, 1], $meta: {} }]))).toBe('INVALID_ARGUMENT');
    await db.close();
  });

  it('are copied when a call is made', async () => {
    const db = await connect('memory:');
    const things = await db.createCollection('things', open);
    const marks = [1, 2];
    const size = { width: 1 };
    const written = things.insert([{ id: 1, marks, v: [1, 0], size }]);
    marks.length = 0;
    size.width = 9;
    await written;
    expect(await things.get([1], { outputFields: ['marks', 'size'] })).toEqual([{ id: 1, marks: [1, 2], size: { width: 1 } }]);
    await db.close();
  });
});
