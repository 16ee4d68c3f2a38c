/** What of time one tab does and the others see: purges, times to live, snapshots, whichever of them leads. */
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { fieldId, insertRows, openTestEngine, testSchema, type TestEngine } from './harness.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';

const schema = testSchema('Int64');
const rows = (from: number, to: number, label: string) => Array.from({ length: to - from }, (_, i) => ({ key: BigInt(from + i), label, vector: new Float32Array(8).fill(from + i) }));
const keys = (...of: number[]): BigInt64Array => BigInt64Array.from(of, BigInt);

const opened: TestEngine[] = [];
afterEach(async () => {
  for (const { client } of opened.splice(0)) await client.close().catch(() => {});
});

/** The one that leads, and another. */
async function twoTabs() {
  const medium = new SharedMemoryMedium();
  const open = async (): Promise<EngineClient> => {
    const engine = await openTestEngine(openTab(medium).store, {}, {}, { silenceMs: 100, now: () => medium.now });
    opened.push(engine);
    return engine.client;
  };
  const [leader, other] = [await open(), await open()];
  const { collectionId } = await leader.createCollection({ name: 'c', schema, ifNotExists: false });
  await other.describeCollection({ name: 'c' });
  const count = (client: EngineClient, at?: bigint) => client.count({ collectionId, at, consistency: 'Strong' });
  return { leader, other, collectionId, count, medium };
}

describe('time in several tabs', () => {
  it('now() of any tab is a time for all of them', async () => {
    const { leader, other, collectionId, count } = await twoTabs();
    for (const [writer, reader] of [[leader, other], [other, leader]] as const) {
      await insertRows(writer, collectionId, schema, rows(0, 5, 'a'));
      const then = await reader.now();
      await writer.delete({ collectionId, keys: keys(0, 1) });
      for (const client of [leader, other]) expect([await count(client), await count(client, then)]).toEqual([3, 5]);
    }
  });

  it('a purge that any of them asks for is done by the one that leads', async () => {
    const { leader, other, collectionId, count, medium } = await twoTabs();
    const label = 'a-secret-that-must-not-stay';
    await insertRows(other, collectionId, schema, rows(0, 3, label));
    await leader.flush({ collectionId });
    await insertRows(leader, collectionId, schema, rows(0, 2, `new ${label}`));
    const then = await other.now();
    expect(await other.purge({ collectionId, keys: keys(0, 1, 2) })).toMatchObject({ count: 3 });
    for (const client of [leader, other]) expect([await count(client), await count(client, then)]).toEqual([0, 0]);
    await other.close();
    await leader.close();
    const store = openTab(medium).store;
    for (const file of await store.list()) expect(Buffer.from(await store.read(file)).includes(label)).toBe(false);
    await store.close();
  });

  it('a time to live that one of them sets is that of all', async () => {
    const { leader, other, collectionId, count, medium } = await twoTabs();
    await insertRows(leader, collectionId, schema, rows(0, 5, 'a'));
    await other.alterCollection({ collectionId, ttlSeconds: 100 });
    expect((await leader.describeCollection({ collectionId })).properties).toEqual({ ttlSeconds: 100 });
    expect((await other.describeCollection({ collectionId })).properties).toEqual({ ttlSeconds: 100 });
    medium.now += 100_001;
    for (const client of [leader, other]) expect(await count(client)).toBe(0);
    await insertRows(other, collectionId, schema, rows(3, 7, 'b'));
    await leader.flush({ collectionId });
    medium.now += 50_000;
    await leader.alterCollection({ collectionId, ttlSeconds: null });
    medium.now += 100_000;
    // The other one has not heard of it yet, perhaps.
    await count(other);
    await other.describeCollection({ collectionId });
    for (const client of [leader, other]) expect(await count(client)).toBe(4);
    await leader.alterCollection({ collectionId, ttlSeconds: 100 });
    await other.describeCollection({ collectionId });
    for (const client of [leader, other]) expect(await count(client)).toBe(0);
  });

  it('a snapshot that any of them makes has what all have written, is read by all, and ends for all', async () => {
    const { leader, other, collectionId } = await twoTabs();
    await insertRows(leader, collectionId, schema, rows(0, 5, 'a'));
    await insertRows(other, collectionId, schema, rows(3, 8, 'b'));
    await leader.delete({ collectionId, keys: keys(0) });
    expect(await other.createSnapshot({ collectionId, name: 's' })).toMatchObject({ rows: 7 });
    await insertRows(other, collectionId, schema, rows(20, 30, 'c'));
    const ids: number[] = [];
    for (const client of [leader, other]) {
      const { collectionId: id } = await client.openSnapshot({ name: 's' });
      ids.push(id);
      expect(await client.count({ collectionId: id })).toBe(7);
      const { entities } = await client.get({ collectionId: id, keys: keys(4, 1), outputFieldIds: [fieldId(schema, 'label')] });
      expect(entities.rows).toBe(2);
      await expect(insertRows(client, id, schema, rows(0, 1, 'x'))).rejects.toMatchObject({ code: 'READ_ONLY' });
    }
    const restored = await other.restoreSnapshot({ name: 's', collection: 'again' });
    await insertRows(other, restored.collectionId, schema, rows(50, 52, 'd'));
    for (const client of [leader, other]) {
      await client.describeCollection({ name: 'again' });
      expect(await client.count({ collectionId: restored.collectionId, consistency: 'Strong' })).toBe(9);
    }
    await leader.dropSnapshot({ name: 's' });
    await expect(leader.count({ collectionId: ids[0]! })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await other.listSnapshots({})).toEqual([]);
    await expect(other.count({ collectionId: ids[1]! })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('a snapshot has the writes of other tabs up to its timestamp and no others', async () => {
    const { leader, other, collectionId } = await twoTabs();
    await insertRows(leader, collectionId, schema, rows(0, 3, 'a'));
    for (let turns = 0; turns < 40; turns++) {
      const label = `write ${turns}`;
      const making = leader.createSnapshot({ collectionId, name: `s${turns}` });
      for (let i = 0; i < turns * 3; i++) await Promise.resolve();
      const { timestamp: written } = await insertRows(other, collectionId, schema, rows(1, 2, label));
      const { timestamp } = await making;
      const { collectionId: id } = await leader.openSnapshot({ name: `s${turns}` });
      const { entities } = await leader.get({ collectionId: id, keys: keys(1), outputFieldIds: [fieldId(schema, 'label')] });
      expect(entities.rows, `a row after ${turns} turns`).toBe(1);
      const seen = new TextDecoder().decode(entities.columns[0]!.values as Uint8Array);
      if (written <= timestamp) expect(seen).toBe(label);
      else expect(seen).not.toBe(label);
    }
  });
});
