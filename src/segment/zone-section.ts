/** The zone maps of a segment as its file has them, in the section `zones`: `docs/format/segment.md`. */
import { zoneOf, ZONE_TEXT_BYTES_MAX, type Zone } from '../filter/zones.ts';
import type { Column } from '../schema/column.ts';
import type { Field, FieldType } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import { ByteReader, ByteWriter } from '../util/bytes.ts';
import { ElanusError } from '../util/error.ts';

/** Persisted: never renumber. */
const NONE = 0;
const BOOL = 1;
const INT = 2;
const INT64 = 3;
const FLOAT = 4;
const TEXT = 5;

const KIND_OF: Partial<Readonly<Record<FieldType, number>>> = { Bool: BOOL, Int8: INT, Int16: INT, Int32: INT, Int64: INT64, Float: FLOAT, Double: FLOAT, VarChar: TEXT };
const IS_MIN_CUT = 1;
const IS_MAX_CUT = 2;

export function encodeZones(columns: readonly Column[]): Uint8Array {
  const scalars = columns.filter(({ type }) => !isVectorType(type));
  const writer = new ByteWriter().u32(scalars.length);
  for (const column of scalars) writeZone(writer, column, zoneOf(column));
  return writer.finish();
}

function writeZone(writer: ByteWriter, { fieldId, type }: Column, { nulls, bounds }: Zone): void {
  const kind = bounds ? KIND_OF[type]! : NONE;
  writer.u32(fieldId).u32(nulls).u8(kind);
  if (bounds?.kind === 'text') {
    writer.u8((bounds.isMinCut ? IS_MIN_CUT : 0) | (bounds.isMaxCut ? IS_MAX_CUT : 0));
    for (const text of [bounds.min, bounds.max]) writer.u8(text.length).bytes(text);
  } else if (bounds) {
    for (const value of [bounds.min, bounds.max]) {
      if (kind === INT64) writer.i64(value as bigint);
      else if (kind === BOOL) writer.u8(Number(value));
      else writer.f64(value as number);
    }
  }
}

/** By field id. CORRUPT where they are not of a segment of so many rows with these fields. */
export function decodeZones(bytes: Uint8Array, title: string, rows: number, fields: readonly Field[]): Map<number, Zone> {
  const reader = new ByteReader(bytes, title);
  const zones = new Map<number, Zone>();
  const wrong = (what: string): ElanusError => new ElanusError('CORRUPT', `"zones" of "${title}" expected bounds of its fields, got ${what}`, { file: title, section: 'zones' });
  for (let left = reader.u32(); left > 0; left--) {
    const fieldId = reader.u32();
    const nulls = reader.u32();
    const kind = reader.u8();
    const field = fields.find((known) => known.fieldId === fieldId);
    if (!field || isVectorType(field.type) || zones.has(fieldId)) throw wrong(`some of field ${fieldId}`);
    if (nulls > rows || (kind !== NONE && (kind !== KIND_OF[field.type] || nulls === rows))) throw wrong(`${nulls} rows without a value and kind ${kind}`);
    const bounds = kind === NONE ? null : kind === TEXT ? readTexts(reader) : readNumbers(reader, kind);
    if (bounds === undefined) throw wrong(`bounds of "${field.name}" that are none`);
    zones.set(fieldId, { rows, nulls, bounds });
  }
  reader.end();
  return zones;
}

function readNumbers(reader: ByteReader, kind: number): Zone['bounds'] | undefined {
  const read = (): boolean | number | bigint => (kind === INT64 ? reader.i64() : kind === BOOL ? reader.u8() === 1 : reader.f64());
  const min = read();
  const max = read();
  return min <= max ? { kind: 'number', min, max } : undefined;
}

function readTexts(reader: ByteReader): Zone['bounds'] | undefined {
  const cuts = reader.u8();
  const min = reader.copy(reader.u8());
  const max = reader.copy(reader.u8());
  const isFit = (text: Uint8Array, isCut: boolean): boolean => (isCut ? text.length === ZONE_TEXT_BYTES_MAX : text.length <= ZONE_TEXT_BYTES_MAX);
  const isMinCut = (cuts & IS_MIN_CUT) !== 0;
  const isMaxCut = (cuts & IS_MAX_CUT) !== 0;
  return isFit(min, isMinCut) && isFit(max, isMaxCut) ? { kind: 'text', min, max, isMinCut, isMaxCut } : undefined;
}
