/**
 * What a vector type is to a schema: its dimensions and metrics, how values of the user become rows, how rows are
 * read. One entry each in `index.ts`; how rows are compared is the kernels' (`kernels/rows.ts`).
 */
import type { BatchBudget } from '../budget.ts';
import type { Column, ColumnValues } from '../column.ts';
import type { MetricType, VectorType } from '../types.ts';

/** Rows of a dense or binary type, in the form of their column. */
export type DenseValues = Float32Array | Uint16Array | Int8Array | Uint8Array;

/** Rows of sparse vectors: those of row r are [offsets[r], offsets[r + 1]). */
export interface SparseValues {
  readonly offsets: Int32Array;
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/** Vectors in the form of their column. */
export type QueryVectors = DenseValues | SparseValues;

/** What a column has of its rows. */
export type VectorRows = Pick<Column, 'length' | 'values' | 'offsets' | 'indices'>;

export interface VectorTypeInfo {
  readonly type: VectorType;
  /** Numbers, bits, or pairs of index and number: decides which indexes there are. */
  readonly family: 'dense' | 'binary' | 'sparse';
  /** null: rows have no dimension of their own. */
  readonly dims: { readonly min: number; readonly max: number; readonly multipleOf: number } | null;
  /** The first is the default. */
  readonly metrics: readonly MetricType[];
  /** Elements of `Column.values` per row; 0 where rows differ. */
  elements(dim: number): number;
  readonly bytesPerElement: number;
  /** `byteLength` bytes as an array of the column's kind. */
  view(buffer: ArrayBuffer, byteOffset: number, byteLength: number): ColumnValues;
  /** True for a typed array that may hold many rows, of shape (n, elements). */
  isMatrix(values: unknown): boolean;
  /** Rows in what the user gave as a column; a fraction where a matrix has a part of a row. */
  rowsOf(values: ArrayLike<unknown>, dim: number): number;
  /** Many vectors, one matrix or one vector per row, checked and copied. `budget` is charged before anything is allocated. */
  toRows(label: string, values: ArrayLike<unknown>, dim: number, budget: BatchBudget | null): VectorRows;
  /** One vector. `spare`: a Float32Array that it may be put into. */
  toQuery(label: string, value: unknown, dim: number, spare?: Float32Array | null): QueryVectors;
  /** A row as a user reads it. */
  present(column: Column, row: number): unknown;
}
