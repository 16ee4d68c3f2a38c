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
const DOUBLES = [0, -0, 0.1, -0.1, 1e300, -1e300, 5e-324, 1, 2, 3.5];

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
