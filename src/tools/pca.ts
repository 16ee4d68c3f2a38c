/**
 * Principal component analysis: covariance by a tiled kernel, eigenvectors by `eigen.ts`, projection by a kernel. Equal
 * vectors give equal components, whatever machine or kernel build computed them.
 */
import { PCA_BLOCK } from '../kernels/abi.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { crc32c } from '../util/crc32c.ts';
import { ElanusError } from '../util/error.ts';
import { symmetricEigen } from './eigen.ts';
import { integer, matrixOf, withBlocks, type VectorsInput } from './matrix.ts';
import { paceOf, type Progress } from './pace.ts';

/** The covariance matrix and its eigenvectors are dense, in double precision. */
const DIM_MAX = 4096;
const BLOCK_ROWS = 1024;
const FORMAT = 'elanus-pca';
const VERSION = 1;

export interface PcaOptions {
  /** 2 to 4,096. */
  readonly dim: number;
  /** How many to keep, 1 to `dim`. Default: all. */
  readonly components?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** A fitted projection as plain data, for JSON. */
export interface PcaData {
  readonly format: 'elanus-pca';
  readonly version: 1;
  readonly dim: number;
  readonly mean: readonly number[];
  readonly explainedVariance: readonly number[];
  readonly totalVariance: number;
  readonly components: readonly (readonly number[])[];
}

export class Pca {
  readonly dim: number;
  /** How many components are kept. */
  readonly count: number;
  /** Shape (dim). */
  readonly mean: Float64Array;
  /** Unit vectors, orthogonal to each other, those of most variance first; f32, shape (count, dim). The entry of largest magnitude is positive. */
  readonly components: Float32Array;
  /** Variance of the rows along each component (with n - 1 as divisor). Shape (count). */
  readonly explainedVariance: Float64Array;
  /** Variance of the rows over all directions, those left out included. */
  readonly totalVariance: number;
  readonly #kernels: Kernels;

  constructor(kernels: Kernels, dim: number, mean: Float64Array, components: Float32Array, explainedVariance: Float64Array, totalVariance: number) {
    this.#kernels = kernels;
    this.dim = dim;
    this.count = explainedVariance.length;
    this.mean = mean;
    this.components = components;
    this.explainedVariance = explainedVariance;
    this.totalVariance = totalVariance;
  }

  /** Share of the variance that each component explains; zeros where there is none. Shape (count). */
  get explainedVarianceRatio(): Float64Array {
    return this.explainedVariance.map((variance) => (this.totalVariance === 0 ? 0 : variance / this.totalVariance));
  }

  /** Coordinates of vectors along the components, f32, shape (n, count). */
  transform(vectors: VectorsInput): Float32Array {
    return this.#map(matrixOf(vectors, this.dim), this.dim, this.count, true);
  }

  /** The vectors that have these coordinates, f32, shape (n, dim): exact up to what the components leave out. */
  inverseTransform(coordinates: VectorsInput): Float32Array {
    return this.#map(matrixOf(coordinates, this.count), this.count, this.dim, false);
  }

  #map(values: Float32Array, width: number, newWidth: number, isProjection: boolean): Float32Array {
    const { dim, count } = this;
    const { arena, exports } = this.#kernels;
    const rows = values.length / width;
    const out = new Float32Array(rows * newWidth);
    const blockRows = Math.min(BLOCK_ROWS, rows);
    withBlocks(this.#kernels, [dim * 8, count * dim * 4, Math.max(dim, 4) * 4, blockRows * width * 4, blockRows * newWidth * 4], (mean, components, scratch, from, to) => {
      arena.u8(mean, dim * 8).set(new Uint8Array(this.mean.buffer, this.mean.byteOffset, dim * 8));
      arena.f32(components, count * dim).set(this.components);
      for (let row = 0; row < rows; row += blockRows) {
        const n = Math.min(blockRows, rows - row);
        arena.f32(from, n * width).set(values.subarray(row * width, (row + n) * width));
        if (isProjection) exports.pcaProject(from, n, dim, mean, components, count, scratch, to);
        else exports.pcaRestore(from, n, dim, mean, components, count, to);
        out.set(arena.f32(to, n * newWidth), row * newWidth);
      }
    });
    return out;
  }

  /** Plain data; `loadPca` makes it a Pca again, exactly. */
  toJSON(): PcaData {
    const { dim, count, components } = this;
    return {
      format: FORMAT,
      version: VERSION,
      dim,
      mean: [...this.mean],
      explainedVariance: [...this.explainedVariance],
      totalVariance: this.totalVariance,
      components: Array.from({ length: count }, (_, c) => [...components.subarray(c * dim, (c + 1) * dim)]),
    };
  }

  /** The same in bytes, little-endian, with a checksum. */
  toBytes(): Uint8Array {
    const { dim, count } = this;
    const bytes = new Uint8Array(HEADER_BYTES + (dim + count + 1) * 8 + count * dim * 4 + 4);
    const view = new DataView(bytes.buffer);
    MAGIC.forEach((byte, i) => view.setUint8(i, byte));
    [VERSION, dim, count].forEach((value, i) => view.setUint32(4 + i * 4, value, true));
    let at = HEADER_BYTES;
    for (const values of [this.mean, this.explainedVariance, [this.totalVariance]]) for (const value of values) view.setFloat64((at += 8) - 8, value, true);
    for (const value of this.components) view.setFloat32((at += 4) - 4, value, true);
    view.setUint32(at, crc32c(bytes.subarray(0, at)), true);
    return bytes;
  }
}

const MAGIC = [0x45, 0x50, 0x43, 0x41];
const HEADER_BYTES = 16;

/** Fits components to vectors, giving way to the host in between. INVALID_ARGUMENT without a vector; ABORTED when the signal fires. */
export async function fit(kernels: Kernels, vectors: VectorsInput, options: PcaOptions): Promise<Pca> {
  if (!isRecord(options)) refuse('options', NO_ROW, 'an object { dim, components }', show(options));
  for (const key in options) if (!['dim', 'components', 'signal', 'onProgress'].includes(key)) refuse(key, NO_ROW, 'an option of fitPca (dim, components, signal, onProgress)', 'an unknown one');
  const { onProgress } = options;
  const dim = integer('dim', options.dim, 2, DIM_MAX);
  const count = integer('components', options.components ?? dim, 1, dim);
  const pause = paceOf(options);
  const values = matrixOf(vectors, dim);
  const rows = values.length / dim;
  if (rows === 0) refuse('vectors', NO_ROW, 'at least one vector', 'none');

  const { mean, covariance } = await meanAndCovariance(kernels, values, rows, dim, (done) => pause('covariance', done, 2 * rows));
  let totalVariance = 0;
  for (let d = 0; d < dim; d++) totalVariance += covariance[d * dim + d];
  const { values: variances, vectors: axes } = await symmetricEigen(kernels, covariance, dim, (done, total) => pause('eigenvectors', done, total));
  onProgress?.({ phase: 'eigenvectors', done: 1, total: 1 });
  // Rounding may leave a variance of nothing below it.
  const explained = variances.slice(0, count).map((variance) => Math.max(variance, 0));
  return new Pca(kernels, dim, mean, Float32Array.from(axes.subarray(0, count * dim)), explained, totalVariance);
}

async function meanAndCovariance(kernels: Kernels, values: Float32Array, rows: number, dim: number, pause: (done: number) => Promise<void> | undefined) {
  const { arena, exports } = kernels;
  const sizes = { mean: dim * 8, sums: dim * dim * 8, block: PCA_BLOCK * dim * 4, scratch: ((dim + 3) & ~3) * PCA_BLOCK * 4 };
  const [meanPtr, sumsPtr, blockPtr, scratchPtr] = Object.values(sizes).map((byteLength) => arena.alloc(byteLength));
  const f64 = (ptr: number, length: number): Float64Array => {
    const { buffer, byteOffset } = arena.u8(ptr, length * 8);
    return new Float64Array(buffer, byteOffset, length);
  };
  try {
    arena.u8(meanPtr, sizes.mean).fill(0);
    arena.u8(sumsPtr, sizes.sums).fill(0);
    for (const isCovariance of [false, true]) {
      for (let row = 0; row < rows; row += PCA_BLOCK) {
        const n = Math.min(PCA_BLOCK, rows - row);
        arena.f32(blockPtr, n * dim).set(values.subarray(row * dim, (row + n) * dim));
        if (isCovariance) exports.covarianceAdd(blockPtr, n, dim, meanPtr, scratchPtr, sumsPtr);
        else exports.columnSums(blockPtr, n, dim, meanPtr);
        const waiting = pause(isCovariance ? rows + row : row);
        if (waiting) await waiting;
      }
      if (isCovariance) break;
      const sums = f64(meanPtr, dim);
      for (let d = 0; d < dim; d++) sums[d] /= rows;
    }
    const covariance = f64(sumsPtr, dim * dim).slice();
    const divisor = Math.max(rows - 1, 1);
    for (let i = 0; i < dim; i++) {
      for (let j = i; j < dim; j++) covariance[j * dim + i] = covariance[i * dim + j] /= divisor;
    }
    return { mean: f64(meanPtr, dim).slice(), covariance };
  } finally {
    for (const ptr of [meanPtr, sumsPtr, blockPtr, scratchPtr]) arena.free(ptr);
  }
}

/** A Pca from what `toJSON` or `toBytes` gave. CORRUPT for bytes, INVALID_ARGUMENT for data, that no Pca gave. */
export function restore(kernels: Kernels, data: unknown): Pca {
  return data instanceof Uint8Array ? fromBytes(kernels, data) : fromData(kernels, data);
}

function fromData(kernels: Kernels, data: unknown): Pca {
  if (!isRecord(data) || data.format !== FORMAT || data.version !== VERSION) refuse('data', NO_ROW, 'what toJSON() or toBytes() of a Pca gave', show(data));
  const dim = integer('dim', data.dim, 2, DIM_MAX);
  if (!Array.isArray(data.components)) refuse('components', NO_ROW, 'an array of arrays', show(data.components));
  const count = integer('components', data.components.length, 1, dim);
  const numbers = (label: string, list: unknown, length: number): readonly number[] => {
    if (!Array.isArray(list) || list.length !== length || !list.every((value) => Number.isFinite(value))) refuse(label, NO_ROW, `${length} finite numbers`, show(list));
    return list;
  };
  const components = new Float32Array(count * dim);
  data.components.forEach((row, c) => components.set(numbers('components', row, dim), c * dim));
  const [totalVariance] = numbers('totalVariance', [data.totalVariance], 1);
  return new Pca(kernels, dim, Float64Array.from(numbers('mean', data.mean, dim)), components, Float64Array.from(numbers('explainedVariance', data.explainedVariance, count)), totalVariance);
}

function fromBytes(kernels: Kernels, bytes: Uint8Array): Pca {
  const corrupt = (what: string): ElanusError => new ElanusError('CORRUPT', `these bytes are no Pca: ${what}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) throw corrupt('another beginning');
  const [version, dim, count] = [4, 8, 12].map((at) => view.getUint32(at, true));
  if (version !== VERSION) throw new ElanusError('FORMAT_UNSUPPORTED', `a Pca of version ${version} was written by another release; this one reads ${VERSION}`);
  if (dim < 2 || dim > DIM_MAX || count < 1 || count > dim) throw corrupt(`${count} components of ${dim} dimensions`);
  const end = HEADER_BYTES + (dim + count + 1) * 8 + count * dim * 4;
  if (bytes.length !== end + 4) throw corrupt(`expected ${end + 4} bytes, got ${bytes.length}`);
  if (view.getUint32(end, true) !== crc32c(bytes.subarray(0, end))) throw corrupt('the checksum differs');
  const doubles = Float64Array.from({ length: dim + count + 1 }, (_, i) => view.getFloat64(HEADER_BYTES + i * 8, true));
  const components = Float32Array.from({ length: count * dim }, (_, i) => view.getFloat32(HEADER_BYTES + (dim + count + 1) * 8 + i * 4, true));
  return new Pca(kernels, dim, doubles.slice(0, dim), components, doubles.slice(dim, dim + count), doubles[dim + count]);
}
