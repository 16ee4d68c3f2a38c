/**
 * Rows out of columns and columns out of rows, in the layout of `column.ts`. Everything answers fresh arrays: no
 * result shares memory with an argument. Row numbers are the caller's to get right; they are not checked.
 */
import { elementField } from './arrays.ts';
import type { Column, ColumnValues } from './column.ts';
import { bitmapBytes, elementsPerRow, getBit, hasOffsets, newValues } from './column-values.ts';
import type { Field, FieldType } from './types.ts';

/** Where one row of a gathered column comes from. */
export interface RowSource {
  readonly column: Column;
  readonly row: number;
}

/** Of which field a column is: enough to make one of it. */
export type ColumnField = Pick<Field, 'fieldId' | 'type' | 'dim' | 'elementType'>;

/** Elements [from, to) of the arrays of a column. */
interface ElementRange {
  readonly column: Column;
  readonly from: number;
  readonly to: number;
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
    ...(type === 'Array' ? { elements: emptyColumn(elementField(field)) } : {}),
  };
}

/** A column of one row without a value. */
export function nullRow(field: Field): Column {
  const { type, dim = 1 } = field;
  const values = hasOffsets(type) ? 0 : elementsPerRow(type, dim);
  return { ...emptyColumn(field), length: 1, validity: new Uint8Array(1), values: newValues(type, values), offsets: hasOffsets(type) ? new Int32Array(2) : null };
}

/** Bytes that a column's buffers take. */
export function columnBytes(column: Column): number {
  const { values, offsets, indices, elements, validity } = column;
  return values.byteLength + (offsets?.byteLength ?? 0) + (indices?.byteLength ?? 0) + (elements ? columnBytes(elements) : 0) + (validity?.byteLength ?? 0);
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
    if (type === 'Array') return { ...column, length, validity, values: newValues(type, 0), offsets, elements: joinRanges(Array.from(rows, (row) => rangeOf(column, row)), column.elements!) };
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

/** One row out of each part, all of them columns of the same field. `field` says of which, also where there is no part. */
export function takeFrom(parts: readonly RowSource[], field: ColumnField): Column {
  const { fieldId, type, dim = 1, elementType } = field;
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
    if (type === 'Array') {
      const elements = joinRanges(parts.map(({ column, row }) => rangeOf(column, row)), { fieldId, type: elementType! });
      return { fieldId, type, length, dim, validity, values: newValues(type, 0), offsets, elements };
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
  const beside =
    first.type === 'Array'
      ? { elements: joinRanges(columns.map((column) => ({ column: column.elements!, from: column.offsets![0], to: column.offsets![column.length] })), first.elements!) }
      : newIndices(first.type, elements);
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
      if (first.type !== 'Array') copyElements(column, from[0], from[column.length], values, 'indices' in beside ? beside.indices : undefined, element);
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
    if (column.elements !== undefined) return { ...column, length, validity, values: newValues(type, 0), offsets, elements: sliceRows(column.elements, base, end) };
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

/** Where the elements of an array are. */
const rangeOf = ({ elements, offsets }: Column, row: number): ElementRange => ({ column: elements!, from: offsets![row], to: offsets![row + 1] });

/** Elements of arrays back to back, as a column. Elements have no NULLs. */
function joinRanges(ranges: readonly ElementRange[], like: Pick<Column, 'fieldId' | 'type'>): Column {
  const { fieldId, type } = like;
  const length = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let at = 0;
  if (type === 'VarChar') {
    const offsets = new Int32Array(length + 1);
    for (const { column, from, to } of ranges) {
      const shift = offsets[at] - column.offsets![from];
      for (let i = from; i < to; i++) offsets[++at] = column.offsets![i + 1] + shift;
    }
    const values = newValues(type, offsets[length]) as Uint8Array;
    let byte = 0;
    for (const { column, from, to } of ranges) {
      copyRange(column.values as Uint8Array, column.offsets![from], column.offsets![to], values, byte);
      byte += column.offsets![to] - column.offsets![from];
    }
    return { fieldId, type, length, dim: 1, validity: null, values, offsets };
  }
  const values = newValues(type, length);
  for (const { column, from, to } of ranges) {
    if (type === 'Bool') copyBits(column.values as Uint8Array, from, values as Uint8Array, at, to - from);
    else copyRange(column.values as Uint8Array, from, to, values as Uint8Array, at);
    at += to - from;
  }
  return { fieldId, type, length, dim: 1, validity: null, values, offsets: null };
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
