/** What can be saved of a column of a damaged segment file: the rows all bytes of which lie in blocks that match their checksums. */
import { fixedBytes, viewValues } from '../schema/codec.ts';
import { elementField } from '../schema/arrays.ts';
import type { Column } from '../schema/column.ts';
import { bitmapBytes, hasOffsets } from '../schema/column-values.ts';
import { nullRow, takeFrom, type RowSource } from '../schema/column-ops.ts';
import type { Field } from '../schema/types.ts';
import { isVectorType, VECTOR_TYPES } from '../schema/vector-types/index.ts';
import { elementOffsetsSection, elementsSection, indicesSection, offsetsSection, validitySection, valuesSection } from '../segment/segment-file.ts';
import type { SalvagedBytes, SectionFile } from '../storage/sections/index.ts';
import { wrongValue } from './values.ts';

export interface SalvagedColumn {
  readonly field: Field;
  /** 1: the row's value is whole. */
  readonly isWhole: Uint8Array;
  /** Values of the whole rows named, or of others where the field may be null: those are. */
  take(rows: readonly number[]): Column;
}

export async function salvageColumn(file: SectionFile, field: Field, rows: number): Promise<SalvagedColumn> {
  const isWhole = new Uint8Array(rows).fill(1);
  const { fieldId, type } = field;
  const column = await readPartly(file, field, rows, isWhole, { values: type === 'Array' ? elementsSection(fieldId) : valuesSection(fieldId), offsets: offsetsSection(fieldId), validity: validitySection(fieldId) });
  for (let row = 0; row < rows; row++) if (isWhole[row] === 1 && column && wrongValue(field, column, row) !== null) isWhole[row] = 0;
  const nothing = nullRow(field);
  return {
    field,
    isWhole,
    take: (taken) => takeFrom(taken.map((row): RowSource => (column && isWhole[row] === 1 ? { column, row } : { column: nothing, row: 0 })), field),
  };
}

/** Where a column lies. */
interface Sections {
  /** Of an Array: of its elements. */
  readonly values: string;
  readonly offsets: string;
  readonly validity: string | null;
}

/** The column as it lies there, and in `isWhole` which of its rows can be trusted; null where there is nothing of it. */
async function readPartly(file: SectionFile, field: Field, rows: number, isWhole: Uint8Array, sections: Sections): Promise<Column | null> {
  const { fieldId, type } = field;
  const dim = field.dim ?? 1;
  const lose = (from: number, to: number): void => void isWhole.fill(0, Math.max(0, from), Math.min(rows, to));
  const read = async (section: string | null): Promise<SalvagedBytes | null> => (section !== null && file.has(section) ? file.salvage(section) : null);

  const values = await read(sections.values);
  const validity = await read(sections.validity);
  if (!values || (validity && validity.bytes.length < bitmapBytes(rows))) return void lose(0, rows), null;
  for (const { from, to } of validity?.damaged ?? []) lose(from * 8, to * 8);
  const like = { fieldId, type, length: rows, dim, validity: validity?.bytes ?? null };

  if (!hasOffsets(type)) {
    if (values.bytes.length !== fixedBytes(type, rows, dim)) return void lose(0, rows), null;
    const rowBytes = type === 'Bool' ? 1 / 8 : fixedBytes(type, 1, dim);
    for (const { from, to } of values.damaged) lose(Math.floor(from / rowBytes), Math.ceil(to / rowBytes));
    return { ...like, values: viewValues(type, values.bytes.buffer as ArrayBuffer, values.bytes.byteOffset, values.bytes.byteLength), offsets: null };
  }

  const offsetBytes = await read(sections.offsets);
  if (!offsetBytes || offsetBytes.bytes.length !== 4 * (rows + 1)) return void lose(0, rows), null;
  for (const { from, to } of offsetBytes.damaged) lose(Math.floor(from / 4) - 1, Math.ceil(to / 4));
  const offsets = new Int32Array(offsetBytes.bytes.buffer, offsetBytes.bytes.byteOffset, rows + 1);
  if (type === 'Array') {
    const found = await readElements(file, field, values.bytes.length);
    for (let row = 0; row < rows; row++) if (!found || !areWhole(found.isWhole, offsets[row]!, offsets[row + 1]!)) isWhole[row] = 0;
    return found && { ...like, values: new Uint8Array(0), offsets, elements: found.elements };
  }
  const indices = type === 'SparseFloatVector' ? await read(indicesSection(fieldId)) : null;
  const elementBytes = isVectorType(type) ? VECTOR_TYPES[type].bytesPerElement : 1;
  const elements = Math.floor(Math.min(values.bytes.length, indices?.bytes.length ?? Infinity) / elementBytes);
  if (type === 'SparseFloatVector' && !indices) return void lose(0, rows), null;
  const damaged = [...values.damaged, ...(indices?.damaged ?? [])];
  for (let row = 0; row < rows; row++) {
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    const isThere = start >= 0 && start <= end && end <= elements;
    if (!isThere || damaged.some(({ from, to }) => start * elementBytes < to && end * elementBytes > from)) isWhole[row] = 0;
  }
  return {
    ...like,
    values: viewValues(type, values.bytes.buffer as ArrayBuffer, values.bytes.byteOffset, elements * elementBytes),
    offsets,
    ...(indices ? { indices: new Uint32Array(indices.bytes.buffer, indices.bytes.byteOffset, elements) } : {}),
  };
}

/** The elements of all arrays, and which of them can be trusted. How many there are the arrays do not say where their offsets are lost. */
async function readElements(file: SectionFile, field: Field, byteLength: number): Promise<{ readonly elements: Column; readonly isWhole: Uint8Array } | null> {
  const element = elementField(field);
  const sections: Sections = { values: elementsSection(field.fieldId), offsets: elementOffsetsSection(field.fieldId), validity: null };
  const isText = hasOffsets(element.type);
  if (isText && !file.has(sections.offsets)) return null;
  const count = isText ? Math.max(0, file.byteLength(sections.offsets) / 4 - 1) : element.type === 'Bool' ? byteLength * 8 : byteLength / fixedBytes(element.type, 1, 1);
  if (!Number.isInteger(count)) return null;
  const isWhole = new Uint8Array(count).fill(1);
  const elements = await readPartly(file, element, count, isWhole, sections);
  return elements && { elements, isWhole };
}

/** True where [from, to) is a range of elements that can all be trusted. */
function areWhole(isWhole: Uint8Array, from: number, to: number): boolean {
  if (from < 0 || from > to || to > isWhole.length) return false;
  for (let i = from; i < to; i++) if (isWhole[i] === 0) return false;
  return true;
}
