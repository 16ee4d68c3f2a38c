/** What can be saved of a column of a damaged segment file: the rows all bytes of which lie in blocks that match their checksums. */
import { fixedBytes, viewValues } from '../schema/codec.ts';
import type { Column } from '../schema/column.ts';
import { bitmapBytes, hasOffsets, newValues } from '../schema/column-values.ts';
import { takeFrom, type RowSource } from '../schema/column-ops.ts';
import type { Field } from '../schema/types.ts';
import { isVectorType, VECTOR_TYPES } from '../schema/vector-types/index.ts';
import { indicesSection, offsetsSection, validitySection, valuesSection } from '../segment/segment-file.ts';
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
  const column = await readPartly(file, field, rows, isWhole);
  for (let row = 0; row < rows; row++) if (isWhole[row] === 1 && column && wrongValue(field, column, row) !== null) isWhole[row] = 0;
  const nothing = nullColumn(field);
  return {
    field,
    isWhole,
    take: (taken) => takeFrom(taken.map((row): RowSource => (column && isWhole[row] === 1 ? { column, row } : { column: nothing, row: 0 })), { fieldId: field.fieldId, type: field.type, dim: field.dim ?? 1 }),
  };
}

/** The column as it lies there, and in `isWhole` which of its rows can be trusted; null where there is nothing of it. */
async function readPartly(file: SectionFile, field: Field, rows: number, isWhole: Uint8Array): Promise<Column | null> {
  const { fieldId, type } = field;
  const dim = field.dim ?? 1;
  const lose = (from: number, to: number): void => void isWhole.fill(0, Math.max(0, from), Math.min(rows, to));
  const read = async (section: string): Promise<SalvagedBytes | null> => (file.has(section) ? file.salvage(section) : null);

  const values = await read(valuesSection(fieldId));
  const validity = await read(validitySection(fieldId));
  if (!values || (validity && validity.bytes.length < bitmapBytes(rows))) return void lose(0, rows), null;
  for (const { from, to } of validity?.damaged ?? []) lose(from * 8, to * 8);
  const like = { fieldId, type, length: rows, dim, validity: validity?.bytes ?? null };

  if (!hasOffsets(type)) {
    if (values.bytes.length !== fixedBytes(type, rows, dim)) return void lose(0, rows), null;
    const rowBytes = type === 'Bool' ? 1 / 8 : fixedBytes(type, 1, dim);
    for (const { from, to } of values.damaged) lose(Math.floor(from / rowBytes), Math.ceil(to / rowBytes));
    return { ...like, values: viewValues(type, values.bytes.buffer as ArrayBuffer, values.bytes.byteOffset, values.bytes.byteLength), offsets: null };
  }

  const offsetBytes = await read(offsetsSection(fieldId));
  if (!offsetBytes || offsetBytes.bytes.length !== 4 * (rows + 1)) return void lose(0, rows), null;
  for (const { from, to } of offsetBytes.damaged) lose(Math.floor(from / 4) - 1, Math.ceil(to / 4));
  const offsets = new Int32Array(offsetBytes.bytes.buffer, offsetBytes.bytes.byteOffset, rows + 1);
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

/** A column of one row without a value. */
function nullColumn({ fieldId, type, dim = 1 }: Field): Column {
  const isLong = hasOffsets(type);
  const elements = isLong ? 0 : isVectorType(type) ? VECTOR_TYPES[type].elements(dim) : 1;
  return {
    fieldId,
    type,
    length: 1,
    dim,
    validity: new Uint8Array(1),
    values: newValues(type, elements),
    offsets: isLong ? new Int32Array(2) : null,
    ...(type === 'SparseFloatVector' ? { indices: new Uint32Array(0) } : {}),
  };
}
