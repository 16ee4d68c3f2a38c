/** Reads of the past, purges and what lives for a while, as users meet them. */
import { describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { codeOfAsync } from '../support/refusals.ts';

const birds = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, name: { type: 'VarChar', maxLength: 32 }, embedding: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } } } });
const row = (id: number, name = `bird ${id}`) => ({ id, name, embedding: [id, 0] });

describe.each(engines)('time over $name', ({ connect }) => {
  it('reads as it was: by now(), by the timestamp of a write, by Date and by milliseconds', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds);
    const { timestamp } = await docs.insert([row(1), row(2)]);
    const then = await db.now();
    await new Promise((resolve) => setTimeout(resolve, 3));
    const date = new Date();
    await new Promise((resolve) => setTimeout(resolve, 3));
    await docs.insert([row(1, 'raven'), row(3)]);
    await docs.delete({ ids: [2] });
    for (const move of [async () => {}, () => docs.flush()]) {
      await move();
      for (const at of [then, timestamp, date, date.getTime()]) {
        expect(await docs.count(undefined, { at })).toBe(2);
        expect(await docs.get([1, 2, 3], { at, outputFields: ['name'] })).toEqual([{ id: 1, name: 'bird 1' }, { id: 2, name: 'bird 2' }]);
        expect((await docs.search({ vector: [3, 0], at, outputFields: ['name'] })).map(({ id, entity }) => [id, entity.name])).toEqual([[2, 'bird 2'], [1, 'bird 1']]);
        expect((await docs.search({ vectors: [[3, 0], [1, 0]], at, limit: 1 })).map((hits) => hits[0]!.id)).toEqual([2, 1]);
      }
      for (const at of [undefined, await db.now(), new Date()]) {
        expect((await docs.search({ vector: [0, 0], at, outputFields: ['name'] })).map(({ id, entity }) => [id, entity.name])).toEqual([[1, 'raven'], [3, 'bird 3']]);
      }
    }
    await db.close();
  });

  it('refuses a time that is none, before what is kept, and to come', async () => {
    const db = await connect('memory:', { retentionSeconds: 0 });
    const docs = await db.createCollection('birds', birds);
    await docs.insert([row(1)]);
    const then = await db.now();
    await docs.insert([row(1)]);
    await docs.flush();
    for (const at of ['yesterday', 1.5, NaN, new Date(NaN), null, {}, then, 0, new Date(0), -1n, Date.now() + 60_000]) {
      expect(await codeOfAsync(docs.count(undefined, { at: at as never })), String(at)).toBe('INVALID_ARGUMENT');
      expect(await codeOfAsync(docs.get([1], { at: at as never }))).toBe('INVALID_ARGUMENT');
      expect(await codeOfAsync(docs.search({ vector: [0, 0], at: at as never }))).toBe('INVALID_ARGUMENT');
    }
    expect(await docs.stats()).toMatchObject({ rows: 1, historyRows: 0, horizon: expect.any(BigInt) });
    await db.close();
  });

  it('purges keys from all times', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds);
    await docs.insert([row(1), row(2)]);
    const then = await db.now();
    await docs.flush();
    await docs.insert([row(1, 'raven')]);
    expect(await docs.delete({ ids: [1], purge: true })).toMatchObject({ count: 1 });
    expect(await docs.get([1, 2], { at: then, outputFields: [] })).toEqual([{ id: 2 }]);
    expect(await docs.count()).toBe(1);
    expect(await codeOfAsync(docs.delete({ ids: [1], purge: 'yes' as never }))).toBe('INVALID_ARGUMENT');
    await db.close();
  });

  it('lets rows expire, from the beginning or from when it is told', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds, { ttlSeconds: 1 });
    expect((await docs.describe()).properties).toEqual({ ttlSeconds: 1 });
    const { timestamp } = await docs.insert([row(1)]);
    await new Promise((resolve) => setTimeout(resolve, 1_020));
    expect([await docs.count(), await docs.count(undefined, { at: timestamp })]).toEqual([0, 1]);
    expect(await docs.search({ vector: [1, 0] })).toEqual([]);
    expect(await docs.get([1])).toEqual([]);
    expect((await docs.alter({ ttlSeconds: null })).properties).toEqual({});
    await docs.insert([row(2)]);
    expect((await docs.alter({ ttlSeconds: 3_600 })).properties).toEqual({ ttlSeconds: 3_600 });
    expect((await db.describeCollection('birds')).properties).toEqual({ ttlSeconds: 3_600 });
    expect(await docs.count()).toBe(1);
    for (const options of [{}, undefined, { ttlSeconds: 0 }, { ttlSeconds: 1.5 }, { ttlSeconds: '1' }, { ttl: 1 }]) expect(await codeOfAsync(docs.alter(options as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.createCollection('b', birds, { ttlSeconds: 0 }))).toBe('INVALID_ARGUMENT');
    await db.close();
  });

  it('keeps a collection as it was under a name', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds);
    await docs.insert([row(1), row(2)]);
    const info = await db.createSnapshot({ collection: 'birds', name: 'spring', description: 'before they leave' });
    expect(info).toMatchObject({ name: 'spring', collection: 'birds', description: 'before they leave', rows: 2 });
    expect(await db.describeSnapshot('spring')).toEqual(info);
    await docs.delete({ ids: [1], purge: true });
    await docs.insert([row(3)]);
    await docs.drop();
    expect(await db.listSnapshots()).toEqual([info]);
    expect(await db.listSnapshots({ collection: 'birds' })).toEqual([info]);
    const spring = await db.openSnapshot('spring', birds);
    expect((await spring.search({ vector: [0, 0], outputFields: ['name'] })).map(({ id, entity }) => [id, entity.name])).toEqual([[1, 'bird 1'], [2, 'bird 2']]);
    expect(await spring.get([2, 3], { outputFields: [] })).toEqual([{ id: 2 }]);
    expect(await spring.count()).toBe(2);
    expect(await spring.stats()).toMatchObject({ rows: 2 });
    expect(await codeOfAsync(spring.insert([row(4)]))).toBe('READ_ONLY');
    expect(await codeOfAsync(spring.drop())).toBe('READ_ONLY');
    const again = await db.restoreSnapshot<typeof birds>({ name: 'spring', collection: 'birds' });
    await again.insert([row(5)]);
    expect([await again.count(), await spring.count()]).toEqual([3, 2]);
    await db.dropSnapshot('spring');
    expect(await codeOfAsync(spring.count())).toBe('NOT_FOUND');
    expect(await db.listSnapshots()).toEqual([]);
    expect((await again.search({ vector: [1, 0], limit: 1 }))[0]!.id).toBe(1);
    await db.close();
  });

  it('refuses what is no snapshot, and names that are taken', async () => {
    const db = await connect('memory:');
    await db.createCollection('birds', birds);
    await db.createSnapshot({ collection: 'birds', name: 's' });
    expect(await codeOfAsync(db.createSnapshot({ collection: 'birds', name: 's' }))).toBe('ALREADY_EXISTS');
    expect(await codeOfAsync(db.createSnapshot({ collection: 'none', name: 't' }))).toBe('NOT_FOUND');
    for (const options of [undefined, {}, { collection: 'birds' }, { collection: 'birds', name: 'no spaces' }, { collection: 'birds', name: 't', description: 1 }, { collection: 'birds', name: 't', description: 'x'.repeat(1_025) }, { collection: 'birds', name: 't', force: true }]) {
      expect(await codeOfAsync(db.createSnapshot(options as never))).toBe('INVALID_ARGUMENT');
    }
    expect(await codeOfAsync(db.restoreSnapshot({ name: 's', collection: 'birds' }))).toBe('ALREADY_EXISTS');
    expect(await codeOfAsync(db.restoreSnapshot({ name: 's' } as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.openSnapshot('none'))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.openSnapshot('s', defineSchema({ fields: { id: { type: 'VarChar', maxLength: 8, primaryKey: true }, v: { type: 'FloatVector', dim: 2 } } })))).toBe('SCHEMA_MISMATCH');
    expect(await codeOfAsync(db.describeSnapshot(1 as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.dropSnapshot('none'))).toBe('NOT_FOUND');
    await db.createDatabase('zoo');
    const zoo = await db.useDatabase('zoo');
    await zoo.createCollection('birds', birds);
    await zoo.createSnapshot({ collection: 'birds', name: 's' });
    await zoo.dropCollection('birds');
    expect(await codeOfAsync(db.dropDatabase('zoo'))).toBe('INVALID_ARGUMENT');
    await zoo.dropSnapshot('s');
    await db.dropDatabase('zoo');
    await db.close();
  });
});
