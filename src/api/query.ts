/** `collection.query`: rows that match, in an order. Imported when it is first called. */
import type { Consistency, QueryRequest } from '../engine/client.ts';
import type { AnySchema, Found, OrderedFieldName, OutputFields } from '../schema/infer.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import type { Field, FieldType } from '../schema/types.ts';
import type { At, FilterParams } from './collection.ts';
import { withKeys } from './dynamic-keys.ts';
import { toEntities } from './hits.ts';
import { MAX_LIMIT, atOption, checkOptions, contextOf, filterOption, integerOption, namesOption, wordOption, type CallOptions } from './options.ts';
import type { CollectionScope } from './scope.ts';
import { entityIds } from './search-request.ts';

export type Order = 'asc' | 'desc';

/** A field, or several, the first of which that tells two rows apart decides: names, `'name:desc'`, or objects. */
export type OrderBy<S = AnySchema> = OrderTerm<S> | readonly OrderTerm<S>[];
export type OrderTerm<S = AnySchema> = OrderedFieldName<S> | `${OrderedFieldName<S>}:${Order}` | { readonly field: OrderedFieldName<S>; readonly order?: Order };

export interface QueryOptions<S = AnySchema, O = OutputFields<S> | undefined> extends CallOptions {
  /** Only rows that match: an expression of the filter language. FILTER_SYNTAX, FILTER_TYPE. Default: all, for which there must be a limit. */
  readonly filter?: string;
  /** Values of the filter's templates: `{name}` in it stands for one. */
  readonly filterParams?: FilterParams;
  /** Names, or `'*'` for all. Without: all scalar fields. The primary key is always there. */
  readonly outputFields?: O;
  /** Most rows, 1 to 16,384. Default: all that match. */
  readonly limit?: number;
  /** Rows to leave out at the front; with a limit `limit + offset` is at most 16,384. Default 0. */
  readonly offset?: number;
  /** By these fields: NULL last, or with `'desc'` first; ties in ascending order of the primary key. Needs a limit. Default: by the primary key, ascending. */
  readonly orderBy?: OrderBy<S>;
  /** Only these. Default: all. NOT_FOUND when there is none of that name. */
  readonly partitions?: readonly string[];
  /** Read as it was then: a timestamp of `db.now()` or of a write, a Date, or milliseconds. INVALID_ARGUMENT before what is kept, and in the future. */
  readonly at?: At;
  /** What is seen of writes by other tabs: `'Strong'` all that were acknowledged before the call. Default `'Session'`; with one writer all are the same. */
  readonly consistency?: Consistency;
}

type AnyOptions = QueryOptions<AnySchema, any>;

const QUERY_OPTIONS: ReadonlySet<string> = new Set(['filter', 'filterParams', 'outputFields', 'limit', 'offset', 'orderBy', 'partitions', 'at', 'consistency', 'signal']);

export async function query({ engine, collectionId, plan }: CollectionScope, options: AnyOptions = {}): Promise<Found<AnySchema, any>[]> {
  checkOptions(options, 'query', QUERY_OPTIONS);
  const context = contextOf(options.signal);
  const limit = integerOption('limit', options.limit, 1, MAX_LIMIT, undefined);
  const offset = integerOption('offset', options.offset, 0, MAX_LIMIT - 1, 0);
  if (limit !== undefined && limit + offset > MAX_LIMIT) refuse('offset', NO_ROW, `limit + offset to be at most ${MAX_LIMIT}`, String(limit + offset));
  const filter = queryFilter(options);
  if (!filter && limit === undefined) refuse('limit', NO_ROW, 'a limit, where there is no filter: queryIterator() reads all rows', 'nothing');
  const order = orderOption(plan, options.orderBy);
  if (order && limit === undefined) refuse('limit', NO_ROW, 'a limit, where there is orderBy', 'nothing');
  const outputFieldIds = entityIds(plan, options.outputFields);
  const request: QueryRequest = { collectionId, filter, outputFieldIds, order, limit, offset, partitions: namesOption('partitions', options.partitions), at: atOption(options.at), consistency: options.consistency };
  return withKeys(plan, toEntities(await engine.query(request, context), plan), options.outputFields) as Found<AnySchema, any>[];
}

/** Blank text stands for no filter, as in Milvus. */
function queryFilter({ filter, filterParams }: AnyOptions): QueryRequest['filter'] {
  const input = filterOption(filter, filterParams);
  return input && input.text.trim() === '' ? undefined : input;
}

/** Types of fields that have an order. */
export const ORDERED_TYPES: ReadonlySet<FieldType> = new Set(['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double', 'VarChar']);

function orderOption(plan: SchemaPlan, orderBy: unknown): QueryRequest['order'] {
  if (orderBy === undefined) return undefined;
  const order = new Map<number, boolean>();
  for (const term of Array.isArray(orderBy) ? orderBy : typeof orderBy === 'string' ? orderBy.split(',') : [orderBy]) {
    const { name, isDescending } = orderTerm(term);
    const { fieldId } = namedField(plan, 'orderBy', name, ORDERED_TYPES, 'that has an order');
    if (order.has(fieldId)) refuse('orderBy', NO_ROW, 'each field once', `${show(name)} again`);
    order.set(fieldId, isDescending);
  }
  if (order.size === 0) refuse('orderBy', NO_ROW, 'a field', 'none');
  return Array.from(order, ([fieldId, isDescending]) => ({ fieldId, isDescending }));
}

/** `'name'`, `'name:desc'` or `{ field, order }`. */
function orderTerm(term: unknown): { readonly name: unknown; readonly isDescending: boolean } {
  if (typeof term === 'string') {
    const [name, order, ...rest] = term.split(':').map((part) => part.trim());
    if (rest.length > 0 || (order !== undefined && order !== 'asc' && order !== 'desc')) refuse('orderBy', NO_ROW, 'a field with asc or desc, such as "price:desc"', show(term));
    return { name, isDescending: order === 'desc' };
  }
  if (!isRecord(term)) refuse('orderBy', NO_ROW, 'fields by name, or as { field, order }', show(term));
  for (const key in term) if (key !== 'field' && key !== 'order') refuse('orderBy', NO_ROW, 'fields by name, or as { field, order }', `one with ${show(key)}`);
  return { name: term.field, isDescending: wordOption('orderBy', term.order, ['asc', 'desc']) === 'desc' };
}

/** INVALID_ARGUMENT for a field that is not there, or of another type. */
export function namedField(plan: SchemaPlan, option: string, name: unknown, types: ReadonlySet<FieldType>, what: string): Field {
  const field = typeof name === 'string' ? plan.byName.get(name) : undefined;
  const names = [...plan.byName.values()].filter(({ type }) => types.has(type)).map((known) => known.name);
  if (field === undefined) refuse(option, NO_ROW, `a field of the schema ${what} (${names.join(', ')})`, show(name));
  if (!types.has(field.type)) refuse(option, NO_ROW, `a field ${what} (${names.join(', ')})`, `"${field.name}", which is of type ${field.type}`);
  return field;
}
