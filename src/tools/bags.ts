/** Bags of words: which terms a text has and how often, one sparse row a text. */
import { assert } from '../util/assert.ts';

/** Rows of (id, count), ids ascending within a row: CSR. */
export interface Bags {
  readonly rows: number;
  /** Shape (rows + 1). */
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
  readonly counts: Uint32Array;
}

/** A count and an id are sorted as one double: id * 2^20 + count. */
const COUNT_MAX = 2 ** 20 - 1;

export class BagWriter {
  #rows = 0;
  #entries = 0;
  #rowStart = 0;
  #offsets = new Uint32Array(64);
  #ids = new Uint32Array(1024);
  #counts = new Uint32Array(1024);
  /** By id: the entry that counts it in the current row, if it is one of that row. */
  #entryOf = new Uint32Array(1024);

  get rows(): number {
    return this.#rows;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Adds to the count of an id in the current row. */
  add(id: number, count = 1): void {
    if (id >= this.#entryOf.length) this.#entryOf = grown(this.#entryOf, id + 1);
    const entry = this.#entryOf[id]!;
    if (entry >= this.#rowStart && entry < this.#entries && this.#ids[entry] === id) {
      this.#counts[entry] = Math.min(this.#counts[entry]! + count, COUNT_MAX);
      return;
    }
    if (this.#entries === this.#ids.length) {
      this.#ids = grown(this.#ids, this.#entries + 1);
      this.#counts = grown(this.#counts, this.#entries + 1);
    }
    this.#entryOf[id] = this.#entries;
    this.#ids[this.#entries] = id;
    this.#counts[this.#entries++] = Math.min(count, COUNT_MAX);
  }

  /** Ends the row: its ids are sorted, so that the order of words does not matter, not even to rounding. */
  endRow(): void {
    const { length } = this.#ids.subarray(this.#rowStart, this.#entries);
    if (length > 1) {
      const keys = Float64Array.from({ length }, (_, i) => this.#ids[this.#rowStart + i]! * (COUNT_MAX + 1) + this.#counts[this.#rowStart + i]!).sort();
      for (let i = 0; i < length; i++) {
        const id = Math.floor(keys[i]! / (COUNT_MAX + 1));
        this.#ids[this.#rowStart + i] = id;
        this.#counts[this.#rowStart + i] = keys[i]! - id * (COUNT_MAX + 1);
      }
    }
    this.#rowStart = this.#entries;
    if (++this.#rows === this.#offsets.length) this.#offsets = grown(this.#offsets, this.#rows + 1);
    this.#offsets[this.#rows] = this.#entries;
  }

  /** Forgets all rows. */
  clear(): void {
    this.#rows = this.#entries = this.#rowStart = 0;
  }

  /** Views of what was written, until the next row. */
  get bags(): Bags {
    assert(this.#rowStart === this.#entries, 'the last row has ended');
    return { rows: this.#rows, offsets: this.#offsets.subarray(0, this.#rows + 1), ids: this.#ids.subarray(0, this.#entries), counts: this.#counts.subarray(0, this.#entries) };
  }
}

function grown(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(Math.max(length, array.length * 2));
  longer.set(array);
  return longer;
}
