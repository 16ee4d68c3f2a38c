/** Rows of a dense or binary field as bytes, and as its column. */
import type { Column } from '../schema/column.ts';
import type { DenseVectorType, Field } from '../schema/types.ts';
import { VECTOR_TYPES } from '../schema/vector-types/index.ts';

/** A field whose rows all have the same number of bytes. */
export interface DenseField extends Field {
  readonly type: DenseVectorType | 'BinaryVector';
  readonly dim: number;
}

/** The column of rows that lie back to back in `bytes`, which must begin at a multiple of 4 in its buffer. */
export function columnOfRows(field: DenseField, bytes: Uint8Array, length: number): Column {
  const { fieldId, type, dim } = field;
  const values = VECTOR_TYPES[type].view(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  return { fieldId, type, length, dim, validity: null, values, offsets: null };
}
