/** Databases, aliases, names and partitions, as users meet them. */
import { describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { codeOfAsync } from '../support/refusals.ts';

const birds = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, name: { type: 'VarChar', maxLength: 32 }, embedding: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } } } });
const row = (id: number) => ({ id, name: `bird ${id}`, embedding: [id, 0] });
const ids = (hits: readonly { id: unknown }[]) => hits.map((hit) => hit.id);

describe.each(engines)('namespaces over $name', ({ connect }) => {
  it('keeps the collections of databases apart', async () => {
    const db = await connect('memory:');
    await db.createDatabase('zoo');
    expect(await db.listDatabases()).toEqual(['default', 'zoo']);
    const zoo = await db.useDatabase('zoo');
    expect([db.name, zoo.name]).toEqual(['default', 'zoo']);
    const here = await db.createCollection('birds', birds);
    const there = await zoo.createCollection('birds', birds);
    await here.insert([row(1)]);
    await there.insert([row(2), row(3)]);
    expect([await here.count(), await there.count()]).toEqual([1, 2]);
    expect(await (await zoo.collection('birds', birds)).get([2])).toHaveLength(1);
    expect([await db.listCollections(), await zoo.listCollections()]).toEqual([['birds'], ['birds']]);
    expect(await codeOfAsync(db.dropDatabase('zoo'))).toBe('INVALID_ARGUMENT');
    await zoo.dropCollection('birds');
    expect(await zoo.hasCollection('birds')).toBe(false);
    await db.dropDatabase('zoo');
    expect(await codeOfAsync(zoo.createCollection('birds', birds))).toBe('NOT_FOUND');
    expect(await here.count()).toBe(1);
    await db.close();
  });

  it('refuses databases that are there, are not there, or must stay', async () => {
    const db = await connect('memory:');
    expect(await codeOfAsync(db.createDatabase('default'))).toBe('ALREADY_EXISTS');
    expect(await codeOfAsync(db.createDatabase('no spaces'))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.useDatabase('none'))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.dropDatabase('none'))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.dropDatabase('default'))).toBe('INVALID_ARGUMENT');
    for (let i = 1; i < 64; i++) await db.createDatabase(`d${i}`);
    expect(await codeOfAsync(db.createDatabase('d64'))).toBe('INVALID_ARGUMENT');
    await db.close();
  });

  it('has aliases, good wherever a name is', async () => {
    const db = await connect('memory:');
    const first = await db.createCollection('birds_1', birds);
    const second = await db.createCollection('birds_2', birds);
    await first.insert([row(1)]);
    await second.insert([row(2)]);
    await db.createAlias({ alias: 'birds', collection: 'birds_1' });
    expect(ids(await (await db.collection('birds', birds)).search({ vector: [0, 0] }))).toEqual([1]);
    await db.alterAlias({ alias: 'birds', collection: 'birds_2' });
    expect(ids(await (await db.collection('birds', birds)).search({ vector: [0, 0] }))).toEqual([2]);
    await db.createAlias({ alias: 'old', collection: 'birds_1' });
    expect(await db.listAliases()).toEqual([{ alias: 'birds', collection: 'birds_2' }, { alias: 'old', collection: 'birds_1' }]);
    expect(await db.listAliases({ collection: 'birds' })).toEqual([{ alias: 'birds', collection: 'birds_2' }]);
    expect(await codeOfAsync(db.createAlias({ alias: 'birds', collection: 'birds_1' }))).toBe('ALREADY_EXISTS');
    expect(await codeOfAsync(db.createAlias({ alias: 'birds_1', collection: 'birds_2' }))).toBe('ALREADY_EXISTS');
    expect(await codeOfAsync(db.createCollection('old', birds))).toBe('ALREADY_EXISTS');
    expect(await codeOfAsync(db.alterAlias({ alias: 'none', collection: 'birds_1' }))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.createAlias({ alias: 'x', collection: 'none' }))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.createAlias({ alias: 'x' } as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.dropCollection('birds_2'))).toBe('INVALID_ARGUMENT');
    await db.dropAlias('birds');
    await db.dropAlias('birds');
    await db.dropCollection('birds_2');
    expect(await db.hasCollection('birds')).toBe(false);
    await db.close();
  });

  it('renames a collection under the hands of those who use it', async () => {
    const db = await connect('memory:');
    const handle = await db.createCollection('birds', birds);
    await handle.insert([row(1)]);
    await db.createCollection('fish', birds);
    expect(await codeOfAsync(db.renameCollection('birds', 'fish'))).toBe('ALREADY_EXISTS');
    expect(await codeOfAsync(db.renameCollection('none', 'some'))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.renameCollection('birds', '1x'))).toBe('INVALID_ARGUMENT');
    await db.renameCollection('birds', 'aves');
    await handle.insert([row(2)]);
    expect(await handle.count()).toBe(2);
    expect((await handle.describe()).name).toBe('aves');
    expect(await db.listCollections()).toEqual(['aves', 'fish']);
    await db.createDatabase('zoo');
    await db.createAlias({ alias: 'a', collection: 'aves' });
    expect(await codeOfAsync(db.renameCollection('aves', 'aves', { database: 'zoo' }))).toBe('INVALID_ARGUMENT');
    await db.dropAlias('a');
    await db.renameCollection('aves', 'birds', { database: 'zoo' });
    expect(await db.listCollections()).toEqual(['fish']);
    expect(await (await (await db.useDatabase('zoo')).collection('birds')).count()).toBe(2);
    await handle.drop();
    expect(await (await db.useDatabase('zoo')).listCollections()).toEqual([]);
    await db.close();
  });

  it('writes to partitions and reads from them', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds);
    await docs.createPartition('north');
    await docs.createPartition('south');
    await docs.insert([row(1), row(2)], { partition: 'north' });
    await docs.insert([row(3)], { partition: 'south' });
    await docs.insert([row(4)]);
    expect((await docs.listPartitions()).map(({ name, rows }) => [name, rows])).toEqual([['_default', 1], ['north', 2], ['south', 1]]);
    const near = async (partitions?: string[]) => ids(await docs.search({ vector: [4, 0], partitions }));
    for (const stage of ['growing', 'sealed']) {
      expect(await near(), stage).toEqual([4, 3, 2, 1]);
      expect(await near(['north']), stage).toEqual([2, 1]);
      expect(await near(['north', '_default']), stage).toEqual([4, 2, 1]);
      expect(await docs.count(undefined, { partitions: ['south', 'north'] }), stage).toBe(3);
      expect(ids(await docs.get([1, 3, 4], { partitions: ['south'] })), stage).toEqual([3]);
      await docs.flush();
    }
    // The newest wins, wherever the older one is.
    await docs.insert([row(1)], { partition: 'south' });
    expect([await near(['north']), await near(['south'])]).toEqual([[2], [3, 1]]);
    expect((await docs.delete({ ids: [1, 2], partition: 'north' })).count).toBe(1);
    expect((await docs.delete({ ids: [1] })).count).toBe(1);
    expect(await near()).toEqual([4, 3]);
    await docs.dropPartition('south');
    expect(await near()).toEqual([4]);
    expect(await docs.hasPartition('south')).toBe(false);
    await docs.createPartition('south');
    expect(await near(['south'])).toEqual([]);
    await docs.truncate();
    expect([await docs.count(), await near()]).toEqual([0, []]);
    expect((await docs.listPartitions()).map(({ name }) => name)).toEqual(['_default', 'north', 'south']);
    await docs.insert([row(9)], { partition: 'north' });
    expect(await near()).toEqual([9]);
    await db.close();
  });

  it('refuses partitions that are there, are not there, or must stay', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds);
    await docs.createPartition('north');
    expect(await codeOfAsync(docs.createPartition('north'))).toBe('ALREADY_EXISTS');
    expect(await codeOfAsync(docs.createPartition('not north'))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.dropPartition('_default'))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.dropPartition('south'))).toBe('NOT_FOUND');
    expect(await codeOfAsync(docs.insert([row(1)], { partition: 'south' }))).toBe('NOT_FOUND');
    expect(await codeOfAsync(docs.search({ vector: [0, 0], partitions: ['south'] }))).toBe('NOT_FOUND');
    expect(await codeOfAsync(docs.search({ vector: [0, 0], partitions: [] }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.get([1], { partitions: 'north' as never }))).toBe('INVALID_ARGUMENT');
    expect(await docs.count()).toBe(0);
    await db.close();
  });

  it('divides rows by a partition key', async () => {
    const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true, as: 'number' }, tenant: { type: 'VarChar', maxLength: 16, partitionKey: true }, embedding: { type: 'FloatVector', dim: 2 } } });
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', schema, { numPartitions: 4, partitionKeyIsolation: true });
    expect(await docs.describe()).toMatchObject({ numPartitions: 4, properties: { partitionKeyIsolation: true } });
    const { ids: made } = await docs.insert(Array.from({ length: 40 }, (_, i) => ({ tenant: `t${i % 10}`, embedding: [i, 1] })));
    expect(made).toHaveLength(40);
    for (let stage = 0; stage < 2; stage++) {
      const rows = (await docs.listPartitions()).map((partition) => partition.rows);
      expect(rows.reduce((a, b) => a + b)).toBe(40);
      expect(rows.filter((n) => n > 0).length).toBeGreaterThan(1);
      expect(await docs.count()).toBe(40);
      const found = await docs.get(made, { outputFields: ['tenant'] });
      expect(found.map((entity) => entity.tenant)).toEqual(made.map((_, i) => `t${i % 10}`));
      await docs.flush();
    }
    expect((await docs.delete({ ids: made.slice(0, 5) })).count).toBe(5);
    expect(await docs.count()).toBe(35);
    expect(await codeOfAsync(docs.createPartition('x'))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.dropPartition('_default_1'))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.insert([{ tenant: 'a', embedding: [0, 1] }], { partition: '_default_1' }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.search({ vector: [0, 1], partitions: ['_default_1'] }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.createCollection('plain', birds, { numPartitions: 4 }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(db.createCollection('plain', birds, { partitionKeyIsolation: true }))).toBe('INVALID_ARGUMENT');
    await db.close();
  });
});
