/**
 * A collection, as its users see it: checks what it is given, sends plain messages to the engine, turns replies into
 * rows and hits. It keeps no rows and no state but its schema.
 */
import type { CollectionInfo, CollectionStats, EngineClient, IndexDescription, IndexProgress, Progress, SearchReply, SearchRequest } from '../engine/client.ts';
import { toBatch } from '../schema/batch.ts';
import type { AnySchema, Columns, Found, Hit, IndexInput, Key, KeysInput, OutputFields, QueriesInput, QueryInput, Row, SparseVectorInput, VectorFieldName } from '../schema/infer.ts';
import { keyValues, toKeys } from '../schema/keys.ts';
import { planOf } from '../schema/plan.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { notSupported } from '../schema/refuse.ts';
import type { IndexSpec, Schema } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import { toFound, toHitLists, toHits } from './hits.ts';
import { SIGNAL_ONLY, checkOptions, contextOf, refuseMissingChunk } from './options.ts';
import type { CallOptions } from './options.ts';
import { outputIds, searchRequest } from './search-request.ts';
import type { CollectionDescription, Session } from './session.ts';

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

export interface DeleteOptions<S = AnySchema> extends CallOptions {
  readonly ids: KeysInput<S>;
}

export interface GetOptions<S = AnySchema, O = OutputFields<S>> extends CallOptions {
  /** Names, or `'*'` for all. Without: all scalar fields. The primary key is always there. */
  readonly outputFields?: O;
}

interface SharedSearchOptions<S, O> extends CallOptions {
  /** The vector field; needed only where the schema has several. */
  readonly field?: VectorFieldName<S>;
  /** Most hits per query, 1 to 16,384. Default 10. */
  readonly limit?: number;
  /** Hits to leave out at the front; `limit + offset` is at most 16,384. Default 0. */
  readonly offset?: number;
  /** Search parameters of the field's index by Milvus's names, such as `ef`. */
  readonly params?: Readonly<Record<string, number | string | boolean>>;
  /** Fields of the hits' entities: names, or `'*'` for all. Default none. */
  readonly outputFields?: O;
}

/** One query. */
export interface SearchOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  /** Of the type of the field: what `insert` accepts for it. */
  readonly vector: QueryInput<S>;
  readonly vectors?: undefined;
  readonly sparse?: undefined;
}

/** One query of the sparse vector field, which `field` need not name where there is one of them. */
export interface SearchSparseOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  readonly sparse: SparseVectorInput;
  readonly vector?: undefined;
  readonly vectors?: undefined;
}

/** Many queries: a list of vectors, or (dense and binary ones) one flat matrix of shape (n, dim). */
export interface SearchManyOptions<S = AnySchema, O = OutputFields<S>> extends SharedSearchOptions<S, O> {
  readonly vectors: QueriesInput<S>;
  readonly vector?: undefined;
  readonly sparse?: undefined;
}

export interface CreateIndexOptions extends CallOptions {
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

const INSERT_TO_COME: ReadonlySet<string> = new Set(['partition', 'transfer']);
const DELETE_OPTIONS: ReadonlySet<string> = new Set(['ids', 'signal']);
const DELETE_TO_COME: ReadonlySet<string> = new Set(['filter', 'filterParams', 'purge', 'partition']);
const GET_OPTIONS: ReadonlySet<string> = new Set(['outputFields', 'signal']);
const GET_TO_COME: ReadonlySet<string> = new Set(['partitions', 'consistency', 'at']);

/** A collection as the bodies of its calls in other files see it. */
export interface CollectionAtHand {
  readonly engine: EngineClient;
  readonly collectionId: number;
  readonly plan: SchemaPlan;
}

/** Made by `Database`. Every method answers CLOSED after the database's end and NOT_FOUND after the collection's. */
export class Collection<S extends AnySchema = AnySchema> {
  readonly name: string;
  readonly #session: Session;
  readonly #collectionId: number;
  readonly #plan: SchemaPlan;
  #isDropped = false;
  /** A buffer for the next query; null while an engine may still read it. */
  #spareQuery: Float32Array | null = null;

  constructor(session: Session, info: CollectionInfo) {
    this.name = info.name;
    this.#session = session;
    this.#collectionId = info.collectionId;
    this.#plan = planOf(info.schema);
  }

  /** As it is stored. */
  get schema(): Schema {
    return this.#plan.schema;
  }

  /**
   * Writes rows, or columns of equal length, as one atomic batch of at most 256 MiB. A key that exists is replaced.
   * INVALID_ARGUMENT, with nothing written, for anything that does not fit the schema and for one key twice.
   */
  async insert(rows: readonly Row<S>[] | Columns<S>, options?: CallOptions): Promise<InsertResult<S>> {
    const engine = this.#live();
    checkOptions(options, 'insert', SIGNAL_ONLY, INSERT_TO_COME);
    const context = contextOf(options?.signal);
    const batch = toBatch(this.#plan, rows);
    const { keys, timestamp } = await engine.insert({ collectionId: this.#collectionId, batch }, context);
    return { ids: keyValues(keys, this.#plan.key) as Key<S>[], count: keys.length, timestamp };
  }

  /** Removes rows by key. Keys that are not there are no error. */
  async delete(options: DeleteOptions<S>): Promise<DeleteResult> {
    const engine = this.#live();
    checkOptions(options, 'delete', DELETE_OPTIONS, DELETE_TO_COME);
    const context = contextOf(options?.signal);
    const keys = toKeys(options?.ids, this.#plan.key);
    return engine.delete({ collectionId: this.#collectionId, keys }, context);
  }

  /** The rows closest to one vector, or to each of many. An empty collection has no hits. */
  search<const O extends OutputFields<S> = readonly []>(options: SearchOptions<S, O> | SearchSparseOptions<S, O>): Promise<Hit<S, O>[]>;
  search<const O extends OutputFields<S> = readonly []>(options: SearchManyOptions<S, O>): Promise<Hit<S, O>[][]>;
  async search(options: SearchOptions<any, any> | SearchSparseOptions<any, any> | SearchManyOptions<any, any>): Promise<unknown> {
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
    return options.vectors === undefined ? toHits(reply, this.#plan) : toHitLists(reply, this.#plan);
  }

  /** Rows by key, in the order of the keys; what is not there is left out. */
  async get<const O extends OutputFields<S> | undefined = undefined>(ids: KeysInput<S>, options?: GetOptions<S, O>): Promise<Found<S, O>[]> {
    const engine = this.#live();
    checkOptions(options, 'get', GET_OPTIONS, GET_TO_COME);
    const context = contextOf(options?.signal);
    const keys = toKeys(ids, this.#plan.key);
    const { key, scalarIds } = this.#plan;
    let outputFieldIds = options?.outputFields === undefined ? scalarIds : outputIds(this.#plan, options.outputFields);
    if (!outputFieldIds.includes(key.fieldId)) outputFieldIds = [key.fieldId, ...outputFieldIds];
    if (keys.length === 0) return [];
    const reply = await engine.get({ collectionId: this.#collectionId, keys, outputFieldIds }, context);
    return toFound(reply, this.#plan) as Found<S, O>[];
  }

  /** Rows there are. */
  async count(filter?: undefined, options?: CallOptions): Promise<number> {
    const engine = this.#live();
    if (filter !== undefined) notSupported('filter', 'a filter of count', 'count() counts all rows');
    checkOptions(options, 'count', SIGNAL_ONLY);
    return engine.count({ collectionId: this.#collectionId }, contextOf(options?.signal));
  }

  /** Resolves when the rows written so far are in sealed, durable files. Their index is built behind it. */
  async flush(options?: CallOptions): Promise<void> {
    const engine = this.#live();
    checkOptions(options, 'flush', SIGNAL_ONLY);
    await engine.flush({ collectionId: this.#collectionId }, contextOf(options?.signal));
  }

  /**
   * Gives a vector field an index, in the place of the one it has, and waits until all rows are in it; searches go on, by
   * the old one until the new one is there. The index that it has already is only waited for. Answers the index with all
   * its parameters. INVALID_ARGUMENT for an index or a parameter that does not exist; ABORTED when the signal fires, or
   * when the index is changed again or dropped meanwhile: then the old one serves on.
   */
  async createIndex(field: VectorFieldName<S>, spec: IndexInput, options?: CreateIndexOptions): Promise<IndexSpec> {
    return (await admin()).createIndex(this.#atHand(), field, spec, options);
  }

  /** How far the index of a field is. */
  async indexProgress(field: VectorFieldName<S>): Promise<IndexProgress> {
    return (await admin()).indexProgress(this.#atHand(), field);
  }

  /** Takes a field's index away, with its files; a build under way for it stops. Its rows are found by exact scan from then on. NOT_FOUND when it has none. */
  async dropIndex(field: VectorFieldName<S>, options?: CallOptions): Promise<void> {
    return (await admin()).dropIndex(this.#atHand(), field, options);
  }

  /** The index of a field as it was asked for, what is built for it, how far that is, and what answers meanwhile. NOT_FOUND when it has none. */
  async describeIndex(field: VectorFieldName<S>): Promise<IndexDescription> {
    return (await admin()).describeIndex(this.#atHand(), field);
  }

  /** The indexes of all fields that have one. */
  async listIndexes(): Promise<IndexDescription[]> {
    return (await admin()).listIndexes(this.#atHand());
  }

  /**
   * Finds the search parameters that reach a recall soonest on this collection's rows as they are, by measuring them
   * against exact search. `field` is needed where there are several vector fields. Nothing is changed: pass the
   * `params` of the answer to `search`.
   */
  tune(options: TuneOptions<S>): Promise<TuneResult>;
  tune(field: VectorFieldName<S>, options: TuneOptions<S>): Promise<TuneResult>;
  async tune(first: VectorFieldName<S> | TuneOptions<S>, second?: TuneOptions<S>): Promise<TuneResult> {
    return (await admin()).tune(this.#atHand(), first, second);
  }

  async describe(): Promise<CollectionDescription> {
    return (await admin()).describe(this.#atHand());
  }

  async stats(): Promise<CollectionStats> {
    return (await admin()).stats(this.#atHand());
  }

  /** Removes the collection with everything in it. */
  async drop(options?: CallOptions): Promise<void> {
    await (await admin()).drop(this.#atHand(), options);
    this.#isDropped = true;
  }

  /** For a call whose body is in `collection-admin.ts`. */
  #atHand(): CollectionAtHand {
    return { engine: this.#live(), collectionId: this.#collectionId, plan: this.#plan };
  }

  #live(): EngineClient {
    const { engine } = this.#session;
    if (this.#isDropped) throw new ElanusError('NOT_FOUND', `collection "${this.name}" was dropped`, { collection: this.name });
    return engine;
  }
}

/** The bodies of calls that are not about rows. A chunk of their own: a page that reads and writes rows does without. */
const admin = (): Promise<typeof import('./collection-admin.ts')> => import('./collection-admin.ts').catch(refuseMissingChunk);
