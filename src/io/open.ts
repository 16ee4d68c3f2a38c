/** A source as a reader of its format. What reads a format is imported when there is a file of it. */
import type { ImportFormat, ReadOptions } from '../api/io.ts';
import { booleanOption, integerOption, refuseMissingChunk, wordOption } from '../api/options.ts';
import { MAX_VARCHAR_BYTES } from '../schema/limits.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { unlessAborted } from '../util/abort.ts';
import { throwIfAborted } from '../util/error.ts';
import { openCsv } from './csv.ts';
import { IMPORT_FORMATS, formatByName, formatOf } from './format.ts';
import { loadArrow, type IoHost } from './host.ts';
import { objectBatches, openJson, openJsonl } from './json.ts';
import { refuseAt } from './place.ts';
import { RowColumns, type RawBatch, type RawOptions, type Reader } from './reader.ts';
import { openSource, type ByteSource, type RowIterable } from './source.ts';

/** Characters. */
const PASSAGE_LENGTH = 1_000;

export const READ_OPTIONS: readonly string[] = ['format', 'delimiter', 'nullKey', 'header', 'split', 'passageLength', 'arrow'];

/** INVALID_ARGUMENT for an option that no reader can take. */
export function checkReadOptions(options: ReadOptions): void {
  const { arrow, delimiter, nullKey } = options;
  wordOption('format', options.format, IMPORT_FORMATS);
  wordOption('split', options.split, ['passage', 'file']);
  booleanOption('header', options.header, true);
  integerOption('passageLength', options.passageLength, 100, 10_000, PASSAGE_LENGTH);
  if (delimiter !== undefined && (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter))) refuse('delimiter', NO_ROW, 'one character that is no quote and ends no line', show(delimiter));
  if (nullKey !== undefined && (typeof nullKey !== 'string' || /["\r\n]/.test(nullKey))) refuse('nullKey', NO_ROW, 'a text without quotes and ends of lines', show(nullKey));
  if (arrow !== undefined && typeof arrow !== 'function') refuse('arrow', NO_ROW, "a function that imports apache-arrow, such as () => import('apache-arrow')", show(arrow));
}

export async function openReader(host: IoHost, source: unknown, options: ReadOptions): Promise<Reader> {
  const opened = await openSource(source, host.files);
  if (opened.kind === 'rows') {
    const { rows } = opened;
    return { format: 'rows', file: undefined, bytes: 0, rows: rows.length, columns: undefined, isText: false, batches: (raw) => objectBatches(undefined, rows, 0, raw) };
  }
  if (opened.kind === 'stream') return streamReader(opened.rows);
  const { files, isFolder } = opened;
  if (!isFolder) return openFormat(host, files, options.format ?? (await formatOf(files[0])), options);
  return openFiles(host, files, options);
}

/** `files`: of that format, at least one. */
async function openFormat(host: IoHost, files: readonly ByteSource[], format: ImportFormat, options: ReadOptions): Promise<Reader> {
  // Files that are read together.
  if (format === 'numpy') return (await import('./npy.ts').catch(refuseMissingChunk)).openNpy(files);
  if (format === 'text') {
    const { checkTextFile, openText } = await import('./text.ts').catch(refuseMissingChunk);
    const split = options.split ?? 'passage';
    for (const file of files) checkTextFile(file, split, MAX_VARCHAR_BYTES);
    return openText(files, split, options.passageLength ?? PASSAGE_LENGTH);
  }
  const readers = await Promise.all(files.map((file) => openFile(host, file, format, options)));
  return readers.length === 1 ? readers[0] : joined(readers);
}

async function openFile(host: IoHost, file: ByteSource, format: Exclude<ImportFormat, 'numpy' | 'text'>, options: ReadOptions): Promise<Reader> {
  switch (format) {
    case 'csv':
    case 'tsv':
      return openCsv(file, format, options);
    case 'json':
      return openJson(file);
    case 'jsonl':
      return openJsonl(file);
    case 'parquet':
      return (await import('./parquet.ts').catch(refuseMissingChunk)).openParquet(file);
    case 'arrow':
      return (await import('./arrow.ts').catch(refuseMissingChunk)).openArrow(file, await loadArrow(options.arrow ?? host.arrow));
  }
}

/** Of a folder: files whose name says nothing, such as `.DS_Store`, are left out. */
async function openFiles(host: IoHost, files: readonly ByteSource[], options: ReadOptions): Promise<Reader> {
  const known = options.format === undefined ? files.filter(({ name }) => formatByName(name) !== undefined && !/(^|\/)\./.test(name)) : files;
  if (known.length === 0) refuseAt({ file: files[0].name }, `files of a known format (${IMPORT_FORMATS.join(', ')})`, `${files.length} others`);
  const format = options.format ?? formatByName(known[0].name)!;
  const other = options.format === undefined ? known.find(({ name }) => formatByName(name) !== format) : undefined;
  if (other) refuseAt({ file: other.name }, `${format}, as "${known[0].name}" is: files of one format, or "format"`, formatByName(other.name)!);
  return openFormat(host, known, format, options);
}

/** Files behind each other. Their columns need not be the same: rows have none where their file has none. */
function joined(readers: readonly Reader[]): Reader {
  const [first] = readers;
  const columns = readers.every((reader) => reader.columns !== undefined) ? [...new Set(readers.flatMap((reader) => [...reader.columns!]))] : undefined;
  const rows = readers.every((reader) => reader.rows !== undefined) ? readers.reduce((sum, reader) => sum + reader.rows!, 0) : undefined;
  return {
    ...first,
    file: `${first.file} and ${readers.length - 1} more`,
    bytes: readers.reduce((sum, { bytes }) => sum + bytes, 0),
    rows,
    columns,
    async *batches(options) {
      let before = 0;
      let rowsBefore = 0;
      for (const reader of readers) {
        let ofFile = 0;
        for await (const batch of reader.batches(options)) {
          yield { ...batch, bytes: before + batch.bytes, file: reader.file, rowsBefore };
          ofFile += batch.rows;
        }
        before += reader.bytes;
        rowsBefore += ofFile;
      }
    },
  };
}

/** ABORTED as soon as the signal fires, whether there is a next value or not. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T, void, undefined> {
  const values = source[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      throwIfAborted(signal);
      const next = await unlessAborted(Promise.resolve(values.next()), signal);
      isOver = next.done === true;
      if (isOver) return;
      yield next.value;
    }
  } finally {
    const end = isOver ? undefined : Promise.resolve(values.return?.());
    // Behind a value that never comes its end would not come either.
    if (signal?.aborted) end?.catch(() => {});
    else await end;
  }
}

/** Can be read once. */
function streamReader(source: RowIterable): Reader {
  let isRead = false;
  return {
    format: 'rows',
    file: undefined,
    bytes: 0,
    rows: undefined,
    columns: undefined,
    isText: false,
    async *batches({ batchRows, signal }: RawOptions): AsyncGenerator<RawBatch, void, undefined> {
      if (isRead) refuseAt({}, 'rows that have not been read yet', 'an iterable that was read before');
      isRead = true;
      let columns = new RowColumns(batchRows);
      let row = 0;
      for await (const given of untilAborted(source, signal)) {
        for (const value of Array.isArray(given) ? (given as readonly unknown[]) : [given]) {
          if (!isRecord(value)) refuseAt({ row }, 'an object of values by column', show(value));
          columns.add(value);
          row++;
          if (!columns.isFull) continue;
          yield columns.take(0);
          columns = new RowColumns(batchRows);
        }
      }
      if (columns.rows > 0) yield columns.take(0);
    },
  };
}
