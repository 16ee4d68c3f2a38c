/**
 * What the rows of an inverted file's lists are written as. Rows lie by position: list after list, in each by ascending row
 * of the segment. A code owns the kernel memory of its rows and of what a query needs to be compared with them.
 */
import type { Kernels } from '../kernels/kernels.ts';
import type { QueryTile } from '../kernels/query-tile.ts';
import type { MetricType } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import { squaredLength, type Work } from './kmeans.ts';
import type { Section } from './sections.ts';

/** Entries that arrays by position have room for beyond the last row, because kernels load whole groups. */
export const SLACK_ROWS = 32;

/** f32, shape (lists, dim); of binary rows u8, shape (lists, dim / 8). */
export type Centroids = Float32Array | Uint8Array;

export interface ListLayout<C extends Centroids = Float32Array> {
  readonly kernels: Kernels;
  readonly metric: MetricType;
  readonly dim: number;
  readonly rows: number;
  /** Shape (lists + 1): positions starts[l] .. starts[l + 1] - 1 are list l's. */
  readonly starts: Uint32Array;
  /** The segment's row at a position. Shape (rows). */
  readonly rowIds: Uint32Array;
  /** Of rows at unit length for COSINE. */
  readonly centroids: C;
  /** Rows of the segment and, for COSINE, their inverse norms; needed to build, not to open. */
  readonly vectors: { readonly ptr: number; readonly inverseNormsPtr: number } | null;
  readonly seed: number;
}

export interface ListCode {
  /** The centroids as queries are compared with them. */
  readonly centroids: Centroids;
  /** 4 bytes a list: squared lengths of the centroids, f32, or how many of their bits are set, u32. */
  readonly centroidTerms: Float32Array | Uint32Array;
  readonly memoryBytes: number;
  /** Rows are compared by what they are beside their list's centroid: nothing is known of one before the query's distance from that. */
  readonly comparesByList: boolean;
  /** Writes the code's fields of an Ivf struct (abi.ts), given as u32. */
  describe(struct: Uint32Array): void;
  /** Learns from the rows what encoding needs. */
  train(): Work;
  /** Products of coordinates, about, that training and encoding cost. */
  readonly work: number;
  /** Encodes positions [from, to), in ascending order and without a gap from call to call; `source`: their rows, unit length for COSINE where `wantsUnitRows`. */
  encode(source: number, from: number, to: number): void;
  readonly wantsUnitRows: boolean;
  /** Prepares the queries of a tile, of rows in f32, to be compared with the rows of lists together; null where there is nothing that they would share. */
  readonly startTile: ((tile: QueryTile) => ListTile) | null;
  sections(): Section[];
  free(): void;
}

/** Queries of a tile as one code compares them. */
export interface ListTile {
  /**
   * Compares positions [from, to) with the n queries whose numbers are at `membersPtr` (u32); rows are reported as `rowIdsPtr` (u32, by
   * position) says, where `allowPtr`, a bitset over them, has them; 0: all.
   */
  scan(from: number, to: number, allowPtr: number, rowIdsPtr: number, membersPtr: number, n: number): void;
  free(): void;
}

export interface ListCodeType<C extends Centroids = Float32Array> {
  /** Bytes of a centroid. */
  centroidBytes(dim: number): number;
  /** The centroids of a file. CORRUPT when they cannot be. */
  centroidsOf(bytes: Uint8Array): C;
  /** Room for the layout's rows, to be trained and filled. */
  create(layout: ListLayout<C>): ListCode;
  /** Loads what `sections` gave; CORRUPT when lengths or values do not fit. */
  open(layout: ListLayout<C>, sections: ReadonlyMap<string, Uint8Array>): ListCode;
  bytesPerRow(dim: number): number;
}

/** Centroids of f32 rows. */
export const f32Centroids: Pick<ListCodeType, 'centroidBytes' | 'centroidsOf'> = {
  centroidBytes: (dim) => dim * 4,
  centroidsOf(bytes) {
    const centroids = new Float32Array(bytes.slice().buffer);
    for (const value of centroids) if (!Number.isFinite(value)) throw new ElanusError('CORRUPT', `"centroids" expected finite values, got ${value}`, { section: 'centroids' });
    return centroids;
  },
};

export function squaredLengths(centroids: Float32Array, dim: number): Float32Array {
  return Float32Array.from({ length: centroids.length / dim }, (_, list) => squaredLength(centroids, list * dim, dim));
}

/** The list of every position from `from` on: call with ascending positions. */
export function listCursor(starts: Uint32Array): (position: number) => number {
  let list = 0;
  return (position) => {
    while (starts[list + 1] <= position) list++;
    return list;
  };
}
