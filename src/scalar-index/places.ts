/** Where the values of an index are: by position of a value (`values.ts`) its rows. One way of writing that down a file. */
import type { IndexSection } from './index.ts';

export interface Places {
  readonly memoryBytes: number;
  /** Rows of positions [from, to); one that has several of the values counts as often. */
  count(from: number, to: number): number;
  /** What `mark` takes, in rows of a scan of numbers. */
  work(from: number, to: number): number;
  /** Sets the bits of those rows. */
  mark(from: number, to: number, bits: Uint32Array): void;
  sections(): IndexSection[];
}

/** Entries by value: those of position p are [starts[p], starts[p + 1]). */
export interface SortedEntries {
  readonly rows: number;
  readonly starts: Uint32Array;
  /** By entry. */
  readonly entryRows: Uint32Array;
}

export const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Setting the bit of a row somewhere takes so many times as long as comparing the number of one row after another. */
export const WORK_PER_ROW = 1.5;

export const setBits = (rows: Uint32Array, from: number, to: number, bits: Uint32Array): void => {
  for (let i = from; i < to; i++) bits[rows[i]! >>> 5]! |= 1 << (rows[i]! & 31);
};
