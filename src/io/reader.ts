/** What every format is read as: columns of values, some rows at a time. */
import type { ImportFormat } from '../api/io.ts';
import type { Place } from './place.ts';

/** Some rows. Every column has a value per row; undefined or null where there is none. */
export interface RawBatch {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
  /** Of each row, from 1, where the format has lines. */
  readonly lines?: ArrayLike<number>;
  /** Bytes of the source that have been read. */
  readonly bytes: number;
  /** Of a source of several files that are read behind each other: the one that the rows are of, and how many rows there are before it. */
  readonly file?: string;
  readonly rowsBefore?: number;
}

export interface RawOptions {
  /** Columns that are wanted. Default: all. A format that cannot leave the others out has them, too. */
  readonly columns?: ReadonlySet<string>;
  /** Most rows of a batch; there may be fewer. */
  readonly batchRows: number;
  readonly signal?: AbortSignal;
}

export interface Reader {
  readonly format: ImportFormat | 'rows';
  /** For messages. */
  readonly file: string | undefined;
  readonly bytes: number;
  /** Where they are known without reading all of it. */
  readonly rows: number | undefined;
  /** Names of columns, where they are known without reading rows. */
  readonly columns: readonly string[] | undefined;
  /** Cells are texts, of which a number or a list is still to be made. */
  readonly isText: boolean;
  /** Columns whose texts are JSON, whatever they begin with. */
  readonly jsonTexts?: ReadonlySet<string>;
  /** Type of Elanus that a column was written from, where the file says so. */
  typeOf?(column: string): Readonly<Record<string, unknown>> | undefined;
  batches(options: RawOptions): AsyncGenerator<RawBatch, void, undefined>;
}

/** Where a row of a batch is. `first`: number of the batch's first row in the source. */
export const placeIn = ({ file, lines, rowsBefore = 0 }: RawBatch, first: number, ofSource: string | undefined) => (row: number): Place => ({ file: file ?? ofSource, row: first + row - rowsBefore, ...(lines ? { line: lines[row] } : {}) });

/** Cells of one batch, and names of all columns of a source: what a hostile file may make of either is bounded. */
export const CELLS_MAX = 1 << 20;
/** Characters of the rows of one batch, about: what is made of them is made at once. */
export const BATCH_CHARS = 1 << 21;
export const COLUMNS_MAX = 16_384;

/** Rows of objects as columns. */
export class RowColumns {
  readonly #capacity: number;
  readonly #columns = new Map<string, unknown[]>();
  readonly #lines: number[] = [];
  #rows = 0;
  #chars = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get rows(): number {
    return this.#rows;
  }

  /** True once no row should be added any more. */
  get isFull(): boolean {
    return this.#rows >= this.#capacity || this.#rows * this.#columns.size > CELLS_MAX || this.#chars > BATCH_CHARS;
  }

  get width(): number {
    return this.#columns.size;
  }

  /** `chars`: of the row's text. */
  add(row: Readonly<Record<string, unknown>>, line?: number, chars = 0): void {
    this.#chars += chars;
    // Own keys alone, and by a Map: a column named `__proto__` is a column.
    for (const name of Object.keys(row)) {
      const value = row[name];
      if (value === undefined) continue;
      let column = this.#columns.get(name);
      if (column === undefined) this.#columns.set(name, (column = []));
      // Rows that had no such key are holes, filled when the batch ends.
      column[this.#rows] = value;
    }
    if (line !== undefined) this.#lines.push(line);
    this.#rows++;
  }

  take(bytes: number): RawBatch {
    const columns = new Map<string, ArrayLike<unknown>>();
    for (const [name, values] of this.#columns) columns.set(name, Array.from({ length: this.#rows }, (_, row) => values[row]));
    return { rows: this.#rows, columns, bytes, ...(this.#lines.length > 0 ? { lines: this.#lines } : {}) };
  }
}
