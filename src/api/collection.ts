/**
 * A collection, as its users see it: checks what it is given, sends plain messages to the engine, turns replies into
 * rows and hits. It keeps no rows and no state but its schema.
 */
import type { CollectionInfo, CollectionStats, CompactReply, Consistency, EngineClient, Explanation, IndexDescription, IndexProgress, LoadState, PartitionInfo, Progress, ScalarIndexDescription, SearchReply, SearchRequest } from '../engine/client.ts';
import { isArrow } from '../schema/plain-batch.ts';
import type { AggregateName, Aggregated, AnySchema, ArrowInput, Columns, FieldInput, Found, GroupFieldName, Hit, IndexInput, Key, KeysInput, OutputFields, QueriesInput, PartialColumns, PartialRow, QueryInput, Row, ScalarFieldName, ScalarIndexInput, SparseVectorInput, TextInput, UpsertColumns, UpsertRow, VectorFieldName, WithField } from '../schema/infer.ts';
import { keyValues, toKeys } from '../schema/keys.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import type { IndexSpec, ScalarIndexSpec, ShownSchema } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import { handlePlan, type HandlePlan } from './field-code.ts';
import { toFound, toHitLists, toHits } from './hits.ts';
import type { AlterOptions, CollectionChange, CompactOptions, LoadOptions } from './collection-admin.ts';
import { booleanOption, checkOptions, contextOf, filterOption, nameOption, refuseMissingChunk } from './options.ts';
import type { CallOptions } from './options.ts';
import type { ReembedOptions } from './reembed.ts';
import type { CollectionIo, ExportOptions, ExportResult, ExportTarget, ImportOptions, ImportResult, ImportSource } from './io.ts';
import type { QueryIteratorOptions } from './query-iterator.ts';
import type { AggregateOptions, GroupBy, QueryOptions } from './query.ts';
import { SCOPE, type CollectionScope } from './scope.ts';
import { getRequest, searchRequest } from './search-request.ts';
import { shownSchema, type CollectionDescription, type Session } from './session.ts';

/** A time to read at. A Date or milliseconds stand for the end of that millisecond. */
export type At = bigint | Date | number;

/** What `{name}` in a filter may stand for. */
export type FilterValue = boolean | number | bigint | string | readonly FilterValue[];
export type FilterParams = Readonly<Record<string, FilterValue>>;

export interface InsertResult<S = AnySchema> {
  /** In the order of the rows. */
  readonly ids: Key<S>[];
  readonly count: number;
  /** Of the write. Opaque. */
  readonly timestamp: bigint;
}

export interface DeleteResult {
  /** Rows that were there and are gone. */
  readonly count: number;
  readonly timestamp: bigint;
}

export interface InsertOptions extends CallOptions {
  /** Where the rows go. Default `_default`; not with a partition key, whose values decide. NOT_FOUND when there is none of that name. */
  readonly partition?: string;
}

export interface UpsertOptions extends InsertOptions {
  /** Rows have only some of the fields. Default false. */
  readonly partial?: boolean;
}

interface SharedDeleteOptions extends CallOptions {
  /** Only what is in there. Default: wherever the rows are. */
  readonly partition?: string;
  /**
   * For good: earlier versions of the keys, too, are seen at no time and are in no file any more when the call resolves, but for what
   * named snapshots hold. Takes as long as the segments that have them take to be written anew. Default false.
   */
  readonly purge?: boolean;
}

/** By key. */
export interface DeleteOptions<S = AnySchema> extends SharedDeleteOptions {
  readonly ids: KeysInput<S>;
  readonly filter?: undefined;
  readonly filterParams?: undefined;
}

/** Whatever matches: an expression of the filter language, which must not be empty. */
export interface DeleteMatchingOptions extends SharedDeleteOptions {
  readonly filter: string;
  /** Values of the filter's templates: `{name}` in it stands for one. */
  readonly filterParams?: FilterParams;
  readonly ids?: undefined;
}

export interface CountOptions extends CallOptions {
  /** Values of the filter's templates: `{name}` in it stands for one. */
  readonly filterParams?: FilterParams;
  /** Only these. Default: all. */
  readonly partitions?: readonly string[];
  /** Read as it was then: a timestamp of `db.now()` or of a write, a Date, or milliseconds. INVALID_ARGUMENT before what is kept, and in the future. */
  readonly at?: At;
  /** What is seen of writes by other tabs: `'Strong'` all that were acknowledged before the call. Default `'Session'`; with one writer all are the same. */
  readonly consistency?: Consistency;
}

export interface GetOptions<S = AnySchema, O = OutputFields<S>> extends CallOptions {
  /** Names, or `'*'` for all. Without: all scalar fields. The primary key is always there. */
  readonly outputFields?: O;
  /** Only these. Default: all. */
  readonly partitions?: readonly string[];
  /** Read as it was then: a timestamp of `db.now()` or of a write, a Date, or milliseconds. INVALID_ARGUMENT before what is kept, and in the future. */
  readonly at?: At;
  /** What is seen of writes by other tabs: `'Strong'` all that were acknowledged before the call. Default `'Session'`; with one writer all are the same. */
  readonly consistency?: Consistency;
}

interface SharedSearchOptions<S, O> extends CallOptions {
  /** The vector field; needed only where the schema has several (that are sparse, for `sparse`; that have an embedder, for `text`). */
  readonly field?: VectorFieldName<S>;
  /** Most hits per query, 1 to 16,384. Default 10. */
  readonly limit?: number;
  /** Hits to leave out at the front; `limit + offset` is at most 16,384. Default 0. */
  readonly offset?: number;
  /** Only rows that match: an expression of the filter language. FILTER_SYNTAX, FILTER_TYPE. Default: all. */
  readonly filter?: string;
  /** Values of the filter's templates: `{name}` in it stands for one. */
  readonly filterParams?: FilterParams;
  /** Search parameters of the field's index by Milvus's names, such as `ef`. */
  readonly params?: Readonly<Record<string, number | string | boolean>>;
  /** Fields of the hits' entities: names, or `'*'` for all. Default none. */
  readonly outputFields?: O;
  /** Only these. Default: all. NOT_FOUND when there is none of that name. */
  readonly partitions?: readonly string[];
  /** Read as it was then: a timestamp of `db.now()` or of a write, a Date, or milliseconds. INVALID_ARGUMENT before what is kept, and in the future. */
  readonly at?: At;
  /** What is seen of writes by other tabs: `'Strong'` all that were acknowledged before the call. Default `'Session'`; with one writer all are the same. */
  readonly consistency?: Consistency;
  /** At most so many hits for each value of a field. `limit` and `offset` then count values. */
  readonly groupBy?: GroupByOptions<S>;
}

export interface GroupByOptions<S = AnySchema> {
  /** A Bool, integer or VarChar field. Rows in which it is NULL are a group, too. */
  readonly field: GroupFieldName<S>;
  /** Most hits of a group, 1 to 10. Default 1. */
  readonly size?: number;
  /** Go on until every group has `size` hits, or all its rows; else the search ends with the best hit of the last group. Default false. */
  readonly strict?: boolean;
}

/** One query. */
export interface SearchOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  /** Of the type of the field: what `insert` accepts for it. */
  readonly vector: QueryInput<S>;
  readonly vectors?: undefined;
  readonly sparse?: undefined;
  readonly ids?: undefined;
  readonly text?: undefined;
  readonly texts?: undefined;
}

/** One query in words, of which the field's embedder makes the vector. */
export interface SearchTextOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  readonly text: TextInput<S>;
  readonly texts?: undefined;
  readonly vector?: undefined;
  readonly vectors?: undefined;
  readonly sparse?: undefined;
  readonly ids?: undefined;
}

/** Many of them: 1 to 16,384. */
export interface SearchTextsOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  readonly texts: readonly TextInput<S>[];
  readonly text?: undefined;
  readonly vector?: undefined;
  readonly vectors?: undefined;
  readonly sparse?: undefined;
  readonly ids?: undefined;
}

/** One query of the sparse vector field, which `field` need not name where there is one of them. */
export interface SearchSparseOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  readonly sparse: SparseVectorInput;
  readonly vector?: undefined;
  readonly vectors?: undefined;
  readonly ids?: undefined;
  readonly text?: undefined;
  readonly texts?: undefined;
}

/** Many queries: a list of vectors, or (dense and binary ones) one flat matrix of shape (n, dim). */
export interface SearchManyOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  readonly vectors: QueriesInput<S>;
  readonly vector?: undefined;
  readonly sparse?: undefined;
  readonly ids?: undefined;
  readonly text?: undefined;
  readonly texts?: undefined;
}

/** Rows of the collection are the queries: their vectors, one list of hits for each, among which is the row itself. NOT_FOUND for a key that is not there. */
export interface SearchByIdsOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  readonly ids: KeysInput<S>;
  readonly vector?: undefined;
  readonly vectors?: undefined;
  readonly sparse?: undefined;
  readonly text?: undefined;
  readonly texts?: undefined;
}

/** One query, all of whose hits are wanted, page by page. */
export type SearchIteratorOptions<S = AnySchema, O = OutputFields<S>> = Omit<SharedSearchOptions<S, O>, 'limit' | 'offset' | 'groupBy'> & {
  /** Hits of a page, 1 to 16,384; the last may have fewer. Default 1,000. */
  readonly batchSize?: number;
  /** Most hits of all pages. Default: all there are. */
  readonly limit?: number;
} & (
  | { readonly vector: QueryInput<S>; readonly sparse?: undefined; readonly text?: undefined }
  | { readonly sparse: SparseVectorInput; readonly vector?: undefined; readonly text?: undefined }
  | { readonly text: TextInput<S>; readonly vector?: undefined; readonly sparse?: undefined }
);

export interface CreateIndexOptions extends CallOptions {
  /** Of the index of a scalar field; default: the field's, with the path where there is one. */
  readonly name?: string;
  /** Default true: resolve when all rows are indexed. False: as soon as the index is noted; `indexProgress` tells the rest. */
  readonly wait?: boolean;
  readonly onProgress?: (progress: Progress) => void;
}

export interface TuneOptions<S = AnySchema> extends CallOptions {
  /** Queries like those to come, of which a few hundred say enough: a list of vectors, or one flat matrix of shape (n, dim). */
  readonly queries: QueriesInput<S>;
  /** Share of the exact answer that is to be found, above 0 and at most 1. Default 0.95. */
  readonly targetRecall?: number;
  /** Hits per query, 1 to 16,384. Default 10. */
  readonly limit?: number;
  readonly onProgress?: (progress: Progress) => void;
}

/** One setting, as measured. */
export interface TuneTrial {
  /** For `search({ params })`. */
  readonly params: Readonly<Record<string, number>>;
  /** Share of the exact answer that was found; rows that tie with its last are as good, where scores are not estimates. */
  readonly recall: number;
  /** Of one search at a time, as the caller sees it; no finer than the host's clock. */
  readonly latencyMs: { readonly p50: number; readonly p95: number };
}

export interface TuneResult extends TuneTrial {
  readonly field: string;
  /** What was measured, such as `'HNSW_SQ'`. */
  readonly index: string;
  /** The target was met; else this is the setting that came nearest. */
  readonly isReached: boolean;
  /** All settings, in the order in which they were tried. */
  readonly tried: readonly TuneTrial[];
}

const INSERT_OPTIONS: ReadonlySet<string> = new Set(['partition', 'signal']);
const UPSERT_OPTIONS: ReadonlySet<string> = new Set(['partition', 'partial', 'signal']);
const WRITE_TO_COME: ReadonlySet<string> = new Set(['transfer']);
const DELETE_OPTIONS: ReadonlySet<string> = new Set(['ids', 'filter', 'filterParams', 'partition', 'purge', 'signal']);

/** Made by `Database`. Every method answers CLOSED after the database's end and NOT_FOUND after the collection's. */
export class Collection<S extends AnySchema = AnySchema> {
  readonly name: string;
  readonly #session: Session;
  readonly #collectionId: number;
  readonly #plan: HandlePlan;
  #isDropped = false;
  /** A buffer for the next query; null while an engine may still read it. */
  #spareQuery: Float32Array | null = null;

  /** `plan`: that of the schema. */
  constructor(session: Session, info: CollectionInfo, plan: HandlePlan) {
    this.name = info.name;
    this.#session = session;
    this.#collectionId = info.collectionId;
    this.#plan = plan;
  }

  /** As it is stored. */
  get schema(): ShownSchema {
    return shownSchema(this.#plan.schema);
  }

  /**
   * Writes rows, columns of equal length, or a Table or RecordBatch of apache-arrow, as one atomic batch of at most 256 MiB. A key that exists is replaced.
   * A field with an embedder may be missing: its vectors are then made of the texts that it names, all of them before anything is written.
   * INVALID_ARGUMENT, with nothing written, for anything that does not fit the schema and for one key twice.
   */
  async insert(rows: readonly Row<S>[] | Columns<S> | ArrowInput, options?: InsertOptions): Promise<InsertResult<S>> {
    return this.#write('insert', rows, options, INSERT_OPTIONS);
  }

  /**
   * Writes whole rows like `insert`; a key with `autoId` is given with them and kept. With `partial`, fields that the rows have not keep
   * what is stored; a key that is not there yet is inserted, for which its row must have all that an insert needs. The rows of one partial call have
   * the same fields, and stay in their partition. Nothing is written between its reading and its writing. A text without its vector has that made anew.
   */
  async upsert(rows: readonly UpsertRow<S>[] | UpsertColumns<S> | ArrowInput, options?: UpsertOptions & { readonly partial?: false }): Promise<InsertResult<S>>;
  async upsert(rows: readonly PartialRow<S>[] | PartialColumns<S> | ArrowInput, options: UpsertOptions & { readonly partial: true }): Promise<InsertResult<S>>;
  async upsert(rows: unknown, options?: UpsertOptions): Promise<InsertResult<S>> {
    return this.#write('upsert', rows, options, UPSERT_OPTIONS);
  }

  async #write(call: 'insert' | 'upsert', rows: unknown, options: UpsertOptions | undefined, known: ReadonlySet<string>): Promise<InsertResult<S>> {
    const engine = this.#live();
    checkOptions(options, call, known, WRITE_TO_COME);
    const context = contextOf(options?.signal);
    const partition = nameOption('partition', options?.partition);
    const isPartial = booleanOption('partial', options?.partial, false);
    const columns = isArrow(rows) ? (await import('../schema/arrow-columns.ts').catch(refuseMissingChunk)).arrowColumns(this.#plan, rows) : rows;
    const kind = isPartial ? 'partial' : call;
    const { code, embed } = this.#plan;
    const batch = embed ? await embed.embeddedBatch(this.#scope, columns, kind, options?.signal) : code.toBatch(this.#plan, columns, kind);
    const request = { collectionId: this.#collectionId, batch, partition };
    const { keys, timestamp } = await (call === 'insert' ? engine.insert(request, context) : engine.upsert({ ...request, isPartial }, context));
    return { ids: keyValues(keys, this.#plan.key) as Key<S>[], count: keys.length, timestamp };
  }

  /**
   * Writes the rows of a file, a folder, or of an iterable, batch by batch: docs/import-export.md has the formats. Each batch is there as a whole or not at all. An error names
   * file, row and column; what was written before stays, and `error.detail.count` rows of it: `skipRows` goes on from there.
   */
  async import(source: ImportSource, options?: ImportOptions<S>): Promise<ImportResult> {
    return (await this.#io()).importInto(this, source, options);
  }

  /** Writes all rows that match a filter, as they are at one moment, to a file in a format that `import` reads: into a Blob, which is answered, to a path or to a stream. */
  async export(target?: ExportTarget | 'blob' | ExportOptions<S>, options?: ExportOptions<S>): Promise<ExportResult> {
    return (await this.#io()).exportFrom(this, target, options);
  }

  /** Removes rows by key, or those that a filter matches. Keys that are not there are no error. */
  async delete(options: DeleteOptions<S> | DeleteMatchingOptions): Promise<DeleteResult> {
    const engine = this.#live();
    checkOptions(options, 'delete', DELETE_OPTIONS);
    const context = contextOf(options?.signal);
    const partition = nameOption('partition', options?.partition);
    const filter = filterOption(options?.filter, options?.filterParams);
    if (filter && (options.ids !== undefined || !filter.text.trim())) refuse('filter', NO_ROW, 'an expression, in place of ids', show(filter.text));
    const purge = booleanOption('purge', options?.purge, false);
    const base = { collectionId: this.#collectionId, partition };
    const request = filter ? { ...base, filter } : { ...base, keys: toKeys(options?.ids, this.#plan.key) };
    return purge ? engine.purge(request, context) : engine.delete(request, context);
  }

  /** The rows closest to one vector or text, or to each of many. An empty collection has no hits. */
  search<const O extends OutputFields<S> = readonly []>(options: SearchOptions<S, O> | SearchSparseOptions<S, O> | SearchTextOptions<S, O>): Promise<Hit<S, O>[]>;
  search<const O extends OutputFields<S> = readonly []>(options: SearchManyOptions<S, O> | SearchByIdsOptions<S, O> | SearchTextsOptions<S, O>): Promise<Hit<S, O>[][]>;
  async search(options: SearchOptions<any, any> | SearchSparseOptions<any, any> | SearchTextOptions<any, any> | SearchManyOptions<any, any> | SearchByIdsOptions<any, any> | SearchTextsOptions<any, any>): Promise<unknown> {
    if (options?.groupBy !== undefined || options?.ids !== undefined || options?.text !== undefined || options?.texts !== undefined) return (await this.#admin()).searchMore(this.#scope, options as never);
    const engine = this.#live();
    const spare = this.#spareQuery;
    this.#spareQuery = null;
    const request: SearchRequest = searchRequest(this.#plan, this.#collectionId, options, spare);
    const context = options.signal === undefined ? undefined : contextOf(options.signal);
    const answer = engine.search(request, context);
    let reply: SearchReply;
    if ('then' in answer) reply = await answer;
    else {
      reply = answer;
      // The engine answered at once, so it is done with the query.
      if (options.vectors === undefined && request.queries instanceof Float32Array) this.#spareQuery = request.queries;
    }
    const hits = options.vectors === undefined ? toHits(reply, this.#plan) : toHitLists(reply, this.#plan);
    return this.#plan.code.withKeysOfHits(this.#plan, hits, options.outputFields);
  }

  /**
   * All that a search for one vector can find, page by page: `for await (const hits of docs.searchIterator({ vector }))`. The rows are those of the moment in which the
   * first page is asked for, or of `at`, whatever is written meanwhile; each that matches comes once, whatever index there is. Leaving the loop gives back what is held.
   */
  searchIterator<const O extends OutputFields<S> = readonly []>(options: SearchIteratorOptions<S, O>): AsyncGenerator<Hit<S, O>[], void, undefined>;
  async *searchIterator(options: unknown): AsyncGenerator<any, void, undefined> {
    yield* (await this.#admin()).searchPages(this.#scope, options);
  }

  /** Rows by key, in the order of the keys; what is not there is left out. */
  async get<const O extends OutputFields<S> | undefined = undefined>(ids: KeysInput<S>, options?: GetOptions<S, O>): Promise<Found<S, O>[]> {
    const engine = this.#live();
    const context = contextOf(options?.signal);
    const request = getRequest(this.#plan, this.#collectionId, ids, options);
    const entities = toFound(await engine.get(request, context), this.#plan);
    return this.#plan.code.withKeys(this.#plan, entities, options?.outputFields) as Found<S, O>[];
  }

  /** Does a search, or a query, and tells how: what the filter came to, which segments were looked at by what, how long each step took. */
  async explain(options: SearchOptions<S, OutputFields<S>> | SearchSparseOptions<S, OutputFields<S>> | SearchTextOptions<S, OutputFields<S>> | SearchTextsOptions<S, OutputFields<S>> | SearchManyOptions<S, OutputFields<S>> | SearchByIdsOptions<S, OutputFields<S>> | QueryOptions<S, any> | AggregateOptions<S, any, any>): Promise<Explanation> {
    return (await this.#admin()).explain(this.#scope, options);
  }

  /**
   * Rows that match a filter, in ascending order of the primary key or by `orderBy`. INVALID_ARGUMENT where neither a filter nor a limit says how many
   * they are to be: `queryIterator` reads all of them, page by page.
   */
  query<const O extends OutputFields<S> | undefined = undefined>(options: QueryOptions<S, O>): Promise<Found<S, O>[]>;
  /** What is made of the rows that match: counts, sums, means and extremes of all of them, or of each group, in the order of the groups. */
  query<const O extends readonly (AggregateName<S> | GroupFieldName<S>)[] = [], const G extends GroupBy<S> = []>(options: AggregateOptions<S, O, G>): Promise<Aggregated<S, O, G>[]>;
  async query(options: unknown): Promise<unknown[]> {
    return (await this.#admin()).query(this.#scope, options as never);
  }

  /**
   * All rows that match, page by page, in ascending order of the primary key: `for await (const rows of docs.queryIterator({ filter }))`. They are those of the moment in
   * which the first page is asked for, or of `at`, whatever is written meanwhile; each comes once. Leaving the loop gives back what is held. INVALID_ARGUMENT where nothing is asked for
   * so long, five minutes at least, that the rows are no longer kept, and after a truncate.
   */
  async *queryIterator<const O extends OutputFields<S> | undefined = undefined>(options?: QueryIteratorOptions<S, O>): AsyncGenerator<Found<S, O>[], void, undefined> {
    yield* (await this.#admin()).queryPages(this.#scope, options as never) as AsyncGenerator<Found<S, O>[]>;
  }

  get [SCOPE](): CollectionScope {
    return this.#scope;
  }

  /** Rows there are, or those that match a filter. */
  async count(filter?: string, options?: CountOptions): Promise<number> {
    return (await this.#admin()).count(this.#scope, filter, options);
  }

  /** Resolves when the rows written so far are in sealed, durable files. Their index is built behind it. */
  async flush(options?: CallOptions): Promise<void> {
    return (await this.#admin()).flush(this.#scope, options);
  }

  /**
   * Gives a field an index. Of a scalar field, or of a place inside a JSON field (`json_path`): filters find their rows by it where that is faster; one of each place. `field` may
   * be a key that rows have beside their fields. Of a vector field: in the place of the one it has, and waits until all rows are in it; searches go on, by
   * the old one until the new one is there. The index that it has already is only waited for. Answers the index with all
   * its parameters. INVALID_ARGUMENT for an index or a parameter that does not exist; ABORTED when the signal fires, or
   * when the index is changed again or dropped meanwhile: then the old one serves on.
   */
  async createIndex(field: VectorFieldName<S>, spec: IndexInput, options?: CreateIndexOptions): Promise<IndexSpec>;
  async createIndex(field: ScalarFieldName<S>, spec: ScalarIndexInput, options?: CreateIndexOptions): Promise<ScalarIndexSpec>;
  async createIndex(field: string, spec: unknown, options?: CreateIndexOptions): Promise<IndexSpec | ScalarIndexSpec> {
    return (await this.#admin()).createIndex(this.#scope, field, spec, options);
  }

  /** How far the index of a field is, or of a name. NOT_FOUND where a scalar field has none. */
  async indexProgress(field: string): Promise<IndexProgress> {
    return (await this.#admin()).indexProgress(this.#scope, field);
  }

  /** Takes the index of a field or of a name away, with its files; a build under way for it stops. Its rows are found by exact scan from then on. NOT_FOUND when there is none. */
  async dropIndex(field: string, options?: CallOptions): Promise<void> {
    return (await this.#admin()).dropIndex(this.#scope, field, options);
  }

  /** The index of a field as it was asked for, what is built for it, how far that is, and what answers meanwhile. NOT_FOUND when it has none. */
  async describeIndex(field: VectorFieldName<S>): Promise<IndexDescription>;
  /** The same of a scalar field, or of an index by its name. */
  async describeIndex(field: string): Promise<ScalarIndexDescription>;
  async describeIndex(field: string): Promise<IndexDescription | ScalarIndexDescription> {
    return (await this.#admin()).describeIndex(this.#scope, field);
  }

  /** The indexes of all fields that have one. */
  async listIndexes(): Promise<(IndexDescription | ScalarIndexDescription)[]> {
    return (await this.#admin()).listIndexes(this.#scope);
  }

  /**
   * Finds the search parameters that reach a recall soonest on this collection's rows as they are, by measuring them
   * against exact search. `field` is needed where there are several vector fields. Nothing is changed: pass the
   * `params` of the answer to `search`.
   */
  tune(options: TuneOptions<S>): Promise<TuneResult>;
  tune(field: VectorFieldName<S>, options: TuneOptions<S>): Promise<TuneResult>;
  async tune(first: VectorFieldName<S> | TuneOptions<S>, second?: TuneOptions<S>): Promise<TuneResult> {
    return (await this.#admin()).tune(this.#scope, first, second);
  }

  /**
   * Gives the collection a scalar field more, nullable or with a default, which is what rows have that are there. Answers a handle whose rows
   * have it; this one, like others that were opened before, goes on without: what it inserts has the default, too. ALREADY_EXISTS when the name is taken.
   */
  async addField<const N extends string, const F extends FieldInput>(name: N, field: F, options?: CallOptions): Promise<Collection<WithField<S, N, F>>> {
    const info = await (await this.#admin()).addField(this.#scope, name, field, options);
    return new Collection<WithField<S, N, F>>(this.#session, info, await handlePlan(info.schema));
  }

  /**
   * Moves all rows to another model, of the same dimension or another: makes every vector of a field anew, of its text. Answers a handle of the collection as it is then; other handles of it, here and in other
   * tabs, are NOT_FOUND from then on: open it again by its name. Until then searches and writes go on with the old model, and are seen in the new one, too; if it fails, or the database ends meanwhile, nothing has
   * changed. INVALID_ARGUMENT for a row without a text. See docs/embedders.md.
   */
  async reembed(options: ReembedOptions<S>): Promise<Collection<S>> {
    const info = await (await import('./reembed.ts').catch(refuseMissingChunk)).reembed(this.#scope, options);
    return new Collection<S>(this.#session, info, await handlePlan(info.schema));
  }

  /** Changes the time that rows live, of which those that have outlived it are gone at once; or lets rows have keys that no field has. */
  async alter(options: AlterOptions): Promise<CollectionDescription> {
    return (await this.#admin()).alter(this.#scope, options);
  }

  /** ALREADY_EXISTS when there is one of that name. INVALID_ARGUMENT beyond 1,024, and with a partition key. */
  async createPartition(name: string): Promise<void> {
    return (await this.#admin()).createPartition(this.#scope, name);
  }

  /** Removes a partition with its rows. INVALID_ARGUMENT for `_default`. */
  async dropPartition(name: string): Promise<void> {
    return (await this.#admin()).dropPartition(this.#scope, name);
  }

  async hasPartition(name: string): Promise<boolean> {
    return (await this.#admin()).hasPartition(this.#scope, name);
  }

  /** All of them, with the rows in each. */
  async listPartitions(): Promise<PartitionInfo[]> {
    return (await this.#admin()).listPartitions(this.#scope);
  }

  /**
   * Brings into memory what searches need, and keeps it there, `cacheBytes` or not, until `release`. Without it the first search does so, and what
   * has not been searched for a while may go again.
   */
  async load(options?: LoadOptions): Promise<void> {
    return (await this.#admin()).load(this.#scope, options);
  }

  /** Gives the memory back. Searches go on: they load again what they need. */
  async release(options?: CountOptions): Promise<void> {
    return (await this.#admin()).release(this.#scope, options);
  }

  /** How much of what searches need is in memory. */
  async loadState(options?: CountOptions): Promise<LoadState> {
    return (await this.#admin()).loadState(this.#scope, options);
  }

  /**
   * Seals the growing rows and merges all segments into as few as may be, without rows that were deleted and are no longer kept for
   * reads of the past. Searches and writes go on. ABORTED when the signal fires: what has been merged stays so.
   */
  async compact(options?: CompactOptions): Promise<CompactReply> {
    return (await this.#admin()).compact(this.#scope, options);
  }

  /** Removes all rows; partitions and indexes asked for stay. Not to be read back by time travel. */
  async truncate(options?: CallOptions): Promise<void> {
    return (await this.#admin()).truncate(this.#scope, options);
  }

  async describe(): Promise<CollectionDescription> {
    return (await this.#admin()).describe(this.#scope);
  }

  async stats(): Promise<CollectionStats> {
    return (await this.#admin()).stats(this.#scope);
  }

  /** Removes the collection with everything in it. */
  async drop(options?: CallOptions): Promise<void> {
    await (await this.#admin()).drop(this.#scope, options);
    this.#isDropped = true;
  }

  /** The bodies of the calls that are not about rows. */
  #admin(): Promise<typeof import('./collection-admin.ts')> {
    return import('./collection-admin.ts').catch(refuseMissingChunk);
  }

  /** Calls the listener when rows have changed, here or in another tab, and are seen so here. Resolved: from now on. Answers how to stop. */
  async on(event: 'change', listener: (change: CollectionChange<S>) => void): Promise<() => void> {
    return (await this.#admin()).watch(this.#scope, event, listener as never);
  }

  async #io(): Promise<CollectionIo> {
    this.#live();
    return this.#session.io().catch(refuseMissingChunk);
  }

  get #scope(): CollectionScope {
    const live = (): EngineClient => this.#live();
    return {
      get engine() {
        return live();
      },
      events: this.#session.events,
      embedders: this.#session.embedders,
      collectionId: this.#collectionId,
      plan: this.#plan,
    };
  }

  #live(): EngineClient {
    const { engine } = this.#session;
    if (this.#isDropped) throw new ElanusError('NOT_FOUND', `collection "${this.name}" was dropped`, { collection: this.name });
    return engine;
  }
}
