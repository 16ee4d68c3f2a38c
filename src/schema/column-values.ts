/** The layout of `column.ts` for one type: how much room its values take, and what the value of a row is to a user. */
import type { Column, ColumnValues } from './column.ts';
import { bitmapBytes, getBit, scalarAt } from './scalar-column.ts';
import type { Field, FieldType } from './types.ts';
import { VECTOR_TYPES, isVectorType } from './vector-types/index.ts';

export { bitmapBytes, getBit };

/** Rows of different lengths: bytes of text, elements of an array, or pairs of a sparse vector. */
export function hasOffsets(type: FieldType): boolean {
  return type === 'VarChar' || type === 'JSON' || type === 'Array' || type === 'SparseFloatVector';
}

/** Elements of `values` that a row takes, where every row takes as many. */
export const elementsPerRow = (type: FieldType, dim: number): number => (isVectorType(type) ? VECTOR_TYPES[type].elements(dim) : 1);

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

/** A row's value as a user reads it: as `scalarAt`, an array of such values, a vector in arrays of its own. */
export function valueAt(column: Column, row: number, field?: Field): unknown {
  const { elements, offsets, type, validity } = column;
  if (type !== 'Array' && !isVectorType(type)) return scalarAt(column, row, field);
  if (validity !== null && !getBit(validity, row)) return null;
  if (type !== 'Array') return VECTOR_TYPES[type].present(column, row);
  const list: unknown[] = [];
  for (let i = offsets![row]; i < offsets![row + 1]; i++) list.push(scalarAt(elements!, i));
  return list;
}
