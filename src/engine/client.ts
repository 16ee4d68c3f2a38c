/**
 * What the engine can do, in plain messages: all that the API knows of it. The engine implements it on the calling
 * thread; `worker/` carries it to an engine in another one. Every request and reply is structured-cloneable.
 * Ownership: buffers of a request belong to the engine from the call on (they may be transferred); buffers of a
 * reply belong to the caller.
 */
import type { Column, ColumnBatch, Keys } from '../schema/column.ts';
import type { Field, IndexSpec, MetricType, ScalarIndexSpec, Schema } from '../schema/types.ts';
import type { DenseValues, QueryVectors } from '../schema/vector-types/index.ts';
import type { CollectionProperties } from '../storage/manifest/manifest.ts';
import type { ErrorCode, ErrorDetail } from '../util/error.ts';

export type { CollectionProperties };

/** What cannot be cloned travels beside the request: the worker layer turns it into messages. */
export interface CallContext {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  /** What is being done: `recover`, `load`, `build`, … */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

export interface CollectionInfo {
  readonly collectionId: number;
  readonly name: string;
  readonly schema: Schema;
  /** Indexes by field name: those of the schema, changed by createIndex. */
  readonly indexes: Readonly<Record<string, IndexSpec>>;
  readonly createdTimestamp: bigint;
  readonly properties: CollectionProperties;
  /** With a partition key: into how many partitions it divides the rows. */
  readonly numPartitions?: number;
}

/** A collection by its name or an alias of it; `database` is `default` where none is named. */
export interface CollectionName {
  readonly database?: string;
  readonly name: string;
}

export interface CreateCollectionRequest {
  readonly schema: Schema;
  readonly ifNotExists: boolean;
  readonly properties?: CollectionProperties;
  /** For schemas with a partition key. Default 16. */
  readonly numPartitions?: number;
}

/** What is to be changed of a collection; what is absent stays as it is. */
export interface AlterCollectionRequest {
  /** Rows expire so long after their insert; null: never. */
  readonly ttlSeconds?: number | null;
}

export interface SnapshotInfo {
  readonly name: string;
  readonly description?: string;
  /** Of which it was made; it may be gone, or have another name. */
  readonly collection: string;
  /** Writes up to it are in the snapshot. */
  readonly timestamp: bigint;
  readonly createdTimestamp: bigint;
  readonly rows: number;
  /** Of its files, which others may share. */
  readonly storedBytes: number;
}

export interface PartitionInfo {
  readonly name: string;
  readonly rows: number;
  readonly createdTimestamp: bigint;
}

export interface AliasInfo {
  readonly alias: string;
  readonly collection: string;
}

export interface InsertReply {
  readonly keys: Keys;
  readonly timestamp: bigint;
}

/**
 * What a read sees of writes by other tabs: `Strong` all that were acknowledged before it, `Bounded` all older than five seconds,
 * `Session` and `Eventually` what has come in; a tab's own writes are always seen. With one writer all are the same.
 */
export type Consistency = 'Strong' | 'Bounded' | 'Session' | 'Eventually';

/** An expression of the filter language with the values of its templates. The engine parses it: FILTER_SYNTAX, FILTER_TYPE. */
export interface FilterInput {
  readonly text: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface SearchRequest {
  readonly collectionId: number;
  readonly fieldId: number;
  /** In the form of the field's column; finite. */
  readonly queries: QueryVectors;
  readonly nq: number;
  /** In the place of `queries`, nq of them: search for the vectors that these rows have. NOT_FOUND names those that are not there. */
  readonly keys?: Keys;
  readonly limit: number;
  readonly offset: number;
  /** As the user gave them; checked against the index there is. Absent: defaults. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Compare every row, whatever index there is; `params` of indexes are refused then. */
  readonly exact?: boolean;
  /** Only rows that match. Absent: all. */
  readonly filter?: FilterInput;
  /** By name; absent: all. NOT_FOUND where there is none of that name. */
  readonly partitions?: readonly string[];
  /** Default: `Session`. Checked by the engine. */
  readonly consistency?: Consistency;
  /** See the rows as they were then. Absent: as they are. INVALID_ARGUMENT before the collection's horizon. */
  readonly at?: bigint;
  /** Fields to return, by fieldId; empty: none. */
  readonly outputFieldIds: readonly number[];
  /** At most `size` hits for each value of a field; `limit` and `offset` count values. `isStrict`: so many wherever there are so many rows. */
  readonly groupBy?: { readonly fieldId: number; readonly size: number; readonly isStrict: boolean };
  /** The next rows of a search that goes on page by page, at a time `at`, for one query. Search parameters are those of a search for `limit` hits. */
  readonly page?: PageRequest;
}

export interface PageRequest {
  /** How many. */
  readonly rows: number;
  /** Keys of the rows that were `near` on the pages before. */
  readonly given: Keys;
  /** The bound of the page before; null where there was none. */
  readonly bound: PageBound | null;
}

/** Of all rows but those that were `near`, what is nearer has been answered, and at this distance what has no larger key: `ties` rows. */
export interface PageBound {
  readonly distance: number;
  readonly key: bigint | string;
  readonly ties: number;
}

export interface PageReply {
  /** The first so many hits are from indexes. */
  readonly near: number;
  readonly bound: PageBound | null;
  /** No rows are left. */
  readonly isLast: boolean;
}

/** What every read may say beside what it is for; as in `SearchRequest`. */
export interface ReadRequest {
  readonly collectionId: number;
  readonly partitions?: readonly string[];
  readonly consistency?: Consistency;
  readonly at?: bigint;
}

export interface GetRequest extends ReadRequest {
  readonly keys: Keys;
  readonly outputFieldIds: readonly number[];
}

export interface CountRequest extends ReadRequest {
  /** Absent: all rows. */
  readonly filter?: FilterInput;
}

export interface QueryRequest extends ReadRequest {
  /** Absent: all rows. */
  readonly filter?: FilterInput;
  readonly outputFieldIds: readonly number[];
  /** Scalar fields, the first that tells two rows apart decides; NULL is last ascending, first descending; ties by key. Absent: by key. Needs a limit. */
  readonly order?: readonly { readonly fieldId: number; readonly isDescending: boolean }[];
  readonly offset: number;
  /** Absent: all. */
  readonly limit?: number;
  /** Only larger keys. Not with `order`. */
  readonly after?: bigint | string;
}

export interface AggregateRequest extends ReadRequest {
  /** Absent: all rows. */
  readonly filter?: FilterInput;
  /** Rows with the same values of these fields are a group: Bool, integers, VarChar; NULL is a value. Empty: all rows are one, which there is even where there are none. */
  readonly groupByIds: readonly number[];
  /** Of rows, or of the values of a field that are not NULL: `sum` and `avg` of numbers, `min` and `max` of texts as well. */
  readonly aggregates: readonly { readonly name: 'count' | 'sum' | 'avg' | 'min' | 'max'; readonly fieldId: number | null }[];
  /** By columns of the answer; NULL is last ascending, first descending. Ties, and without it all, by the fields of the groups. */
  readonly order?: readonly { readonly column: number; readonly isDescending: boolean }[];
  readonly offset: number;
  /** Absent: all groups. */
  readonly limit?: number;
}

/**
 * Of each group the values of its fields, then what the aggregates come to: counts and means as numbers, sums of integers as bigints and exact, extremes as the field's values;
 * null where there was no value.
 */
export type AggregateReply = readonly (readonly (boolean | number | bigint | string | null)[])[];

export interface HoldMomentRequest {
  readonly collectionId: number;
  /** Absent: now. INVALID_ARGUMENT before the collection's horizon. */
  readonly at?: bigint;
  /** What it is called among all that are held. */
  readonly id: string;
}

/** Rows of these keys, or those that match; in one partition, or wherever they are. */
export type DeleteRequest = { readonly collectionId: number; readonly partition?: string } & (
  | { readonly keys: Keys; readonly filter?: undefined }
  | { readonly filter: FilterInput; readonly keys?: undefined }
);

export interface DeleteReply {
  /** Rows that were there and are gone. */
  readonly count: number;
  readonly timestamp: bigint;
}

/** What a read did in one segment. */
export interface SegmentTrace {
  /** null: a growing segment. */
  readonly segmentId: number | null;
  readonly partitionId: number;
  /** Rows of the segment, dead ones among them. */
  readonly rows: number;
  /**
   * How the filter was answered: `memory` by what an earlier read by the same filter had found, `zones` by the least and greatest values of
   * its fields alone, `indexes` by scalar indexes alone, `scan` by looking at columns, `both` by indexes and columns.
   */
  readonly filteredBy: 'nothing' | 'memory' | 'zones' | 'indexes' | 'scan' | 'both';
  /** Scalar indexes that were asked, by name. */
  readonly indexes: readonly string[];
  /** Fields whose columns were looked at. */
  readonly scannedFields: readonly string[];
  /** Rows that were expected to match; null where nothing is known of them. */
  readonly estimatedRows: number | null;
  /** Rows that matched, of those that are seen. */
  readonly matchedRows: number;
  /** How the nearest were found among them. null: they were not searched. */
  readonly strategy: string | null;
  /** What that came to for this query: a walk of a graph, comparing all rows that matched, looking into lists. null: nothing was searched, or it is not known, as of several queries. */
  readonly searchedBy: 'walk' | 'scan' | 'lists' | null;
  /** Rows that were compared with the query, by codes or in full. null as above. */
  readonly comparedRows: number | null;
  readonly filterMs: number;
  readonly searchMs: number;
}

/** A read that is to be explained. */
export type ExplainRequest = Pick<ReadRequest, 'collectionId' | 'consistency' | 'at'> & (
  | { readonly search: SearchRequest; readonly query?: undefined; readonly aggregate?: undefined }
  | { readonly query: QueryRequest; readonly search?: undefined; readonly aggregate?: undefined }
  | { readonly aggregate: AggregateRequest; readonly search?: undefined; readonly query?: undefined }
);

/** How a read was done. */
export interface Explanation {
  /** As it was understood, its constants worked out; null: there is none. */
  readonly filter: string | null;
  /** As asked for; null: the field has none. */
  readonly index: IndexSpec | null;
  /** What the read answers: hits, rows or groups. */
  readonly hits: number;
  /** Rows that there are, and those that the filter matches; their share. */
  readonly seenRows: number;
  readonly matchedRows: number;
  readonly selectivity: number;
  /** Sealed segments in which no row can match, by the partition key, or that hold nothing but history. */
  readonly skippedSegments: number;
  readonly segments: readonly (SegmentTrace & { readonly partition: string })[];
  readonly compileMs: number;
  readonly totalMs: number;
}

/** Hits of all queries back to back, best first. */
export interface SearchReply {
  /** Hits of query i: [ends[i - 1] ?? 0, ends[i]). Shape (nq). */
  readonly ends: Uint32Array;
  /** Bigints of few hits come as a plain array: a typed one of more than 64 bytes costs more than all of it. */
  readonly keys: Keys | readonly bigint[];
  /** By the metric's convention as the user sees it (L2 squared; IP, COSINE: larger is better; HAMMING: bits; JACCARD: 1 - and / or). */
  readonly scores: Float32Array;
  /** One row per hit, columns in the order of outputFieldIds; null when none were asked for. */
  readonly entities: ColumnBatch | null;
  /** With `groupBy`: its field's value per hit. The hits of a group are behind each other, groups in the order of their best hit. */
  readonly groups?: Column;
  /** With `page`. */
  readonly page?: PageReply;
}

export interface GetReply {
  /** For each requested key in order, its row in `entities`, or -1 when there is no such live row. */
  readonly found: Int32Array;
  readonly entities: ColumnBatch;
}

/** How much of what searches need is in memory. */
export interface LoadState {
  /** `loaded`: all of it. Rows that are not sealed are always in memory. */
  readonly state: 'notLoaded' | 'loading' | 'loaded';
  readonly loadedSegments: number;
  readonly totalSegments: number;
  /** `load` has asked for it to stay. */
  readonly isPinned: boolean;
}

/** What a compaction came to. */
export interface CompactReply {
  readonly segmentsBefore: number;
  readonly segmentsAfter: number;
  /** Deleted rows that are gone for good. */
  readonly removedRows: number;
  /** What segments and their indexes take less of the store; negative where they take more. */
  readonly freedBytes: number;
}

export type IndexState = 'none' | 'building' | 'finished' | 'failed';

export interface IndexProgress {
  /** `finished`: no sealed segment is without its index. Fresh rows are scanned until they are sealed. */
  readonly state: IndexState;
  readonly indexedRows: number;
  /** All rows, the fresh ones that are not sealed yet among them. */
  readonly totalRows: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** How many rows are found by what. */
export interface ServingPart {
  /** `'FLAT'` where rows are scanned. */
  readonly type: string;
  readonly params: IndexSpec['params'];
  readonly rows: number;
}

/** An index, what is built for it, how far that is, and what answers searches meanwhile. */
export interface IndexDescription extends IndexProgress {
  readonly field: string;
  /** As asked for, complete. */
  readonly spec: IndexSpec;
  /** What is built for it: the same, but for AUTOINDEX and the GPU names. */
  readonly servedBy: IndexSpec;
  /** Why that is not what was asked for. */
  readonly why?: string;
  /** What answers at this moment, by rows: an older index until its successor is built, a scan for small segments and fresh rows. */
  readonly serving: readonly ServingPart[];
}

/** An index of a scalar field, how far it is, and what answers filters meanwhile. */
export interface ScalarIndexDescription extends IndexProgress {
  readonly field: string;
  /** Unique within the collection: the field's, with the path where there is one, unless another was asked for. */
  readonly name: string;
  /** Keys and positions inside a JSON field. */
  readonly path?: readonly (string | number)[];
  /** As asked for, complete. */
  readonly spec: ScalarIndexSpec;
  /** Why something else is built than was asked for. */
  readonly why?: string;
  /** What is there for filters at this moment, by rows; `'scan'` where it is the column alone, as in small segments and of fresh rows. */
  readonly serving: readonly { readonly type: string; readonly rows: number }[];
}

export interface SegmentStats {
  readonly segmentId: number;
  readonly partition: string;
  readonly state: 'growing' | 'sealed';
  readonly rows: number;
  readonly deletedRows: number;
  /** Index type by field name, of scalar indexes by their name; absent where rows are scanned. */
  readonly indexes: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
  readonly storedBytes: number;
}

export interface CollectionStats {
  readonly rows: number;
  /** Dead rows: those of the history, and those that the next merge leaves out. */
  readonly deletedRows: number;
  /** Dead rows that reads of the past see, and about what they take. */
  readonly historyRows: number;
  readonly historyBytes: number;
  readonly reclaimableRows: number;
  /** Reads of the past are answered from here on. */
  readonly horizon: bigint;
  readonly memoryBytes: number;
  readonly storedBytes: number;
  readonly logBytes: number;
  readonly segments: readonly SegmentStats[];
}

export interface DatabaseStats {
  readonly collections: number;
  /** `relaxed`, `simd`, or `scalar` where WebAssembly is not to be had; then `kernelsReason` says why. */
  readonly kernels: 'relaxed' | 'simd' | 'scalar';
  readonly kernelsReason?: string;
  /** Where the engine runs and where indexes are built. */
  readonly engineThread: 'calling' | 'worker';
  readonly buildThread: 'calling' | 'worker';
  readonly store: string;
  /** This one seals, merges and builds. Where several tabs have the database open, one does. */
  readonly maintains: boolean;
  readonly memoryBytes: number;
  /**
   * Full vectors of sealed segments: bytes in memory, and `cacheBytes`, beyond which only those stay that a search compares
   * row by row. `rowCacheBytes`: single rows that DISKANN keeps, within the search cache budgets of its indexes.
   */
  readonly cache: { readonly residentBytes: number; readonly budgetBytes: number; readonly rowCacheBytes: number };
  readonly usage: number;
  readonly quota: number | null;
  /** Whether what is stored stays until somebody removes it; false: a browser may remove it when the disk is full; null: not known, or nothing is kept. */
  readonly persisted: boolean | null;
  readonly isEncrypted: boolean;
  readonly recovery: RecoveryReport;
}

/** What opening found. */
export interface RecoveryReport {
  readonly openMs: number;
  readonly replayedRecords: number;
  readonly replayedRows: number;
  /** Bytes of an incomplete last record that were dropped, or with `recover: 'truncate'` of damaged ones. */
  readonly droppedBytes: number;
}

/**
 * A move of all rows to another embedder goes on by questions and answers, because vectors are made by those who ask for it: the first request begins it, each reply has texts whose
 * vectors the next request has, and the last reply has the collection as it is then, under a new number. Nothing is seen of it before.
 */
export interface ReembedRequest {
  readonly collectionId: number;
  /** Made up by who begins. UNAVAILABLE where the engine does not know it (any more): nothing has changed. */
  readonly id: string;
  /** Begins: the vector field as it is to be. */
  readonly field?: Field;
  /** Of the last reply's texts, in the form of the field's column: shape (texts, dim). */
  readonly vectors?: DenseValues;
  /** Gives it up. */
  readonly isEnd?: boolean;
}

export interface ReembedReply {
  /** A column of the field that the embedder reads, without NULLs; absent at the end. */
  readonly texts?: Column;
  /** Rows whose vectors are there, of all. */
  readonly done: number;
  readonly total: number;
  readonly info?: CollectionInfo;
}

/** What happens behind the user's back. */
/** Rows of a collection that have changed. */
export interface RowChange {
  readonly kind: 'insert' | 'delete' | 'missed';
  readonly count: number;
  /** Null: too many to tell, or not known. */
  readonly ids: Keys | null;
  readonly timestamp: bigint;
  readonly isLocal: boolean;
}

export type EngineEvent =
  | { readonly type: 'change'; readonly collectionId: number; readonly change: RowChange }
  | { readonly type: 'error'; readonly code: ErrorCode; readonly message: string; readonly detail: ErrorDetail; readonly collection?: string }
  | { readonly type: 'indexed'; readonly collection: string; readonly field: string }
  | { readonly type: 'sealed'; readonly collection: string; readonly segments: number; readonly rows: number }
  | { readonly type: 'compacted'; readonly collection: string; readonly segments: number; readonly rows: number; readonly removedRows: number };

export interface EngineClient {
  createDatabase(request: { name: string }): Promise<void>;
  listDatabases(): Promise<string[]>;
  dropDatabase(request: { name: string }): Promise<void>;

  createCollection(request: CollectionName & CreateCollectionRequest, context?: CallContext): Promise<CollectionInfo>;
  /** NOT_FOUND when there is none. A collection that was opened by one name keeps its number under another. */
  describeCollection(request: CollectionName | { collectionId: number }, context?: CallContext): Promise<CollectionInfo>;
  listCollections(request: { database?: string }): Promise<string[]>;
  renameCollection(request: CollectionName & { newName: string; newDatabase?: string }): Promise<void>;
  dropCollection(request: CollectionName | { collectionId: number }, context?: CallContext): Promise<void>;
  truncateCollection(request: { collectionId: number }, context?: CallContext): Promise<void>;

  alterCollection(request: { collectionId: number } & AlterCollectionRequest, context?: CallContext): Promise<CollectionInfo>;

  /** Seals first. Writes go on meanwhile. */
  createSnapshot(request: { collectionId: number; name: string; description?: string }, context?: CallContext): Promise<SnapshotInfo>;
  listSnapshots(request: { database?: string; collection?: string }): Promise<SnapshotInfo[]>;
  describeSnapshot(request: { database?: string; name: string }): Promise<SnapshotInfo>;
  /** Under a number as collections have one; what would change it is READ_ONLY. */
  openSnapshot(request: { database?: string; name: string }): Promise<CollectionInfo>;
  /** Makes a collection of it, which shares its files. */
  restoreSnapshot(request: { database?: string; name: string; collection: string }): Promise<CollectionInfo>;
  dropSnapshot(request: { database?: string; name: string }): Promise<void>;

  /** A timestamp: all that was acknowledged before the call is up to it, all that is written after it is later. */
  now(): Promise<bigint>;

  createAlias(request: { database?: string; alias: string; collection: string }): Promise<void>;
  alterAlias(request: { database?: string; alias: string; collection: string }): Promise<void>;
  dropAlias(request: { database?: string; alias: string }): Promise<void>;
  listAliases(request: { database?: string; collection?: string }): Promise<AliasInfo[]>;

  /** A scalar field that is nullable or has a default. Answers the collection as it is then. */
  addField(request: { collectionId: number; field: Omit<Field, 'fieldId'> }, context?: CallContext): Promise<CollectionInfo>;

  /** The next step of a move to another embedder. See `ReembedRequest`. */
  reembed(request: ReembedRequest, context?: CallContext): Promise<ReembedReply>;

  createPartition(request: { collectionId: number; name: string }): Promise<void>;
  dropPartition(request: { collectionId: number; name: string }): Promise<void>;
  listPartitions(request: { collectionId: number }): Promise<PartitionInfo[]>;

  /** The batch has every field but an auto-id key, in schema order, validated; or every field of an older version of the schema. */
  insert(request: { collectionId: number; batch: ColumnBatch; partition?: string }, context?: CallContext): Promise<InsertReply>;
  /**
   * The same with all keys in the batch, auto ids too. `isPartial`: fields that the batch has not keep what the rows of its keys have.
   */
  upsert(request: { collectionId: number; batch: ColumnBatch; isPartial: boolean; partition?: string }, context?: CallContext): Promise<InsertReply>;
  delete(request: DeleteRequest, context?: CallContext): Promise<DeleteReply>;
  /** The same for all versions of the keys, at all times, and from all files before it resolves. */
  purge(request: DeleteRequest, context?: CallContext): Promise<DeleteReply>;

  /** As long as it is on, or more often than off, each write is told of by an event. */
  watch(request: { collectionId: number; isOn: boolean }): Promise<void>;

  /** On the calling thread it answers at once where nothing has to be read; never returns before validation of params. */
  search(request: SearchRequest, context?: CallContext): SearchReply | Promise<SearchReply>;
  /** Does what is asked. */
  explain(request: ExplainRequest, context?: CallContext): Promise<Explanation>;
  get(request: GetRequest, context?: CallContext): Promise<GetReply>;
  count(request: CountRequest, context?: CallContext): Promise<number>;
  /** Rows in the order asked for, columns in that of outputFieldIds. */
  query(request: QueryRequest, context?: CallContext): Promise<ColumnBatch>;
  /** INVALID_ARGUMENT beyond a million groups. */
  aggregate(request: AggregateRequest, context?: CallContext): Promise<AggregateReply>;

  /**
   * Has reads of a time go on to be answered, whatever is kept of the past, for some minutes after the call or until it is released; to be asked again for longer. Answers
   * the time: all that is written later is not seen at it, and all that is seen at it was written before the answer.
   */
  holdMoment(request: HoldMomentRequest, context?: CallContext): Promise<bigint>;
  releaseMoment(request: { collectionId: number; id: string }): Promise<void>;

  flush(request: { collectionId: number }, context?: CallContext): Promise<void>;
  load(request: { collectionId: number; partitions?: readonly string[] }, context?: CallContext): Promise<void>;
  release(request: { collectionId: number; partitions?: readonly string[] }): Promise<void>;
  loadState(request: { collectionId: number; partitions?: readonly string[] }): Promise<LoadState>;
  /** `retentionSeconds`: of what was deleted, keep no more than this long, and no longer than the database does. */
  compact(request: { collectionId: number; retentionSeconds?: number }, context?: CallContext): Promise<CompactReply>;
  createIndex(
    request: { collectionId: number; fieldId: number; spec: { type: string; metric?: MetricType; params?: Record<string, unknown> }; wait: boolean },
    context?: CallContext,
  ): Promise<IndexSpec>;
  /** NOT_FOUND where the field has no index. */
  dropIndex(request: { collectionId: number; fieldId: number }, context?: CallContext): Promise<void>;
  describeIndex(request: { collectionId: number; fieldId: number }): Promise<IndexDescription>;
  indexProgress(request: { collectionId: number; fieldId: number }): Promise<IndexProgress>;
  /** Of a scalar field; seals first. Answers the spec, complete. */
  createScalarIndex(request: { collectionId: number; fieldId: number; spec: { type: string; params?: Record<string, unknown> }; name?: string; wait: boolean }, context?: CallContext): Promise<ScalarIndexSpec>;
  /** By its name or by what it is over; NOT_FOUND where there is none. */
  dropScalarIndex(request: { collectionId: number; index: string }, context?: CallContext): Promise<void>;
  /** All, or one by its name or by what it is over: NOT_FOUND where there is none. */
  scalarIndexes(request: { collectionId: number; index?: string }): Promise<ScalarIndexDescription[]>;
  collectionStats(request: { collectionId: number }): Promise<CollectionStats>;
  databaseStats(): Promise<DatabaseStats>;
  /** Waits for or cancels what runs, makes everything durable, ends the log. */
  close(): Promise<void>;
}

/** The methods that a worker carries, by name. */
export type EngineMethod = keyof EngineClient;

/** Options of `connect` that the engine reads; plain data, validated and complete. */
export interface EngineOptions {
  readonly durability: 'strict' | 'relaxed';
  readonly readOnly: boolean;
  readonly recover?: 'truncate';
  /** What was deleted is kept for reads of the past for so long; 0: not at all. */
  readonly retentionSeconds: number;
  /** And at most so many bytes of it; absent: the larger of 64 MiB and a quarter of what lives. */
  readonly historyBytes?: number;
  /** Bytes of full vectors kept in memory where searches can do without. */
  readonly cacheBytes: number;
}

/**
 * Starts an engine over the store behind a URL, wherever the mode puts it, and answers how to talk to it. Made by an
 * entry from its platform; the API is given it and so imports no engine.
 */
export type EngineLauncher = (
  request: {
    readonly url: string;
    readonly mode: 'auto' | 'worker' | 'inline';
    /** Most build threads; 0: build on the engine's thread. */
    readonly workers?: number;
    readonly wasm?: WebAssembly.Module | BufferSource;
    /** Ask the host to keep the data for good. */
    readonly persist?: boolean;
    readonly options: EngineOptions;
    /** For AES-GCM of 256 bits; absent: the database is not encrypted. */
    readonly encryptionKey?: CryptoKey;
  },
  context: CallContext & { readonly onEvent: (event: EngineEvent) => void },
) => Promise<EngineClient>;
