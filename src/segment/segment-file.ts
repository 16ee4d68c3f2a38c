/**
 * What is in a segment file and in a deletes file; `docs/format/segment.md` has the bytes. Rows are in ascending key
 * order. A field f has the sections `f<id>/values`, `f<id>/offsets` (VarChar, JSON, SparseFloatVector), `f<id>/indices`
 * (SparseFloatVector) and `f<id>/validity` (where some value is missing), each an Arrow buffer. An Array has `f<id>/offsets`, and in the place
 * of values those of its elements: `f<id>/elements`, and `f<id>/elementOffsets` where they are texts.
 */
import type { Zone } from '../filter/zones.ts';
import { elementField } from '../schema/arrays.ts';
import type { Column, ColumnValues } from '../schema/column.ts';
import { hasOffsets } from '../schema/column-values.ts';
import { fixedBytes, viewValues } from '../schema/codec.ts';
import type { Field, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, type DenseValues, type QueryVectors } from '../schema/vector-types/index.ts';
import type { SectionFile, SectionInput } from '../storage/sections/index.ts';
import { bitsetBytes } from '../util/bitset.ts';
import { ElanusError } from '../util/error.ts';
import { RowTimes } from './row-times.ts';
import { decodeZones, encodeZones } from './zone-section.ts';

export const valuesSection = (fieldId: number): string => `f${fieldId}/values`;
export const offsetsSection = (fieldId: number): string => `f${fieldId}/offsets`;
export const indicesSection = (fieldId: number): string => `f${fieldId}/indices`;
export const elementsSection = (fieldId: number): string => `f${fieldId}/elements`;
export const elementOffsetsSection = (fieldId: number): string => `f${fieldId}/elementOffsets`;
export const validitySection = (fieldId: number): string => `f${fieldId}/validity`;

/** Bytes of a field's vectors. CORRUPT when the file has none. */
export function vectorBytes(file: SectionFile, fieldId: number): number {
  const indices = indicesSection(fieldId);
  return file.byteLength(valuesSection(fieldId)) + (file.has(indices) ? file.byteLength(indices) : 0);
}

const META_BYTES = 16;

export interface SegmentMeta {
  readonly rows: number;
  readonly schemaVersion: number;
  readonly partitionId: number;
}

const bytesOf = (values: ColumnValues | Uint32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** `manifest`: see `storage/manifest/excerpt.ts`. */
export function segmentSections(meta: SegmentMeta, manifest: Uint8Array, times: RowTimes, columns: readonly Column[]): SectionInput[] {
  const head = new Uint8Array(META_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, meta.rows, true);
  view.setUint32(4, meta.schemaVersion, true);
  view.setUint32(8, meta.partitionId, true);
  const sections: SectionInput[] = [
    { name: 'meta', bytes: head },
    { name: 'zones', bytes: encodeZones(columns) },
    { name: 'manifest', bytes: manifest },
    { name: 'times', bytes: times.encode() },
  ];
  for (const column of columns) {
    if (column.elements) {
      const { values, offsets } = column.elements;
      sections.push({ name: elementsSection(column.fieldId), bytes: bytesOf(values) });
      if (offsets) sections.push({ name: elementOffsetsSection(column.fieldId), bytes: bytesOf(offsets) });
    } else sections.push({ name: valuesSection(column.fieldId), bytes: bytesOf(column.values) });
    if (column.offsets) sections.push({ name: offsetsSection(column.fieldId), bytes: bytesOf(column.offsets) });
    if (column.indices) sections.push({ name: indicesSection(column.fieldId), bytes: bytesOf(column.indices) });
    if (column.validity) sections.push({ name: validitySection(column.fieldId), bytes: column.validity });
  }
  return sections;
}

export async function readSegmentMeta(file: SectionFile): Promise<SegmentMeta> {
  const head = await file.read('meta');
  if (head.length !== META_BYTES) throw new ElanusError('CORRUPT', `"meta" of "${file.name}" expected ${META_BYTES} bytes, got ${head.length}`, { file: file.name });
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return { rows: view.getUint32(0, true), schemaVersion: view.getUint32(4, true), partitionId: view.getUint32(8, true) };
}

/** Zone maps by field id; of what an earlier release wrote there are none. */
export async function readZones(file: SectionFile, rows: number, fields: readonly Field[]): Promise<Map<number, Zone>> {
  return file.has('zones') ? decodeZones(await file.read('zones'), file.name, rows, fields) : new Map();
}

export async function readRowTimes(file: SectionFile, rows: number): Promise<RowTimes> {
  return RowTimes.decode(await file.read('times'), rows, file.name);
}

/** Reads all vectors of a field, for a build. CORRUPT when their buffers do not fit each other. */
export async function readVectors(file: SectionFile, type: VectorType, fieldId: number, rows: number, dim: number): Promise<QueryVectors> {
  const { bytesPerElement, elements, family, view } = VECTOR_TYPES[type];
  const section = valuesSection(fieldId);
  const bytes = await file.read(section);
  const values = view(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  if (family !== 'sparse') {
    const expected = rows * elements(dim) * bytesPerElement;
    if (bytes.length !== expected) throw wrongLength(file, section, expected, bytes.length);
    return values as DenseValues;
  }
  const indices = await file.read(indicesSection(fieldId));
  if (indices.length !== bytes.length) throw wrongLength(file, indicesSection(fieldId), bytes.length, indices.length);
  const offsetBytes = await file.read(offsetsSection(fieldId));
  if (offsetBytes.length !== 4 * (rows + 1)) throw wrongLength(file, offsetsSection(fieldId), 4 * (rows + 1), offsetBytes.length);
  const offsets = new Int32Array(offsetBytes.buffer, offsetBytes.byteOffset, rows + 1);
  checkSparseOffsets(offsets, values.length, file, fieldId);
  return { offsets, indices: new Uint32Array(indices.buffer, indices.byteOffset, indices.length / 4), values: values as Float32Array };
}

/** CORRUPT unless the offsets ascend from 0 to the number of pairs: kernels trust them. */
export function checkSparseOffsets(offsets: Int32Array | Uint32Array, pairs: number, file: SectionFile, fieldId: number): void {
  let isFit = offsets[0] === 0 && offsets[offsets.length - 1] === pairs;
  for (let i = 1; i < offsets.length && isFit; i++) isFit = offsets[i]! >= offsets[i - 1]!;
  if (isFit) return;
  const section = offsetsSection(fieldId);
  throw new ElanusError('CORRUPT', `"${section}" of "${file.name}" expected ascending offsets of ${pairs} pairs`, { file: file.name, section });
}

/** Reads a whole column of a field that is no vector, and checks that its buffers fit each other. */
export async function readColumn(file: SectionFile, field: Field, rows: number): Promise<Column> {
  const { fieldId, type, dim = 1 } = field;
  const validity = file.has(validitySection(fieldId)) ? await file.read(validitySection(fieldId)) : null;
  if (validity && validity.length < bitsetBytes(rows)) throw wrongLength(file, validitySection(fieldId), bitsetBytes(rows), validity.length);
  const like = { fieldId, type, length: rows, dim, validity };
  if (type !== 'Array') return { ...like, ...(await readValues(file, field, rows, valuesSection(fieldId), offsetsSection(fieldId))) };
  const offsets = await readOffsets(file, field, rows, offsetsSection(fieldId));
  const element = elementField(field);
  const length = offsets[rows]!;
  const values = await readValues(file, element, length, elementsSection(fieldId), elementOffsetsSection(fieldId));
  return { ...like, values: new Uint8Array(0), offsets, elements: { fieldId, type: element.type, length, dim: 1, validity: null, ...values } };
}

/** The values of a column, of a type that is no Array and no sparse vector. */
async function readValues(file: SectionFile, field: Field, rows: number, section: string, offsetsIn: string): Promise<Pick<Column, 'values' | 'offsets'>> {
  const { type, dim = 1 } = field;
  const bytes = await file.read(section);
  if (hasOffsets(type)) {
    const offsets = await readOffsets(file, field, rows, offsetsIn);
    if (offsets[rows]! > bytes.length) throw wrongLength(file, section, offsets[rows]!, bytes.length);
    return { values: bytes, offsets };
  }
  const expected = fixedBytes(type, rows, dim);
  if (bytes.length !== expected) throw wrongLength(file, section, expected, bytes.length);
  return { values: viewValues(type, bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength), offsets: null };
}

/** Offsets that ascend from 0. Shape (rows + 1). */
async function readOffsets(file: SectionFile, field: Field, rows: number, section: string): Promise<Int32Array> {
  const bytes = await file.read(section);
  if (bytes.length !== 4 * (rows + 1)) throw wrongLength(file, section, 4 * (rows + 1), bytes.length);
  const offsets = new Int32Array(bytes.buffer, bytes.byteOffset, rows + 1);
  let isFit = offsets[0] === 0;
  for (let row = 0; row < rows && isFit; row++) isFit = offsets[row]! <= offsets[row + 1]!;
  if (!isFit) throw new ElanusError('CORRUPT', `"${section}" of "${file.name}" expected offsets of field "${field.name}" that ascend from 0`, { file: file.name, section });
  return offsets;
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
