/** Where a piece of text stands in a column: all rows' bytes are searched as one, so that a row costs nothing by itself. */
import { truthWords } from '../predicate.ts';
import { rowOf } from './offsets.ts';

/**
 * Rows whose bytes contain a needle of at least one byte. `offsets`: shape (rows + 1).
 *
 * Horspool (Practical fast searching in strings, 1980): the byte under the needle's end says how far the needle moves.
 */
export function rowsContaining(bytes: Uint8Array, offsets: Int32Array, needle: Uint8Array): Uint32Array {
  const rows = offsets.length - 1;
  const out = new Uint32Array(truthWords(rows));
  const { length } = needle;
  const moves = new Int32Array(256).fill(length);
  for (let i = 0; i < length - 1; i++) moves[needle[i]] = length - 1 - i;
  const last = needle[length - 1];
  const end = offsets[rows];
  let row = 0;
  for (let at = offsets[0] + length - 1; at < end; ) {
    const byte = bytes[at];
    if (byte === last) {
      let i = 1;
      while (i < length && bytes[at - i] === needle[length - 1 - i]) i++;
      if (i === length) {
        const from = at - length + 1;
        if (offsets[row + 1] <= from) row = rowOf(offsets, from, row + 1);
        // Else it begins in one row and ends in another.
        if (at < offsets[row + 1]) {
          out[row >>> 5] |= 1 << (row & 31);
          at = offsets[row + 1] + length - 1;
          continue;
        }
      }
    }
    at += moves[byte];
  }
  return out;
}
