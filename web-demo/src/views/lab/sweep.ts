/** Values of a breadth that are worth a point of a curve: each a third to a half more than the one before. */

const STEPS = [1, 1.5];
const MOST = 4096;
/** Nearer ones say the same. */
const RATIO_MIN = 1.3;

/** Whole numbers from `min` to at most `max`, ascending; at least one. */
export function sweepValues(min: number, max: number): number[] {
  const values = [min];
  const end = Math.min(max, MOST);
  for (let power = 1; power <= end; power *= 2) {
    for (const step of STEPS) {
      const value = power * step;
      if (Number.isInteger(value) && value >= RATIO_MIN * min && value <= end) values.push(value);
    }
  }
  // The last one looks everywhere, where that is within reach.
  if (end > values.at(-1)!) values.push(end);
  return values;
}
