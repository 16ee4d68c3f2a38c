/** Parquet, a row group at a time: of each only the columns that are wanted are read. By hyparquet, behind `parquet-check.ts`. */
import { parquetMetadata, parquetRead, parquetSchema } from 'hyparquet';
import type { AsyncBuffer, Compressors, FileMetaData, RowGroup, SchemaTree } from 'hyparquet/src/types.js';
import { getTreePath } from 'hyparquet/src/schema.js';
import { isRecord, show } from '../schema/refuse.ts';
import { throwIfAborted } from '../util/error.ts';
import { parseJson } from './parse-json.ts';
import { checkPages, checkThrift } from './parquet-check.ts';
import { guarded, refuseAt } from './place.ts';
import { COLUMNS_MAX, type RawBatch, type RawOptions, type Reader } from './reader.ts';
import type { ByteSource } from './source.ts';

/** Of the footer. A file of a thousand columns and row groups has about this. */
const FOOTER_BYTES_MAX = 128 << 20;
/** Under which a file that `export` wrote says what its columns were. */
export const SCHEMA_KEY = 'elanus.schema';

export async function openParquet(source: ByteSource): Promise<Reader> {
  const place = { file: source.name };
  const metadata = await readFooter(source);
  const tree = await guarded(place, 'the schema of a Parquet file', () => parquetSchema(metadata));
  const names = tree.children.map(({ element }) => element.name);
  if (names.length === 0 || names.length > COLUMNS_MAX) refuseAt(place, `1 to ${COLUMNS_MAX} columns`, String(names.length));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuseAt({ ...place, column: twice }, 'one column of that name', 'two');
  const rows = checkGroups(source, metadata);
  const stated = statedFields(metadata);
  const jsonTexts = new Set(tree.children.filter(({ element: { converted_type: type, logical_type: logical, name } }) => type === 'JSON' || logical?.type === 'JSON' || stated.get(name)?.['type'] === 'JSON').map(({ element }) => element.name));
  return {
    format: 'parquet',
    file: source.name,
    bytes: source.size,
    rows,
    columns: names,
    isText: false,
    jsonTexts,
    typeOf: (column) => stated.get(column) ?? (jsonTexts.has(column) ? { type: 'JSON' } : undefined),
    batches: (options) => batches(source, metadata, tree, names, options),
  };
}

async function readFooter(source: ByteSource): Promise<FileMetaData> {
  const { name: file, size } = source;
  if (size < 12) refuseAt({ file }, 'a Parquet file', `${size} bytes`);
  const head = await source.read(0, 4);
  const tail = await source.read(size - 8, size);
  const isMagic = (bytes: Uint8Array, at: number): boolean => String.fromCharCode(...bytes.subarray(at, at + 4)) === 'PAR1';
  if (String.fromCharCode(...tail.subarray(4, 8)) === 'PARE') refuseAt({ file }, 'a Parquet file that is not encrypted', 'an encrypted footer', 'NOT_SUPPORTED');
  if (!isMagic(head, 0) || !isMagic(tail, 4)) refuseAt({ file }, 'a Parquet file, with PAR1 at its beginning and its end', isMagic(head, 0) ? 'another end: is it cut off?' : 'another beginning');
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (length > size - 12 || length > FOOTER_BYTES_MAX) refuseAt({ file }, `a footer of at most ${Math.min(size - 12, FOOTER_BYTES_MAX)} bytes`, String(length));
  const footer = (await source.read(size - 8 - length, size)).slice();
  return guarded({ file }, 'the footer of a Parquet file', () => {
    checkThrift(new DataView(footer.buffer, 0, length), 0);
    return parquetMetadata(footer);
  });
}

/** Rows of all groups. What the footer says of them must agree with itself and with the file. */
function checkGroups(source: ByteSource, metadata: FileMetaData): number {
  const { name: file, size } = source;
  let rows = 0;
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows);
    if (!Number.isSafeInteger(count) || count < 0) refuseAt({ file }, 'row groups of rows', String(group.num_rows));
    rows += count;
    for (const { meta_data: meta } of group.columns ?? []) {
      const { end, start } = rangeOf(meta);
      if (meta === undefined || !(start >= 4 && start <= end && end <= size)) refuseAt({ file, column: meta?.path_in_schema?.join('.') }, `pages within the ${size} bytes of the file`, `${start} to ${end}`);
    }
  }
  if (BigInt(rows) !== BigInt(metadata.num_rows)) refuseAt({ file }, `${metadata.num_rows} rows in all row groups`, String(rows));
  return rows;
}

/** Where the decoder reads a column of a row group. */
function rangeOf(meta: RowGroup['columns'][number]['meta_data']): { readonly start: number; readonly end: number } {
  const start = Number(meta?.dictionary_page_offset || meta?.data_page_offset);
  return { start, end: start + Number(meta?.total_compressed_size) };
}

/** Fields of the schema that was exported, by name. */
function statedFields({ key_value_metadata: pairs }: FileMetaData): Map<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  const text = pairs?.find(({ key }) => key === SCHEMA_KEY)?.value;
  if (text === undefined) return found;
  try {
    const fields = parseJson(text, {});
    for (const field of Array.isArray(fields) ? fields : []) if (isRecord(field) && typeof field['name'] === 'string') found.set(field['name'], field);
  } catch {
    // Somebody else's: then the types are found out.
  }
  return found;
}

async function* batches(source: ByteSource, metadata: FileMetaData, tree: SchemaTree, names: readonly string[], { batchRows, columns: wanted, signal }: RawOptions): AsyncGenerator<RawBatch, void, undefined> {
  const kept = names.filter((name) => wanted === undefined || wanted.has(name));
  let firstRow = 0;
  let before = 0;
  for (const group of metadata.row_groups) {
    throwIfAborted(signal);
    const rows = Number(group.num_rows);
    if (rows === 0) continue;
    const values = new Map<string, ArrayLike<unknown>>();
    for (const name of kept) values.set(name, await readColumn(source, metadata, tree, group, name, firstRow, rows));
    // The footer comes behind the last group.
    const end = firstRow + rows === Number(metadata.num_rows) ? source.size : Math.max(before, ...group.columns.map(({ meta_data: meta }) => rangeOf(meta).end));
    for (let from = 0; from < rows; from += batchRows) {
      throwIfAborted(signal);
      const to = Math.min(rows, from + batchRows);
      yield { rows: to - from, columns: new Map([...values].map(([name, column]) => [name, Array.prototype.slice.call(column, from, to)])), bytes: Math.round(before + ((end - before) * to) / rows) };
    }
    firstRow += rows;
    before = end;
  }
}

async function readColumn(source: ByteSource, metadata: FileMetaData, tree: SchemaTree, group: RowGroup, name: string, firstRow: number, rows: number): Promise<ArrayLike<unknown>> {
  const place = { file: source.name, row: firstRow, column: name };
  const unpackers = await unpackersOf(group, name);
  const parts = new Map<number, ArrayBuffer>();
  for (const { meta_data: meta } of group.columns) {
    if (meta?.path_in_schema[0] !== name) continue;
    const { end, start } = rangeOf(meta);
    const bytes = (await source.read(start, end)).slice().buffer;
    await guarded(place, 'pages of Parquet', () => checkPages(bytes, meta, getTreePath(tree, meta.path_in_schema), rows, unpackers));
    parts.set(start, bytes);
  }
  if (parts.size === 0) refuseAt(place, 'a column in every row group', 'none');
  const file: AsyncBuffer = {
    byteLength: source.size,
    // The pages that were looked at, not what the file may have become.
    slice: async (start, end = source.size) => {
      const part = parts.get(start);
      return part?.byteLength === end - start ? part : (await source.read(start, end)).slice().buffer;
    },
  };
  const chunks: { readonly from: number; readonly values: ArrayLike<unknown> }[] = [];
  await guarded(place, 'pages of Parquet', () =>
    parquetRead({
      file, metadata, columns: [name], rowStart: firstRow, rowEnd: firstRow + rows, compressors: unpackers, geoparquet: false, parsers: PARSERS,
      onChunk: ({ columnData, rowStart }) => void chunks.push({ from: rowStart, values: columnData }),
    }),
  );
  chunks.sort((a, b) => a.from - b.from);
  const values = chunks.length === 1 ? chunks[0].values : chunks.flatMap((chunk) => Array.from(chunk.values));
  if (values.length < rows) refuseAt(place, `${rows} values`, String(values.length));
  const { converted_type: type, scale = 0 } = tree.children.find(({ element }) => element.name === name)!.element;
  return type === 'DECIMAL' && scale > 0 && scale <= DIGITS_MAX ? Array.from(values, (value) => nearest(value, scale)) : values;
}

/** That `toFixed` takes. */
const DIGITS_MAX = 100;

/** The number nearest to a decimal: the decoder multiplies its digits by a power of ten, which makes 0.5700000000000001 of 0.57. */
const nearest = (value: unknown, digits: number): unknown => (typeof value === 'number' ? Number(value.toFixed(digits)) : value);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && utf8.decode(bytes);
/** Columns of bytes need not say whether they are text: what is none (pictures, say) stays bytes, which a text field refuses with its row. */
function textOrBytes(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
  try {
    return text(bytes);
  } catch {
    return bytes;
  }
}
/** JSON stays text, whose integers a reader of ours keeps. */
const PARSERS = { stringFromBytes: textOrBytes, jsonFromBytes: text };

/** What unpacks pages is imported where there are some. Snappy comes with the reader. */
async function unpackersOf(group: RowGroup, name: string): Promise<Compressors> {
  const codecs = new Set(group.columns.filter(({ meta_data: meta }) => meta?.path_in_schema[0] === name).map(({ meta_data: meta }) => meta!.codec));
  for (const codec of codecs) if (!CODECS.has(codec)) refuseAt({ column: name }, 'pages packed by SNAPPY, GZIP, BROTLI, ZSTD or LZ4', show(codec), 'NOT_SUPPORTED');
  return [...codecs].every((codec) => codec === 'UNCOMPRESSED' || codec === 'SNAPPY') ? {} : (await import('./parquet-codecs.ts')).unpackers;
}

const CODECS: ReadonlySet<string> = new Set(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4', 'LZ4_RAW']);
