/** Work that takes long, cut into slices of a few milliseconds. */
import { throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';

const SLICE_MS = 10;

/** Gives way to the host whenever a slice of work has been done. */
export class Slices {
  readonly #signal: AbortSignal | undefined;
  #start = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  get isOver(): boolean {
    return performance.now() - this.#start > SLICE_MS;
  }

  /** Rejects when the search was aborted meanwhile. */
  async pause(): Promise<void> {
    await yieldToHost();
    throwIfAborted(this.#signal);
    this.#start = performance.now();
  }
}
