/** Vectors of one field of a growing segment, by what a type's rows are. */
import type { Kernels } from '../kernels/kernels.ts';
import type { Column } from '../schema/column.ts';
import type { Field, MetricType, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, type QueryVectors } from '../schema/vector-types/index.ts';
import type { VectorSnapshot } from './vector-snapshot.ts';
import { GrowingDense } from './growing-dense.ts';
import { GrowingSparse } from './growing-sparse.ts';

export interface GrowingVectors {
  readonly kernels: Kernels;
  /** Bytes of the vectors themselves. */
  readonly byteLength: number;
  readonly memoryBytes: number;
  /** Adds rows. On OUT_OF_MEMORY nothing has been added. */
  append(column: Column): void;
  /** Most bytes of kernel memory that appending these rows takes. */
  bytesToAppend(column: Column): number;
  /** Hides a row from scans. */
  kill(row: number): void;
  /** Prepares query number `query`. */
  setQuery(queries: QueryVectors, query: number, metric: MetricType): void;
  /** Scans all live rows against the prepared query, into the top-k under way. */
  scan(metric: MetricType): void;
  /** `seen`: a bitset of rows, instead of those that live now. */
  snapshot(seen?: Uint8Array): VectorSnapshot;
  /** Copies out rows in the order asked for. */
  take(rows: ArrayLike<number>): Column;
  free(): void;
}

export function growingVectors(kernels: Kernels, field: Field): GrowingVectors {
  return VECTOR_TYPES[field.type as VectorType].family === 'sparse' ? new GrowingSparse(kernels, field) : new GrowingDense(kernels, field);
}
