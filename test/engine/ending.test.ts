/** How calls end before their time: by the caller's signal, by `close`, by the drop of their collection. Nothing hangs, nothing is half done. */
import { describe, expect, it } from 'vitest';
import type { CallContext, EngineClient } from '../../src/engine/client.ts';
import { openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { planOf } from '../../src/schema/plan.ts';
import { DIM, fieldId, insertRows, openTestEngine, testSchema } from './harness.ts';

const schema = testSchema('Int64');
const vectorField = fieldId(schema, 'vector');
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ key: BigInt(from + i), label: 'a label of some length, so that a column takes more than a block', vector: Float32Array.from({ length: DIM }, (_, d) => Math.sin(from + i + d)) }));
/** Enough for several blocks: the last one that was read is kept. */
const MANY = 4_000;
const codeOf = (promise: Promise<unknown>): Promise<string | null> => promise.then(() => null, (error: { code?: string }) => error.code ?? String(error));

/** A store whose reads and writes of files wait until they are let go on. */
function gatedStore(): { store: Store; hold: () => void; letGo: () => void } {
  const store = openMemoryStore();
  let gate: Promise<void> | null = null;
  let open: () => void = () => {};
  const gated = Object.create(store, {
    read: { value: async (...args: Parameters<Store['read']>) => { await gate; return store.read(...args); } },
    readNow: { value: () => false },
    write: { value: async (...args: Parameters<Store['write']>) => { await gate; return store.write(...args); } },
  }) as Store;
  // Getters and private members are the inner store's own.
  for (const name of ['size', 'remove', 'list', 'lock', 'estimate', 'close', 'destroy'] as const) Object.defineProperty(gated, name, { value: (store[name] as (...args: never[]) => unknown).bind(store) });
  for (const name of ['logs', 'root', 'sharedUrl', 'sharedLogs'] as const) Object.defineProperty(gated, name, { get: () => (store as unknown as Record<string, unknown>)[name] });
  return { store: gated, hold: () => void (gate = new Promise((resolve) => (open = resolve))), letGo: () => { open(); gate = null; } };
}

/** Sealed rows that are not in memory, growing ones, and a store that answers nothing until it is let go on. */
async function onHold(): Promise<{ client: EngineClient; collectionId: number; letGo: () => void }> {
  const { store, hold, letGo } = gatedStore();
  const { client } = await openTestEngine(store);
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
  await insertRows(client, collectionId, schema, rows(0, MANY));
  await client.flush({ collectionId });
  await client.release({ collectionId });
  await insertRows(client, collectionId, schema, rows(MANY, MANY + 10));
  hold();
  return { client, collectionId, letGo };
}

const CALLS: Record<string, (client: EngineClient, collectionId: number, context: CallContext) => Promise<unknown>> = {
  insert: (client, collectionId, context) => client.insert({ collectionId, batch: toBatch(planOf(schema), rows(900, 910)) }, context),
  delete: (client, collectionId, context) => client.delete({ collectionId, keys: BigInt64Array.of(1n) }, context),
  search: async (client, collectionId, context) => client.search({ collectionId, fieldId: vectorField, queries: new Float32Array(DIM * 2), nq: 2, limit: 5, offset: 0, outputFieldIds: [] }, context),
  get: (client, collectionId, context) => client.get({ collectionId, keys: BigInt64Array.of(1n), outputFieldIds: [1] }, context),
  count: (client, collectionId, context) => client.count({ collectionId }, context),
  flush: (client, collectionId, context) => client.flush({ collectionId }, context),
  load: (client, collectionId, context) => client.load({ collectionId }, context),
  compact: (client, collectionId, context) => client.compact({ collectionId }, context),
  createIndex: (client, collectionId, context) => client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'HNSW' }, wait: true }, context),
  truncate: (client, collectionId, context) => client.truncateCollection({ collectionId }, context),
  dropCollection: (client, collectionId, context) => client.dropCollection({ collectionId }, context),
  createCollection: (client, _, context) => client.createCollection({ name: 'other', schema, ifNotExists: false }, context),
};

describe('a signal', () => {
  it.each(Object.keys(CALLS))('that has fired stops %s before anything is done', async (name) => {
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insertRows(client, collectionId, schema, rows(0, 50));
    expect(await codeOf(CALLS[name]!(client, collectionId, { signal: AbortSignal.abort() }))).toBe('ABORTED');
    expect(await client.count({ collectionId })).toBe(50);
    expect((await client.collectionStats({ collectionId })).segments.map(({ state }) => state)).toEqual(['growing']);
    expect(await client.listCollections({})).toEqual(['c']);
    await client.close();
  });

  it.each(['search', 'get', 'flush', 'load', 'compact'])('ends %s while it waits for the store', async (name) => {
    const { client, collectionId, letGo } = await onHold();
    const abort = new AbortController();
    const call = codeOf(CALLS[name]!(client, collectionId, { signal: abort.signal }));
    setTimeout(() => abort.abort(), 10);
    // A search and a compaction hear of it at their next step, the others at once.
    if (['search', 'compact', 'load'].includes(name)) setTimeout(letGo, 20);
    expect(await call).toBe('ABORTED');
    letGo();
    expect(await client.count({ collectionId })).toBe(MANY + 10);
    await client.flush({ collectionId });
    expect((await client.get({ collectionId, keys: BigInt64Array.of(1n, BigInt(MANY)), outputFieldIds: [1] })).found).toEqual(Int32Array.of(0, 1));
    await client.close();
  });
});

describe('close and drop', () => {
  it.each(Object.keys(CALLS).filter((name) => name !== 'createCollection'))('close while %s waits for the store: it ends, and close does', async (name) => {
    const { client, collectionId, letGo } = await onHold();
    const call = codeOf(CALLS[name]!(client, collectionId, {}));
    await Promise.resolve();
    const closing = client.close();
    setTimeout(letGo, 10);
    await closing;
    expect([null, 'CLOSED']).toContain(await call);
  });

  it('a search that takes long ends with the collection, which waits for it', async () => {
    const { client } = await openTestEngine(openMemoryStore());
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insertRows(client, collectionId, schema, rows(0, 60_000));
    const nq = 4_000;
    const search = codeOf(Promise.resolve(client.search({ collectionId, fieldId: vectorField, queries: Float32Array.from({ length: nq * DIM }, (_, i) => Math.cos(i)), nq, limit: 10, offset: 0, outputFieldIds: [] })));
    await client.dropCollection({ name: 'c' });
    expect(await search).toBe('NOT_FOUND');
    await client.close();
  });
});
