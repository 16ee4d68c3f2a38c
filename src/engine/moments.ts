/**
 * Moments that are being read page by page: no horizon passes them, so that the last page sees what the first one saw. Who reads says
 * again and again that it still does; a moment of which nothing is heard for a while is held no longer.
 */
import { millisecondsBetween, type Clock } from './clock.ts';

/** So long a moment is held after it was last asked for. */
export const HELD_MS = 5 * 60_000;

interface Held {
  readonly at: bigint;
  /** By the wall clock, as a timestamp. */
  readonly since: bigint;
}

export class Moments {
  readonly #clock: Clock;
  /** By collection, by the name that its reader has given. */
  readonly #held = new Map<number, Map<string, Held>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For the time to come; the same again for longer. */
  hold(collectionId: number, id: string, at: bigint): void {
    let held = this.#held.get(collectionId);
    if (!held) this.#held.set(collectionId, (held = new Map()));
    held.set(id, { at, since: this.#clock.now() });
  }

  release(collectionId: number, id: string): void {
    const held = this.#held.get(collectionId);
    if (held?.delete(id) && held.size === 0) this.#held.delete(collectionId);
  }

  /** The earliest that is held of a collection; null: none. */
  oldest(collectionId: number): bigint | null {
    let oldest: bigint | null = null;
    for (const [id, { at, since }] of this.#held.get(collectionId) ?? []) {
      if (millisecondsBetween(since, this.#clock.now()) > HELD_MS) this.release(collectionId, id);
      else if (oldest === null || at < oldest) oldest = at;
    }
    return oldest;
  }

  /** To be called when the collection is dropped. */
  forget(collectionId: number): void {
    this.#held.delete(collectionId);
  }
}
