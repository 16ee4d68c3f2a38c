/**
 * Kernels bound to one linear memory, with typed wrappers. One instance per large segment, one shared by small ones.
 */
import type { MetricType } from '../schema/types.ts';
import type { KernelModule, KernelVariant } from './load.ts';

/** Owner of the linear memory: hands out offsets. Never keep a view across a call that may grow the memory. */
export interface Arena {
  /** Zeroed? No: undefined content. Aligned to 64 bytes. OUT_OF_MEMORY when the memory cannot grow. Offsets above 2 GiB are positive. */
  alloc(byteLength: number): number;
  free(ptr: number): void;
  readonly usedBytes: number;
  u8(ptr: number, length: number): Uint8Array;
  u32(ptr: number, length: number): Uint32Array;
  f32(ptr: number, length: number): Float32Array;
}

export interface Kernels {
  readonly variant: KernelVariant;
  readonly arena: Arena;

  /**
   * Puts one query into scratch memory for the calls that follow: copied, for COSINE scaled to unit length (a zero
   * query stays zero), quantized lazily by the index that needs it.
   */
  setQuery(query: Float32Array, offset: number, dim: number, metric: MetricType): void;

  /** Starts a top-k: forgets earlier hits, keeps at most k. 1 <= k <= 32,768 */
  beginTopK(k: number): void;
  /**
   * Exact scan of f32 rows [from, to) against the prepared query, into the top-k. Row r of the block is reported as
   * r + rowBase. Ties go to the smaller reported row.
   */
  scanF32(metric: MetricType, ptr: number, dim: number, from: number, to: number, inverseNormsPtr: number, allowPtr: number, rowBase: number): void;
  /** Ends the top-k: hits sorted by distance, then row, in `hitRows` and `hitDistances`. Answers how many. */
  endTopK(): number;

  /** Replaces the distances of the first n hits by exact ones and sorts them again; n as before. */
  rescoreF32(metric: MetricType, ptr: number, dim: number, inverseNormsPtr: number, n: number): void;
  /** The same for rows that lie in `values` (n x dim, in the order of the hits) instead of the block. */
  rescoreRows(metric: MetricType, values: Float32Array, dim: number, n: number): void;

  /** f32, shape (rows): 1 / |row|, 0 for a zero row. */
  inverseNorms(ptr: number, rows: number, dim: number, outPtr: number): void;

  /** Hit rows and distances of the last search, valid until the next call. Shape (n). */
  hitRows(n: number): Uint32Array;
  hitDistances(n: number): Float32Array;
}

export type InstantiateKernels = (module: KernelModule) => Kernels;
