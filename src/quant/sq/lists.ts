/** Rows of lists in 7-bit codes, by position. Sections: those of `codes.ts`. */
import { IVF_CODES, IVF_KIND, IVF_QUERY, LISTS_CODES } from '../../kernels/abi.ts';
import { f32Centroids, squaredLengths, type ListCode, type ListCodeType, type ListLayout } from '../list-code.ts';
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
