/** Which rows of a segment live: a bitset with a copy in every kernel memory that searches them. None while all live. */
import type { Kernels } from '../kernels/kernels.ts';

export class LiveRows {
  #bytes: number;
  #bits: Uint8Array | null = null;
  readonly #copies = new Map<Kernels, number>();

  constructor(rows: number) {
    this.#bytes = ((rows + 63) >>> 6) << 3;
  }

  /** Those of a bitset in whole 64-bit words. */
  static of(bits: Uint8Array): LiveRows {
    const rows = new LiveRows(0);
    rows.#bytes = bits.length;
    rows.#bits = bits;
    return rows;
  }

  kill(row: number): void {
    this.#bits ??= new Uint8Array(this.#bytes).fill(0xff);
    const byte = (this.#bits[row >>> 3]! &= ~(1 << (row & 7)));
    for (const [kernels, ptr] of this.#copies) kernels.arena.u8(ptr + (row >>> 3), 1)[0] = byte;
  }

  /** The bitset in this memory; 0 where all live. */
  ptrIn(kernels: Kernels): number {
    if (this.#bits === null) return 0;
    let ptr = this.#copies.get(kernels);
    if (ptr === undefined) {
      ptr = kernels.arena.alloc(this.#bytes);
      kernels.arena.u8(ptr, this.#bytes).set(this.#bits);
      this.#copies.set(kernels, ptr);
    }
    return ptr;
  }

  /** The rows that live now, whatever happens to them. */
  snapshot(): LiveRows {
    const copy = new LiveRows(0);
    copy.#bytes = this.#bytes;
    copy.#bits = this.#bits?.slice() ?? null;
    return copy;
  }

  /** Gives back the copies in all memories. */
  free(): void {
    for (const kernels of [...this.#copies.keys()]) this.leave(kernels);
  }

  /** Gives back the copy in this memory. */
  leave(kernels: Kernels): void {
    const ptr = this.#copies.get(kernels);
    if (ptr === undefined) return;
    kernels.arena.free(ptr);
    this.#copies.delete(kernels);
  }
}
