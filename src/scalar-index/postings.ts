/** Each value once, with the list of its rows: INVERTED, Trie. */
import type { IndexSection } from './index.ts';
import { WORK_PER_ROW, bytesOf, setBits, type Places, type SortedEntries } from './places.ts';
import { checkOffsets, corrupt, takeU32, type Sections } from './values.ts';

export class Postings implements Places {
  readonly #starts: Uint32Array;
  readonly #rows: Uint32Array;

  constructor(starts: Uint32Array, rows: Uint32Array) {
    this.#starts = starts;
    this.#rows = rows;
  }

  get memoryBytes(): number {
    return this.#starts.byteLength + this.#rows.byteLength;
  }

  count(from: number, to: number): number {
    return this.#starts[to]! - this.#starts[from]!;
  }

  work(from: number, to: number): number {
    return WORK_PER_ROW * this.count(from, to);
  }

  mark(from: number, to: number, bits: Uint32Array): void {
    setBits(this.#rows, this.#starts[from]!, this.#starts[to]!, bits);
  }

  sections(): IndexSection[] {
    return [
      { name: 'starts', bytes: bytesOf(this.#starts) },
      { name: 'rows', bytes: bytesOf(this.#rows) },
    ];
  }
}

export const makePostings = ({ starts, entryRows }: SortedEntries): Postings => new Postings(starts, entryRows);

export function openPostings(sections: Sections, rows: number, values: number): Postings {
  const entryRows = openRows(sections, rows);
  const starts = takeU32(sections, 'starts', values + 1);
  checkOffsets('starts', starts, entryRows.length);
  return new Postings(starts, entryRows);
}

/** Row numbers below `rows`. */
export function openRows(sections: Sections, rows: number): Uint32Array {
  const entryRows = takeU32(sections, 'rows', null);
  for (const row of entryRows) if (row >= rows) throw corrupt('rows', `rows below ${rows}`, String(row));
  return entryRows;
}
