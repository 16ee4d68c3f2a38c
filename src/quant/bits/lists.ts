/**
 * Binary rows of lists as they are: a copy by position, so that a list is read from front to back.
 *
 * Section: `vectors` u8, shape (rows, dim / 8), by position.
 */
import { IVF_DATA, IVF_KIND, IVF_PER_ROW, IVF_STRIDE, LISTS_BITS } from '../../kernels/abi.ts';
import { ROW_FORMATS, ROWS_SLACK_BYTES } from '../../kernels/rows.ts';
import type { ListCode, ListCodeType, ListLayout } from '../list-code.ts';
import { takeSection, type Section } from '../sections.ts';

const FORMAT = ROW_FORMATS.BinaryVector;

class BitLists implements ListCode {
  readonly wantsUnitRows = false;
  readonly work = 0;
  readonly comparesByList = false;
  readonly startTile = null;
  readonly centroids: Uint8Array;
  readonly centroidTerms: Uint32Array;
  readonly #layout: ListLayout<Uint8Array>;
  readonly #byteLength: number;
  readonly #dataPtr: number;
  readonly #countsPtr: number;

  constructor(layout: ListLayout<Uint8Array>) {
    const { kernels, centroids, rows, dim } = layout;
    const { arena } = kernels;
    this.#layout = layout;
    this.centroids = centroids;
    this.centroidTerms = setBits(centroids, dim);
    this.#byteLength = rows * FORMAT.rowBytes(dim);
    this.#dataPtr = arena.alloc(this.#byteLength + ROWS_SLACK_BYTES);
    this.#countsPtr = arena.alloc(Math.max(rows * 4, 4));
  }

  get memoryBytes(): number {
    return this.#byteLength + ROWS_SLACK_BYTES + this.#layout.rows * 4;
  }

  describe(struct: Uint32Array): void {
    struct[IVF_KIND / 4] = LISTS_BITS;
    struct[IVF_DATA / 4] = this.#dataPtr;
    struct[IVF_STRIDE / 4] = FORMAT.rowBytes(this.#layout.dim);
    struct[IVF_PER_ROW / 4] = this.#countsPtr;
  }

  *train(): Generator<number> {}

  encode(source: number, from: number, to: number): void {
    const { kernels, dim } = this.#layout;
    const bytes = FORMAT.rowBytes(dim);
    kernels.arena.u8(this.#dataPtr + from * bytes, (to - from) * bytes).set(kernels.arena.u8(source, (to - from) * bytes));
  }

  load(bytes: Uint8Array): this {
    const { kernels, rows, dim } = this.#layout;
    kernels.arena.u8(this.#dataPtr, bytes.length).set(bytes);
    kernels.rowTerms(FORMAT, this.#dataPtr, rows, dim, this.#countsPtr);
    return this;
  }

  sections(): Section[] {
    return [{ name: 'vectors', bytes: this.#layout.kernels.arena.u8(this.#dataPtr, this.#byteLength).slice() }];
  }

  free(): void {
    this.#layout.kernels.arena.free(this.#dataPtr);
    this.#layout.kernels.arena.free(this.#countsPtr);
  }
}

/** How many bits of each row are set. `rows`: u8, shape (n, dim / 8). */
export function setBits(rows: Uint8Array, dim: number): Uint32Array {
  const bytes = FORMAT.rowBytes(dim);
  const counts = new Uint32Array(rows.length / bytes);
  for (let i = 0; i < rows.length; i++) {
    for (let byte = rows[i]; byte > 0; byte &= byte - 1) counts[Math.floor(i / bytes)]++;
  }
  return counts;
}

export const bitLists: ListCodeType<Uint8Array> = {
  centroidBytes: FORMAT.rowBytes,
  centroidsOf: (bytes) => bytes.slice(),
  create: (layout) => new BitLists(layout),
  open(layout, sections) {
    const bytes = takeSection(sections, 'vectors', layout.rows * FORMAT.rowBytes(layout.dim));
    return new BitLists(layout).load(bytes);
  },
  bytesPerRow: (dim) => FORMAT.rowBytes(dim) + 4,
};
