/** Keeps what a read under way needs: memory is given back when the last reader is done and no new one will come. */
import { assert } from '../util/assert.ts';

export class Pins {
  readonly #free: () => void;
  #count = 0;
  #retired = false;
  #then: (() => void) | undefined;

  constructor(free: () => void) {
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

  /** No new reader will come. `then` is called when the last one is done, which may be now. */
  retire(then?: () => void): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#then = then;
    if (this.#count === 0) this.#end();
  }

  #end(): void {
    this.#free();
    this.#then?.();
  }
}
