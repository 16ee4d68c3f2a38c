/**
 * JSON: an array of rows, read one by one; an object of columns; or Milvus's `{ "rows": [...] }`. JSONL (NDJSON): a row a line.
 */
import { isRecord, show } from '../schema/refuse.ts';
import { parseJson } from './parse-json.ts';
import { refuseAt } from './place.ts';
import { COLUMNS_MAX, RowColumns, type RawBatch, type RawOptions, type Reader } from './reader.ts';
import { textChunks, wholeText, type ByteSource } from './source.ts';

/** Characters of one row. */
const ROW_CHARS_MAX = 1 << 26;
/** Of a file that is no array, which is parsed as a whole. */
const WHOLE_BYTES_MAX = 256 << 20;

interface RowText {
  readonly text: string;
  readonly line?: number;
  readonly bytes: number;
}

/** Texts of rows, as batches. */
async function* rowBatches(file: string, texts: AsyncIterable<RowText>, { batchRows }: RawOptions): AsyncGenerator<RawBatch, void, undefined> {
  let columns = new RowColumns(batchRows);
  let row = 0;
  let read = 0;
  for await (const { bytes, line, text } of texts) {
    const value = parseJson(text, { file, row, line });
    if (!isRecord(value)) refuseAt({ file, row, line }, 'an object of values by column', show(value));
    columns.add(value, line, text.length);
    if (columns.width > COLUMNS_MAX) refuseAt({ file, row, line }, `at most ${COLUMNS_MAX} columns`, 'more');
    row++;
    read = bytes;
    if (columns.isFull) {
      yield columns.take(bytes);
      columns = new RowColumns(batchRows);
    }
  }
  if (columns.rows > 0) yield columns.take(read);
}

export function openJsonl(source: ByteSource): Reader {
  const file = source.name;
  return { format: 'jsonl', file, bytes: source.size, rows: undefined, columns: undefined, isText: false, batches: (options) => rowBatches(file, lines(source, options.signal), options) };
}

async function* lines(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<RowText, void, undefined> {
  let rest = '';
  let line = 0;
  for await (const { bytes, isLast, text } of textChunks(source, signal)) {
    let from = 0;
    const all = rest + text;
    // What was left over has no line feed.
    for (let end = all.indexOf('\n', rest.length); end >= 0; end = all.indexOf('\n', from)) {
      line++;
      const row = all.slice(from, end).trim();
      from = end + 1;
      if (row !== '') yield { text: row, line, bytes };
    }
    rest = all.slice(from);
    if (rest.length > ROW_CHARS_MAX) refuseAt({ file: source.name, line: line + 1 }, `lines of at most ${ROW_CHARS_MAX} characters`, 'a longer one');
    if (isLast && rest.trim() !== '') yield { text: rest.trim(), line: line + 1, bytes };
  }
}

export async function openJson(source: ByteSource): Promise<Reader> {
  const file = source.name;
  const base = { format: 'json', file, bytes: source.size, isText: false } as const;
  if ((await firstCharacter(source)) === '[') return { ...base, rows: undefined, columns: undefined, batches: (options) => rowBatches(file, elements(source, options.signal), options) };

  const text = await wholeText(source, WHOLE_BYTES_MAX, 'an array of rows, or JSONL, may be longer', undefined);
  const value = parseJson(text, { file });
  if (!isRecord(value)) refuseAt({ file }, 'an array of rows, an object of columns, or { "rows": [...] }', show(value));
  const names = Object.keys(value);
  if (names.length === 0) refuseAt({ file }, 'columns', 'an empty object');
  const { rows } = value;
  if (names.length === 1 && Array.isArray(rows) && (rows.length === 0 || isRecord(rows[0]))) {
    return { ...base, rows: rows.length, columns: undefined, batches: (options) => objectBatches(file, rows, source.size, options) };
  }
  return { ...base, ...columnReader(file, value, source.size) };
}

/** Rows that are there as objects. */
export async function* objectBatches(file: string | undefined, rows: readonly unknown[], bytes: number, { batchRows }: RawOptions): AsyncGenerator<RawBatch, void, undefined> {
  let columns = new RowColumns(batchRows);
  for (let row = 0; row < rows.length; row++) {
    const value = rows[row];
    if (!isRecord(value)) refuseAt({ file, row }, 'an object of values by column', show(value));
    columns.add(value);
    if (columns.width > COLUMNS_MAX) refuseAt({ file, row }, `at most ${COLUMNS_MAX} columns`, 'more');
    if (!columns.isFull && row + 1 < rows.length) continue;
    yield columns.take(Math.round((bytes * (row + 1)) / rows.length));
    columns = new RowColumns(batchRows);
  }
}

function columnReader(file: string, value: Readonly<Record<string, unknown>>, bytes: number): Pick<Reader, 'rows' | 'columns' | 'batches'> {
  const columns = Object.entries(value);
  const [[first, values]] = columns;
  for (const [name, column] of columns) {
    if (!Array.isArray(column)) refuseAt({ file, column: name }, 'an array of values, where the file is an object of columns', show(column));
    if (column.length !== (values as unknown[]).length) refuseAt({ file, column: name }, `${(values as unknown[]).length} values, as many as "${first}" has`, String(column.length));
  }
  const rows = (values as unknown[]).length;
  return {
    rows,
    columns: columns.map(([name]) => name),
    async *batches({ batchRows, columns: wanted }) {
      for (let from = 0; from < rows; from += batchRows) {
        const to = Math.min(rows, from + batchRows);
        const kept = columns.filter(([name]) => wanted === undefined || wanted.has(name));
        yield { rows: to - from, columns: new Map(kept.map(([name, column]) => [name, (column as unknown[]).slice(from, to)])), bytes: Math.round((bytes * to) / rows) };
      }
    },
  };
}

async function firstCharacter(source: ByteSource): Promise<string> {
  for await (const { text } of textChunks(source, undefined)) {
    const trimmed = text.trimStart();
    if (trimmed !== '') return trimmed[0];
  }
  refuseAt({ file: source.name }, 'JSON', 'no text');
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;

/** Texts of the elements of an array that is all that the source has. */
async function* elements(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<RowText, void, undefined> {
  const file = source.name;
  let rest = '';
  let at = 0;
  let depth = 0;
  let isQuoted = false;
  let row = 0;
  let start = 0;
  let isEnded = false;
  let hasComma = false;
  for await (const { bytes, text } of textChunks(source, signal)) {
    rest = rest.slice(start) + text;
    at -= start;
    start = 0;
    for (; at < rest.length; at++) {
      const code = rest.charCodeAt(at);
      if (isQuoted) {
        // The end of a text is looked for at once; of what is escaped one character is passed by.
        if (code === BACKSLASH) at++;
        else if (code === QUOTE) isQuoted = false;
        continue;
      }
      if (isEnded) {
        if (code > 32) refuseAt({ file }, 'nothing behind the array', show(rest.slice(at, at + 20)));
        continue;
      }
      if (code === QUOTE) isQuoted = true;
      else if (code === 91 || code === 123) {
        depth++;
        if (depth === 1) start = at + 1;
      } else if (code === 93 || code === 125) {
        depth--;
        if (depth > 0) continue;
        if (code !== 93) refuseAt({ file, row }, '"]" at the end of the array', '"}"');
        const last = rest.slice(start, at).trim();
        if (last !== '') yield { text: last, bytes };
        else if (hasComma) refuseAt({ file, row }, 'a row behind a comma', 'the end of the array');
        isEnded = true;
        start = at + 1;
      } else if (code === COMMA && depth === 1) {
        const element = rest.slice(start, at).trim();
        if (element === '') refuseAt({ file, row }, 'a row before a comma', 'nothing');
        yield { text: element, bytes };
        row++;
        hasComma = true;
        start = at + 1;
      }
    }
    if (rest.length - start > ROW_CHARS_MAX) refuseAt({ file, row }, `rows of at most ${ROW_CHARS_MAX} characters`, 'a longer one');
  }
  if (!isEnded) refuseAt({ file, row }, 'the end of the array', 'the end of the file');
}
