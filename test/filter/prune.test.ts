import { expect, test } from 'vitest';
import { prune } from '../../src/filter/prune.ts';
import type { Predicate } from '../../src/filter/predicate.ts';
import { zoneOf, type Zone } from '../../src/filter/zones.ts';
import type { ElementType, Field } from '../../src/schema/types.ts';
import { random } from '../support/random.ts';
import { below, makeColumn, makeField, pick, randomColumn, randomLeaf, randomPredicate } from '../scalar-index/cases.ts';
import { likePattern, predicateIs } from '../scalar-index/oracle.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

const TYPES: readonly ElementType[] = ['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double', 'VarChar'];
const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

test('a pruned predicate is true for the same rows', () => {
  let decided = 0;
  let passedBy = 0;
  for (let i = 0; i < 600 * SEEDS; i++) {
    const seed = FIRST + i;
    const next = random(seed);
    const rows = pick(next, [1, 2, 3, 10]);
    const fields: Field[] = [...TYPES.map((type, id) => makeField(id, `f${id}`, type, { nullable: next() < 0.5 })), makeField(20, 'j', 'JSON'), makeField(21, 'list', 'Array', { elementType: 'Int32' })];
    const made = fields.map((field) => randomColumn(next, field, rows, pick(next, [2, 40])));
    const zones = new Map(made.map(({ field, column }) => [field.fieldId, zoneOf(column)]));
    const leaf = (): Predicate => {
      const field = pick(next, fields);
      if (next() < 0.1) return { kind: 'fixed', ref: { kind: 'field', field }, value: next() < 0.5 };
      return randomLeaf(next, field, field.type === 'JSON' ? ['a'] : null, pick(next, [2, 40, 1_000]));
    };
    for (let n = 0; n < 10; n++) {
      const predicate = randomPredicate(next, leaf, 3);
      const pruned = prune(predicate, (field) => (next() < 0.9 ? zones.get(field.fieldId)! : null));
      if (pruned !== predicate) decided++;
      if (pruned.kind === 'constant' && !pruned.value) passedBy++;
      for (let row = 0; row < rows; row++) {
        const values = Object.fromEntries(made.map((column) => [column.field.name, column.values[row]]));
        const expected = predicateIs(predicate, values) === true;
        if ((predicateIs(pruned, values) === true) !== expected) throw new Error(`SEED=${seed}: row ${JSON.stringify(values, bigints)} expected ${expected}: ${JSON.stringify(predicate, bigints)}; pruned: ${JSON.stringify(pruned, bigints)}`);
      }
    }
  }
  expect(decided).toBeGreaterThan(1_000);
  expect(passedBy).toBeGreaterThan(300);
});

const int = makeField(1, 'x', 'Int32');
const text = makeField(2, 't', 'VarChar');
const over = (field: Field) => ({ kind: 'field', field }) as const;
const compare = (field: Field, operator: '<' | '<=' | '==' | '!=' | '>', value: number | string): Predicate => ({ kind: 'compare', operator, left: over(field), right: { kind: 'literal', value } });
const pruneBy = (predicate: Predicate, ...zones: [Field, Zone][]): Predicate => prune(predicate, (field) => zones.find(([of]) => of === field)?.[1] ?? null);
const zone = (field: Field, values: readonly unknown[]): [Field, Zone] => [field, zoneOf(makeColumn(field, values).column)];

test('a segment that cannot match is told apart from one that must', () => {
  const known = zone(int, [3, 9, 5]);
  expect(pruneBy(compare(int, '>', 9), known)).toEqual({ kind: 'constant', value: false });
  expect(pruneBy(compare(int, '<=', 9), known)).toEqual({ kind: 'constant', value: true });
  expect(pruneBy(compare(int, '==', 4), known)).toEqual(compare(int, '==', 4));
  expect(pruneBy({ kind: 'in', value: over(int), values: [1, 10], isNegated: false }, known)).toEqual({ kind: 'constant', value: false });
  expect(pruneBy({ kind: 'and', parts: [compare(int, '>', 2), compare(text, '==', 'a')] }, known)).toEqual(compare(text, '==', 'a'));
  expect(pruneBy({ kind: 'or', parts: [compare(int, '<', 2), compare(text, '==', 'a')] }, known)).toEqual(compare(text, '==', 'a'));
});

test('NULL is neither', () => {
  const known = zone(int, [3, null, 5]);
  expect(pruneBy(compare(int, '<', 9), known)).toEqual({ kind: 'fixed', ref: over(int), value: true });
  expect(pruneBy({ kind: 'not', part: compare(int, '>', 9) }, known)).toEqual({ kind: 'fixed', ref: over(int), value: true });
  expect(pruneBy({ kind: 'not', part: compare(int, '<', 9) }, known)).toEqual({ kind: 'constant', value: false });
  const none = zone(int, [null, null]);
  expect(pruneBy(compare(int, '<', 9), none)).toEqual({ kind: 'constant', value: false });
  expect(pruneBy({ kind: 'not', part: compare(int, '<', 9) }, none)).toEqual({ kind: 'constant', value: false });
  expect(pruneBy({ kind: 'isNull', ref: over(int), isNegated: false }, none)).toEqual({ kind: 'constant', value: true });
});

test('texts are cut, and what is behind the cut is not known', () => {
  const long = 'x'.repeat(64);
  const known = zone(text, [`${long}m`, `${long}q`]);
  expect(known[1].bounds).toMatchObject({ isMinCut: true, isMaxCut: true });
  for (const value of [`${long}a`, `${long}z`, `${long}m`]) expect(pruneBy(compare(text, '<', value), known).kind).toBe('compare');
  expect(pruneBy(compare(text, '==', long), known)).toEqual({ kind: 'constant', value: false });
  expect(pruneBy(compare(text, '>', long), known)).toEqual({ kind: 'constant', value: true });
  expect(pruneBy(compare(text, '<', 'y'), known)).toEqual({ kind: 'constant', value: true });
  expect(pruneBy({ kind: 'like', ref: over(text), pattern: likePattern('xx%') }, known)).toEqual({ kind: 'constant', value: true });
  expect(pruneBy({ kind: 'like', ref: over(text), pattern: likePattern('xy%') }, known)).toEqual({ kind: 'constant', value: false });
  expect(pruneBy({ kind: 'like', ref: over(text), pattern: likePattern(`${long}b%`) }, known).kind).toBe('like');
});

test('bounds are those of the values', () => {
  const next = random(FIRST);
  for (let i = 0; i < 50; i++) {
    const values = Array.from({ length: 1 + below(next, 20) }, () => (next() < 0.2 ? null : below(next, 1_000) - 500));
    const present = values.filter((value) => value !== null);
    const { bounds, nulls, rows } = zoneOf(makeColumn(int, values).column);
    expect({ nulls, rows }).toEqual({ nulls: values.length - present.length, rows: values.length });
    expect(bounds).toEqual(present.length === 0 ? null : { kind: 'number', min: Math.min(...present), max: Math.max(...present) });
  }
});
