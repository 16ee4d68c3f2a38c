/** Keeps what a read under way needs: memory is given back when the last reader is done and no new one will come. */
import { assert } from '../util/assert.ts';

export class Pins {
  readonly #free: () => void;
  readonly #onFreed: () => void;
  #count = 0;
  #retired = false;
  /** Resolves when no reader is left and none will come. */
  readonly freed: Promise<void>;

  constructor(free: () => void) {
    let onFreed!: () => void;
    this.freed = new Promise((resolve) => (onFreed = resolve));
    this.#onFreed = onFreed;
    this.#free = free;
  }

  pin(): void {
    this.#count++;
  }

  unpin(): void {
    assert(this.#count > 0, 'a segment is unpinned as often as it was pinned');
    this.#count--;
    if (this.#retired && this.#count === 0) this.#end();
  }

  /** No new reader will come. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#count === 0) this.#end();
  }

  #end(): void {
    this.#free();
    this.#onFreed();
  }
}
