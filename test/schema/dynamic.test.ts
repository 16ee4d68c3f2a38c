/** Keys that no field has: from rows and columns into the hidden field, and out of it. */
import { describe, expect, it } from 'vitest';
import { withKeys, withKeysOfHits } from '../../src/api/dynamic-keys.ts';
import { absentColumn } from '../../src/schema/absent.ts';
import { toBatch } from '../../src/schema/batch.ts';
import type { BatchKind } from '../../src/schema/plain-batch.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import { mergedKeys } from '../../src/engine/merged-keys.ts';
import { codeOf, failureOf } from '../support/refusals.ts';

const fields = { id: { type: 'Int64', primaryKey: true }, note: { type: 'VarChar', maxLength: 9, nullable: true }, v: { type: 'FloatVector', dim: 2 } } as const;
const plan = planOf(defineSchema({ fields, dynamicField: true }));
const dynamic = plan.dynamic!;
const v = [1, 2];

/** What the hidden field of each row holds; null where the batch has no column of it. */
function keysOf(input: unknown, kind: BatchKind = 'insert'): unknown[] | null {
  const batch = toBatch(plan, input, kind);
  const column = batch.columns.find(({ fieldId }) => fieldId === dynamic.fieldId);
  return column === undefined ? null : Array.from({ length: batch.rows }, (_, row) => valueAt(column, row, dynamic));
}

const parsed = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('keys of rows', () => {
  it('that no field has are in the hidden field, in every row', () => {
    const values = { text: 'ä', number: -0.5, yes: true, none: null, list: [1, [2]], deep: { a: { b: null } }, 'a b.c': 1, '': 2, constructor: 3, toString: 4, 7: 'seven' };
    expect(keysOf([{ id: 1, v, ...values }, { id: 2, v, note: 'a' }, { id: 3, v, gone: undefined, here: 1 }])).toEqual([values, {}, { here: 1 }]);
    expect(keysOf([{ id: 1, v }, { id: 2, v }])).toEqual([{}, {}]);
  });

  it('leave the fields as they are without them', () => {
    const plain = planOf(defineSchema({ fields }));
    const rows = [{ id: 1, v, note: 'a' }, { id: 2n, v: Float32Array.of(3, 4), note: null }, { id: 3, v }];
    expect(toBatch(plan, rows.map((row, i) => ({ ...row, extra: i }))).columns.slice(0, 3)).toEqual(toBatch(plain, rows).columns);
    class Row {
      get id() {
        return 5;
      }
      readonly v = v;
      readonly extra = 'own';
    }
    expect(keysOf([new Row()])).toEqual([{ extra: 'own' }]);
  });

  it('are what JSON makes of them', () => {
    const date = new Date(5e11);
    expect(keysOf([{ id: 1, v, date, hidden: { f() {}, u: undefined, n: NaN }, lone: '\ud800' }])).toEqual([{ date: date.toISOString(), hidden: { n: null }, lone: '\ud800' }]);
  });

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 5n],
    ['a bigint further in', { a: [5n] }],
    ['NaN', NaN],
    ['an infinity', -Infinity],
    ['a value without JSON', { toJSON: () => undefined }],
    ['a circle', (() => { const circle: unknown[] = []; circle.push(circle); return circle; })()],
  ])('are refused with %s, and named', (_, bad) => {
    const failure = failureOf(() => keysOf([{ id: 1, v }, { id: 2, v, color: bad }]));
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { field: 'color', row: 1 } });
    expect(failureOf(() => keysOf({ id: [1, 2], v: [v, v], color: [1, bad] }))).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { field: 'color', row: 1 } });
  });

  it('may not be the hidden field’s name or __proto__, and change no prototype', () => {
    for (const bad of [{ id: 1, v, $meta: {} }, { id: 1, v, $meta: undefined }, parsed('{"id":1,"v":[1,2],"__proto__":{"note":"polluted"}}')]) {
      expect(codeOf(() => keysOf([bad]))).toBe('INVALID_ARGUMENT');
    }
    expect(codeOf(() => keysOf({ id: [1], v: [v], $meta: [{}] }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => keysOf(parsed('{"id":[1],"v":[[1,2]],"__proto__":[5]}')))).toBe('INVALID_ARGUMENT');
    // A prototype that was given as one is no key.
    expect(keysOf([{ id: 1, v, __proto__: { inherited: 1 } }])).toEqual([{}]);
    const deep = parsed('{"a":{"__proto__":{"x":1}}}');
    const [read] = keysOf([{ id: 1, v, ...deep }]) as [{ a: object }];
    expect(Object.keys(read.a)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(read.a)).toBe(Object.prototype);
    expect('x' in read.a).toBe(false);
  });

  it('take at most as much as a JSON value', () => {
    // {"k":"…"} is 8 bytes more than the text.
    expect(keysOf([{ id: 1, v, k: 'x'.repeat(65_528) }])![0]).toEqual({ k: 'x'.repeat(65_528) });
    for (const k of ['x'.repeat(65_529), 'ä'.repeat(32_765)]) expect(failureOf(() => keysOf([{ id: 1, v, k }]))).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { field: '$meta', row: 0 } });
  });

  it('are refused without a dynamic field, as ever', () => {
    const plain = planOf(defineSchema({ fields }));
    expect(codeOf(() => toBatch(plain, [{ id: 1, v, color: 1 }]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toBatch(plain, { id: [1], v: [v], color: [1] }))).toBe('INVALID_ARGUMENT');
  });

  it('leave what is no row or no column to those who refuse it', () => {
    for (const bad of [[5], [null], [undefined], [[]], 'rows', null, 5, new Map(), [{ id: 1 }], [{ id: 'x', v, color: 1 }], { color: [1] }, []]) expect(codeOf(() => keysOf(bad))).toBe('INVALID_ARGUMENT');
  });
});

describe('columns of keys', () => {
  it('are put together row by row, and undefined is no key', () => {
    expect(keysOf({ id: [1, 2, 3], v: new Float32Array(6), color: ['red', undefined, null], size: Float32Array.of(1, 2, 3) })).toEqual([{ color: 'red', size: 1 }, { size: 2 }, { color: null, size: 3 }]);
    expect(keysOf({ id: [1], v: [v], color: undefined })).toEqual([{}]);
  });

  it('are refused where they are no columns or have other rows', () => {
    for (const more of [{ color: 'red' }, { color: 5 }, { color: [1] }, { color: [1, 2], size: [1, 2, 3] }, { color: BigInt64Array.of(1n, 2n) }]) {
      expect(codeOf(() => keysOf({ id: [1, 2], v: [v, v], ...more }))).toBe('INVALID_ARGUMENT');
    }
  });
});

describe('a partial batch', () => {
  it('has the hidden field where one of its rows has a key', () => {
    expect(keysOf([{ id: 1 }, { id: 2 }], 'partial')).toBe(null);
    expect(keysOf([{ id: 1 }, { id: 2, color: 1 }], 'partial')).toEqual([{}, { color: 1 }]);
    expect(keysOf({ id: [1, 2], color: [undefined, 1] }, 'partial')).toEqual([{}, { color: 1 }]);
  });

  it('is merged key by key with what is there', () => {
    const column = (keys: readonly object[]) => toBatch(plan, keys.map((own, id) => ({ id, v, ...own }))).columns.at(-1)!;
    const old = column([{ a: 1, b: { x: 1, y: 2 } }, { a: 1 }, { c: 1 }]);
    const given = column([{ b: { x: 9 }, z: null }, {}, { c: null }, { d: 1 }]);
    const merged = mergedKeys(dynamic, [{ column: old, row: 0 }, { column: old, row: 1 }, { column: old, row: 2 }, null], given);
    expect(Array.from({ length: 4 }, (_, row) => valueAt(merged, row))).toEqual([{ a: 1, b: { x: 9 }, z: null }, { a: 1 }, { c: null }, { d: 1 }]);
    const long = (key: string) => column([{ [key]: 'x'.repeat(40_000) }]);
    expect(codeOf(() => mergedKeys(dynamic, [{ column: long('a'), row: 0 }], long('b')))).toBe('INVALID_ARGUMENT');
  });
});

describe('entities', () => {
  const entity = () => ({ id: 1, note: null, $meta: { color: 'red', size: 2, note: 'of before the field' } });

  it('have the keys that were asked for', () => {
    const all = { id: 1, note: null, color: 'red', size: 2 };
    for (const asked of [undefined, '*', ['*'], ['$meta'], ['note', '$meta', 'none']]) expect(withKeys(plan, [entity()], asked)).toEqual([all]);
    expect(withKeys(plan, [entity()], ['size', 'none'])).toEqual([{ id: 1, note: null, size: 2 }]);
    expect(withKeys(plan, [{ id: 1 }], ['id'])).toEqual([{ id: 1 }]);
    expect(withKeysOfHits(plan, [{ id: 1, score: 5, entity: entity() }] as never, ['color'])).toEqual([{ id: 1, score: 5, entity: { id: 1, note: null, color: 'red' } }]);
    expect(withKeysOfHits(plan, [[], [{ id: 1, score: 5, entity: entity() }]] as never, '*')).toEqual([[], [{ id: 1, score: 5, entity: all }]]);
  });

  it('take a key __proto__ from elsewhere for data', () => {
    const [read] = withKeys(plan, [{ id: 1, $meta: parsed('{"__proto__":{"polluted":1}}') }], '*') as [object];
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.hasOwn(read, '__proto__')).toBe(true);
    expect('polluted' in read).toBe(false);
  });

  it('that are older than the hidden field have no keys', () => {
    expect(valueAt(absentColumn(dynamic, 1), 0, dynamic)).toEqual({});
  });
});
