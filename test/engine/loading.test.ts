/** What of sealed segments is in memory: loaded by the first search, kept by `load`, given back by `release` and by not being used. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { openMemoryStore } from '../../src/storage/memory.ts';
import { fieldId, insertRows, openTestEngine, testSchema } from './harness.ts';
import { random } from '../support/random.ts';

const DIM = 64;
const ROWS = 6_000;
const TICK_MS = 30_000;
const schema = testSchema('Int64', { dim: DIM });
const vectorField = fieldId(schema, 'vector');

afterEach(() => void vi.useRealTimers());

async function fill(client: EngineClient, name: string, type: string): Promise<number> {
  const next = random(name.length);
  const { collectionId } = await client.createCollection({ name, schema, ifNotExists: false });
  await insertRows(client, collectionId, schema, Array.from({ length: ROWS }, (_, i) => ({ key: BigInt(i), label: `row ${i}`, vector: Float32Array.from({ length: DIM }, () => next() - 0.5) })));
  await client.createIndex({ collectionId, fieldId: vectorField, spec: { type, metric: 'L2' }, wait: true });
  return collectionId;
}

const search = (client: EngineClient, collectionId: number) =>
  client.search({ collectionId, fieldId: vectorField, queries: new Float32Array(DIM).fill(0.1), nq: 1, limit: 10, offset: 0, outputFieldIds: [fieldId(schema, 'label')] });
const memoryOf = async (client: EngineClient, collectionId: number): Promise<number> => (await client.collectionStats({ collectionId })).memoryBytes;

describe('what is in memory', () => {
  it.each(['FLAT', 'HNSW', 'HNSW_SQ', 'IVF_FLAT'])('%s is released and loaded again, and answers as before', async (type) => {
    const { client } = await openTestEngine(openMemoryStore());
    const collectionId = await fill(client, 'a', type);
    const before = await search(client, collectionId);
    expect(await client.loadState({ collectionId })).toMatchObject({ state: 'loaded', isPinned: false, totalSegments: 1 });
    const loaded = await memoryOf(client, collectionId);
    await client.release({ collectionId });
    expect(await client.loadState({ collectionId })).toMatchObject({ state: 'notLoaded', loadedSegments: 0 });
    // The keys stay.
    expect(await memoryOf(client, collectionId)).toBeLessThan(loaded / 4);
    await client.load({ collectionId });
    expect(await client.loadState({ collectionId })).toMatchObject({ state: 'loaded', isPinned: true });
    const again = await search(client, collectionId);
    expect([...again.keys]).toEqual([...before.keys]);
    expect(again.scores).toEqual(before.scores);
    await client.release({ collectionId });
    expect([...(await search(client, collectionId)).keys]).toEqual([...before.keys]);
    expect(await client.loadState({ collectionId })).toMatchObject({ state: 'loaded', isPinned: false });
    await client.close();
  });

  it('what was not searched for a while goes, as far as the budget asks, and not what load() keeps', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    // Room for one of the three.
    const { client } = await openTestEngine(openMemoryStore(), { cacheBytes: 3 << 20 });
    const [a, b, c] = [await fill(client, 'a', 'HNSW'), await fill(client, 'bb', 'HNSW'), await fill(client, 'ccc', 'HNSW')];
    const stateOf = async () => Promise.all([a, b, c].map(async (collectionId) => (await client.loadState({ collectionId })).state));
    const before = await search(client, a);
    for (const collectionId of [b, c]) await search(client, collectionId);
    await client.load({ collectionId: b });
    expect(await stateOf()).toEqual(['loaded', 'loaded', 'loaded']);
    vi.advanceTimersByTime(TICK_MS);
    await search(client, c);
    // Used within the last interval: nothing goes.
    expect(await stateOf()).toEqual(['loaded', 'loaded', 'loaded']);
    vi.advanceTimersByTime(TICK_MS);
    expect(await stateOf()).toEqual(['notLoaded', 'loaded', 'loaded']);
    vi.advanceTimersByTime(2 * TICK_MS);
    expect(await stateOf()).toEqual(['notLoaded', 'loaded', 'notLoaded']);
    const again = await search(client, a);
    expect([[...again.keys], again.scores]).toEqual([[...before.keys], before.scores]);
    expect(again.entities).toEqual(before.entities);
    await client.close();
  });

  it('within the budget nothing goes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { client } = await openTestEngine(openMemoryStore());
    const collectionId = await fill(client, 'a', 'HNSW');
    await search(client, collectionId);
    vi.advanceTimersByTime(5 * TICK_MS);
    expect((await client.loadState({ collectionId })).state).toBe('loaded');
    await client.close();
  });

  it('partitions are loaded and released apart, and segments to come stay with those that are kept', async () => {
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId } = await client.createCollection({ name: 'p', schema, ifNotExists: false });
    const rows = (from: number) => Array.from({ length: 100 }, (_, i) => ({ key: BigInt(from + i), label: 'x', vector: new Float32Array(DIM).fill(i) }));
    for (const [i, name] of ['north', 'south'].entries()) {
      await client.createPartition({ collectionId, name });
      await insertRows(client, collectionId, schema, rows(i * 100), name);
    }
    await client.flush({ collectionId });
    await client.release({ collectionId });
    await client.load({ collectionId, partitions: ['north'] });
    const of = (name: string) => client.loadState({ collectionId, partitions: [name] });
    expect([await of('north'), await of('south')]).toMatchObject([{ state: 'loaded', isPinned: true }, { state: 'notLoaded', isPinned: false }]);
    await client.release({ collectionId, partitions: ['south'] });
    await insertRows(client, collectionId, schema, rows(500), 'north');
    await client.compact({ collectionId });
    expect(await of('north')).toMatchObject({ state: 'loaded', isPinned: true, totalSegments: 1 });
    await expect(client.load({ collectionId, partitions: ['west'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await client.dropPartition({ collectionId, name: 'north' });
    expect(await client.loadState({ collectionId })).toMatchObject({ totalSegments: 1 });
    await client.close();
  });
});
