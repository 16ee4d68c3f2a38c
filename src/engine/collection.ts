/**
 * One collection's life: writes go to the log, then to the growing segment; sealing, merging and index builds happen
 * behind. The parts that make up that life are files of their own (`seal.ts`, `merge.ts`, `indexing.ts`, `recovery.ts`),
 * which take this state and change it.
 */
import type { SearchView } from '../exec/search.ts';
import type { BuildService } from '../index/index.ts';
import { completeBatch } from '../schema/absent.ts';
import { takeRows } from '../schema/column-ops.ts';
import type { Column, ColumnBatch, Keys } from '../schema/column.ts';
import { columnKeys } from '../schema/keys.ts';
import { rowsByBucket } from '../schema/partition-key.ts';
import type { Field, IndexSpec, Schema } from '../schema/types.ts';
import type { GrowingSegment } from '../segment/growing.ts';
import type { KernelPool } from '../segment/kernel-pool.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import { encodeExcerpt } from '../storage/manifest/excerpt.ts';
import { DEFAULT_PARTITION_ID, type SnapshotEntry, type CollectionEntry, type Manifest, type PartitionEntry } from '../storage/manifest/manifest.ts';
import type { SharedLogs } from '../storage/shared/shared.ts';
import type { Store } from '../storage/store.ts';
import { unlessAborted } from '../util/abort.ts';
import { ElanusError, throwIfAborted } from '../util/error.ts';
import type { Catalog } from './catalog.ts';
import { Changes } from './changes.ts';
import type { CallContext, CollectionInfo, Consistency, DeleteReply, DeleteRequest, EngineEvent, EngineOptions, FilterInput, InsertReply } from './client.ts';
import { isoTime, millisecondsBetween, ticksOf, type Clock } from './clock.ts';
import { GrowingPartitions } from './growing-partitions.ts';
import type { History } from './history.ts';
import { Loading } from './loading.ts';
import { ANY_PARTITION, type LogRecord } from './log-record.ts';
import type { OnDemand } from './on-demand.ts';
import { wholeRows } from './partial-upsert.ts';
import { Reads } from './reads.ts';
import { SingleWriterLog, type LogRecovery } from './single-writer-log.ts';
import { SharedLog, type LogPosition } from './shared-log.ts';
import { WriteGate } from './write-gate.ts';
import type { AppendOptions, Draft, LogTarget, WriteLog } from './write-log.ts';

/** What every collection of a database shares. */
export interface EngineParts {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly history: History;
  readonly pool: KernelPool;
  readonly builds: BuildService;
  readonly onDemand: OnDemand;
  readonly options: EngineOptions;
  readonly onEvent: (event: EngineEvent) => void;
  /** Whether this engine seals, merges, builds and commits; only one of several tabs does. */
  readonly maintains: () => boolean;
  /** Null: this engine is the only writer. */
  readonly tabs: TabHooks | null;
}

/** What a collection tells where several tabs share the database. */
export interface TabHooks {
  readonly logs: SharedLogs;
  /** A time after all writes of any tab that were acknowledged, and before all that will be. */
  now(): Promise<bigint>;
  /** Looks for what other tabs have written, where a read of that consistency has to. */
  look(collectionId: number, consistency: Consistency): Promise<void> | undefined;
  onAppended(collectionId: number): void;
  /** Another tab should have sealed it. */
  onOverfull(collectionId: number): void;
  /** It cannot go on before it is at a newer manifest. */
  onBehind(collectionId: number): void;
}

/** A growing segment is sealed past either, so that a scan of it stays near 2 ms and a replay near 100 ms. */
const GROWING_ROWS_MAX = 65_536;
const GROWING_VECTOR_BYTES_MAX = 32 << 20;
/** With so many times as much, the tab that should have sealed it is reminded. */
const OVERFULL = 2;
/** Writers wait while more segments than this are waiting to be written. */
const SEALING_MAX = 2;

/** Growing segments that take no more rows. */
export interface Frozen {
  readonly rows: GrowingPartitions;
  /** Its rows, and all before them, are in logs of earlier generations than this. */
  readonly nextLogGeneration: number;
  /** The last write among them; later ones are later by their timestamps, too. */
  readonly appliedTo: bigint;
}

/** Farther ahead than clocks of two threads are apart. */
const AHEAD_TICKS = ticksOf(1_000);

/** Later than any timestamp. */
const NEVER = 1n << 64n;

export class CollectionState implements LogTarget {
  readonly parts: EngineParts;
  readonly collectionId: number;
  readonly keyField: Field;
  readonly partitionKey: Field | undefined;

  /** What this is, where it is no collection of the manifest. */
  readonly snapshot: SnapshotEntry | null;
  #schema: Schema;
  /** The manifest that `#schema` is of. */
  #schemaFrom: Manifest | null = null;
  growing: GrowingPartitions;
  /** Frozen and being written, oldest first; still searched by scan. Those whose writing failed wait for the next seal. */
  sealing: readonly Frozen[] = [];
  sealed: SealedSegment[] = [];
  log!: WriteLog;
  /** What the manifest said of the collection when this tab last followed another one; null: what the catalog says. */
  followed: CollectionEntry | null = null;
  /** Writes up to this are applied, none that is not will have an earlier timestamp. */
  appliedTo: bigint;
  /** Of those, the writes up to this are sealed. */
  sealedTo: bigint;
  /** Nothing that lives expires before. */
  #nextExpiry = 0n;
  readonly loading = new Loading(this);
  readonly changes = new Changes(
    (change) => this.parts.onEvent({ type: 'change', collectionId: this.collectionId, change }),
    (batch) => columnKeys(this.#keyColumn(batch)!),
  );

  /** Rows of this auto id and beyond have never been. */
  #nextId: bigint;
  readonly gate = new WriteGate();
  /** Told when segments were merged, or sealed so that they come with their vector indexes: scalar ones may be missing. */
  onMerged: () => void = () => {};

  /** Kernel memory that batches will take which are being logged. */
  #promisedBytes = 0;
  /** Fires when reads under way are to end. */
  readonly #ending = new AbortController();
  #closed = false;
  /** One seal at a time, so that logs are dropped in order. Never rejects. */
  sealQueue: Promise<void> = Promise.resolve();
  #view: SearchView | null = null;
  readonly reads: Reads;
  /** Where the rows of a batch belong, by its column of partition keys. */
  readonly #buckets = new WeakMap<Column, Map<number, number[]>>();

  /** `snapshot`: whose the entry is, with a number of its own. Nothing is written to it, and time does not go on in it. */
  constructor(parts: EngineParts, entry: CollectionEntry, snapshot: SnapshotEntry | null = null) {
    this.parts = parts;
    this.reads = new Reads(this);
    this.snapshot = snapshot;
    this.collectionId = entry.collectionId;
    this.#schema = entry.schema;
    this.#nextId = entry.nextAutoId;
    this.keyField = entry.schema.fields.find((field) => field.primaryKey)!;
    this.partitionKey = entry.schema.fields.find((field) => field.partitionKey);
    this.growing = new GrowingPartitions(entry.schema, parts.pool.shared);
    this.appliedTo = entry.createdTimestamp;
    this.sealedTo = entry.createdTimestamp;
  }

  /** To be called once, with the segments that the manifest names. */
  openSegments(sealed: SealedSegment[]): void {
    this.sealed = sealed;
    for (const { entry, deletes } of sealed) {
      this.#noteApplied(entry.maxTimestamp);
      for (const deletedAt of deletes.values()) this.#noteApplied(deletedAt);
    }
    this.sealedTo = this.appliedTo;
  }

  #noteApplied(timestamp: bigint): void {
    if (timestamp > this.appliedTo) this.appliedTo = timestamp;
  }

  /** To be called once, when the logs that there are have been applied. */
  openLog(recovery: LogRecovery): void {
    const { store, clock, catalog, options } = this.parts;
    this.log = new SingleWriterLog({
      store,
      clock,
      durability: options.durability,
      collectionId: this.collectionId,
      manifest: () => encodeExcerpt(catalog.manifest, this.entry),
      name: () => this.name,
      hasAutoIds: this.keyField.autoId,
    }, this, recovery);
  }

  /** As `openLog`, where several tabs write it. */
  openSharedLog(tabs: TabHooks, position: LogPosition): SharedLog {
    const { clock, options } = this.parts;
    const { collectionId } = this;
    const log = new SharedLog(
      {
        logs: tabs.logs,
        clock,
        durability: options.durability,
        collectionId,
        name: () => this.name,
        hasAutoIds: this.keyField.autoId,
        firstLogGeneration: () => this.entry.firstLogGeneration,
        onAppended: () => tabs.onAppended(collectionId),
        onBehind: () => tabs.onBehind(collectionId),
      },
      this,
      position,
    );
    this.log = log;
    return log;
  }

  get entry(): CollectionEntry {
    return this.followed ?? this.snapshot?.collection ?? this.parts.catalog.entry(this.collectionId);
  }

  get name(): string {
    return this.entry.name;
  }

  get info(): CollectionInfo {
    const { entry } = this;
    const indexes = Object.fromEntries(this.schema.fields.flatMap((field) => (entry.indexes[field.fieldId] ? [[field.name, entry.indexes[field.fieldId]!]] : [])));
    const { name, createdTimestamp, properties } = entry;
    const { collectionId } = this;
    const numPartitions = this.partitionKey ? entry.partitions.length : undefined;
    return { collectionId, name, schema: this.schema, indexes, createdTimestamp, properties, ...(numPartitions === undefined ? {} : { numPartitions }) };
  }

  /** The newest: fields may be added, and are never taken away. */
  get schema(): Schema {
    if (this.followed) return this.followed.schema;
    const { manifest } = this.parts.catalog;
    if (manifest !== this.#schemaFrom) {
      this.#schemaFrom = manifest;
      // What is under way when the collection is dropped goes on with the last one.
      this.#schema = manifest.collections.find((entry) => entry.collectionId === this.collectionId)?.schema ?? this.#schema;
    }
    return this.#schema;
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
    return (this.#view ??= { store: this.parts.store, growing: this.#growingSegments(), sealed: this.sealed, ending: this.#ending.signal });
  }

  /** The segments of some partitions. CLOSED, or why else, where it has ended while a read waited for what it needs: its segments are gone. */
  viewOf(partitions: readonly string[] | undefined): SearchView {
    if (this.#closed) this.#refuse();
    const { view } = this;
    if (!partitions) return view;
    const ids = this.partitionIds(partitions);
    return { ...view, growing: view.growing.filter((segment) => ids.has(segment.partitionId)), sealed: view.sealed.filter((segment) => ids.has(segment.entry.partitionId)) };
  }

  #refuse(): never {
    throwIfAborted(this.#ending.signal);
    throw new ElanusError('CLOSED', `collection "${this.name}" is closed`);
  }

  /** To be called whenever the set of segments or an index of the collection changes. */
  segmentsChanged(): void {
    this.#view = null;
    this.reads.segmentsChanged();
    this.#nextExpiry = 0n;
    this.loading.follow();
  }

  // Partitions

  partition(name: string): PartitionEntry {
    const { partitions } = this.entry;
    const found = partitions.find((partition) => partition.name === name);
    if (!found) throw new ElanusError('NOT_FOUND', `collection "${this.name}" has no partition "${name}"`, { collection: this.name, partition: name, partitions: partitions.map((known) => known.name) });
    return found;
  }

  /** The numbers of partitions; without names, of all. */
  partitionIds(names: readonly string[] | undefined): Set<number> {
    if (!names) return new Set(this.entry.partitions.map((partition) => partition.partitionId));
    this.assertNamedPartitions('partitions');
    return new Set(names.map((name) => this.partition(name).partitionId));
  }

  /** INVALID_ARGUMENT where the partition key decides. */
  assertNamedPartitions(option: string): void {
    if (!this.partitionKey) return;
    throw new ElanusError('INVALID_ARGUMENT', `"${option}" expected nothing, got a partition: the field "${this.partitionKey.name}" decides in which partition of "${this.name}" a row is`, { collection: this.name, field: this.partitionKey.name });
  }

  #partitionOfWrite(name: string | undefined): number {
    if (name === undefined) return this.partitionKey ? ANY_PARTITION : DEFAULT_PARTITION_ID;
    this.assertNamedPartitions('partition');
    return this.partition(name).partitionId;
  }

  #hasPartition(partitionId: number): boolean {
    return this.entry.partitions.some((partition) => partition.partitionId === partitionId);
  }

  /** A batch by partition. */
  #split(partitionId: number, batch: ColumnBatch): { readonly partitionId: number; readonly batch: ColumnBatch }[] {
    if (partitionId !== ANY_PARTITION) return [{ partitionId, batch }];
    const column = batch.columns.find(({ fieldId }) => fieldId === this.partitionKey!.fieldId)!;
    const { partitions } = this.entry;
    let buckets = this.#buckets.get(column);
    if (!buckets) this.#buckets.set(column, (buckets = rowsByBucket(column, partitions.length)));
    return Array.from(buckets, ([bucket, rows]) => ({ partitionId: partitions[bucket]!.partitionId, batch: rows.length === batch.rows ? batch : takeBatch(batch, rows) }));
  }

  // Writes

  async insert({ batch, partition }: RowsRequest, context: CallContext | undefined): Promise<InsertReply> {
    await this.#backPressure(context);
    while (this.gate.held) await unlessAborted(this.gate.held, context?.signal);
    this.assertWritable();
    return this.#writeRows(this.#partitionOfWrite(partition), completeBatch(this.schema, batch));
  }

  async upsert({ batch, isPartial, partition }: RowsRequest & { readonly isPartial: boolean }, context: CallContext | undefined): Promise<InsertReply> {
    if (!isPartial) return this.insert({ batch, partition }, context);
    await this.#backPressure(context);
    return this.#writeFromRead(
      async () => ({ partitionId: partition === undefined ? this.#partitionOfRows(batch) : this.#partitionOfWrite(partition), whole: await wholeRows(this, batch) }),
      ({ partitionId, whole }, options) => this.#writeRows(partitionId, whole, options),
      context,
    );
  }

  /** Writes what was made of what was read, and reads again where another tab has written since: nothing is written in between. */
  #writeFromRead<R, W>(read: () => Promise<R>, write: (made: R, options: AppendOptions) => Promise<W | null>, context: CallContext | undefined): Promise<W> {
    return this.gate.hold(async () => {
      await this.log.settled();
      for (;;) {
        this.assertWritable();
        throwIfAborted(context?.signal);
        const { sequence } = this.log;
        const made = await read();
        // Closed, or poisoned, meanwhile.
        this.assertWritable();
        throwIfAborted(context?.signal);
        const written = await write(made, { ifSequence: sequence });
        if (written) return written;
        await this.log.latest();
      }
    });
  }

  /** Lets seals catch up. */
  async #backPressure(context: CallContext | undefined): Promise<void> {
    this.assertWritable();
    throwIfAborted(context?.signal);
    if (this.sealing.length > SEALING_MAX) await unlessAborted(this.sealQueue, context?.signal);
  }

  /** Where rows are whose fields are replaced in part; new ones count as those of the first partition. INVALID_ARGUMENT where they are in several. */
  #partitionOfRows(batch: ColumnBatch): number {
    if (this.partitionKey) return ANY_PARTITION;
    const { found, segments } = this.reads.locate(columnKeys(this.#keyColumn(batch)!), undefined, this.timeOf(undefined));
    const ids = new Set(segments.map((segment) => ('keys' in segment ? segment.entry.partitionId : segment.partitionId)));
    if (found.includes(-1)) ids.add(DEFAULT_PARTITION_ID);
    if (ids.size === 1) return [...ids][0]!;
    const names = this.entry.partitions.filter((partition) => ids.has(partition.partitionId)).map((partition) => partition.name);
    throw new ElanusError('INVALID_ARGUMENT', `"rows" expected keys of one partition, got ${names.join(', ')}: a row stays where it is unless "partition" says where all of them go`, { collection: this.name, partitions: names });
  }

  #keyColumn(batch: ColumnBatch): Column | undefined {
    return batch.columns.find((column) => column.fieldId === this.keyField.fieldId);
  }

  async #writeRows(partitionId: number, batch: ColumnBatch): Promise<InsertReply>;
  async #writeRows(partitionId: number, batch: ColumnBatch, options: AppendOptions): Promise<InsertReply | null>;
  async #writeRows(partitionId: number, batch: ColumnBatch, options?: AppendOptions): Promise<InsertReply | null> {
    const promised = this.#promiseRoom(partitionId, batch);
    const draft: Draft = { kind: 'insert', partitionId, schemaVersion: this.schema.version, batch };
    const written = await (options ? this.log.write(draft, options) : this.log.write(draft)).finally(() => {
      this.#promisedBytes -= promised;
    });
    if (!written) return null;
    const { record } = written;
    this.sealIfFull();
    // A copy: the reply's buffers are the caller's, and the growing segment keeps the column.
    return { keys: columnKeys(this.#keyColumn((record as InsertRecord).batch)!).slice(), timestamp: record.timestamp };
  }

  /**
   * Sees to it that there will be room for a batch once it is logged, because what is logged must be applied. Refuses it
   * by OUT_OF_MEMORY otherwise, and nothing has happened.
   */
  #promiseRoom(partitionId: number, batch: ColumnBatch): number {
    let bytes = 0;
    for (const part of this.#split(partitionId, batch)) bytes += this.growing.of(part.partitionId, () => this.segmentsChanged()).bytesToAppend(part.batch);
    if (bytes > 0) this.parts.pool.shared.arena.makeRoom(this.#promisedBytes + bytes);
    this.#promisedBytes += bytes;
    return bytes;
  }

  /** What is closing seals nothing more: the log keeps the rows. */
  sealIfFull(): void {
    if (this.#closed || !this.#isFull(1)) return;
    if (this.parts.maintains()) this.onGrowingFull();
    else if (this.#isFull(OVERFULL)) this.parts.tabs?.onOverfull(this.collectionId);
  }

  #isFull(times: number): boolean {
    return this.growing.rows >= GROWING_ROWS_MAX * times || this.growing.vectorBytes >= GROWING_VECTOR_BYTES_MAX * times;
  }

  applied(record: LogRecord, count: number, isLocal: boolean): void {
    this.changes.applied(record, count, isLocal);
    if (!isLocal) this.sealIfFull();
  }

  /** Set by the engine: seals in the background. */
  onGrowingFull: () => void = () => {};

  async delete({ keys, filter, partition }: DeleteRequest, isPurge: boolean, context: CallContext | undefined): Promise<DeleteReply> {
    // As an insert does, so that calls are written in the order in which they were made.
    await this.#backPressure(context);
    if (filter) return this.#deleteMatching(filter, partition, isPurge, context);
    while (this.gate.held) await unlessAborted(this.gate.held, context?.signal);
    this.assertWritable();
    const { record, count } = await this.log.write(this.#deletion(keys, partition, isPurge));
    return { count, timestamp: record.timestamp };
  }

  /** Deletes the rows that match. */
  async #deleteMatching(filter: FilterInput, partition: string | undefined, isPurge: boolean, context: CallContext | undefined): Promise<DeleteReply> {
    const { record, count } = await this.#writeFromRead(
      () => this.reads.keysOf(filter, partition === undefined ? undefined : [partition]),
      (keys, options) => this.log.write(this.#deletion(keys, partition, isPurge), options),
      context,
    );
    return { count, timestamp: record.timestamp };
  }

  #deletion(keys: Keys, partition: string | undefined, isPurge: boolean): Draft {
    const partitionId = partition === undefined ? ANY_PARTITION : this.#partitionOfWrite(partition);
    return { kind: 'delete', partitionId, schemaVersion: this.schema.version, keys, isPurge };
  }

  withAutoIds(batch: ColumnBatch, first: bigint): ColumnBatch {
    const ids = new BigInt64Array(batch.rows);
    for (let i = 0; i < batch.rows; i++) ids[i] = first + BigInt(i);
    const keyColumn = { fieldId: this.keyField.fieldId, type: this.keyField.type, length: batch.rows, dim: 1, validity: null, values: ids, offsets: null };
    const at = this.schema.fields.indexOf(this.keyField);
    return { rows: batch.rows, columns: [...batch.columns.slice(0, at), keyColumn, ...batch.columns.slice(at)] };
  }

  givenIds(batch: ColumnBatch): BigInt64Array | null {
    const column = this.#keyColumn(batch);
    return column ? (columnKeys(column) as BigInt64Array) : null;
  }

  canApply({ partitionId, schemaVersion }: LogRecord): boolean {
    return schemaVersion <= this.schema.version && (partitionId === ANY_PARTITION || partitionId < this.entry.nextPartitionId);
  }

  estimate(record: LogRecord): number {
    if (record.kind === 'insert') return record.batch.rows;
    const { growing, sealed } = this.view;
    let count = 0;
    for (const key of record.keys) if ([...growing, ...sealed].some((segment) => segment.find(key) >= 0)) count++;
    return count;
  }

  /** Makes a record's effect visible. Answers how many rows it hid or added. Also used by recovery. */
  apply(record: LogRecord): number {
    const { timestamp, partitionId } = record;
    // What expired before the write is not its doing.
    this.expire(timestamp);
    this.#noteApplied(timestamp);
    if (record.kind === 'delete') {
      const hide = record.isPurge ? this.#purge : this.#hide;
      let count = 0;
      for (const key of record.keys) if (hide.call(this, key, timestamp, partitionId)) count++;
      return count;
    }
    if (this.#nextExpiry === NEVER) this.#nextExpiry = 0n;
    const keys = columnKeys(this.#keyColumn(record.batch)!);
    if (this.keyField.autoId) this.#replaceIds(keys as BigInt64Array, timestamp);
    else if (this.#hasRows) for (let i = 0; i < keys.length; i++) this.#hide(keys[i]!, timestamp, ANY_PARTITION);
    for (const part of this.#split(partitionId, record.batch)) {
      // Dropped since the record was written.
      if (this.#hasPartition(part.partitionId)) this.growing.of(part.partitionId, () => this.segmentsChanged()).append(part.batch, timestamp);
    }
    return record.batch.rows;
  }

  /** Auto ids that were just given out are looked up nowhere; those that an upsert names are like other keys. */
  #replaceIds(ids: BigInt64Array, timestamp: bigint): void {
    let next = this.#nextId;
    for (const id of ids) {
      if (id < this.#nextId) this.#hide(id, timestamp, ANY_PARTITION);
      else if (id >= next) next = id + 1n;
    }
    this.#nextId = next;
  }

  get #hasRows(): boolean {
    return this.growing.rows > 0 || this.sealing.length > 0 || this.sealed.length > 0;
  }

  /** Hides the live row of a key, wherever it is: at most one segment has it. */
  #hide(key: bigint | string, timestamp: bigint, partitionId: number): boolean {
    for (const rows of [this.growing, ...this.sealing.map((frozen) => frozen.rows)]) {
      for (const segment of rows.segments) if (isIn(partitionId, segment.partitionId) && segment.delete(key, timestamp)) return true;
    }
    for (const segment of this.sealed) if (isIn(partitionId, segment.entry.partitionId) && segment.delete(key, timestamp)) return true;
    return false;
  }

  /** Hides all versions of a key, wherever they are. */
  #purge(key: bigint | string, timestamp: bigint, partitionId: number): boolean {
    let hadLive = false;
    for (const segment of this.#growingSegments()) if (isIn(partitionId, segment.partitionId) && segment.purge(key, timestamp)) hadLive = true;
    for (const segment of this.sealed) if (isIn(partitionId, segment.entry.partitionId) && segment.purge(key, timestamp)) hadLive = true;
    return hadLive;
  }

  /** Deletes what has outlived the collection's time to live, now or at a time. One comparison where nothing has, none where nothing can. */
  expire(at?: bigint): void {
    const { ttlSeconds } = this.entry.properties;
    if (ttlSeconds === undefined || this.snapshot) return;
    const now = at ?? this.parts.clock.present;
    if (now < this.#nextExpiry) return;
    const lifetime = ticksOf(ttlSeconds * 1_000);
    let next = NEVER;
    for (const segment of [...this.#growingSegments(), ...this.sealed]) {
      const oldest = segment.expire(now - lifetime, lifetime);
      if (oldest !== null && oldest + lifetime < next) next = oldest + lifetime;
    }
    this.#nextExpiry = next;
  }

  /** To be called when the time to live has changed: what lives may have outlived it. */
  lifetimeChanged(): void {
    this.#nextExpiry = 0n;
    for (const segment of [...this.#growingSegments(), ...this.sealed]) segment.resetAges();
  }

  freeze(nextLogGeneration: number): void {
    this.sealing = [...this.sealing, { rows: this.growing, nextLogGeneration, appliedTo: this.appliedTo }];
    this.growing = new GrowingPartitions(this.schema, this.parts.pool.shared);
    this.segmentsChanged();
  }

  /** Takes the rows of another state of the same collection in place of its own. Answers segments that it needs no more. */
  become(other: CollectionState): SealedSegment[] {
    const gone = this.sealed.filter((segment) => !other.sealed.includes(segment));
    for (const { rows } of this.sealing) rows.free();
    this.growing.free();
    this.growing = other.growing;
    this.sealing = other.sealing;
    this.sealed = other.sealed;
    this.appliedTo = other.appliedTo;
    this.sealedTo = other.sealedTo;
    this.#nextExpiry = 0n;
    this.#nextId = other.#nextId;
    this.segmentsChanged();
    return gone;
  }

  /** CLOSED, READ_ONLY or POISONED where nothing may be written. */
  assertWritable(): void {
    if (this.#closed) this.#refuse();
    if (this.parts.options.readOnly) throw new ElanusError('READ_ONLY', 'the database was opened with readOnly: open it without to write');
    this.assertNoSnapshot();
    this.log.assertWritable();
    // A commit of which nobody knows whether it was made may have taken away what a write is for, such as its partition.
    this.parts.catalog.assertCertain();
  }

  /** READ_ONLY for a snapshot. */
  assertNoSnapshot(): void {
    if (this.snapshot) throw new ElanusError('READ_ONLY', `"${this.snapshot.name}" is a snapshot and stays as it is: restoreSnapshot() makes a collection of it`, { snapshot: this.snapshot.name });
  }

  // Reads

  /** What a read is to see: the rows of a time that is past, or (undefined) those that live now. */
  timeOf(at: bigint | undefined): bigint | undefined {
    this.expire();
    if (at === undefined) return undefined;
    const { clock } = this.parts;
    const { horizon, name } = this.entry;
    const present = this.snapshot?.timestamp ?? clock.present;
    if (at < horizon) {
      throw new ElanusError('INVALID_ARGUMENT', `"at" expected a time from ${isoTime(horizon)} (${horizon}) on, where the history of "${name}" begins, got ${isoTime(at)} (${at})`, { parameter: 'at', horizon, at });
    }
    if (at > present + (this.snapshot ? 0n : AHEAD_TICKS)) throw new ElanusError('INVALID_ARGUMENT', `"at" expected a time that has come (now: ${present}), got ${isoTime(at)} (${at})`, { parameter: 'at', at });
    const time = at < present ? at : present;
    // Writes to come are later than what has been read.
    clock.observe(time);
    return time;
  }

  /** Those that are being sealed among them, oldest first. */
  #growingSegments(): GrowingSegment[] {
    return [...this.sealing.flatMap((frozen) => frozen.rows.segments), ...this.growing.segments];
  }

  /** How long the oldest growing row has been there; 0 where there is none. By the clock of timestamps. */
  get unsealedMs(): number {
    const oldest = this.growing.segments.reduce<bigint | null>((least, { rows, times }) => (rows > 0 && (least === null || times.min < least) ? times.min : least), null);
    return oldest === null ? 0 : Math.max(0, millisecondsBetween(oldest, this.parts.clock.now()));
  }

  /** Rows that are only in logs, dead ones counted. */
  get unsealedRows(): number {
    return this.#growingSegments().reduce((sum, segment) => sum + segment.rows, 0);
  }

  rowsOfPartition(partitionId: number): number {
    this.expire();
    const { growing, sealed } = this.view;
    const ofPartition = [...growing.filter((segment) => segment.partitionId === partitionId), ...sealed.filter((segment) => segment.entry.partitionId === partitionId)];
    return ofPartition.reduce((sum, segment) => sum + segment.rows - segment.deletedRows, 0);
  }

  /** Refuses new writes, waits for those under way and for seals, ends the log, and ends reads under way with the reason. Jobs have been stopped before. */
  async close(reason: ElanusError): Promise<void> {
    this.end(reason);
    await this.log.settled();
    await this.sealQueue;
    await this.log.close();
  }

  /** From now on writes are refused by the reason, and reads under way end with it. */
  end(reason: ElanusError): void {
    this.#closed = true;
    this.#ending.abort(reason);
  }

  /** Gives back the memory; the collection is not used again. Resolved: no read is under way. */
  async free(): Promise<void> {
    this.#closed = true;
    const segments = [...this.#growingSegments(), ...this.sealed];
    for (const segment of segments) segment.pins.retire();
    await Promise.all(segments.map((segment) => segment.pins.freed));
  }
}

/** Rows for some partition; without a name, for the first or where their keys say. */
interface RowsRequest {
  readonly batch: ColumnBatch;
  readonly partition?: string;
}

type InsertRecord = Extract<LogRecord, { kind: 'insert' }>;

const isIn = (asked: number, partitionId: number): boolean => asked === ANY_PARTITION || asked === partitionId;

const takeBatch = ({ columns }: ColumnBatch, rows: readonly number[]): ColumnBatch => ({ rows: rows.length, columns: columns.map((column) => takeRows(column, rows)) });
