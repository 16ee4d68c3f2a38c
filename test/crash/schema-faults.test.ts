/**
 * Rows that are replaced in part and a schema that grows, over a store with bad luck: after each reopening there is every acknowledged
 * write and every acknowledged field, and of what failed all or nothing. `SEEDS` runs more workloads; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { toAddedField } from '../../src/schema/added-field.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { Schema } from '../../src/schema/types.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { isElanusError } from '../../src/util/error.ts';
import { openTestEngine, type TestEngine } from '../engine/harness.ts';
import { type Fault, faultStore } from '../support/fault-store.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 30);
const ROUNDS = 8;
const KEYS = 40;
const FAULTS: readonly Fault[] = ['power-loss', 'power-loss', 'fail', 'tear', 'quota', 'lose-answer'];

type Row = Readonly<Record<string, unknown>>;

/** What a database may hold. */
interface Model {
  readonly rows: ReadonlyMap<bigint, Row>;
  /** Names of the fields beside key and vector, and what rows have that were not given any. */
  readonly fields: ReadonlyMap<string, unknown>;
}

const first = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, label: { type: 'VarChar', maxLength: 80, nullable: true }, count: { type: 'Int32', defaultValue: 7 }, vector: { type: 'FloatVector', dim: 2 } } });

describe('a schema that grows over a store with bad luck', () => {
  for (let seed = 1; seed <= SEEDS; seed++) it(`seed ${seed}`, () => run(seed));
});

async function run(seed: number): Promise<void> {
  const next = random(seed * 7919);
  const int = (bound: number): number => Math.floor(next() * bound);
  const medium = new MemoryMedium();
  let collectionId = 0;
  let schema: Schema = first;
  let candidates: Model[] = [{ rows: new Map(), fields: new Map<string, unknown>([['label', null], ['count', 7]]) }];

  for (let round = 0; round < ROUNDS; round++) {
    const fault = FAULTS[int(FAULTS.length)]!;
    const about = `seed ${seed}, round ${round}, ${fault}`;
    medium.lockedBy = null; // the process that held it is gone
    const store = faultStore(openMemoryStore({ medium }), { at: 1 + int(40), fault, isLasting: next() < 0.3, seed: seed * 31 + round });
    try {
      const engine = await openTestEngine(store);
      ({ collectionId, schema } = await engine.client.createCollection({ name: 'c', schema: first, ifNotExists: true }));
      candidates = [await match(engine, about)];
      await work(engine, about);
      if (next() < 0.5) await engine.client.close();
    } catch (error) {
      expect(isElanusError(error), `${about}: ${String(error)}\n${(error as Error).stack}`).toBe(true);
      expect(['STORAGE', 'QUOTA', 'POISONED'], `${about}: ${String(error)}`).toContain((error as { code: string }).code);
    }
    await store.powerLoss().catch(() => {});
  }
  medium.lockedBy = null;
  const engine = await openTestEngine(openMemoryStore({ medium }));
  ({ collectionId, schema } = await engine.client.createCollection({ name: 'c', schema: first, ifNotExists: true }));
  await match(engine, `seed ${seed}, at the end`);
  await engine.client.close();

  async function work({ client }: TestEngine, about: string): Promise<void> {
    for (let step = 0; step < 20; step++) {
      const before = candidates[0]!;
      const rows = new Map(before.rows);
      let after: Model = { ...before, rows };
      const what = next();
      let write: () => Promise<unknown>;
      const upsert = (values: readonly Row[], isPartial: boolean) => (): Promise<unknown> => client.upsert({ collectionId, batch: toBatch(planOf(schema), values, isPartial ? 'partial' : 'upsert'), isPartial });
      const valueOf = (name: string): unknown => (name === 'label' || name.startsWith('text') ? `${about}, step ${step}` : int(1000));
      if (what < 0.35) {
        const keys = new Set(Array.from({ length: 1 + int(8) }, () => BigInt(int(KEYS))));
        const values = [...keys].map((key) => ({ key, vector: [1, int(9)], ...Object.fromEntries([...before.fields.keys()].filter(() => next() < 0.5).map((name) => [name, valueOf(name)])) }));
        for (const { vector: _, ...row } of values) rows.set(row.key, { ...Object.fromEntries(before.fields), ...row });
        write = upsert(values, false);
      } else if (what < 0.7 && rows.size > 0) {
        const keys = [...rows.keys()].filter(() => next() < 0.3);
        if (keys.length === 0) continue;
        const names = [...before.fields.keys()].filter(() => next() < 0.4);
        const values = keys.map((key): Row => ({ key, ...Object.fromEntries(names.map((name) => [name, valueOf(name)])) }));
        for (const row of values) rows.set(row['key'] as bigint, { ...rows.get(row['key'] as bigint), ...row });
        write = upsert(values, true);
      } else if (what < 0.76 && before.fields.size < 10) {
        const isText = next() < 0.5;
        const name = `${isText ? 'text' : 'number'}_${before.fields.size}`;
        const preset = isText ? null : before.fields.size;
        const field = toAddedField(name, isText ? { type: 'VarChar', maxLength: 80, nullable: true } : { type: 'Int32', defaultValue: preset });
        after = { fields: new Map([...before.fields, [name, preset]]), rows: new Map([...rows].map(([key, row]) => [key, { ...row, [name]: preset }])) };
        write = async () => {
          schema = (await client.addField({ collectionId, field })).schema;
        };
      } else {
        after = before;
        write = () => (what < 0.9 ? client.flush({ collectionId }) : client.compact({ collectionId }));
      }
      try {
        await write();
        candidates = [after];
      } catch (error) {
        if (after === before) continue; // neither a seal nor a merge changes what is there
        if ((error as { code: string }).code !== 'POISONED') candidates = [before, after];
        throw error;
      }
    }
  }

  /** The candidate that the database holds, whole. */
  async function match({ client }: TestEngine, about: string): Promise<Model> {
    const fields = schema.fields.filter(({ name }) => name !== 'vector');
    const keys = BigInt64Array.from({ length: KEYS }, (_, i) => BigInt(i));
    const { entities, found } = await client.get({ collectionId, keys, outputFieldIds: fields.map(({ fieldId }) => fieldId) });
    const held = new Map(Array.from(found).filter((row) => row >= 0).map((row) => {
      const values = Object.fromEntries(fields.map((field, i) => [field.name, valueAt(entities.columns[i]!, row, field)]));
      return [values['key'] as bigint, values];
    }));
    const text = (rows: ReadonlyMap<bigint, Row>): string => JSON.stringify([...rows].map(([key, row]) => [Number(key), ...fields.map(({ name }) => String(row[name]))]).sort((a, b) => (a[0] as number) - (b[0] as number)));
    const names = fields.map(({ name }) => name).filter((name) => name !== 'key');
    const fits = candidates.filter((model) => JSON.stringify([...model.fields.keys()].sort()) === JSON.stringify([...names].sort()));
    expect(fits.length, `${about}: has the fields ${names.join()}`).toBeGreaterThan(0);
    expect(fits.map(({ rows }) => text(rows)), about).toContain(text(held));
    return fits.find(({ rows }) => text(rows) === text(held))!;
  }
}
