/**
 * Truncated singular value decomposition of a sparse matrix A by randomized subspace iteration (N. Halko, P. G. Martinsson, J. A. Tropp, "Finding structure with
 * randomness", SIAM Review 53, 2011, algorithms 4.4 and 5.1), on the side of the columns: a random matrix is multiplied with A'A and made orthonormal a few times; then A is
 * looked at within the subspace that remains, where its Gram matrix is small and dense. A'A X takes one pass over the rows of A (`assembly/latent.ts`), so
 * that nothing of A's height is kept. Orthonormal by the eigenvectors of the Gram matrix of the columns, twice, as one pass in single precision leaves errors where columns are nearly dependent.
 * Seeded; equal bits on every build.
 */
import { PCA_BLOCK } from '../kernels/abi.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { mulberry32 } from '../util/random.ts';
import { symmetricEigen } from './eigen.ts';

/** Rows of (term, weight), CSR. */
export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Shape (rows + 1). */
  readonly offsets: Uint32Array;
  readonly terms: Uint32Array;
  readonly weights: Float32Array;
}

export interface TruncatedSvd {
  /** Descending, zeros beyond the rank. Shape (dim). */
  readonly singularValues: Float64Array;
  /** Right singular vectors as columns, zero beyond the rank; of each the entry of largest magnitude is positive. f32, shape (columns, dim). */
  readonly vectors: Float32Array;
}

/** More directions than are asked for, so that the last of these are found well. */
const OVERSAMPLING = 16;
const ITERATIONS = 5;
const SEED = 0x1a7e57;
/** Multiplications between two pauses, about: a few milliseconds. */
const STEP_PRODUCTS = 2 ** 21;
/** Directions with less of the largest eigenvalue are rounding: of f32 sums, of columns that were orthonormal but for that, of A'A. */
const LEAST_SHARE = { gram: 2 ** -26, again: 2 ** -7, rank: 2 ** -20 };

type Pause = (done: number, total: number) => Promise<void> | undefined;

/** OUT_OF_MEMORY where kernel memory has no room for twice `columns` rows of `dim` and some f32. */
export async function truncatedSvd(kernels: Kernels, matrix: SparseMatrix, dim: number, pause: Pause): Promise<TruncatedSvd> {
  const width = (dim + OVERSAMPLING + 3) & ~3;
  const work = new SubspaceIteration(kernels, matrix, width);
  const total = 2 * ITERATIONS + 2;
  const at = (step: number): Waiting => (share) => pause(step + share, total);
  try {
    work.begin();
    await work.orthonormalise(at(0));
    for (let i = 0; i < ITERATIONS; i++) {
      await work.multiply(at(2 * i + 1));
      await work.orthonormalise(at(2 * i + 2));
    }
    return await work.decompose(dim, at(total - 1));
  } finally {
    work.free();
  }
}

/** `share`: of the step, 0 to 1. */
type Waiting = (share: number) => Promise<void> | undefined;

class SubspaceIteration {
  readonly #kernels: Kernels;
  readonly #matrix: SparseMatrix;
  readonly #width: number;
  readonly #ptrs: number[] = [];
  /** Rows of A in kernel memory, a block at a time, and where the blocks end. */
  readonly #block: { offsets: number; terms: number; weights: number; readonly ends: readonly number[] };
  /** Two matrices of shape (columns, width): the subspace, and what is being made of it. */
  #basis: number;
  #next: number;
  readonly #small: { mean: number; gram: number; scratch: number; rotation: number; rows: number };

  constructor(kernels: Kernels, matrix: SparseMatrix, width: number) {
    this.#kernels = kernels;
    this.#matrix = matrix;
    this.#width = width;
    const { ends, rows, entries } = blocksOf(matrix, width);
    const alloc = (byteLength: number): number => {
      const ptr = kernels.arena.alloc(byteLength);
      this.#ptrs.push(ptr);
      return ptr;
    };
    try {
      const matrixBytes = matrix.columns * width * 4;
      this.#basis = alloc(matrixBytes);
      this.#next = alloc(matrixBytes);
      this.#block = { offsets: alloc((rows + 1) * 4), terms: alloc(entries * 4), weights: alloc(entries * 4), ends };
      this.#small = {
        mean: alloc(width * 8), gram: alloc(width * width * 8), scratch: alloc(width * PCA_BLOCK * 4), rotation: alloc(width * width * 4), rows: alloc(PCA_BLOCK * width * 4),
      };
    } catch (error) {
      this.free();
      throw error;
    }
    kernels.arena.u8(this.#small.mean, width * 8).fill(0);
  }

  free(): void {
    for (const ptr of this.#ptrs.splice(0)) this.#kernels.arena.free(ptr);
  }

  /** Random signs, which do as well as normal deviates and need no logarithm. */
  begin(): void {
    const random = mulberry32(SEED);
    const values = this.#kernels.arena.f32(this.#next, this.#matrix.columns * this.#width);
    for (let i = 0; i < values.length; ) {
      let bits = random();
      for (const end = Math.min(i + 32, values.length); i < end; bits >>>= 1) values[i++] = bits & 1 ? 1 : -1;
    }
  }

  /** next = A'A basis */
  async multiply(waiting: Waiting): Promise<void> {
    const { arena, exports } = this.#kernels;
    arena.u8(this.#next, this.#matrix.columns * this.#width * 4).fill(0);
    await this.#eachBlock(waiting, (rows) => {
      const { offsets, terms, weights } = this.#block;
      exports.sparseGramAdd(offsets, terms, weights, 0, rows, this.#basis, this.#width, this.#small.scratch, this.#next);
    });
  }

  /** basis = the columns of next made orthonormal; zeros for those that depend on others. */
  async orthonormalise(waiting: Waiting): Promise<void> {
    for (const [pass, least] of [LEAST_SHARE.gram, LEAST_SHARE.again].entries()) {
      const half: Waiting = (share) => waiting((pass + share) / 2);
      await this.#columnGram(half);
      const { values, vectors } = await symmetricEigen(this.#kernels, this.#takeGram(), this.#width, () => half(0.5));
      const rotation = this.#kernels.arena.f32(this.#small.rotation, this.#width * this.#width).fill(0);
      for (let c = 0; c < this.#width; c++) {
        if (values[c]! <= 0 || values[c]! < least * values[0]!) break;
        const scale = 1 / Math.sqrt(values[c]!);
        for (let d = 0; d < this.#width; d++) rotation[c * this.#width + d] = vectors[c * this.#width + d]! * scale;
      }
      await this.#rotate(this.#next, this.#basis, this.#width, half);
      [this.#basis, this.#next] = [this.#next, this.#basis];
    }
    [this.#basis, this.#next] = [this.#next, this.#basis];
  }

  /** The singular values and vectors of A within the basis. */
  async decompose(dim: number, waiting: Waiting): Promise<TruncatedSvd> {
    const { arena, exports } = this.#kernels;
    const { columns } = this.#matrix;
    const { mean, gram, scratch, rows: productRows } = this.#small;
    const width = this.#width;
    arena.u8(gram, width * width * 8).fill(0);
    const { offsets, terms, weights } = this.#block;
    await this.#eachBlock((share) => waiting(share / 2), (rows) => {
      for (let from = 0; from < rows; from += PCA_BLOCK) {
        const to = Math.min(from + PCA_BLOCK, rows);
        exports.sparseProject(offsets, terms, weights, from, to, this.#basis, width, productRows);
        exports.covarianceAdd(productRows, to - from, width, mean, scratch, gram);
      }
    });
    const { values, vectors } = await symmetricEigen(this.#kernels, this.#takeGram(), width, () => waiting(0.5));
    const rotation = arena.f32(this.#small.rotation, width * width);
    const singularValues = new Float64Array(dim);
    for (let c = 0; c < dim; c++) {
      const isThere = values[c]! > 0 && values[c]! > LEAST_SHARE.rank * values[0]!;
      if (isThere) singularValues[c] = Math.sqrt(values[c]!);
      for (let d = 0; d < width; d++) rotation[c * width + d] = isThere ? vectors[c * width + d]! : 0;
    }
    await this.#rotate(this.#basis, this.#next, dim, waiting);
    const found = arena.f32(this.#next, columns * dim).slice();
    turnSigns(found, dim);
    return { singularValues, vectors: found };
  }

  /** gram += the products of the columns of next. */
  async #columnGram(waiting: Waiting): Promise<void> {
    const { arena, exports } = this.#kernels;
    const { columns } = this.#matrix;
    const { mean, gram, scratch } = this.#small;
    arena.u8(gram, this.#width * this.#width * 8).fill(0);
    for (let from = 0; from < columns; from += PCA_BLOCK) {
      exports.covarianceAdd(this.#next + from * this.#width * 4, Math.min(PCA_BLOCK, columns - from), this.#width, mean, scratch, gram);
      const promise = waiting(0);
      if (promise) await promise;
    }
  }

  /** The Gram matrix, both triangles. */
  #takeGram(): Float64Array {
    const n = this.#width;
    const gram = new Float64Array(this.#kernels.arena.u8(this.#small.gram, n * n * 8).slice().buffer);
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) gram[i * n + j] = gram[j * n + i]!;
    return gram;
  }

  /** to = from times the first `count` rows of the rotation, transposed. */
  async #rotate(from: number, to: number, count: number, waiting: Waiting): Promise<void> {
    const { columns } = this.#matrix;
    const { mean, rotation, scratch } = this.#small;
    const step = Math.max(1, Math.floor(STEP_PRODUCTS / (this.#width * this.#width)));
    for (let row = 0; row < columns; row += step) {
      this.#kernels.exports.pcaProject(from + row * this.#width * 4, Math.min(step, columns - row), this.#width, mean, rotation, count, scratch, to + row * count * 4);
      const promise = waiting(0.9);
      if (promise) await promise;
    }
  }

  async #eachBlock(waiting: Waiting, work: (rows: number) => void): Promise<void> {
    const { arena } = this.#kernels;
    const { offsets, terms, weights, rows } = this.#matrix;
    let from = 0;
    for (const to of this.#block.ends) {
      const first = offsets[from]!, end = offsets[to]!;
      arena.u32(this.#block.offsets, to - from + 1).set(offsets.subarray(from, to + 1).map((offset) => offset - first));
      arena.u32(this.#block.terms, end - first).set(terms.subarray(first, end));
      arena.f32(this.#block.weights, end - first).set(weights.subarray(first, end));
      work(to - from);
      from = to;
      const promise = waiting(from / rows);
      if (promise) await promise;
    }
  }
}

/** Rows in blocks of about STEP_PRODUCTS multiplications, at least one row each; and the most rows and entries that a block has. */
function blocksOf({ rows, offsets }: SparseMatrix, width: number): { ends: number[]; rows: number; entries: number } {
  const entriesMax = Math.max(1, Math.floor(STEP_PRODUCTS / width));
  const ends: number[] = [];
  let from = 0, mostRows = 1, mostEntries = 1;
  for (let row = 1; row <= rows; row++) {
    if (row < rows && row - from < 1024 && offsets[row + 1]! - offsets[from]! <= entriesMax) continue;
    ends.push(row);
    mostRows = Math.max(mostRows, row - from);
    mostEntries = Math.max(mostEntries, offsets[row]! - offsets[from]!);
    from = row;
  }
  return { ends, rows: mostRows, entries: mostEntries };
}

/** Turns columns around so that the entry of largest magnitude is positive. */
function turnSigns(vectors: Float32Array, dim: number): void {
  const largest = new Float32Array(dim);
  for (let row = 0; row < vectors.length; row += dim) {
    for (let c = 0; c < dim; c++) if (Math.abs(vectors[row + c]!) > Math.abs(largest[c]!)) largest[c] = vectors[row + c]!;
  }
  for (let row = 0; row < vectors.length; row += dim) {
    for (let c = 0; c < dim; c++) if (largest[c]! < 0) vectors[row + c] = -vectors[row + c]!;
  }
}
