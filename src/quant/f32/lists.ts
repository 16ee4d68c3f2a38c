/**
 * Rows of lists as they are: a copy of the f32 vectors by position, so that a list is read from front to back. The index
 * answers from it alone; the segment's own vectors need not be in memory.
 *
 * Section: `vectors` f32, shape (rows, dim), by position.
 */
import { IVF_DATA, IVF_KIND, IVF_PER_ROW, IVF_STRIDE, LISTS_F32 } from '../../kernels/abi.ts';
import type { QueryTile } from '../../kernels/query-tile.ts';
import { f32Centroids, squaredLengths, type ListCode, type ListCodeType, type ListLayout, type ListTile } from '../list-code.ts';
import { takeSection, type Section } from '../sections.ts';

class F32Lists implements ListCode {
  readonly wantsUnitRows = false;
  readonly work = 0;
  readonly #layout: ListLayout;
  readonly #dataPtr: number;
  readonly #normsPtr: number;

  constructor(layout: ListLayout) {
    const { arena } = layout.kernels;
    this.#layout = layout;
    this.#dataPtr = arena.alloc(layout.rows * layout.dim * 4);
    this.#normsPtr = arena.alloc(layout.rows * 4);
  }

  get centroids(): Float32Array {
    return this.#layout.centroids;
  }

  get centroidTerms(): Float32Array {
    return squaredLengths(this.#layout.centroids, this.#layout.dim);
  }

  get memoryBytes(): number {
    return this.#layout.rows * (this.#layout.dim * 4 + 4);
  }

  describe(struct: Uint32Array): void {
    struct[IVF_KIND / 4] = LISTS_F32;
    struct[IVF_DATA / 4] = this.#dataPtr;
    struct[IVF_STRIDE / 4] = this.#layout.dim * 4;
    struct[IVF_PER_ROW / 4] = this.#normsPtr;
  }

  *train(): Generator<number> {}

  encode(source: number, from: number, to: number): void {
    const { kernels, dim } = this.#layout;
    const { arena } = kernels;
    arena.f32(this.#dataPtr + from * dim * 4, (to - from) * dim).set(arena.f32(source, (to - from) * dim));
  }

  load(bytes: Uint8Array): this {
    const { kernels, rows, dim } = this.#layout;
    kernels.arena.u8(this.#dataPtr, bytes.length).set(bytes);
    kernels.inverseNorms(this.#dataPtr, rows, dim, this.#normsPtr);
    return this;
  }

  readonly comparesByList = false;
  startTile = (tile: QueryTile): ListTile => {
    const { exports } = this.#layout.kernels;
    return {
      scan: (from, to, allowPtr, rowIdsPtr, membersPtr, n) => exports.tileScan(tile.ptr, this.#dataPtr, this.#normsPtr, from, to, allowPtr, rowIdsPtr, 0, membersPtr, n),
      free() {},
    };
  };

  sections(): Section[] {
    const { kernels, rows, dim } = this.#layout;
    return [{ name: 'vectors', bytes: kernels.arena.u8(this.#dataPtr, rows * dim * 4).slice() }];
  }

  free(): void {
    this.#layout.kernels.arena.free(this.#dataPtr);
    this.#layout.kernels.arena.free(this.#normsPtr);
  }
}

export const f32Lists: ListCodeType = {
  ...f32Centroids,
  create: (layout) => new F32Lists(layout),
  open: (layout, sections) => {
    const bytes = takeSection(sections, 'vectors', layout.rows * layout.dim * 4);
    return new F32Lists(layout).load(bytes);
  },
  bytesPerRow: (dim) => dim * 4 + 4,
};
