/**
 * Hybrid timestamps as Milvus has them: `(unix milliseconds << 18) + logical`. Each is larger than every one before,
 * also across restarts and when the wall clock steps back.
 */
const LOGICAL_BITS = 18n;

/** A length of time as a difference of timestamps. */
export const ticksOf = (milliseconds: number): bigint => BigInt(Math.round(milliseconds)) << LOGICAL_BITS;

/** The wall clock's part of a timestamp, to be read by people. */
export function isoTime(timestamp: bigint): string {
  const milliseconds = Number(timestamp >> LOGICAL_BITS);
  return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString() : `${milliseconds} ms`;
}

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

  /** The present: no timestamp that was given out is later. */
  get now(): bigint {
    const wall = ticksOf(this.#now());
    return wall > this.#last ? wall : this.#last;
  }

  next(): bigint {
    const wall = ticksOf(this.#now());
    this.#last = wall > this.#last ? wall : this.#last + 1n;
    return this.#last;
  }

  /** Takes note of a timestamp found in a log or a manifest. */
  observe(timestamp: bigint): void {
    if (timestamp > this.#last) this.#last = timestamp;
  }
}
