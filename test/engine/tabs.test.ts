/** Engines of several tabs over one database in memory: each thing that tabs do, one by one. */
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import { fieldId, insertRows, openTestEngine, testSchema, type TestEngine } from './harness.ts';
import { openTab, SharedMemoryMedium, type SharedTab } from '../support/shared-memory.ts';
import { until } from '../support/until.ts';

const schema = testSchema('Int64');
const vectorField = fieldId(schema, 'vector');
const labelField = fieldId(schema, 'label');
const rowsOf = (from: number, to: number, label: string) =>
  Array.from({ length: to - from }, (_, i) => ({ key: BigInt(from + i), label, vector: Float32Array.from({ length: 8 }, (_, j) => ((from + i) * 7 + j * 3) % 11) }));

interface Tab extends TestEngine {
  readonly tab: SharedTab;
}

const opened: Tab[] = [];
afterEach(async () => {
  for (const { tab } of opened) tab.thaw();
  for (const { client } of opened.splice(0)) await client.close().catch(() => {});
});

async function open(medium: SharedMemoryMedium, options: { silenceMs?: number; readOnly?: boolean } = {}): Promise<Tab> {
  const tab = openTab(medium);
  const engine = await openTestEngine(tab.store, { readOnly: options.readOnly ?? false }, {}, { silenceMs: options.silenceMs ?? 100 });
  const all = { ...engine, tab };
  opened.push(all);
  return all;
}

const make = async (client: EngineClient) => (await client.createCollection({ name: 'c', schema, ifNotExists: true })).collectionId;
const count = (client: EngineClient, collectionId: number, consistency: 'Strong' | 'Session' = 'Strong') => client.count({ collectionId, consistency });
const maintains = async ({ client }: TestEngine) => (await client.databaseStats()).maintains;
const segments = async (client: EngineClient, collectionId: number) => (await client.collectionStats({ collectionId })).segments.filter(({ state }) => state === 'sealed');

describe('several tabs', () => {
  it('one leads, and what each writes is seen by all', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two, three] = [await open(medium), await open(medium), await open(medium)];
    expect(await Promise.all([one, two, three].map(maintains))).toEqual([true, false, false]);
    const collectionId = await make(two.client);
    expect(await make(three.client)).toBe(collectionId);
    for (const [i, { client }] of [one, two, three].entries()) {
      await insertRows(client, collectionId, schema, rowsOf(i * 10, i * 10 + 15, `of ${i}`));
      expect(await count(client, collectionId, 'Session')).toBe(i * 10 + 15);
    }
    for (const { client } of [one, two, three]) {
      expect(await count(client, collectionId)).toBe(35);
      const { entities } = await client.get({ collectionId, keys: BigInt64Array.of(12n, 3n), outputFieldIds: [labelField] });
      expect(entities.rows).toBe(2);
    }
    expect(await two.client.delete({ collectionId, keys: BigInt64Array.of(0n, 1n, 99n) })).toMatchObject({ count: 2 });
    await until(async () => (await count(one.client, collectionId, 'Session')) === 33 && (await count(three.client, collectionId, 'Session')) === 33);
  });

  it('a flush and an index of any tab are made by the one that leads, and serve in all', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await make(two.client);
    await insertRows(two.client, collectionId, schema, rowsOf(0, 200, 'a'));
    await two.client.flush({ collectionId });
    expect((await segments(two.client, collectionId)).map(({ rows }) => rows)).toEqual([200]);
    expect((await segments(one.client, collectionId)).map(({ rows }) => rows)).toEqual([200]);
    await insertRows(one.client, collectionId, schema, rowsOf(100, 300, 'b'));
    const progress: string[] = [];
    await two.client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'HNSW', metric: 'L2' }, wait: true }, { onProgress: ({ phase }) => progress.push(phase) });
    expect(progress.length).toBeGreaterThan(0);
    expect((await segments(two.client, collectionId)).map(({ rows, deletedRows }) => rows - deletedRows)).toEqual([300, 0]);
    expect(await two.client.describeIndex({ collectionId, fieldId: vectorField })).toMatchObject({ state: 'finished', spec: { type: 'HNSW', metric: 'L2' } });
    const query = { collectionId, fieldId: vectorField, queries: rowsOf(150, 151, '')[0].vector, nq: 1, limit: 5, offset: 0, outputFieldIds: [labelField] };
    const [a, b] = [await one.client.search(query), await two.client.search(query)];
    expect(b).toEqual(a);
    await two.client.dropIndex({ collectionId, fieldId: vectorField });
    await expect(one.client.describeIndex({ collectionId, fieldId: vectorField })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('a scalar index of any tab is built by the one that leads, and serves filters in all', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await make(two.client);
    const rows = rowsOf(0, 1_200, 'a').map((row, i) => ({ ...row, label: `label ${i % 50}` }));
    await insertRows(two.client, collectionId, schema, rows);
    expect(await two.client.createScalarIndex({ collectionId, fieldId: labelField, spec: { type: 'AUTOINDEX' }, wait: true })).toEqual({ type: 'AUTOINDEX', params: {} });
    const [mine] = await two.client.scalarIndexes({ collectionId });
    expect(mine).toMatchObject({ state: 'finished', serving: [{ type: 'BITMAP', rows: 1_200 }] });
    expect(await one.client.scalarIndexes({ collectionId, index: 'label' })).toEqual([mine]);
    const query = { collectionId, fieldId: vectorField, queries: rows[0]!.vector, nq: 1, limit: 5, offset: 0, outputFieldIds: [], filter: { text: 'label == "label 7"' } };
    for (const { client } of [one, two]) {
      expect(await client.explain({ collectionId, search: query })).toMatchObject({ matchedRows: 24, segments: [{ filteredBy: 'indexes', indexes: ['label'] }] });
    }
    await one.client.dropScalarIndex({ collectionId, index: 'label' });
    await until(async () => (await two.client.scalarIndexes({ collectionId })).length === 0);
    expect(await two.client.explain({ collectionId, search: { ...query, filter: { text: 'label == "label 8"' } } })).toMatchObject({ matchedRows: 24, segments: [{ filteredBy: 'scan' }] });
  });

  it('errors of what was asked of another tab come back as they are', async () => {
    const medium = new SharedMemoryMedium();
    const [, two] = [await open(medium), await open(medium)];
    const collectionId = await make(two.client);
    await expect(two.client.createCollection({ name: 'c', schema, ifNotExists: false })).rejects.toMatchObject({ code: 'ALREADY_EXISTS', detail: { collection: 'c' } });
    await expect(two.client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'HNSW', params: { M: 1 } }, wait: true })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(two.client.dropIndex({ collectionId: 77, fieldId: vectorField })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('a partition that another tab has made just now takes rows everywhere', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await two.client.createPartition({ collectionId, name: 'p' });
    await insertRows(two.client, collectionId, schema, rowsOf(0, 5, 'p'), 'p');
    expect(await one.client.count({ collectionId, partitions: ['p'], consistency: 'Strong' })).toBe(5);
    await one.client.createPartition({ collectionId, name: 'q' });
    await insertRows(one.client, collectionId, schema, rowsOf(5, 9, 'q'), 'q');
    expect(await count(two.client, collectionId)).toBe(9);
    await one.client.dropPartition({ collectionId, name: 'p' });
    await until(async () => (await count(two.client, collectionId)) === 4);
    await two.client.truncateCollection({ collectionId });
    expect([await count(one.client, collectionId), await count(two.client, collectionId)]).toEqual([0, 0]);
    await insertRows(two.client, collectionId, schema, rowsOf(0, 3, 'again'));
    expect(await count(one.client, collectionId)).toBe(3);
  });

  it('the next tab takes over when the one that leads closes, and when it dies', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two, three] = [await open(medium), await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await insertRows(one.client, collectionId, schema, rowsOf(0, 50, 'a'));
    await one.client.close();
    await until(() => maintains(two));
    await insertRows(three.client, collectionId, schema, rowsOf(50, 60, 'b'));
    await three.client.flush({ collectionId });
    expect((await segments(two.client, collectionId)).map(({ rows }) => rows)).toEqual([60]);
    two.tab.kill();
    opened.splice(opened.indexOf(two), 1);
    const flushed = insertRows(three.client, collectionId, schema, rowsOf(60, 70, 'c')).then(() => three.client.flush({ collectionId }));
    await flushed;
    expect(await maintains(three)).toBe(true);
    expect((await segments(three.client, collectionId)).map(({ rows }) => rows)).toEqual([60, 10]);
    const four = await open(medium);
    expect(await count(four.client, collectionId)).toBe(70);
  });

  it('a holder that is frozen is robbed, does no harm when it thaws, and follows then', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await make(two.client);
    await insertRows(one.client, collectionId, schema, rowsOf(0, 50, 'a'));
    one.tab.freeze();
    const late = [insertRows(one.client, collectionId, schema, rowsOf(200, 205, 'late')), one.client.flush({ collectionId })];
    await insertRows(two.client, collectionId, schema, rowsOf(40, 60, 'b'));
    await two.client.flush({ collectionId });
    expect(await maintains(two)).toBe(true);
    await two.client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'HNSW', metric: 'L2' }, wait: true });
    one.tab.thaw();
    await Promise.all(late);
    await until(async () => !(await maintains(one)));
    for (const { client } of [one, two]) expect(await count(client, collectionId)).toBe(65);
    await one.client.flush({ collectionId });
    expect((await segments(one.client, collectionId)).map(({ rows }) => rows)).toEqual((await segments(two.client, collectionId)).map(({ rows }) => rows));
    await two.client.close();
    await until(() => maintains(one));
    await one.client.flush({ collectionId });
    expect(await count(one.client, collectionId)).toBe(65);
    expect([...one.events, ...two.events].filter(({ type }) => type === 'error')).toEqual([]);
  });

  it('a log that grows and grows, because the tab that should seal it is frozen, is sealed by another one', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await make(two.client);
    one.tab.freeze();
    const step = 16_384;
    for (let from = 0; from < 9 * step; from += step) await insertRows(two.client, collectionId, schema, rowsOf(from, from + step, 'a'));
    await until(async () => (await segments(two.client, collectionId)).length > 0);
    expect(await maintains(two)).toBe(true);
    one.tab.thaw();
    for (const { client } of [one, two]) expect(await count(client, collectionId)).toBe(9 * step);
  });

  it('a tab that slept while all it knew was sealed and removed finds its way back', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await insertRows(one.client, collectionId, schema, rowsOf(0, 20, 'a'));
    expect(await count(two.client, collectionId)).toBe(20);
    two.tab.freeze();
    for (let i = 1; i < 6; i++) {
      await insertRows(one.client, collectionId, schema, rowsOf(i * 5, i * 5 + 20, `v${i}`));
      await one.client.flush({ collectionId });
    }
    await one.client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'HNSW', metric: 'L2' }, wait: true });
    const reading = count(two.client, collectionId);
    two.tab.thaw();
    expect(await reading).toBe(45);
    expect(await count(two.client, collectionId)).toBe(45);
    expect(two.events).toEqual([]);
  });

  it('files stay as long as a tab needs them, and go when it has moved on', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await insertRows(one.client, collectionId, schema, rowsOf(0, 20, 'a'));
    await one.client.flush({ collectionId });
    await until(async () => (await segments(two.client, collectionId)).length === 1);
    const [file] = medium.medium.files.keys();
    two.tab.freeze();
    await insertRows(one.client, collectionId, schema, rowsOf(20, 40, 'b'));
    await one.client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT' }, wait: true });
    expect((await segments(one.client, collectionId)).length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(medium.medium.files.has(file)).toBe(true);
    two.tab.thaw();
    await until(() => !medium.medium.files.has(file));
    expect(await count(two.client, collectionId)).toBe(40);
  });

  it('a read-only tab follows, and can do nothing else', async () => {
    const medium = new SharedMemoryMedium();
    await expect(open(medium, { readOnly: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const one = await open(medium);
    const collectionId = await make(one.client);
    const reader = await open(medium, { readOnly: true });
    await insertRows(one.client, collectionId, schema, rowsOf(0, 20, 'a'));
    expect(await count(reader.client, collectionId)).toBe(20);
    await one.client.flush({ collectionId });
    await until(async () => (await segments(reader.client, collectionId)).length === 1);
    await expect(insertRows(reader.client, collectionId, schema, rowsOf(0, 1, ''))).rejects.toMatchObject({ code: 'READ_ONLY' });
    await expect(reader.client.flush({ collectionId })).rejects.toMatchObject({ code: 'READ_ONLY' });
    await one.client.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await maintains(reader)).toBe(false);
  });

  it('a collection that is dropped is gone in all tabs, and nothing can be written to it', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two, three] = [await open(medium), await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await insertRows(one.client, collectionId, schema, rowsOf(0, 20, 'a'));
    await count(three.client, collectionId);
    three.tab.freeze();
    await two.client.dropCollection({ name: 'c' });
    expect(await one.client.listCollections({})).toEqual([]);
    await expect(count(two.client, collectionId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const late = insertRows(three.client, collectionId, schema, rowsOf(20, 21, 'late'));
    three.tab.thaw();
    await expect(late).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await until(() => medium.records.size === 0 && medium.medium.files.size === 0);
  });

  it('a search that needs no look at the log answers at once', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    await make(one.client);
    const collectionId = await make(two.client);
    await insertRows(two.client, collectionId, schema, rowsOf(0, 20, 'a'));
    const query = { collectionId, fieldId: vectorField, queries: rowsOf(5, 6, '')[0].vector, nq: 1, limit: 5, offset: 0, outputFieldIds: [] };
    for (const consistency of [undefined, 'Session', 'Eventually'] as const) expect('then' in two.client.search({ ...query, consistency })).toBe(false);
    expect('then' in two.client.search({ ...query, consistency: 'Strong' })).toBe(true);
  });

  it('changes of all tabs are told where somebody asked, once they are visible', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await make(two.client);
    await insertRows(one.client, collectionId, schema, rowsOf(0, 3, 'untold'));
    await count(two.client, collectionId);
    await two.client.watch({ collectionId, isOn: true });
    const { timestamp } = await insertRows(one.client, collectionId, schema, rowsOf(3, 5, 'a'));
    await until(() => two.events.length === 1);
    await two.client.delete({ collectionId, keys: BigInt64Array.of(3n, 99n) });
    await insertRows(one.client, collectionId, schema, rowsOf(100, 1_200, 'many'));
    await until(() => two.events.length === 3);
    expect(two.events).toEqual([
      { type: 'change', collectionId, change: { kind: 'insert', count: 2, ids: BigInt64Array.of(3n, 4n), timestamp, isLocal: false } },
      { type: 'change', collectionId, change: { kind: 'delete', count: 1, ids: BigInt64Array.of(3n, 99n), timestamp: expect.any(BigInt), isLocal: true } },
      { type: 'change', collectionId, change: { kind: 'insert', count: 1_100, ids: null, timestamp: expect.any(BigInt), isLocal: false } },
    ]);
    await two.client.watch({ collectionId, isOn: false });
    await insertRows(one.client, collectionId, schema, rowsOf(0, 1, 'untold'));
    await count(two.client, collectionId);
    expect(two.events.length).toBe(3);
    expect(one.events).toEqual([]);
  });

  it('an upsert of some fields is redone where another tab wrote in between', async () => {
    const medium = new SharedMemoryMedium();
    const counter = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, a: { type: 'Int64' }, b: { type: 'Int64' }, vector: { type: 'FloatVector', dim: 8 } } });
    const tabs = [await open(medium), await open(medium), await open(medium)];
    const { collectionId } = await tabs[0].client.createCollection({ name: 'counter', schema: counter, ifNotExists: true });
    for (const { client } of tabs) await client.describeCollection({ name: 'counter' });
    await tabs[0].client.insert({ collectionId, batch: toBatch(planOf(counter), [{ key: 1n, a: 0n, b: 0n, vector: new Float32Array(8) }]) });
    // Each field is written by one tab alone: so no write of the others may bring back what it read before.
    const set = (client: EngineClient, field: 'a' | 'b', value: number) => client.upsert({ collectionId, isPartial: true, batch: toBatch(planOf(counter), [{ key: 1n, [field]: BigInt(value) }], 'partial') });
    for (let round = 1; round <= 30; round++) {
      await Promise.all([set(tabs[1].client, 'a', round), set(tabs[2].client, 'b', round)]);
      const { entities } = await tabs[0].client.get({ collectionId, keys: BigInt64Array.of(1n), outputFieldIds: [fieldId(counter, 'a'), fieldId(counter, 'b')], consistency: 'Strong' });
      expect(entities.columns.map((column) => valueAt(column, 0))).toEqual([BigInt(round), BigInt(round)]);
    }
  });

  it('a time that one tab is given divides the writes of all', async () => {
    const medium = new SharedMemoryMedium();
    const [one, two] = [await open(medium), await open(medium)];
    const collectionId = await make(one.client);
    await make(two.client);
    await insertRows(two.client, collectionId, schema, rowsOf(0, 5, 'before'));
    const at = await one.client.now();
    await insertRows(two.client, collectionId, schema, rowsOf(0, 9, 'after'));
    for (const { client } of [one, two]) {
      expect(await client.count({ collectionId, at })).toBe(5);
      const { entities } = await client.get({ collectionId, keys: BigInt64Array.of(2n), outputFieldIds: [labelField], at });
      expect(valueAt(entities.columns[0], 0)).toBe('before');
      expect(await count(client, collectionId)).toBe(9);
    }
  });
});
