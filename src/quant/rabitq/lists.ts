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
 * Sections: `signs` u8, shape (rounds, bytes of dim bits), the rotation's, bit set: plus; `bits` u8, shape (blocks, parts,
 * 16), four dimensions a nibble (`../pq/blocks.ts`), bit set: plus; `bit-factors`, `bit-terms` f32, shape (rows).
 */
import {
  IVF_BLOCKS, IVF_DATA, IVF_FACTORS, IVF_FLOAT_TABLES, IVF_KIND, IVF_PARTS, IVF_PART_DIM, IVF_PER_ROW, IVF_QUERY, IVF_ROTATION, IVF_TABLES, LISTS_SIGNS,
  ROTATION_ROUNDS,
} from '../../kernels/abi.ts';
import { mulberry32 } from '../../util/random.ts';
import { f32Centroids, listCursor, SLACK_ROWS, squaredLengths, type ListCode, type ListCodeType, type ListLayout } from '../list-code.ts';
import { blockBytes, blockStarts, putNibble } from '../pq/blocks.ts';
import { takeSection, type Section } from '../sections.ts';

/** Dimensions a nibble. */
const PART_DIM = 4;

/** Parts of a code: even, because the scan takes two at a time. */
const partsOf = (dim: number): number => 2 * Math.ceil(dim / (2 * PART_DIM));
const signBytes = (dim: number): number => Math.ceil(dim / 8);

/** Random signs, u8, shape (rounds, bytes of dim bits). */
function drawSigns(dim: number, seed: number): Uint8Array {
  const next = mulberry32(seed);
  return Uint8Array.from({ length: ROTATION_ROUNDS * signBytes(dim) }, () => next() >>> 24);
}

class SignLists implements ListCode {
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

  /** `areRotated`: the layout's centroids are, as they come from a file. */
  constructor(layout: ListLayout, signs: Uint8Array, areRotated: boolean) {
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
    this.#queryPtr = alloc(this.#parts * PART_DIM * 4);
    this.#rotationPtr = alloc(ROTATION_ROUNDS * dim * 4);
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
    return this.#layout.rows * this.#layout.dim * 20;
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
  }

  *train(): Generator<number> {}

  encode(source: number, from: number, to: number): void {
    const { kernels, dim, metric, starts } = this.#layout;
    const { arena } = kernels;
    const n = to - from, parts = this.#parts, c = this.centroids;
    kernels.exports.rotateVectors(source, n, dim, this.#rotationPtr);
    const rows = arena.f32(source, n * dim), codes = arena.u8(this.#codesPtr, this.#codeBytes);
    const factors = arena.f32(this.#factorsPtr + from * 4, n), terms = arena.f32(this.#termsPtr + from * 4, n);
    for (let i = 0; i < n; i++) {
      const list = this.#listOf(from + i);
      const at = this.#blocks[list] * blockBytes(parts), place = from + i - starts[list];
      let squares = 0, absolute = 0, cs = 0, cr = 0;
      for (let part = 0, d = 0; d < dim; part++) {
        let nibble = 0;
        for (let bit = 0; bit < PART_DIM && d < dim; bit++, d++) {
          const centre = c[list * dim + d], r = rows[i * dim + d] - centre;
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
      factors[i] = metric === 'L2' ? -2 * g : -g;
      terms[i] = metric === 'L2' ? squares + 2 * g * cs : metric === 'COSINE' ? g * cs - cr : 0;
    }
  }

  load(sections: ReadonlyMap<string, Uint8Array>): void {
    const { kernels, rows } = this.#layout;
    const { arena } = kernels;
    const codes = takeSection(sections, 'bits', this.#codeBytes);
    const factors = takeSection(sections, 'bit-factors', rows * 4), terms = takeSection(sections, 'bit-terms', rows * 4);
    arena.u8(this.#codesPtr, codes.length).set(codes);
    arena.u8(this.#factorsPtr, factors.length).set(factors);
    arena.u8(this.#termsPtr, terms.length).set(terms);
  }

  sections(): Section[] {
    const { kernels, rows } = this.#layout;
    const { arena } = kernels;
    return [
      { name: 'signs', bytes: this.#signs.slice() },
      { name: 'bits', bytes: arena.u8(this.#codesPtr, this.#codeBytes).slice() },
      { name: 'bit-factors', bytes: arena.u8(this.#factorsPtr, rows * 4).slice() },
      { name: 'bit-terms', bytes: arena.u8(this.#termsPtr, rows * 4).slice() },
    ];
  }

  free(): void {
    for (const { ptr } of this.#held) this.#layout.kernels.arena.free(ptr);
  }
}

export const rabitqLists: ListCodeType = {
  ...f32Centroids,
  create: (layout) => new SignLists(layout, drawSigns(layout.dim, layout.seed + 4), false),
  open(layout, sections) {
    const signs = takeSection(sections, 'signs', ROTATION_ROUNDS * signBytes(layout.dim)).slice();
    const lists = new SignLists(layout, signs, true);
    try {
      lists.load(sections);
    } catch (error) {
      lists.free();
      throw error;
    }
    return lists;
  },
  bytesPerRow: (dim) => partsOf(dim) / 2 + 8,
};
