/** Rows of lists in 7-bit codes, by position. Sections: those of `codes.ts`. */
import { CODE_QUERY_CODES, CODE_QUERY_UNIT, IVF_CODES, IVF_KIND, IVF_QUERY, LISTS_CODES } from '../../kernels/abi.ts';
import type { QueryTile } from '../../kernels/query-tile.ts';
import { f32Centroids, squaredLengths, type ListCode, type ListCodeType, type ListLayout, type ListTile } from '../list-code.ts';
import type { Section } from '../sections.ts';
import { CodeBlock, codeQueryBytes, codeStride } from './codes.ts';

class Sq8Lists implements ListCode {
  readonly wantsUnitRows = true;
  readonly #layout: ListLayout;
  readonly #block: CodeBlock;
  readonly #queryPtr: number;

  constructor(layout: ListLayout, block: CodeBlock) {
    this.#layout = layout;
    this.#block = block;
    this.#queryPtr = layout.kernels.arena.alloc(codeQueryBytes(layout.dim));
  }

  get centroids(): Float32Array {
    return this.#layout.centroids;
  }

  get centroidTerms(): Float32Array {
    return squaredLengths(this.#layout.centroids, this.#layout.dim);
  }

  get work(): number {
    return this.#layout.rows * this.#layout.dim;
  }

  get memoryBytes(): number {
    return this.#block.memoryBytes + codeQueryBytes(this.#layout.dim);
  }

  describe(struct: Uint32Array): void {
    struct[IVF_KIND / 4] = LISTS_CODES;
    struct[IVF_CODES / 4] = this.#block.ptr;
    struct[IVF_QUERY / 4] = this.#queryPtr;
  }

  *train(): Generator<number> {}

  encode(source: number, from: number, to: number): void {
    this.#block.encodeFrom(source, from, to);
  }

  readonly comparesByList = false;
  startTile = (tile: QueryTile): ListTile => {
    const { kernels, dim } = this.#layout;
    const { arena, exports } = kernels;
    const codes = this.#block.ptr, bytes = codeQueryBytes(dim);
    const ptr = arena.alloc(tile.size * bytes);
    tile.units = new Float32Array(tile.size);
    for (let query = 0; query < tile.size; query++) {
      exports.codesQuery(codes, tile.queriesPtr + query * dim * 4, ptr + query * bytes);
      tile.units[query] = arena.f32(ptr + query * bytes, CODE_QUERY_CODES / 4)[CODE_QUERY_UNIT / 4]!;
    }
    return {
      scan: (from, to, allowPtr, rowIdsPtr, membersPtr, n) => exports.tileCodes(tile.ptr, codes, ptr, bytes, from, to, allowPtr, rowIdsPtr, membersPtr, n),
      free: () => arena.free(ptr),
    };
  };

  sections(): Section[] {
    return this.#block.sections();
  }

  free(): void {
    this.#block.free();
    this.#layout.kernels.arena.free(this.#queryPtr);
  }
}

export const sq8Lists: ListCodeType = {
  ...f32Centroids,
  create: (layout) => new Sq8Lists(layout, CodeBlock.train(layout)),
  open: (layout, sections) => new Sq8Lists(layout, CodeBlock.open(layout, sections)),
  bytesPerRow: (dim) => codeStride(dim) + 4,
};
