/** Columns of every type with values that collide, and leaves about them. */
import type { Leaf, Literal, Predicate, Ref } from '../../src/filter/predicate.ts';
import type { Cast } from '../../src/scalar-index/index.ts';
import { BatchBudget } from '../../src/schema/budget.ts';
import type { Column } from '../../src/schema/column.ts';
import type { ElementType, Field, FieldType } from '../../src/schema/types.ts';
import { toColumn } from '../../src/schema/values.ts';
import { likePattern } from './oracle.ts';

export type Random = () => number;

export const below = (random: Random, count: number): number => Math.floor(random() * count);
export const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)]!;

export function makeField(fieldId: number, name: string, type: FieldType, options: Partial<Field> = {}): Field {
  return { fieldId, name, type, primaryKey: false, autoId: false, nullable: true, ...(type === 'VarChar' ? { maxLength: 65_535 } : {}), ...options };
}

const WORDS = ['', 'a', 'ab', 'abc', 'abcd', 'ab\0', 'b', 'é', '漢字', '𝄞', '\u{ffff}', 'Zebra', 'index of words', 'a long text that is longer than twenty-four bytes', `${'x'.repeat(70)}1`, `${'x'.repeat(70)}2`];
const INT64 = [0n, 1n, -1n, 5n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n];
const DOUBLES = [0, -0, 1, -1, 0.5, 1e300, -1e300, Number.MIN_VALUE, 3.25];

/** A value that a field of the type may have; `spread`: how many different ones, about. */
export function randomValue(random: Random, type: ElementType, spread: number): Literal {
  switch (type) {
    case 'Bool':
      return random() < 0.5;
    case 'Int8':
      return below(random, Math.min(spread, 256)) - Math.min(spread, 256) / 2;
    case 'Int16':
      return below(random, Math.min(spread, 65_536)) - Math.min(spread, 65_536) / 2;
    case 'Int32':
      return random() < 0.1 ? pick(random, [-(2 ** 31), 2 ** 31 - 1, 0]) : below(random, spread) - spread / 2;
    case 'Int64':
      return random() < 0.2 ? pick(random, INT64) : BigInt(below(random, spread));
    case 'Float':
      return Math.fround(random() < 0.2 ? pick(random, [0, -0, 1.5, -2.25, 3e38]) : below(random, spread) / 7);
    case 'Double':
      return random() < 0.2 ? pick(random, DOUBLES) : below(random, spread) / 7;
    case 'VarChar':
      return random() < 0.4 ? pick(random, WORDS) : `${pick(random, ['ab', 'key', '漢'])}${below(random, spread)}`;
  }
}

export function randomJson(random: Random, spread: number): unknown {
  const kind = below(random, 12);
  if (kind === 0) return {};
  if (kind === 1) return pick(random, [7, 'text', [1, 2], true]);
  if (kind === 2) return { a: null };
  if (kind === 3) return { a: { b: randomValue(random, 'VarChar', spread) } };
  if (kind < 6) return { a: Array.from({ length: below(random, 4) }, () => jsonScalar(random, spread)) };
  return { a: jsonScalar(random, spread), b: 1 };
}

function jsonScalar(random: Random, spread: number): unknown {
  const kind = below(random, 8);
  if (kind === 0) return random() < 0.5;
  if (kind === 1) return pick(random, [2 ** 53, 2 ** 60, null, {}]);
  return kind < 5 ? randomValue(random, 'Double', spread) : randomValue(random, 'VarChar', spread);
}

/** Values as `oracle.ts` has them, and the column of them. */
export interface Made {
  readonly field: Field;
  readonly values: readonly unknown[];
  readonly column: Column;
}

export function makeColumn(field: Field, values: readonly unknown[]): Made {
  if (field.type !== 'Array') return { field, values, column: toColumn({ ...field, isDynamic: false }, values, new BatchBudget()) };
  const offsets = new Int32Array(values.length + 1);
  const validity = values.includes(null) ? new Uint8Array((values.length + 7) >> 3) : null;
  const elements: unknown[] = [];
  values.forEach((value, row) => {
    if (value !== null) elements.push(...(value as unknown[]));
    if (value !== null && validity) validity[row >> 3]! |= 1 << (row & 7);
    offsets[row + 1] = elements.length;
  });
  const of = makeField(field.fieldId, field.name, field.elementType!, { nullable: false });
  return { field, values, column: { fieldId: field.fieldId, type: 'Array', length: values.length, dim: 1, validity, values: new Uint8Array(0), offsets, elements: toColumn(of, elements, new BatchBudget()) } };
}

export function randomColumn(random: Random, field: Field, rows: number, spread: number): Made {
  const nulls = field.nullable ? pick(random, [0, 0, 0.1, 0.9, 1]) : 0;
  const one = (): unknown => {
    if (random() < nulls) return null;
    if (field.type === 'JSON') return randomJson(random, spread);
    if (field.type === 'Array') return Array.from({ length: below(random, 5) }, () => randomValue(random, field.elementType!, spread));
    return randomValue(random, field.type as ElementType, spread);
  };
  return makeColumn(field, Array.from({ length: rows }, one));
}

const PATTERNS = ['%', 'a%', 'ab%', '%b', '%bc%', 'ab', '漢%', '%漢字%', '%字', 'key1%2', '%words', 'x%', '%ex of w%', '%that is longer%', `${'x'.repeat(70)}%`, '%𝄞%'];

/** A leaf that may be asked of a field, or of a path where that is given. */
export function randomLeaf(random: Random, field: Field, path: readonly (string | number)[] | null, spread: number): Leaf {
  const ref: Ref = path ? { kind: 'path', field, path } : { kind: 'field', field };
  const isJson = path !== null;
  const kind = below(random, 12);
  if (kind === 0) return { kind: 'isNull', ref, isNegated: random() < 0.5 };
  if (kind === 1 && isJson) return { kind: 'exists', ref };
  const type: ElementType = isJson ? pick(random, ['Bool', 'Double', 'VarChar', 'VarChar'] as const) : ((field.type === 'Array' ? field.elementType : field.type) as ElementType);
  const literal = (): Literal => randomValue(random, type, spread);
  if (field.type === 'Array' || (isJson && kind < 5)) {
    return { kind: 'contains', ref, mode: pick(random, ['any', 'all'] as const), values: Array.from({ length: below(random, 4) }, literal) };
  }
  if (kind < 4) {
    const [low, high] = [literal(), literal()];
    return { kind: 'range', value: ref, low, high, includesLow: random() < 0.5, includesHigh: random() < 0.5 };
  }
  if (kind < 6) return { kind: 'in', value: ref, values: [...new Set(Array.from({ length: below(random, 5) }, literal))], isNegated: random() < 0.5 };
  if (kind < 9 && type === 'VarChar') {
    const pattern = likePattern(pick(random, PATTERNS));
    return random() < 0.6 ? { kind: 'like', ref, pattern } : { kind: 'regex', ref, pattern, isNegated: random() < 0.5 };
  }
  const operators = type === 'Bool' ? (['==', '!='] as const) : (['<', '<=', '>', '>=', '==', '!='] as const);
  return { kind: 'compare', operator: pick(random, operators), left: ref, right: { kind: 'literal', value: literal() } };
}

export function randomPredicate(random: Random, leaf: () => Predicate, depth: number): Predicate {
  const kind = below(random, 6);
  if (depth === 0 || kind < 2) return random() < 0.05 ? { kind: 'constant', value: random() < 0.5 } : leaf();
  if (kind === 2) return { kind: 'not', part: randomPredicate(random, leaf, depth - 1) };
  return { kind: kind < 5 ? 'and' : 'or', parts: Array.from({ length: 2 + below(random, 2) }, () => randomPredicate(random, leaf, depth - 1)) };
}

export const CAST_NAMES: readonly Cast[] = ['bool', 'double', 'varchar', 'array_bool', 'array_double', 'array_varchar'];
