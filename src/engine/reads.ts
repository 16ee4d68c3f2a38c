/** What is read of a collection: searches, rows by key, counts. Changes nothing. */
import type { AggregateJob } from '../exec/aggregate/aggregate.ts';
import { searchGroups } from '../exec/groups.ts';
import { matchSegments, type Match, type Segment } from '../exec/matches.ts';
import { searchPage } from '../exec/pages.ts';
import { planField, type FieldPlan } from '../exec/plan.ts';
import type { QueryJob } from '../exec/query.ts';
import type { RowFilter } from '../exec/row-filter.ts';
import { searchSegments, takeEntities, type SearchJob, type SearchView } from '../exec/search.ts';
import { Slices } from '../exec/slices.ts';
import type { Trace } from '../exec/trace.ts';
import type { ColumnBatch, Keys } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import { vectorsOf, type QueryVectors } from '../schema/vector-types/index.ts';
import { forEachOne } from '../util/bitset.ts';
import { ElanusError } from '../util/error.ts';
import type { AggregateReply, AggregateRequest, CallContext, CountRequest, FilterInput, GetReply, GetRequest, QueryRequest, SearchReply, SearchRequest } from './client.ts';
import type { CollectionState } from './collection.ts';
import { Filters, assertIsolated, bucketsOf } from './filters.ts';

const NO_FIELDS: readonly Field[] = [];
/** Keys that an error names. */
const NAMED_MAX = 10;

type SearchParams = SearchRequest['params'];

export class Reads {
  readonly #state: CollectionState;
  readonly #filters: Filters;
  /** The last plan of each field: most searches are like the one before. */
  readonly #plans = new Map<number, { readonly params: SearchParams; readonly plan: FieldPlan }>();

  constructor(state: CollectionState) {
    this.#state = state;
    this.#filters = new Filters(state.parts.onDemand);
  }

  /** To be called whenever the set of segments or an index of the collection changes. */
  segmentsChanged(): void {
    this.#plans.clear();
  }

  /** FILTER_SYNTAX, FILTER_TYPE. null: there is none. A promise for the first one. */
  filter(input: FilterInput | undefined): RowFilter | null | Promise<RowFilter> {
    return input ? this.#filters.of(input, this.#state.schema) : null;
  }

  /** The segments of some partitions in which rows may match. */
  view(partitions: readonly string[] | undefined, filter: RowFilter | null): SearchView {
    const state = this.#state;
    const view = state.viewOf(partitions);
    const { partitionKey } = state;
    if (!filter || !partitionKey) return view;
    const { partitions: entries } = state.entry;
    const buckets = bucketsOf(filter, partitionKey, entries.length);
    if (!buckets) return view;
    const ids = new Set(Array.from(buckets, (bucket) => entries[bucket]!.partitionId));
    return { ...view, growing: view.growing.filter((segment) => ids.has(segment.partitionId)), sealed: view.sealed.filter((segment) => ids.has(segment.entry.partitionId)) };
  }

  /** `trace`: what is done is noted there. */
  search(request: SearchRequest, context: CallContext | undefined, trace?: Trace): SearchReply | Promise<SearchReply> {
    const state = this.#state;
    const filter = this.filter(request.filter);
    if (filter && 'then' in filter) return filter.then(() => this.search(request, context, trace));
    if (state.entry.properties.partitionKeyIsolation) assertIsolated(filter, state.partitionKey!, state.name);
    const plan = this.#plan(request);
    const at = state.timeOf(request.at);
    const view = this.view(request.partitions, filter);
    const job: SearchJob = {
      plan,
      queries: request.queries,
      nq: request.nq,
      offset: request.offset,
      outputFields: request.outputFieldIds.length === 0 ? NO_FIELDS : request.outputFieldIds.map((fieldId) => state.field(fieldId)),
      keyIsInt64: state.keyField.type === 'Int64',
      filter,
      at,
      trace,
      signal: context?.signal,
    };
    const { groupBy, keys, page } = request;
    if (page) {
      if (filter && filter.sample !== null) throw new ElanusError('INVALID_ARGUMENT', '"filter" expected the same rows for every page, got random_sample', { parameter: 'filter' });
      return searchPage(view, job, page);
    }
    if (keys) return this.#queriesOf(keys, plan.field, at).then((queries) => this.search({ ...request, queries, keys: undefined }, context, trace));
    return groupBy ? searchGroups(view, job, { ...groupBy, field: state.field(groupBy.fieldId) }) : searchSegments(view, job);
  }

  /** The vectors of rows, wherever in the collection they are. */
  async #queriesOf(keys: Keys, field: Field, at: bigint | undefined): Promise<QueryVectors> {
    const { found, segments, rows } = this.locate(keys, undefined, at);
    const missing = Array.from(keys as ArrayLike<bigint | string>).filter((_, i) => found[i]! < 0);
    if (missing.length > 0) {
      const named = missing.slice(0, NAMED_MAX).map((key) => (typeof key === 'string' ? JSON.stringify(key) : String(key))).join(', ');
      throw new ElanusError('NOT_FOUND', `"ids" expected keys of rows of "${this.#state.name}", got ${named}${missing.length > NAMED_MAX ? ` and ${missing.length - NAMED_MAX} more` : ''}, of which there is no row`, { parameter: 'ids', missing: missing.slice(0, NAMED_MAX) });
    }
    const { columns } = await takeEntities(segments, rows, [field]);
    return vectorsOf(columns[0]!);
  }

  #plan(request: SearchRequest): FieldPlan {
    const state = this.#state;
    const k = request.limit + request.offset;
    const known = request.exact ? undefined : this.#plans.get(request.fieldId);
    if (known && known.plan.k === k && sameParams(known.params, request.params)) return known.plan;
    // A copy: the caller may change the object that the plan is remembered by.
    const params = request.params && { ...request.params };
    const plan = planField(state.field(request.fieldId), state.indexSpec(request.fieldId), k, params, request.exact);
    if (!request.exact) this.#plans.set(request.fieldId, { params, plan });
    return plan;
  }

  async get({ keys, outputFieldIds, partitions, at }: Omit<GetRequest, 'collectionId'>): Promise<GetReply> {
    const { found, segments, rows } = this.locate(keys, partitions, this.#state.timeOf(at));
    return { found, entities: await takeEntities(segments, rows, outputFieldIds.map((fieldId) => this.#state.field(fieldId))) };
  }

  /** The rows of keys, as they were at a time where one is given. `found`: per key, which of them, or -1. */
  locate(keys: Keys, partitions: readonly string[] | undefined, time: bigint | undefined): { readonly found: Int32Array; readonly segments: Segment[]; readonly rows: number[] } {
    const found = new Int32Array(keys.length).fill(-1);
    const segments: Segment[] = [];
    const rows: number[] = [];
    const { growing, sealed } = this.#state.viewOf(partitions);
    const searched = [...growing, ...sealed];
    for (let i = 0; i < keys.length; i++) {
      for (const segment of searched) {
        const row = time === undefined ? segment.find(keys[i]!) : segment.findAt(keys[i]!, time);
        if (row < 0) continue;
        found[i] = rows.length;
        segments.push(segment);
        rows.push(row);
        break;
      }
    }
    return { found, segments, rows };
  }

  /** Rows that are seen, without looking at any. */
  countRows(partitions?: readonly string[], at?: bigint): number {
    const { growing, sealed } = this.#state.viewOf(partitions);
    const time = this.#state.timeOf(at);
    return [...growing, ...sealed].reduce((sum, segment) => sum + (time === undefined ? segment.rows - segment.deletedRows : segment.countAt(time)), 0);
  }

  async count({ filter: input, partitions, at }: Omit<CountRequest, 'collectionId'>): Promise<number> {
    const filter = await this.filter(input);
    if (!filter) return this.countRows(partitions, at);
    return this.withMatches(partitions, filter, this.#state.timeOf(at), (matches) => matches.reduce((sum, { count }) => sum + count, 0));
  }

  async query(request: Omit<QueryRequest, 'collectionId'>, signal: AbortSignal | undefined, trace?: Trace): Promise<ColumnBatch> {
    const { offset, limit = Infinity, after } = request;
    const field = (fieldId: number): Field => this.#state.field(fieldId);
    const job: QueryJob = {
      order: (request.order ?? []).map(({ fieldId, isDescending }) => ({ field: field(fieldId), isDescending })),
      keyField: this.#state.keyField,
      outputFields: request.outputFieldIds.map(field),
      offset,
      limit,
      after,
      signal,
    };
    const { queryRows } = await this.#state.parts.onDemand.load();
    return this.withMatches(request.partitions, await this.filter(request.filter), this.#state.timeOf(request.at), (matches) => queryRows(matches, job, takeEntities), trace);
  }

  async aggregate(request: Omit<AggregateRequest, 'collectionId'>, signal: AbortSignal | undefined, trace?: Trace): Promise<AggregateReply> {
    const { offset, limit = Infinity, order = [] } = request;
    const field = (fieldId: number): Field => this.#state.field(fieldId);
    const job: AggregateJob = {
      groupBy: request.groupByIds.map(field),
      aggregates: request.aggregates.map(({ name, fieldId }) => ({ name, field: fieldId === null ? null : field(fieldId) })),
      order,
      offset,
      limit,
    };
    const { aggregateRows } = await this.#state.parts.onDemand.load();
    return this.withMatches(request.partitions, await this.filter(request.filter), this.#state.timeOf(request.at), (matches) => aggregateRows(matches, job, new Slices(signal)), trace);
  }

  /** Keys of the rows that live and match. */
  async keysOf(input: FilterInput, partitions: readonly string[] | undefined): Promise<Keys> {
    return this.withMatches(partitions, await this.filter(input), this.#state.timeOf(undefined), (matches) => {
      const keys: (bigint | string)[] = [];
      for (const { segment, bits } of matches) {
        const keyAt = 'keys' in segment ? (row: number) => segment.keys.at(row) : (row: number) => segment.keyAt(row);
        forEachOne(bits, (row) => keys.push(keyAt(row)));
      }
      return this.#state.keyField.type === 'Int64' ? BigInt64Array.from(keys as bigint[]) : (keys as string[]);
    });
  }

  /** Does something with the rows that match, while their segments stay. */
  async withMatches<T>(partitions: readonly string[] | undefined, filter: RowFilter | null, at: bigint | undefined, use: (matches: Match[]) => T | Promise<T>, trace?: Trace): Promise<T> {
    const { growing, sealed } = this.view(partitions, filter);
    const segments: Segment[] = [...growing, ...(at === undefined ? sealed.filter((segment) => !segment.isHistory) : sealed)];
    for (const segment of segments) segment.pins.pin();
    try {
      return await use(await matchSegments(segments, { filter, at, trace }));
    } finally {
      for (const segment of segments) segment.pins.unpin();
    }
  }
}

function sameParams(a: SearchParams, b: SearchParams): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  let names = 0;
  for (const name in b) {
    if (a[name] !== b[name]) return false;
    names++;
  }
  for (const _ in a) names--;
  return names === 0;
}
