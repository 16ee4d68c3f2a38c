import { IMAGE_DIM } from '../../sample/collections.mjs';
import type { Pictures } from '../../sample/source.mjs';

/** Pictures held by the page, for drawing and for the exact search that recall is measured against. */
export class PictureSet {
  /** Shape (capacity). */
  readonly labels: Uint8Array;
  /** Shape (capacity, 784), row-major, 0 (background) to 255. */
  readonly pixels: Uint8Array;
  /** Ids 0 to rows - 1 are there. */
  rows = 0;

  constructor(capacity: number) {
    this.labels = new Uint8Array(capacity);
    this.pixels = new Uint8Array(capacity * IMAGE_DIM);
  }

  get complete(): boolean {
    return this.rows === this.labels.length;
  }

  /** Blocks come in the order of their ids; one that came before is ignored. */
  add({ firstId, rows, labels, pixels }: Pictures): void {
    if (firstId !== this.rows) return;
    this.labels.set(labels, firstId);
    this.pixels.set(pixels, firstId * IMAGE_DIM);
    this.rows += rows;
  }

  picture(id: number): Uint8Array {
    return this.pixels.subarray(id * IMAGE_DIM, (id + 1) * IMAGE_DIM);
  }

  /** The picture as the vector that it is in the database. */
  vector(id: number): Float32Array {
    return Float32Array.from(this.picture(id));
  }
}
