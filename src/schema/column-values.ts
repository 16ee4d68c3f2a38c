/** The layout of `column.ts` for one type: how much room its values take, and what the value of a row is to a user. */
import type { Column, ColumnValues } from './column.ts';
import type { Field, FieldType } from './types.ts';
import { readUtf8 } from './utf8.ts';
import { VECTOR_TYPES, isVectorType } from './vector-types/index.ts';

/** Rows of different lengths: bytes of text, elements of an array, or pairs of a sparse vector. */
export function hasOffsets(type: FieldType): boolean {
  return type === 'VarChar' || type === 'JSON' || type === 'Array' || type === 'SparseFloatVector';
}

/** Elements of `values` that a row takes, where every row takes as many. */
export const elementsPerRow = (type: FieldType, dim: number): number => (isVectorType(type) ? VECTOR_TYPES[type].elements(dim) : 1);

/** Bytes of the bitmap of a Bool column, or of a validity bitmap. */
export const bitmapBytes = (rows: number): number => (rows + 7) >> 3;

/** A zeroed values array of `elements`: numbers, bytes of VarChar and JSON, rows of Bool. Of an Array: of no elements. */
export function newValues(type: FieldType, elements: number): ColumnValues {
  switch (type) {
    case 'Bool':
      return new Uint8Array(bitmapBytes(elements));
    case 'Int8':
      return new Int8Array(elements);
    case 'Int16':
      return new Int16Array(elements);
    case 'Int32':
      return new Int32Array(elements);
    case 'Int64':
      return new BigInt64Array(elements);
    case 'Float':
      return new Float32Array(elements);
    case 'Double':
      return new Float64Array(elements);
    case 'VarChar':
    case 'JSON':
      return new Uint8Array(elements);
    case 'Array':
      return new Uint8Array(0);
    default: {
      const byteLength = elements * VECTOR_TYPES[type].bytesPerElement;
      return VECTOR_TYPES[type].view(new ArrayBuffer(byteLength), 0, byteLength);
    }
  }
}

/**
 * A row's value as a user reads it: boolean, number, bigint (or what the field's `as` says), string, parsed JSON, a
 * plain array of such values, a vector in arrays of its own; null where the row has no value.
 */
export function valueAt(column: Column, row: number, field?: Field): unknown {
  if (column.validity !== null && !getBit(column.validity, row)) return null;
  const { values, type } = column;
  if (isVectorType(type)) return VECTOR_TYPES[type].present(column, row);
  switch (type) {
    case 'Bool':
      return getBit(values as Uint8Array, row);
    case 'Int64': {
      const value = (values as BigInt64Array)[row];
      return field?.as === undefined ? value : field.as === 'number' ? Number(value) : String(value);
    }
    case 'VarChar':
    case 'JSON': {
      const offsets = column.offsets as Int32Array;
      const text = readUtf8(values as Uint8Array, offsets[row], offsets[row + 1]);
      return column.type === 'JSON' ? JSON.parse(text) : text;
    }
    case 'Array': {
      const list: unknown[] = [];
      for (let i = column.offsets![row]; i < column.offsets![row + 1]; i++) list.push(valueAt(column.elements!, i));
      return list;
    }
    default:
      return (values as Float32Array)[row];
  }
}

export function getBit(bits: Uint8Array, i: number): boolean {
  return ((bits[i >> 3] >> (i & 7)) & 1) === 1;
}
