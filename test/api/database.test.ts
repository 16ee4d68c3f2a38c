import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/api/database.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { codeOfAsync } from '../support/refusals.ts';

const birds = defineSchema({
  fields: { id: { type: 'Int64', primaryKey: true }, name: { type: 'VarChar', maxLength: 64 }, v: { type: 'FloatVector', dim: 4, index: { type: 'FLAT', metric: 'L2' } } },
});
const aborted = AbortSignal.abort(new Error('enough'));

describe.each(engines)('a database on $name', ({ connect }) => {
  let db: Database;
  beforeEach(async () => {
    db = await connect('memory:');
  });
  afterEach(() => db.close());

  it('makes, finds, lists, describes and drops collections', async () => {
    expect(await db.listCollections()).toEqual([]);
    const made = await db.createCollection('birds', birds);
    expect(made.name).toBe('birds');
    expect(made.schema.fields.map((field) => field.name)).toEqual(['id', 'name', 'v']);
    expect(await db.hasCollection('birds')).toBe(true);
    expect(await db.hasCollection('fish')).toBe(false);
    await db.createCollection('fish', birds);
    expect((await db.listCollections()).toSorted()).toEqual(['birds', 'fish']);
    const description = await db.describeCollection('birds');
    expect(description).toMatchObject({ name: 'birds', schema: { fields: [{ name: 'id' }, { name: 'name' }, { name: 'v', dim: 4 }] }, indexes: { v: { type: 'FLAT', metric: 'L2' } } });
    expect(description.createdTimestamp).toBeTypeOf('bigint');
    await db.dropCollection('birds');
    expect(await db.listCollections()).toEqual(['fish']);
  });

  it('answers a collection again, with or without its schema', async () => {
    await (await db.createCollection('birds', birds)).insert([{ id: 1, name: 'kite', v: [1, 2, 3, 4] }]);
    expect(await (await db.collection('birds', birds)).count()).toBe(1);
    expect(await (await db.collection('birds')).get([1])).toEqual([{ id: 1n, name: 'kite' }]);
  });

  it('takes a description’s schema for another collection', async () => {
    await db.createCollection('birds', birds);
    const { schema } = await db.describeCollection('birds');
    const copy = await db.createCollection('copy', schema);
    await copy.insert([{ id: 1, name: 'kite', v: [1, 2, 3, 4] }]);
    expect(await copy.count()).toBe(1);
  });

  it('takes a schema as it is written', async () => {
    const written = { fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 2 } } };
    expect((await db.createCollection('plain', written as never)).schema.fields).toHaveLength(2);
    expect(await codeOfAsync(db.createCollection('bad', { fields: {} } as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.createCollection('bad', undefined as never))).toBe('INVALID_ARGUMENT');
  });

  it('refuses a second collection of a name, unless it may be there', async () => {
    const first = await db.createCollection('birds', birds);
    await first.insert([{ id: 1, name: 'kite', v: [1, 2, 3, 4] }]);
    expect(await codeOfAsync(db.createCollection('birds', birds))).toBe('ALREADY_EXISTS');
    const again = await db.createCollection('birds', birds, { ifNotExists: true });
    expect(await again.count()).toBe(1);
    const other = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 5 } } });
    expect(await codeOfAsync(db.createCollection('birds', other, { ifNotExists: true }))).toBe('SCHEMA_MISMATCH');
    expect(await codeOfAsync(db.collection('birds', other))).toBe('SCHEMA_MISMATCH');
    expect(await first.count()).toBe(1);
  });

  it('says which fields differ', async () => {
    await db.createCollection('birds', birds);
    const other = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 5 } } });
    await expect(db.collection('birds', other)).rejects.toMatchObject({ detail: { differences: ['"name": stored, not given', '"v": dim 4 stored, 5 given'] } });
  });

  it('does not know collections that are not there', async () => {
    expect(await codeOfAsync(db.collection('fish'))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.collection('fish', birds))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.describeCollection('fish'))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.dropCollection('fish'))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.dropCollection('birds', { cascade: true } as object))).toBe('INVALID_ARGUMENT');
  });

  it.each(['', '1st', 'a-b', 'a b', '../etc', 'ä', 'n'.repeat(256), 7, null, undefined])('refuses %j as a name', async (name) => {
    for (const call of [
      db.createCollection(name as string, birds), db.collection(name as string), db.hasCollection(name as string), db.describeCollection(name as string), db.dropCollection(name as string),
    ]) expect(await codeOfAsync(call)).toBe('INVALID_ARGUMENT');
    expect(await db.listCollections()).toEqual([]);
  });

  it('refuses options it does not know and indexes that do not exist', async () => {
    expect(await codeOfAsync(db.createCollection('birds', birds, { ifNotexists: true } as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.createCollection('birds', birds, { ifNotExists: 1 } as never))).toBe('INVALID_ARGUMENT');
    const indexed = (index: object) => defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 4, index: index as { type: 'FLAT' } } } });
    expect(await codeOfAsync(db.createCollection('birds', indexed({ type: 'NO_SUCH_INDEX' })))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.createCollection('birds', indexed({ type: 'HNSW', params: { nlist: 3 } })))).toBe('INVALID_ARGUMENT');
    expect(await db.listCollections()).toEqual([]);
  });

  it('does nothing for a signal that has fired', async () => {
    await expect(db.createCollection('birds', birds, { signal: aborted })).rejects.toMatchObject({ code: 'ABORTED', cause: aborted.reason });
    expect(await db.listCollections()).toEqual([]);
    await db.createCollection('birds', birds);
    expect(await codeOfAsync(db.dropCollection('birds', { signal: aborted }))).toBe('ABORTED');
    expect(await db.listCollections()).toEqual(['birds']);
  });

  it('knows its state', async () => {
    await db.createCollection('birds', birds);
    const stats = await db.stats();
    expect(stats.collections).toBe(1);
    expect(['relaxed', 'simd', 'scalar']).toContain(stats.kernels);
    expect(stats.recovery.replayedRows).toBe(0);
  });

  it('answers CLOSED to everything after its end, which comes once', async () => {
    const collection = await db.createCollection('birds', birds);
    const closing = db.close();
    expect(db.close()).toBe(closing);
    const calls: Promise<unknown>[] = [
      db.createCollection('x', birds), db.collection('birds'), db.hasCollection('birds'), db.listCollections(), db.describeCollection('birds'), db.dropCollection('birds'), db.stats(),
      collection.insert([]), collection.search({ vector: [1, 2, 3, 4] }), collection.get([1]), collection.count(), collection.delete({ ids: [1] }), collection.flush(),
      collection.createIndex('v', { type: 'FLAT' }), collection.indexProgress('v'), collection.describeIndex('v'), collection.listIndexes(), collection.stats(), collection.describe(), collection.drop(),
    ];
    for (const call of calls) expect(await codeOfAsync(call)).toBe('CLOSED');
    await closing;
    expect(await codeOfAsync(db.listCollections())).toBe('CLOSED');
  });

  it('ends with the scope it was opened for', async () => {
    await db[Symbol.asyncDispose]();
    expect(await codeOfAsync(db.listCollections())).toBe('CLOSED');
  });
});
