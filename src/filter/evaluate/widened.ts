/**
 * Columns of numbers for loops that know one type of array. Narrower numbers are widened block by block, which costs a tenth of a loop,
 * because a loop that sees arrays of several types is many times slower than one that sees one.
 */
import { clearBeyond, isEmptyBetween } from './words.ts';

/** Answers `words` words from `outAt` on about `values` from 0 on; words that are 0 in `mask` may stay 0. */
export type WordLoop<A> = (values: A, words: number, out: Uint32Array, outAt: number, mask: Uint32Array) => void;

/** Numbers that are widened at a time. */
export const BLOCK = 4096;

/** `wide`: the values themselves, where they are of the loop's type; null: they are widened into `scratch`, of {@link BLOCK} numbers. */
export function scanWidened<A extends Int32Array | Float64Array>(values: ArrayLike<number> & { subarray(from: number, to: number): ArrayLike<number> }, wide: A | null, scratch: A, rows: number, loop: WordLoop<A>, mask: Uint32Array): Uint32Array {
  const out = new Uint32Array(mask.length);
  let from = 0;
  if (wide !== null) {
    loop(wide, rows >>> 5, out, 0, mask);
    from = rows & ~31;
  }
  for (; from < rows; from += BLOCK) {
    const to = Math.min(from + BLOCK, rows);
    if (isEmptyBetween(mask, from >>> 5, (to + 31) >>> 5)) continue;
    scratch.set(values.subarray(from, to));
    loop(scratch, (to - from + 31) >>> 5, out, from >>> 5, mask);
  }
  clearBeyond(out, rows);
  return out;
}
