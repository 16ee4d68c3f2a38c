/**
 * Levels of the rows of a graph: level l or more with probability M^-l. Integer arithmetic alone, because the logarithm
 * of the usual formula may differ in its last bit between engines, and equal seeds must give equal graphs.
 */

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

/** Tommy Ettinger's mulberry32: 32 bits of state, u32 out. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}
