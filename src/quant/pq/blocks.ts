/**
 * Codes of half a byte in blocks of 32 rows, as the fast scan reads them: shape (blocks, parts, 16 bytes). In a part's 16
 * bytes row r of the block is in the low half (r < 16) or the high half of byte 2 (r % 8) + (r % 16 >= 8). Every list begins
 * a block of its own.
 */
import { NIBBLE_ROWS } from '../../kernels/abi.ts';

export const PART_BYTES = 16;

/** Bytes of one block: parts are an even number. */
export const blockBytes = (parts: number): number => parts * PART_BYTES;

/** The number of each list's first block, u32, shape (lists), and how many blocks there are. */
export function blockStarts(starts: Uint32Array): { readonly blocks: Uint32Array; readonly total: number } {
  const blocks = new Uint32Array(starts.length - 1);
  let total = 0;
  for (let list = 0; list < blocks.length; list++) {
    blocks[list] = total;
    total += Math.ceil((starts[list + 1] - starts[list]) / NIBBLE_ROWS);
  }
  return { blocks, total };
}

/** Writes code `value` (0 to 15) of a part, for row `place` of a list whose blocks begin at byte `at`; the bits must be zero before. */
export function putNibble(bytes: Uint8Array, at: number, place: number, parts: number, part: number, value: number): void {
  const row = place % NIBBLE_ROWS;
  const byte = at + Math.floor(place / NIBBLE_ROWS) * blockBytes(parts) + part * PART_BYTES + 2 * (row & 7) + ((row >> 3) & 1);
  bytes[byte] |= value << (row < 16 ? 0 : 4);
}
