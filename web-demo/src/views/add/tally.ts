/** What is counted of the columns while all rows are looked at, once, before anything is written. */

/** Different values that are told apart. */
export const DISTINCT_MAX = 200;
/** Texts longer than this are no values that one picks. */
const VALUE_LENGTH = 200;

export interface Tally {
  /** Rows that have a value. */
  readonly filled: number;
  /** Different values; null: more than are told apart. */
  readonly distinct: number | null;
  /** False where an integer is beyond what a number of JavaScript holds exactly. */
  readonly isSafe: boolean;
  /** Characters of its texts together. */
  readonly characters: number;
}

export class ColumnCount {
  #filled = 0;
  #isSafe = true;
  #characters = 0;
  #values: Set<unknown> | null = new Set();

  add(value: unknown): void {
    if (value === null || value === undefined) return;
    this.#filled++;
    if (typeof value === 'bigint' && BigInt.asIntN(54, value) !== value) this.#isSafe = false;
    if (typeof value === 'string') this.#characters += value.length;
    if (this.#values === null) return;
    if (Array.isArray(value)) for (const item of value) this.#values.add(item);
    else if (typeof value === 'object' || (typeof value === 'string' && value.length > VALUE_LENGTH)) {
      this.#values = null;
      return;
    } else this.#values.add(value);
    if (this.#values.size > DISTINCT_MAX) this.#values = null;
  }

  get tally(): Tally {
    return { filled: this.#filled, distinct: this.#values?.size ?? null, isSafe: this.#isSafe, characters: this.#characters };
  }
}

/** Keys that were seen, and by which row. */
export class KeyCheck {
  readonly #rows = new Map<string, number>();
  readonly #column: string;

  constructor(column: string) {
    this.#column = column;
  }

  /** Throws, in words, for a key that is missing or was seen before. Rows are counted from 0, as in the library's own words. */
  add(value: unknown, row: number): void {
    if (value === null || value === undefined || value === '') throw new Error(`row ${row} has no key in the column “${this.#column}”: choose another key, or have the rows counted`);
    const key = String(value);
    const before = this.#rows.get(key);
    if (before !== undefined) throw new Error(`rows ${before} and ${row} have the same key in the column “${this.#column}”: ${key.slice(0, 60)}; choose another key, or have the rows counted`);
    this.#rows.set(key, row);
  }
}
