/** A collection that outgrows one linear memory, and what happens where there is no memory left. Memories of 16 MiB stand for those of 4 GiB. */
import { describe, expect, it } from 'vitest';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { EngineClient } from '../../src/engine/client.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { planOf } from '../../src/schema/plan.ts';
import { randomVectors, SEED } from '../support/vectors.ts';
import { fieldId, openTestEngine, testSchema } from './harness.ts';

const MIB = 1 << 20;
const LIMIT = { memoryBytesMax: 16 * MIB };
const DIM = 64;
/** 3 MiB. */
const BATCH_ROWS = 12_288;

const schema = testSchema('Int64', { dim: DIM });
const vector = fieldId(schema, 'vector');
const collectionId = 1;
const vectors = randomVectors(8 * BATCH_ROWS, DIM, SEED);

const insert = (client: EngineClient, from: number, rows: number) => {
  const row = (i: number) => ({ key: BigInt(i), label: 'row', vector: vectors.subarray((i % (vectors.length / DIM)) * DIM, (i % (vectors.length / DIM)) * DIM + DIM) });
  return client.insert({ collectionId, batch: toBatch(planOf(schema), Array.from({ length: rows }, (_, i) => row(from + i))) });
};

async function nearest(client: EngineClient, row: number): Promise<bigint> {
  const { keys } = await client.search({ collectionId, fieldId: vector, queries: vectors.slice(row * DIM, (row + 1) * DIM), nq: 1, limit: 1, offset: 0, outputFieldIds: [] });
  return keys[0] as bigint;
}

describe('a collection in several memories', () => {
  it('inserts, flushes, merges, indexes and finds more than one memory holds, before and after it is opened again', async () => {
    const medium = new MemoryMedium();
    let { client } = await openTestEngine(openMemoryStore({ medium }), {}, LIMIT);
    const check = async (engine: EngineClient): Promise<void> => {
      for (let row = 0; row < vectors.length / DIM; row += 8191) expect(await nearest(engine, row)).toBe(BigInt(row));
    };
    await client.createCollection({ name: 'rows', schema, ifNotExists: false });
    for (let i = 0; i < 8; i++) {
      await insert(client, i * BATCH_ROWS, BATCH_ROWS);
      await client.flush({ collectionId });
    }
    await check(client);
    await client.createIndex({ collectionId, fieldId: vector, spec: { type: 'IVF_SQ8', metric: 'L2', params: { nlist: 32 } }, wait: true });
    await check(client);
    const { segments } = await client.collectionStats({ collectionId });
    // Merged, but none has more than half a memory of vectors.
    const sealed = segments.filter(({ rows }) => rows > 0);
    expect(sealed.length).toBeLessThan(8);
    expect(sealed.reduce((sum, { rows }) => sum + rows, 0)).toBe(8 * BATCH_ROWS);
    for (const { rows } of sealed) expect(rows * DIM * 4).toBeLessThanOrEqual(8 * MIB);
    await client.close();
    ({ client } = await openTestEngine(openMemoryStore({ medium }), {}, LIMIT));
    await check(client);
    await client.close();
  });

  it('holds many small segments whose vectors together need several memories', async () => {
    const { client } = await openTestEngine(openMemoryStore(), {}, LIMIT);
    await client.createCollection({ name: 'rows', schema, ifNotExists: false });
    for (let i = 0; i < 8; i++) {
      await insert(client, i * BATCH_ROWS, BATCH_ROWS);
      await client.flush({ collectionId });
      for (let row = 0; row <= i; row++) expect(await nearest(client, row * BATCH_ROWS + 5)).toBe(BigInt(row * BATCH_ROWS + 5));
    }
    expect((await client.collectionStats({ collectionId })).memoryBytes).toBeGreaterThan(LIMIT.memoryBytesMax);
    await client.close();
  });
});

describe('where there is no memory left', () => {
  it('a batch that has no room is refused before it is logged, and smaller ones go on', async () => {
    const medium = new MemoryMedium();
    const { client } = await openTestEngine(openMemoryStore({ medium }), {}, LIMIT);
    await client.createCollection({ name: 'rows', schema, ifNotExists: false });
    await insert(client, 0, 1000);
    await expect(insert(client, 1000, 80_000)).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
    await insert(client, 1000, 1000);
    expect(await client.count({ collectionId })).toBe(2000);
    expect(await nearest(client, 1500)).toBe(1500n);
    await client.close();
    const again = await openTestEngine(openMemoryStore({ medium }), {}, LIMIT);
    expect(await again.client.count({ collectionId })).toBe(2000);
    await again.client.close();
  });

  it('batches that are written at the same time are promised room each', async () => {
    const { client } = await openTestEngine(openMemoryStore(), {}, LIMIT);
    await client.createCollection({ name: 'rows', schema, ifNotExists: false });
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => insert(client, i * 6000, 6000)));
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'OUT_OF_MEMORY' });
    const inserted = results.filter(({ status }) => status === 'fulfilled').length;
    expect(inserted).toBeGreaterThan(2);
    expect(inserted).toBeLessThan(12);
    expect(await client.count({ collectionId })).toBe(inserted * 6000);
    await client.flush({ collectionId });
    await insert(client, 100_000, 1000);
    await client.close();
  });

  it('an index that does not fit fails by its error, and rows are found by scan as before', async () => {
    const { client } = await openTestEngine(openMemoryStore(), {}, LIMIT);
    await client.createCollection({ name: 'rows', schema, ifNotExists: false });
    await insert(client, 0, 30_000);
    const spec = { type: 'HNSW', metric: 'L2', params: { M: 128, efConstruction: 8 } } as const;
    await expect(client.createIndex({ collectionId, fieldId: vector, spec, wait: true })).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
    expect(await client.indexProgress({ collectionId, fieldId: vector })).toMatchObject({ state: 'failed', error: { code: 'OUT_OF_MEMORY' } });
    expect(await nearest(client, 29_000)).toBe(29_000n);
    await insert(client, 30_000, 100);
    expect(await nearest(client, 30_050)).toBe(30_050n);
    await client.close();
  });
});
