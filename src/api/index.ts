/** The public names of this room: entries export them beside the `connect` that they make. */
export { defineSchema } from '../schema/define.ts';
export { ElanusError, isElanusError } from '../util/error.ts';
export type { ErrorCode, ErrorDetail } from '../util/error.ts';
export type { Connect, ConnectOptions } from './connect.ts';
export type { CreateCollectionOptions, Database } from './database.ts';
export type { CollectionDescription } from './session.ts';
export type { AlterOptions, CollectionChange, CompactOptions, LoadOptions } from './collection-admin.ts';
export type { AliasOptions, CreateSnapshotOptions, ListAliasesOptions, ListSnapshotsOptions, RestoreSnapshotOptions, RenameOptions } from './database-admin.ts';
export type { ReembedOptions } from './reembed.ts';
export type { ExportFormat, ExportOptions, ExportResult, ExportTarget, FileSource, ImportFormat, ImportOptions, ImportProgress, ImportResult, ImportSource, NamedBytes, ReadOptions, SourceRow } from './io.ts';
export type { QueryIteratorOptions } from './query-iterator.ts';
export type { AggregateOptions, GroupBy, Order, OrderBy, OrderTerm, QueryOptions } from './query.ts';
export type { Embedder, Embedders } from './embedder.ts';
export type { DatabaseEvents } from './events.ts';
export type {
  At, Collection, CountOptions, CreateIndexOptions, DeleteMatchingOptions, DeleteOptions, DeleteResult, FilterParams, FilterValue, GetOptions, GroupByOptions, InsertOptions, InsertResult, UpsertOptions, SearchByIdsOptions, SearchIteratorOptions, SearchManyOptions, SearchOptions, SearchSparseOptions, SearchTextOptions, SearchTextsOptions, TuneOptions, TuneResult, TuneTrial,
} from './collection.ts';
export type { CallOptions } from './options.ts';
export type {
  AggregateName, Aggregated, AnySchema, ArrowInput, BinaryVectorInput, Columns, EmbedderInput, Entity, FieldInput, FieldName, FieldsInput, Found, GroupFieldName, HalfVectorInput, Hit, IndexInput, Int8VectorInput, JsonInput, JsonValue, Key, KeyInput,
  OrderedFieldName, OutputFields, PartialColumns, PartialRow, QueriesInput, QueryInput, Row, ScalarFieldName, ScalarIndexInput, SchemaInput, SparseVector, SparseVectorInput, TextInput, TypedSchema, UpsertColumns, UpsertRow, VectorFieldName, VectorInput, WithField,
} from '../schema/infer.ts';
export type { FieldType, IndexSpec, MetricType, ScalarIndexSpec, Schema } from '../schema/types.ts';
export type {
  AliasInfo, CollectionProperties, CollectionStats, CompactReply, Consistency, DatabaseStats, Explanation, IndexDescription, IndexProgress, IndexState, LoadState, PartitionInfo, Progress, RecoveryReport, ScalarIndexDescription, SegmentStats, SegmentTrace, ServingPart, SnapshotInfo,
} from '../engine/client.ts';
