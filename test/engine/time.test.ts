/**
 * Reads of the past against a model that keeps every version of every row: whatever the engine has sealed, merged, indexed,
 * replayed or dropped meanwhile, a read at a time from the horizon on sees what there was at that time. `SEEDS` runs more
 * of them; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/engine/client.ts';
import { columnKeys } from '../../src/schema/keys.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { DIM, fieldId, insertRows, openTestEngine, restarts, testSchema, type TestEngine } from './harness.ts';
import { bestScores, type ModelRow, score } from './model.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 20);
const METRICS: readonly MetricType[] = ['L2', 'IP', 'COSINE'];

interface Version extends ModelRow {
  readonly insertedAt: bigint;
  deletedAt: bigint | null;
}

const ticks = (milliseconds: number): bigint => BigInt(Math.floor(milliseconds)) << 18n;

const isSeen = ({ insertedAt, deletedAt }: Version, at: bigint): boolean => insertedAt <= at && (deletedAt === null || at < deletedAt);

describe('reads of the past against all versions', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      await run(seed);
    });
  }
});

async function run(seed: number): Promise<void> {
  const next = random(seed);
  const int = (bound: number): number => Math.floor(next() * bound);
  const keyType = seed % 3 === 0 ? 'VarChar' : 'Int64';
  const schema = testSchema(keyType);
  const keyOf = (n: number): bigint | string => (keyType === 'Int64' ? BigInt(n) : `k\u{1f600}${n % 7}ä${n}`);
  const keysOf = (keys: readonly (bigint | string)[]): BigInt64Array | string[] => (keyType === 'Int64' ? BigInt64Array.from(keys as bigint[]) : (keys as string[]));
  const someKeys = (most: number): (bigint | string)[] => [...new Set(Array.from({ length: 1 + int(most) }, () => keyOf(int(60))))];
  const vector = (): Float32Array => Float32Array.from({ length: DIM }, () => Math.round(next() * 20 - 10) / 4);
  // A third of the seeds keeps nothing, a third little, a third for ten minutes.
  const options: Partial<EngineOptions> = [{ retentionSeconds: 0 }, { retentionSeconds: 100_000, historyBytes: 20_000 }, { retentionSeconds: 600 }][int(3)]!;
  let wall = 1_700_000_000_000;
  let metric: MetricType = 'COSINE';
  const medium = new MemoryMedium();
  const reopen = restarts(medium, (store) => openTestEngine(store, options, {}, { now: () => wall }));
  let engine = await reopen();
  // Half of the seeds have rows that expire, and change after how long.
  let ttlSeconds = next() < 0.5 ? null : 30 + int(300);
  const hasExpiry = ttlSeconds !== null;
  const { collectionId } = await engine.client.createCollection({ name: 'c', schema, ifNotExists: false, ...(ttlSeconds === null ? {} : { properties: { ttlSeconds } }) });
  const versions: Version[] = [];
  const live = (): Version[] => versions.filter(({ deletedAt }) => deletedAt === null);
  const expire = async (): Promise<void> => {
    if (ttlSeconds === null) return;
    const lifetime = ticks(ttlSeconds * 1_000);
    const now = await engine.client.now();
    if (next() < 0.5) times.push(now);
    for (const version of live()) if (version.insertedAt + lifetime <= now) version.deletedAt = version.insertedAt + lifetime;
  };
  let times: bigint[] = [];
  const vectorField = fieldId(schema, 'vector');
  const labelField = fieldId(schema, 'label');
  let horizon = 0n;

  for (let step = 0; step < 45; step++) {
    const { client } = engine;
    wall += int(3) === 0 ? int(120_000) : int(3);
    await expire();
    const what = next();
    if (what < 0.4) {
      const rows = someKeys(30).map((key) => ({ key, label: `label ${int(1e6)}`, vector: vector() }));
      const { timestamp } = await insertRows(client, collectionId, schema, rows);
      for (const row of live()) if (rows.some(({ key }) => key === row.key)) row.deletedAt = timestamp;
      for (const row of rows) versions.push({ ...row, insertedAt: timestamp, deletedAt: null });
      times.push(timestamp);
    } else if (what < 0.55) {
      const keys = someKeys(15);
      const { count, timestamp } = await client.delete({ collectionId, keys: keysOf(keys) });
      const gone = live().filter(({ key }) => keys.includes(key));
      expect(count).toBe(gone.length);
      for (const row of gone) row.deletedAt = timestamp;
      times.push(timestamp);
    } else if (what < 0.6) {
      const keys = someKeys(4);
      const { count } = await client.purge({ collectionId, keys: keysOf(keys) });
      expect(count).toBe(live().filter(({ key }) => keys.includes(key)).length);
      for (let i = versions.length - 1; i >= 0; i--) if (keys.includes(versions[i]!.key)) versions.splice(i, 1);
    } else if (what < 0.75) {
      await client.flush({ collectionId });
    } else if (what < 0.8) {
      metric = METRICS[int(3)]!;
      await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric }, wait: true });
    } else if (what < 0.83 && hasExpiry) {
      ttlSeconds = next() < 0.3 ? null : 10 + int(400);
      await client.alterCollection({ collectionId, ttlSeconds });
      expect((await client.describeCollection({ collectionId })).properties).toEqual(ttlSeconds === null ? {} : { ttlSeconds });
      await expire();
    } else if (what < 0.88) {
      await client.compact({ collectionId });
      if (options.retentionSeconds === 0 && !hasExpiry) {
        const { rows, deletedRows } = await client.collectionStats({ collectionId });
        expect([rows, deletedRows]).toEqual([live().length, 0]);
      }
    } else {
      if (next() < 0.7) await client.close();
      engine = await reopen();
    }
    if (next() < 0.5) times.push(await engine.client.now());
    await compare(engine);
  }
  await engine.client.close();

  async function compare({ client }: TestEngine): Promise<void> {
    const stats = await client.collectionStats({ collectionId });
    expect(stats.horizon >= horizon, 'a horizon never goes back').toBe(true);
    horizon = stats.horizon;
    expect(stats.historyRows + stats.reclaimableRows).toBe(stats.deletedRows);
    if (options.historyBytes !== undefined) expect(stats.historyBytes).toBeLessThanOrEqual(options.historyBytes + 2_000);
    const refused = times.filter((at) => at < horizon);
    if (refused.length > 0) {
      const at = refused[int(refused.length)]!;
      await expect(client.count({ collectionId, at })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(String(horizon)) });
    }
    times = times.filter((at) => at >= horizon);
    await compareAt(client, undefined);
    for (let i = 0; i < 3 && times.length > 0; i++) await unlessGone(client, times[int(times.length)]!);
    await unlessGone(client, horizon);
  }

  /** A merge in the background may have moved the horizon on since it was asked for. */
  async function unlessGone(client: TestEngine['client'], at: bigint): Promise<void> {
    try {
      await compareAt(client, at);
    } catch (error) {
      const isGone = (error as { code?: string }).code === 'INVALID_ARGUMENT' && (await client.collectionStats({ collectionId })).horizon > at;
      if (!isGone) throw error;
    }
  }

  async function compareAt(client: TestEngine['client'], at: bigint | undefined): Promise<void> {
    const seen = new Map((at === undefined ? live() : versions.filter((version) => isSeen(version, at))).map((version) => [version.key, version]));
    expect(await client.count({ collectionId, at }), `count at ${at}`).toBe(seen.size);
    const nq = 1 + int(2);
    const queries = Array.from({ length: nq }, vector);
    const limit = 1 + int(12);
    const flat = new Float32Array(nq * DIM);
    queries.forEach((query, i) => flat.set(query, i * DIM));
    const reply = await client.search({ collectionId, fieldId: vectorField, queries: flat, nq, limit, offset: 0, outputFieldIds: [labelField, vectorField], at });
    queries.forEach((query, q) => {
      const from = q === 0 ? 0 : reply.ends[q - 1]!;
      const expected = bestScores(seen.values(), metric, query, limit);
      expect(reply.ends[q]! - from).toBe(expected.length);
      expected.forEach((want, i) => {
        expect(reply.scores[from + i]).toBeCloseTo(want, 3);
        const row = seen.get(reply.keys[from + i]!)!;
        expect(row, `hit ${i} is a row of that time`).toBeDefined();
        expect(score(metric, query, row.vector)).toBeCloseTo(reply.scores[from + i]!, 3);
        expect(valueAt(reply.entities!.columns[0]!, from + i)).toBe(row.label);
        expect(valueAt(reply.entities!.columns[1]!, from + i)).toEqual(row.vector);
      });
    });
    const asked = Array.from({ length: 10 }, () => keyOf(int(60)));
    const got = await client.get({ collectionId, keys: keysOf(asked), outputFieldIds: [fieldId(schema, 'key'), labelField, vectorField], at });
    const keys = columnKeys(got.entities.columns[0]!);
    asked.forEach((key, i) => {
      const row = seen.get(key);
      expect(got.found[i]! >= 0, `key ${key} at ${at}`).toBe(row !== undefined);
      if (!row) return;
      expect(keys[got.found[i]!]).toBe(key);
      expect(valueAt(got.entities.columns[1]!, got.found[i]!)).toBe(row.label);
      expect(valueAt(got.entities.columns[2]!, got.found[i]!)).toEqual(row.vector);
    });
  }
}

describe('history', () => {
  const schema = testSchema('Int64');
  const vectorField = fieldId(schema, 'vector');
  const row = (key: number, label: string): ModelRow => ({ key: BigInt(key), label, vector: new Float32Array(DIM).fill(key) });

  async function open(options: Partial<EngineOptions> = {}) {
    const clock = { wall: 1_700_000_000_000 };
    const medium = new MemoryMedium();
    const reopen = async (): Promise<TestEngine['client']> => {
      medium.lockedBy = null;
      return (await openTestEngine(openMemoryStore({ medium }), options, {}, { now: () => clock.wall })).client;
    };
    const client = await reopen();
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    return { client, clock, collectionId, medium, reopen };
  }

  it('now() has what was acknowledged before and nothing that comes after, also within one millisecond', async () => {
    const { client, collectionId } = await open();
    const counts: number[] = [];
    const times: bigint[] = [];
    for (let i = 0; i < 5; i++) {
      await insertRows(client, collectionId, schema, [row(i, 'a')]);
      times.push(await client.now());
    }
    for (const at of times) counts.push(await client.count({ collectionId, at }));
    expect(counts).toEqual([1, 2, 3, 4, 5]);
  });

  it('now() waits for writes under way, which a read at it sees then or never', async () => {
    for (let turns = 0; turns < 30; turns++) {
      const { client, collectionId } = await open();
      const write = insertRows(client, collectionId, schema, [row(1, 'a')]);
      for (let i = 0; i < turns; i++) await Promise.resolve();
      const at = await client.now();
      const count = await client.count({ collectionId, at });
      await write;
      expect(await client.count({ collectionId, at })).toBe(count);
    }
  });

  it('refuses a time before the collection and one to come, with what was expected', async () => {
    const { client, clock, collectionId } = await open();
    const before = await client.now() - ticks(1_000);
    await expect(client.count({ collectionId, at: before })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { parameter: 'at' } });
    await expect(client.count({ collectionId, at: ticks(clock.wall + 5_000) })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { parameter: 'at' } });
    // Threads' clocks may differ a little.
    expect(await client.count({ collectionId, at: ticks(clock.wall + 500) })).toBe(0);
  });

  it('a read at the present is the same when it is repeated after a write of the same millisecond', async () => {
    const { client, clock, collectionId } = await open();
    clock.wall += 10;
    const at = ticks(clock.wall);
    expect(await client.count({ collectionId, at })).toBe(0);
    await insertRows(client, collectionId, schema, [row(1, 'a')]);
    expect(await client.count({ collectionId, at })).toBe(0);
    expect(await client.count({ collectionId })).toBe(1);
  });

  it('ends after the retention window: rows are reclaimable then, and gone after a compaction', async () => {
    const { client, clock, collectionId } = await open({ retentionSeconds: 60 });
    await insertRows(client, collectionId, schema, Array.from({ length: 20 }, (_, i) => row(i, 'old')));
    const then = await client.now();
    clock.wall += 1_000;
    await insertRows(client, collectionId, schema, Array.from({ length: 20 }, (_, i) => row(i, 'new')));
    await client.compact({ collectionId });
    expect(await client.collectionStats({ collectionId })).toMatchObject({ rows: 20, deletedRows: 20, historyRows: 20, reclaimableRows: 0 });
    expect(await client.count({ collectionId, at: then })).toBe(20);
    clock.wall += 60_001;
    expect(await client.collectionStats({ collectionId })).toMatchObject({ rows: 20, deletedRows: 20, historyRows: 0, reclaimableRows: 20 });
    expect(await client.compact({ collectionId })).toMatchObject({ removedRows: 20 });
    expect(await client.collectionStats({ collectionId })).toMatchObject({ rows: 20, deletedRows: 0, historyRows: 0, reclaimableRows: 0 });
    await expect(client.count({ collectionId, at: then })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('ends where a compaction is told to keep less', async () => {
    const { client, clock, collectionId } = await open({ retentionSeconds: 1_000 });
    await insertRows(client, collectionId, schema, [row(1, 'a'), row(2, 'a')]);
    clock.wall += 60_000;
    await client.delete({ collectionId, keys: BigInt64Array.of(1n) });
    const first = await client.now();
    clock.wall += 60_000;
    await client.delete({ collectionId, keys: BigInt64Array.of(2n) });
    expect(await client.compact({ collectionId, retentionSeconds: 5_000 })).toMatchObject({ removedRows: 0 });
    expect(await client.compact({ collectionId, retentionSeconds: 30 })).toMatchObject({ removedRows: 1 });
    await expect(client.count({ collectionId, at: first })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await client.compact({ collectionId, retentionSeconds: 0 })).toMatchObject({ removedRows: 1, segmentsAfter: 0 });
    expect(await client.collectionStats({ collectionId })).toMatchObject({ deletedRows: 0, segments: [] });
  });

  it('gives up its oldest part beyond historyBytes, whichever collection has it', async () => {
    const { client, clock, collectionId } = await open({ historyBytes: 3_000 });
    const other = (await client.createCollection({ name: 'other', schema, ifNotExists: false })).collectionId;
    const write = async (id: number): Promise<bigint> => {
      clock.wall += 1_000;
      const { timestamp } = await insertRows(client, id, schema, Array.from({ length: 20 }, (_, i) => row(i, 'some label')));
      await client.flush({ collectionId: id });
      return timestamp;
    };
    const first = await write(collectionId);
    await write(collectionId);
    for (let i = 0; i < 8; i++) await write(other);
    await expect(client.count({ collectionId, at: first })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const [a, b] = [await client.collectionStats({ collectionId }), await client.collectionStats({ collectionId: other })];
    expect(a.historyRows).toBe(0);
    expect(a.historyBytes + b.historyBytes).toBeLessThanOrEqual(3_000);
  });

  it('keeps a delete that comes while its segment is being sealed or merged', async () => {
    const { client, collectionId, reopen } = await open();
    await insertRows(client, collectionId, schema, [row(1, 'a'), row(2, 'a'), row(3, 'a')]);
    const before = await client.now();
    const sealing = client.flush({ collectionId });
    const { timestamp } = await client.delete({ collectionId, keys: BigInt64Array.of(2n) });
    await sealing;
    await insertRows(client, collectionId, schema, [row(1, 'b')]);
    const middle = await client.now();
    await client.flush({ collectionId });
    const merging = client.compact({ collectionId });
    await client.delete({ collectionId, keys: BigInt64Array.of(3n) });
    await merging;
    const check = async (engine: TestEngine['client']): Promise<void> => {
      expect(await engine.count({ collectionId, at: before })).toBe(3);
      expect(await engine.count({ collectionId, at: timestamp })).toBe(2);
      expect(await engine.count({ collectionId, at: middle })).toBe(2);
      expect(await engine.count({ collectionId })).toBe(1);
      // What lives, and what is kept for reads of the past.
      expect((await engine.collectionStats({ collectionId })).segments.map(({ rows, deletedRows }) => [rows, deletedRows])).toEqual([[1, 0], [3, 3]]);
    };
    await check(client);
    await check(await reopen());
  });

  for (const what of ['flush', 'compact'] as const) {
    it(`keeps deletes and purges that come at any moment of a ${what}`, async () => {
      for (let moment = 1; ; moment++) {
        const clock = { wall: 1_700_000_000_000 };
        const medium = new MemoryMedium();
        const store = openMemoryStore({ medium });
        let calls = 0;
        let onCall: () => Promise<void> = async () => {};
        hook(store, async () => {
          if (++calls === moment) await onCall();
        });
        const { client } = await openTestEngine(store, {}, {}, { now: () => clock.wall });
        const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
        const put = (label: string, ...keys: number[]) => insertRows(client, collectionId, schema, keys.map((key) => row(key, label)));
        await put('a', 1, 2, 3, 4, 5);
        if (what === 'compact') await client.flush({ collectionId });
        await put('b', 1, 3);
        const before = await client.now();
        await client.delete({ collectionId, keys: BigInt64Array.of(3n) });
        if (what === 'compact') await client.flush({ collectionId });
        const dead = await client.now();
        calls = 0;
        let timestamp = 0n;
        let purge: Promise<unknown> | null = null;
        onCall = async () => {
          purge = client.purge({ collectionId, keys: BigInt64Array.of(3n, 5n) });
          ({ timestamp } = await client.delete({ collectionId, keys: BigInt64Array.of(2n) }));
        };
        await client[what]({ collectionId });
        const isOver = purge === null;
        await purge;
        if (isOver) {
          expect(moment).toBeGreaterThan(3);
          return;
        }
        const check = async (engine: TestEngine['client']): Promise<void> => {
          const seen = async (at?: bigint) => Array.from((await engine.get({ collectionId, keys: BigInt64Array.of(1n, 2n, 3n, 4n, 5n), outputFieldIds: [], at })).found, (found) => found >= 0);
          expect(await seen(before), `moment ${moment}`).toEqual([true, true, false, true, false]);
          expect(await seen(dead)).toEqual([true, true, false, true, false]);
          expect(await seen(timestamp)).toEqual([true, false, false, true, false]);
          expect(await seen()).toEqual([true, false, false, true, false]);
          expect(await engine.count({ collectionId })).toBe(2);
        };
        await check(client);
        medium.lockedBy = null;
        await check((await openTestEngine(openMemoryStore({ medium }), {}, {}, { now: () => clock.wall })).client);
      }
    });
  }

  /** Calls back before each file is written and each commit. */
  function hook(store: Store, onCall: () => Promise<void>): void {
    const write = store.write.bind(store);
    const swap = store.root.swap.bind(store.root);
    store.write = async (name, bytes) => {
      await onCall();
      return write(name, bytes);
    };
    store.root.swap = async (expected, next) => {
      await onCall();
      return swap(expected, next);
    };
  }

  it('is searched through an index as well as the present', { timeout: 60_000 }, async () => {
    const dim = 64;
    const wide = testSchema('Int64', { dim });
    const { client } = await open();
    const { collectionId } = await client.createCollection({ name: 'wide', schema: wide, ifNotExists: false });
    const next = random(7);
    const make = (key: number): ModelRow => ({ key: BigInt(key), label: '', vector: Float32Array.from({ length: dim }, () => next() - 0.5) });
    const first = Array.from({ length: 5_000 }, (_, key) => make(key));
    await insertRows(client, collectionId, wide, first);
    const then = await client.now();
    await insertRows(client, collectionId, wide, Array.from({ length: 2_500 }, (_, key) => make(key * 2)));
    await client.delete({ collectionId, keys: BigInt64Array.from({ length: 500 }, (_, i) => BigInt(i * 3)) });
    await client.createIndex({ collectionId, fieldId: fieldId(wide, 'vector'), spec: { type: 'HNSW', metric: 'L2' }, wait: true });
    const { segments } = await client.collectionStats({ collectionId });
    // Two fifths of what is kept are dead, and lies apart.
    expect(segments).toMatchObject([{ rows: 4_500, indexes: { vector: 'HNSW' } }, { rows: 3_000, deletedRows: 3_000, indexes: {} }]);
    for (const nq of [1, 20]) {
      const queries = Float32Array.from({ length: nq * dim }, () => next() - 0.5);
      const ask = (exact: boolean) => client.search({ collectionId, fieldId: fieldId(wide, 'vector'), queries: queries.slice(), nq, limit: 10, offset: 0, outputFieldIds: [], at: then, exact, ...(exact ? {} : { params: { ef: 200 } }) });
      const [found, all] = [await ask(false), await ask(true)];
      let hits = 0;
      for (let q = 0; q < nq; q++) {
        const query = queries.subarray(q * dim, (q + 1) * dim);
        const want = bestScores(first, 'L2', query, 10);
        want.forEach((distance, i) => expect(all.scores[q * 10 + i]).toBeCloseTo(distance, 3));
        hits += [...found.keys.slice(q * 10, q * 10 + 10)].filter((key) => [...all.keys.slice(q * 10, q * 10 + 10)].includes(key as never)).length;
      }
      expect(hits / (nq * 10)).toBeGreaterThan(0.9);
    }
  });

  it('equal scores of the past are in the order of keys', async () => {
    const { client, collectionId } = await open();
    const same = (key: number, label: string): ModelRow => ({ ...row(key, label), vector: new Float32Array(DIM).fill(1) });
    await insertRows(client, collectionId, schema, [9, 4, 7, 1].map((key) => same(key, 'old')));
    const then = await client.now();
    await insertRows(client, collectionId, schema, [7, 2, 9].map((key) => same(key, 'new')));
    const ask = async (at: bigint) => (await client.search({ collectionId, fieldId: vectorField, queries: new Float32Array(DIM).fill(1), nq: 1, limit: 3, offset: 0, outputFieldIds: [], at })).keys;
    for (const move of [async () => {}, () => client.flush({ collectionId }), async () => {
      await insertRows(client, collectionId, schema, [same(3, 'new')]);
      await client.compact({ collectionId });
    }]) {
      await move();
      expect([...(await ask(then))]).toEqual([1n, 4n, 7n]);
    }
    expect([...(await ask(await client.now()))]).toEqual([1n, 2n, 3n]);
  });
});

describe('a purge', () => {
  const schema = testSchema('Int64');
  const MARKER = 'a-secret-that-must-not-stay';
  const holds = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes(MARKER);

  it('leaves no byte of any version in any file, and nothing to be seen at any time', async () => {
    const medium = new MemoryMedium();
    const store = openMemoryStore({ medium });
    const { client } = await openTestEngine(store);
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    const put = (label: string, ...keys: number[]) => insertRows(client, collectionId, schema, keys.map((key) => ({ key: BigInt(key), label, vector: new Float32Array(DIM).fill(key) })));
    const times: bigint[] = [];
    await put(MARKER, 1, 2);
    times.push(await client.now());
    await client.flush({ collectionId });
    await put(`newer ${MARKER}`, 1);
    await put('harmless', 2, 3);
    await client.flush({ collectionId });
    await put(`newest ${MARKER}`, 1);
    await client.delete({ collectionId, keys: BigInt64Array.of(2n) });
    times.push(await client.now());
    const held = await filesWith(store);
    expect(held.files.length, 'files').toBeGreaterThan(0);
    expect(held.logs.length, 'logs').toBeGreaterThan(0);
    expect(await client.purge({ collectionId, keys: BigInt64Array.of(1n, 2n, 77n) })).toMatchObject({ count: 1 });
    expect(await filesWith(store)).toEqual({ files: [], logs: [] });
    for (const at of times) {
      expect(await client.get({ collectionId, keys: BigInt64Array.of(1n, 2n), outputFieldIds: [], at })).toMatchObject({ found: Int32Array.of(-1, -1) });
    }
    expect(await client.count({ collectionId })).toBe(1);
    // The key is free again.
    await put('new life', 1);
    expect(await client.count({ collectionId })).toBe(2);
    await client.close();
  });

  it('is replayed after a crash, before its files were rewritten', async () => {
    const medium = new MemoryMedium();
    const { client } = await openTestEngine(openMemoryStore({ medium }));
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
    await insertRows(client, collectionId, schema, [{ key: 1n, label: MARKER, vector: new Float32Array(DIM) }]);
    const then = await client.now();
    await client.flush({ collectionId });
    // Nobody waits for it: the process ends as soon as it is in the log.
    const purge = client.purge({ collectionId, keys: BigInt64Array.of(1n) }).catch(() => {});
    while ((await client.count({ collectionId })) > 0) await Promise.resolve();
    medium.lockedBy = null;
    const { client: after } = await openTestEngine(openMemoryStore({ medium }));
    expect(await after.count({ collectionId, at: then })).toBe(0);
    await purge;
  });

  async function filesWith(store: ReturnType<typeof openMemoryStore>): Promise<{ files: string[]; logs: string[] }> {
    const files: string[] = [];
    for (const file of await store.list()) if (holds(await store.read(file))) files.push(file);
    const logs: string[] = [];
    for (const log of await store.logs.list()) if (holds(await store.logs.read(log))) logs.push(log);
    return { files, logs };
  }
});

describe('a time to live', () => {
  const schema = testSchema('Int64');
  const row = (key: number, label: string): ModelRow => ({ key: BigInt(key), label, vector: new Float32Array(DIM).fill(key) });
  const keys = (...of: number[]): BigInt64Array => BigInt64Array.from(of, BigInt);

  async function open(ttlSeconds: number, options: Partial<EngineOptions> = {}) {
    const clock = { wall: 1_700_000_000_000 };
    const medium = new MemoryMedium();
    const reopen = async () => {
      medium.lockedBy = null;
      return (await openTestEngine(openMemoryStore({ medium }), options, {}, { now: () => clock.wall })).client;
    };
    const client = await reopen();
    const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false, properties: { ttlSeconds } });
    const found = async (engine = client) => {
      const { keys: hits } = await engine.search({ collectionId, fieldId: fieldId(schema, 'vector'), queries: new Float32Array(DIM), nq: 1, limit: 100, offset: 0, outputFieldIds: [] });
      const got = (await engine.get({ collectionId, keys: keys(1, 2, 3, 4), outputFieldIds: [] })).found;
      const ids = [...hits].map(Number);
      expect(Array.from(got, (at, i) => (at >= 0 ? i + 1 : 0)).filter(Boolean)).toEqual(ids);
      expect(await engine.count({ collectionId })).toBe(ids.length);
      return ids;
    };
    return { client, clock, collectionId, reopen, found };
  }

  // Timestamps of one millisecond differ, so rows expire within the one after.
  it('hides rows at once, in growing and in sealed segments, each at its time', async () => {
    const { client, clock, collectionId, found } = await open(60);
    await insertRows(client, collectionId, schema, [row(1, 'a'), row(2, 'a')]);
    clock.wall += 20_000;
    await client.flush({ collectionId });
    await insertRows(client, collectionId, schema, [row(2, 'b'), row(3, 'b')]);
    clock.wall += 39_999;
    expect(await found()).toEqual([1, 2, 3]);
    clock.wall += 2;
    expect(await found()).toEqual([2, 3]);
    await insertRows(client, collectionId, schema, [row(4, 'c')]);
    clock.wall += 20_001;
    expect(await found()).toEqual([4]);
    expect(await client.delete({ collectionId, keys: keys(2, 4) })).toMatchObject({ count: 1 });
    expect(await found()).toEqual([]);
  });

  it('is a delete at that time for reads of the past, and for compactions', async () => {
    const { client, clock, collectionId, reopen } = await open(60, { retentionSeconds: 100 });
    const { timestamp } = await insertRows(client, collectionId, schema, [row(1, 'a'), row(2, 'a')]);
    clock.wall += 90_000;
    const end = timestamp + ticks(60_000);
    for (const engine of [client, await reopen()]) {
      expect(await engine.count({ collectionId, at: end - 1n })).toBe(2);
      expect(await engine.count({ collectionId, at: end })).toBe(0);
    }
  });

  it('frees the space', async () => {
    const { client, clock, collectionId } = await open(60, { retentionSeconds: 100 });
    await insertRows(client, collectionId, schema, [row(1, 'a'), row(2, 'a')]);
    await client.flush({ collectionId });
    clock.wall += 161_000;
    expect(await client.collectionStats({ collectionId })).toMatchObject({ rows: 0, reclaimableRows: 2 });
    expect(await client.compact({ collectionId })).toMatchObject({ removedRows: 2, segmentsAfter: 0 });
  });

  it('does not bring back what had expired when it is made longer or switched off', async () => {
    const { client, clock, collectionId, found, reopen } = await open(60);
    await insertRows(client, collectionId, schema, [row(1, 'a')]);
    await client.flush({ collectionId });
    await insertRows(client, collectionId, schema, [row(2, 'a')]);
    clock.wall += 60_001;
    await insertRows(client, collectionId, schema, [row(3, 'a')]);
    await client.alterCollection({ collectionId, ttlSeconds: null });
    clock.wall += 1_000_000;
    expect(await found()).toEqual([3]);
    expect(await found(await reopen())).toEqual([3]);
  });

  it('takes effect on what is there when it is made shorter', async () => {
    const { client, clock, collectionId, found } = await open(1_000);
    await insertRows(client, collectionId, schema, [row(1, 'a')]);
    await client.flush({ collectionId });
    clock.wall += 30_000;
    await insertRows(client, collectionId, schema, [row(2, 'a')]);
    expect(await found()).toEqual([1, 2]);
    await client.alterCollection({ collectionId, ttlSeconds: 20 });
    expect(await found()).toEqual([2]);
    clock.wall += 20_001;
    expect(await found()).toEqual([]);
  });
});
