/** Draws for random tests: equal seeds, equal draws. */
import { random } from '../../support/random.ts';

export class Draw {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  /** 0 .. n - 1. */
  below(n: number): number {
    return Math.floor(this.#next() * n);
  }

  chance(p: number): boolean {
    return this.#next() < p;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  /** `least` to `most` of what `make` makes. */
  some<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }

  /** Each with a weight: how often it comes compared with the others. */
  weighted<T>(from: readonly (readonly [number, T])[]): T {
    let at = this.#next() * from.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of from) if ((at -= weight) < 0) return value;
    return from[from.length - 1][1];
  }
}
