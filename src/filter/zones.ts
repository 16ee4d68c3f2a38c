/**
 * Zone maps: between which values those of a field lie in one segment, and how many rows have none. A segment in which a filter can
 * be true for no row is passed by without its columns being read (`prune.ts`).
 */
import { compareBytes } from '../util/utf8-order.ts';
import type { Column } from '../schema/column.ts';
import { getBit } from '../schema/column-values.ts';

export interface Zone {
  readonly rows: number;
  /** Rows without a value. */
  readonly nulls: number;
  /** Of the values; null where there are none, or where they have no order (JSON, Array). */
  readonly bounds: NumberBounds | TextBounds | null;
}

/** Int64: bigints; Bool: booleans; all others: numbers. No value is NaN. */
export interface NumberBounds {
  readonly kind: 'number';
  readonly min: boolean | number | bigint;
  readonly max: boolean | number | bigint;
}

/** UTF-8, compared byte by byte. What is cut is longer than what is here, and begins with it. */
export interface TextBounds {
  readonly kind: 'text';
  readonly min: Uint8Array;
  readonly max: Uint8Array;
  readonly isMinCut: boolean;
  readonly isMaxCut: boolean;
}

/** Longer texts are cut: what tells segments apart is seldom behind it. */
export const ZONE_TEXT_BYTES_MAX = 64;

/** What `bounds` are of a column; a number that is none leaves them unknown. */
export function zoneOf(column: Column): Zone {
  const { length: rows, validity } = column;
  let nulls = 0;
  if (validity !== null) for (let row = 0; row < rows; row++) if (!getBit(validity, row)) nulls++;
  return { rows, nulls, bounds: nulls === rows ? null : boundsOf(column) };
}

/** REQUIRES a row that has a value. */
function boundsOf(column: Column): Zone['bounds'] {
  if (column.type === 'VarChar') return textBounds(column);
  if (column.type === 'JSON' || column.type === 'Array') return null;
  const { values, validity, length } = column;
  let min: number | bigint | undefined;
  let max: number | bigint | undefined;
  for (let row = 0; row < length; row++) {
    if (validity !== null && !getBit(validity, row)) continue;
    const value = column.type === 'Bool' ? Number(getBit(values as Uint8Array, row)) : values[row]!;
    if (value !== value) return null;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  return column.type === 'Bool' ? { kind: 'number', min: min === 1, max: max === 1 } : { kind: 'number', min: min!, max: max! };
}

function textBounds({ values, offsets, validity, length }: Column): TextBounds {
  const bytes = values as Uint8Array;
  let min = -1;
  let max = -1;
  const compare = (a: number, b: number): number => compareBytes(bytes, offsets![a]!, offsets![a + 1]!, bytes, offsets![b]!, offsets![b + 1]!);
  for (let row = 0; row < length; row++) {
    if (validity !== null && !getBit(validity, row)) continue;
    if (min < 0 || compare(row, min) < 0) min = row;
    if (max < 0 || compare(row, max) > 0) max = row;
  }
  const isCut = (row: number): boolean => offsets![row + 1]! - offsets![row]! > ZONE_TEXT_BYTES_MAX;
  const head = (row: number): Uint8Array => bytes.slice(offsets![row]!, Math.min(offsets![row + 1]!, offsets![row]! + ZONE_TEXT_BYTES_MAX));
  return { kind: 'text', min: head(min), max: head(max), isMinCut: isCut(min), isMaxCut: isCut(max) };
}

export function isSameZone(a: Zone, b: Zone): boolean {
  const plain = ({ rows, nulls, bounds }: Zone): unknown[] => [rows, nulls, bounds?.kind, ...[bounds?.min, bounds?.max].map(String), ...(bounds?.kind === 'text' ? [bounds.isMinCut, bounds.isMaxCut] : [])];
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}
