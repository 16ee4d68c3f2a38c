import { describe, expect, it } from 'vitest';
import { toBatch } from '../../src/schema/batch.ts';
import { decodeBatch, encodeBatch } from '../../src/schema/codec.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { defineSchema, isSameSchema, toSchema } from '../../src/schema/define.ts';
import { schemaDifferences } from '../../src/schema/differences.ts';
import { planOf } from '../../src/schema/plan.ts';
import { codeOf } from '../support/refusals.ts';

const id = { type: 'Int64', primaryKey: true } as const;
const v = { type: 'FloatVector', dim: 2 } as const;
/** A user may write anything: the cases below are not what the types allow. */
const define = (fields: Record<string, unknown>) => defineSchema({ fields } as never);

/** By scalar type: options it needs, a default, another value, and what reads return of the default. */
const TYPES = [
  ['Bool', {}, true, false, true],
  ['Int8', {}, -128, 5, -128],
  ['Int16', {}, 300, -1, 300],
  ['Int32', {}, 2 ** 31 - 1, 0, 2 ** 31 - 1],
  ['Int64', {}, 2n ** 63n - 1n, 7n, 2n ** 63n - 1n],
  ['Int64', { as: 'string' }, '-9223372036854775808', '12', '-9223372036854775808'],
  ['Float', {}, 0.5, -2, 0.5],
  ['Double', {}, 0.1, 3, 0.1],
  ['VarChar', { maxLength: 8 }, 'ä', 'kite', 'ä'],
] as const;

/** What is read of field f of each row, once through the bytes of a log record. */
function read(fields: Record<string, unknown>, input: unknown): unknown[] {
  const plan = planOf(define({ id, v, ...fields }));
  const batch = decodeBatch(encodeBatch(toBatch(plan, input)));
  return Array.from({ length: batch.rows }, (_, row) => valueAt(batch.columns[2]!, row, plan.inserted[2]));
}

describe.each(TYPES)('a %s field %o', (type, options, preset, other, shown) => {
  const rows = [{ id: 1, v: [1, 2] }, { id: 2, v: [1, 2], f: null }, { id: 3, v: [1, 2], f: undefined }, { id: 4, v: [1, 2], f: other }];
  const columns = { id: [1, 2, 3, 4], v: new Float32Array(8), f: [undefined, null, undefined, other] };

  it.each([
    ['that is nullable', { nullable: true }, [null, null, null, other]],
    ['with a default', { defaultValue: preset }, [shown, shown, shown, other]],
    ['that is nullable, with a default', { nullable: true, defaultValue: preset }, [shown, shown, shown, other]],
  ])('%s has a value for every row', (_, more, expected) => {
    expect(read({ f: { type, ...options, ...more } }, rows)).toEqual(expected);
    expect(read({ f: { type, ...options, ...more } }, columns)).toEqual(expected);
    const { f: _none, ...without } = columns;
    expect(read({ f: { type, ...options, ...more } }, without)).toEqual([0, 1, 2, 3].map(() => expected[0]));
  });

  it('without either refuses rows without a value', () => {
    for (const row of rows.slice(0, 3)) expect(codeOf(() => read({ f: { type, ...options } }, [row]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => read({ f: { type, ...options } }, columns))).toBe('INVALID_ARGUMENT');
  });

  it('refuses a wrong value behind a null', () => {
    expect(codeOf(() => read({ f: { type, ...options, nullable: true } }, [...rows, { id: 9, v: [1, 2], f: {} }]))).toBe('INVALID_ARGUMENT');
  });

  it('keeps its default through describe and a comparison', () => {
    const schema = define({ id, v, f: { type, ...options, nullable: true, defaultValue: preset } });
    expect(toSchema(JSON.parse(JSON.stringify(schema)))).toEqual(schema);
    expect(isSameSchema(schema, define({ id, v, f: { type, ...options, nullable: true } }))).toBe(false);
    expect(schemaDifferences(schema, define({ id, v, f: { type, ...options, nullable: true, defaultValue: other } }))).toHaveLength(1);
  });
});

describe('JSON', () => {
  it('may be NULL, which is not the text null', () => {
    expect(read({ f: { type: 'JSON', nullable: true } }, [{ id: 1, v: [1, 2], f: { a: null } }, { id: 2, v: [1, 2], f: null }, { id: 3, v: [1, 2] }, { id: 4, v: [1, 2], f: '' }])).toEqual([{ a: null }, null, null, '']);
  });

  it('has no empty text where a value is there', () => {
    const batch = toBatch(planOf(define({ id, v, f: { type: 'JSON', nullable: true } })), [{ id: 1, v: [1, 2], f: [] }]);
    expect(batch.columns[2]!.validity).toBe(null);
    expect(codeOf(() => toBatch(planOf(define({ id, v, f: { type: 'JSON', nullable: true } })), [{ id: 1, v: [1, 2], f: Symbol('x') }]))).toBe('INVALID_ARGUMENT');
  });
});

describe('a schema', () => {
  it.each<[string, Record<string, unknown>]>([
    ['a nullable primary key', { id: { ...id, nullable: true }, v }],
    ['a primary key with a default', { id: { ...id, defaultValue: 1 }, v }],
    ['a nullable partition key', { id, v, p: { type: 'Int64', partitionKey: true, nullable: true } }],
    ['nullable: 1', { id, v, p: { type: 'Bool', nullable: 1 } }],
    ['a default beyond the type', { id, v, p: { type: 'Int8', defaultValue: 128 } }],
    ['a default of another type', { id, v, p: { type: 'Bool', defaultValue: 'true' } }],
    ['a null default', { id, v, p: { type: 'Bool', nullable: true, defaultValue: null } }],
    ['a default that is no number', { id, v, p: { type: 'Double', defaultValue: NaN } }],
    ['a default that is too long', { id, v, p: { type: 'VarChar', maxLength: 3, defaultValue: 'kite' } }],
    ['a default that is no integer', { id, v, p: { type: 'Int64', defaultValue: '1.5' } }],
    ['a default beyond 64 bits', { id, v, p: { type: 'Int64', defaultValue: 2n ** 63n } }],
    ['an unsafe default of a field read as numbers', { id, v, p: { type: 'Int64', as: 'number', defaultValue: String(2n ** 60n) } }],
  ])('refuses %s', (_, fields) => {
    expect(codeOf(() => define(fields))).toBe('INVALID_ARGUMENT');
  });

  it.each<[string, Record<string, unknown>]>([
    ['nullable vectors', { id, v: { ...v, nullable: true } }],
    ['defaults of JSON', { id, v, p: { type: 'JSON', defaultValue: {} } }],
    ['defaults of vectors', { id, v: { ...v, defaultValue: [1, 2] } }],
  ])('has no %s', (_, fields) => {
    expect(codeOf(() => define(fields))).toMatch(/NOT_SUPPORTED|INVALID_ARGUMENT/);
  });

  it('fills the partition key from its default', () => {
    expect(read({ f: { type: 'VarChar', maxLength: 8, partitionKey: true, defaultValue: 'none' } }, [{ id: 1, v: [1, 2] }])).toEqual(['none']);
  });
});
