/**
 * What is in a segment file and in a deletes file; `docs/format/segment.md` has the bytes. Rows are in ascending key
 * order. A field f has the sections `f<id>/values`, `f<id>/offsets` (VarChar, JSON) and `f<id>/validity` (where some
 * value is missing), each an Arrow buffer.
 */
import type { Column, ColumnValues } from '../schema/column.ts';
import type { Field, FieldType } from '../schema/types.ts';
import type { SectionFile, SectionInput } from '../storage/sections/index.ts';
import { bitsetBytes } from '../util/bitset.ts';
import { ElanusError } from '../util/error.ts';
import { RowTimes } from './row-times.ts';

export const vectorSection = (fieldId: number): string => `f${fieldId}/values`;

const META_BYTES = 16;

export interface SegmentMeta {
  readonly rows: number;
  readonly schemaVersion: number;
  readonly partitionId: number;
}

const bytesOf = (values: ColumnValues): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

export function segmentSections(meta: SegmentMeta, times: RowTimes, columns: readonly Column[]): SectionInput[] {
  const head = new Uint8Array(META_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, meta.rows, true);
  view.setUint32(4, meta.schemaVersion, true);
  view.setUint32(8, meta.partitionId, true);
  const sections: SectionInput[] = [
    { name: 'meta', bytes: head },
    { name: 'times', bytes: times.encode() },
  ];
  for (const column of columns) {
    sections.push({ name: `f${column.fieldId}/values`, bytes: bytesOf(column.values) });
    if (column.offsets) sections.push({ name: `f${column.fieldId}/offsets`, bytes: bytesOf(column.offsets) });
    if (column.validity) sections.push({ name: `f${column.fieldId}/validity`, bytes: column.validity });
  }
  return sections;
}

export async function readSegmentMeta(file: SectionFile): Promise<SegmentMeta> {
  const head = await file.read('meta');
  if (head.length !== META_BYTES) throw new ElanusError('CORRUPT', `"meta" of "${file.name}" expected ${META_BYTES} bytes, got ${head.length}`, { file: file.name });
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return { rows: view.getUint32(0, true), schemaVersion: view.getUint32(4, true), partitionId: view.getUint32(8, true) };
}

export async function readRowTimes(file: SectionFile, rows: number): Promise<RowTimes> {
  return RowTimes.decode(await file.read('times'), rows, file.name);
}

/** Reads a whole column, and checks that its buffers fit each other. */
export async function readColumn(file: SectionFile, field: Field, rows: number): Promise<Column> {
  const name = `f${field.fieldId}/values`;
  const dim = field.dim ?? 1;
  const bytes = await file.read(name);
  const validity = file.has(`f${field.fieldId}/validity`) ? await file.read(`f${field.fieldId}/validity`) : null;
  if (validity && validity.length < bitsetBytes(rows)) throw wrongLength(file, `f${field.fieldId}/validity`, bitsetBytes(rows), validity.length);
  const like = { fieldId: field.fieldId, type: field.type, length: rows, dim, validity };
  if (field.type === 'VarChar' || field.type === 'JSON') {
    const offsetBytes = await file.read(`f${field.fieldId}/offsets`);
    if (offsetBytes.length !== 4 * (rows + 1)) throw wrongLength(file, `f${field.fieldId}/offsets`, 4 * (rows + 1), offsetBytes.length);
    const offsets = new Int32Array(offsetBytes.buffer, offsetBytes.byteOffset, rows + 1);
    for (let row = 0; row < rows; row++) {
      if (offsets[row]! > offsets[row + 1]!) throw new ElanusError('CORRUPT', `offsets of field "${field.name}" in "${file.name}" descend at row ${row}`, { file: file.name });
    }
    if (offsets[0] !== 0 || offsets[rows]! > bytes.length) throw wrongLength(file, name, offsets[rows]!, bytes.length);
    return { ...like, values: bytes, offsets };
  }
  const expected = field.type === 'Bool' ? bitsetBytes(rows) : rows * dim * BYTES_PER_ELEMENT[field.type];
  if (bytes.length !== expected) throw wrongLength(file, name, expected, bytes.length);
  return { ...like, values: viewAs(field.type, bytes), offsets: null };
}

const BYTES_PER_ELEMENT: Record<Exclude<FieldType, 'VarChar' | 'JSON' | 'Bool'>, number> = {
  Int8: 1,
  Int16: 2,
  Int32: 4,
  Int64: 8,
  Float: 4,
  Double: 8,
  FloatVector: 4,
};

function viewAs(type: FieldType, bytes: Uint8Array): ColumnValues {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (type) {
    case 'Int8':
      return new Int8Array(buffer, byteOffset, byteLength);
    case 'Int16':
      return new Int16Array(buffer, byteOffset, byteLength / 2);
    case 'Int32':
      return new Int32Array(buffer, byteOffset, byteLength / 4);
    case 'Int64':
      return new BigInt64Array(buffer, byteOffset, byteLength / 8);
    case 'Float':
    case 'FloatVector':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'Double':
      return new Float64Array(buffer, byteOffset, byteLength / 8);
    default:
      return bytes;
  }
}

function wrongLength(file: SectionFile, section: string, expected: number, got: number): ElanusError {
  return new ElanusError('CORRUPT', `"${section}" of "${file.name}" expected ${expected} bytes, got ${got}`, { file: file.name, section });
}

/** Deletes of a sealed segment: rows ascending, and when each was deleted. Shape of both: (deletes). */
export function deletesSections(deleted: ReadonlyMap<number, bigint>): SectionInput[] {
  const rows = Uint32Array.from(deleted.keys()).sort();
  const timestamps = BigUint64Array.from(rows, (row) => deleted.get(row)!);
  return [
    { name: 'rows', bytes: new Uint8Array(rows.buffer) },
    { name: 'times', bytes: new Uint8Array(timestamps.buffer) },
  ];
}

export async function readDeletes(file: SectionFile, segmentRows: number): Promise<Map<number, bigint>> {
  const rowBytes = await file.read('rows');
  const timeBytes = await file.read('times');
  if (rowBytes.length % 4 !== 0 || timeBytes.length !== rowBytes.length * 2) throw wrongLength(file, 'times', rowBytes.length * 2, timeBytes.length);
  const rows = new Uint32Array(rowBytes.buffer, rowBytes.byteOffset, rowBytes.length / 4);
  const times = new BigUint64Array(timeBytes.buffer, timeBytes.byteOffset, rows.length);
  const deleted = new Map<number, bigint>();
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]! >= segmentRows) throw new ElanusError('CORRUPT', `"${file.name}" deletes row ${rows[i]} of ${segmentRows}`, { file: file.name });
    deleted.set(rows[i]!, times[i]!);
  }
  return deleted;
}
