/** Each value once, with a bit for every row, or the list of its rows where that is shorter: BITMAP. */
import { truthWords } from '../filter/predicate.ts';
import type { IndexSection } from './index.ts';
import { WORK_PER_ROW, bytesOf, setBits, type Places, type SortedEntries } from './places.ts';
import { checkOffsets, corrupt, takeU32, type Sections } from './values.ts';

export class Bitmaps implements Places {
  readonly #words: number;
  /** Rows of all positions before. Shape: (values + 1). */
  readonly #before: Uint32Array;
  /** What position p has in `data` begins at at[p]. */
  readonly #at: Uint32Array;
  readonly #data: Uint32Array;

  constructor(rows: number, before: Uint32Array, data: Uint32Array) {
    this.#words = truthWords(rows);
    this.#before = before;
    this.#at = placesIn(this.#words, before);
    this.#data = data;
  }

  get memoryBytes(): number {
    return this.#before.byteLength + this.#at.byteLength + this.#data.byteLength;
  }

  count(from: number, to: number): number {
    return this.#before[to]! - this.#before[from]!;
  }

  work(from: number, to: number): number {
    // Whole words, or rows.
    return WORK_PER_ROW * (this.#at[to]! - this.#at[from]!);
  }

  mark(from: number, to: number, bits: Uint32Array): void {
    const words = this.#words;
    const data = this.#data;
    for (let position = from; position < to; position++) {
      const at = this.#at[position]!;
      if (isDense(this.count(position, position + 1), words)) for (let word = 0; word < words; word++) bits[word]! |= data[at + word]!;
      else setBits(data, at, this.#at[position + 1]!, bits);
    }
  }

  sections(): IndexSection[] {
    return [
      { name: 'before', bytes: bytesOf(this.#before) },
      { name: 'bitmaps', bytes: bytesOf(this.#data) },
    ];
  }
}

/** So many rows take less as bits. */
const isDense = (count: number, words: number): boolean => count > words;

function placesIn(words: number, before: Uint32Array): Uint32Array {
  const at = new Uint32Array(before.length);
  for (let i = 1; i < before.length; i++) {
    const count = before[i]! - before[i - 1]!;
    at[i] = at[i - 1]! + (isDense(count, words) ? words : count);
  }
  return at;
}

export function makeBitmaps({ rows, starts, entryRows }: SortedEntries): Bitmaps {
  const words = truthWords(rows);
  const at = placesIn(words, starts);
  const data = new Uint32Array(at[at.length - 1]!);
  for (let position = 0; position + 1 < starts.length; position++) {
    const from = starts[position]!;
    const to = starts[position + 1]!;
    if (isDense(to - from, words)) setBits(entryRows, from, to, data.subarray(at[position]!, at[position]! + words));
    else data.set(entryRows.subarray(from, to), at[position]!);
  }
  return new Bitmaps(rows, starts, data);
}

export function openBitmaps(sections: Sections, rows: number, values: number): Bitmaps {
  const before = takeU32(sections, 'before', values + 1);
  checkOffsets('before', before, before[values]!);
  const words = truthWords(rows);
  const at = placesIn(words, before);
  const data = takeU32(sections, 'bitmaps', null);
  if (data.length !== at[values]) throw corrupt('bitmaps', `${at[values]} words`, String(data.length));
  for (let position = 0; position < values; position++) checkRows(data, at[position]!, at[position + 1]!, before[position + 1]! - before[position]!, rows, words);
  return new Bitmaps(rows, before, data);
}

/** CORRUPT where a row is named that there is not. */
function checkRows(data: Uint32Array, from: number, to: number, count: number, rows: number, words: number): void {
  const wrong = (row: number): never => {
    throw corrupt('bitmaps', `rows below ${rows}`, String(row));
  };
  if (!isDense(count, words)) {
    for (let i = from; i < to; i++) if (data[i]! >= rows) wrong(data[i]!);
    return;
  }
  for (let word = rows >>> 5; word < words; word++) {
    const beyond = word === rows >>> 5 ? data[from + word]! & (-1 << (rows & 31)) : data[from + word]!;
    if (beyond !== 0) wrong(32 * word + 31 - Math.clz32(beyond & -beyond));
  }
}
