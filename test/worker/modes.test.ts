/** Where `connect` puts the engine and the builds in Node, and what crosses between them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, defineSchema, type ConnectOptions, type Database, type Progress } from '../../src/node.ts';

const DIM = 32;
const SPEC = { type: 'HNSW', metric: 'L2', params: { M: 16, efConstruction: 200 } } as const;
const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, autoId: true },
    embedding: { type: 'FloatVector', dim: DIM },
  },
});

let folder: string;
const open: Database[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'elanus-modes-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((db) => db.close()));
  rmSync(folder, { recursive: true, force: true });
});

const start = async (url: string, options: ConnectOptions): Promise<Database> => {
  const db = await connect(url, options);
  open.push(db);
  return db;
};
const vectors = (rows: number): Float32Array => Float32Array.from({ length: rows * DIM }, (_, i) => Math.sin(i * 0.37 + (i % 11)));

const MODES: { name: string; options: ConnectOptions; engineThread: string; buildThread: string }[] = [
  { name: 'auto', options: {}, engineThread: 'calling', buildThread: 'worker' },
  { name: 'worker', options: { mode: 'worker' }, engineThread: 'worker', buildThread: 'worker' },
  { name: 'inline', options: { mode: 'inline' }, engineThread: 'calling', buildThread: 'calling' },
  { name: 'no build workers', options: { workers: 0 }, engineThread: 'calling', buildThread: 'calling' },
];

describe.each(MODES)('mode $name', ({ options, engineThread, buildThread }) => {
  it.each(['memory:', 'file:'])('indexes and searches over %s', async (scheme) => {
    const db = await start(scheme === 'file:' ? `file:${folder}/db` : scheme, options);
    const rows = await db.createCollection('rows', schema);
    const embedding = vectors(3000);
    const { ids } = await rows.insert({ embedding: embedding.slice() });
    await rows.createIndex('embedding', SPEC);
    const hits = await rows.search({ vector: embedding.slice(5 * DIM, 6 * DIM), limit: 1 });
    expect(hits[0]!.id).toBe(ids[5]);
    expect(await rows.indexProgress('embedding')).toMatchObject({ state: 'finished', indexedRows: 3000 });
    expect(await db.stats()).toMatchObject({ engineThread, buildThread });
  });

  it('finds what is like rows that are there, call after call', async () => {
    const db = await start('memory:', options);
    const rows = await db.createCollection('rows', schema);
    const { ids } = await rows.insert({ embedding: vectors(50) });
    for (const id of [ids[3]!, ids[40]!]) {
      const [hits] = await rows.search({ ids: [id], limit: 1 });
      expect(hits![0]!.id).toBe(id);
    }
  });

  it('answers with the codes and details of errors', async () => {
    const db = await start('memory:', options);
    await expect(db.collection('nobody')).rejects.toMatchObject({ name: 'ElanusError', code: 'NOT_FOUND' });
    const rows = await db.createCollection('rows', schema);
    await expect(db.createCollection('rows', schema)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await db.dropCollection('rows');
    await expect(rows.count()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('leaves a build when its signal fires', async () => {
    const db = await start(`file:${folder}/db`, options);
    const rows = await db.createCollection('rows', schema);
    await rows.insert({ embedding: vectors(20_000) });
    const controller = new AbortController();
    const reason = new Error('never mind');
    // At the first report, so that the build is known to run.
    const onProgress = (progress: Progress): void => {
      if (progress.phase === 'build') controller.abort(reason);
    };
    await expect(rows.createIndex('embedding', SPEC, { signal: controller.signal, onProgress })).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    expect(await rows.count()).toBe(20_000);
  });

  it('refuses calls after close, and closes twice', async () => {
    const db = await start('memory:', options);
    const rows = await db.createCollection('rows', schema);
    await db.close();
    await db.close();
    await expect(rows.count()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

it('a second opener of a folder is told that it is LOCKED, from a worker too', async () => {
  await start(`file:${folder}/db`, {});
  await expect(connect(`file:${folder}/db`, { mode: 'worker' })).rejects.toMatchObject({ code: 'LOCKED' });
});

it('an index built by two workers is the one that one builds, over a store and from bytes', async () => {
  const embedding = vectors(18_000);
  const built: Buffer[] = [];
  for (const workers of [1, 2]) {
    const path = join(folder, `by-${workers}`);
    const db = await start(`file:${path}`, { workers });
    const rows = await db.createCollection('rows', schema);
    await rows.insert({ embedding: embedding.slice() });
    const seen: number[] = [];
    await rows.createIndex('embedding', { type: 'HNSW_SQ', metric: 'L2', params: { M: 4, efConstruction: 16 } }, { onProgress: ({ phase, done }) => void (phase === 'build' && seen.push(done)) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    await db.close();
    const files = readdirSync(path, { recursive: true }) as string[];
    built.push(...files.filter((name) => name.endsWith('.idx')).map((name) => readFileSync(join(path, name))));
  }
  expect(built).toHaveLength(2);
  expect(built[1]!.equals(built[0]!)).toBe(true);

  const db = await start('memory:', { workers: 2 });
  const rows = await db.createCollection('rows', schema);
  const { ids } = await rows.insert({ embedding: embedding.slice() });
  await rows.createIndex('embedding', SPEC);
  const [hit] = await rows.search({ vector: embedding.slice(7 * DIM, 8 * DIM), limit: 1 });
  expect(hit).toMatchObject({ id: ids[7], score: 0 });
});

it('a merge begins with an index that is there, wherever it is built, and ends with the same one', { timeout: 60_000 }, async () => {
  // A small segment first, so that the rows carried over get other numbers; enough rows for two workers behind the large one.
  const parts = [vectors(500), vectors(18_000).map((x, i) => x + (i % 7)), vectors(17_000).map((x, i) => x * (1 + (i % 5)))];
  const built: Buffer[] = [];
  for (const [name, options] of [['inline', { mode: 'inline', workers: 0 }], ['one', { workers: 1 }], ['two', { workers: 2 }]] as const) {
    const path = join(folder, name);
    const db = await start(`file:${path}`, options);
    const rows = await db.createCollection('rows', schema);
    await rows.createIndex('embedding', { type: 'HNSW_SQ', metric: 'L2', params: { M: 4, efConstruction: 16 } });
    for (const [i, embedding] of parts.entries()) {
      await rows.insert({ embedding: embedding.slice() });
      await rows.flush();
      // Whether the third, which is smaller, has one is all the same.
      if (i < 2) while ((await rows.indexProgress('embedding')).state === 'building') await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const seen: number[] = [];
    await rows.compact({ onProgress: ({ phase, done, total }) => void (phase === 'build' && total === 35_500 && seen.push(done)) });
    expect(seen[0], name).toBeGreaterThanOrEqual(18_000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const near = await rows.search({ vector: parts[1]!.slice(9 * DIM, 10 * DIM), limit: 1, params: { ef: 100 } });
    expect(near[0]!.score).toBeLessThan(1);
    await db.close();
    const files = readdirSync(path, { recursive: true }) as string[];
    built.push(...files.filter((file) => file.endsWith('.idx')).map((file) => readFileSync(join(path, file))));
  }
  expect(built).toHaveLength(3);
  expect(built[1]!.equals(built[0]!)).toBe(true);
  expect(built[2]!.equals(built[0]!)).toBe(true);
});
