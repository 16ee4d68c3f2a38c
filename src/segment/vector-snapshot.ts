/** Vectors of a segment as a search sees them, however long it takes: rows that come or go meanwhile make no difference to it. */
import type { Arena, Kernels } from '../kernels/kernels.ts';
import type { Steps, QueryTile } from '../kernels/query-tile.ts';
import type { RowFormat } from '../kernels/rows.ts';
import type { MetricType } from '../schema/types.ts';

export interface VectorSnapshot {
  /** How the rows lie; null where they are sparse, and there are no tiles. */
  readonly format: RowFormat | null;
  readonly rows: number;
  /** Bitset, in the memory of an index, of the rows that are seen; 0: all. */
  allowIn(kernels: Kernels): number;
  /** Scans the rows against the prepared query, into the top-k under way. Vectors must be resident. */
  scan(metric: MetricType): void;
  /** Compares the rows with a tile. Vectors must be resident, and stay so. */
  scanTile(tile: QueryTile): Steps;
  free(): void;
}

/** The first bytes of a bitset, put into kernel memory; zeros where it ends before. */
export function placeBits(arena: Arena, bits: Uint8Array, byteLength: number): number {
  const ptr = arena.alloc(Math.max(byteLength, 4));
  const target = arena.u8(ptr, byteLength);
  target.fill(0);
  target.set(bits.subarray(0, byteLength));
  return ptr;
}

/** A copy of a bitset; 0 of none. */
export function copyBits(arena: Arena, ptr: number, byteLength: number): number {
  if (ptr === 0) return 0;
  const copy = arena.alloc(byteLength);
  arena.u8(copy, byteLength).set(arena.u8(ptr, byteLength));
  return copy;
}
