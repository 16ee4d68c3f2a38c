/** The life of scalar indexes: made, made again, stopped, dropped, beside writes, merges and over reopening. */
import { describe, expect, it, vi } from 'vitest';
import type { EngineClient, ScalarIndexDescription } from '../../src/engine/client.ts';
import { checkDatabase } from '../../src/check/check.ts';
import { inspectDatabase } from '../../src/check/inspect.ts';
import { repairDatabase } from '../../src/check/repair.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { Schema } from '../../src/schema/types.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { isElanusError } from '../../src/util/error.ts';
import { type Fault, faultStore } from '../support/fault-store.ts';
import { testKernels } from '../support/kernels.ts';
import { fieldId, openTestEngine } from './harness.ts';
import { codeOrNone } from '../support/refusals.ts';

const ROWS = 1_500;

const schema = toSchema({
  fields: {
    key: { type: 'Int64', primaryKey: true },
    year: { type: 'Int32' },
    title: { type: 'VarChar', maxLength: 100, nullable: true },
    meta: { type: 'JSON', nullable: true },
    vector: { type: 'FloatVector', dim: 4 },
  },
});

const rowsOf = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: BigInt(from + i), year: 1900 + ((from + i) % 77), title: (from + i) % 5 === 0 ? null : `title ${(from + i) % 300}`, meta: { color: ['red', 'green', 'blue'][(from + i) % 3], size: from + i }, vector: [1, 2, 3, from + i] }));

async function openOn(medium: MemoryMedium, store: Store = openMemoryStore({ medium })): Promise<EngineClient> {
  return (await openTestEngine(store)).client;
}

const insert = (client: EngineClient, collectionId: number, from: number, count: number) => client.insert({ collectionId, batch: toBatch(planOf(schema), rowsOf(from, count)) });

async function withRows(medium: MemoryMedium, count: number, of: Schema = schema) {
  const client = await openOn(medium);
  const { collectionId } = await client.createCollection({ name: 'c', schema: of, ifNotExists: false });
  if (count > 0) await insert(client, collectionId, 0, count);
  return { client, collectionId };
}

const create = (client: EngineClient, collectionId: number, field: string, type: string, params: Record<string, unknown> = {}, name?: string) =>
  client.createScalarIndex({ collectionId, fieldId: fieldId(schema, field), spec: { type, params }, name, wait: true });

const COLOR = { json_path: 'meta["color"]', json_cast_type: 'varchar' };
const indexFiles = (medium: MemoryMedium): string[] => [...medium.files.keys()].filter((name) => name.endsWith('.idx')).sort();

async function only(client: EngineClient, collectionId: number, index: string): Promise<ScalarIndexDescription> {
  const [found] = await client.scalarIndexes({ collectionId, index });
  return found!;
}

/** Resolves when no build is under way. */
async function built(client: EngineClient, collectionId: number): Promise<ScalarIndexDescription[]> {
  for (;;) {
    const all = await client.scalarIndexes({ collectionId });
    if (all.every(({ state }) => state !== 'building')) return all;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Resolves when every index is over so many rows; fails where nobody builds what is missing. */
const finished = (client: EngineClient, collectionId: number, rows: number): Promise<void> =>
  vi.waitFor(async () => {
    for (const index of await client.scalarIndexes({ collectionId })) expect(index).toMatchObject({ state: 'finished', indexedRows: rows });
  }, { timeout: 2_000 });

async function expectSound(medium: MemoryMedium): Promise<void> {
  const report = await checkDatabase(openMemoryStore({ medium, readOnly: true }), await testKernels('simd'));
  expect(report.findings.filter(({ severity }) => severity !== 'notice')).toEqual([]);
}

describe('scalar indexes', () => {
  it('are built over what is there, kept over reopening, and dropped with their files', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    expect(await create(client, collectionId, 'year', 'stl_sort')).toEqual({ type: 'STL_SORT', params: {} });
    expect(await create(client, collectionId, 'title', 'NGRAM', { min_gram: 2, max_gram: 3 })).toEqual({ type: 'NGRAM', params: { min_gram: 2, max_gram: 3 } });
    expect(await create(client, collectionId, 'meta', 'AUTOINDEX', COLOR)).toEqual({ type: 'AUTOINDEX', params: COLOR });
    expect(await client.scalarIndexes({ collectionId })).toEqual([
      { field: 'year', name: 'year', spec: { type: 'STL_SORT', params: {} }, serving: [{ type: 'STL_SORT', rows: ROWS }], state: 'finished', indexedRows: ROWS, totalRows: ROWS },
      { field: 'title', name: 'title', spec: { type: 'NGRAM', params: { min_gram: 2, max_gram: 3 } }, serving: [{ type: 'NGRAM', rows: ROWS }], state: 'finished', indexedRows: ROWS, totalRows: ROWS },
      expect.objectContaining({ field: 'meta', name: 'meta["color"]', path: ['color'], serving: [{ type: 'BITMAP', rows: ROWS }], why: expect.stringContaining('BITMAP up to 100') }),
    ]);
    expect((await client.collectionStats({ collectionId })).segments[0]!.indexes).toEqual({ year: 'STL_SORT', title: 'NGRAM', 'meta["color"]': 'BITMAP' });
    const files = indexFiles(medium);
    expect(files).toHaveLength(3);
    // The same again is nothing new.
    await create(client, collectionId, 'year', 'STL_SORT');
    expect(indexFiles(medium)).toEqual(files);
    const before = await client.scalarIndexes({ collectionId });
    await client.close();
    await expectSound(medium);

    const again = await openOn(medium);
    expect(await again.scalarIndexes({ collectionId })).toEqual(before);
    expect(indexFiles(medium)).toEqual(files);
    await again.dropScalarIndex({ collectionId, index: 'year' });
    await again.dropScalarIndex({ collectionId, index: 'meta' });
    expect(indexFiles(medium)).toHaveLength(1);
    expect(await codeOrNone(again.dropScalarIndex({ collectionId, index: 'year' }))).toBe('NOT_FOUND');
    expect(await codeOrNone(again.scalarIndexes({ collectionId, index: 'meta' }))).toBe('NOT_FOUND');
    await again.close();
    await expectSound(medium);
  });

  it('follow seals and merges', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await create(client, collectionId, 'year', 'INVERTED');
    for (let i = 1; i < 4; i++) {
      await insert(client, collectionId, i * ROWS, ROWS);
      expect(await only(client, collectionId, 'year')).toMatchObject({ state: 'finished', indexedRows: i * ROWS, totalRows: (i + 1) * ROWS, serving: [{ type: 'INVERTED', rows: i * ROWS }, { type: 'scan', rows: ROWS }] });
      await client.flush({ collectionId });
      await built(client, collectionId);
    }
    await client.delete({ collectionId, keys: BigInt64Array.of(3n, 4n) });
    await client.compact({ collectionId, retentionSeconds: 0 });
    expect(await built(client, collectionId)).toMatchObject([{ state: 'finished', indexedRows: 4 * ROWS - 2, serving: [{ type: 'INVERTED', rows: 4 * ROWS - 2 }] }]);
    expect(indexFiles(medium)).toHaveLength(1);
    await client.truncateCollection({ collectionId });
    expect(indexFiles(medium)).toHaveLength(0);
    expect(await only(client, collectionId, 'year')).toMatchObject({ state: 'finished', indexedRows: 0, serving: [] });
    await client.close();
    await expectSound(medium);
  });

  it('are one of a place: another takes its turn', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await create(client, collectionId, 'year', 'INVERTED');
    await create(client, collectionId, 'year', 'BITMAP');
    expect(await client.scalarIndexes({ collectionId })).toMatchObject([{ name: 'year', spec: { type: 'BITMAP' }, serving: [{ type: 'BITMAP' }] }]);
    expect(indexFiles(medium)).toHaveLength(1);
    await create(client, collectionId, 'year', 'BITMAP', {}, 'by_year');
    expect(await client.scalarIndexes({ collectionId })).toMatchObject([{ name: 'by_year', state: 'finished' }]);
    // Of one JSON field several, of a path each one.
    await create(client, collectionId, 'meta', 'INVERTED', COLOR);
    await create(client, collectionId, 'meta', 'STL_SORT', { json_path: 'meta["size"]', json_cast_type: 'double' });
    expect(await codeOrNone(client.dropScalarIndex({ collectionId, index: 'meta' }))).toBe('INVALID_ARGUMENT');
    await client.dropScalarIndex({ collectionId, index: 'meta["size"]' });
    await client.dropScalarIndex({ collectionId, index: 'year' });
    expect((await client.scalarIndexes({ collectionId })).map(({ name }) => name)).toEqual(['meta["color"]']);
    await client.close();
    await expectSound(medium);
  });

  it('are refused where they cannot be', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, 0);
    expect(await codeOrNone(create(client, collectionId, 'key', 'BITMAP'))).toBe('INVALID_ARGUMENT');
    expect(await codeOrNone(create(client, collectionId, 'year', 'NGRAM', { min_gram: 1, max_gram: 2 }))).toBe('INVALID_ARGUMENT');
    expect(await codeOrNone(create(client, collectionId, 'year', 'HNSW'))).toBe('INVALID_ARGUMENT');
    await create(client, collectionId, 'year', 'INVERTED', {}, 'mine');
    expect(await codeOrNone(create(client, collectionId, 'title', 'INVERTED', {}, 'mine'))).toBe('ALREADY_EXISTS');
    expect(await codeOrNone(create(client, collectionId, 'title', 'INVERTED', {}, 'key'))).toBe('ALREADY_EXISTS');
    expect(await codeOrNone(client.createCollection({ name: 'd', schema: toSchema({ fields: { key: { type: 'Int64', primaryKey: true, index: { type: 'BITMAP' } }, v: { type: 'FloatVector', dim: 4 } } }), ifNotExists: false }))).toBe('INVALID_ARGUMENT');
    expect(await codeOrNone(client.createCollection({ name: 'd', schema: toSchema({ fields: { key: { type: 'Int64', primaryKey: true, index: { type: 'INVERTED', metric: 'L2' } }, v: { type: 'FloatVector', dim: 4 } } }), ifNotExists: false }))).toBe('INVALID_ARGUMENT');
    await client.close();
  });

  it('may be asked for in the schema, and of a field that comes later', async () => {
    const medium = new MemoryMedium();
    const { fields } = schema;
    const asked = toSchema({ fields: Object.fromEntries(fields.map(({ fieldId: _, name, ...field }) => [name, name === 'title' ? { ...field, index: { type: 'trie' } } : name === 'meta' ? { ...field, index: { type: 'INVERTED', params: COLOR } } : field])) });
    const { client, collectionId } = await withRows(medium, ROWS, asked);
    await client.addField({ collectionId, field: { ...toSchema({ fields: { k: { type: 'Int64', primaryKey: true }, later: { type: 'Int8', defaultValue: 3, index: { type: 'BITMAP' } }, v: { type: 'FloatVector', dim: 2 } } }).fields[1]! } });
    await client.flush({ collectionId });
    expect(await built(client, collectionId)).toMatchObject([
      { name: 'title', spec: { type: 'Trie' }, serving: [{ type: 'Trie', rows: ROWS }] },
      { name: 'meta["color"]', serving: [{ type: 'INVERTED', rows: ROWS }] },
      { name: 'later', serving: [{ type: 'BITMAP', rows: ROWS }] },
    ]);
    await client.close();
    await expectSound(medium);
    const again = await openOn(medium);
    expect(await built(again, collectionId)).toHaveLength(3);
    await again.close();
  });

  it('go on with a snapshot', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await create(client, collectionId, 'year', 'INVERTED');
    await client.createSnapshot({ collectionId, name: 'before' });
    await client.dropScalarIndex({ collectionId, index: 'year' });
    expect(indexFiles(medium)).toHaveLength(1);
    const restored = await client.restoreSnapshot({ name: 'before', collection: 'copy' });
    expect(await client.scalarIndexes({ collectionId: restored.collectionId })).toMatchObject([{ name: 'year', state: 'finished', serving: [{ type: 'INVERTED', rows: ROWS }] }]);
    await client.dropSnapshot({ name: 'before' });
    await client.dropCollection({ collectionId: restored.collectionId });
    expect(indexFiles(medium)).toHaveLength(0);
    await client.close();
    await expectSound(medium);
  });

  it('are built by nobody who was stopped, and again by the next', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    const abort = new AbortController();
    const request = { collectionId, fieldId: fieldId(schema, 'title'), spec: { type: 'INVERTED' }, wait: true };
    const stopped = client.createScalarIndex(request, { signal: abort.signal });
    abort.abort();
    expect(await codeOrNone(stopped)).toBe('ABORTED');
    await client.createScalarIndex(request);
    expect(await only(client, collectionId, 'title')).toMatchObject({ state: 'finished', indexedRows: ROWS });
    // Dropped while it waits.
    const waiting = client.createScalarIndex({ ...request, fieldId: fieldId(schema, 'year') });
    while (!(await client.scalarIndexes({ collectionId })).some(({ name }) => name === 'year')) await new Promise((resolve) => setTimeout(resolve, 0));
    await client.dropScalarIndex({ collectionId, index: 'year' });
    expect(['ABORTED', 'none']).toContain(await codeOrNone(waiting));
    await client.close();
    await expectSound(medium);
  });

  it('come whole or not at all where the store fails, and are finished by the next opening', async () => {
    const faults: readonly Fault[] = ['power-loss', 'fail', 'tear', 'lose-answer'];
    let finishedAtOnce = 0;
    for (let at = 1; at <= 8; at++) {
      for (const fault of faults) {
        const about = `${fault} at call ${at}`;
        const medium = new MemoryMedium();
        const before = await withRows(medium, ROWS);
        await create(before.client, before.collectionId, 'year', 'INVERTED');
        await before.client.close();
        const { collectionId } = before;
        const store = faultStore(openMemoryStore({ medium }), { at: 1 + at, fault });
        const acknowledged = await (async () => {
          const client = await openOn(medium, store);
          await insert(client, collectionId, ROWS, ROWS);
          await create(client, collectionId, 'title', 'INVERTED');
          await create(client, collectionId, 'year', 'BITMAP');
          return true;
        })().catch((error: unknown) => {
          expect(isElanusError(error), about).toBe(true);
          return false;
        });
        if (acknowledged) finishedAtOnce++;
        await store.powerLoss();
        medium.lockedBy = null;
        const client = await openOn(medium);
        const all = await built(client, collectionId);
        for (const { name, state, indexedRows } of all) expect([name, state, indexedRows >= ROWS], about).toEqual([name, 'finished', true]);
        expect(all.map(({ name }) => name), about).toContain('year');
        if (acknowledged) expect(all, about).toMatchObject([{ name: 'title' }, { name: 'year', spec: { type: 'BITMAP' } }]);
        expect(indexFiles(medium).length, about).toBe(all.reduce((sum, { indexedRows }) => sum + indexedRows / ROWS, 0));
        await client.close();
        await expectSound(medium);
      }
    }
    expect(finishedAtOnce).toBeLessThan(faults.length * 8);
  });

  it('are built for what is sealed while another one is built', async () => {
    const medium = new MemoryMedium();
    let whileWriting: (() => void) | null = null;
    const inner = openMemoryStore({ medium });
    const write = inner.write.bind(inner);
    let indexesWritten = 0;
    let isHeld = false;
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    inner.write = async (name, chunks) => {
      // The second index of the second segment waits.
      if (name.endsWith('.idx') && ++indexesWritten === 4) {
        isHeld = true;
        whileWriting?.();
        await released;
      }
      return write(name, chunks);
    };
    const client = await openOn(medium, inner);
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insert(client, collectionId, 0, ROWS);
    await create(client, collectionId, 'year', 'INVERTED');
    await create(client, collectionId, 'title', 'INVERTED');
    await insert(client, collectionId, ROWS, ROWS);
    const holding = new Promise<void>((resolve) => (whileWriting = resolve));
    await client.flush({ collectionId });
    await holding;
    expect(isHeld).toBe(true);
    await insert(client, collectionId, 2 * ROWS, ROWS);
    await client.flush({ collectionId });
    release();
    await finished(client, collectionId, 3 * ROWS);
    await client.close();
  });

  it('are built for what another index, a property or a purge has sealed', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), ROWS);
    await create(client, collectionId, 'year', 'INVERTED');
    await insert(client, collectionId, ROWS, ROWS);
    await create(client, collectionId, 'title', 'INVERTED');
    await finished(client, collectionId, 2 * ROWS);
    await client.alterCollection({ collectionId, ttlSeconds: 1_000_000 });
    await insert(client, collectionId, 2 * ROWS, ROWS);
    await client.alterCollection({ collectionId, ttlSeconds: 2_000_000 });
    await finished(client, collectionId, 3 * ROWS);
    await insert(client, collectionId, 3 * ROWS, ROWS);
    await client.purge({ collectionId, keys: BigInt64Array.of(BigInt(3 * ROWS)) });
    await finished(client, collectionId, 4 * ROWS - 1);
    await client.close();
  });

  it('are built for what the build of a vector index has sealed, and the other way round', async () => {
    const { client, collectionId } = await withRows(new MemoryMedium(), 0);
    await create(client, collectionId, 'year', 'INVERTED');
    await insert(client, collectionId, 0, ROWS);
    const vector = fieldId(schema, 'vector');
    await client.createIndex({ collectionId, fieldId: vector, spec: { type: 'HNSW', metric: 'L2', params: {} }, wait: true });
    await finished(client, collectionId, ROWS);
    await insert(client, collectionId, ROWS, ROWS);
    await create(client, collectionId, 'title', 'INVERTED');
    await finished(client, collectionId, 2 * ROWS);
    await vi.waitFor(async () => expect(await client.describeIndex({ collectionId, fieldId: vector })).toMatchObject({ state: 'finished', indexedRows: 2 * ROWS }), { timeout: 2_000 });
    await client.close();
  });

  it('are saved by a repair where they are whole, and built again where they are not', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await create(client, collectionId, 'year', 'INVERTED');
    await create(client, collectionId, 'meta', 'BITMAP', COLOR);
    await client.close();
    const [damaged] = indexFiles(medium);
    medium.files.get(damaged!)![100]! ^= 1;
    const saved = new MemoryMedium();
    await repairDatabase(openMemoryStore({ medium, readOnly: true }), openMemoryStore({ medium: saved }), await testKernels('simd'));
    expect(indexFiles(saved)).toHaveLength(1);
    const again = await openOn(saved);
    expect(await built(again, collectionId)).toMatchObject([{ name: 'year', indexedRows: ROWS }, { name: 'meta["color"]', indexedRows: ROWS }]);
    await again.close();
    expect(indexFiles(saved)).toHaveLength(2);
    await expectSound(saved);
  });

  it('are told by inspect, and missed by check where their file is gone or damaged', async () => {
    const medium = new MemoryMedium();
    const { client, collectionId } = await withRows(medium, ROWS);
    await create(client, collectionId, 'year', 'AUTOINDEX');
    await client.close();
    const inventory = await inspectDatabase(openMemoryStore({ medium, readOnly: true }));
    expect(inventory.collections[0]).toMatchObject({ scalarIndexes: [{ name: 'year', spec: { type: 'AUTOINDEX' } }], segments: [{ scalarIndexes: [{ name: 'year', type: 'BITMAP', bytes: expect.any(Number) }] }] });
    const [file] = indexFiles(medium);
    const bytes = medium.files.get(file!)!;
    const messages = async (): Promise<string> => (await checkDatabase(openMemoryStore({ medium, readOnly: true }), await testKernels('simd'))).findings.map(({ message }) => message).join('\n');
    bytes[100]! ^= 1;
    expect(await messages()).toMatch(new RegExp(`${file}.*block`));
    medium.files.delete(file!);
    expect(await messages()).toMatch(/named by the manifest and is not there/);
  });
});
