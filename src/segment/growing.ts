/**
 * The mutable segment: rows of the log that are not sealed yet. Searchable at once by scan; its vectors live in kernel
 * memory, its other columns as the batches in which they came. Writers and readers share a thread.
 */
import type { Kernels } from '../kernels/kernels.ts';
import { absentColumn, absentRow } from '../schema/absent.ts';
import { columnBytes, concatColumns, emptyColumn, takeFrom } from '../schema/column-ops.ts';
import type { Column, ColumnBatch, Keys } from '../schema/column.ts';
import { columnKeys } from '../schema/keys.ts';
import type { Field, Schema } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import { Pins } from './pins.ts';
import { growingVectors, type GrowingVectors } from './growing-vectors.ts';
import { Ages } from './ages.ts';
import { compareKeys, type MapKey, mapKey, mapKeyAt } from './keys.ts';
import { RowTimes } from './row-times.ts';
import { countSeenAt, isSeenAt, LiveBits, PURGED, rowsSeenAt, type Deletes } from './versions.ts';

interface Chunk {
  readonly firstRow: number;
  readonly rows: number;
  readonly keys: Keys;
  /** By fieldId; vector fields are in `GrowingVectors`. */
  readonly columns: ReadonlyMap<number, Column>;
  readonly byteLength: number;
}

export class GrowingSegment {
  readonly times = new RowTimes();
  readonly pins = new Pins(() => this.#free());
  readonly #schema: Schema;
  readonly #kernels: Kernels;
  readonly #keyField: Field;
  readonly #chunks: Chunk[] = [];
  readonly #vectors = new Map<number, GrowingVectors>();
  /** The newest row of each key; auto ids are never looked up before they are deleted, and have no map until then. */
  #rowOfKey: Map<MapKey, number> | null;
  /** Row to the row of the same key before it, while keys are looked up. */
  readonly #olderRow = new Map<number, number>();
  readonly #ages = new Ages(this.times, true);
  /** Row to the time of its delete. */
  readonly #deleted = new Map<number, bigint>();
  readonly #liveBits = new LiveBits();
  /** Whole columns of the first so many chunks, by fieldId. */
  readonly #joined = new Map<number, { readonly chunks: number; readonly column: Column }>();
  #rows = 0;
  /** Rows came in ascending order of their keys, so that a tie by row is a tie by key. */
  #isInKeyOrder = true;

  readonly partitionId: number;

  constructor(schema: Schema, kernels: Kernels, partitionId: number) {
    this.partitionId = partitionId;
    this.#schema = schema;
    this.#kernels = kernels;
    this.#keyField = schema.fields.find((field) => field.primaryKey)!;
    this.#rowOfKey = this.#keyField.autoId ? null : new Map();
    for (const field of schema.fields) {
      if (isVectorType(field.type)) this.#vectors.set(field.fieldId, growingVectors(kernels, field));
    }
  }

  get rows(): number {
    return this.#rows;
  }

  get deletedRows(): number {
    return this.#deleted.size;
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const vectors of this.#vectors.values()) bytes += vectors.memoryBytes;
    for (const chunk of this.#chunks) bytes += chunk.byteLength;
    // What is joined of one chunk is that chunk's column.
    for (const { chunks, column } of this.#joined.values()) if (chunks > 1) bytes += columnBytes(column);
    return bytes;
  }

  get vectorBytes(): number {
    let bytes = 0;
    for (const vectors of this.#vectors.values()) bytes += vectors.byteLength;
    return bytes;
  }

  /** Adds a batch that has every field of some version of the schema, key included. Rows of the same keys that are here already must have been hidden. */
  append(batch: ColumnBatch, timestamp: bigint): void {
    const columns = new Map<number, Column>();
    let byteLength = 0;
    let keys: Keys = [];
    for (const column of batch.columns) {
      const vectors = this.#vectors.get(column.fieldId);
      if (vectors) vectors.append(column);
      else {
        columns.set(column.fieldId, column);
        byteLength += columnBytes(column);
        if (column.fieldId === this.#keyField.fieldId) keys = columnKeys(column);
      }
    }
    if (this.#isInKeyOrder) this.#isInKeyOrder = this.#continuesInOrder(keys);
    this.#chunks.push({ firstRow: this.#rows, rows: batch.rows, keys, columns, byteLength });
    if (this.#rowOfKey) this.#indexKeys(keys, this.#rows);
    this.times.append(batch.rows, timestamp);
    this.#rows += batch.rows;
  }

  /** Bytes of kernel memory that `append` of the batch would take at most. */
  bytesToAppend(batch: ColumnBatch): number {
    let bytes = 0;
    for (const column of batch.columns) bytes += this.#vectors.get(column.fieldId)?.bytesToAppend(column) ?? 0;
    return bytes;
  }

  /** Makes sure that there are so many bytes of kernel memory. OUT_OF_MEMORY where there are not. */
  makeRoom(byteLength: number): void {
    this.#kernels.arena.makeRoom(byteLength);
  }

  get isInKeyOrder(): boolean {
    return this.#isInKeyOrder;
  }

  #continuesInOrder(keys: Keys): boolean {
    if (keys.length > 0 && this.#rows > 0 && compareKeys(this.keyAt(this.#rows - 1), keys[0]!) >= 0) return false;
    for (let i = 1; i < keys.length; i++) if (compareKeys(keys[i - 1]!, keys[i]!) >= 0) return false;
    return true;
  }

  #indexKeys(keys: Keys, firstRow: number): void {
    const map = this.#rowOfKey!;
    for (let i = 0; i < keys.length; i++) {
      const key = mapKeyAt(keys, i);
      const older = map.get(key);
      if (older !== undefined) this.#olderRow.set(firstRow + i, older);
      map.set(key, firstRow + i);
    }
  }

  #newest(key: bigint | string): number | undefined {
    if (!this.#rowOfKey) {
      this.#rowOfKey = new Map();
      for (const chunk of this.#chunks) this.#indexKeys(chunk.keys, chunk.firstRow);
    }
    return this.#rowOfKey.get(mapKey(key));
  }

  /** The live row of a key, or -1. */
  find(key: bigint | string): number {
    const row = this.#newest(key);
    return row === undefined || this.#deleted.has(row) ? -1 : row;
  }

  /** The row of a key that was seen at a time, or -1. */
  findAt(key: bigint | string, timestamp: bigint): number {
    let row = this.#newest(key);
    while (row !== undefined && !isSeenAt(this.times, this.#deleted, row, timestamp)) row = this.#olderRow.get(row);
    return row ?? -1;
  }

  /** Hides the row of a key inserted strictly before T. Answers whether there was one. */
  delete(key: bigint | string, timestamp: bigint): boolean {
    const row = this.find(key);
    if (row < 0 || this.times.at(row) >= timestamp) return false;
    this.#deleteRow(row, timestamp);
    return true;
  }

  #deleteRow(row: number, timestamp: bigint): void {
    this.#deleted.set(row, timestamp);
    for (const vectors of this.#vectors.values()) vectors.kill(row);
  }

  /** Hides all versions of a key inserted strictly before T from every time. Answers whether one of them lived. */
  purge(key: bigint | string, timestamp: bigint): boolean {
    let hadLive = false;
    for (let row = this.#newest(key); row !== undefined; row = this.#olderRow.get(row)) {
      if (this.times.at(row) >= timestamp) continue;
      if (!this.#deleted.has(row)) hadLive = true;
      this.#deleteRow(row, PURGED);
    }
    return hadLive;
  }

  /** Hides live rows inserted up to a time, each from its insert time plus `lifetime` on. Answers the next insert time; null where there is none. */
  expire(insertedUpTo: bigint, lifetime: bigint): bigint | null {
    return this.#ages.take(insertedUpTo, (row, insertedAt) => {
      if (!this.#deleted.has(row)) this.#deleteRow(row, insertedAt + lifetime);
    });
  }

  /** The next `expire` looks at all rows again. */
  resetAges(): void {
    this.#ages.reset();
  }

  get deletes(): Deletes {
    return this.#deleted;
  }

  /** Rows that live now, as a bitset in whole 64-bit words; not to be changed. */
  get liveRows(): Uint8Array {
    return this.#liveBits.of(this.#rows, this.#deleted);
  }

  /** Rows that were seen at a time, as a bitset. */
  rowsAt(timestamp: bigint): Uint8Array {
    return rowsSeenAt(this.times, this.#deleted, timestamp);
  }

  countAt(timestamp: bigint): number {
    return countSeenAt(this.times, this.#deleted, timestamp);
  }

  vectors(fieldId: number): GrowingVectors {
    return this.#vectors.get(fieldId)!;
  }

  keyAt(row: number): bigint | string {
    const chunk = this.#chunkOf(row);
    return chunk.keys[row - chunk.firstRow]!;
  }

  /** All rows of a field that is no vector. Joined when it is asked for, and kept while no rows come. */
  column(field: Field): Column {
    const joined = this.#joined.get(field.fieldId);
    const from = joined?.chunks ?? 0;
    if (joined && from === this.#chunks.length) return joined.column;
    const parts = this.#chunks.slice(from).map(({ columns, rows }) => columns.get(field.fieldId) ?? absentColumn(field, rows));
    if (joined) parts.unshift(joined.column);
    const column = parts.length === 0 ? emptyColumn(field) : parts.length === 1 ? parts[0]! : concatColumns(parts);
    this.#joined.set(field.fieldId, { chunks: this.#chunks.length, column });
    return column;
  }

  /** Values of a field at these rows, in this order. */
  take(field: Field, rows: ArrayLike<number>): Column {
    const vectors = this.#vectors.get(field.fieldId);
    if (vectors) return vectors.take(rows);
    const parts: { column: Column; row: number }[] = [];
    for (let i = 0; i < rows.length; i++) {
      const chunk = this.#chunkOf(rows[i]!);
      const column = chunk.columns.get(field.fieldId);
      // Rows that were written before the field was added.
      parts.push(column ? { column, row: rows[i]! - chunk.firstRow } : { column: absentRow(field), row: 0 });
    }
    return takeFrom(parts, field);
  }

  get schema(): Schema {
    return this.#schema;
  }

  #chunkOf(row: number): Chunk {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#chunks[middle]!.firstRow <= row) low = middle;
      else high = middle - 1;
    }
    return this.#chunks[low]!;
  }

  #free(): void {
    for (const vectors of this.#vectors.values()) vectors.free();
  }
}
