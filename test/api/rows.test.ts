/** Rows without some of their values, replaced whole and in part, of a schema that grows, against a plain model, through everything that moves rows: log, seal, merge, reopen. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import { checkDatabase } from '../../src/check/check.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { openFsStore } from '../../src/storage/fs.ts';
import { connectInNode, engines } from '../support/connect-for-tests.ts';
import { testKernels } from '../support/kernels.ts';
import { random } from '../support/random.ts';
import { codeOfAsync } from '../support/refusals.ts';

const fields = {
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
    words: { type: 'Array', elementType: 'VarChar', maxCapacity: 9, maxLength: 20, nullable: true },
    longs: { type: 'Array', elementType: 'Int64', maxCapacity: 9, nullable: true },
    v: { type: 'FloatVector', dim: 4 },
} as const;
const schema = defineSchema({ fields });
const openSchema = defineSchema({ fields, dynamicField: true });
const DEFAULTS = { flag: null, i8: null, i32: -7, big: null, count: 12, f: null, d: 0.25, s: null, t: 'nichts', j: null, words: null, longs: null };
type Model = Record<string, unknown>;

const SEEDS = Number(process.env['SEEDS'] ?? 6);

/** Fields that are added one after another, and what older rows have in them. */
const ADDED = [
  ['note', { type: 'VarChar', maxLength: 40, nullable: true }, null],
  ['stars', { type: 'Int16', defaultValue: 3 }, 3],
  ['at', { type: 'Int64', nullable: true, defaultValue: 5n }, 5n],
  ['marks', { type: 'Array', elementType: 'Bool', maxCapacity: 9, nullable: true }, null],
] as const;

/** Some keys that no field has. */
function randomKeys(next: () => number): Record<string, unknown> {
  const names = ['color', 'size', 'x y', '', 'constructor', '0'].filter(() => next() < 0.3);
  return Object.fromEntries(names.map((name) => [name, [null, next(), 'ü'.repeat(Math.floor(next() * 9)), { deep: [next() < 0.5] }][Math.floor(next() * 4)]]));
}

/** A row that has each of its values with a probability of a half, and what is read of it. */
function randomRow(next: () => number, id: number, added: number): { row: Record<string, unknown>; model: Model } {
  const values: Record<string, unknown> = {
    flag: next() < 0.5, i8: Math.floor(next() * 256) - 128, i32: Math.floor(next() * 1000), big: BigInt(Math.floor(next() * 1e9)) << 20n, count: Math.floor(next() * 1e6),
    f: Math.fround(next()), d: next(), s: 'ü'.repeat(Math.floor(next() * 20)), t: 'x'.repeat(Math.floor(next() * 40)), j: { a: next() },
    note: 'n'.repeat(Math.floor(next() * 9)), stars: Math.floor(next() * 5), at: BigInt(Math.floor(next() * 100)),
    words: Array.from({ length: Math.floor(next() * 9) }, () => 'w'.repeat(Math.floor(next() * 20))), longs: Array.from({ length: Math.floor(next() * 9) }, () => BigInt(Math.floor(next() * 1e9)) << 30n),
    marks: Array.from({ length: Math.floor(next() * 9) }, () => next() < 0.5),
  };
  const row: Record<string, unknown> = { id, v: [next(), next(), next(), next()] };
  const model: Record<string, unknown> = { id };
  const presets = { ...DEFAULTS, ...Object.fromEntries(ADDED.slice(0, added).map(([name, , preset]) => [name, preset])) };
  for (const [name, preset] of Object.entries(presets)) {
    const kind = next();
    if (kind < 0.5) row[name] = values[name];
    else if (kind < 0.7) row[name] = null;
    model[name] = kind < 0.5 ? values[name] : preset;
  }
  return { row, model };
}

describe('rows', () => {
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
    // Rows have keys of their own from the beginning, or from some step on, or never.
    const openFrom = [40, 0, 15][seed % 3]!;
    let rows: Collection = await db.createCollection('rows', openFrom === 0 ? openSchema : schema);
    let old = rows;
    let added = 0;
    const model = new Map<number, Model>();
    for (let step = 0; step < 40; step++) {
      if (step > 0 && step === openFrom) {
        expect((await rows.alter({ dynamicField: true })).schema.dynamicField).toBe(true);
        old = rows;
        rows = await db.collection('rows');
      }
      const keysOf = (): Record<string, unknown> => (step >= openFrom ? randomKeys(next) : {});
      const kind = next();
      const someIds = (): number[] => [...new Set(Array.from({ length: 1 + Math.floor(next() * 40) }, () => Math.floor(next() * 200)))];
      if (kind < 0.35) {
        const batch = someIds().map((id) => {
          const { row, model: whole } = randomRow(next, id, added);
          const keys = keysOf();
          return { row: { ...row, ...keys }, model: { ...whole, ...keys } };
        });
        const written = batch.map(({ row }) => row);
        const answer = next() < 0.5 ? await rows.insert(written) : await rows.upsert(written);
        expect(answer).toMatchObject({ ids: batch.map(({ model: { id } }) => id), count: written.length });
        for (const { model: whole } of batch) model.set(whole['id'] as number, whole);
      } else if (kind < 0.55) {
        // Some fields of rows that are there, and with all that they need of some that are not.
        const names = ['id', 'v', ...Object.keys(DEFAULTS), ...ADDED.slice(0, added).map(([name]) => name)].filter((name) => name === 'id' || name === 'v' || next() < 0.3);
        const isOld = next() < 0.7;
        const ids = someIds().filter((id) => !isOld || model.has(id));
        if (ids.length === 0) continue;
        const given = names.filter((name) => name !== 'v' || !isOld);
        const written = ids.map((id) => {
          const { row, model: fresh } = randomRow(next, id, added);
          const keys = keysOf();
          return { id, fresh, keys, row: { ...Object.fromEntries(given.map((name) => [name, row[name] ?? fresh[name]])), ...keys } };
        });
        await rows.upsert(written.map(({ row }) => row), { partial: true });
        const blank = randomRow(() => 0.99, 0, added).model;
        for (const { id, fresh, keys } of written) {
          const changed = Object.fromEntries(given.filter((name) => name !== 'v' && name !== 'id').map((name) => [name, fresh[name]]));
          model.set(id, { ...(model.get(id) ?? { ...blank, id }), ...changed, ...keys });
        }
      } else if (kind < 0.6 && added < ADDED.length) {
        const [name, spec, preset] = ADDED[added++]!;
        old = rows;
        rows = await rows.addField(name, spec);
        for (const row of model.values()) row[name] = preset;
      } else if (kind < 0.65) {
        // A handle of before the last new field.
        const { row, model: whole } = randomRow(next, 77, old.schema.fields.length - schema.fields.length);
        await old.insert([row]);
        model.set(77, { ...randomRow(() => 0.99, 77, added).model, ...whole });
      } else if (kind < 0.7) {
        const id = Math.floor(next() * 200);
        await rows.delete({ ids: [id] });
        model.delete(id);
      } else if (kind < 0.8) await rows.flush();
      else if (kind < 0.9) await rows.createIndex('v', { type: 'FLAT', metric: next() < 0.5 ? 'L2' : 'IP' });
      else {
        await db.close();
        db = await open();
        rows = await db.collection('rows');
        old = rows;
      }
      const ids = [...model.keys()];
      expect(await rows.get(ids), `seed ${seed}, step ${step}`).toEqual([...model.values()]);
    }
    const hits = await rows.search({ vector: [0, 0, 0, 0], limit: 200, outputFields: '*' });
    expect(hits.length).toBe(model.size);
    for (const { id, entity } of hits) {
      const { v: _, ...scalars } = entity as Model;
      expect(scalars, `seed ${seed}`).toEqual(model.get(id as number));
    }
    await rows.flush();
    await rows.addField('unused', { type: 'Bool', nullable: true });
    await db.close();
    const store = await openFsStore(join(folder, 'db'), { readOnly: true });
    expect((await checkDatabase(store, await testKernels('simd'))).findings).toEqual([]);
    await store.close();
  });
});

describe('ids that the database counts', () => {
  it.each([false, true])('go on behind those that an upsert named, after the database was opened again (flushed: %s)', async (isFlushed) => {
    const folder = await mkdtemp(join(tmpdir(), 'elanus-ids-'));
    const open = () => connectInNode(`file:${join(folder, 'db')}`, { mode: 'inline', durability: 'relaxed' });
    let db = await open();
    let rows: Collection = await db.createCollection('rows', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, v: { type: 'FloatVector', dim: 2 } } }));
    await rows.insert([{ v: [1, 1] }, { v: [2, 1] }]);
    await rows.upsert([{ id: 40, v: [4, 1] }, { id: 1, v: [5, 1] }]);
    if (isFlushed) await rows.flush();
    await db.close();
    db = await open();
    rows = await db.collection('rows');
    expect((await rows.insert([{ v: [3, 1] }])).ids).toEqual([41n]);
    expect(await rows.get([1, 2, 40, 41], { outputFields: ['v'] })).toEqual([[1, 5], [2, 2], [40, 4], [41, 3]].map(([id, x]) => ({ id: BigInt(id!), v: Float32Array.of(x!, 1) })));
    expect(await rows.count()).toBe(4);
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });
});

describe.each(engines)('upserts over $name', ({ connect }) => {
  const counted = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, a: { type: 'Int32' }, b: { type: 'Int32', nullable: true }, v: { type: 'FloatVector', dim: 2 } } });
  const row = (a: number) => ({ a, b: a, v: [a, 1] });

  it('keep the ids that the database counted, and count on behind those that are new', async () => {
    const db = await connect('memory:');
    const rows = await db.createCollection('rows', counted);
    await rows.insert([row(1), row(2), row(3)]);
    expect(await rows.upsert([{ id: 2, ...row(20) }, { id: 9n, ...row(90) }])).toMatchObject({ ids: [2n, 9n], count: 2 });
    expect((await rows.insert([row(10)])).ids).toEqual([10n]);
    expect(await rows.count()).toBe(5);
    expect(await rows.get([1, 2, 9, 10], { outputFields: ['a'] })).toEqual([{ id: 1n, a: 1 }, { id: 2n, a: 20 }, { id: 9n, a: 90 }, { id: 10n, a: 10 }]);
    await rows.flush();
    await rows.upsert([{ id: 2, b: null }, { id: 1, b: 7 }], { partial: true });
    expect(await rows.get([1, 2])).toEqual([{ id: 1n, a: 1, b: 7 }, { id: 2n, a: 20, b: null }]);
    expect((await rows.search({ vector: [20, 1], limit: 1 })).map(({ id }) => id)).toEqual([2n]);
    await db.close();
  });

  it.each<[string, unknown, object?]>([
    ['without an id', [row(1)]],
    ['with an id that cannot be counted', [{ id: 0, ...row(1) }]],
    ['with an id beyond what stays a safe number', [{ id: 2n ** 53n, ...row(1) }]],
    ['with one id twice', [{ id: 1, ...row(1) }, { id: 1, ...row(1) }]],
    ['without a field', [{ id: 1, b: 1, v: [1, 1] }]],
    ['in part of a key that is not there', [{ id: 1, b: 5 }, { id: 99, b: 5 }], { partial: true }],
    ['in part without a key', [{ b: 5 }], { partial: true }],
    ['in part with different fields', [{ id: 1, b: 5 }, { id: 2, a: 5 }], { partial: true }],
    ['in part with a field more in a later row', [{ id: 1, b: 5 }, { id: 2, b: 5, a: 1 }], { partial: true }],
    ['in part with a field less in a later row', [{ id: 1, a: 4, b: 5 }, { id: 2, a: 5 }], { partial: true }],
    ['in part with an unknown field', [{ id: 1, c: 5 }], { partial: true }],
    ['in part with a null that cannot be', [{ id: 1, a: null }], { partial: true }],
    ['in part with a gap in a column', { id: [1, 2], b: [1, undefined] }, { partial: true }],
  ])('refuse rows %s, and write nothing', async (_, input, options) => {
    const db = await connect('memory:');
    const rows = await db.createCollection('rows', counted);
    await rows.insert([row(1), row(2)]);
    expect(await codeOfAsync(rows.upsert(input as never, options as never))).toBe('INVALID_ARGUMENT');
    expect(await rows.get([1, 2, 99])).toEqual([{ id: 1n, a: 1, b: 1 }, { id: 2n, a: 2, b: 2 }]);
    await db.close();
  });

  it('in part lose nothing that others write meanwhile', async () => {
    const db = await connect('memory:');
    const rows = await db.createCollection('rows', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, a: { type: 'Int32' }, b: { type: 'Int32' }, c: { type: 'Int32' }, v: { type: 'FloatVector', dim: 2 } } }));
    const ids = [1, 2, 3, 4, 5];
    await rows.insert(ids.map((id) => ({ id, a: 0, b: 0, c: 0, v: [id, 0] })));
    for (let round = 1; round <= 20; round++) {
      // Sealed rows have to be read, which takes a while.
      await rows.flush();
      const v = [round, 0];
      await Promise.all([
        ...ids.map((id) => rows.upsert([{ id, a: round }], { partial: true })),
        ...ids.map((id) => rows.upsert({ id: [id], b: [round] }, { partial: true })),
        rows.upsert(ids.map((id) => ({ id, v })), { partial: true }),
      ]);
      expect(await rows.get(ids, { outputFields: ['a', 'b', 'v'] })).toEqual(ids.map((id) => ({ id: BigInt(id), a: round, b: round, v: Float32Array.from(v) })));
      await rows.flush();
      const inserted = { a: -round, b: -round, v };
      const changes = ids.map((id) => rows.upsert([{ id, c: round }], { partial: true }));
      await Promise.all([...changes, rows.insert(ids.map((id) => ({ id, ...inserted, c: 0 })))]);
      for (const found of await rows.get(ids)) expect([found.a, found.b, [0, round].includes(found.c)]).toEqual([-round, -round, true]);
      // A delete is before the upsert, which is refused then because a row of its own lacks fields, or behind it.
      await rows.flush();
      const [outcome] = await Promise.allSettled([rows.upsert([{ id: 1, c: 5 }], { partial: true }), rows.delete({ ids: [1] })]);
      expect(await rows.get([1]), outcome!.status).toEqual([]);
      await rows.insert([{ id: 1, ...inserted, c: 0 }]);
    }
    await db.close();
  });

  it('in part leave rows in their partition', async () => {
    const db = await connect('memory:');
    const rows = await db.createCollection('rows', counted);
    await rows.createPartition('p');
    await rows.insert([row(1)]);
    await rows.insert([row(2), row(3)], { partition: 'p' });
    await rows.upsert([{ id: 2, b: 5 }], { partial: true });
    expect(await rows.count(undefined, { partitions: ['p'] })).toBe(2);
    expect(await codeOfAsync(rows.upsert([{ id: 1, b: 6 }, { id: 2, b: 6 }], { partial: true }))).toBe('INVALID_ARGUMENT');
    await rows.upsert([{ id: 1, b: 6 }, { id: 2, b: 6 }], { partial: true, partition: 'p' });
    expect(await rows.count(undefined, { partitions: ['p'] })).toBe(3);
    expect(await rows.get([1, 2, 3])).toEqual([{ id: 1n, a: 1, b: 6 }, { id: 2n, a: 2, b: 6 }, { id: 3n, a: 3, b: 3 }]);
    await db.close();
  });
});

describe.each(engines)('fields that are added over $name', ({ connect }) => {
  it('are seen by handles that are opened then, and left alone by older ones', async () => {
    const db = await connect('memory:');
    const rows = await db.createCollection('rows', schema);
    await rows.insert([{ id: 1, v: [1, 0, 0, 0] }]);
    const more = await rows.addField('stars', { type: 'Int8', nullable: true });
    expect([rows.schema.version, more.schema.version, more.schema.fields.at(-1)]).toEqual([1, 2, { fieldId: 14, addedIn: 2, name: 'stars', type: 'Int8', primaryKey: false, autoId: false, nullable: true }]);
    await more.insert([{ id: 2, v: [2, 0, 0, 0], stars: 5 }]);
    await rows.insert([{ id: 3, v: [3, 0, 0, 0] }]);
    expect(await more.get([1, 2, 3], { outputFields: ['stars'] })).toEqual([{ id: 1, stars: null }, { id: 2, stars: 5 }, { id: 3, stars: null }]);
    expect(Object.hasOwn((await rows.get([2]))[0]!, 'stars')).toBe(false);
    expect(await codeOfAsync(rows.insert([{ id: 4, v: [0, 0, 0, 0], stars: 1 } as never]))).toBe('INVALID_ARGUMENT');
    // What an older handle replaces in part keeps what it does not know.
    await rows.upsert([{ id: 2, i8: 9 }], { partial: true });
    expect(await more.get([2], { outputFields: ['stars', 'i8'] })).toEqual([{ id: 2, stars: 5, i8: 9 }]);
    expect(await codeOfAsync(db.collection('rows', schema))).toBe('SCHEMA_MISMATCH');
    expect((await db.collection('rows', more.schema)).schema).toEqual(more.schema);
    await db.close();
  });

  it.each<[string, string, unknown, string]>([
    ['that is there', 'f', { type: 'Float', nullable: true }, 'ALREADY_EXISTS'],
    ['that old rows would not have', 'g', { type: 'Float' }, 'INVALID_ARGUMENT'],
    ['of vectors', 'w', { type: 'FloatVector', dim: 4 }, 'NOT_SUPPORTED'],
    ['that is a key', 'k', { type: 'Int64', primaryKey: true }, 'INVALID_ARGUMENT'],
    ['that is a partition key', 'k', { type: 'Int64', partitionKey: true, defaultValue: 1 }, 'INVALID_ARGUMENT'],
    ['of another name than names are', '1k', { type: 'Int64', nullable: true }, 'INVALID_ARGUMENT'],
  ])('are not one %s', async (_, name, spec, code) => {
    const db = await connect('memory:');
    const rows = await db.createCollection('rows', schema);
    expect(await codeOfAsync(rows.addField(name, spec as never))).toBe(code);
    expect((await db.collection('rows')).schema).toEqual(rows.schema);
    await db.close();
  });

  it('are at most as many as a schema has', async () => {
    const db = await connect('memory:');
    let rows: Collection = await db.createCollection('rows', schema);
    for (let i = schema.fields.length; i < 64; i++) rows = await rows.addField(`more_${i}`, { type: 'Bool', nullable: true });
    expect(await codeOfAsync(rows.addField('one', { type: 'Bool', nullable: true }))).toBe('INVALID_ARGUMENT');
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
