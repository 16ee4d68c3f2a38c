/** The options of a search, and of a get, checked and put into the engine's words. On the path of every search. */
import type { EngineClient, SearchRequest } from '../engine/client.ts';
import { toKeys } from '../schema/keys.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import type { Field, VectorType } from '../schema/types.ts';
import { vectorsOf } from '../schema/vector-types/kinds.ts';
import type { QueryVectors, VectorTypeInfo } from '../schema/vector-types/vector-type.ts';
import type { GetOptions } from './collection.ts';
import type { HandlePlan } from './field-code.ts';
import { MAX_LIMIT, atOption, checkOptions, filterOption, integerOption, namesOption } from './options.ts';

const OPTIONS: ReadonlySet<string> = new Set(['vector', 'vectors', 'sparse', 'text', 'texts', 'ids', 'groupBy', 'field', 'limit', 'offset', 'filter', 'filterParams', 'params', 'outputFields', 'partitions', 'at', 'consistency', 'signal']);
const OPTIONS_TO_COME: ReadonlySet<string> = new Set(['rerank']);
const NONE: readonly number[] = [];

/**
 * INVALID_ARGUMENT for anything that is not as `SearchOptions` says; NOT_SUPPORTED for what is designed and not there.
 * `spare`: a buffer that the one query may be put into.
 */
export function searchRequest(plan: HandlePlan, collectionId: number, options: unknown, spare: Float32Array | null = null): SearchRequest {
  const request = withoutQueries(plan, collectionId, options, OPTIONS);
  const { vector, vectors, sparse } = options as Record<string, unknown>;
  if (+(vector !== undefined) + +(vectors !== undefined) + +(sparse !== undefined) !== 1) {
    refuse('vector', NO_ROW, 'either vector, vectors, sparse, text or texts', vector === undefined && vectors === undefined && sparse === undefined ? 'none' : 'more than one');
  }
  const field = plan.byId.get(request.fieldId) as Field;
  const info = plan.code.VECTOR_TYPES[field.type as VectorType];
  const dim = field.dim ?? 1;
  if (vectors === undefined) request.queries = sparse === undefined ? info.toQuery('vector', vector, dim, spare) : info.toQuery('sparse', sparse, dim);
  else Object.assign(request, manyQueries(info, vectors, dim));
  return request;
}

/** All of it but the queries, of which there is one. Their place is a buffer of its own: it may be moved to another thread. */
export function withoutQueries(plan: SchemaPlan, collectionId: number, options: unknown, known: ReadonlySet<string>): SearchRequest & { queries: QueryVectors } {
  if (!isRecord(options)) refuse('options', NO_ROW, 'an object of options of search', show(options));
  checkOptions(options, 'search', known, OPTIONS_TO_COME);
  const { sparse, params, outputFields } = options;
  const field = sparse === undefined ? searchedField(plan.vectors, options.field) : searchedField(sparseFields(plan), options.field);
  const limit = integerOption('limit', options.limit, 1, MAX_LIMIT, 10);
  const offset = integerOption('offset', options.offset, 0, MAX_LIMIT - 1, 0);
  if (limit + offset > MAX_LIMIT) refuse('offset', NO_ROW, `limit + offset to be at most ${MAX_LIMIT}`, String(limit + offset));
  if (params !== undefined) checkParams(params);
  const outputFieldIds = outputFields === undefined ? NONE : outputIds(plan, outputFields);
  return { collectionId, fieldId: field.fieldId, queries: new Float32Array(0), nq: 1, limit, offset, params: params as SearchRequest['params'], outputFieldIds, filter: filterOption(options.filter, options.filterParams), partitions: namesOption('partitions', options.partitions), at: atOption(options.at), consistency: options.consistency as SearchRequest['consistency'] };
}

const GET_OPTIONS: ReadonlySet<string> = new Set(['outputFields', 'partitions', 'at', 'consistency', 'signal']);

/** The same of `get`. The primary key is among the fields. */
export function getRequest(plan: SchemaPlan, collectionId: number, ids: unknown, options: GetOptions<any, any> | undefined): Parameters<EngineClient['get']>[0] {
  checkOptions(options, 'get', GET_OPTIONS);
  return { collectionId, keys: toKeys(ids, plan.key), outputFieldIds: entityIds(plan, options?.outputFields), partitions: namesOption('partitions', options?.partitions), at: atOption(options?.at), consistency: options?.consistency };
}

/** Fields of rows that are read by themselves: those asked for, or all scalar ones; the primary key is among them. */
export function entityIds(plan: SchemaPlan, outputFields: unknown): readonly number[] {
  const ids = outputFields === undefined ? plan.scalarIds : outputIds(plan, outputFields);
  return ids.includes(plan.key.fieldId) ? ids : [plan.key.fieldId, ...ids];
}

function manyQueries(info: VectorTypeInfo, vectors: unknown, dim: number): { readonly queries: QueryVectors; readonly nq: number } {
  if (!Array.isArray(vectors) && !info.isMatrix(vectors)) {
    refuse('vectors', NO_ROW, `an array of vectors${info.family === 'sparse' ? '' : ' or one flat typed array'} for a ${info.type} field`, show(vectors));
  }
  checkCount(Math.ceil(info.rowsOf(vectors as ArrayLike<unknown>, dim)));
  const rows = info.toRows('vectors', vectors as ArrayLike<unknown>, dim, null);
  return { nq: rows.length, queries: vectorsOf(rows) };
}

function checkCount(count: number): void {
  if (count < 1 || count > MAX_LIMIT) refuse('vectors', NO_ROW, `1 to ${MAX_LIMIT} vectors`, String(count));
}

const sparseFields = (plan: SchemaPlan): readonly Field[] => plan.vectors.filter((field) => field.type === 'SparseFloatVector');

/** The field named, or the only one. */
function searchedField(fields: readonly Field[], name: unknown): Field {
  if (name === undefined) {
    if (fields.length === 1) return fields[0];
    if (fields.length > 1) refuse('field', NO_ROW, `one of the vector fields ${fields.map((field) => field.name).join(', ')}`, 'nothing');
  }
  for (const field of fields) if (field.name === name) return field;
  if (fields.length === 0) refuse('sparse', NO_ROW, 'a schema with a SparseFloatVector field', 'one without');
  refuse('field', NO_ROW, `a vector field that can be searched so (${fields.map((field) => field.name).join(', ')})`, show(name));
}

/** Plain values only, so that they can go to another thread; which of them mean something is the index's to say. */
function checkParams(params: unknown): void {
  if (!isRecord(params)) refuse('params', NO_ROW, 'an object', show(params));
  for (const key in params) {
    const value = params[key];
    const isPlain = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' || value === undefined;
    if (!isPlain) refuse(key, NO_ROW, 'a number, a string or a boolean', show(value));
  }
}

/** Fields of `'*'` or of a list of names, each once, in the order asked for. */
export function outputIds(plan: SchemaPlan, outputFields: unknown): readonly number[] {
  if (outputFields === '*') return plan.allIds;
  if (!Array.isArray(outputFields)) refuse('outputFields', NO_ROW, "'*' or an array of field names", show(outputFields));
  const ids: number[] = [];
  for (const name of outputFields) {
    if (name === '*') return plan.allIds;
    const field = plan.byName.get(name) ?? (typeof name === 'string' ? plan.dynamic : undefined);
    if (field === undefined) refuse('outputFields', NO_ROW, `fields of the schema (${[...plan.byName.keys()].join(', ')})`, show(name));
    if (!ids.includes(field.fieldId)) ids.push(field.fieldId);
  }
  return ids;
}
