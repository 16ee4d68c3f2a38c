/**
 * What a collection can do besides reading and writing rows: counting them, its fields, its indexes, its partitions, what there is to know of it, its end. These are the bodies
 * of the methods of `Collection` of the same names, which have the documentation; they are imported when the first is called.
 */
import type { CollectionInfo, CollectionStats, CompactReply, Explanation, IndexDescription, IndexProgress, LoadState, PartitionInfo, Progress, ScalarIndexDescription } from '../engine/client.ts';
import { toAddedField } from '../schema/added-field.ts';
import { checkName, dynamicFieldOf, toIndexRequest } from '../schema/define.ts';
import type { AnySchema, Key } from '../schema/infer.ts';
import { keyValues } from '../schema/keys.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, isRecord, notSupported, refuse, show } from '../schema/refuse.ts';
import type { Field, IndexSpec, ScalarIndexSpec, VectorType } from '../schema/types.ts';
import { checkMetric, isVectorType } from '../schema/vector-types/kinds.ts';
import { withVectors } from './embed.ts';
import type { CountOptions, CreateIndexOptions, TuneOptions, TuneResult } from './collection.ts';
import { RETENTION_SECONDS_MAX, SIGNAL_ONLY, atOption, booleanOption, checkOptions, contextOf, filterOption, integerOption, namesOption, type CallOptions } from './options.ts';
import type { CollectionScope } from './scope.ts';
import { moreRequest } from './search-more.ts';
import { queryRequest } from './query.ts';
import { searchRequest } from './search-request.ts';
import { describe as describeInfo, type CollectionDescription } from './session.ts';

export { query } from './query.ts';
export { queryPages } from './query-iterator.ts';

/** At least one of them. */
export { searchPages } from './search-iterator.ts';
export { searchMore } from './search-more.ts';

export interface AlterOptions extends CallOptions {
  /** Rows expire so many seconds after their insert; null: never. What has expired does not come back. */
  readonly ttlSeconds?: number | null;
  /** Rows may have keys that no field has, from now on. Handles that were opened before do not know it. Not to be taken back. */
  readonly dynamicField?: true;
}

export interface LoadOptions extends CallOptions {
  /** Only these. Default: all. */
  readonly partitions?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
}

export interface CompactOptions extends CallOptions {
  /** What was deleted longer ago goes, where the database's `retentionSeconds` would keep it; reads of the past before that are refused from then on. 0: all of it. */
  readonly retentionSeconds?: number;
  readonly onProgress?: (progress: Progress) => void;
}

const PARTITIONS_OPTIONS: ReadonlySet<string> = new Set(['partitions', 'signal']);
const ALTER_OPTIONS: ReadonlySet<string> = new Set(['ttlSeconds', 'dynamicField', 'signal']);
const LOAD_OPTIONS: ReadonlySet<string> = new Set(['partitions', 'signal', 'onProgress']);
const COMPACT_OPTIONS: ReadonlySet<string> = new Set(['retentionSeconds', 'signal', 'onProgress']);
const COUNT_OPTIONS: ReadonlySet<string> = new Set(['filterParams', 'partitions', 'at', 'consistency', 'signal']);
const INDEX_OPTIONS: ReadonlySet<string> = new Set(['name', 'wait', 'signal', 'onProgress']);
const TUNE_OPTIONS: ReadonlySet<string> = new Set(['queries', 'targetRecall', 'limit', 'signal', 'onProgress']);

/** Rows that have changed. */
export interface CollectionChange<S = AnySchema> {
  /** `'missed'`: this tab was away for so long that what changed can no longer be told; look anew. */
  readonly kind: 'insert' | 'delete' | 'missed';
  /** Rows written, replaced ones among them, or removed. */
  readonly count: number;
  /** Keys that were written, or asked to be removed; null where there are more than a thousand. */
  readonly ids: Key<S>[] | null;
  /** Of the write. */
  readonly timestamp: bigint;
  /** It was made by this connection. */
  readonly isLocal: boolean;
}

/** Has the engine tell of changes as long as somebody listens. Answers how to stop. */
export async function watch({ engine, events, collectionId, plan }: CollectionScope, event: string, listener: (change: CollectionChange) => void): Promise<() => void> {
  if (event !== 'change') refuse('event', NO_ROW, 'change', show(event));
  if (typeof listener !== 'function') refuse('listener', NO_ROW, 'a function', show(listener));
  const stop = events.on('change', ({ collectionId: of, change }) => {
    if (of === collectionId) listener({ ...change, ids: change.ids && (keyValues(change.ids, plan.key) as Key<AnySchema>[]) });
  });
  await engine.watch({ collectionId, isOn: true });
  return () => {
    stop();
    // Where the database is closed nothing is told any more.
    engine.watch({ collectionId, isOn: false }).catch(() => {});
  };
}

export async function alter(scope: CollectionScope, options: AlterOptions): Promise<CollectionDescription> {
  const { engine, collectionId } = scope;
  checkOptions(options ?? {}, 'alter', ALTER_OPTIONS);
  const { dynamicField, ttlSeconds, signal }: AlterOptions = options ?? {};
  if (ttlSeconds === undefined && dynamicField === undefined) refuse('options', NO_ROW, 'ttlSeconds or dynamicField', 'neither');
  if (ttlSeconds !== undefined && ttlSeconds !== null) integerOption('ttlSeconds', ttlSeconds, 1, RETENTION_SECONDS_MAX, 1);
  if (dynamicField !== undefined && dynamicField !== true) refuse('dynamicField', NO_ROW, 'true: what rows have of it stays', show(dynamicField));
  const context = contextOf(signal);
  let info = await infoOf(scope);
  if (dynamicField && !info.schema.fields.some(({ isDynamic }) => isDynamic)) {
    const { fieldId: _, ...field } = dynamicFieldOf(0);
    info = await engine.addField({ collectionId, field }, context);
  }
  if (ttlSeconds !== undefined) info = await engine.alterCollection({ collectionId, ttlSeconds }, context);
  return describeInfo(info);
}

export async function count({ engine, collectionId }: CollectionScope, filter: unknown, options?: CountOptions): Promise<number> {
  checkOptions(options, 'count', COUNT_OPTIONS);
  return engine.count({ collectionId, filter: filterOption(filter, options?.filterParams), partitions: namesOption('partitions', options?.partitions), at: atOption(options?.at), consistency: options?.consistency }, contextOf(options?.signal));
}

export async function explain(scope: CollectionScope, options: unknown): Promise<Explanation> {
  if (!isRecord(options)) refuse('options', NO_ROW, 'an object of options of search or of query', show(options));
  const { engine, collectionId, plan } = scope;
  const context = contextOf(options['signal'] as AbortSignal | undefined);
  if (['vector', 'vectors', 'sparse', 'text', 'texts', 'ids'].some((name) => options[name] !== undefined)) {
    const search = moreRequest(plan, collectionId, await withVectors(scope, options));
    return engine.explain({ collectionId, consistency: search.consistency, at: search.at, search }, context);
  }
  const request = queryRequest(plan, collectionId, options);
  const { at, consistency } = request.aggregates ?? request.rows;
  return engine.explain({ collectionId, consistency, at, ...(request.aggregates ? { aggregate: request.aggregates } : { query: request.rows }) }, context);
}

export async function flush({ engine, collectionId }: CollectionScope, options?: CallOptions): Promise<void> {
  checkOptions(options, 'flush', SIGNAL_ONLY);
  await engine.flush({ collectionId }, contextOf(options?.signal));
}

export async function addField({ engine, collectionId }: CollectionScope, name: string, input: unknown, options?: CallOptions): Promise<CollectionInfo> {
  checkOptions(options, 'addField', SIGNAL_ONLY);
  const field = toAddedField(name, input);
  return engine.addField({ collectionId, field }, contextOf(options?.signal));
}

export async function createIndex({ engine, collectionId, plan }: CollectionScope, name: string, spec: unknown, options?: CreateIndexOptions): Promise<IndexSpec | ScalarIndexSpec> {
  checkOptions(options, 'createIndex', INDEX_OPTIONS);
  const field = indexedField(plan, name);
  const { type, metric, params } = toIndexRequest(name, spec);
  const wait = booleanOption('wait', options?.wait, true);
  const context = contextOf(options?.signal, options?.onProgress);
  const indexName = options?.name;
  if (indexName !== undefined) checkIndexName(indexName);
  if (!isVectorType(field.type)) {
    if (metric !== undefined) refuse(name, NO_ROW, `an index without a metric, which a ${field.type} field has not`, metric);
    // A key of rows that no field has: so it is that which is meant.
    const key = field.name === name || params['json_path'] !== undefined ? {} : { json_path: `${field.name}[${JSON.stringify(name)}]` };
    return engine.createScalarIndex({ collectionId, fieldId: field.fieldId, spec: { type, params: { ...params, ...key } }, name: indexName, wait }, context);
  }
  if (indexName !== undefined) notSupported('name', 'a name for the index of a vector field', 'it has the name of its field');
  if (metric !== undefined) checkMetric(name, field.type as VectorType, metric);
  return engine.createIndex({ collectionId, fieldId: field.fieldId, spec: { type, metric, params: { ...params } }, wait }, context);
}

export async function indexProgress({ engine, collectionId, plan }: CollectionScope, field: string): Promise<IndexProgress> {
  const vector = vectorField(plan, field);
  if (vector) return engine.indexProgress({ collectionId, fieldId: vector.fieldId });
  const { state, indexedRows, totalRows, error } = (await engine.scalarIndexes({ collectionId, index: field }))[0]!;
  return { state, indexedRows, totalRows, ...(error ? { error } : {}) };
}

export async function dropIndex({ engine, collectionId, plan }: CollectionScope, field: string, options?: CallOptions): Promise<void> {
  checkOptions(options, 'dropIndex', SIGNAL_ONLY);
  const vector = vectorField(plan, field);
  const context = contextOf(options?.signal);
  await (vector ? engine.dropIndex({ collectionId, fieldId: vector.fieldId }, context) : engine.dropScalarIndex({ collectionId, index: field }, context));
}

export async function describeIndex({ engine, collectionId, plan }: CollectionScope, field: string): Promise<IndexDescription | ScalarIndexDescription> {
  const vector = vectorField(plan, field);
  return vector ? engine.describeIndex({ collectionId, fieldId: vector.fieldId }) : (await engine.scalarIndexes({ collectionId, index: field }))[0]!;
}

export async function listIndexes(scope: CollectionScope): Promise<(IndexDescription | ScalarIndexDescription)[]> {
  const { engine, collectionId } = scope;
  const { indexes, schema } = await infoOf(scope);
  const fields = schema.fields.filter((field) => Object.hasOwn(indexes, field.name));
  const vectors = await Promise.all(fields.map(({ fieldId }) => engine.describeIndex({ collectionId, fieldId })));
  return [...vectors, ...(await engine.scalarIndexes({ collectionId }))];
}

export async function tune({ engine, collectionId, plan }: CollectionScope, first: unknown, second?: unknown): Promise<TuneResult> {
  const field = typeof first === 'string' ? first : undefined;
  const options = (field === undefined ? first : second) as TuneOptions | undefined;
  checkOptions(options, 'tune', TUNE_OPTIONS);
  const { queries, limit, targetRecall = 0.95 }: Partial<TuneOptions> = options ?? {};
  if (typeof targetRecall !== 'number' || !(targetRecall > 0 && targetRecall <= 1)) refuse('targetRecall', NO_ROW, 'a number above 0 and at most 1', show(targetRecall));
  const request = searchRequest(plan, collectionId, { vectors: queries, field, limit });
  const context = contextOf(options?.signal, options?.onProgress);
  const { name } = plan.vectors.find(({ fieldId }) => fieldId === request.fieldId)!;
  const { tune: run } = await import('./tune.ts');
  return run({ engine, request, field: name, target: targetRecall, context });
}

export async function createPartition({ engine, collectionId }: CollectionScope, name: string): Promise<void> {
  checkName('name', name);
  await engine.createPartition({ collectionId, name });
}

export async function dropPartition({ engine, collectionId }: CollectionScope, name: string): Promise<void> {
  checkName('name', name);
  await engine.dropPartition({ collectionId, name });
}

export async function hasPartition(scope: CollectionScope, name: string): Promise<boolean> {
  checkName('name', name);
  return (await listPartitions(scope)).some((partition) => partition.name === name);
}

export async function listPartitions({ engine, collectionId }: CollectionScope): Promise<PartitionInfo[]> {
  return engine.listPartitions({ collectionId });
}

export async function truncate({ engine, collectionId }: CollectionScope, options?: CallOptions): Promise<void> {
  checkOptions(options, 'truncate', SIGNAL_ONLY);
  await engine.truncateCollection({ collectionId }, contextOf(options?.signal));
}

export async function load({ engine, collectionId }: CollectionScope, options?: LoadOptions): Promise<void> {
  checkOptions(options, 'load', LOAD_OPTIONS);
  await engine.load({ collectionId, partitions: namesOption('partitions', options?.partitions) }, contextOf(options?.signal, options?.onProgress));
}

export async function release({ engine, collectionId }: CollectionScope, options?: CountOptions): Promise<void> {
  checkOptions(options, 'release', PARTITIONS_OPTIONS);
  await engine.release({ collectionId, partitions: namesOption('partitions', options?.partitions) });
}

export async function loadState({ engine, collectionId }: CollectionScope, options?: CountOptions): Promise<LoadState> {
  checkOptions(options, 'loadState', PARTITIONS_OPTIONS);
  return engine.loadState({ collectionId, partitions: namesOption('partitions', options?.partitions) });
}

export async function compact({ engine, collectionId }: CollectionScope, options?: CompactOptions): Promise<CompactReply> {
  checkOptions(options, 'compact', COMPACT_OPTIONS);
  const retentionSeconds = integerOption('retentionSeconds', options?.retentionSeconds, 0, RETENTION_SECONDS_MAX, undefined);
  return engine.compact({ collectionId, retentionSeconds }, contextOf(options?.signal, options?.onProgress));
}

export async function describe(scope: CollectionScope): Promise<CollectionDescription> {
  return describeInfo(await infoOf(scope));
}

export async function stats({ engine, collectionId }: CollectionScope): Promise<CollectionStats> {
  return engine.collectionStats({ collectionId });
}

export async function drop({ engine, collectionId }: CollectionScope, options?: CallOptions): Promise<void> {
  checkOptions(options, 'drop', SIGNAL_ONLY);
  await engine.dropCollection({ collectionId }, contextOf(options?.signal));
}

/** By number: the name may have been given to another collection. */
const infoOf = ({ engine, collectionId }: CollectionScope): Promise<CollectionInfo> => engine.describeCollection({ collectionId });

const INDEX_NAME_LENGTH_MAX = 255;

function checkIndexName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.length > INDEX_NAME_LENGTH_MAX) refuse('name', NO_ROW, `the name of an index, of 1 to ${INDEX_NAME_LENGTH_MAX} characters`, show(name));
}

/** The field that an index is to be of: by its name, or the dynamic one by a key. */
function indexedField(plan: SchemaPlan, name: unknown): Field {
  const field = typeof name === 'string' ? (plan.byName.get(name) ?? plan.schema.fields.find(({ isDynamic }) => isDynamic)) : undefined;
  if (field === undefined) refuse('field', NO_ROW, `a field of the schema (${[...plan.byName.keys()].join(', ')})`, show(name));
  return field;
}

/** The vector field of that name; undefined where it is another field, or may be the name of an index. */
function vectorField(plan: SchemaPlan, name: unknown): Field | undefined {
  if (typeof name !== 'string') refuse('field', NO_ROW, `a field of the schema (${[...plan.byName.keys()].join(', ')}), or the name of an index`, show(name));
  const field = plan.byName.get(name);
  return field && isVectorType(field.type) ? field : undefined;
}
