/**
 * Partitions against a plain model: random inserts into them, deletes with and without them, seals, index builds, drops,
 * truncates and reopenings. A key lives in one partition at a time. `SEEDS` runs more; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { columnKeys } from '../../src/schema/keys.ts';
import { MemoryMedium } from '../../src/storage/memory.ts';
import { DIM, fieldId, insertRows, restarts, testSchema } from './harness.ts';
import { bestScores, type ModelRow } from './model.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 24);

describe('partitions against a plain model', () => {
  for (let seed = 1; seed <= SEEDS; seed++) it(`seed ${seed}`, () => run(seed));
});

async function run(seed: number): Promise<void> {
  const next = random(seed * 7_919);
  const int = (bound: number): number => Math.floor(next() * bound);
  const schema = testSchema('Int64');
  const vectorField = fieldId(schema, 'vector');
  const medium = new MemoryMedium();
  const restart = restarts(medium);
  const reopen = async () => (await restart()).client;
  let client = await reopen();
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
  let partitions = ['_default'];
  const model = new Map<bigint, ModelRow & { readonly partition: string }>();
  const some = (): string => partitions[int(partitions.length)]!;
  let made = 0;

  for (let step = 0; step < 60; step++) {
    const what = next();
    if (what < 0.4) {
      const keys = new Set(Array.from({ length: 1 + int(40) }, () => BigInt(int(150))));
      const partition = some();
      const rows = [...keys].map((key) => ({ key, label: `${seed}.${step}`, vector: Float32Array.from({ length: DIM }, () => int(9) - 4) }));
      await insertRows(client, collectionId, schema, rows, partition);
      for (const row of rows) model.set(row.key, { ...row, partition });
    } else if (what < 0.6) {
      const keys = [...new Set(Array.from({ length: 1 + int(20) }, () => BigInt(int(150))))];
      const partition = next() < 0.5 ? some() : undefined;
      const hit = keys.filter((key) => model.has(key) && (partition === undefined || model.get(key)!.partition === partition));
      expect((await client.delete({ collectionId, keys: BigInt64Array.from(keys), partition })).count).toBe(hit.length);
      for (const key of hit) model.delete(key);
    } else if (what < 0.68) {
      const name = `p${++made}`;
      await client.createPartition({ collectionId, name });
      partitions = [...partitions, name];
    } else if (what < 0.72 && partitions.length > 1) {
      const name = partitions[1 + int(partitions.length - 1)]!;
      await client.dropPartition({ collectionId, name });
      partitions = partitions.filter((other) => other !== name);
      for (const [key, row] of model) if (row.partition === name) model.delete(key);
    } else if (what < 0.74) {
      await client.truncateCollection({ collectionId });
      model.clear();
    } else if (what < 0.82) await client.flush({ collectionId });
    else if (what < 0.85) await client.compact({ collectionId });
    else if (what < 0.92) await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'HNSW', metric: 'L2', params: { M: 4 + step } }, wait: true });
    else {
      if (next() < 0.7) await client.close();
      client = await reopen();
    }
    await compare(`seed ${seed}, step ${step}`);
  }
  await client.close();

  async function compare(about: string): Promise<void> {
    const rowsOf = (name: string): number => [...model.values()].filter((row) => row.partition === name).length;
    expect((await client.listPartitions({ collectionId })).map(({ name, rows }) => [name, rows]), about).toEqual(partitions.map((name) => [name, rowsOf(name)]));
    const asked = next() < 0.3 ? undefined : [...new Set([some(), some()])];
    const inside = [...model.values()].filter((row) => !asked || asked.includes(row.partition));
    expect(await client.count({ collectionId, partitions: asked }), about).toBe(inside.length);
    const query = Float32Array.from({ length: DIM }, () => int(9) - 4);
    const { metric } = (await client.describeCollection({ collectionId })).indexes['vector'] ?? { metric: 'COSINE' as const };
    const reply = await client.search({ collectionId, fieldId: vectorField, queries: query.slice(), nq: 1, limit: 10, offset: 0, outputFieldIds: [], partitions: asked });
    const expected = bestScores(inside, metric, query, 10);
    expect(reply.scores.length, about).toBe(expected.length);
    expected.forEach((want, i) => expect(reply.scores[i], about).toBeCloseTo(want, 3));
    for (const key of reply.keys) expect(inside.some((row) => row.key === key), `${about}: key ${key}`).toBe(true);
    const keys = BigInt64Array.from({ length: 12 }, () => BigInt(int(150)));
    const got = await client.get({ collectionId, keys, outputFieldIds: [fieldId(schema, 'key')], partitions: asked });
    const found = columnKeys(got.entities.columns[0]!);
    keys.forEach((key, i) => {
      const row = model.get(key);
      expect(got.found[i]! >= 0 ? found[got.found[i]!] : null, about).toBe(row && (!asked || asked.includes(row.partition)) ? key : null);
    });
  }
}
