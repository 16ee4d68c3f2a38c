import { describe, expect, it } from 'vitest';
import { columnKeys, firstDuplicate, keyAt, keyValues, toKeys } from '../../src/schema/keys.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import { codeOf, withHole } from '../support/refusals.ts';

const v = { type: 'FloatVector', dim: 2 } as const;
const int64 = planOf(defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v } }));
const asNumber = planOf(defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, v } }));
const asString = planOf(defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'string' }, v } }));
const text = planOf(defineSchema({ fields: { id: { type: 'VarChar', maxLength: 9, primaryKey: true }, v } }));

describe('keys', () => {
  it('come from bigints, numbers and typed arrays, and go back as bigints', () => {
    const given = BigInt64Array.of(3n, -4n);
    const keys = toKeys(given, int64.key);
    given.fill(0n);
    expect(keys).toEqual(BigInt64Array.of(3n, -4n));
    expect(toKeys([1, 2n, -(2 ** 53) + 1], int64.key)).toEqual(BigInt64Array.of(1n, 2n, -9007199254740991n));
    expect(keyValues(keys, int64.key)).toEqual([3n, -4n]);
  });

  it('go back as the field says, and come in as they went', () => {
    const keys = toKeys(['12', -7n], asString.key);
    expect(keyValues(keys, asString.key)).toEqual(['12', '-7']);
    expect(keyAt(keys, 1, asNumber.key)).toBe(-7);
    expect(toKeys(keyValues(keys, asString.key), asString.key)).toEqual(keys);
  });

  it('of VarChar are strings', () => {
    expect(keyValues(toKeys(['a', ''], text.key), text.key)).toEqual(['a', '']);
  });

  it.each<[string, unknown, typeof int64]>([
    ['a single id', 7, int64],
    ['a string for a list', '7', text],
    ['nothing', undefined, int64],
    ['a string for an Int64', ['7'], int64],
    ['a number for a VarChar', [7], text],
    ['an unsafe number', [2 ** 60], int64],
    ['a fraction', [0.5], int64],
    ['2^63', [2n ** 63n], int64],
    ['a hole', withHole([1, 3, 2], 1), int64],
    ['null', [null], text],
  ])('are refused for %s', (_, ids, plan) => {
    expect(codeOf(() => toKeys(ids, plan.key))).toBe('INVALID_ARGUMENT');
  });

  it('are read out of a key column', () => {
    expect(columnKeys(toBatch(int64, [{ id: 5, v: [1, 2] }]).columns[0])).toEqual(BigInt64Array.of(5n));
    expect(columnKeys(toBatch(text, [{ id: 'ä', v: [1, 2] }, { id: '', v: [1, 2] }]).columns[0])).toEqual(['ä', '']);
  });

  it('find the first that came before', () => {
    expect(firstDuplicate(BigInt64Array.of(3n, 1n, 2n))).toBe(-1);
    expect(firstDuplicate(BigInt64Array.of(3n, 1n, 3n, 1n))).toBe(2);
    expect(firstDuplicate(['a', 'b', 'b', 'a'])).toBe(2);
    expect(firstDuplicate([])).toBe(-1);
  });
});
