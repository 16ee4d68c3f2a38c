/** `collection.query`: rows that match, in an order. Imported when it is first called. */
import type { AggregateRequest, Consistency, QueryRequest } from '../engine/client.ts';
import type { AggregateName, AnySchema, GroupFieldName, OrderedFieldName, OutputFields } from '../schema/infer.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, refuse } from '../schema/refuse.ts';
import type { FieldType } from '../schema/types.ts';
import { aggregatePlan, toAggregated, type AggregatePlan } from './aggregate.ts';
import type { At, FilterParams } from './collection.ts';
import { toEntities } from './hits.ts';
import { namedField } from './named-field.ts';
import { MAX_LIMIT, atOption, checkOptions, contextOf, filterOption, integerOption, namesOption, type CallOptions } from './options.ts';
import { orderTerms } from './order-by.ts';
import type { CollectionScope } from './scope.ts';
import { entityIds } from './search-request.ts';

export type Order = 'asc' | 'desc';

/** A field, or several, the first of which that tells two rows apart decides: names, `'name:desc'`, or objects. */
export type OrderBy<N extends string = string> = OrderTerm<N> | readonly OrderTerm<N>[];
export type OrderTerm<N extends string = string> = N | `${N}:${Order}` | { readonly field: N; readonly order?: Order };
/** One field, or several. */
export type GroupBy<S = AnySchema> = GroupFieldName<S> | readonly GroupFieldName<S>[];

interface SharedQueryOptions extends CallOptions {
  /** Only rows that match: an expression of the filter language. FILTER_SYNTAX, FILTER_TYPE. Default: all. */
  readonly filter?: string;
  /** Values of the filter's templates: `{name}` in it stands for one. */
  readonly filterParams?: FilterParams;
  /** Most rows, 1 to 16,384. Default: all that match, for which there must be a filter, or all groups. */
  readonly limit?: number;
  /** Rows to leave out at the front; with a limit `limit + offset` is at most 16,384. Default 0. */
  readonly offset?: number;
  /** Only these. Default: all. NOT_FOUND when there is none of that name. */
  readonly partitions?: readonly string[];
  /** Read as it was then: a timestamp of `db.now()` or of a write, a Date, or milliseconds. INVALID_ARGUMENT before what is kept, and in the future. */
  readonly at?: At;
  /** What is seen of writes by other tabs: `'Strong'` all that were acknowledged before the call. Default `'Session'`; with one writer all are the same. */
  readonly consistency?: Consistency;
}

/** Rows. */
export interface QueryOptions<S = AnySchema, O = OutputFields<S> | undefined> extends SharedQueryOptions {
  /** Names, or `'*'` for all. Without: all scalar fields. The primary key is always there. */
  readonly outputFields?: O;
  /** By these fields: NULL last, or with `'desc'` first; ties in ascending order of the primary key. Needs a limit. Default: by the primary key, ascending. */
  readonly orderBy?: OrderBy<OrderedFieldName<S>>;
  readonly groupBy?: undefined;
}

/** What is made of rows: `'count(*)'`, or of the values of a field that are not NULL `'count(f)'`, `'sum(f)'`, `'avg(f)'`, `'min(f)'` and `'max(f)'`. */
export interface AggregateOptions<S = AnySchema, O = readonly (AggregateName<S> | GroupFieldName<S>)[], G = GroupBy<S>> extends SharedQueryOptions {
  /** The fields of `groupBy` are always there. */
  readonly outputFields?: O;
  /** Rows with the same values of these fields are a group, and NULL is a value: Bool, integers, VarChar. Default: all rows are one. At most a million groups. */
  readonly groupBy?: G;
  /** By columns of the answer: NULL last, or with `'desc'` first. Ties, and without it all, by the fields of `groupBy`, ascending. */
  readonly orderBy?: OrderBy<AggregateName<S> | GroupFieldName<S>>;
}

type AnyOptions = SharedQueryOptions & { readonly outputFields?: any; readonly orderBy?: unknown; readonly groupBy?: unknown };

const QUERY_OPTIONS: ReadonlySet<string> = new Set(['filter', 'filterParams', 'outputFields', 'limit', 'offset', 'orderBy', 'groupBy', 'partitions', 'at', 'consistency', 'signal']);

export async function query({ engine, collectionId, plan }: CollectionScope, options: AnyOptions = {}): Promise<Record<string, unknown>[]> {
  const request = queryRequest(plan, collectionId, options);
  const context = contextOf(options.signal);
  if (request.aggregates) return toAggregated(request.plan, await engine.aggregate(request.aggregates, context));
  return plan.code.withKeys(plan, toEntities(await engine.query(request.rows, context), plan), options.outputFields);
}

/** What the engine is asked: for rows, or for what they come to together. INVALID_ARGUMENT for anything that is not as `QueryOptions` says. */
export function queryRequest(plan: SchemaPlan, collectionId: number, options: AnyOptions): { readonly rows: QueryRequest; readonly aggregates?: undefined } | { readonly aggregates: AggregateRequest; readonly plan: AggregatePlan } {
  checkOptions(options, 'query', QUERY_OPTIONS);
  const limit = integerOption('limit', options.limit, 1, MAX_LIMIT, undefined);
  const offset = integerOption('offset', options.offset, 0, MAX_LIMIT - 1, 0);
  if (limit !== undefined && limit + offset > MAX_LIMIT) refuse('offset', NO_ROW, `limit + offset to be at most ${MAX_LIMIT}`, String(limit + offset));
  const filter = queryFilter(options);
  const read = { collectionId, filter, limit, offset, partitions: namesOption('partitions', options.partitions), at: atOption(options.at), consistency: options.consistency };
  const aggregates = aggregatePlan(plan, options);
  if (aggregates) {
    const { columns: _, ...request } = aggregates;
    return { aggregates: { ...read, ...request }, plan: aggregates };
  }
  if (!filter && limit === undefined) refuse('limit', NO_ROW, 'a limit, where there is no filter: queryIterator() reads all rows', 'nothing');
  const order = orderOption(plan, options.orderBy);
  if (order && limit === undefined) refuse('limit', NO_ROW, 'a limit, where there is orderBy', 'nothing');
  return { rows: { ...read, outputFieldIds: entityIds(plan, options.outputFields), order } };
}

/** Blank text stands for no filter, as in Milvus. */
export function queryFilter({ filter, filterParams }: { readonly filter?: unknown; readonly filterParams?: unknown }): QueryRequest['filter'] {
  const input = filterOption(filter, filterParams);
  return input && input.text.trim() === '' ? undefined : input;
}

/** Types of fields that have an order. */
const ORDERED_TYPES: ReadonlySet<FieldType> = new Set(['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double', 'VarChar']);

function orderOption(plan: SchemaPlan, orderBy: unknown): QueryRequest['order'] {
  if (orderBy === undefined) return undefined;
  return orderTerms(orderBy).map(({ name, isDescending }) => ({ fieldId: namedField(plan, 'orderBy', name, ORDERED_TYPES, 'that has an order').fieldId, isDescending }));
}
