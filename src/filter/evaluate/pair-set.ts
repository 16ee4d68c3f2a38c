/**
 * A set of 64-bit values as two halves, by open addressing. Half of its places stay free, so that a probe soon ends; and a
 * table of small numbers tells first, without a branch, what is likely to be in the set.
 */
export class PairSet {
  /** By the lower bits of a hash: 1 where a value may be in the set. Sixteen places for each value. */
  readonly likely: Uint8Array;
  readonly likelyMask: number;
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  readonly #isTaken: Uint8Array;
  readonly #mask: number;

  /** `size`: most values that are added. */
  constructor(size: number) {
    let places = 4;
    while (places < 2 * size) places *= 2;
    this.#low = new Int32Array(places);
    this.#high = new Int32Array(places);
    this.#isTaken = new Uint8Array(places);
    this.#mask = places - 1;
    this.likely = new Uint8Array(places * 8);
    this.likelyMask = places * 8 - 1;
  }

  add(low: number, high: number): void {
    const mixed = hash(low, high);
    let at = mixed & this.#mask;
    while (this.#isTaken[at] !== 0) {
      if (this.#low[at] === low && this.#high[at] === high) return;
      at = (at + 1) & this.#mask;
    }
    this.#isTaken[at] = 1;
    this.#low[at] = low;
    this.#high[at] = high;
    this.likely[mixed & this.likelyMask] = 1;
  }

  has(low: number, high: number): boolean {
    for (let at = hash(low, high) & this.#mask; this.#isTaken[at] !== 0; at = (at + 1) & this.#mask) {
      if (this.#low[at] === low && this.#high[at] === high) return true;
    }
    return false;
  }
}

/** Multiplication carries upwards alone, so the upper bits are brought down. */
export function hash(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
