/** Every row at a position of its own, in the order of their values: STL_SORT. Takes least where most values are different. */
import type { IndexSection } from './index.ts';
import { WORK_PER_ROW, bytesOf, setBits, type Places, type SortedEntries } from './places.ts';
import { openRows } from './postings.ts';
import { corrupt, type Sections } from './values.ts';

export class SortedRows implements Places {
  readonly #rows: Uint32Array;

  constructor(rows: Uint32Array) {
    this.#rows = rows;
  }

  get memoryBytes(): number {
    return this.#rows.byteLength;
  }

  count(from: number, to: number): number {
    return to - from;
  }

  work(from: number, to: number): number {
    return WORK_PER_ROW * this.count(from, to);
  }

  mark(from: number, to: number, bits: Uint32Array): void {
    setBits(this.#rows, from, to, bits);
  }

  sections(): IndexSection[] {
    return [{ name: 'rows', bytes: bytesOf(this.#rows) }];
  }
}

export const makeSortedRows = ({ entryRows }: SortedEntries): SortedRows => new SortedRows(entryRows);

export function openSortedRows(sections: Sections, rows: number, values: number): SortedRows {
  const entryRows = openRows(sections, rows);
  if (entryRows.length !== values) throw corrupt('rows', `${values} rows`, String(entryRows.length));
  return new SortedRows(entryRows);
}
