/**
 * k-means (Lloyd) over f32 rows in kernel memory, in slices: a generator that yields after every kernel call of about a
 * millisecond, the products of coordinates that it cost. Starts from rows drawn evenly without replacement; a centroid that
 * nothing is near to takes half of the largest cluster (as Faiss does). Equal rows and seed give equal bits.
 */
import { PANEL_LANES } from '../kernels/abi.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { mulberry32 } from '../util/random.ts';

/** Products per kernel call. */
const PRODUCTS_PER_CALL = 2e6;
/** Empty centroids filled again per iteration: each costs a look at all the others. */
const SPLITS_MAX = 1024;
const SPLIT_STEP = 1 / 1024;

/** Rows in kernel memory: f32, `stride` bytes apart. */
export interface RowBlock {
  readonly ptr: number;
  readonly stride: number;
  readonly dim: number;
  readonly rows: number;
  /** f32, shape (rows): scales each row first; 0: not. */
  readonly inverseNormsPtr: number;
}

/** Steps of work, in products of coordinates. */
export type Work<T = void> = Generator<number, T>;

/** n of `rows` row numbers, ascending, every choice equally likely (Knuth's algorithm S). */
export function sampleRows(rows: number, n: number, seed: number): Uint32Array {
  const chosen = new Uint32Array(Math.min(n, rows));
  if (n >= rows) return chosen.map((_, i) => i);
  const next = mulberry32(seed);
  for (let row = 0, taken = 0; taken < n; row++) {
    if (next() * (rows - row) < (n - taken) * 0x1_0000_0000) chosen[taken++] = row;
  }
  return chosen;
}

/** Centroids in the form that the kernel compares: f32 panels, shape (k / 8, dim, 8), and half their squared lengths. */
export class CentroidPanels {
  readonly ptr: number;
  readonly biasesPtr: number;
  readonly panels: number;
  readonly #kernels: Kernels;
  readonly #dim: number;

  constructor(kernels: Kernels, k: number, dim: number) {
    this.#kernels = kernels;
    this.#dim = dim;
    this.panels = Math.ceil(k / PANEL_LANES);
    this.ptr = kernels.arena.alloc(this.panels * PANEL_LANES * dim * 4);
    this.biasesPtr = kernels.arena.alloc(this.panels * PANEL_LANES * 4);
  }

  /** `values`: shape (k, dim). Lanes beyond k are zero and never nearest. */
  set(values: Float32Array): void {
    const dim = this.#dim, k = values.length / dim;
    writePanels(this.#kernels.arena.f32(this.ptr, this.panels * PANEL_LANES * dim), values, dim);
    const biases = this.#kernels.arena.f32(this.biasesPtr, this.panels * PANEL_LANES).fill(Infinity);
    for (let c = 0; c < k; c++) biases[c] = squaredLength(values, c * dim, dim) / 2;
  }

  free(): void {
    this.#kernels.arena.free(this.ptr);
    this.#kernels.arena.free(this.biasesPtr);
  }
}

/** Shape (k, dim) to shape (panels, dim, 8), zero in lanes beyond k. */
export function writePanels(out: Float32Array, values: Float32Array, dim: number): void {
  const k = values.length / dim;
  out.fill(0);
  for (let c = 0; c < k; c++) {
    const at = (c >> 3) * dim * PANEL_LANES + (c & 7);
    for (let d = 0; d < dim; d++) out[at + d * PANEL_LANES] = values[c * dim + d];
  }
}

export function squaredLength(values: Float32Array, at: number, dim: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += values[at + d] * values[at + d];
  return sum;
}

/** The nearest of the panels' centroids for rows [from, to) of the block: its number and its score, by row of the block. */
export function* assignNearest(kernels: Kernels, block: RowBlock, panels: CentroidPanels, from: number, to: number, nearestPtr: number, scoresPtr: number): Work {
  const { ptr, stride, dim, inverseNormsPtr } = block;
  const perPanel = dim * PANEL_LANES;
  const rowsPerCall = Math.max(4, Math.floor(PRODUCTS_PER_CALL / (panels.panels * perPanel)) & ~3);
  const panelsPerCall = Math.max(1, Math.floor(PRODUCTS_PER_CALL / (Math.min(rowsPerCall, 4) * perPanel)));
  for (let row = from; row < to; row += rowsPerCall) {
    const end = Math.min(row + rowsPerCall, to);
    const step = rowsPerCall > 4 ? panels.panels : panelsPerCall;
    for (let panel = 0; panel < panels.panels; panel += step) {
      const panelEnd = Math.min(panel + step, panels.panels);
      kernels.exports.nearestCentroids(ptr, stride, dim, row, end, inverseNormsPtr, panels.ptr, panels.biasesPtr, panel, panelEnd, nearestPtr, scoresPtr);
      yield (end - row) * (panelEnd - panel) * perPanel;
    }
  }
}

/** Products that `trainKmeans` reports in all. */
export const kmeansWork = (rows: number, dim: number, k: number, iterations: number): number => rows * Math.ceil(k / PANEL_LANES) * PANEL_LANES * dim * iterations;

/** k centroids (no more than rows) of the block's rows, f32, shape (k, dim). */
export function* trainKmeans(kernels: Kernels, block: RowBlock, k: number, iterations: number, seed: number): Work<Float32Array> {
  const { arena } = kernels;
  const { dim, rows, stride, ptr, inverseNormsPtr } = block;
  const centroids = new Float32Array(k * dim);
  sampleRows(rows, k, seed).forEach((row, c) => {
    const length = inverseNormsPtr ? arena.f32(inverseNormsPtr + row * 4, 1)[0] : 1;
    const values = arena.f32(ptr + row * stride, dim);
    for (let d = 0; d < dim; d++) centroids[c * dim + d] = values[d] * length;
  });
  const panels = new CentroidPanels(kernels, k, dim);
  const nearestPtr = arena.alloc(rows * 4), scoresPtr = arena.alloc(rows * 4), sumsPtr = arena.alloc(k * dim * 4), countsPtr = arena.alloc(k * 4);
  const rowsPerCall = Math.max(1, Math.floor(PRODUCTS_PER_CALL / dim));
  const before = new Uint32Array(rows).fill(0xffffffff);
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      panels.set(centroids);
      yield* assignNearest(kernels, block, panels, 0, rows, nearestPtr, scoresPtr);
      // Every row where it was: no centroid would move any more.
      const nearest = arena.u32(nearestPtr, rows);
      if (before.every((number, row) => number === nearest[row])) {
        yield kmeansWork(rows, dim, k, iterations - iteration - 1);
        break;
      }
      before.set(nearest);
      arena.f32(sumsPtr, k * dim).fill(0);
      arena.u32(countsPtr, k).fill(0);
      for (let row = 0; row < rows; row += rowsPerCall) {
        kernels.exports.sumByCentroid(ptr, stride, dim, row, Math.min(row + rowsPerCall, rows), inverseNormsPtr, nearestPtr, sumsPtr, countsPtr);
        yield 0;
      }
      moveCentroids(centroids, arena.f32(sumsPtr, k * dim), arena.u32(countsPtr, k).slice(), dim);
    }
  } finally {
    panels.free();
    for (const held of [nearestPtr, scoresPtr, sumsPtr, countsPtr]) arena.free(held);
  }
  return centroids;
}

/** Each centroid to the mean of its rows; empty ones split the largest clusters. */
function moveCentroids(centroids: Float32Array, sums: Float32Array, counts: Uint32Array, dim: number): void {
  for (let c = 0; c < counts.length; c++) {
    for (let d = 0; counts[c] > 0 && d < dim; d++) centroids[c * dim + d] = sums[c * dim + d] / counts[c];
  }
  let splits = 0;
  for (let c = 0; c < counts.length && splits < SPLITS_MAX; c++) {
    if (counts[c] > 0) continue;
    let largest = 0;
    for (let i = 1; i < counts.length; i++) if (counts[i] > counts[largest]) largest = i;
    if (counts[largest] < 2) return;
    splits++;
    for (let d = 0; d < dim; d++) {
      const value = centroids[largest * dim + d], step = d & 1 ? -SPLIT_STEP : SPLIT_STEP;
      centroids[c * dim + d] = value * (1 + step);
      centroids[largest * dim + d] = value * (1 - step);
    }
    counts[c] = counts[largest] >> 1;
    counts[largest] -= counts[c];
  }
}
