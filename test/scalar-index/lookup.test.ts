import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Leaf } from '../../src/filter/predicate.ts';
import { buildScalarIndex, openScalarIndex, type BuiltScalarIndex } from '../../src/scalar-index/build.ts';
import type { ScalarIndex, Target } from '../../src/scalar-index/index.ts';
import { completeScalarSpec, targetOf } from '../../src/scalar-index/registry.ts';
import { random } from '../support/random.ts';
import { CAST_NAMES, below, makeColumn, makeField, pick, randomColumn, randomLeaf, type Made } from './cases.ts';
import { leafIs, likePattern, truthAt } from './oracle.ts';
import type { ElementType, Field } from '../../src/schema/types.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

function build(made: Made, type: string, params: Record<string, unknown> = {}): { built: BuiltScalarIndex; index: ScalarIndex; target: Target } {
  const { spec, path } = completeScalarSpec(made.field, { type, params });
  const target = targetOf(made.field, path, spec);
  const steps = buildScalarIndex(made.column, target, spec);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const built = step.value;
  return { built, target, index: openScalarIndex(new Map(built.sections.map(({ name, bytes }) => [name, bytes])), target, made.column.length) };
}

/** Compares what the index says of a leaf with what is so. Answers whether it said something. */
function agrees(index: ScalarIndex, leaf: Leaf, made: Made, about: string): boolean {
  const answer = index.answers(leaf);
  if (answer === 'none') return false;
  const truth = index.lookup(leaf);
  const estimate = index.estimate(leaf);
  expect(estimate, about).toBeGreaterThanOrEqual(0);
  expect(estimate, about).toBeLessThanOrEqual(made.column.length);
  expect(index.work(leaf), about).toBeGreaterThanOrEqual(0);
  made.values.forEach((value, row) => {
    const expected = leafIs(leaf, { [made.field.name]: value });
    const got = truthAt(truth, row);
    // Of candidates only those are wrong that were left out.
    if (answer === 'candidates' && got === true) return;
    if (got !== expected) throw new Error(`${about}: row ${row}, ${JSON.stringify(value, (_, x: unknown) => (typeof x === 'bigint' ? `${x}n` : x))}, expected ${expected}, got ${got}; ${JSON.stringify(leaf, (_, x: unknown) => (typeof x === 'bigint' ? `${x}n` : x))}`);
  });
  return true;
}

const FIELD_INDEXES: Readonly<Record<ElementType, readonly string[]>> = {
  Bool: ['INVERTED', 'BITMAP', 'AUTOINDEX'],
  Int8: ['INVERTED', 'BITMAP', 'STL_SORT', 'AUTOINDEX'],
  Int16: ['INVERTED', 'BITMAP', 'STL_SORT', 'AUTOINDEX'],
  Int32: ['INVERTED', 'BITMAP', 'STL_SORT', 'AUTOINDEX'],
  Int64: ['INVERTED', 'BITMAP', 'STL_SORT', 'AUTOINDEX'],
  Float: ['INVERTED', 'STL_SORT', 'AUTOINDEX'],
  Double: ['INVERTED', 'STL_SORT', 'AUTOINDEX'],
  VarChar: ['INVERTED', 'BITMAP', 'STL_SORT', 'Trie', 'NGRAM', 'AUTOINDEX'],
};
const GRAMS = [{ min_gram: 1, max_gram: 1 }, { min_gram: 2, max_gram: 3 }, { min_gram: 3, max_gram: 3 }];

function* cases(): Generator<{ seed: number; next: () => number; rows: number; spread: number }> {
  for (let i = 0; i < 6 * SEEDS; i++) {
    const seed = FIRST + i;
    const next = random(seed);
    yield { seed, next, rows: pick(next, [0, 1, 63, 64, 65, 300, 900]), spread: pick(next, [2, 40, 100_000]) };
  }
}

for (const type of Object.keys(FIELD_INDEXES) as ElementType[]) {
  for (const name of FIELD_INDEXES[type]) {
    test(`${name} over ${type} answers as every row by itself does`, () => {
      let answered = 0;
      for (const { seed, next, rows, spread } of cases()) {
        const made = randomColumn(next, makeField(1, 'f', type), rows, spread);
        const { index } = build(made, name, name === 'NGRAM' ? pick(next, GRAMS) : {});
        for (let i = 0; i < 25; i++) if (agrees(index, randomLeaf(next, made.field, null, spread), made, `SEED=${seed} ${name} ${type}`)) answered++;
      }
      expect(answered).toBeGreaterThan(3);
    });
  }
  for (const name of ['INVERTED', 'BITMAP', 'AUTOINDEX']) {
    if (name === 'BITMAP' && (type === 'Float' || type === 'Double')) continue;
    test(`${name} over arrays of ${type} answers as every row by itself does`, () => {
      let answered = 0;
      for (const { seed, next, rows, spread } of cases()) {
        const made = randomColumn(next, makeField(1, 'f', 'Array', { elementType: type, maxCapacity: 8 }), rows, spread);
        const { index } = build(made, name);
        for (let i = 0; i < 15; i++) if (agrees(index, randomLeaf(next, made.field, null, spread), made, `SEED=${seed} ${name} Array<${type}>`)) answered++;
      }
      expect(answered).toBeGreaterThan(3);
    });
  }
}

const CAST_INDEXES = { bool: ['INVERTED', 'BITMAP', 'AUTOINDEX'], double: ['INVERTED', 'STL_SORT', 'AUTOINDEX'], varchar: ['INVERTED', 'BITMAP', 'STL_SORT', 'NGRAM', 'AUTOINDEX'], array_bool: ['INVERTED', 'BITMAP'], array_double: ['INVERTED'], array_varchar: ['INVERTED', 'BITMAP'] } as const;

for (const cast of CAST_NAMES) {
  for (const name of CAST_INDEXES[cast]) {
    test(`${name} over a path of JSON as ${cast} answers as every row by itself does`, () => {
      let answered = 0;
      for (const { seed, next, rows, spread } of cases()) {
        const isDynamic = next() < 0.5;
        const made = randomColumn(next, makeField(1, isDynamic ? '$meta' : 'j', 'JSON', isDynamic ? { isDynamic } : {}), rows, spread);
        const { index, target } = build(made, name, { json_path: pick(next, [isDynamic ? 'a' : 'j["a"]', '["a"]', '/a']), json_cast_type: cast, ...(name === 'NGRAM' ? pick(next, GRAMS) : {}) });
        expect(target.path).toEqual(['a']);
        for (let i = 0; i < 80; i++) if (agrees(index, randomLeaf(next, made.field, ['a'], spread), made, `SEED=${seed} ${name} ${cast}`)) answered++;
        expect(index.answers(randomLeaf(next, made.field, ['b'], spread))).toBe('none');
      }
      expect(answered).toBeGreaterThan(3);
    });
  }
}

test('large columns are sorted as small ones are', () => {
  const next = random(FIRST);
  const words = Array.from({ length: 6_000 }, () => `prefix that all have ${below(next, 3)}${'\0'.repeat(below(next, 3))}${below(next, 4_000)}`);
  for (const values of [words, words.map((word) => word.slice(0, 22))]) {
    const made = makeColumn(makeField(1, 'f', 'VarChar'), values);
    for (const name of ['INVERTED', 'STL_SORT', 'AUTOINDEX']) {
      const { index } = build(made, name);
      for (const word of [values[0]!, values[77]!, 'prefix that', 'q', 'prefix that all have 1\0']) {
        for (const operator of ['<', '<=', '==', '!=', '>', '>='] as const) {
          agrees(index, { kind: 'compare', operator, left: { kind: 'field', field: made.field }, right: { kind: 'literal', value: word } }, made, `SEED=${FIRST}`);
        }
      }
    }
  }
});

test('n-grams leave few candidates', () => {
  const next = random(5);
  const values = Array.from({ length: 2_000 }, () => Array.from({ length: 6 }, () => String.fromCharCode(97 + below(next, 20))).join(''));
  const made = makeColumn(makeField(1, 'f', 'VarChar'), values);
  const { index } = build(made, 'NGRAM', { min_gram: 2, max_gram: 3 });
  const { isTrue } = index.lookup({ kind: 'like', ref: { kind: 'field', field: made.field }, pattern: likePattern('%abcd%') });
  const candidates = values.filter((_, row) => truthAt({ isTrue, isUnknown: null }, row) === true);
  expect(candidates.length).toBeLessThan(values.filter((text) => text.includes('abcd')).length + 20);
  const nothing = index.lookup({ kind: 'like', ref: { kind: 'field', field: made.field }, pattern: likePattern('%zzz%') });
  expect(nothing.isTrue.every((word) => word === 0)).toBe(true);
});

test('estimates of values are exact, those of patterns near', () => {
  const next = random(7);
  const made = makeColumn(makeField(1, 'f', 'VarChar'), Array.from({ length: 5_000 }, () => `w${below(next, 2_000)}`));
  const { index } = build(made, 'INVERTED');
  const ref = { kind: 'field', field: made.field } as const;
  const truth = (leaf: Leaf): number => made.values.filter((value) => leafIs(leaf, { f: value }) === true).length;
  for (const leaf of [
    { kind: 'compare', operator: '<', left: ref, right: { kind: 'literal', value: 'w3' } },
    { kind: 'in', value: ref, values: ['w1', 'w77', 'none'], isNegated: true },
    { kind: 'like', ref, pattern: likePattern('w12%') },
  ] satisfies Leaf[]) expect(index.estimate(leaf)).toBe(truth(leaf));
  const pattern = { kind: 'like', ref, pattern: likePattern('%7%') } satisfies Leaf;
  expect(Math.abs(index.estimate(pattern) - truth(pattern))).toBeLessThan(0.2 * made.values.length);
});

test('what AUTOINDEX picks', () => {
  const picked = (field: Field, values: readonly unknown[], params: Record<string, unknown> = {}): string => build(makeColumn(field, values), 'AUTOINDEX', params).built.type;
  const many = Array.from({ length: 500 }, (_, i) => i);
  expect(picked(makeField(1, 'f', 'Int32'), many.map((i) => i % 100))).toBe('BITMAP');
  expect(picked(makeField(1, 'f', 'Int32'), many.map((i) => i % 101))).toBe('INVERTED');
  expect(picked(makeField(1, 'f', 'Int32'), many)).toBe('STL_SORT');
  expect(picked(makeField(1, 'f', 'Int32'), many, { bitmap_cardinality_limit: 500 })).toBe('BITMAP');
  expect(picked(makeField(1, 'f', 'Double'), many.map((i) => i % 2))).toBe('INVERTED');
  expect(picked(makeField(1, 'f', 'Bool'), many.map((i) => i % 2 === 0))).toBe('BITMAP');
  expect(picked(makeField(1, 'f', 'VarChar'), many.map(String))).toBe('STL_SORT');
  expect(picked(makeField(1, 'f', 'Array', { elementType: 'Int32' }), many.map((i) => [i]))).toBe('INVERTED');
  expect(picked(makeField(1, 'j', 'JSON'), many.map((i) => ({ a: String(i % 9) })), { json_path: 'j["a"]', json_cast_type: 'varchar' })).toBe('BITMAP');
});

test('texts with half a character are there, and are no text of a filter', () => {
  const made = makeColumn(makeField(1, 'j', 'JSON'), [{ a: 'x' }, { a: '\ud800' }, { a: 'y\udfffz' }, {}]);
  for (const [type, params] of [['INVERTED', {}], ['NGRAM', { min_gram: 1, max_gram: 1 }]] as const) {
    const { index } = build(made, type, { json_path: 'j["a"]', json_cast_type: 'varchar', ...params });
    const ref = { kind: 'path', field: made.field, path: ['a'] } as const;
    agrees(index, { kind: 'compare', operator: '!=', left: ref, right: { kind: 'literal', value: '\ufffd' } }, made, type);
    agrees(index, { kind: 'exists', ref }, made, type);
    expect(agrees(index, { kind: 'like', ref, pattern: likePattern('%z') }, made, type)).toBe(true);
  }
});

test('docs/format/index-scalar.md has the bytes of its example', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/format/index-scalar.md'), 'utf8');
  const example = new Map(Array.from(text.matchAll(/^([a-z]+) +((?:[0-9a-f]{2} *)+)$/gm), ([, name, hex]) => [name, hex!.trim().split(/ +/).map((byte) => parseInt(byte, 16))]));
  const { built } = build(makeColumn(makeField(1, 'f', 'Int8'), [7, 3, 7, null, 3]), 'BITMAP');
  expect(example).toEqual(new Map(built.sections.map(({ name, bytes }) => [name, [...bytes]])));
});
