/**
 * Hybrid timestamps as Milvus has them: `(unix milliseconds << 18) + logical`. Each is larger than every one before,
 * also across restarts and when the wall clock steps back.
 */
const LOGICAL_BITS = 18n;

export const millisecondsBetween = (from: bigint, to: bigint): number => Number((to >> LOGICAL_BITS) - (from >> LOGICAL_BITS));

export class Clock {
  #last: bigint;
  readonly #now: () => number;

  constructor(last: bigint, now: () => number = Date.now) {
    this.#last = last;
    this.#now = now;
  }

  /** The largest timestamp given out or observed. */
  get last(): bigint {
    return this.#last;
  }

  /** The wall clock as a timestamp, which is given to nothing. */
  now(): bigint {
    return BigInt(this.#now()) << LOGICAL_BITS;
  }

  next(): bigint {
    const wall = this.now();
    this.#last = wall > this.#last ? wall : this.#last + 1n;
    return this.#last;
  }

  /** Takes note of a timestamp found in a log or a manifest. */
  observe(timestamp: bigint): void {
    if (timestamp > this.#last) this.#last = timestamp;
  }
}
