/** Columns of scalar fields: their bitmaps, and what the value of a row is to a user. `column-values.ts` has the same of all types. */
import type { Column } from './column.ts';
import type { Field } from './types.ts';
import { readUtf8 } from './utf8.ts';

/** Bytes of the bitmap of a Bool column, or of a validity bitmap. */
export const bitmapBytes = (rows: number): number => (rows + 7) >> 3;

export function getBit(bits: Uint8Array, i: number): boolean {
  return ((bits[i >> 3] >> (i & 7)) & 1) === 1;
}

/**
 * A row's value as a user reads it: boolean, number, bigint (or what the field's `as` says), string, parsed JSON; null where the row has
 * no value.
 */
export function scalarAt({ offsets, type, validity, values }: Column, row: number, field?: Field): unknown {
  if (validity !== null && !getBit(validity, row)) return null;
  switch (type) {
    case 'Bool':
      return getBit(values as Uint8Array, row);
    case 'Int64': {
      const value = (values as BigInt64Array)[row];
      return field?.as === undefined ? value : field.as === 'number' ? Number(value) : String(value);
    }
    case 'VarChar':
    case 'JSON': {
      const text = readUtf8(values as Uint8Array, offsets![row], offsets![row + 1]);
      return type === 'JSON' ? JSON.parse(text) : text;
    }
    default:
      return (values as Float32Array)[row];
  }
}
