/**
 * Filters through the whole engine against a plain interpreter: collections of random schemas that rows are written to, replaced in
 * and deleted from, in growing and sealed segments, merged, with scalar indexes and a field that is added later, and opened again. What `count`,
 * `query`, an exact filtered `search` and `delete` find is what walking a map of the rows finds. `SEEDS` runs more, `FIRST_SEED`
 * begins elsewhere; a failure names its seed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { Database } from '../../src/api/database.ts';
import type { Field } from '../../src/schema/types.ts';
import { connectInNode } from '../support/connect-for-tests.ts';
import type { Json, JsonObject } from './differential/cells.ts';
import { Draw } from './differential/draw.ts';
import { type Condition, Expressions } from './differential/expressions.ts';
import { randomIndex } from './differential/indexes.ts';
import { type Row, givenValue, jsonText, randomFields, randomValue } from './differential/rows.ts';

const SEEDS = Number(process.env.SEEDS ?? 8);
const FIRST = Number(process.env.FIRST_SEED ?? 1);
const STEPS = 18;
/** Filters asked between two steps. */
const FILTERS = 6;

type AnyCollection = Collection<any>;

describe('filters find through the engine what a plain interpreter finds', () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) it(`seed ${seed}`, () => new Run(seed).run(), 120_000);
});

class Run {
  readonly #seed: number;
  readonly #draw: Draw;
  readonly #fields: Field[];
  /** By key. */
  readonly #rows = new Map<bigint, Row>();
  readonly #vectors = new Map<bigint, readonly number[]>();
  readonly #history: string[] = [];
  /** Segments of so few rows that no scalar index is built of them, or larger ones. */
  readonly #isLarge: boolean;
  readonly #indexed = new Set<string>();
  #folder = '';
  #db!: Database;
  #birds!: AnyCollection;

  constructor(seed: number) {
    this.#seed = seed;
    this.#draw = new Draw(seed);
    this.#isLarge = this.#draw.chance(0.35);
    this.#fields = randomFields(this.#draw, { arrays: true, dynamic: true }).map((field) => this.#withDefault(field));
  }

  async run(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'elanus-filters-'));
    try {
      this.#db = await this.#open();
      this.#birds = (await this.#db.createCollection('birds', this.#schema() as never)) as unknown as AnyCollection;
      await this.#write('insert');
      if (this.#isLarge) await this.#birds.flush();
      for (let step = 0; step < STEPS; step++) {
        await this.#check();
        await this.#step();
      }
      await this.#check();
    } catch (error) {
      throw new Error(`seed ${this.#seed}, after ${this.#history.join(', ')}: ${error instanceof Error ? error.message : error}`, { cause: error });
    } finally {
      await this.#db?.close().catch(() => undefined);
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  #open(): Promise<Database> {
    return connectInNode(`file:${join(this.#folder, 'db')}`, { mode: 'inline', durability: 'relaxed' });
  }

  /** Some fields have a default, which a row has that is given none. */
  #withDefault(field: Field): Field {
    if (field.primaryKey || field.type === 'JSON' || field.type === 'Array' || !this.#draw.chance(0.2)) return field;
    const value = randomValue(this.#draw, { ...field, nullable: false }, true);
    return { ...field, defaultValue: value as never };
  }

  #schema(): unknown {
    const fields: Record<string, unknown> = Object.create(null);
    for (const field of this.#fields) if (!field.isDynamic) fields[field.name] = input(field);
    fields.v = { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } };
    return { fields, dynamicField: this.#fields.some((field) => field.isDynamic) };
  }

  async #step(): Promise<void> {
    const draw = this.#draw;
    await draw.weighted<() => Promise<void>>([
      [4, () => this.#write('insert')],
      [3, () => this.#write('upsert')],
      [3, () => this.#deleteKeys()],
      [3, () => this.#deleteMatching()],
      [3, async () => (this.#did('flush'), this.#birds.flush())],
      [1, async () => (this.#did('compact'), void (await this.#birds.compact()))],
      [1, () => this.#addField()],
      [this.#isLarge ? 8 : 1, () => this.#createIndex()],
      [1, () => this.#dropIndex()],
      [2, () => this.#reopen()],
    ])();
  }

  #did(what: string): void {
    this.#history.push(what);
  }

  async #write(way: 'insert' | 'upsert'): Promise<void> {
    const draw = this.#draw;
    const count = this.#isLarge && this.#rows.size === 0 ? 1500 : 1 + draw.below(draw.chance(0.5) ? 10 : 90);
    const keys = new Set<bigint>();
    while (keys.size < count) keys.add(BigInt(way === 'upsert' || draw.chance(0.9) ? draw.below(this.#isLarge ? 3000 : 300) : draw.below(2 ** 31)) - 20n);
    this.#did(`${way} ${count}`);
    const given: Record<string, unknown>[] = [];
    for (const key of keys) {
      const row = new Map<string, Json>(this.#fields.map((field) => [field.name, field.primaryKey ? key : randomValue(draw, field, true)]));
      const vector = [draw.below(2000) - 1000, draw.below(2000) - 1000];
      const user: Record<string, unknown> = { v: vector };
      for (const field of this.#fields) {
        const value = row.get(field.name) ?? null;
        if (field.isDynamic) Object.assign(user, givenValue(field, value));
        else if (value !== null || draw.chance(0.5)) user[field.name] = givenValue(field, value);
        if (field.defaultValue !== undefined && value === null) row.set(field.name, field.defaultValue as Json);
      }
      given.push(user);
      this.#rows.set(key, row);
      this.#vectors.set(key, vector);
    }
    await (way === 'insert' ? this.#birds.insert(given as never) : this.#birds.upsert(given as never));
  }

  #forget(keys: readonly bigint[]): number {
    let gone = 0;
    for (const key of keys) {
      if (this.#rows.delete(key)) gone++;
      this.#vectors.delete(key);
    }
    return gone;
  }

  async #deleteKeys(): Promise<void> {
    const ids = this.#draw.some(1, 20, () => (this.#rows.size > 0 && this.#draw.chance(0.9) ? this.#draw.pick([...this.#rows.keys()]) : BigInt(this.#draw.below(300))));
    this.#did(`delete ${ids.length} keys`);
    const { count } = await this.#birds.delete({ ids: ids as never });
    expect(count).toBe(this.#forget(ids));
  }

  async #deleteMatching(): Promise<void> {
    const expressions = this.#expressions();
    for (let tries = 0; tries < 10; tries++) {
      const condition = expressions.filter();
      const keys = this.#matching(condition);
      // One that leaves something to look at.
      if (keys.length > this.#rows.size / 3) continue;
      this.#did(`delete ${keys.length} by filter`);
      const { count } = await this.#asked(condition, () => this.#birds.delete({ filter: condition.text, filterParams: expressions.templates as never }));
      expect(count, condition.text).toBe(this.#forget(keys));
      return;
    }
  }

  async #addField(): Promise<void> {
    const draw = this.#draw;
    if (this.#fields.length > 24) return;
    const [base] = randomFields(draw, { arrays: true, dynamic: false }).filter((field) => !field.primaryKey).slice(-1);
    if (base === undefined) return;
    const field = this.#withDefault({ ...base, fieldId: this.#fields.length, name: `later_${this.#fields.length}`, nullable: true });
    this.#did(`add ${field.name} ${field.type}`);
    this.#birds = (await this.#birds.addField(field.name, input(field) as never)) as AnyCollection;
    this.#fields.push(field);
    for (const [key, row] of this.#rows) this.#rows.set(key, new Map([...row, [field.name, (field.defaultValue as Json | undefined) ?? null]]));
  }

  /** Of a scalar field, or of a place inside JSON. Rows that are growing get it when they are sealed. */
  async #createIndex(): Promise<void> {
    const field = this.#draw.pick(this.#fields);
    const rows = [...this.#rows.values()];
    if (rows.length === 0) return;
    const { type, params } = randomIndex(this.#draw, field, rows);
    this.#did(`index ${type} of ${field.name} ${JSON.stringify(params)}`);
    this.#indexed.add(field.name);
    await this.#birds.createIndex(field.name as never, { type, params } as never);
  }

  async #dropIndex(): Promise<void> {
    const scalar = (await this.#birds.listIndexes()).filter((index) => index.field !== 'v') as unknown as { name: string }[];
    if (scalar.length === 0) return;
    const { name } = this.#draw.pick(scalar);
    this.#did(`drop index ${name}`);
    await this.#birds.dropIndex(name);
  }

  async #reopen(): Promise<void> {
    this.#did('reopen');
    await this.#db.close();
    this.#db = await this.#open();
    this.#birds = (await this.#db.collection('birds')) as AnyCollection;
  }

  #expressions(): Expressions {
    const rows = [...this.#rows.values()];
    // Where there is no row, filters are made from one that is not there.
    // What has an index is asked about more.
    const indexed = this.#fields.filter(({ name }) => this.#indexed.has(name));
    const fields = indexed.length > 0 && this.#draw.chance(0.5) ? indexed : this.#fields;
    return new Expressions(this.#draw, fields, rows.length > 0 ? rows : [new Map(this.#fields.map((field) => [field.name, randomValue(this.#draw, field, true)]))]);
  }

  /** Keys in ascending order. */
  #matching(condition: Condition): bigint[] {
    return [...this.#rows].filter(([, row]) => condition.truth(row) === true).map(([key]) => key).sort((a, b) => (a < b ? -1 : 1));
  }

  async #asked<T>(condition: Condition, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw new Error(`${condition.text}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }

  async #check(): Promise<void> {
    const draw = this.#draw;
    const expressions = this.#expressions();
    expect(await this.#birds.count()).toBe(this.#rows.size);
    for (let i = 0; i < FILTERS; i++) {
      const condition = expressions.filter();
      const asked = { filter: condition.text, filterParams: expressions.templates as never };
      const keys = this.#matching(condition);
      const ways = [
        async () => {
          const found = (await this.#asked(condition, () => this.#birds.query({ ...asked, outputFields: ['key'] }))) as unknown as { key: bigint }[];
          this.#expectKeys(condition, expressions.templates, found.map(({ key }) => key), keys);
        },
        async () => expect(await this.#birds.count(condition.text, { filterParams: asked.filterParams }), condition.text).toBe(keys.length),
        () => this.#search(condition, asked, keys, 1 + draw.below(20)),
      ];
      // The first finds the rows, the others find them remembered.
      const first = draw.below(ways.length);
      for (let k = 0; k < ways.length; k++) await ways[(first + k) % ways.length]();
    }
  }

  #expectKeys(condition: Condition, templates: Record<string, unknown>, found: readonly bigint[], expected: readonly bigint[]): void {
    const [have, want] = [new Set(found), new Set(expected)];
    const wrong = [...expected.filter((key) => !have.has(key)), ...found.filter((key) => !want.has(key))];
    if (wrong.length > 0) {
      const row = this.#rows.get(wrong[0]);
      const lines = this.#fields.map((field) => `  ${field.name} ${field.type} ${field.elementType ?? ''}: ${row && jsonText(row.get(field.name) ?? null)}`);
      throw new Error([`${condition.text}: ${have.has(wrong[0]) ? 'found' : 'missed'} ${wrong[0]} (${wrong.length} wrong)`, `  templates ${Object.entries(templates).join('; ')}`, ...lines].join('\n'));
    }
    expect(found, condition.text).toEqual(expected);
  }

  /** The nearest that match, in order. Ties have the smaller key first. */
  async #search(condition: Condition, asked: { filter: string; filterParams: never }, keys: readonly bigint[], limit: number): Promise<void> {
    const draw = this.#draw;
    const query = [draw.below(2000) - 1000, draw.below(2000) - 1000];
    const distanceOf = (key: bigint): number => (this.#vectors.get(key) as number[]).reduce((sum, x, i) => sum + (x - query[i]) ** 2, 0);
    const nearest = keys.map((id) => ({ id, score: distanceOf(id) })).sort((a, b) => a.score - b.score || (a.id < b.id ? -1 : 1)).slice(0, limit);
    const hits = (await this.#asked(condition, () => this.#birds.search({ vector: query, limit, ...asked } as never))) as unknown as { id: bigint; score: number }[];
    expect(hits.map(({ id, score }) => ({ id, score })), condition.text).toEqual(nearest);
  }
}

/** As a user defines it. */
function input(field: Field): unknown {
  const { type, elementType, maxLength, maxCapacity, defaultValue, nullable, primaryKey } = field;
  const value = defaultValue === undefined ? undefined : givenValue(field, defaultValue as Json | JsonObject);
  return Object.fromEntries(Object.entries({ type, elementType, maxLength, maxCapacity, defaultValue: value, nullable: primaryKey ? undefined : nullable, primaryKey: primaryKey || undefined }).filter(([, option]) => option !== undefined));
}
