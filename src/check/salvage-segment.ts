/** What can be saved of a segment whose file is damaged. */
import { absentColumn, isFieldOf } from '../schema/absent.ts';
import type { Column, Keys } from '../schema/column.ts';
import { columnKeys } from '../schema/keys.ts';
import type { Field, Schema } from '../schema/types.ts';
import { compareKeys } from '../segment/keys.ts';
import { RowTimes } from '../segment/row-times.ts';
import { readRowTimes } from '../segment/segment-file.ts';
import type { SegmentEntry } from '../storage/manifest/manifest.ts';
import { openSections } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError, isElanusError } from '../util/error.ts';
import { salvageColumn, type SalvagedColumn } from './salvage-column.ts';

export interface SalvagedSegment {
  /** Numbers in the old file of the rows that are kept, in the order of the new one. */
  readonly rows: readonly number[];
  /** In schema order. */
  readonly columns: readonly Column[];
  readonly times: RowTimes;
  /** False: when rows were inserted is lost; they count as inserted at the segment's first insert. */
  readonly hasTimes: boolean;
  /** Rows that are not kept. */
  readonly lost: readonly number[];
  /** Keys of these, as far as they can be read. */
  readonly lostKeys: ReadonlyMap<number, bigint | string>;
  /** Values that became null, by the name of their field. */
  readonly lostValues: ReadonlyMap<string, number>;
}

/** NOT_FOUND or CORRUPT where nothing can be read. `entry`: what the manifest says of the segment. */
export async function salvageSegment(store: Store, entry: SegmentEntry, schema: Schema): Promise<SalvagedSegment> {
  const file = await openSections(store, entry.file, 'segment', { salvage: true });
  // Every row has a number or an offset: nothing is allocated for more of them.
  if (entry.rows * 4 > file.fileBytes) throw new ElanusError('CORRUPT', `"${entry.file}" expected ${entry.rows} rows, got ${file.fileBytes} bytes`, { file: entry.file });
  const times = await readRowTimes(file, entry.rows).catch((error: unknown) => {
    if (!isElanusError(error)) throw error;
    return null;
  });
  const isWhole = new Uint8Array(entry.rows).fill(1);
  const columns: SalvagedColumn[] = [];
  const lostValues = new Map<string, number>();
  for (const field of schema.fields) {
    const column = isFieldOf(field, entry.schemaVersion) ? await salvageColumn(file, field, entry.rows) : laterColumn(field, entry.rows);
    columns.push(column);
    if (!field.nullable) for (let row = 0; row < entry.rows; row++) if (column.isWhole[row] === 0) isWhole[row] = 0;
  }
  const keyColumn = columns.find(({ field }) => field.primaryKey)!;
  const withKey = rowsWhere(keyColumn.isWhole, 1);
  const keys = columnKeys(keyColumn.take(withKey));
  const keyOf = new Map(withKey.map((row, i) => [row, keys[i]!]));
  const insertedAt = (row: number): bigint => (times ? times.at(row) : entry.minTimestamp);
  const rows = inOrder(rowsWhere(isWhole, 1), keyOf, insertedAt);
  for (const { field, isWhole: isThere } of columns) {
    const count = rows.reduce((sum, row) => sum + (isThere[row] === 0 ? 1 : 0), 0);
    if (count > 0) lostValues.set(field.name, count);
  }
  const kept = new RowTimes();
  for (const row of rows) kept.append(1, insertedAt(row));
  const isKept = new Set(rows);
  const lost = Array.from({ length: entry.rows }, (_, row) => row).filter((row) => !isKept.has(row));
  return {
    rows,
    columns: columns.map((column) => column.take(rows)),
    times: kept,
    hasTimes: times !== null,
    lost,
    lostKeys: new Map(lost.flatMap((row) => (keyOf.has(row) ? [[row, keyOf.get(row)!] as const] : []))),
    lostValues,
  };
}

/** Of a field that came to the schema after these rows. */
const laterColumn = (field: Field, rows: number): SalvagedColumn => ({ field, isWhole: new Uint8Array(rows).fill(1), take: (taken) => absentColumn(field, taken.length) });

function rowsWhere(flags: Uint8Array, flag: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < flags.length; row++) if (flags[row] === flag) rows.push(row);
  return rows;
}

/** As rows of a segment must be: by key, versions of a key by insert, none twice. */
function inOrder(rows: number[], keyOf: ReadonlyMap<number, Keys[number]>, insertedAt: (row: number) => bigint): number[] {
  const compare = (a: number, b: number): number => {
    const order = compareKeys(keyOf.get(a)!, keyOf.get(b)!);
    if (order !== 0) return order;
    return insertedAt(a) < insertedAt(b) ? -1 : insertedAt(a) > insertedAt(b) ? 1 : 0;
  };
  if (rows.every((row, i) => i === 0 || compare(rows[i - 1]!, row) < 0)) return rows;
  return rows.sort(compare).filter((row, i, sorted) => i === 0 || compare(sorted[i - 1]!, row) < 0);
}

/** Deletes that can be read, by row of the old file, and how many cannot. */
export async function salvageDeletes(store: Store, name: string, entry: SegmentEntry): Promise<{ readonly deleted: Map<number, bigint>; readonly lost: number }> {
  const deleted = new Map<number, bigint>();
  try {
    const file = await openSections(store, name, 'deletes', { salvage: true });
    const rows = await file.salvage('rows');
    const times = await file.salvage('times');
    const count = Math.min(rows.bytes.length >> 2, times.bytes.length >> 3);
    const rowView = new DataView(rows.bytes.buffer, rows.bytes.byteOffset);
    const timeView = new DataView(times.bytes.buffer, times.bytes.byteOffset);
    const isDamaged = (part: typeof rows, from: number, to: number): boolean => part.damaged.some((range) => from < range.to && to > range.from);
    for (let i = 0; i < count; i++) {
      if (isDamaged(rows, i * 4, i * 4 + 4) || isDamaged(times, i * 8, i * 8 + 8)) continue;
      if (rowView.getUint32(i * 4, true) < entry.rows) deleted.set(rowView.getUint32(i * 4, true), timeView.getBigUint64(i * 8, true));
    }
  } catch (error) {
    if (!isElanusError(error)) throw error;
  }
  return { deleted, lost: Math.max(0, entry.deletedRows - deleted.size) };
}
