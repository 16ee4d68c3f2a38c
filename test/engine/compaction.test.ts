/** Merging behind the user's back, `compact`, and what becomes of files and searches meanwhile. */
import { describe, expect, it, vi } from 'vitest';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { DIM, fieldId, insertRows, openTestEngine, testSchema } from './harness.ts';
import { random } from '../support/random.ts';

const schema = testSchema('Int64');
const vectorField = fieldId(schema, 'vector');
const next = random(5);
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ key: BigInt(from + i), label: `row ${from + i}`, vector: Float32Array.from({ length: DIM }, () => next()) }));
const keysOf = (from: number, to: number) => BigInt64Array.from({ length: to - from }, (_, i) => BigInt(from + i));

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const started = Date.now(); !(await condition()); ) {
    if (Date.now() - started > 20_000) throw new Error('not within 20 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function open(medium = new MemoryMedium()) {
  medium.lockedBy = null;
  // What is dead is dead for good: nothing is kept for reads of the past.
  const { client, events } = await openTestEngine(openMemoryStore({ medium }), { retentionSeconds: 0 });
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: true });
  const search = async () => {
    const { keys, scores } = await client.search({ collectionId, fieldId: vectorField, queries: new Float32Array(DIM).fill(0.5), nq: 1, limit: 20, offset: 0, outputFieldIds: [], params: {}, exact: true });
    return { keys: [...keys], scores: [...scores] };
  };
  return { client, events, collectionId, medium, search };
}

describe('compaction', () => {
  it('seals what has been growing for long', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      const { client, collectionId } = await open();
      await insertRows(client, collectionId, schema, rows(0, 10));
      const states = async () => (await client.collectionStats({ collectionId })).segments.map(({ state }) => state);
      vi.advanceTimersByTime(9 * 60_000);
      await client.createCollection({ name: 'c', schema, ifNotExists: true });
      expect(await states()).toEqual(['growing']);
      vi.advanceTimersByTime(2 * 60_000);
      await until(async () => (await states())[0] === 'sealed');
      expect(await client.count({ collectionId })).toBe(10);
      await client.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('merges small segments behind the user, and gives their files back', async () => {
    const { client, collectionId, medium, search } = await open();
    for (let i = 0; i < 7; i++) {
      await insertRows(client, collectionId, schema, rows(i * 10, i * 10 + 10));
      await client.flush({ collectionId });
    }
    expect((await client.collectionStats({ collectionId })).segments).toHaveLength(7);
    const before = await search();
    await insertRows(client, collectionId, schema, rows(70, 71));
    await client.flush({ collectionId });
    await until(async () => (await client.collectionStats({ collectionId })).segments.length === 1 && medium.files.size === 1);
    expect(await client.count({ collectionId })).toBe(71);
    expect((await search()).keys.filter((key) => key !== 70n).slice(0, 19)).toEqual(before.keys.slice(0, 19));
    await client.close();
    const again = await open(medium);
    expect(await again.client.count({ collectionId })).toBe(71);
    await again.client.close();
  });

  it('compact() leaves one segment without deleted rows, and says what it came to', async () => {
    const { client, collectionId, medium, search } = await open();
    for (let i = 0; i < 3; i++) {
      await insertRows(client, collectionId, schema, rows(i * 100, i * 100 + 100));
      await client.flush({ collectionId });
    }
    await client.delete({ collectionId, keys: keysOf(50, 150) });
    await insertRows(client, collectionId, schema, rows(300, 310));
    const before = await search();
    const phases: string[] = [];
    const reply = await client.compact({ collectionId }, { onProgress: ({ phase }) => phases.push(phase) });
    expect(reply).toMatchObject({ segmentsBefore: 4, segmentsAfter: 1, removedRows: 100 });
    expect(reply.freedBytes).toBeGreaterThan(0);
    expect(phases).toContain('merge');
    expect(await search()).toEqual(before);
    const { segments, deletedRows, storedBytes } = await client.collectionStats({ collectionId });
    expect([segments.length, segments[0]!.rows, deletedRows]).toEqual([1, 210, 0]);
    expect(medium.files.size).toBe(1);
    expect([...medium.files.values()][0]!.length).toBe(storedBytes);
    expect(await client.compact({ collectionId })).toMatchObject({ segmentsBefore: 1, segmentsAfter: 1, removedRows: 0, freedBytes: 0 });
    await client.close();
  });

  it('writes a segment anew when more than a fifth of it is dead', async () => {
    const { client, collectionId } = await open();
    await insertRows(client, collectionId, schema, rows(0, 100));
    await client.flush({ collectionId });
    await client.delete({ collectionId, keys: keysOf(0, 20) });
    await client.flush({ collectionId });
    expect((await client.collectionStats({ collectionId })).deletedRows).toBe(20);
    await client.delete({ collectionId, keys: keysOf(20, 21) });
    await client.flush({ collectionId });
    await until(async () => (await client.collectionStats({ collectionId })).deletedRows === 0);
    expect(await client.count({ collectionId })).toBe(79);
    await client.close();
  });

  it('can be given up, and by whom it serves', async () => {
    const { client, collectionId, search } = await open();
    for (let i = 0; i < 3; i++) {
      await insertRows(client, collectionId, schema, rows(i * 100, i * 100 + 100));
      await client.flush({ collectionId });
    }
    const before = await search();
    const abort = new AbortController();
    const compacting = client.compact({ collectionId }, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(compacting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await search()).toEqual(before);
    expect((await client.compact({ collectionId })).segmentsAfter).toBe(1);
    expect(await search()).toEqual(before);
    await client.close();
  });

  it('reads and writes go on while it runs', async () => {
    const { client, collectionId } = await open();
    for (let i = 0; i < 4; i++) {
      await insertRows(client, collectionId, schema, rows(i * 500, i * 500 + 500));
      await client.flush({ collectionId });
    }
    let isDone = false;
    const compacting = client.compact({ collectionId }).finally(() => (isDone = true));
    let deleted = 0;
    while (!isDone) {
      await client.delete({ collectionId, keys: keysOf(deleted, deleted + 1) });
      deleted++;
      const { scores } = await client.search({ collectionId, fieldId: vectorField, queries: new Float32Array(DIM), nq: 1, limit: 16_384, offset: 0, outputFieldIds: [] });
      expect(scores.length).toBe(2_000 - deleted);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await compacting;
    expect(deleted).toBeGreaterThan(0);
    expect(await client.count({ collectionId })).toBe(2_000 - deleted);
    const got = await client.get({ collectionId, keys: keysOf(0, deleted), outputFieldIds: [] });
    expect([...got.found].every((row) => row === -1)).toBe(true);
    await client.close();
  });
});

describe('history', () => {
  it('lies apart from what lives, where there is much of it, and searches pass it by', async () => {
    const medium = new MemoryMedium();
    const { client } = await openTestEngine(openMemoryStore({ medium }), { retentionSeconds: 86_400 });
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: true });
    await insertRows(client, collectionId, schema, rows(0, 500));
    const then = await client.now();
    const ask = async (at?: bigint) => [...(await client.search({ collectionId, fieldId: vectorField, queries: new Float32Array(DIM).fill(0.5), nq: 1, limit: 20, offset: 0, outputFieldIds: [], at })).keys];
    const before = await ask();
    await client.flush({ collectionId });
    await insertRows(client, collectionId, schema, rows(0, 400));
    await client.compact({ collectionId });
    const stats = async () => (await client.collectionStats({ collectionId })).segments.map((segment) => [segment.rows, segment.deletedRows]);
    expect(await stats()).toEqual([[500, 0], [400, 400]]);
    await client.release({ collectionId });
    const now = await ask();
    expect(now).not.toEqual(before);
    // The history was not even loaded for it.
    expect((await client.collectionStats({ collectionId })).segments[1]!.memoryBytes).toBeLessThan(400 * DIM * 4);
    expect(await client.loadState({ collectionId })).toMatchObject({ state: 'loaded', totalSegments: 1 });
    expect(await ask(then)).toEqual(before);
    expect(await ask()).toEqual(now);
    expect(await client.count({ collectionId, at: then })).toBe(500);
    await client.close();
    medium.lockedBy = null;
    const again = await openTestEngine(openMemoryStore({ medium }), { retentionSeconds: 86_400 });
    expect(await again.client.count({ collectionId })).toBe(500);
    expect([...(await again.client.get({ collectionId, keys: keysOf(0, 1), outputFieldIds: [], at: then })).found]).toEqual([0]);
    await again.client.close();
  });
});

describe('events', () => {
  it('tell of seals and merges, with the rows that are gone', async () => {
    const { client, events, collectionId } = await open();
    await insertRows(client, collectionId, schema, rows(0, 30));
    await client.flush({ collectionId });
    await insertRows(client, collectionId, schema, rows(30, 40));
    await client.delete({ collectionId, keys: keysOf(0, 5) });
    await client.compact({ collectionId });
    expect(events).toEqual([
      { type: 'sealed', collection: 'c', segments: 1, rows: 30 },
      { type: 'sealed', collection: 'c', segments: 1, rows: 10 },
      { type: 'compacted', collection: 'c', segments: 2, rows: 35, removedRows: 5 },
    ]);
    await client.close();
  });

  it('opening tells how far it is, segment by segment and log by log', async () => {
    const { client, collectionId, medium } = await open();
    for (let i = 0; i < 3; i++) {
      await insertRows(client, collectionId, schema, rows(i * 10, i * 10 + 10));
      await client.flush({ collectionId });
    }
    await insertRows(client, collectionId, schema, rows(90, 95));
    await client.close();
    medium.lockedBy = null;
    const progress: unknown[] = [];
    const again = await openTestEngine(openMemoryStore({ medium }), {}, {}, { context: { onProgress: (step) => progress.push(step) } });
    expect(progress).toEqual([0, 1, 2, 3].map((done) => ({ phase: 'recover', done, total: 4 })));
    await again.client.close();
    const abort = new AbortController();
    medium.lockedBy = null;
    await expect(openTestEngine(openMemoryStore({ medium }), {}, {}, { context: { signal: abort.signal, onProgress: () => abort.abort() } })).rejects.toMatchObject({ code: 'ABORTED' });
    // The lock was given back.
    const third = await openTestEngine(openMemoryStore({ medium }));
    expect(await third.client.count({ collectionId })).toBe(35);
    await third.client.close();
  });
});
