/** Rows of a segment from the oldest on: what a time to live asks for. Looking when nothing has expired costs one comparison. */
import type { RowTimes } from './row-times.ts';

export class Ages {
  readonly #times: RowTimes;
  /** Runs by time, where they do not lie so already. */
  #order: Uint32Array | null = null;
  readonly #isInOrder: boolean;
  /** So many of the runs are past. */
  #past = 0;

  /** `isInOrder`: later rows are never older. */
  constructor(times: RowTimes, isInOrder: boolean) {
    this.#times = times;
    this.#isInOrder = isInOrder;
  }

  /** Calls back for rows inserted up to a time that no earlier call was told of. Answers the next insert time; null where there is none. */
  take(upTo: bigint, onRow: (row: number, insertedAt: bigint) => void): bigint | null {
    const times = this.#times;
    for (; this.#past < times.runs; this.#past++) {
      const { from, to, timestamp } = times.run(this.#runAt(this.#past));
      if (timestamp > upTo) return timestamp;
      for (let row = from; row < to; row++) onRow(row, timestamp);
    }
    return null;
  }

  /** Begins again with the oldest. */
  reset(): void {
    this.#past = 0;
  }

  #runAt(place: number): number {
    if (this.#isInOrder) return place;
    this.#order ??= this.#sorted();
    return this.#order[place]!;
  }

  #sorted(): Uint32Array {
    const timestamps = Array.from({ length: this.#times.runs }, (_, i) => this.#times.run(i).timestamp);
    return Uint32Array.from(timestamps.keys()).sort((a, b) => (timestamps[a]! < timestamps[b]! ? -1 : timestamps[a]! > timestamps[b]! ? 1 : 0));
  }
}
