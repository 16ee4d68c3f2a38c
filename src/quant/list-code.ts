/**
 * What the rows of an inverted file's lists are written as. Rows lie by position: list after list, in each by ascending row
 * of the segment. A code owns the kernel memory of its rows and of what a query needs to be compared with them.
 */
import type { Kernels } from '../kernels/kernels.ts';
import type { QueryTile } from '../kernels/query-tile.ts';
import type { MetricType } from '../schema/types.ts';
import type { Work } from './kmeans.ts';
import type { Section } from './sections.ts';

/** Entries that arrays by position have room for beyond the last row, because kernels load whole groups. */
export const SLACK_ROWS = 32;

export interface ListLayout {
  readonly kernels: Kernels;
  readonly metric: MetricType;
  readonly dim: number;
  readonly rows: number;
  /** Shape (lists + 1): positions starts[l] .. starts[l + 1] - 1 are list l's. */
  readonly starts: Uint32Array;
  /** The segment's row at a position. Shape (rows). */
  readonly rowIds: Uint32Array;
  /** f32, shape (lists, dim); of rows at unit length for COSINE. */
  readonly centroids: Float32Array;
  /** f32 rows of the segment and, for COSINE, their inverse norms; needed to build, not to open. */
  readonly vectors: { readonly ptr: number; readonly inverseNormsPtr: number } | null;
  readonly seed: number;
}

export interface ListCode {
  /** The centroids as queries are compared with them. Shape (lists, dim). */
  readonly centroids: Float32Array;
  readonly memoryBytes: number;
  /** Writes the code's fields of an Ivf struct (abi.ts), given as u32. */
  describe(struct: Uint32Array): void;
  /** Learns from the rows what encoding needs. */
  train(): Work;
  /** Products of coordinates, about, that training and encoding cost. */
  readonly work: number;
  /** Encodes positions [from, to), in ascending order and without a gap from call to call; `source`: their f32 rows, unit length for COSINE where `wantsUnitRows`. */
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

export interface ListCodeType {
  /** Room for the layout's rows, to be trained and filled. */
  create(layout: ListLayout): ListCode;
  /** Loads what `sections` gave; CORRUPT when lengths or values do not fit. */
  open(layout: ListLayout, sections: ReadonlyMap<string, Uint8Array>): ListCode;
  bytesPerRow(dim: number): number;
}

/** The list of every position from `from` on: call with ascending positions. */
export function listCursor(starts: Uint32Array): (position: number) => number {
  let list = 0;
  return (position) => {
    while (starts[list + 1] <= position) list++;
    return list;
  };
}
