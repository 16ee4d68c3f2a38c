/**
 * A column of values in Arrow's memory layout, the form in which rows travel between the API, the log, segments and
 * workers. Plain data: structured-cloneable, its buffers transferable.
 */
import type { FieldType } from './types.ts';

export type ColumnValues = Uint8Array | Int8Array | Int16Array | Int32Array | Uint16Array | BigInt64Array | Float32Array | Float64Array;

/**
 * | type        | values                                            | offsets                       |
 * |-------------|---------------------------------------------------|-------------------------------|
 * | Bool        | Uint8Array, bit i of the column at `i & 7` of byte `i >> 3` | null                |
 * | Int8 … Int64, Float, Double | the typed array of that width, one element a row | null           |
 * | Array       | Uint8Array of no bytes; `elements` beside it        | Int32Array, shape (length + 1), in elements |
 * | VarChar, JSON | Uint8Array, UTF-8 bytes back to back (JSON: its text) | Int32Array, shape (length + 1) |
 * | FloatVector | Float32Array, shape (length, dim), row-major      | null                          |
 * | Float16Vector, BFloat16Vector | Uint16Array of bit patterns, shape (length, dim) | null         |
 * | Int8Vector  | Int8Array, shape (length, dim)                    | null                          |
 * | BinaryVector | Uint8Array, shape (length, dim / 8): Milvus's order, bit i of a row at `i & 7` of its byte `i >> 3` | null |
 * | SparseFloatVector | Float32Array, the rows' values back to back; `indices` beside it | Int32Array, shape (length + 1), in elements |
 */
export interface Column {
  readonly fieldId: number;
  readonly type: FieldType;
  /** Rows. */
  readonly length: number;
  /** The dimension of a dense or binary vector, 1 for everything else. */
  readonly dim: number;
  /** Bit set = present. null = every row is present. */
  readonly validity: Uint8Array | null;
  readonly values: ColumnValues;
  readonly offsets: Int32Array | null;
  /** SparseFloatVector alone: the dimension of each of `values`, strictly ascending within a row. */
  readonly indices?: Uint32Array;
  /** Array alone: the rows' elements back to back, a column of the element type without NULLs and with the same fieldId. Of a row that is NULL there are none. */
  readonly elements?: Column;
}

/** Rows of one write or one read: one column per field, all of the same length. */
export interface ColumnBatch {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Primary keys: bigints of an Int64 key, strings of a VarChar key. */
export type Keys = BigInt64Array | readonly string[];
