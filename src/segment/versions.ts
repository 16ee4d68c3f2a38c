/**
 * Which rows of a segment are seen at a time: those inserted by then and not deleted by then. A delete time of 0 is a purge: such
 * rows are seen at no time.
 */
import { allOnes, clearBit } from '../util/bitset.ts';
import type { RowTimes } from './row-times.ts';

/** Row to the time of its delete. */
export type Deletes = ReadonlyMap<number, bigint>;

export const PURGED = 0n;

/** A bitset in whole 64-bit words, as kernels read it, zeros beyond the rows. */
export function rowsSeenAt(times: RowTimes, deletes: Deletes, timestamp: bigint): Uint8Array {
  const bits = new Uint8Array(((times.rows + 63) >>> 6) << 3);
  bits.set(allOnes(times.rows));
  const hide = (row: number): void => void (bits[row >>> 3]! &= ~(1 << (row & 7)));
  for (let i = 0; i < times.runs; i++) {
    const run = times.run(i);
    if (run.timestamp > timestamp) for (let row = run.from; row < run.to; row++) hide(row);
  }
  for (const [row, deletedAt] of deletes) if (deletedAt <= timestamp) hide(row);
  return bits;
}

/** The rows of a segment that live now, made anew when some have come or gone: dead rows do not come back. */
export class LiveBits {
  #rows = -1;
  #deletes = -1;
  #bits = new Uint8Array(0);

  /** A bitset in whole 64-bit words, zeros beyond the rows; not to be changed. */
  of(rows: number, deletes: Deletes): Uint8Array {
    if (rows !== this.#rows || deletes.size !== this.#deletes) {
      this.#rows = rows;
      this.#deletes = deletes.size;
      this.#bits = new Uint8Array(((rows + 63) >>> 6) << 3);
      this.#bits.set(allOnes(rows));
      for (const row of deletes.keys()) clearBit(this.#bits, row);
    }
    return this.#bits;
  }
}

export function isSeenAt(times: RowTimes, deletes: Deletes, row: number, timestamp: bigint): boolean {
  const deletedAt = deletes.get(row);
  return (deletedAt === undefined || deletedAt > timestamp) && times.at(row) <= timestamp;
}

export function countSeenAt(times: RowTimes, deletes: Deletes, timestamp: bigint): number {
  let count = 0;
  for (let i = 0; i < times.runs; i++) {
    const run = times.run(i);
    if (run.timestamp <= timestamp) count += run.to - run.from;
  }
  for (const [row, deletedAt] of deletes) if (deletedAt <= timestamp && times.at(row) <= timestamp) count--;
  return count;
}

/** Rows that no read from the horizon on sees: nothing is lost when they are left out of the next file. */
export function countUnreachable(deletes: Deletes, horizon: bigint): number {
  let count = 0;
  for (const deletedAt of deletes.values()) if (deletedAt <= horizon) count++;
  return count;
}

/** Rows that some read from the horizon on sees, in ascending order. */
export function reachableRows(rows: number, deletes: Deletes, horizon: bigint): Uint32Array {
  const reachable = new Uint32Array(rows - countUnreachable(deletes, horizon));
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const deletedAt = deletes.get(row);
    if (deletedAt === undefined || deletedAt > horizon) reachable[count++] = row;
  }
  return reachable;
}
