/** Rows without some of their values, against a plain model, through everything that moves rows: log, seal, merge, reopen. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/schema/define.ts';
import { connectInNode, engines } from '../support/connect-for-tests.ts';
import { random } from '../support/random.ts';

const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    flag: { type: 'Bool', nullable: true },
    i8: { type: 'Int8', nullable: true },
    i32: { type: 'Int32', nullable: true, defaultValue: -7 },
    big: { type: 'Int64', nullable: true },
    count: { type: 'Int64', as: 'number', defaultValue: 12n },
    f: { type: 'Float', nullable: true },
    d: { type: 'Double', defaultValue: 0.25 },
    s: { type: 'VarChar', maxLength: 40, nullable: true },
    t: { type: 'VarChar', maxLength: 40, defaultValue: 'nichts', nullable: true },
    j: { type: 'JSON', nullable: true },
    v: { type: 'FloatVector', dim: 4 },
  },
});
const DEFAULTS = { flag: null, i8: null, i32: -7, big: null, count: 12, f: null, d: 0.25, s: null, t: 'nichts', j: null };
type Model = typeof DEFAULTS & Record<string, unknown>;

const SEEDS = Number(process.env['SEEDS'] ?? 6);

/** A row that has each of its values with a probability of a half, and what is read of it. */
function randomRow(next: () => number, id: number): { row: Record<string, unknown>; model: Model } {
  const values: Record<string, unknown> = {
    flag: next() < 0.5, i8: Math.floor(next() * 256) - 128, i32: Math.floor(next() * 1000), big: BigInt(Math.floor(next() * 1e9)) << 20n, count: Math.floor(next() * 1e6),
    f: Math.fround(next()), d: next(), s: 'ü'.repeat(Math.floor(next() * 20)), t: 'x'.repeat(Math.floor(next() * 40)), j: { a: next() },
  };
  const row: Record<string, unknown> = { id, v: [next(), next(), next(), next()] };
  const model: Record<string, unknown> = { id };
  for (const [name, preset] of Object.entries(DEFAULTS)) {
    const kind = next();
    if (kind < 0.5) row[name] = values[name];
    else if (kind < 0.7) row[name] = null;
    model[name] = kind < 0.5 ? values[name] : preset;
  }
  return { row, model: model as Model };
}

describe('rows without some of their values', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'elanus-null-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('are read as they were written, seed %i', async (seed) => {
    const next = random(seed);
    const url = `file:${join(folder, 'db')}`;
    const open = () => connectInNode(url, { mode: 'inline', durability: 'relaxed' });
    let db = await open();
    let rows = await db.createCollection('rows', schema);
    const model = new Map<number, Model>();
    for (let step = 0; step < 25; step++) {
      const kind = next();
      if (kind < 0.6) {
        const batch = new Map(Array.from({ length: 1 + Math.floor(next() * 40) }, () => Math.floor(next() * 200)).map((id) => [id, randomRow(next, id)]));
        await rows.insert([...batch.values()].map(({ row }) => row) as never);
        for (const [id, { model: row }] of batch) model.set(id, row);
      } else if (kind < 0.7) {
        const id = Math.floor(next() * 200);
        await rows.delete({ ids: [id] });
        model.delete(id);
      } else if (kind < 0.8) await rows.flush();
      else if (kind < 0.9) await rows.createIndex('v', { type: 'FLAT', metric: next() < 0.5 ? 'L2' : 'IP' });
      else {
        await db.close();
        db = await open();
        rows = await db.collection('rows', schema);
      }
      const ids = [...model.keys()];
      expect(await rows.get(ids), `seed ${seed}, step ${step}`).toEqual([...model.values()]);
    }
    const hits = await rows.search({ vector: [0, 0, 0, 0], limit: 200, outputFields: '*' });
    expect(hits.length).toBe(model.size);
    for (const { id, entity } of hits) {
      const { v: _, ...scalars } = entity;
      expect(scalars, `seed ${seed}`).toEqual(model.get(id));
    }
    await db.close();
  });
});

describe.each(engines)('columns over $name', ({ connect }) => {
  it('may have gaps, and need not be there', async () => {
    const db = await connect('memory:');
    const rows = await db.createCollection('rows', schema);
    await rows.insert({ id: [1, 2, 3], v: new Float32Array(12), f: [0.5, null, undefined], count: [null, 1, 2], d: Float64Array.of(1, 2, 3) });
    expect(await rows.get([1, 2, 3], { outputFields: ['f', 'count', 'd', 's', 't'] })).toEqual([
      { id: 1, f: 0.5, count: 12, d: 1, s: null, t: 'nichts' },
      { id: 2, f: null, count: 1, d: 2, s: null, t: 'nichts' },
      { id: 3, f: null, count: 2, d: 3, s: null, t: 'nichts' },
    ]);
    await db.close();
  });
});
