/**
 * The engine against a Map: random writes, seals, index builds and reopenings, and after each step everything that can
 * be read is what the Map says. `SEEDS` runs more of them; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { columnKeys } from '../../src/schema/keys.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { MemoryMedium } from '../../src/storage/memory.ts';
import { DIM, fieldId, insertRows, restarts, testSchema, type TestEngine } from './harness.ts';
import { bestScores, type ModelRow, score } from './model.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 24);
const METRICS: readonly MetricType[] = ['L2', 'IP', 'COSINE'];

describe('engine against a plain map', () => {
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
  const keyOf = (n: number): bigint | string => (keyType === 'Int64' ? BigInt(n) * (n % 5 === 0 ? 4_000_000_000_000_000n : 1n) : `k\u{1f600}${n % 7}ä${n}`);
  const vector = (): Float32Array => Float32Array.from({ length: DIM }, () => Math.round(next() * 20 - 10) / 4);
  let metric: MetricType = 'COSINE';
  const medium = new MemoryMedium();
  const reopen = restarts(medium);
  let engine = await reopen();
  const { collectionId } = await engine.client.createCollection({ name: 'c', schema, ifNotExists: false });
  const model = new Map<bigint | string, ModelRow>();
  const vectorField = fieldId(schema, 'vector');
  const labelField = fieldId(schema, 'label');

  for (let step = 0; step < 40; step++) {
    const { client } = engine;
    const what = next();
    if (what < 0.45) {
      const keys = new Set(Array.from({ length: 1 + int(60) }, () => keyOf(int(200))));
      const rows = [...keys].map((key) => ({ key, label: `label ${int(1e6)}`, vector: vector() }));
      const reply = await insertRows(client, collectionId, schema, rows);
      expect([...reply.keys]).toEqual(rows.map((row) => row.key));
      for (const row of rows) model.set(row.key, row);
    } else if (what < 0.65) {
      const keys = [...new Set(Array.from({ length: 1 + int(20) }, () => keyOf(int(220))))];
      const { count } = await client.delete({ collectionId, keys: keyType === 'Int64' ? BigInt64Array.from(keys as bigint[]) : (keys as string[]) });
      expect(count).toBe(keys.filter((key) => model.has(key)).length);
      for (const key of keys) model.delete(key);
    } else if (what < 0.78) {
      await client.flush({ collectionId });
    } else if (what < 0.88) {
      metric = METRICS[int(3)]!;
      const type = next() < 0.5 ? 'FLAT' : 'HNSW';
      await client.createIndex({ collectionId, fieldId: vectorField, spec: { type, metric }, wait: true });
      expect((await client.indexProgress({ collectionId, fieldId: vectorField })).state).toBe('finished');
    } else {
      if (next() < 0.7) await client.close();
      engine = await reopen();
    }
    await compare(engine);
  }
  await engine.client.close();

  async function compare({ client }: TestEngine): Promise<void> {
    expect(await client.count({ collectionId })).toBe(model.size);
    const query = vector();
    const limit = 1 + int(12);
    const reply = await client.search({ collectionId, fieldId: vectorField, queries: query.slice(), nq: 1, limit, offset: 0, outputFieldIds: [labelField, vectorField] });
    const expected = bestScores(model.values(), metric, query, limit);
    expect(reply.scores.length).toBe(expected.length);
    expected.forEach((want, i) => {
      expect(reply.scores[i]).toBeCloseTo(want, 3);
      const row = model.get(reply.keys[i]!)!;
      expect(row, `hit ${i} is a live row`).toBeDefined();
      expect(score(metric, query, row.vector)).toBeCloseTo(reply.scores[i]!, 3);
      expect(valueAt(reply.entities!.columns[0]!, i)).toBe(row.label);
      expect(valueAt(reply.entities!.columns[1]!, i)).toEqual(row.vector);
    });
    const asked = Array.from({ length: 10 }, () => keyOf(int(220)));
    const got = await client.get({ collectionId, keys: keyType === 'Int64' ? BigInt64Array.from(asked as bigint[]) : (asked as string[]), outputFieldIds: [fieldId(schema, 'key'), labelField, vectorField] });
    const keys = columnKeys(got.entities.columns[0]!);
    asked.forEach((key, i) => {
      const row = model.get(key);
      expect(got.found[i]! >= 0).toBe(row !== undefined);
      if (!row) return;
      expect(keys[got.found[i]!]).toBe(key);
      expect(valueAt(got.entities.columns[1]!, got.found[i]!)).toBe(row.label);
      expect(valueAt(got.entities.columns[2]!, got.found[i]!)).toEqual(row.vector);
    });
  }
}
