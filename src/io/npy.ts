/**
 * NumPy's `.npy` (format of version 1 to 3, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): one array of one or two dimensions, in C order, as a column
 * named as its file. Several files are the columns of one source, as Milvus's bulk import has them.
 */
import { FLOAT16, widen } from '../schema/vector-types/half.ts';
import { show } from '../schema/refuse.ts';
import { throwIfAborted } from '../util/error.ts';
import { refuseAt } from './place.ts';
import type { RawOptions, Reader } from './reader.ts';
import type { ByteSource } from './source.ts';

const HEADER_BYTES_MAX = 65_536;
/** Bytes of the values of one batch. */
const BATCH_BYTES = 8 << 20;

interface ElementType {
  readonly bytes: number;
  /** Values of bytes that are no part of anything else, at an address that fits them. */
  readonly read: (buffer: ArrayBuffer) => ArrayLike<number | bigint | boolean | string>;
}

/** By NumPy's names, without the byte order. */
const TYPES: Readonly<Record<string, ElementType>> = {
  b1: { bytes: 1, read: (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte !== 0) },
  i1: { bytes: 1, read: (buffer) => new Int8Array(buffer) },
  u1: { bytes: 1, read: (buffer) => new Uint8Array(buffer) },
  i2: { bytes: 2, read: (buffer) => new Int16Array(buffer) },
  // As such they would be bit patterns of 16-bit floats.
  u2: { bytes: 2, read: (buffer) => Int32Array.from(new Uint16Array(buffer)) },
  i4: { bytes: 4, read: (buffer) => new Int32Array(buffer) },
  u4: { bytes: 4, read: (buffer) => new Uint32Array(buffer) },
  i8: { bytes: 8, read: (buffer) => new BigInt64Array(buffer) },
  u8: { bytes: 8, read: (buffer) => new BigUint64Array(buffer) },
  f2: { bytes: 2, read: (buffer) => widen(FLOAT16, new Uint16Array(buffer), 0, buffer.byteLength / 2) },
  f4: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  f8: { bytes: 8, read: (buffer) => new Float64Array(buffer) },
};

interface NpyArray {
  readonly source: ByteSource;
  readonly name: string;
  readonly type: ElementType;
  readonly typeName: string;
  readonly isSwapped: boolean;
  readonly rows: number;
  /** Elements of a row; undefined: a row is one value. */
  readonly width: number | undefined;
  readonly start: number;
}

export async function openNpy(sources: readonly ByteSource[]): Promise<Reader> {
  const arrays = await Promise.all(sources.map(readHeader));
  const [first] = arrays;
  for (const array of arrays) {
    if (array.rows !== first.rows) refuseAt({ file: array.source.name }, `${first.rows} rows, as many as "${first.source.name}" has`, String(array.rows));
    if (arrays.some((other) => other !== array && other.name === array.name)) refuseAt({ file: array.source.name, column: array.name }, 'one file of that name', 'two');
  }
  const rowBytes = arrays.reduce((sum, array) => sum + rowSize(array), 0);
  return {
    format: 'numpy',
    file: sources.length === 1 ? first.source.name : `${first.source.name} and ${sources.length - 1} more`,
    bytes: sources.reduce((sum, { size }) => sum + size, 0),
    rows: first.rows,
    columns: arrays.map(({ name }) => name),
    isText: false,
    typeOf(column) {
      const array = arrays.find(({ name }) => name === column);
      return array?.typeName === 'f2' && array.width !== undefined ? { type: 'Float16Vector', dim: array.width } : undefined;
    },
    async *batches({ batchRows, columns, signal }: RawOptions) {
      const wanted = arrays.filter(({ name }) => columns === undefined || columns.has(name));
      const step = Math.max(1, Math.min(batchRows, Math.floor(BATCH_BYTES / Math.max(1, rowBytes))));
      for (let from = 0; from < first.rows; from += step) {
        throwIfAborted(signal);
        const to = Math.min(first.rows, from + step);
        const values = await Promise.all(wanted.map((array) => readRows(array, from, to)));
        yield { rows: to - from, columns: new Map(wanted.map(({ name }, i) => [name, values[i]])), bytes: arrays.reduce((sum, array) => sum + array.start + rowSize(array) * to, 0) };
      }
    },
  };
}

const rowSize = ({ type, width }: NpyArray): number => type.bytes * (width ?? 1);

async function readRows(array: NpyArray, from: number, to: number): Promise<ArrayLike<unknown>> {
  const { isSwapped, source, start, type, width } = array;
  const size = rowSize(array);
  const bytes = await source.read(start + from * size, start + to * size);
  // A copy of its own: the place of the bytes in the file may be odd.
  const buffer = new Uint8Array(bytes).buffer as ArrayBuffer;
  if (isSwapped) swap(new Uint8Array(buffer), type.bytes);
  const values = type.read(buffer);
  if (width === undefined) return values;
  return Array.from({ length: to - from }, (_, row) => (ArrayBuffer.isView(values) ? (values as unknown as Float32Array).subarray(row * width, (row + 1) * width) : Array.prototype.slice.call(values, row * width, (row + 1) * width)));
}

function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

async function readHeader(source: ByteSource): Promise<NpyArray> {
  const file = source.name;
  const head = await source.read(0, Math.min(source.size, 12));
  if (head.length < 10 || head[0] !== 0x93 || String.fromCharCode(...head.subarray(1, 6)) !== 'NUMPY') refuseAt({ file }, 'the first bytes of a NumPy file', 'others');
  const [version] = head.subarray(6, 7);
  if (version < 1 || version > 3) refuseAt({ file }, 'a NumPy file of version 1, 2 or 3', String(version), 'NOT_SUPPORTED');
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (version > 1 && head.length < 12) refuseAt({ file }, 'the header of a NumPy file', 'the end of the file');
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const textAt = version === 1 ? 10 : 12;
  const start = textAt + length;
  if (length > HEADER_BYTES_MAX || start > source.size) refuseAt({ file }, `a header of at most ${Math.min(HEADER_BYTES_MAX, source.size - textAt)} bytes`, String(length));
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(await source.read(textAt, start));

  const descr = /['"]descr['"]\s*:\s*['"]([<>|=]?)([a-zA-Z]\d+)['"]/.exec(text);
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /['"]shape['"]\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (order === undefined || shape === undefined) refuseAt({ file }, 'a header with descr, fortran_order and shape', show(text.trim()));
  const type = descr !== null && Object.hasOwn(TYPES, descr[2]) ? TYPES[descr[2]] : undefined;
  if (type === undefined) refuseAt({ file }, `numbers of ${Object.keys(TYPES).join(', ')}`, descr?.[2] ?? show(text.trim()), 'NOT_SUPPORTED');
  const sizes = shape.split(',').map((size) => size.replace('L', '').trim()).filter((size) => size !== '').map(Number);
  if (sizes.length !== 1 && sizes.length !== 2) refuseAt({ file }, 'an array of one or two dimensions', `${sizes.length}: (${shape})`, 'NOT_SUPPORTED');
  const [rows, width] = sizes;
  if (order === 'True' && width !== undefined && width > 1 && rows > 1) refuseAt({ file }, 'an array in C order (np.ascontiguousarray makes one)', 'one in Fortran order', 'NOT_SUPPORTED');
  const bytes = BigInt(rows) * BigInt(width ?? 1) * BigInt(type.bytes);
  if (!sizes.every(Number.isSafeInteger) || bytes !== BigInt(source.size - start)) refuseAt({ file }, `${bytes} bytes of values, for the shape (${shape})`, String(source.size - start));
  const name = file.slice(file.lastIndexOf('/') + 1).replace(/\.npy$/i, '');
  return { source, name, type, typeName: descr![2], isSwapped: descr![1] === '>' && type.bytes > 1, rows, width, start };
}
