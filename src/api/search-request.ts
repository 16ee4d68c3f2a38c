/** The options of a search, checked and put into the engine's words. On the path of every search. */
import type { SearchRequest } from '../engine/client.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import type { Field } from '../schema/types.ts';
import { isFloatArray, toFlatMatrix, toMatrix, toVector } from '../schema/vectors.ts';
import { MAX_LIMIT, checkOptions, integerOption } from './options.ts';

const OPTIONS: ReadonlySet<string> = new Set(['vector', 'vectors', 'field', 'limit', 'offset', 'params', 'outputFields', 'signal']);
const OPTIONS_TO_COME: ReadonlySet<string> = new Set([
  'filter', 'filterParams', 'at', 'groupBy', 'partitions', 'consistency', 'text', 'sparse', 'rerank',
]);
const NONE: readonly number[] = [];

/**
 * INVALID_ARGUMENT for anything that is not as `SearchOptions` says; NOT_SUPPORTED for what is designed and not there.
 * `spare`: a buffer that the one query may be put into.
 */
export function searchRequest(plan: SchemaPlan, collectionId: number, options: unknown, spare: Float32Array | null = null): SearchRequest {
  if (!isRecord(options)) refuse('options', NO_ROW, 'an object of options of search', show(options));
  checkOptions(options, 'search', OPTIONS, OPTIONS_TO_COME);
  const { vector, vectors, params, outputFields } = options;
  const field = searchedField(plan, options.field);
  const limit = integerOption('limit', options.limit, 1, MAX_LIMIT, 10);
  const offset = integerOption('offset', options.offset, 0, MAX_LIMIT - 1, 0);
  if (limit + offset > MAX_LIMIT) refuse('offset', NO_ROW, `limit + offset to be at most ${MAX_LIMIT}`, String(limit + offset));
  if (params !== undefined) checkParams(params);
  if ((vector === undefined) === (vectors === undefined)) refuse('vector', NO_ROW, 'either vector or vectors', vector === undefined ? 'neither' : 'both');
  const outputFieldIds = outputFields === undefined ? NONE : outputIds(plan, outputFields);

  const dim = field.dim as number;
  let nq = 1;
  let queries: Float32Array;
  if (vectors === undefined) {
    queries = toVector('vector', vector, dim, spare);
  } else {
    queries = isFloatArray(vectors) ? flatQueries(vectors, dim) : listedQueries(vectors, dim);
    nq = queries.length / dim;
  }
  return { collectionId, fieldId: field.fieldId, queries, nq, limit, offset, params: params as SearchRequest['params'], outputFieldIds };
}

function flatQueries(vectors: Float32Array | Float64Array, dim: number): Float32Array {
  checkCount(Math.ceil(vectors.length / dim));
  return toFlatMatrix('vectors', vectors, dim);
}

function listedQueries(vectors: unknown, dim: number): Float32Array {
  if (!Array.isArray(vectors)) refuse('vectors', NO_ROW, 'an array of vectors or one flat Float32Array', show(vectors));
  checkCount(vectors.length);
  return toMatrix('vectors', vectors, dim);
}

function checkCount(count: number): void {
  if (count < 1 || count > MAX_LIMIT) refuse('vectors', NO_ROW, `1 to ${MAX_LIMIT} vectors`, String(count));
}

function searchedField(plan: SchemaPlan, name: unknown): Field {
  if (name === undefined) {
    if (plan.vectors.length === 1) return plan.vectors[0];
    refuse('field', NO_ROW, `one of the vector fields ${plan.vectors.map((field) => field.name).join(', ')}`, 'nothing');
  }
  for (const field of plan.vectors) if (field.name === name) return field;
  refuse('field', NO_ROW, `a vector field of the schema (${plan.vectors.map((field) => field.name).join(', ')})`, show(name));
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
    const field = plan.byName.get(name);
    if (field === undefined) refuse('outputFields', NO_ROW, `fields of the schema (${[...plan.byName.keys()].join(', ')})`, show(name));
    if (!ids.includes(field.fieldId)) ids.push(field.fieldId);
  }
  return ids;
}
