/**
 * k-majority: k-means over binary rows in kernel memory, with binary centroids (Grana, Borghesani, Manfredi, Cucchiara:
 * "A fast approach for integrating ORB descriptors in the bag of words model"). Rows go to the nearest centroid by the
 * metric; a centroid then becomes the bits that its rows are nearest to:
 *
 *   HAMMING   those set in more than half of the rows, which is the best there is
 *   JACCARD   the p most frequent ones, for the p with the largest estimate F(p) / (m + p - F(p)) of and / or, where F is the
 *             sum of their frequencies and m how many bits a row has on average: a majority of sparse rows would be no bit at all
 *
 * Starts from rows drawn evenly without replacement; a centroid that nothing is near to becomes a row of the largest
 * cluster. In integers: equal rows and seed give equal bits.
 */
import { ROW_QUERY_DATA, ROWS_BITS } from '../kernels/abi.ts';
import { METRIC_CODE, type Kernels } from '../kernels/kernels.ts';
import { ROW_FORMATS, ROWS_SLACK_BYTES } from '../kernels/rows.ts';
import type { MetricType } from '../schema/types.ts';
import { mulberry32 } from '../util/random.ts';
import { sampleRows, type Work } from './kmeans.ts';

const FORMAT = ROW_FORMATS.BinaryVector;
/** Bytes that are compared per kernel call. */
const BYTES_PER_CALL = 4e6;
/** Bytes whose bits are counted between two yields. */
const BYTES_PER_COUNT = 1e5;

/** Rows in kernel memory, u8, shape (rows, dim / 8). */
export interface BitBlock {
  readonly ptr: number;
  readonly dim: number;
  readonly rows: number;
}

/** Bytes of comparisons that `trainBinaryKmeans` and `assignBinary` (one iteration) report in all. */
export const binaryKmeansWork = (rows: number, dim: number, k: number, iterations: number): number => rows * FORMAT.rowBytes(dim) * k * iterations;

/** The number of the nearest centroid of every row of the block, u32, shape (rows), to `nearestPtr`. */
export function* assignBinary(kernels: Kernels, metric: MetricType, { ptr, dim, rows }: BitBlock, centroids: Uint8Array, nearestPtr: number): Work {
  const { arena } = kernels;
  const rowBytes = FORMAT.rowBytes(dim), k = centroids.length / rowBytes;
  const centroidsPtr = arena.alloc(centroids.length + ROWS_SLACK_BYTES), termsPtr = arena.alloc(k * 4), queryPtr = arena.alloc(ROW_QUERY_DATA + rowBytes + 16);
  try {
    arena.u8(centroidsPtr, centroids.length).set(centroids);
    kernels.rowTerms(FORMAT, centroidsPtr, k, dim, termsPtr);
    const rowsPerCall = Math.max(1, Math.floor(BYTES_PER_CALL / centroids.length));
    for (let row = 0; row < rows; row += rowsPerCall) {
      const end = Math.min(row + rowsPerCall, rows);
      kernels.beginTopK(1);
      kernels.exports.nearestRows(kernels.topPtr, ROWS_BITS, METRIC_CODE[metric], ptr, dim, row, end, queryPtr, centroidsPtr, k, termsPtr, nearestPtr);
      yield (end - row) * centroids.length;
    }
  } finally {
    for (const held of [centroidsPtr, termsPtr, queryPtr]) arena.free(held);
  }
}

/** k centroids (no more than rows) of the block's rows, u8, shape (k, dim / 8). */
export function* trainBinaryKmeans(kernels: Kernels, metric: MetricType, block: BitBlock, k: number, iterations: number, seed: number): Work<Uint8Array> {
  const { arena } = kernels;
  const { ptr, dim, rows } = block;
  const rowBytes = FORMAT.rowBytes(dim);
  const next = mulberry32(seed);
  const centroids = new Uint8Array(k * rowBytes);
  sampleRows(rows, k, seed).forEach((row, c) => centroids.set(arena.u8(ptr + row * rowBytes, rowBytes), c * rowBytes));
  const nearestPtr = arena.alloc(rows * 4);
  const before = new Uint32Array(rows).fill(0xffffffff);
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      yield* assignBinary(kernels, metric, block, centroids, nearestPtr);
      const nearest = arena.u32(nearestPtr, rows).slice();
      if (before.every((number, row) => number === nearest[row])) {
        yield binaryKmeansWork(rows, dim, k, iterations - iteration - 1);
        break;
      }
      before.set(nearest);
      yield* moveCentroids(kernels, metric, block, nearest, centroids, next);
    }
  } finally {
    arena.free(nearestPtr);
  }
  return centroids;
}

/** Each centroid to the bits of its rows; one without rows to a row of the largest cluster. */
function* moveCentroids(kernels: Kernels, metric: MetricType, { ptr, dim }: BitBlock, nearest: Uint32Array, centroids: Uint8Array, next: () => number): Work {
  const { arena } = kernels;
  const rowBytes = FORMAT.rowBytes(dim), k = centroids.length / rowBytes;
  const members = rowsByCentroid(nearest, k);
  const frequencies = new Uint32Array(dim);
  let counted = 0;
  for (let c = 0; c < k; c++) {
    if (members[c].length === 0) {
      const largest = members.reduce((best, list, i) => (list.length > members[best].length ? i : best), 0);
      if (members[largest].length < 2) continue;
      const [row] = members[largest].splice(next() % members[largest].length, 1);
      members[c].push(row);
      centroids.set(arena.u8(ptr + row * rowBytes, rowBytes), c * rowBytes);
      continue;
    }
    frequencies.fill(0);
    let set = 0;
    for (const row of members[c]) {
      const bytes = arena.u8(ptr + row * rowBytes, rowBytes);
      for (let i = 0; i < rowBytes; i++) {
        for (let rest = bytes[i]; rest > 0; rest &= rest - 1, set++) frequencies[8 * i + 31 - Math.clz32(rest & -rest)]++;
      }
      counted += rowBytes;
      if (counted > BYTES_PER_COUNT) {
        counted = 0;
        yield 0;
      }
    }
    const least = metric === 'JACCARD' ? leastFrequency(frequencies, members[c].length, set) : (members[c].length >> 1) + 1;
    const centroid = centroids.subarray(c * rowBytes, (c + 1) * rowBytes).fill(0);
    for (let d = 0; d < dim; d++) if (frequencies[d] >= least) centroid[d >> 3] |= 1 << (d & 7);
  }
}

function rowsByCentroid(nearest: Uint32Array, k: number): number[][] {
  const members: number[][] = Array.from({ length: k }, () => []);
  nearest.forEach((c, row) => members[c].push(row));
  return members;
}

/** In how many of n rows, which have `set` bits in all, a bit must be set to be one of a centroid for JACCARD. At least 1. */
function leastFrequency(frequencies: Uint32Array, n: number, set: number): number {
  const descending = frequencies.slice().sort((a, b) => b - a);
  let sum = 0, best = 0, least = 1;
  for (let p = 1; p <= descending.length && descending[p - 1] > 0; p++) {
    sum += descending[p - 1];
    const estimate = sum / (set + p * n - sum);
    // Bits of one frequency are taken together.
    if (descending[p] === descending[p - 1] || estimate <= best) continue;
    best = estimate;
    least = descending[p - 1];
  }
  return least;
}
