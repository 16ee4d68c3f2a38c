/**
 * What a Parquet file may make its decoder do, looked at before it does it: the decoder believes lengths and counts as they are written. Checked here are the structure of
 * footers and page headers (Thrift's compact protocol), the sizes of pages, and the runs of levels and of indices into dictionaries.
 * https://parquet.apache.org/docs/file-format/, https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import type { ColumnMetaData, Compressors, PageHeader, SchemaTree } from 'hyparquet/src/types.js';
import { parquetHeader } from 'hyparquet/src/column.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';
import { snappyUncompress } from 'hyparquet';

const DEPTH_MAX = 32;
/** Bytes of one page, and of all pages of a column in one row group, when they are unpacked. */
const PAGE_BYTES_MAX = 256 << 20;
const CHUNK_BYTES_MAX = 1 << 30;
/** Values that a column has in one row group: as many in any case, more for more bytes, and no more than that. */
const VALUES_FREE = 1 << 22;
const VALUES_PER_BYTE = 256;
export const VALUES_MAX = 1 << 27;
/** By how much the last run of a page may be longer than the page. */
const RUN_PADDING = 1024;

class Damage extends Error {}

function refuse(what: string): never {
  throw new Damage(what);
}

/** Walks over a structure of Thrift's compact protocol; answers where it ends. Throws where it is none, or nested deeper than one of Parquet. */
export function checkThrift(view: DataView, at: number, depth = 0): number {
  if (depth > DEPTH_MAX) refuse('structures that are nested too deeply');
  for (;;) {
    const head = byteAt(view, at++);
    if ((head & 15) === 0) return at;
    // The number of the field, where it is not told by the one before.
    if (head >> 4 === 0) at = endOfVarint(view, at);
    at = checkElement(view, at, head & 15, depth);
  }
}

function checkElement(view: DataView, at: number, type: number, depth: number): number {
  switch (type) {
    case 1:
    case 2:
      return at;
    case 3:
      return at + 1;
    case 4:
    case 5:
    case 6:
      return endOfVarint(view, at);
    case 7:
      return at + 8;
    case 8: {
      const { end, value } = varint(view, at);
      if (value > view.byteLength - end) refuse('a text that is longer than what is left');
      return end + value;
    }
    case 9:
    case 10: {
      const head = byteAt(view, at++);
      let size = head >> 4;
      if (size === 15) {
        const long = varint(view, at);
        size = long.value;
        at = long.end;
      }
      // Every element has a byte at least.
      if (size > view.byteLength - at) refuse('a list that is longer than what is left');
      const element = head & 15;
      for (let i = 0; i < size; i++) at = element === 1 || element === 2 ? at + 1 : checkElement(view, at, element, depth);
      return at;
    }
    case 12:
      return checkThrift(view, at, depth + 1);
    default:
      return refuse(`a value of type ${type}`);
  }
}

function byteAt(view: DataView, at: number): number {
  if (at >= view.byteLength) refuse('the end of the bytes within a structure');
  return view.getUint8(at);
}

function endOfVarint(view: DataView, at: number): number {
  for (let bytes = 0; bytes < 10; bytes++) if (byteAt(view, at + bytes) < 0x80) return at + bytes + 1;
  return refuse('a number of more than ten bytes');
}

/** A number without sign of 32 bits. */
function varint(view: DataView, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let bytes = 0; bytes < 5; bytes++) {
    const byte = byteAt(view, at + bytes);
    value += (byte & 0x7f) * 2 ** (7 * bytes);
    if (byte < 0x80) return { value, end: at + bytes + 1 };
  }
  return refuse('a number of more than five bytes');
}

/** All pages of a column in one row group. `path`: from the root of the schema to the column. Throws for what the decoder must not see. */
export function checkPages(bytes: ArrayBuffer, meta: ColumnMetaData, path: SchemaTree[], rows: number, compressors: Compressors): void {
  const view = new DataView(bytes);
  const total = Number(meta.num_values);
  if (!(total >= rows && total <= Math.min(VALUES_MAX, Math.max(VALUES_FREE, VALUES_PER_BYTE * bytes.byteLength)))) refuse(`${total} values in ${rows} rows of ${bytes.byteLength} bytes`);
  let at = 0;
  let values = 0;
  let unpacked = 0;
  while (at < view.byteLength - 1 && values < total) {
    checkThrift(view, at);
    const reader = { view, offset: at };
    const header = parquetHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: size } = header;
    at = reader.offset;
    if (!isCount(packed) || packed > view.byteLength - at) refuse(`a page of ${packed} bytes where ${view.byteLength - at} are left`);
    unpacked += size;
    if (!isCount(size) || size > PAGE_BYTES_MAX || unpacked > CHUNK_BYTES_MAX) refuse(`a page of ${size} bytes when it is unpacked`);
    const page = new Uint8Array(bytes, at, packed);
    at += packed;
    if (header.dictionary_page_header) {
      const { num_values: entries } = header.dictionary_page_header;
      if (!isCount(entries) || entries > 8 * size) refuse(`${entries} entries in a dictionary of ${size} bytes`);
      continue;
    }
    const count: unknown = (header.data_page_header ?? header.data_page_header_v2)?.num_values;
    if (!isCount(count) || count > total - values) refuse(`${count} values in a page where ${total - values} are left`);
    values += count;
    checkRuns(header, page, count, meta, path, compressors);
  }
  if (values < total) refuse(`${values} values where there are to be ${total}`);
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
const widthOf = (level: number): number => 32 - Math.clz32(level);

/** Levels, and whatever else is written in runs. */
function checkRuns(header: PageHeader, page: Uint8Array, count: number, meta: ColumnMetaData, path: SchemaTree[], compressors: Compressors): void {
  const repetition = widthOf(getMaxRepetitionLevel(path));
  const definition = widthOf(getMaxDefinitionLevel(path));
  const { data_page_header: first, data_page_header_v2: second } = header;
  let encoding: string;
  let values: Uint8Array;
  if (second) {
    const { definition_levels_byte_length: definitions, repetition_levels_byte_length: repetitions } = second;
    if (!isCount(definitions) || !isCount(repetitions) || definitions + repetitions > page.length || definitions + repetitions > header.uncompressed_page_size) refuse('levels that are longer than their page');
    if (!isCount(second.num_nulls) || second.num_nulls > count || !isCount(second.num_rows) || second.num_rows > count) refuse('more rows or nulls than values');
    const levels = viewOf(page);
    if (repetition > 0) checkHybrid(levels, 0, repetition, count);
    if (definition > 0) checkHybrid(levels, repetitions, definition, count);
    const rest = page.subarray(definitions + repetitions);
    values = second.is_compressed === false ? rest : unpack(rest, header.uncompressed_page_size - definitions - repetitions, meta, compressors);
    encoding = second.encoding;
  } else {
    const whole = unpack(page, header.uncompressed_page_size, meta, compressors);
    const view = viewOf(whole);
    let at = 0;
    for (const width of [repetition, definition]) {
      if (width === 0) continue;
      if (at + 4 > view.byteLength) refuse('a page that ends within its levels');
      const length = view.getUint32(at, true);
      if (length > view.byteLength - at - 4) refuse('levels that are longer than their page');
      checkHybrid(view, at + 4, width, count);
      at += 4 + length;
    }
    values = whole.subarray(at);
    encoding = first!.encoding;
  }
  const view = viewOf(values);
  if (encoding === 'RLE') checkHybrid(view, 4, 1, count);
  else if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    if (values.length === 0) return;
    const width = values[0];
    if (width > 32) refuse(`indices of ${width} bits`);
    if (width > 0) checkHybrid(view, 1, width, count);
  } else if (encoding === 'DELTA_BINARY_PACKED' && values.length > 0) checkDelta(view, count);
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function unpack(bytes: Uint8Array, size: number, { codec }: ColumnMetaData, compressors: Compressors): Uint8Array {
  if (codec === 'UNCOMPRESSED') return bytes;
  const own = compressors[codec];
  if (own) return own(bytes, size);
  if (codec !== 'SNAPPY') refuse(`pages packed by ${codec}`);
  const out = new Uint8Array(size);
  snappyUncompress(bytes, out);
  return out;
}

/** Runs of one value, or of values packed in bits, until there are `count`. None may go far beyond it. */
function checkHybrid(view: DataView, at: number, width: number, count: number): void {
  for (let seen = 0; seen < count; ) {
    // Where nothing is left but values of no bits, or the decoder finds out by itself.
    if (at >= view.byteLength) return;
    const { end, value } = varint(view, at);
    const isPacked = value % 2 === 1;
    const run = isPacked ? Math.floor(value / 2) * 8 : Math.floor(value / 2);
    if (run > count - seen + RUN_PADDING) refuse(`a run of ${run} values where ${count - seen} are left`);
    seen += run;
    at = end + (isPacked ? (run / 8) * width : Math.ceil(width / 8));
  }
}

/** Blocks of differences. Their first numbers are read as bigints, however long they are. */
function checkDelta(view: DataView, count: number): void {
  const size = varint(view, 0);
  const minis = varint(view, size.end);
  const total = varint(view, minis.end);
  let at = endOfVarint(view, total.end);
  if (minis.value === 0 || minis.value > size.value || size.value > 1 << 20) refuse(`blocks of ${size.value} values in ${minis.value} parts`);
  const perMini = size.value / minis.value;
  for (let seen = 1; seen < count; ) {
    at = endOfVarint(view, at);
    const widths = at;
    at += minis.value;
    if (at > view.byteLength) refuse('the end of a page within a block');
    for (let i = 0; i < minis.value && seen < count; i++) {
      const width = view.getUint8(widths + i);
      if (width > 64) refuse(`differences of ${width} bits`);
      at += Math.ceil((width * perMini) / 8);
      seen += perMini;
    }
  }
}
