/** A read by a filter sees the rows of one moment, whatever is written while it waits for a column. */
import { expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { openMemoryStore } from '../../src/storage/memory.ts';
import { fieldId, insertRows, openTestEngine, testSchema } from './harness.ts';

const schema = testSchema('Int64');
/** The column of labels is longer than what a file keeps of its last read. */
const ROWS = 4_000;
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ key: BigInt(from + i), label: ((from + i) % 2 === 0 ? 'same' : 'other').padEnd(60, '.'), vector: new Float32Array(8).fill(from + i) }));
const filter = { text: 'label like "same%" or label like "other%"' };
const query = { nq: 1, offset: 0, outputFieldIds: [] };

/** All rows are sealed, their columns not in memory; `held` resolves when the first read waits for one, which goes on after `release`. */
async function waiting() {
  const store = openMemoryStore();
  const read = store.read.bind(store);
  let hold: (() => void) | null = null;
  let released = Promise.resolve();
  store.read = async (...range) => {
    hold?.();
    await released;
    return read(...range);
  };
  const { client } = await openTestEngine(store);
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
  await insertRows(client, collectionId, schema, rows(0, ROWS));
  await client.flush({ collectionId });
  let release!: () => void;
  const held = new Promise<void>((resolve) => {
    hold = () => {
      hold = null;
      resolve();
    };
  });
  released = new Promise((resolve) => (release = resolve));
  return { client, collectionId, held, release };
}

const READS: Record<string, (client: EngineClient, collectionId: number) => Promise<number>> = {
  count: (client, collectionId) => client.count({ collectionId, filter }),
  query: async (client, collectionId) => (await client.query({ collectionId, filter, outputFieldIds: [fieldId(schema, 'key')], offset: 0 })).rows,
  search: async (client, collectionId) => (await client.search({ ...query, collectionId, filter, fieldId: fieldId(schema, 'vector'), queries: new Float32Array(8), limit: 10_000 })).keys.length,
  groups: async (client, collectionId) => (await client.search({ ...query, collectionId, filter, fieldId: fieldId(schema, 'vector'), queries: new Float32Array(8), limit: 2, groupBy: { fieldId: fieldId(schema, 'label'), size: ROWS, isStrict: true } })).keys.length,
};

for (const [name, read] of Object.entries(READS)) {
  it(`${name}: no row is missed that is replaced meanwhile`, async () => {
    const { client, collectionId, held, release } = await waiting();
    const found = read(client, collectionId);
    await held;
    await insertRows(client, collectionId, schema, rows(10, 60));
    release();
    expect(await found).toBe(ROWS);
    expect(await read(client, collectionId)).toBe(ROWS);
    await client.close();
  });
}
