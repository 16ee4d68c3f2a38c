/** A line drawn by hand around points. */
import type { PointGrid } from './grid.ts';

/** A lasso has at most so many corners: each is looked at for every point in its rectangle. */
const CORNERS_MAX = 160;

/** Leaves out corners that are closer than a distance to the one before, more of them where there are too many. @param path x and y by turns */
export function simplified(path: readonly number[], distance: number): number[] {
  for (let apart = distance; ; apart *= 1.5) {
    const kept = [path[0], path[1]];
    for (let i = 2; i < path.length; i += 2) {
      if (Math.hypot(path[i] - kept.at(-2)!, path[i + 1] - kept.at(-1)!) >= apart) kept.push(path[i], path[i + 1]);
    }
    if (kept.length <= 2 * CORNERS_MAX) return kept;
  }
}

/** Even-odd: what a line crosses twice is outside again. @param path x and y by turns; closed by its first point */
export function isInside(path: readonly number[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, before = path.length - 2; i < path.length; before = i, i += 2) {
    const [ax, ay, bx, by] = [path[i], path[i + 1], path[before], path[before + 1]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** Rows inside, ascending. @param path on the plane of the positions */
export function rowsInside(path: readonly number[], grid: PointGrid, positions: Float32Array): Uint32Array {
  if (path.length < 6) return new Uint32Array(0);
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < path.length; i += 2) {
    left = Math.min(left, path[i]);
    right = Math.max(right, path[i]);
    bottom = Math.min(bottom, path[i + 1]);
    top = Math.max(top, path[i + 1]);
  }
  return grid.within(left, right, bottom, top).filter((row) => isInside(path, positions[2 * row], positions[2 * row + 1]));
}
