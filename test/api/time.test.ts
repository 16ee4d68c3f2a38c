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
});
