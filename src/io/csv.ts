/**
 * CSV as RFC 4180 has it, in pieces: one row at a time of whatever text is there. The reader is our own because it must tell an empty cell, which is NULL, from
 * an empty text in quotes, which parsers of general use do not.
 */
import type { ReadOptions } from '../api/io.ts';
import { show } from '../schema/refuse.ts';
import { refuseAt } from './place.ts';
import { BATCH_CHARS, CELLS_MAX, COLUMNS_MAX, type RawBatch, type RawOptions, type Reader } from './reader.ts';
import { textChunks, type ByteSource } from './source.ts';

const DELIMITERS = [',', '\t', ';', '|'];
const QUOTE = 34;
const LF = 10;
const CR = 13;
/** Characters of one row. Ends a file whose quote is never closed before all of it is in memory. */
const ROW_CHARS_MAX = 1 << 24;

export interface CsvRow {
  /** Characters of the row. */
  readonly chars: number;
  /** null where nothing stands, or the `nullKey`, without quotes. */
  readonly cells: readonly (string | null)[];
  /** Of its first character, from 1. */
  readonly line: number;
}

/** Rows of a text that comes in pieces. */
export class CsvParser {
  readonly #file: string | undefined;
  readonly #nullKey: string;
  #delimiter: string | undefined;
  #code = 0;
  #text = '';
  #at = 0;
  #line = 1;

  constructor(file: string | undefined, delimiter: string | undefined, nullKey = '') {
    this.#file = file;
    this.#nullKey = nullKey;
    this.#delimiter = delimiter;
    this.#code = delimiter?.charCodeAt(0) ?? 0;
  }

  push(text: string): void {
    this.#text = this.#at === 0 ? this.#text + text : this.#text.slice(this.#at) + text;
    this.#at = 0;
  }

  /** The next row; undefined where the text ends within it, unless it is the last. Lines with nothing in them are left out. */
  next(isLast: boolean): CsvRow | undefined {
    if (this.#delimiter === undefined) {
      this.#delimiter = guessDelimiter(this.#text, isLast || this.#text.length > ROW_CHARS_MAX);
      if (this.#delimiter === undefined) return undefined;
      this.#code = this.#delimiter.charCodeAt(0);
    }
    for (;;) {
      if (this.#at >= this.#text.length) return undefined;
      const line = this.#line;
      const from = this.#at;
      const cells = this.#row(isLast);
      if (cells === undefined) {
        if (this.#text.length - this.#at > ROW_CHARS_MAX) refuseAt({ file: this.#file, line }, `rows of at most ${ROW_CHARS_MAX} characters`, 'a longer one (is a quote not closed?)');
        return undefined;
      }
      if (cells.length > 1 || cells[0] !== null) return { cells, line, chars: this.#at - from };
    }
  }

  #row(isLast: boolean): (string | null)[] | undefined {
    const text = this.#text;
    const { length } = text;
    const cells: (string | null)[] = [];
    let at = this.#at;
    let line = this.#line;
    for (;;) {
      if (text.charCodeAt(at) === QUOTE) {
        const start = at + 1;
        let end = text.indexOf('"', start);
        let isEscaped = false;
        while (end >= 0 && text.charCodeAt(end + 1) === QUOTE) {
          isEscaped = true;
          end = text.indexOf('"', end + 2);
        }
        // Behind a quote at the end of a piece there may be another.
        if (!isLast && (end < 0 || end + 1 >= length)) return undefined;
        if (end < 0) refuseAt({ file: this.#file, line: this.#line, column: `number ${cells.length + 1}` }, 'a quote that ends the cell', 'the end of the file');
        const cell = text.slice(start, end);
        for (let lf = cell.indexOf('\n'); lf >= 0; lf = cell.indexOf('\n', lf + 1)) line++;
        cells.push(isEscaped ? cell.replaceAll('""', '"') : cell);
        at = end + 1;
        const code = text.charCodeAt(at);
        if (at < length && code !== this.#code && code !== LF && code !== CR) {
          refuseAt({ file: this.#file, line, column: `number ${cells.length}` }, `${show(this.#delimiter)} or the end of the line behind a closing quote`, show(text.slice(at, at + 10)));
        }
      } else {
        const start = at;
        for (; at < length; at++) {
          const code = text.charCodeAt(at);
          if (code === this.#code || code === LF || code === CR) break;
        }
        if (at >= length && !isLast) return undefined;
        const cell = text.slice(start, at);
        cells.push(cell === this.#nullKey ? null : cell);
      }
      if (cells.length > COLUMNS_MAX) refuseAt({ file: this.#file, line }, `at most ${COLUMNS_MAX} columns`, 'more');
      if (at >= length) break;
      const code = text.charCodeAt(at);
      if (code === this.#code) {
        at++;
        // The last cell is an empty one.
        if (at >= length) {
          if (!isLast) return undefined;
          cells.push(this.#nullKey === '' ? null : '');
          break;
        }
        continue;
      }
      if (code === CR) {
        // A line feed may follow with the next piece.
        if (at + 1 >= length && !isLast) return undefined;
        at += text.charCodeAt(at + 1) === LF ? 2 : 1;
      } else at++;
      line++;
      break;
    }
    this.#at = at;
    this.#line = line;
    return cells;
  }
}

/** The one that the first line has most of, outside of quotes; undefined where the line does not end yet. */
function guessDelimiter(text: string, isWhole: boolean): string | undefined {
  const counts = new Map(DELIMITERS.map((delimiter) => [delimiter, 0]));
  let isQuoted = false;
  let isEnded = isWhole;
  for (const char of text.slice(0, ROW_CHARS_MAX)) {
    if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted) {
      if (char === '\n' || char === '\r') {
        isEnded = true;
        break;
      }
      const count = counts.get(char);
      if (count !== undefined) counts.set(char, count + 1);
    }
  }
  if (!isEnded) return undefined;
  return DELIMITERS.reduce((best, delimiter) => (counts.get(delimiter)! > counts.get(best)! ? delimiter : best));
}

export async function openCsv(source: ByteSource, format: 'csv' | 'tsv', options: ReadOptions): Promise<Reader> {
  const { header = true, nullKey } = options;
  const delimiter = options.delimiter ?? (format === 'tsv' ? '\t' : undefined);
  const file = source.name;
  const names = await headerOf(source, delimiter, header);
  return {
    format,
    file,
    bytes: source.size,
    rows: undefined,
    columns: names,
    isText: true,
    async *batches({ batchRows, columns: wanted, signal }: RawOptions): AsyncGenerator<RawBatch, void, undefined> {
      const parser = new CsvParser(file, delimiter, nullKey);
      const kept = names.map((name, i) => [name, i] as const).filter(([name]) => wanted === undefined || wanted.has(name));
      const capacity = Math.max(1, Math.min(batchRows, Math.floor(CELLS_MAX / Math.max(1, names.length))));
      let row = 0;
      let isHeader = header;
      let values = kept.map((): (string | null)[] => []);
      let lines: number[] = [];
      let chars = 0;
      const take = (bytes: number): RawBatch => {
        const batch = { rows: lines.length, columns: new Map(kept.map(([name], i) => [name, values[i]])), lines, bytes };
        values = kept.map(() => []);
        lines = [];
        chars = 0;
        return batch;
      };
      for await (const { bytes, isLast, text } of textChunks(source, signal)) {
        parser.push(text);
        for (let next = parser.next(isLast); next; next = parser.next(isLast)) {
          if (isHeader) {
            isHeader = false;
            continue;
          }
          const { cells, line } = next;
          chars += next.chars;
          if (cells.length !== names.length) refuseAt({ file, row, line }, `${names.length} cells, as many as there are columns`, String(cells.length));
          kept.forEach(([, column], i) => values[i].push(cells[column]));
          lines.push(line);
          row++;
          if (lines.length >= capacity || chars > BATCH_CHARS) yield take(bytes);
        }
      }
      if (lines.length > 0) yield take(source.size);
    },
  };
}

async function headerOf(source: ByteSource, delimiter: string | undefined, hasHeader: boolean): Promise<string[]> {
  const parser = new CsvParser(source.name, delimiter);
  for await (const { isLast, text } of textChunks(source, undefined)) {
    parser.push(text);
    const row = parser.next(isLast);
    if (row === undefined) continue;
    const names = row.cells.map((cell, i) => (hasHeader && cell !== null && cell.trim() !== '' ? cell.trim() : `column_${i + 1}`));
    const seen = new Set<string>();
    for (const name of names) {
      if (name.includes('\0')) refuseAt({ file: source.name, line: row.line }, 'text in UTF-8', 'bytes of 0, as UTF-16 has: save it as UTF-8');
      if (seen.has(name)) refuseAt({ file: source.name, line: row.line, column: name }, 'one column of that name', 'two');
      seen.add(name);
    }
    return names;
  }
  refuseAt({ file: source.name }, hasHeader ? 'a line with the names of the columns' : 'at least one row', 'no text');
}
