/**
 * Rows of lists by RaBitQ (Gao, Long): one bit a dimension, the sign of the residual x - c after a random rotation, and two
 * numbers a row that make the estimate of a distance unbiased. With r the rotated residual, s its signs and
 * g = |r|^2 / sum |r_i|, the dot product q·r is estimated by g q·s: exact for q = r, and right on average over rotations.
 *
 *   L2            |q - x|^2 ~ |q - c|^2 + |r|^2 - 2 g (q·s - c·s)      factor -2 g, term |r|^2 + 2 g c·s
 *   COSINE           -q·x   ~ -q·c - g (q·s - c·s) - c·r               factor -g,   term g c·s - c·r
 *   IP               -q·x   ~ -q·c - g q·s                             factor -g,   term 0
 *
 * COSINE and L2 estimate the product with q - c, which is short where it matters; under IP q and c need not be near.
 *
 * With further bits a dimension (`further-bits.ts`) the whole code v takes the place of s in the same formulas, with
 * g = |r|^2 / r·v; the signs then only say which rows are worth it. The estimate by signs is off by no more than about
 * ERROR_DEVIATIONS |r| |q - c| sqrt((1 - a^2) / (a^2 (dim - 1))), a the cosine of r and s, for nearly all rows; IP: |q| for |q - c|.
 *
 * Sections: `signs` u8, shape (rounds, bytes of dim bits), the rotation's, bit set: plus; `bits` u8, shape (blocks, parts,
 * 16), four dimensions a nibble (`../pq/blocks.ts`), bit set: plus; `bit-factors`, `bit-terms` f32, shape (rows). With further bits:
 * `further-bits` u8, shape (rows, dim / 16 rounded up, bits, 2); `further-factors` f32, shape (rows, 2); `bit-errors` f32, shape (rows).
 */
import {
  IVF_BLOCKS, IVF_DATA, IVF_ERRORS, IVF_FACTORS, IVF_FLOAT_TABLES, IVF_FURTHER, IVF_FURTHER_BITS, IVF_FURTHER_FACTORS, IVF_KIND, IVF_PARTS, IVF_PART_DIM,
  IVF_PER_ROW, IVF_QUERY, IVF_ROTATION, IVF_TABLES, LISTS_SIGNS, ROTATION_ROUNDS,
} from '../../kernels/abi.ts';
import type { MetricType } from '../../schema/types.ts';
import { mulberry32 } from '../../util/random.ts';
import { f32Centroids, listCursor, SLACK_ROWS, squaredLengths, type ListCode, type ListCodeType, type ListLayout } from '../list-code.ts';
import { blockBytes, blockStarts, putNibble } from '../pq/blocks.ts';
import { takeSection, type Section } from '../sections.ts';
import { furtherBytes, FurtherBits } from './further-bits.ts';

/** Dimensions a nibble. */
const PART_DIM = 4;
/** Standard deviations that an estimate by signs may be off before a row is lost for it; the paper's choice. */
const ERROR_DEVIATIONS = 1.9;

/** Parts of a code: even, because the scan takes two at a time. */
const partsOf = (dim: number): number => 2 * Math.ceil(dim / (2 * PART_DIM));
const signBytes = (dim: number): number => Math.ceil(dim / 8);

/** Random signs, u8, shape (rounds, bytes of dim bits). */
function drawSigns(dim: number, seed: number): Uint8Array {
  const next = mulberry32(seed);
  return Uint8Array.from({ length: ROTATION_ROUNDS * signBytes(dim) }, () => next() >>> 24);
}

class SignLists implements ListCode {
  /** Every query has tables of its own, which take more of the cache than a list does. */
  readonly comparesByList = true;
  readonly startTile = null;
  readonly wantsUnitRows = true;
  readonly centroids: Float32Array;
  readonly #layout: ListLayout;
  readonly #signs: Uint8Array;
  readonly #parts: number;
  readonly #blocks: Uint32Array;
  readonly #codeBytes: number;
  readonly #held: { ptr: number; bytes: number }[] = [];
  readonly #codesPtr: number;
  readonly #factorsPtr: number;
  readonly #termsPtr: number;
  readonly #blocksPtr: number;
  readonly #tablesPtr: number;
  readonly #floatTablesPtr: number;
  readonly #queryPtr: number;
  readonly #rotationPtr: number;
  readonly #listOf: (position: number) => number;
  /** Bits a dimension beside the sign. */
  readonly #furtherBits: number;
  readonly #further: FurtherBits;
  readonly #furtherBytes: number;
  readonly #furtherPtr: number;
  readonly #furtherFactorsPtr: number;
  readonly #errorsPtr: number;

  /** `areRotated`: the layout's centroids are, as they come from a file. */
  constructor(layout: ListLayout, furtherBits: number, signs: Uint8Array, areRotated: boolean) {
    const { kernels, rows, dim } = layout;
    const { arena } = kernels;
    this.#layout = layout;
    this.#signs = signs;
    this.#parts = partsOf(dim);
    const { blocks, total } = blockStarts(layout.starts);
    this.#blocks = blocks;
    this.#codeBytes = total * blockBytes(this.#parts);
    this.#listOf = listCursor(layout.starts);
    const alloc = (bytes: number): number => {
      const ptr = arena.alloc(bytes);
      this.#held.push({ ptr, bytes });
      return ptr;
    };
    this.#codesPtr = alloc(this.#codeBytes);
    this.#factorsPtr = alloc((rows + SLACK_ROWS) * 4);
    this.#termsPtr = alloc((rows + SLACK_ROWS) * 4);
    this.#blocksPtr = alloc(blocks.length * 4);
    this.#tablesPtr = alloc(this.#parts * 16);
    this.#floatTablesPtr = alloc(this.#parts * 64);
    const queryBytes = Math.max(this.#parts * PART_DIM, Math.ceil(dim / 16) * 16) * 4;
    this.#queryPtr = alloc(queryBytes);
    arena.u8(this.#queryPtr, queryBytes).fill(0);
    this.#rotationPtr = alloc(ROTATION_ROUNDS * dim * 4);
    this.#furtherBits = furtherBits;
    this.#further = new FurtherBits(dim, furtherBits);
    this.#furtherBytes = rows * furtherBytes(dim, furtherBits);
    this.#furtherPtr = furtherBits ? alloc(this.#furtherBytes) : 0;
    this.#furtherFactorsPtr = furtherBits ? alloc(rows * 8) : 0;
    this.#errorsPtr = furtherBits ? alloc((rows + SLACK_ROWS) * 4) : 0;
    if (furtherBits) {
      arena.u8(this.#furtherPtr, this.#furtherBytes).fill(0);
      arena.f32(this.#errorsPtr, rows + SLACK_ROWS).fill(0);
    }
    arena.u8(this.#codesPtr, this.#codeBytes).fill(0);
    arena.f32(this.#factorsPtr, rows + SLACK_ROWS).fill(0);
    arena.f32(this.#termsPtr, rows + SLACK_ROWS).fill(0);
    arena.u32(this.#blocksPtr, blocks.length).set(blocks);
    const rotation = arena.f32(this.#rotationPtr, ROTATION_ROUNDS * dim);
    for (let round = 0; round < ROTATION_ROUNDS; round++) {
      for (let d = 0; d < dim; d++) rotation[round * dim + d] = (signs[round * signBytes(dim) + (d >> 3)] >> (d & 7)) & 1 ? 1 : -1;
    }
    this.centroids = areRotated ? layout.centroids : this.#rotated(layout.centroids);
  }

  #rotated(values: Float32Array): Float32Array {
    const { kernels, dim } = this.#layout;
    const ptr = kernels.arena.alloc(values.byteLength);
    kernels.arena.f32(ptr, values.length).set(values);
    kernels.exports.rotateVectors(ptr, values.length / dim, dim, this.#rotationPtr);
    const rotated = kernels.arena.f32(ptr, values.length).slice();
    kernels.arena.free(ptr);
    return rotated;
  }

  get centroidTerms(): Float32Array {
    return squaredLengths(this.centroids, this.#layout.dim);
  }

  get memoryBytes(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get work(): number {
    return this.#layout.rows * this.#layout.dim * (this.#furtherBits ? 60 : 20);
  }

  describe(struct: Uint32Array): void {
    struct[IVF_KIND / 4] = LISTS_SIGNS;
    struct[IVF_DATA / 4] = this.#codesPtr;
    struct[IVF_PER_ROW / 4] = this.#termsPtr;
    struct[IVF_FACTORS / 4] = this.#factorsPtr;
    struct[IVF_BLOCKS / 4] = this.#blocksPtr;
    struct[IVF_PARTS / 4] = this.#parts;
    struct[IVF_PART_DIM / 4] = PART_DIM;
    struct[IVF_TABLES / 4] = this.#tablesPtr;
    struct[IVF_FLOAT_TABLES / 4] = this.#floatTablesPtr;
    struct[IVF_QUERY / 4] = this.#queryPtr;
    struct[IVF_ROTATION / 4] = this.#rotationPtr;
    struct[IVF_FURTHER_BITS / 4] = this.#furtherBits;
    struct[IVF_FURTHER / 4] = this.#furtherPtr;
    struct[IVF_FURTHER_FACTORS / 4] = this.#furtherFactorsPtr;
    struct[IVF_ERRORS / 4] = this.#errorsPtr;
  }

  *train(): Generator<number> {}

  encode(source: number, from: number, to: number): void {
    const { kernels, dim, metric, starts } = this.#layout;
    const { arena } = kernels;
    const n = to - from, parts = this.#parts, c = this.centroids;
    kernels.exports.rotateVectors(source, n, dim, this.#rotationPtr);
    const rows = arena.f32(source, n * dim), codes = arena.u8(this.#codesPtr, this.#codeBytes);
    const factors = arena.f32(this.#factorsPtr + from * 4, n), terms = arena.f32(this.#termsPtr + from * 4, n);
    const residual = new Float64Array(dim);
    for (let i = 0; i < n; i++) {
      const list = this.#listOf(from + i);
      const at = this.#blocks[list] * blockBytes(parts), place = from + i - starts[list];
      let squares = 0, absolute = 0, cs = 0, cr = 0;
      for (let part = 0, d = 0; d < dim; part++) {
        let nibble = 0;
        for (let bit = 0; bit < PART_DIM && d < dim; bit++, d++) {
          const centre = c[list * dim + d], r = rows[i * dim + d] - centre;
          residual[d] = r;
          squares += r * r;
          cr += centre * r;
          if (r >= 0) {
            nibble |= 1 << bit;
            absolute += r;
            cs += centre;
          } else {
            absolute -= r;
            cs -= centre;
          }
        }
        putNibble(codes, at, place, parts, part, nibble);
      }
      const g = absolute > 0 ? squares / absolute : 0;
      [factors[i], terms[i]] = estimator(metric, g, squares, cs, cr);
      if (this.#furtherBits) this.#encodeFurther(from + i, residual, squares, absolute, cr, list);
    }
  }

  #encodeFurther(position: number, residual: Float64Array, squares: number, absolute: number, cr: number, list: number): void {
    const { kernels, rows, dim, metric } = this.#layout;
    const { arena } = kernels;
    const bytes = arena.u8(this.#furtherPtr, this.#furtherBytes);
    const { own, centroid } = this.#further.write(residual, squares, this.centroids, list * dim, bytes, position * furtherBytes(dim, this.#furtherBits));
    arena.f32(this.#furtherFactorsPtr + position * 8, 2).set(estimator(metric, own > 0 ? squares / own : 0, squares, centroid, cr));
    // a^2 of the residual and its signs.
    const likeness = squares > 0 ? (absolute * absolute) / (squares * dim) : 1;
    const deviation = Math.sqrt((squares * Math.max(1 - likeness, 0)) / (likeness * Math.max(dim - 1, 1)));
    arena.f32(this.#errorsPtr, rows)[position] = ERROR_DEVIATIONS * deviation * (metric === 'L2' ? 2 : 1);
  }

  load(sections: ReadonlyMap<string, Uint8Array>): void {
    const { kernels, rows } = this.#layout;
    const { arena } = kernels;
    const codes = takeSection(sections, 'bits', this.#codeBytes);
    const factors = takeSection(sections, 'bit-factors', rows * 4), terms = takeSection(sections, 'bit-terms', rows * 4);
    arena.u8(this.#codesPtr, codes.length).set(codes);
    arena.u8(this.#factorsPtr, factors.length).set(factors);
    arena.u8(this.#termsPtr, terms.length).set(terms);
    if (!this.#furtherBits) return;
    const further = takeSection(sections, 'further-bits', this.#furtherBytes);
    const furtherFactors = takeSection(sections, 'further-factors', rows * 8), errors = takeSection(sections, 'bit-errors', rows * 4);
    arena.u8(this.#furtherPtr, further.length).set(further);
    arena.u8(this.#furtherFactorsPtr, furtherFactors.length).set(furtherFactors);
    arena.u8(this.#errorsPtr, errors.length).set(errors);
  }

  sections(): Section[] {
    const { kernels, rows } = this.#layout;
    const { arena } = kernels;
    return [
      { name: 'signs', bytes: this.#signs.slice() },
      { name: 'bits', bytes: arena.u8(this.#codesPtr, this.#codeBytes).slice() },
      { name: 'bit-factors', bytes: arena.u8(this.#factorsPtr, rows * 4).slice() },
      { name: 'bit-terms', bytes: arena.u8(this.#termsPtr, rows * 4).slice() },
      ...(this.#furtherBits
        ? [
            { name: 'further-bits', bytes: arena.u8(this.#furtherPtr, this.#furtherBytes).slice() },
            { name: 'further-factors', bytes: arena.u8(this.#furtherFactorsPtr, rows * 8).slice() },
            { name: 'bit-errors', bytes: arena.u8(this.#errorsPtr, rows * 4).slice() },
          ]
        : []),
    ];
  }

  free(): void {
    for (const { ptr } of this.#held) this.#layout.kernels.arena.free(ptr);
  }
}

/** What the product of query and code is multiplied by, and what is added. */
function estimator(metric: MetricType, g: number, squares: number, centroidAndCode: number, centroidAndResidual: number): [factor: number, term: number] {
  if (metric === 'L2') return [-2 * g, squares + 2 * g * centroidAndCode];
  return [-g, metric === 'COSINE' ? g * centroidAndCode - centroidAndResidual : 0];
}

/** `bits` a dimension, 1 to 9, the sign with them. */
export function rabitqLists(bits: number): ListCodeType {
  const furtherBits = bits - 1;
  return {
    ...f32Centroids,
    create: (layout) => new SignLists(layout, furtherBits, drawSigns(layout.dim, layout.seed + 4), false),
    open(layout, sections) {
      const signs = takeSection(sections, 'signs', ROTATION_ROUNDS * signBytes(layout.dim)).slice();
      const lists = new SignLists(layout, furtherBits, signs, true);
      try {
        lists.load(sections);
      } catch (error) {
        lists.free();
        throw error;
      }
      return lists;
    },
    bytesPerRow: (dim) => partsOf(dim) / 2 + 8 + (furtherBits ? furtherBytes(dim, furtherBits) + 12 : 0),
  };
}
