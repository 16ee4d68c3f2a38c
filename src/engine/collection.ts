/**
 * One collection's life: writes go to the log, then to the growing segment; sealing, merging and index builds happen
 * behind. The parts that make up that life are files of their own (`seal.ts`, `merge.ts`, `indexing.ts`, `recovery.ts`),
 * which take this state and change it.
 */
import { planField, type FieldPlan } from '../exec/plan.ts';
import { searchSegments, takeEntities, type SearchView } from '../exec/search.ts';
import type { BuildService } from '../index/index.ts';
import type { ColumnBatch, Keys } from '../schema/column.ts';
import { columnKeys } from '../schema/keys.ts';
import type { Field, IndexSpec, Schema } from '../schema/types.ts';
import { GrowingSegment } from '../segment/growing.ts';
import type { KernelPool } from '../segment/kernel-pool.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import { logName } from '../storage/names.ts';
import type { Store } from '../storage/store.ts';
import { LogWriter, RECORD_BYTES_MAX } from '../storage/wal/index.ts';
import { ElanusError, throwIfAborted } from '../util/error.ts';
import type { Catalog } from './catalog.ts';
import type { CallContext, CollectionInfo, EngineEvent, EngineOptions, GetReply, InsertReply, SearchReply, SearchRequest } from './client.ts';
import type { Clock } from './clock.ts';
import { encodeLogRecord, type LogRecord } from './log-record.ts';

/** What every collection of a database shares. */
export interface EngineParts {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly pool: KernelPool;
  readonly builds: BuildService;
  readonly options: EngineOptions;
  readonly onEvent: (event: EngineEvent) => void;
}

export const DEFAULT_PARTITION = 0;

/** A growing segment is sealed past either, so that a scan of it stays near 2 ms and a replay near 100 ms. */
const GROWING_ROWS_MAX = 65_536;
const GROWING_VECTOR_BYTES_MAX = 32 << 20;
/** Writers wait while more segments than this are waiting to be written. */
const SEALING_MAX = 2;

/** A growing segment that takes no more rows. */
export interface Frozen {
  readonly segment: GrowingSegment;
  /** Its rows, and all before them, are in logs of earlier generations than this. */
  readonly nextLogGeneration: number;
}

export class CollectionState {
  readonly parts: EngineParts;
  readonly collectionId: number;
  readonly name: string;
  readonly schema: Schema;
  readonly keyField: Field;

  growing: GrowingSegment;
  /** Frozen and being written, oldest first; still searched by scan. One whose writing failed waits for the next seal. */
  sealing: readonly Frozen[] = [];
  sealed: SealedSegment[] = [];
  nextAutoId: bigint;
  /** The generation that writes go to, and its log once there is one. */
  logGeneration: number;
  #log: Promise<LogWriter> | null = null;
  /** Log bytes that recovery found; those written since are the writer's. */
  recoveredLogBytes = 0;

  /** Writes take effect in the order in which they were logged. Never rejects. */
  #applied: Promise<void> = Promise.resolve();
  /** Kernel memory that batches will take which are being logged. */
  #promisedBytes = 0;
  #poison: unknown = null;
  #closed = false;
  /** One seal at a time, so that logs are dropped in order. Never rejects. */
  sealQueue: Promise<void> = Promise.resolve();
  #view: SearchView | null = null;
  #plans = new Map<number, FieldPlan>();

  constructor(parts: EngineParts, entry: CollectionEntry) {
    this.parts = parts;
    this.collectionId = entry.collectionId;
    this.name = entry.name;
    this.schema = entry.schema;
    this.keyField = entry.schema.fields.find((field) => field.primaryKey)!;
    this.nextAutoId = entry.nextAutoId;
    this.logGeneration = entry.firstLogGeneration;
    this.growing = new GrowingSegment(entry.schema, parts.pool.shared);
  }

  get entry(): CollectionEntry {
    return this.parts.catalog.entry(this.collectionId);
  }

  get info(): CollectionInfo {
    const { entry } = this;
    const indexes = Object.fromEntries(this.schema.fields.flatMap((field) => (entry.indexes[field.fieldId] ? [[field.name, entry.indexes[field.fieldId]!]] : [])));
    return { collectionId: this.collectionId, name: this.name, schema: this.schema, indexes, createdTimestamp: entry.createdTimestamp };
  }

  field(fieldId: number): Field {
    const field = this.schema.fields.find((candidate) => candidate.fieldId === fieldId);
    if (!field) throw new ElanusError('NOT_FOUND', `collection "${this.name}" has no field with the number ${fieldId}`);
    return field;
  }

  indexSpec(fieldId: number): IndexSpec | undefined {
    return this.entry.indexes[fieldId];
  }

  /** The segments that reads see. */
  get view(): SearchView {
    return (this.#view ??= { store: this.parts.store, growing: [...this.sealing.map((frozen) => frozen.segment), this.growing], sealed: this.sealed });
  }

  /** To be called whenever the set of segments or an index of the collection changes. */
  segmentsChanged(): void {
    this.#view = null;
    this.#plans.clear();
  }

  // Writes

  async insert(batch: ColumnBatch, context: CallContext | undefined): Promise<InsertReply> {
    this.assertWritable();
    throwIfAborted(context?.signal);
    if (this.sealing.length > SEALING_MAX) await this.sealQueue;
    this.assertWritable();
    const promised = this.#promiseRoom(batch);
    const timestamp = this.parts.clock.next();
    const complete = this.keyField.autoId ? this.#withAutoIds(batch) : batch;
    await this.#write({ kind: 'insert', timestamp, partitionId: DEFAULT_PARTITION, schemaVersion: this.schema.version, batch: complete }).finally(() => {
      this.#promisedBytes -= promised;
    });
    const isFull = this.growing.rows >= GROWING_ROWS_MAX || this.growing.vectorBytes >= GROWING_VECTOR_BYTES_MAX;
    // What is closing seals nothing more: the log keeps the rows.
    if (isFull && !this.#closed) this.onGrowingFull();
    const keys = columnKeys(complete.columns.find((column) => column.fieldId === this.keyField.fieldId)!);
    // A copy: the reply's buffers are the caller's, and the growing segment keeps the column.
    return { keys: keys.slice(), timestamp };
  }

  /**
   * Sees to it that there will be room for a batch once it is logged, because what is logged must be applied. Refuses it
   * by OUT_OF_MEMORY otherwise, and nothing has happened.
   */
  #promiseRoom(batch: ColumnBatch): number {
    const bytes = this.growing.bytesToAppend(batch);
    if (bytes > 0) this.growing.makeRoom(this.#promisedBytes + bytes);
    this.#promisedBytes += bytes;
    return bytes;
  }

  /** Set by the engine: seals in the background. */
  onGrowingFull: () => void = () => {};

  async delete(keys: Keys, context: CallContext | undefined): Promise<{ count: number; timestamp: bigint }> {
    this.assertWritable();
    throwIfAborted(context?.signal);
    const timestamp = this.parts.clock.next();
    const count = await this.#write({ kind: 'delete', timestamp, partitionId: DEFAULT_PARTITION, schemaVersion: this.schema.version, keys });
    return { count, timestamp };
  }

  #withAutoIds(batch: ColumnBatch): ColumnBatch {
    const ids = new BigInt64Array(batch.rows);
    const first = this.nextAutoId;
    for (let i = 0; i < batch.rows; i++) ids[i] = first + BigInt(i);
    this.nextAutoId = first + BigInt(batch.rows);
    const keyColumn = { fieldId: this.keyField.fieldId, type: this.keyField.type, length: batch.rows, dim: 1, validity: null, values: ids, offsets: null };
    const columns = this.schema.fields.map((field) => (field.primaryKey ? keyColumn : batch.columns.find((column) => column.fieldId === field.fieldId)!));
    return { rows: batch.rows, columns };
  }

  /** Logs a record, and applies it when it is acknowledged by the medium and everything before it is applied. */
  async #write(record: LogRecord): Promise<number> {
    const bytes = encodeLogRecord(record);
    if (bytes.length > RECORD_BYTES_MAX) {
      throw new ElanusError('INVALID_ARGUMENT', `one write expected at most ${RECORD_BYTES_MAX} bytes, got ${bytes.length}: split it into several`, { byteLength: bytes.length });
    }
    const durable = this.#openLog().then((log) => log.append(bytes));
    const before = this.#applied;
    const applied = (async () => {
      try {
        await durable;
      } finally {
        await before;
      }
      if (this.#poison) throw this.#poisoned();
      return this.apply(record);
    })();
    this.#applied = applied.then(
      () => {},
      (error: unknown) => {
        this.#poison ??= error;
      },
    );
    return applied;
  }

  /** Makes a record's effect visible. Answers how many rows it hid or added. Also used by recovery. */
  apply(record: LogRecord): number {
    const { timestamp } = record;
    if (record.kind === 'delete') {
      let count = 0;
      for (const key of record.keys) if (this.#hide(key, timestamp)) count++;
      return count;
    }
    if (!this.keyField.autoId && (this.growing.rows > 0 || this.sealing.length > 0 || this.sealed.length > 0)) {
      const keys = columnKeys(record.batch.columns.find((column) => column.fieldId === this.keyField.fieldId)!);
      for (let i = 0; i < keys.length; i++) this.#hide(keys[i]!, timestamp);
    }
    this.growing.append(record.batch, timestamp);
    return record.batch.rows;
  }

  /** Hides the live row of a key, wherever it is: at most one segment has it. */
  #hide(key: bigint | string, timestamp: bigint): boolean {
    if (this.growing.delete(key, timestamp)) return true;
    for (const frozen of this.sealing) if (frozen.segment.delete(key, timestamp)) return true;
    for (const segment of this.sealed) if (segment.delete(key, timestamp)) return true;
    return false;
  }

  #openLog(): Promise<LogWriter> {
    if (this.#log) return this.#log;
    const header = new Uint8Array(16);
    const view = new DataView(header.buffer);
    view.setUint32(0, this.collectionId, true);
    view.setUint32(4, this.logGeneration, true);
    const log = LogWriter.create(this.parts.store, logName(this.collectionId, this.logGeneration), header, this.parts.options.durability);
    this.#log = log;
    return log;
  }

  /**
   * Ends the log and freezes the growing segment, once what was written before the call is applied; what is written
   * after it goes to the next log and a new growing segment. The frozen one (which may be empty) is the last of `sealing`.
   */
  async rotate(): Promise<void> {
    const log = this.#log;
    this.#log = null;
    const nextLogGeneration = ++this.logGeneration;
    this.#applied = this.#applied.then(() => {
      this.sealing = [...this.sealing, { segment: this.growing, nextLogGeneration }];
      this.growing = new GrowingSegment(this.schema, this.parts.pool.shared);
      this.segmentsChanged();
    });
    await this.#applied;
    if (log) await (await log).end();
  }

  /** Rows whose keys an insert must not reuse are counted in `nextAutoId`; recovery tells what the logs used. */
  observeAutoId(key: bigint): void {
    if (key >= this.nextAutoId) this.nextAutoId = key + 1n;
  }

  async logBytes(): Promise<number> {
    return this.recoveredLogBytes + (this.#log ? await this.#log.then((log) => log.byteLength, () => 0) : 0);
  }

  /** CLOSED, READ_ONLY or POISONED where nothing may be written. */
  assertWritable(): void {
    if (this.#closed) throw new ElanusError('CLOSED', `collection "${this.name}" is closed`);
    if (this.parts.options.readOnly) throw new ElanusError('READ_ONLY', 'the database was opened with readOnly: open it without to write');
    if (this.#poison) throw this.#poisoned();
  }

  #poisoned(): ElanusError {
    return new ElanusError('POISONED', `an earlier write to collection "${this.name}" failed; reads go on, writes are refused until the database is closed and opened again`, {}, { cause: this.#poison });
  }

  // Reads

  search(request: SearchRequest, context: CallContext | undefined): SearchReply | Promise<SearchReply> {
    const k = request.limit + request.offset;
    const isUsual = request.params === undefined && !request.exact;
    let plan = isUsual ? this.#plans.get(request.fieldId) : undefined;
    if (!plan || plan.k !== k) {
      plan = planField(this.field(request.fieldId), this.indexSpec(request.fieldId), k, request.params, request.exact);
      if (isUsual) this.#plans.set(request.fieldId, plan);
    }
    return searchSegments(this.view, {
      plan,
      queries: request.queries,
      nq: request.nq,
      offset: request.offset,
      outputFields: request.outputFieldIds.length === 0 ? NO_FIELDS : request.outputFieldIds.map((fieldId) => this.field(fieldId)),
      keyIsInt64: this.keyField.type === 'Int64',
      signal: context?.signal,
    });
  }

  async get(keys: Keys, outputFieldIds: readonly number[]): Promise<GetReply> {
    const found = new Int32Array(keys.length).fill(-1);
    const segments: (GrowingSegment | SealedSegment)[] = [];
    const rows: number[] = [];
    for (let i = 0; i < keys.length; i++) {
      for (const segment of this.#segments()) {
        const row = segment.find(keys[i]!);
        if (row < 0) continue;
        found[i] = rows.length;
        segments.push(segment);
        rows.push(row);
        break;
      }
    }
    return { found, entities: await takeEntities(segments, rows, outputFieldIds.map((fieldId) => this.field(fieldId))) };
  }

  #segments(): (GrowingSegment | SealedSegment)[] {
    return [this.growing, ...this.sealing.map((frozen) => frozen.segment), ...this.sealed];
  }

  /** Rows that are only in logs, dead ones counted. */
  get unsealedRows(): number {
    return this.sealing.reduce((sum, frozen) => sum + frozen.segment.rows, this.growing.rows);
  }

  get liveRows(): number {
    let rows = this.growing.rows - this.growing.deletedRows;
    for (const { segment } of this.sealing) rows += segment.rows - segment.deletedRows;
    for (const segment of this.sealed) rows += segment.rows - segment.deletedRows;
    return rows;
  }

  /** Resolves when what was written before the call is applied, or has failed. */
  settled(): Promise<void> {
    return this.#applied;
  }

  /** Refuses new writes, waits for those under way and for seals, and ends the log. Builds have been stopped before. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#applied;
    await this.sealQueue;
    const log = this.#log;
    this.#log = null;
    if (log && !this.#poison) await (await log).end();
  }

  /** Gives back the memory; the collection is not used again. */
  free(): void {
    this.#closed = true;
    for (const segment of this.#segments()) segment.pins.retire();
  }
}

const NO_FIELDS: readonly Field[] = [];
