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
  return isInsideOf(path, allEdges(path), x, y);
}

/** Edges are told by the place of their second corner; those that are left out do not reach the height `y`. */
function isInsideOf(path: readonly number[], edges: readonly number[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0; i < edges.length; i++) {
    const at = edges[i];
    const before = at === 0 ? path.length - 2 : at - 2;
    const ay = path[at + 1];
    const by = path[before + 1];
    if (ay > y !== by > y && x < ((path[before] - path[at]) * (y - ay)) / (by - ay) + path[at]) inside = !inside;
  }
  return inside;
}

const allEdges = (path: readonly number[]): number[] => Array.from({ length: path.length / 2 }, (_, corner) => 2 * corner);

/** Stripes of a lasso, one above the other: a point is compared with the edges that reach into its own. */
const STRIPES = 64;

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
  const stripeOf = (y: number): number => Math.min(Math.max(Math.floor(((y - bottom) / (top - bottom)) * STRIPES) || 0, 0), STRIPES - 1);
  const stripes: number[][] = Array.from({ length: STRIPES }, () => []);
  for (const edge of allEdges(path)) {
    const [a, b] = [stripeOf(path[edge + 1]), stripeOf(path[edge === 0 ? path.length - 1 : edge - 1])];
    for (let stripe = Math.min(a, b); stripe <= Math.max(a, b); stripe++) stripes[stripe].push(edge);
  }
  return grid.within(left, right, bottom, top).filter((row) => isInsideOf(path, stripes[stripeOf(positions[2 * row + 1])], positions[2 * row], positions[2 * row + 1]));
}
