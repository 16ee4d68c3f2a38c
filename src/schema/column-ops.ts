/**
 * Rows out of columns and columns out of rows, in the layout of `column.ts`. Everything answers fresh arrays: no
 * result shares memory with an argument. Row numbers are the caller's to get right; they are not checked.
 */
import type { Column, ColumnValues } from './column.ts';
import { bitmapBytes, elementsPerRow, getBit, hasOffsets, newValues } from './column-values.ts';
import type { Field, FieldType } from './types.ts';

/** Where one row of a gathered column comes from. */
export interface RowSource {
  readonly column: Column;
  readonly row: number;
}

/** The room for indices beside `elements` values: a property that only sparse columns have. */
const newIndices = (type: FieldType, elements: number): { indices?: Uint32Array } => (type === 'SparseFloatVector' ? { indices: new Uint32Array(elements) } : {});

/** A column of no rows. */
export function emptyColumn(field: Field): Column {
  const { fieldId, type } = field;
  return {
    fieldId,
    type,
    length: 0,
    dim: field.dim ?? 1,
    validity: null,
    values: newValues(type, 0),
    offsets: hasOffsets(type) ? new Int32Array(1) : null,
    ...newIndices(type, 0),
  };
}

/** Bytes that a column's buffers take. */
export function columnBytes(column: Column): number {
  return column.values.byteLength + (column.offsets?.byteLength ?? 0) + (column.indices?.byteLength ?? 0) + (column.validity?.byteLength ?? 0);
}

/** The rows named, in that order; a row may be named twice. */
export function takeRows(column: Column, rows: ArrayLike<number>): Column {
  const length = rows.length;
  const validity = column.validity === null ? null : takeBits(column.validity, rows);
  const { type, dim } = column;
  if (column.offsets !== null) {
    const from = column.offsets;
    const offsets = new Int32Array(length + 1);
    for (let i = 0; i < length; i++) offsets[i + 1] = offsets[i] + from[rows[i] + 1] - from[rows[i]];
    const values = newValues(type, offsets[length]);
    const beside = newIndices(type, offsets[length]);
    for (let i = 0; i < length; i++) copyElements(column, from[rows[i]], from[rows[i] + 1], values, beside.indices, offsets[i]);
    return { ...column, length, validity, values, offsets, ...beside };
  }
  if (type === 'Bool') return { ...column, length, validity, values: takeBits(column.values as Uint8Array, rows) };
  const elements = elementsPerRow(type, dim);
  const values = newValues(type, length * elements) as Float32Array;
  const source = column.values as Float32Array;
  if (elements === 1) {
    for (let i = 0; i < length; i++) values[i] = source[rows[i]];
  } else {
    for (let i = 0; i < length; i++) values.set(source.subarray(rows[i] * elements, (rows[i] + 1) * elements), i * elements);
  }
  return { ...column, length, validity, values };
}

/** One row out of each part, all of them columns of the same field. `like` says of which, also where there is no part. */
export function takeFrom(parts: readonly RowSource[], like: { readonly fieldId: number; readonly type: FieldType; readonly dim: number }): Column {
  const { fieldId, type, dim } = like;
  const length = parts.length;
  let validity: Uint8Array | null = null;
  for (let i = 0; i < length; i++) {
    const { column, row } = parts[i];
    if (column.validity === null || getBit(column.validity, row)) continue;
    validity ??= new Uint8Array(bitmapBytes(length)).fill(0xff);
    validity[i >> 3] &= ~(1 << (i & 7));
  }
  if (validity !== null && (length & 7) !== 0) validity[length >> 3] &= (1 << (length & 7)) - 1;

  if (hasOffsets(type)) {
    const offsets = new Int32Array(length + 1);
    for (let i = 0; i < length; i++) {
      const from = parts[i].column.offsets as Int32Array;
      offsets[i + 1] = offsets[i] + from[parts[i].row + 1] - from[parts[i].row];
    }
    const values = newValues(type, offsets[length]);
    const beside = newIndices(type, offsets[length]);
    for (let i = 0; i < length; i++) {
      const { column, row } = parts[i];
      const from = column.offsets as Int32Array;
      copyElements(column, from[row], from[row + 1], values, beside.indices, offsets[i]);
    }
    return { fieldId, type, length, dim, validity, values, offsets, ...beside };
  }
  const elements = elementsPerRow(type, dim);
  const values = newValues(type, length * elements);
  if (type === 'Bool') {
    const bits = values as Uint8Array;
    for (let i = 0; i < length; i++) if (getBit(parts[i].column.values as Uint8Array, parts[i].row)) bits[i >> 3] |= 1 << (i & 7);
  } else {
    const out = values as Float32Array;
    for (let i = 0; i < length; i++) {
      const { column, row } = parts[i];
      const source = column.values as Float32Array;
      if (elements === 1) out[i] = source[row];
      else out.set(source.subarray(row * elements, (row + 1) * elements), i * elements);
    }
  }
  return { fieldId, type, length, dim, validity, values, offsets: null };
}

/** The columns behind each other. REQUIRES at least one, all of the same field. */
export function concatColumns(columns: readonly Column[]): Column {
  const first = columns[0];
  const perRow = elementsPerRow(first.type, first.dim);
  let length = 0;
  let elements = 0;
  let hasNulls = false;
  for (const column of columns) {
    length += column.length;
    elements += column.offsets === null ? column.length * perRow : column.offsets[column.length] - column.offsets[0];
    hasNulls ||= column.validity !== null;
  }
  const values = newValues(first.type, elements);
  const beside = newIndices(first.type, elements);
  const offsets = first.offsets === null ? null : new Int32Array(length + 1);
  const validity = hasNulls ? new Uint8Array(bitmapBytes(length)) : null;
  let row = 0;
  let element = 0;
  for (const column of columns) {
    if (validity !== null) copyBits(column.validity, 0, validity, row, column.length);
    if (offsets !== null) {
      const from = column.offsets as Int32Array;
      const shift = element - from[0];
      for (let i = 1; i <= column.length; i++) offsets[row + i] = from[i] + shift;
      copyElements(column, from[0], from[column.length], values, beside.indices, element);
      element += from[column.length] - from[0];
    } else if (first.type === 'Bool') {
      copyBits(column.values as Uint8Array, 0, values as Uint8Array, row, column.length);
    } else {
      const used = column.length * perRow;
      (values as Float32Array).set((column.values as Float32Array).subarray(0, used), element);
      element += used;
    }
    row += column.length;
  }
  return { fieldId: first.fieldId, type: first.type, length, dim: first.dim, validity, values, offsets, ...beside };
}

/** Rows [from, to). */
export function sliceRows(column: Column, from: number, to: number): Column {
  const length = to - from;
  const { type, dim } = column;
  let validity: Uint8Array | null = null;
  if (column.validity !== null) copyBits(column.validity, from, (validity = new Uint8Array(bitmapBytes(length))), 0, length);
  if (column.offsets !== null) {
    const offsets = column.offsets.slice(from, to + 1);
    const base = offsets[0];
    for (let i = 0; i <= length; i++) offsets[i] -= base;
    const end = base + offsets[length];
    const beside = column.indices === undefined ? {} : { indices: column.indices.slice(base, end) };
    return { ...column, length, validity, values: (column.values as Uint8Array).slice(base, end), offsets, ...beside };
  }
  if (type === 'Bool') {
    const values = new Uint8Array(bitmapBytes(length));
    copyBits(column.values as Uint8Array, from, values, 0, length);
    return { ...column, length, validity, values };
  }
  const elements = elementsPerRow(type, dim);
  return { ...column, length, validity, values: (column.values as Float32Array).slice(from * elements, to * elements) };
}

/** Rows [from, to) of a column without a copy: offsets go on pointing where they did, and need not begin at 0. `from`: a multiple of 8. */
export function viewRows(column: Column, from: number, to: number): Column {
  const { type, dim, values, offsets, validity } = column;
  const ofRows = { ...column, length: to - from, validity: validity && validity.subarray(from >> 3, bitmapBytes(to)) };
  if (offsets !== null) return { ...ofRows, offsets: offsets.subarray(from, to + 1) };
  if (type === 'Bool') return { ...ofRows, values: values.subarray(from >> 3, bitmapBytes(to)) as Uint8Array };
  const elements = elementsPerRow(type, dim);
  return { ...ofRows, values: values.subarray(from * elements, to * elements) as Float32Array };
}

function takeBits(bits: Uint8Array, rows: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(bitmapBytes(rows.length));
  for (let i = 0; i < rows.length; i++) if (getBit(bits, rows[i])) out[i >> 3] |= 1 << (i & 7);
  return out;
}

/** Copies `count` bits; null stands for bits that are all set. REQUIRES zeros at the target. */
function copyBits(bits: Uint8Array | null, from: number, out: Uint8Array, to: number, count: number): void {
  if (bits !== null && ((from | to) & 7) === 0) {
    const whole = count >> 3;
    out.set(bits.subarray(from >> 3, (from >> 3) + whole), to >> 3);
    from += whole << 3;
    to += whole << 3;
    count &= 7;
  }
  for (let i = 0; i < count; i++) if (bits === null || getBit(bits, from + i)) out[(to + i) >> 3] |= 1 << ((to + i) & 7);
}

/** Copies elements [from, to) of a column with offsets, and their indices where it has some. */
function copyElements(column: Column, from: number, to: number, values: ColumnValues, indices: Uint32Array | undefined, at: number): void {
  copyRange(column.values as Uint8Array, from, to, values as Uint8Array, at);
  if (indices !== undefined) copyRange(column.indices!, from, to, indices, at);
}

/** Few elements are copied here: a call of `set` with a subarray costs more. */
function copyRange<A extends Uint8Array | Uint32Array>(source: A, from: number, to: number, out: A, at: number): void {
  if (to - from > 48) out.set(source.subarray(from, to), at);
  else for (let i = from; i < to; i++) out[at++] = source[i];
}
