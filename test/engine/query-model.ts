/** Rows of all scalar types beside a plain map of them, for tests of queries: everything the engine answers is worked out again from the map. */
import type { EngineClient } from '../../src/engine/client.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { Schema } from '../../src/schema/types.ts';

export interface QueryRow {
  readonly key: bigint | string;
  readonly b: boolean | null;
  readonly i8: number;
  readonly n: number | null;
  readonly big: bigint | null;
  readonly x: number | null;
  readonly f: number;
  readonly s: string | null;
}

export type QueryField = keyof QueryRow;
export const FIELDS: readonly QueryField[] = ['key', 'b', 'i8', 'n', 'big', 'x', 'f', 's'];

export function querySchema(keyType: 'Int64' | 'VarChar'): Schema {
  return toSchema({
    fields: {
      key: keyType === 'Int64' ? { type: 'Int64', primaryKey: true } : { type: 'VarChar', maxLength: 64, primaryKey: true },
      b: { type: 'Bool', nullable: true },
      i8: { type: 'Int8' },
      n: { type: 'Int32', nullable: true },
      big: { type: 'Int64', nullable: true },
      x: { type: 'Double', nullable: true },
      f: { type: 'Float' },
      s: { type: 'VarChar', maxLength: 64, nullable: true },
      vector: { type: 'FloatVector', dim: 2 },
    },
  });
}

/** Unicode on both sides of the surrogates, texts that begin like others, and the empty one. */
const TEXTS = ['', 'a', 'ab', 'abcdef', 'abcdefg', 'abcdef\0', 'B', 'ä', '\uffee', '\u{1f600}', '\u{1f600}z', 'zzzzzzzzzzzz1', 'zzzzzzzzzzzz2'];
const BIGS = [0n, 1n, -1n, 9_007_199_254_740_992n, 9_007_199_254_740_993n, -9_007_199_254_740_993n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, 4_294_967_296n, -4_294_967_296n, 4_294_967_295n];
const DOUBLES = [0, -0, 0.1, -0.1, 1e15, -1e15, 5e-324, 1, 2, 3.5];

/** A row of few different values, so that there are ties, and of extreme ones. */
export function randomRow(key: bigint | string, next: () => number): QueryRow {
  const int = (bound: number): number => Math.floor(next() * bound);
  const of = <T>(values: readonly T[]): T => values[int(values.length)]!;
  const orNull = <T>(value: T): T | null => (next() < 0.2 ? null : value);
  return {
    key,
    b: orNull(next() < 0.5),
    i8: of([-128, 127, 0, 1, 2, 3]),
    n: orNull(of([-2_147_483_648, 2_147_483_647, int(5), int(100)])),
    big: orNull(of(BIGS)),
    x: orNull(of(DOUBLES)),
    f: Math.fround(next() * 4 - 2),
    s: orNull(of(TEXTS)),
  };
}

export function insertQueryRows(client: EngineClient, collectionId: number, schema: Schema, rows: readonly QueryRow[], partition?: string) {
  return client.insert({ collectionId, batch: toBatch(planOf(schema), rows.map((row) => ({ ...row, vector: [1, 2] }))), partition });
}

type Value = QueryRow[QueryField];

/** Ascending as the specification says: NULL last, text by its bytes, false before true. */
export function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface ModelOrder {
  readonly field: QueryField;
  readonly isDescending: boolean;
}

/** Sorted by the fields, then by key. */
export function sorted(rows: Iterable<QueryRow>, order: readonly ModelOrder[] = []): QueryRow[] {
  return [...rows].sort((a, b) => {
    for (const { field, isDescending } of order) {
      const difference = compareValues(a[field], b[field]);
      if (difference !== 0) return isDescending ? -difference : difference;
    }
    return compareValues(a.key, b.key);
  });
}

/** Filters of the language beside what they mean, NULL taken as unknown. */
export const FILTERS: readonly { readonly text: string; readonly matches: (row: QueryRow) => boolean }[] = [
  { text: 'n < 50', matches: ({ n }) => n !== null && n < 50 },
  { text: 'b == true', matches: ({ b }) => b === true },
  { text: 's is null', matches: ({ s }) => s === null },
  { text: 'i8 >= 1 and x > 0', matches: ({ i8, x }) => i8 >= 1 && x !== null && x > 0 },
  { text: 'f > 1.5', matches: ({ f }) => f > 1.5 },
  { text: 'i8 > 127', matches: () => false },
];

export interface ModelAggregate {
  readonly name: 'count' | 'sum' | 'avg' | 'min' | 'max';
  readonly field: QueryField | null;
}

export const GROUPED: readonly QueryField[] = ['b', 'i8', 'n', 'big', 's'];
const FLOATS: readonly QueryField[] = ['x', 'f'];
const NUMBERS: readonly QueryField[] = ['i8', 'n', 'big', ...FLOATS];

/** All that there are. */
export const AGGREGATES: readonly ModelAggregate[] = [
  { name: 'count', field: null },
  ...FIELDS.map((field) => ({ name: 'count', field }) as const),
  ...NUMBERS.flatMap((field) => [{ name: 'sum', field }, { name: 'avg', field }] as const),
  ...[...NUMBERS, 's' as const].flatMap((field) => [{ name: 'min', field }, { name: 'max', field }] as const),
];

/** What sums of floats come to: exactly, and by how much a compensated sum in doubles may differ. */
interface Near {
  readonly exact: number;
  readonly within: number;
}

export type Answer = Value | number | Near;

/** In units of the smallest double. */
function inSmallestUnits(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const units = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return value < 0 ? -units : units;
}

function fromSmallestUnits(units: bigint): number {
  const bits = (units < 0n ? -units : units).toString(2).length;
  const dropped = Math.max(bits - 60, 0);
  return Number(units >> BigInt(dropped)) * 2 ** Math.max(dropped - 1074, -1000) * 2 ** Math.min(dropped - 74, 0);
}

/** The bound of Neumaier's sum: 2u |s| + n^2 u^2 of the sum of the absolute values. */
function sumOf(values: readonly number[]): Near {
  const exact = fromSmallestUnits(values.reduce((sum, value) => sum + inSmallestUnits(value), 0n));
  const absolute = values.reduce((sum, value) => sum + Math.abs(value), 0);
  return { exact, within: 2 ** -51 * Math.abs(exact) + values.length ** 2 * 2 ** -104 * absolute };
}

function aggregateOf(rows: readonly QueryRow[], { name, field }: ModelAggregate): Answer {
  if (field === null) return rows.length;
  const values = rows.map((row) => row[field]).filter((value) => value !== null);
  if (name === 'count') return values.length;
  if (values.length === 0) return null;
  if (name === 'min' || name === 'max') {
    const ascending = values.sort(compareValues);
    const value = name === 'min' ? ascending[0]! : ascending.at(-1)!;
    return typeof value === 'number' ? value + 0 : value;
  }
  if (FLOATS.includes(field)) {
    const { exact, within } = sumOf(values as number[]);
    return name === 'sum' ? { exact, within } : { exact: exact / values.length, within };
  }
  const sum = (values as (number | bigint)[]).reduce((total: bigint, value) => total + BigInt(value), 0n);
  return name === 'sum' ? sum : Number(sum) / values.length;
}

/** Rows of groups in the order of their fields, then of what `order` says of the columns. */
export function aggregated(rows: readonly QueryRow[], groupBy: readonly QueryField[], aggregates: readonly ModelAggregate[], order: readonly { column: number; isDescending: boolean }[]): Answer[][] {
  const groups = new Map<string, QueryRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(groupBy.map((field) => (typeof row[field] === 'bigint' ? `${row[field]}n` : row[field])));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  if (groupBy.length === 0 && groups.size === 0) groups.set('', []);
  const answers = Array.from(groups.values(), (ofGroup) => [...groupBy.map((field) => ofGroup[0]![field]), ...aggregates.map((aggregate) => aggregateOf(ofGroup, aggregate))]);
  const whole = [...order, ...groupBy.map((_, column) => ({ column, isDescending: false }))];
  return answers.sort((a, b) => {
    for (const { column, isDescending } of whole) {
      const difference = compareValues(a[column] as Value, b[column] as Value);
      if (difference !== 0) return isDescending ? -difference : difference;
    }
    return 0;
  });
}

/** The same, or near enough. */
export const isLike = (got: unknown, expected: Answer): boolean =>
  typeof expected === 'object' && expected !== null ? typeof got === 'number' && Math.abs(got - expected.exact) <= expected.within : got === expected;
