/** Indexes of merged segments that begin with that of an input, through the engine. */
import { describe, expect, it } from 'vitest';
import type { CallContext, EngineClient } from '../../src/engine/client.ts';
import { carriedRows } from '../../src/index/base.ts';
import type { BuildJob } from '../../src/index/index.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { ElanusError } from '../../src/util/error.ts';
import { SEED, randomVectors } from '../support/vectors.ts';
import { fieldId, openTestEngine } from './harness.ts';

/** 1.1 MB of vectors have a graph. */
const DIM = 256;
const ROWS = 1100;
const SPEC = { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, efConstruction: 40 } } as const;
const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim: DIM } } });
const vector = fieldId(schema, 'vector');
const vectors = randomVectors(4 * ROWS, DIM, 17);
const rowAt = (key: number): Float32Array => vectors.slice(key * DIM, (key + 1) * DIM);

interface Opened {
  readonly client: EngineClient;
  readonly collectionId: number;
  readonly medium: MemoryMedium;
  /** All that was built, in order. */
  readonly jobs: BuildJob[];
  /** Inserts rows of these keys, seals them, and waits for their index. */
  add(keys: readonly number[]): Promise<void>;
  index(spec?: { type: string; metric: 'L2'; params: Record<string, unknown> }): Promise<void>;
  compact(context?: CallContext): Promise<void>;
}

async function open(onBuild?: (job: BuildJob) => void, medium = new MemoryMedium(), retentionSeconds = 0): Promise<Opened> {
  const jobs: BuildJob[] = [];
  const watch = (job: BuildJob): void => {
    jobs.push(job);
    onBuild?.(job);
  };
  const { client } = await openTestEngine(openMemoryStore({ medium }), { retentionSeconds }, {}, { onBuild: watch });
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: true });
  return {
    client, collectionId, medium, jobs,
    async add(keys) {
      await client.insert({ collectionId, batch: toBatch(planOf(schema), keys.map((key) => ({ key: BigInt(key), vector: rowAt(key) }))) });
      await client.flush({ collectionId });
      for (let i = 0; i < 1000 && (await client.indexProgress({ collectionId, fieldId: vector })).state === 'building'; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    index: (spec = SPEC) => client.createIndex({ collectionId, fieldId: vector, spec, wait: true }).then(() => {}),
    compact: (context) => client.compact({ collectionId }, context).then(() => {}),
  };
}

const range = (from: number, to: number, step = 1): number[] => Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

/** Searches find what is nearest among these keys, nearly always. */
async function expectFound({ client, collectionId }: Opened, keys: readonly number[]): Promise<void> {
  const stats = await client.describeIndex({ collectionId, fieldId: vector });
  expect(stats).toMatchObject({ state: 'finished', serving: [{ type: 'HNSW_SQ' }] });
  let good = 0;
  for (let q = 0; q < 20; q++) {
    const query = randomVectors(1, DIM, 1000 + q);
    const distance = new Map(keys.map((key) => [key, vectors.subarray(key * DIM, (key + 1) * DIM).reduce((sum, x, d) => sum + (x - query[d]!) ** 2, 0)]));
    const truth = new Set([...keys].sort((a, b) => distance.get(a)! - distance.get(b)!).slice(0, 10).map(BigInt));
    const { keys: found } = await client.search({ collectionId, fieldId: vector, queries: query, nq: 1, limit: 10, offset: 0, outputFieldIds: [], params: { ef: 600 } });
    for (const key of found as BigInt64Array) if (truth.has(key)) good++;
  }
  expect(good / 200, `seed ${SEED}`).toBeGreaterThan(0.9);
}

describe('the index of a merged segment', () => {
  it('begins with that of the input with the most rows', async () => {
    const opened = await open();
    const { client, jobs } = opened;
    await opened.index();
    // Keys that alternate: rows of the base lie between others.
    await opened.add(range(0, 2 * ROWS, 3));
    await opened.add(range(1, 3 * ROWS, 3).concat(range(2, 3 * ROWS, 3)));
    expect(jobs.map(({ base }) => base === null)).toEqual([true]);
    const seen: number[] = [];
    await opened.compact({ onProgress: ({ phase, done, total }) => void (phase === 'build' && (expect(total).toBe(2934), seen.push(done))) });
    expect(jobs).toHaveLength(2);
    const { base, rows } = jobs[1]!;
    expect(rows).toBe(2934);
    expect(base!.rowsTo.length).toBe(2200);
    expect(carriedRows(base!)).toBe(2200);
    expect(seen[0]).toBeGreaterThanOrEqual(2200);
    expect(seen.at(-1)).toBe(2934);
    await expectFound(opened, range(0, 2 * ROWS, 3).concat(range(1, 3 * ROWS, 3), range(2, 3 * ROWS, 3)));
    await client.close();
    // And as it was written.
    opened.medium.lockedBy = null;
    const again = await open(undefined, opened.medium);
    await expectFound(again, range(0, 2 * ROWS, 3).concat(range(1, 3 * ROWS, 3), range(2, 3 * ROWS, 3)));
    expect(again.jobs).toEqual([]);
    await again.client.close();
  });

  it.each([
    ['has no rows that the merge left out', 0, 200, 2 * ROWS - 200],
    ['keeps rows that reads of the past see', 3600, 200, 2 * ROWS],
    ['is built anew where more than a fifth is left out', 0, 500, null],
  ])('%s', async (_, retentionSeconds, deleted, carried) => {
    const opened = await open(undefined, undefined, retentionSeconds);
    const { client, collectionId, jobs } = opened;
    await opened.index();
    await opened.add(range(0, 2 * ROWS));
    await opened.add(range(2 * ROWS, 2 * ROWS + 100));
    await client.delete({ collectionId, keys: BigInt64Array.from(range(0, deleted), BigInt) });
    // The clock goes on: the deletes are before the horizon that the merge takes.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const before = jobs.length;
    await opened.compact();
    expect(jobs.length).toBe(before + 1);
    const { base, rows } = jobs.at(-1)!;
    expect(base && carriedRows(base)).toBe(carried);
    expect(rows).toBe((carried ?? 2 * ROWS - deleted) + 100);
    await expectFound(opened, range(deleted, 2 * ROWS + 100));
    await client.close();
  });

  it('of createIndex begins with one that is there, unless other parameters are asked for', async () => {
    const opened = await open();
    const { client, jobs } = opened;
    await opened.index();
    await opened.add(range(0, ROWS));
    await opened.add(range(ROWS, ROWS + 300));
    await opened.index();
    expect(jobs.at(-1)).toMatchObject({ rows: ROWS + 300, params: { M: 8 }, base: { rowsTo: { length: ROWS } } });
    await opened.add(range(ROWS + 300, ROWS + 600));
    await opened.index({ ...SPEC, params: { M: 9, efConstruction: 40 } });
    expect(jobs.at(-1)).toMatchObject({ rows: ROWS + 600, params: { M: 9 }, base: null });
    await opened.add(range(ROWS + 600, ROWS + 900));
    await opened.index({ type: 'IVF_FLAT', metric: 'L2', params: { nlist: 8 } });
    expect(jobs.at(-1)).toMatchObject({ rows: ROWS + 900, typeName: 'IVF_FLAT', base: null });
    await client.close();
  });

  it('is built anew where what it would begin with is damaged', async () => {
    const opened = await open();
    const { client, medium, jobs } = opened;
    await opened.index();
    await opened.add(range(0, 2 * ROWS));
    await opened.add(range(2 * ROWS, 2 * ROWS + 100));
    const [file] = [...medium.files.keys()].filter((name) => name.endsWith('.idx'));
    const bytes = medium.files.get(file!)!.slice();
    // Among the links, which are what the file begins with.
    bytes.fill(0x55, 20_000, 24_000);
    medium.files.set(file!, bytes);
    const before = jobs.length;
    await opened.compact();
    expect(jobs.slice(before).map(({ base }) => base === null)).toEqual([true]);
    await expectFound(opened, range(0, 2 * ROWS + 100));
    await client.close();
  });

  it('is built anew where what it would begin with is gone when a worker looks for it', async () => {
    const opened = await open(({ base }) => {
      if (base) throw new ElanusError('NOT_FOUND', 'expected to be a file of the store, got none');
    });
    const { client, jobs } = opened;
    await opened.index();
    await opened.add(range(0, 2 * ROWS));
    await opened.add(range(2 * ROWS, 2 * ROWS + 100));
    await opened.compact();
    expect(jobs.map(({ base }) => base === null)).toEqual([true, false, true]);
    await expectFound(opened, range(0, 2 * ROWS + 100));
    await client.close();
  });

  it('is not built a second time for another failure', async () => {
    const opened = await open(({ base }) => {
      if (base) throw new ElanusError('WORKER_LOST', 'the build worker has ended');
    });
    const { client, jobs } = opened;
    await opened.index();
    await opened.add(range(0, ROWS));
    await opened.add(range(ROWS, ROWS + 100));
    await expect(opened.compact()).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect(jobs).toHaveLength(2);
    await client.close();
  });
});
