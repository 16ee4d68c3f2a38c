import { IMAGE_DIM } from '../../../sample/collections.mjs';
import type { Pictures } from '../../../sample/source.mjs';

/** Pictures held by the page, for drawing and for the exact search that recall is measured against. */
export class PictureSet {
  /** Shape (capacity). */
  readonly labels: Uint8Array;
  /** Shape (capacity, 784), row-major, 0 (background) to 255. */
  readonly pixels: Uint8Array;
  readonly #isThere: Uint8Array;
  #rows = 0;

  constructor(capacity: number) {
    this.labels = new Uint8Array(capacity);
    this.pixels = new Uint8Array(capacity * IMAGE_DIM);
    this.#isThere = new Uint8Array(capacity);
  }

  /** Pictures that are there. */
  get rows(): number {
    return this.#rows;
  }

  get isComplete(): boolean {
    return this.#rows === this.labels.length;
  }

  has(id: number): boolean {
    return this.#isThere[id] === 1;
  }

  add({ firstId, rows, labels, pixels }: Pictures): void {
    this.labels.set(labels, firstId);
    this.pixels.set(pixels, firstId * IMAGE_DIM);
    for (let id = firstId; id < firstId + rows; id++) {
      if (this.#isThere[id] === 0) this.#rows++;
      this.#isThere[id] = 1;
    }
  }

  picture(id: number): Uint8Array {
    return this.pixels.subarray(id * IMAGE_DIM, (id + 1) * IMAGE_DIM);
  }

  /** The picture as the vector that it is in the database. */
  vector(id: number): Float32Array {
    return Float32Array.from(this.picture(id));
  }
}
