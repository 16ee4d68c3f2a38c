/**
 * Levels of the rows of a graph: level l or more with probability M^-l. Integer arithmetic alone, because the logarithm
 * of the usual formula may differ in its last bit between engines, and equal seeds must give equal graphs.
 */
import { mulberry32 } from '../../util/random.ts';

export { mulberry32 };

/** Far above what any number of rows reaches; keeps a level in a byte. */
export const LEVEL_MAX = 31;

/** u8, shape (rows). */
export function drawLevels(rows: number, m: number, seed: number): Uint8Array {
  const next = mulberry32(seed);
  const levels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    let level = 0;
    while (level < LEVEL_MAX && next() * m < 0x1_0000_0000) level++;
    levels[row] = level;
  }
  return levels;
}

/** Where each row's lists above the base begin, in slots of m links: u32, shape (rows), and how many slots there are. */
export function upperStarts(levels: Uint8Array): { readonly starts: Uint32Array; readonly slots: number } {
  const starts = new Uint32Array(levels.length);
  let slots = 0;
  for (let row = 0; row < levels.length; row++) {
    starts[row] = slots;
    slots += levels[row];
  }
  return { starts, slots };
}
