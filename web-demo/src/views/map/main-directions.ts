/**
 * The few directions in which vectors of many dimensions vary most, by a randomised range finder with subspace iterations
 * (Halko, Martinsson, Tropp 2011, arXiv:0909.4061, algorithm 4.4). A whole PCA takes time in dim^3; two directions for a
 * map are found in a fraction of it.
 */
import { numbersFrom } from '../../util/random.ts';
import { slicer } from './slices.ts';

/** More than the two that are wanted: what is found of those is then nearly exact. */
const COUNT = 16;
const ROUNDS = 3;

export interface Directions {
  readonly dim: number;
  readonly count: number;
  /** Shape (dim). */
  readonly mean: Float64Array;
  /** Unit vectors, orthogonal to each other, shape (count, dim). */
  readonly axes: Float64Array;
}

/** @param vectors shape (n, dim), at least one; gives way to the page in between */
export async function mainDirections(vectors: Float32Array, dim: number, seed: number, signal: AbortSignal): Promise<Directions> {
  const rows = vectors.length / dim;
  const count = Math.min(COUNT, dim);
  const slice = slicer(signal);
  const mean = new Float64Array(dim);
  for (let row = 0; row < rows; row++) {
    for (let d = 0; d < dim; d++) mean[d] += vectors[row * dim + d];
    const waits = slice();
    if (waits) await waits;
  }
  for (let d = 0; d < dim; d++) mean[d] /= rows;
  const random = numbersFrom(seed);
  let axes = orthonormal(Float64Array.from({ length: count * dim }, () => random() - 0.5), count, dim);
  const centred = new Float64Array(dim);
  for (let round = 0; round < ROUNDS; round++) {
    // The covariance times the axes, row by row.
    const next = new Float64Array(count * dim);
    for (let row = 0; row < rows; row++) {
      for (let d = 0; d < dim; d++) centred[d] = vectors[row * dim + d] - mean[d];
      for (let c = 0; c < count; c++) {
        const begin = c * dim;
        let along = 0;
        for (let d = 0; d < dim; d++) along += centred[d] * axes[begin + d];
        for (let d = 0; d < dim; d++) next[begin + d] += centred[d] * along;
      }
      const waits = slice();
      if (waits) await waits;
    }
    axes = orthonormal(next, count, dim);
  }
  return { dim, count, mean, axes };
}

/** Coordinates of vectors along the directions, f32, shape (n, count). */
export function alongDirections({ dim, count, mean, axes }: Directions, vectors: Float32Array): Float32Array {
  const rows = vectors.length / dim;
  const out = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < count; c++) {
      let along = 0;
      for (let d = 0; d < dim; d++) along += (vectors[row * dim + d] - mean[d]) * axes[c * dim + d];
      out[row * count + c] = along;
    }
  }
  return out;
}

/** Gram-Schmidt, twice over each, so that rounding leaves nothing. What is left of an axis that depends on others is zeros. */
function orthonormal(axes: Float64Array, count: number, dim: number): Float64Array {
  for (let c = 0; c < count; c++) {
    const axis = axes.subarray(c * dim, (c + 1) * dim);
    const before = Math.sqrt(dot(axis, axis, 0));
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < c; other++) {
        const along = dot(axis, axes, other * dim);
        for (let d = 0; d < dim; d++) axis[d] -= along * axes[other * dim + d];
      }
    }
    const length = Math.sqrt(dot(axis, axis, 0));
    const scale = length > 1e-12 * before ? 1 / length : 0;
    for (let d = 0; d < dim; d++) axis[d] *= scale;
  }
  return axes;
}

function dot(a: Float64Array, b: Float64Array, from: number): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[from + d];
  return sum;
}
