/** Where on the map a category is written: at its densest place, so that the name lies on points and not between them. */
import { boundsOf } from './camera.ts';

const SIDE = 24;

/** x and y of each code, in the order of `codes`; NaN where no row has it. @param positions shape (rows, 2) @param codeOf of each row */
export function densestPlaces(positions: Float32Array, codeOf: Uint8Array, codes: readonly number[]): Float32Array {
  const { left, right, bottom, top } = boundsOf(positions);
  const width = Math.max(right - left, 1e-9);
  const height = Math.max(top - bottom, 1e-9);
  const places = new Float32Array(codes.length * 2).fill(Number.NaN);
  const indexOf = new Int16Array(256).fill(-1);
  codes.forEach((code, index) => (indexOf[code] = index));
  const cells = SIDE * SIDE;
  const cellOf = (row: number): number => {
    const column = Math.min(Math.floor(((positions[2 * row] - left) / width) * SIDE), SIDE - 1);
    return column + SIDE * Math.min(Math.floor(((positions[2 * row + 1] - bottom) / height) * SIDE), SIDE - 1);
  };
  const counts = new Uint32Array(codes.length * cells);
  for (let row = 0; row < codeOf.length; row++) if (indexOf[codeOf[row]] !== -1) counts[indexOf[codeOf[row]] * cells + cellOf(row)]++;

  const best = codes.map((_, index) => {
    let [cell, most] = [-1, 0];
    for (let at = 0; at < cells; at++) {
      // With the cells around, so that a lone crowded cell does not win over a crowd.
      let sum = 0;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const [column, line] = [(at % SIDE) + dx, Math.floor(at / SIDE) + dy];
          if (column >= 0 && column < SIDE && line >= 0 && line < SIDE) sum += counts[index * cells + column + SIDE * line];
        }
      }
      if (sum > most) [cell, most] = [at, sum];
    }
    return cell;
  });
  const sums = new Float64Array(codes.length * 3);
  for (let row = 0; row < codeOf.length; row++) {
    const index = indexOf[codeOf[row]];
    if (index === -1) continue;
    const cell = cellOf(row);
    if (Math.abs((cell % SIDE) - (best[index] % SIDE)) > 1 || Math.abs(Math.floor(cell / SIDE) - Math.floor(best[index] / SIDE)) > 1) continue;
    sums[3 * index] += positions[2 * row];
    sums[3 * index + 1] += positions[2 * row + 1];
    sums[3 * index + 2]++;
  }
  for (let index = 0; index < codes.length; index++) {
    if (sums[3 * index + 2] === 0) continue;
    places[2 * index] = sums[3 * index] / sums[3 * index + 2];
    places[2 * index + 1] = sums[3 * index + 1] / sums[3 * index + 2];
  }
  return places;
}
