/**
 * Writes that nobody waits for, while segments are sealed, merged and indexed: in the end the database holds what the
 * writes in the order of their calls leave, now and after a reopening. A failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { valueAt } from '../../src/schema/column-ops.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { DIM, fieldId, insertRows, openTestEngine, testSchema } from './harness.ts';
import { bestScores, type ModelRow } from './model.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 10);

describe('writes beside seals, merges and builds', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, { timeout: 60_000 }, async () => {
      const next = random(seed * 7919);
      const int = (bound: number): number => Math.floor(next() * bound);
      const schema = testSchema('Int64');
      const vectorField = fieldId(schema, 'vector');
      const medium = new MemoryMedium();
      let { client, events } = await openTestEngine(openMemoryStore({ medium }));
      const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
      const model = new Map<bigint, ModelRow>();
      const pending: Promise<unknown>[] = [];
      for (let step = 0; step < 120; step++) {
        const what = next();
        if (what < 0.55) {
          const keys = new Set(Array.from({ length: 1 + int(40) }, () => BigInt(int(300))));
          const rows = [...keys].map((key) => ({ key, label: `step ${step}`, vector: Float32Array.from({ length: DIM }, () => int(40) - 20) }));
          pending.push(insertRows(client, collectionId, schema, rows));
          for (const row of rows) model.set(row.key, row);
        } else if (what < 0.8) {
          const keys = BigInt64Array.from({ length: 1 + int(15) }, () => BigInt(int(300)));
          pending.push(client.delete({ collectionId, keys }));
          for (const key of keys) model.delete(key);
        } else if (what < 0.9) pending.push(client.flush({ collectionId }));
        else if (what < 0.95) pending.push(client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: 'L2' }, wait: true }));
        else await new Promise((resolve) => setTimeout(resolve, int(3)));
      }
      await Promise.all(pending);
      expect(events.filter((event) => event.type === 'error')).toEqual([]);

      const compare = async (when: string): Promise<void> => {
        expect(await client.count({ collectionId }), when).toBe(model.size);
        const keys = BigInt64Array.from({ length: 300 }, (_, i) => BigInt(i));
        const got = await client.get({ collectionId, keys, outputFieldIds: [fieldId(schema, 'label'), vectorField] });
        for (const [i, key] of keys.entries()) {
          const row = model.get(key);
          expect(got.found[i]! >= 0, `${when}: key ${key}`).toBe(row !== undefined);
          if (!row) continue;
          expect(valueAt(got.entities.columns[0]!, got.found[i]!), when).toBe(row.label);
          expect(valueAt(got.entities.columns[1]!, got.found[i]!), when).toEqual(row.vector);
        }
        await client.createIndex({ collectionId, fieldId: vectorField, spec: { type: 'FLAT', metric: 'L2' }, wait: true });
        const query = Float32Array.from({ length: DIM }, () => int(40) - 20);
        const reply = await client.search({ collectionId, fieldId: vectorField, queries: query, nq: 1, limit: 10, offset: 0, outputFieldIds: [] });
        expect([...reply.scores], when).toEqual(bestScores(model.values(), 'L2', query, 10));
      };
      await compare('before');
      await client.close();
      ({ client, events } = await openTestEngine(openMemoryStore({ medium })));
      await compare('reopened');
      await client.close();
    });
  }
});
