/** Bitsets of rows in 32-bit words: row r is bit `r & 31` of word `r >> 5`. Whole 64-bit words, as in {@link Truth}. */
import { truthWords } from '../predicate.ts';

/** A bitset whose rows are all set; bits beyond them are 0. */
export function allRows(rows: number): Uint32Array {
  const bits = new Uint32Array(truthWords(rows));
  bits.fill(0xffffffff, 0, rows >>> 5);
  if (rows & 31) bits[rows >>> 5] = 2 ** (rows & 31) - 1;
  return bits;
}

/** The bitmap of a column, Arrow's bytes, in words. */
export function toWords(bitmap: Uint8Array, rows: number): Uint32Array {
  const bits = new Uint32Array(truthWords(rows));
  const bytes = new Uint8Array(bits.buffer);
  bytes.set(bitmap.subarray(0, (rows + 7) >>> 3));
  clearBeyond(bits, rows);
  return bits;
}

/** Bits beyond the rows become 0. */
export function clearBeyond(bits: Uint32Array, rows: number): void {
  let word = rows >>> 5;
  if (rows & 31) bits[word++] &= 2 ** (rows & 31) - 1;
  bits.fill(0, word);
}

export const isEmpty = (bits: Uint32Array): boolean => isEmptyBetween(bits, 0, bits.length);

/** a and b, in place of a. */
export function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  for (let w = 0; w < a.length; w++) a[w] &= b[w];
  return a;
}

/** a but not b, in place of a. */
export function subtract(a: Uint32Array, b: Uint32Array): Uint32Array {
  for (let w = 0; w < a.length; w++) a[w] &= ~b[w];
  return a;
}

/** All other rows, in place of a. */
export function complement(a: Uint32Array, rows: number): Uint32Array {
  for (let w = 0; w < a.length; w++) a[w] = ~a[w];
  clearBeyond(a, rows);
  return a;
}

/** a or b, in place of a. */
export function unite(a: Uint32Array, b: Uint32Array): Uint32Array {
  for (let w = 0; w < a.length; w++) a[w] |= b[w];
  return a;
}

export function isEmptyBetween(bits: Uint32Array, from: number, to: number): boolean {
  for (let w = from; w < to; w++) if (bits[w] !== 0) return false;
  return true;
}
