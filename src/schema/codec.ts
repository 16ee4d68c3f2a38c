/**
 * A batch as bytes, for log records.
 *
 *     version u8 = 1 | zero u8 | columns u16 | rows u32
 *     per column: fieldId u16 | type u8 | flags u8 (1: validity) | dim u32 | values bytes u32
 *     per column: validity? | offsets? | indices? | values, each starting at a multiple of 8 bytes from the batch's first byte
 *
 * Little-endian. Lengths of validity and offsets follow from the rows, that of indices from the values. Behind an Array column comes
 * that of its elements, which has the same fieldId and as many rows as the last of the offsets says. The bytes carry no checksum: the record has one.
 */
import { ElanusError } from '../util/error.ts';
import type { Column, ColumnBatch, ColumnValues } from './column.ts';
import { bitmapBytes, elementsPerRow, hasOffsets } from './column-values.ts';
import { MAX_FIELDS } from './limits.ts';
import { FIELD_TYPE_CODE } from './types.ts';
import type { FieldType } from './types.ts';
import { VECTOR_TYPES, isVectorType } from './vector-types/index.ts';

const VERSION = 1;
const HEADER_BYTES = 8;
const COLUMN_BYTES = 12;
const HAS_VALIDITY = 1;
/** Every field an Array, and the dynamic one. */
const MAX_COLUMNS = 2 * MAX_FIELDS + 1;
const TYPE_BY_CODE = new Map(Object.entries(FIELD_TYPE_CODE).map(([type, code]) => [code as number, type as FieldType]));

const align8 = (n: number): number => Math.ceil(n / 8) * 8;

/** Columns as they are written: those of elements are columns, too. */
const writtenColumns = (batch: ColumnBatch): Column[] => batch.columns.flatMap((column) => (column.elements === undefined ? [column] : [column, column.elements]));

/** Bytes that {@link encodeBatch} makes of the batch. */
export function encodedBatchBytes(batch: ColumnBatch): number {
  const columns = writtenColumns(batch);
  let end = HEADER_BYTES + COLUMN_BYTES * columns.length;
  for (const column of columns) {
    if (column.validity !== null) end = align8(end) + column.validity.byteLength;
    if (column.offsets !== null) end = align8(end) + column.offsets.byteLength;
    if (column.indices !== undefined) end = align8(end) + column.indices.byteLength;
    end = align8(end) + column.values.byteLength;
  }
  return end;
}

/** The batch in a buffer of its own, behind `reserve` zero bytes (a multiple of 8) for a head that the caller writes. */
export function encodeBatch(batch: ColumnBatch, reserve = 0): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(reserve + encodedBatchBytes(batch));
  const bytes = whole.subarray(reserve);
  const view = new DataView(whole.buffer, reserve);
  const columns = writtenColumns(batch);
  view.setUint8(0, VERSION);
  view.setUint16(2, columns.length, true);
  view.setUint32(4, batch.rows, true);
  let head = HEADER_BYTES;
  let end = HEADER_BYTES + COLUMN_BYTES * columns.length;
  const put = (part: Uint8Array | Int32Array | Uint32Array | ColumnValues): void => {
    end = align8(end);
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), end);
    end += part.byteLength;
  };
  for (const column of columns) {
    view.setUint16(head, column.fieldId, true);
    view.setUint8(head + 2, FIELD_TYPE_CODE[column.type]);
    view.setUint8(head + 3, column.validity === null ? 0 : HAS_VALIDITY);
    view.setUint32(head + 4, column.dim, true);
    view.setUint32(head + 8, column.values.byteLength, true);
    head += COLUMN_BYTES;
    if (column.validity !== null) put(column.validity);
    if (column.offsets !== null) put(column.offsets);
    if (column.indices !== undefined) put(column.indices);
    put(column.values);
  }
  return whole;
}

/**
 * The batch in `bytes`. Its columns are views of `bytes` where these start at a multiple of 8 in their buffer, else of
 * one copy: so the caller must not write to them afterwards. CORRUPT for anything that `encodeBatch` cannot have made.
 */
export function decodeBatch(bytes: Uint8Array): ColumnBatch {
  // Not slice(): of a Node Buffer that would be a view again.
  if (bytes.byteOffset % 8 !== 0) bytes = new Uint8Array(bytes);
  const { length } = bytes;
  check(length >= HEADER_BYTES, 'a header', `${length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const version = view.getUint8(0);
  if (version !== VERSION) {
    throw new ElanusError('FORMAT_UNSUPPORTED', `batch format ${version} is not known here; this version reads ${VERSION}`, { found: version });
  }
  check(view.getUint8(1) === 0, 'a zero byte', String(view.getUint8(1)));
  const count = view.getUint16(2, true);
  const rows = view.getUint32(4, true);
  check(count <= MAX_COLUMNS && HEADER_BYTES + COLUMN_BYTES * count <= length, 'whole column headers', `${count} columns in ${length} bytes`);
  // Offsets are 32-bit, and a row takes at least a bit; so this bounds every product below.
  check(rows < 2 ** 31 && (count === 0 || bitmapBytes(rows) <= length), 'rows that fit', String(rows));

  let end = HEADER_BYTES + COLUMN_BYTES * count;
  const take = (byteLength: number, what: string): number => {
    for (const padded = align8(end); end < padded; end++) check(end < length && bytes[end] === 0, 'zero padding', `byte ${end}`);
    check(byteLength <= length - end, `${byteLength} bytes of ${what}`, `${length - end}`);
    end += byteLength;
    return bytes.byteOffset + end - byteLength;
  };
  let head = HEADER_BYTES;
  /** The next column, of so many rows. `array`: the fieldId of the array whose elements it has. */
  const takeColumn = (rows: number, array: number | null): Column => {
    check(head < HEADER_BYTES + COLUMN_BYTES * count, 'a column of elements', 'none');
    const fieldId = view.getUint16(head, true);
    const code = view.getUint8(head + 2);
    const type = TYPE_BY_CODE.get(code) as FieldType;
    const flags = view.getUint8(head + 3);
    const dim = view.getUint32(head + 4, true);
    const valuesBytes = view.getUint32(head + 8, true);
    head += COLUMN_BYTES;
    check(type !== undefined, 'a field type', String(code));
    check((flags & ~(array === null ? HAS_VALIDITY : 0)) === 0, 'known flags', String(flags));
    if (array !== null) check(fieldId === array && isElementType(type), `elements of field ${array}`, `${type} of field ${fieldId}`);
    check(isDimension(type, dim), 'a dimension', String(dim));
    const validity = flags === 0 ? null : new Uint8Array(bytes.buffer, take(bitmapBytes(rows), 'validity'), bitmapBytes(rows));
    const offsets = hasOffsets(type) ? new Int32Array(bytes.buffer, take((rows + 1) * 4, 'offsets'), rows + 1) : null;
    if (offsets === null) check(valuesBytes === fixedBytes(type, rows, dim), `${fixedBytes(type, rows, dim)} bytes of values`, String(valuesBytes));
    else if (type !== 'Array') checkOffsets(offsets, valuesBytes / elementBytes(type));
    else {
      checkOffsets(offsets, offsets[rows]);
      check(valuesBytes === 0, 'no values beside elements', `${valuesBytes} bytes`);
    }
    const indices = type === 'SparseFloatVector' ? { indices: new Uint32Array(bytes.buffer, take(valuesBytes, 'indices'), valuesBytes / 4) } : {};
    const values = viewValues(type, bytes.buffer as ArrayBuffer, take(valuesBytes, 'values'), valuesBytes);
    const elements = type === 'Array' ? { elements: takeColumn(offsets![rows], fieldId) } : {};
    return { fieldId, type, length: rows, dim, validity, values, offsets, ...indices, ...elements };
  };
  const columns: Column[] = [];
  while (head < HEADER_BYTES + COLUMN_BYTES * count) columns.push(takeColumn(rows, null));
  check(end === length, `${end} bytes`, String(length));
  return { rows, columns };
}

const isElementType = (type: FieldType): boolean => !isVectorType(type) && type !== 'Array' && type !== 'JSON';

function isDimension(type: FieldType, dim: number): boolean {
  const dims = isVectorType(type) ? VECTOR_TYPES[type].dims : null;
  return dims === null ? dim === 1 : dim >= 1 && dim <= dims.max && dim % dims.multipleOf === 0;
}

function checkOffsets(offsets: Int32Array, end: number): void {
  check(offsets[0] === 0, 'offsets from 0', String(offsets[0]));
  for (let i = 1; i < offsets.length; i++) check(offsets[i] >= offsets[i - 1], 'ascending offsets', String(offsets[i]));
  check(offsets[offsets.length - 1] === end, `offsets up to ${end}`, String(offsets[offsets.length - 1]));
}

const SCALAR_BYTES = { Bool: 0, Int8: 1, Int16: 2, Int32: 4, Int64: 8, Float: 4, Double: 8, VarChar: 1, JSON: 1, Array: 1 } as const;

const elementBytes = (type: FieldType): number => (isVectorType(type) ? VECTOR_TYPES[type].bytesPerElement : SCALAR_BYTES[type]);

/** Bytes of the values of `rows` rows of a type without offsets. */
export function fixedBytes(type: FieldType, rows: number, dim: number): number {
  return type === 'Bool' ? bitmapBytes(rows) : rows * elementsPerRow(type, dim) * elementBytes(type);
}

/** Bytes as the array that a column of the type has. */
export function viewValues(type: FieldType, buffer: ArrayBuffer, at: number, byteLength: number): ColumnValues {
  switch (type) {
    case 'Int8':
      return new Int8Array(buffer, at, byteLength);
    case 'Int16':
      return new Int16Array(buffer, at, byteLength / 2);
    case 'Int32':
      return new Int32Array(buffer, at, byteLength / 4);
    case 'Int64':
      return new BigInt64Array(buffer, at, byteLength / 8);
    case 'Float':
      return new Float32Array(buffer, at, byteLength / 4);
    case 'Double':
      return new Float64Array(buffer, at, byteLength / 8);
    case 'Bool':
    case 'VarChar':
    case 'JSON':
    case 'Array':
      return new Uint8Array(buffer, at, byteLength);
    default:
      return VECTOR_TYPES[type].view(buffer, at, byteLength);
  }
}

function check(condition: boolean, expected: string, got: string): asserts condition {
  if (!condition) throw new ElanusError('CORRUPT', `"batch" expected ${expected}, got ${got}`);
}
