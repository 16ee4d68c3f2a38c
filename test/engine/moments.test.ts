/** Moments that are held: nothing that they see goes, however little is kept of the past, until they are released or forgotten. */
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { HELD_MS } from '../../src/engine/moments.ts';
import { openMemoryStore } from '../../src/storage/memory.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';
import { fieldId, insertRows, openTestEngine, testSchema, type TestEngine } from './harness.ts';

const schema = testSchema('Int64');
const rows = (from: number, to: number, label: string) => Array.from({ length: to - from }, (_, i) => ({ key: BigInt(from + i), label, vector: new Float32Array(8).fill(from + i) }));
const keys = (...of: number[]): BigInt64Array => BigInt64Array.from(of, BigInt);
const clock = { now: 1_700_000_000_000 };

const opened: TestEngine[] = [];
afterEach(async () => {
  for (const { client } of opened.splice(0)) await client.close().catch(() => {});
});

/** An engine that keeps nothing of the past, with ten rows. */
async function forgetful() {
  const engine = await openTestEngine(openMemoryStore(), { retentionSeconds: 0 }, {}, { now: () => clock.now });
  opened.push(engine);
  const { client } = engine;
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
  await insertRows(client, collectionId, schema, rows(0, 10, 'first'));
  return { client, collectionId };
}

/** Everything is replaced or removed, and written anew. */
async function churn(client: EngineClient, collectionId: number): Promise<void> {
  await client.flush({ collectionId });
  await insertRows(client, collectionId, schema, rows(0, 5, 'second'));
  await client.delete({ collectionId, keys: keys(5, 6, 7) });
  await client.flush({ collectionId });
  await client.compact({ collectionId, retentionSeconds: 0 });
  clock.now += 20_000;
  await insertRows(client, collectionId, schema, rows(100, 101, 'third'));
  await client.compact({ collectionId, retentionSeconds: 0 });
}

const labelsAt = async (client: EngineClient, collectionId: number, at: bigint): Promise<number> => {
  const { found } = await client.get({ collectionId, keys: keys(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), outputFieldIds: [fieldId(schema, 'label')], at });
  return found.filter((row) => row >= 0).length;
};

describe('a moment that is held', () => {
  it('outlives seals and merges where nothing is kept of the past, and goes when it is released', async () => {
    const { client, collectionId } = await forgetful();
    const at = await client.holdMoment({ collectionId, id: 'a' });
    await churn(client, collectionId);
    expect(await client.count({ collectionId, at })).toBe(10);
    expect(await labelsAt(client, collectionId, at)).toBe(10);
    expect((await client.collectionStats({ collectionId })).historyRows).toBe(8);
    await client.releaseMoment({ collectionId, id: 'a' });
    await churn(client, collectionId);
    await expect(client.count({ collectionId, at })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { parameter: 'at' } });
    expect((await client.collectionStats({ collectionId })).historyRows).toBe(0);
  });

  it('is forgotten some minutes after it was last asked for', async () => {
    const { client, collectionId } = await forgetful();
    const at = await client.holdMoment({ collectionId, id: 'a' });
    for (let i = 0; i < 3; i++) {
      clock.now += HELD_MS - 30_000;
      expect(await client.holdMoment({ collectionId, at, id: 'a' })).toBe(at);
      await churn(client, collectionId);
      expect(await client.count({ collectionId, at })).toBe(10);
    }
    clock.now += HELD_MS;
    await churn(client, collectionId);
    await expect(client.count({ collectionId, at })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(client.holdMoment({ collectionId, at, id: 'a' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('is the earliest of several, and of one collection alone', async () => {
    const { client, collectionId } = await forgetful();
    const other = await client.createCollection({ name: 'other', schema, ifNotExists: false });
    await insertRows(client, other.collectionId, schema, rows(0, 10, 'first'));
    const elsewhere = await client.holdMoment({ collectionId: other.collectionId, id: 'a' });
    const first = await client.holdMoment({ collectionId, id: 'a' });
    await client.delete({ collectionId, keys: keys(9) });
    const second = await client.holdMoment({ collectionId, id: 'b' });
    await churn(client, collectionId);
    await churn(client, other.collectionId);
    expect([await client.count({ collectionId, at: first }), await client.count({ collectionId, at: second }), await client.count({ collectionId: other.collectionId, at: elsewhere })]).toEqual([10, 9, 10]);
    await client.releaseMoment({ collectionId, id: 'a' });
    await churn(client, collectionId);
    await expect(client.count({ collectionId, at: first })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect([await client.count({ collectionId, at: second }), await client.count({ collectionId: other.collectionId, at: elsewhere })]).toEqual([9, 10]);
    await client.releaseMoment({ collectionId, id: 'never held' });
  });

  it('sees what is being written when it is asked for, or never', async () => {
    const { client, collectionId } = await forgetful();
    const writing = insertRows(client, collectionId, schema, rows(10, 20, 'first'));
    const at = await client.holdMoment({ collectionId, id: 'a' });
    const count = await client.count({ collectionId, at });
    await writing;
    await insertRows(client, collectionId, schema, rows(20, 30, 'first'));
    expect(await client.count({ collectionId, at })).toBe(count);
  });

  it('is any time that is kept', async () => {
    const { client, collectionId } = await forgetful();
    const then = await client.now();
    await client.delete({ collectionId, keys: keys(0) });
    expect(await client.holdMoment({ collectionId, at: then, id: 'a' })).toBe(then);
    await churn(client, collectionId);
    expect(await client.count({ collectionId, at: then })).toBe(10);
    await expect(client.holdMoment({ collectionId, at: 5n, id: 'b' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { parameter: 'at' } });
  });

  for (const what of ['seal', 'merge'] as const) {
    it(`is kept where it is asked for while a ${what} is under way`, async () => {
      const store = openMemoryStore();
      const write = store.write.bind(store);
      let onWrite: (() => void) | null = null;
      let released = Promise.resolve();
      store.write = async (name, chunks) => {
        onWrite?.();
        onWrite = null;
        await released;
        return write(name, chunks);
      };
      const engine = await openTestEngine(store, { retentionSeconds: what === 'seal' ? 0 : 600 }, {}, { now: () => clock.now });
      opened.push(engine);
      const { client } = engine;
      const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
      // So many that no merge is begun for the sake of the few that are deleted.
      await insertRows(client, collectionId, schema, rows(0, 40, 'first'));
      if (what === 'merge') {
        await client.flush({ collectionId });
        await insertRows(client, collectionId, schema, rows(100, 110, 'first'));
        await client.flush({ collectionId });
      }
      const then = await client.now();
      await client.delete({ collectionId, keys: keys(0, 1, 2) });
      await insertRows(client, collectionId, schema, rows(3, 5, 'second'));
      if (what === 'merge') await client.flush({ collectionId });
      clock.now += 20_000;
      let release!: () => void;
      released = new Promise((resolve) => (release = resolve));
      const writing = new Promise<void>((resolve) => (onWrite = resolve));
      const done = what === 'seal' ? client.flush({ collectionId }) : client.compact({ collectionId, retentionSeconds: 0 });
      await writing;
      const holding = client.holdMoment({ collectionId, at: then, id: 'a' });
      await holding.catch(() => {});
      release();
      await done;
      expect(await holding).toBe(then);
      expect(await labelsAt(client, collectionId, then)).toBe(10);
      await client.releaseMoment({ collectionId, id: 'a' });
      await churn(client, collectionId);
      await expect(client.count({ collectionId, at: then })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    });
  }

  it('of a snapshot is that of the snapshot', async () => {
    const { client, collectionId } = await forgetful();
    await client.createSnapshot({ collectionId, name: 's' });
    const snapshot = await client.openSnapshot({ name: 's' });
    await churn(client, collectionId);
    const at = await client.holdMoment({ collectionId: snapshot.collectionId, id: 'a' });
    expect(await client.count({ collectionId: snapshot.collectionId, at })).toBe(10);
    await client.releaseMoment({ collectionId: snapshot.collectionId, id: 'a' });
  });
});

describe('a moment of several tabs', () => {
  async function twoTabs() {
    const medium = new SharedMemoryMedium();
    // One wall clock for the medium and its tabs.
    Object.defineProperty(medium, 'now', {
      get: () => clock.now,
      set: (now: number) => {
        clock.now = now;
      },
    });
    const open = async (): Promise<EngineClient> => {
      const engine = await openTestEngine(openTab(medium).store, { retentionSeconds: 0 }, {}, { silenceMs: 100, now: () => clock.now });
      opened.push(engine);
      return engine.client;
    };
    const [leader, other] = [await open(), await open()];
    const { collectionId } = await leader.createCollection({ name: 'c', schema, ifNotExists: false });
    await other.describeCollection({ name: 'c' });
    await insertRows(other, collectionId, schema, rows(0, 10, 'first'));
    return { leader, other, collectionId };
  }

  it('is held by the one that maintains, whichever asks for it', async () => {
    const { leader, other, collectionId } = await twoTabs();
    for (const client of [other, leader]) {
      await client.compact({ collectionId });
      await client.delete({ collectionId, keys: keys(100) });
      const before = await client.count({ collectionId, consistency: 'Strong' });
      const at = await client.holdMoment({ collectionId, id: 'a' });
      await churn(leader, collectionId);
      await other.describeCollection({ name: 'c' });
      for (const reader of [leader, other]) expect(await reader.count({ collectionId, at })).toBe(before);
      await client.releaseMoment({ collectionId, id: 'a' });
      await churn(leader, collectionId);
      await other.describeCollection({ name: 'c' });
      for (const reader of [leader, other]) await expect(reader.count({ collectionId, at })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });

  it('is held by the next one that maintains once it is asked for again', async () => {
    const { leader, other, collectionId } = await twoTabs();
    const at = await other.holdMoment({ collectionId, id: 'a' });
    await leader.close();
    expect(await other.holdMoment({ collectionId, at, id: 'a' })).toBe(at);
    await churn(other, collectionId);
    expect(await other.count({ collectionId, at })).toBe(10);
  });

  it('of a snapshot is that of the tab that has opened it', async () => {
    const { leader, other, collectionId } = await twoTabs();
    await leader.createSnapshot({ collectionId, name: 's' });
    const { collectionId: snapshot } = await other.openSnapshot({ name: 's' });
    const at = await other.holdMoment({ collectionId: snapshot, id: 'a' });
    expect(await other.count({ collectionId: snapshot, at })).toBe(10);
    await expect(other.compact({ collectionId: snapshot })).rejects.toMatchObject({ code: 'READ_ONLY' });
  });
});
