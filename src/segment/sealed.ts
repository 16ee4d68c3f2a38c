/**
 * An immutable segment: a file of columns in ascending key order, its deletes, and its vectors with their indexes in
 * kernel memory. Keys and row times are read at open, vectors at the first search, other columns when first asked for.
 */
import { zoneOf, type Zone } from '../filter/zones.ts';
import type { Column } from '../schema/column.ts';
import { absentColumn, absentRow, isFieldOf } from '../schema/absent.ts';
import { columnBytes, takeRows } from '../schema/column-ops.ts';
import type { Field, Schema } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import type { SegmentEntry } from '../storage/manifest/manifest.ts';
import { openSections, type SectionFile } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError } from '../util/error.ts';
import { Ages } from './ages.ts';
import { SealedKeys } from './keys.ts';
import type { KernelPool } from './kernel-pool.ts';
import { Pins } from './pins.ts';
import type { RowTimes } from './row-times.ts';
import { SegmentScalarIndexes } from './scalar-indexes.ts';
import { SealedVectors } from './sealed-vectors.ts';
import type { Unloadable, VectorCache } from './vector-cache.ts';
import { readColumn, readDeletes, readRowTimes, readSegmentMeta, readZones, vectorBytes } from './segment-file.ts';
import { countSeenAt, countUnreachable, isSeenAt, LiveBits, PURGED, rowsSeenAt, type Deletes } from './versions.ts';

export class SealedSegment {
  /** Replaced whenever the manifest says something new of this segment. */
  entry: SegmentEntry;
  readonly file: SectionFile;
  readonly keys: SealedKeys;
  readonly times: RowTimes;
  /** By field id, as far as they are known. */
  readonly #zones: Map<number, Zone>;
  readonly #keyField: Field;
  readonly #vectors = new Map<number, SealedVectors>();
  readonly #columns = new Map<number, Column>();
  readonly #loadedColumns: LoadedColumns;
  readonly scalarIndexes: SegmentScalarIndexes;
  readonly #cache: VectorCache;
  /** Row to the time of its delete. */
  readonly #deleted: Map<number, bigint>;
  readonly #ages: Ages;
  readonly #liveBits = new LiveBits();
  /** What the last read of the past saw: the next page of an iterator asks for the same. */
  #lastSeen: { readonly timestamp: bigint; readonly version: number; readonly bits: Uint8Array } | null = null;
  /** Grows with every change of the deletes. */
  deletesVersion = 0;
  /** The version that is in the deletes file which the manifest names; what is newer is in the log, or found again by age. */
  savedDeletesVersion = 0;
  readonly pins = new Pins(() => this.#free());

  private constructor(entry: SegmentEntry, file: SectionFile, keyColumn: Column, times: RowTimes, zones: Map<number, Zone>, deleted: Map<number, bigint>, schema: Schema, pool: KernelPool, store: Store) {
    this.entry = entry;
    this.file = file;
    this.#keyField = schema.fields.find((field) => field.primaryKey)!;
    this.keys = new SealedKeys(keyColumn);
    this.#columns.set(keyColumn.fieldId, keyColumn);
    this.times = times;
    this.#zones = zones;
    this.#deleted = deleted;
    this.#ages = new Ages(times, false);
    for (const field of schema.fields) {
      if (isVectorType(field.type)) this.#vectors.set(field.fieldId, new SealedVectors(field, entry.rows, vectorBytes(file, field.fieldId), pool));
    }
    for (const row of deleted.keys()) this.#hide(row);
    this.#cache = pool.cache;
    this.#loadedColumns = new LoadedColumns(this.#columns, keyColumn.fieldId);
    this.#cache.addOther(this.#loadedColumns);
    this.scalarIndexes = new SegmentScalarIndexes(store, this.#cache, () => this.entry.scalarIndexes ?? []);
    this.#cache.addOther(this.scalarIndexes);
  }

  static async open(store: Store, entry: SegmentEntry, schema: Schema, pool: KernelPool): Promise<SealedSegment> {
    const file = await openSections(store, entry.file, 'segment');
    const meta = await readSegmentMeta(file);
    if (meta.rows !== entry.rows) throw new ElanusError('CORRUPT', `"${entry.file}" expected ${entry.rows} rows, got ${meta.rows}`, { file: entry.file });
    const keyField = schema.fields.find((field) => field.primaryKey)!;
    const keyColumn = await readColumn(file, keyField, entry.rows);
    const times = await readRowTimes(file, entry.rows);
    const zones = await readZones(file, entry.rows, schema.fields);
    const deleted = entry.deletesFile ? await readDeletes(await openSections(store, entry.deletesFile, 'deletes'), entry.rows) : new Map<number, bigint>();
    return new SealedSegment(entry, file, keyColumn, times, zones, deleted, schema, pool, store);
  }

  get rows(): number {
    return this.entry.rows;
  }

  get deletedRows(): number {
    return this.#deleted.size;
  }

  /** Deleted rows that no read from the horizon on sees. */
  reclaimableRows(horizon: bigint): number {
    return countUnreachable(this.#deleted, horizon);
  }

  /** Nothing in it lives: it is for reads of the past alone. */
  get isHistory(): boolean {
    return this.deletedRows === this.rows;
  }

  get deletes(): Deletes {
    return this.#deleted;
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const vectors of this.#vectors.values()) bytes += vectors.memoryBytes;
    for (const column of this.#columns.values()) bytes += columnBytes(column);
    return bytes + this.scalarIndexes.memoryBytes;
  }

  get storedBytes(): number {
    return this.entry.fileBytes + [...this.entry.indexes, ...(this.entry.scalarIndexes ?? [])].reduce((sum, index) => sum + index.fileBytes, 0);
  }

  vectors(fieldId: number): SealedVectors {
    return this.#vectors.get(fieldId)!;
  }

  /** The live row of a key, or -1. */
  find(key: bigint | string): number {
    const row = this.keys.find(key);
    return row < 0 || this.#deleted.has(row) ? -1 : row;
  }

  /** The row of a key that was seen at a time, or -1. */
  findAt(key: bigint | string, timestamp: bigint): number {
    let row = this.keys.find(key);
    while (row >= 0 && !isSeenAt(this.times, this.#deleted, row, timestamp)) row = this.keys.older(row);
    return row;
  }

  /** Hides the row of a key inserted strictly before T. Answers whether there was one. */
  delete(key: bigint | string, timestamp: bigint): boolean {
    const row = this.find(key);
    if (row < 0 || (this.entry.maxTimestamp >= timestamp && this.times.at(row) >= timestamp)) return false;
    this.deleteRow(row, timestamp);
    return true;
  }

  deleteRow(row: number, timestamp: bigint): void {
    this.#deleted.set(row, timestamp);
    this.deletesVersion++;
    this.#hide(row);
  }

  /** Hides all versions of a key inserted strictly before T from every time. Answers whether one of them lived. */
  purge(key: bigint | string, timestamp: bigint): boolean {
    let hadLive = false;
    for (let row = this.keys.find(key); row >= 0; row = this.keys.older(row)) {
      if (this.times.at(row) >= timestamp) continue;
      if (!this.#deleted.has(row)) hadLive = true;
      if (this.#deleted.get(row) !== PURGED) this.deleteRow(row, PURGED);
    }
    return hadLive;
  }

  /** Hides live rows inserted up to a time, each from its insert time plus `lifetime` on. Answers the next insert time; null where there is none. */
  expire(insertedUpTo: bigint, lifetime: bigint): bigint | null {
    return this.#ages.take(insertedUpTo, (row, insertedAt) => {
      if (!this.#deleted.has(row)) this.deleteRow(row, insertedAt + lifetime);
    });
  }

  /** The next `expire` looks at all rows again. */
  resetAges(): void {
    this.#ages.reset();
  }

  /** Rows that live now, as a bitset in whole 64-bit words; not to be changed. */
  get liveRows(): Uint8Array {
    return this.#liveBits.of(this.rows, this.#deleted);
  }

  /** Rows that were seen at a time, as a bitset; not to be changed. */
  rowsAt(timestamp: bigint): Uint8Array {
    const last = this.#lastSeen;
    if (last?.timestamp === timestamp && last.version === this.deletesVersion) return last.bits;
    const bits = rowsSeenAt(this.times, this.#deleted, timestamp);
    this.#lastSeen = { timestamp, version: this.deletesVersion, bits };
    return bits;
  }

  countAt(timestamp: bigint): number {
    return countSeenAt(this.times, this.#deleted, timestamp);
  }

  /** Keeps indexes and vectors in memory once they are there, until `release`. */
  hold(): void {
    for (const vectors of this.#vectors.values()) vectors.hold();
  }

  release(): void {
    for (const vectors of this.#vectors.values()) vectors.release();
  }

  /** Gives back what can be read from the store again, but for what is in use. */
  unload(): void {
    for (const vectors of this.#vectors.values()) if (vectors.isUnloadable) vectors.unload();
    this.#loadedColumns.unload();
    this.scalarIndexes.unload();
  }

  #hide(row: number): void {
    for (const vectors of this.#vectors.values()) vectors.kill(row);
  }

  /** A column that is in memory, or null. Vector columns never are: see `vectors`. */
  cachedColumn(fieldId: number): Column | null {
    return this.#columns.get(fieldId) ?? null;
  }

  /** The same, for a read that looks into it: so it stays. */
  useColumn(fieldId: number): Column | null {
    this.#loadedColumns.lastUse = this.#cache.use();
    return this.cachedColumn(fieldId);
  }

  /** Between which values those of a scalar field lie, dead rows among them; null where nobody has looked: an earlier release wrote the file, and the column was not loaded yet. */
  zone(field: Field): Zone | null {
    const known = this.#zones.get(field.fieldId);
    if (known || isFieldOf(field, this.entry.schemaVersion)) return known ?? null;
    const { rows } = this;
    const { nulls, bounds } = zoneOf(absentRow(field));
    const zone = { rows, nulls: nulls * rows, bounds };
    this.#zones.set(field.fieldId, zone);
    return zone;
  }

  async loadColumn(field: Field): Promise<Column> {
    const cached = this.#columns.get(field.fieldId);
    if (cached) return cached;
    const column = isFieldOf(field, this.entry.schemaVersion) ? await readColumn(this.file, field, this.rows) : absentColumn(field, this.rows);
    this.#columns.set(field.fieldId, column);
    if (!this.#zones.has(field.fieldId)) this.#zones.set(field.fieldId, zoneOf(column));
    return column;
  }

  /** Values of a field at these rows, in this order; at once where they are in memory. */
  take(field: Field, rows: ArrayLike<number>): Column | Promise<Column> {
    const vectors = this.#vectors.get(field.fieldId);
    if (vectors) return vectors.take(rows, this.file);
    const cached = this.useColumn(field.fieldId);
    return cached ? takeRows(cached, rows) : this.loadColumn(field).then((column) => takeRows(column, rows));
  }

  get keyField(): Field {
    return this.#keyField;
  }

  #free(): void {
    for (const vectors of this.#vectors.values()) vectors.free();
    this.#cache.removeOther(this.#loadedColumns);
    this.#cache.removeOther(this.scalarIndexes);
    this.scalarIndexes.unload();
    this.#columns.clear();
  }
}

/** The columns of a segment that were read to be looked into. Those who look hold what they got: it may go from here at any time. */
class LoadedColumns implements Unloadable {
  lastUse = 0;
  readonly isUnloadable = true;
  readonly #columns: Map<number, Column>;
  readonly #keyFieldId: number;

  constructor(columns: Map<number, Column>, keyFieldId: number) {
    this.#columns = columns;
    this.#keyFieldId = keyFieldId;
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const [fieldId, column] of this.#columns) if (fieldId !== this.#keyFieldId) bytes += columnBytes(column);
    return bytes;
  }

  unload(): void {
    for (const fieldId of this.#columns.keys()) if (fieldId !== this.#keyFieldId) this.#columns.delete(fieldId);
  }
}
