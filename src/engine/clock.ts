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
    return ticksOf(this.#now());
  }

  /** No timestamp that was given out is later. */
  get present(): bigint {
    const wall = this.now();
    return wall > this.#last ? wall : this.#last;
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
