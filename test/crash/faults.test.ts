/**
 * The engine over a store with bad luck: some call that writes fails, tears, finds no room, loses its answer, or the
 * power goes in the middle of it. After each reopening the database holds every acknowledged write, and of a write that
 * failed all or nothing. `SEEDS` runs more workloads; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { valueAt } from '../../src/schema/column-values.ts';
import { openEncryptedStore } from '../../src/storage/encrypted.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { isElanusError } from '../../src/util/error.ts';
import { DIM, fieldId, insertRows, openTestEngine, testSchema, type TestEngine } from '../engine/harness.ts';
import { bestScores, type ModelRow } from '../engine/model.ts';
import { aesKey } from '../support/aes-key.ts';
import { random } from '../support/random.ts';
import { type Fault, faultStore } from '../support/fault-store.ts';

const SEEDS = Number(process.env.SEEDS ?? 60);
const ROUNDS = 8;
const KEYS = 120;
const FAULTS: readonly Fault[] = ['power-loss', 'power-loss', 'power-loss', 'fail', 'tear', 'quota', 'lose-answer'];

type Model = ReadonlyMap<bigint, ModelRow>;

const schema = testSchema('Int64');
const vectorField = fieldId(schema, 'vector');
const labelField = fieldId(schema, 'label');

describe('a store with bad luck', () => {
  for (let seed = 1; seed <= SEEDS; seed++) it(`seed ${seed}`, () => run(seed, async (store) => store));
});

describe('a store with bad luck, encrypted', async () => {
  const key = await aesKey(1);
  for (let seed = 1; seed <= Math.ceil(SEEDS / 3); seed++) it(`seed ${seed}`, () => run(seed, (store) => openEncryptedStore(store, key)));
});

async function run(seed: number, view: (store: Store) => Promise<Store>): Promise<void> {
  const next = random(seed * 104_729);
  const int = (bound: number): number => Math.floor(next() * bound);
  const medium = new MemoryMedium();
  let collectionId = 0;
  /** What the database may hold: one model, or two while a write has failed and nobody knows what the medium kept. */
  let candidates: Model[] = [new Map()];

  for (let round = 0; round < ROUNDS; round++) {
    const fault = FAULTS[int(FAULTS.length)]!;
    const about = `seed ${seed}, round ${round}, ${fault}`;
    medium.lockedBy = null; // the process that held it is gone
    const store = faultStore(openMemoryStore({ medium }), { at: 1 + int(60), fault, isLasting: next() < 0.3, seed: seed * 31 + round });
    let engine: TestEngine;
    try {
      engine = await openTestEngine(await view(store));
      collectionId = (await engine.client.createCollection({ name: 'c', schema, ifNotExists: true })).collectionId;
      if (candidates.length > 1 || round > 0) candidates = [await match(engine, candidates, about)];
      await work(engine, about);
      if (next() < 0.5) await engine.client.close();
    } catch (error) {
      expect(isElanusError(error), `${about}: ${String(error)}\n${(error as Error).stack}`).toBe(true);
      expect(['STORAGE', 'QUOTA', 'POISONED'], `${about}: ${String(error)}`).toContain((error as { code: string }).code);
    }
    await store.powerLoss().catch(() => {});
  }
  medium.lockedBy = null;
  const engine = await openTestEngine(await view(openMemoryStore({ medium })));
  await engine.client.createCollection({ name: 'c', schema, ifNotExists: true });
  await match(engine, candidates, `seed ${seed}, at the end`);
  await engine.client.close();

  /** Random writes until the round ends. A write that is refused leaves two candidates and no further write. */
  async function work({ client }: TestEngine, about: string): Promise<void> {
    for (let step = 0; step < 25; step++) {
      const before = candidates[0]!;
      const after = new Map(before);
      const what = next();
      let write: Promise<unknown> | null = null;
      if (what < 0.5) {
        const keys = new Set(Array.from({ length: 1 + int(25) }, () => BigInt(int(KEYS))));
        const rows = [...keys].map((key) => ({ key, label: `${about}, step ${step}`, vector: Float32Array.from({ length: DIM }, () => int(40) - 20) }));
        for (const row of rows) after.set(row.key, row);
        write = insertRows(client, collectionId, schema, rows.map((row) => ({ ...row })));
      } else if (what < 0.7) {
        const keys = BigInt64Array.from({ length: 1 + int(10) }, () => BigInt(int(KEYS)));
        for (const key of keys) after.delete(key);
        write = client.delete({ collectionId, keys });
      }
      try {
        if (write) await write;
        else if (what < 0.9) await client.flush({ collectionId });
        else await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: 'L2' }, wait: true });
        if (write) candidates = [after];
      } catch (error) {
        if (!write) continue; // neither a seal nor a build changes what is there
        if ((error as { code: string }).code !== 'POISONED') candidates = [before, after];
        throw error;
      }
    }
  }

  /** The candidate that the database holds, whole. */
  async function match({ client }: TestEngine, models: readonly Model[], about: string): Promise<Model> {
    const keys = BigInt64Array.from({ length: KEYS }, (_, i) => BigInt(i));
    const got = await client.get({ collectionId, keys: keys.slice(), outputFieldIds: [labelField, vectorField] });
    const held = new Map<bigint, string>();
    for (const [i, key] of keys.entries()) if (got.found[i]! >= 0) held.set(key, String(valueAt(got.entities.columns[0]!, got.found[i]!)));
    const found = models.find((model) => model.size === held.size && [...model].every(([key, row]) => held.get(key) === row.label));
    expect(found, `${about}: holds ${held.size} rows, expected ${models.map((model) => model.size).join(' or ')}`).toBeDefined();
    expect(await client.count({ collectionId }), about).toBe(found!.size);
    const query = Float32Array.from({ length: DIM }, () => int(40) - 20);
    const info = await client.describeCollection({ name: 'c' });
    const metric = info.indexes['vector']?.metric ?? 'COSINE';
    const reply = await client.search({ collectionId, fieldId: vectorField, queries: query.slice(), nq: 1, limit: 10, offset: 0, outputFieldIds: [] });
    const expected = bestScores(found!.values(), metric, query, 10);
    expect(reply.scores.length, about).toBe(expected.length);
    expected.forEach((want, i) => expect(reply.scores[i], about).toBeCloseTo(want, 3));
    return found!;
  }
}
