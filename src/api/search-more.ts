/** Searches that answer groups, or whose queries are texts or rows of the collection: bodies of `Collection.search`, imported with the calls of `collection-admin.ts`. */
import type { SearchRequest } from '../engine/client.ts';
import { toKeys } from '../schema/keys.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, isRecord, notSupported, refuse, show } from '../schema/refuse.ts';
import type { FieldType } from '../schema/types.ts';
import { withVectors } from './embed.ts';
import type { HandlePlan } from './field-code.ts';
import { toHitLists } from './hits.ts';
import { MAX_LIMIT, booleanOption, checkOptions, contextOf, integerOption } from './options.ts';
import type { CollectionScope } from './scope.ts';
import { searchRequest, withoutQueries } from './search-request.ts';

const SHARED_OPTIONS: ReadonlySet<string> = new Set(['vector', 'vectors', 'sparse', 'field', 'limit', 'offset', 'filter', 'filterParams', 'params', 'outputFields', 'partitions', 'at', 'consistency', 'signal']);
const GROUP_BY_OPTIONS: ReadonlySet<string> = new Set(['field', 'size', 'strict']);
const GROUP_TYPES: ReadonlySet<FieldType> = new Set<FieldType>(['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'VarChar']);
/** Most hits of a group. */
const SIZE_MAX = 10;

export async function searchMore(scope: CollectionScope, given: unknown): Promise<unknown> {
  const { collectionId, plan } = scope;
  const { engine } = scope;
  const options = await withVectors(scope, given);
  const request = moreRequest(plan, collectionId, options);
  const reply = await engine.search(request, contextOf(options['signal'] as AbortSignal | undefined));
  const lists = toHitLists(reply, plan);
  const { groups } = reply;
  if (groups) lists.flat().forEach((hit, i) => void ((hit as { group: unknown }).group = plan.code.valueAt(groups, i, plan.byId.get(groups.fieldId))));
  return plan.code.withKeysOfHits(plan, request.keys === undefined && options['vectors'] === undefined ? lists[0]! : lists, options['outputFields']);
}

/** A search with any of the options that there are. */
export function moreRequest(plan: HandlePlan, collectionId: number, options: Readonly<Record<string, unknown>>): SearchRequest {
  const { groupBy, ids, ...rest } = options;
  const groups = groupByOption(plan, groupBy);
  const base = ids === undefined ? searchRequest(plan, collectionId, rest) : idsRequest(plan, collectionId, ids, rest);
  if (groups && plan.byId.get(base.fieldId)!.type === 'BinaryVector') notSupported('groupBy', 'search by a field of binary vectors', 'search by another vector field');
  return { ...base, groupBy: groups };
}

function idsRequest(plan: SchemaPlan, collectionId: number, ids: unknown, rest: Readonly<Record<string, unknown>>): SearchRequest {
  for (const name of ['vector', 'vectors', 'sparse']) if (rest[name] !== undefined) refuse('ids', NO_ROW, 'either ids or vectors to search for', `ids and ${name}`);
  const keys = toKeys(ids, plan.key);
  if (keys.length < 1 || keys.length > MAX_LIMIT) refuse('ids', NO_ROW, `1 to ${MAX_LIMIT} keys`, String(keys.length));
  // A buffer of its own, empty as it is: it is moved to the engine's thread, and a browser moves none twice.
  return { ...withoutQueries(plan, collectionId, rest, SHARED_OPTIONS), queries: new Float32Array(0), keys, nq: keys.length };
}

function groupByOption({ byName }: SchemaPlan, groupBy: unknown): SearchRequest['groupBy'] {
  if (groupBy === undefined) return undefined;
  if (!isRecord(groupBy)) refuse('groupBy', NO_ROW, 'an object with the name of a field', show(groupBy));
  checkOptions(groupBy, 'groupBy', GROUP_BY_OPTIONS);
  const field = byName.get(groupBy['field'] as string);
  if (field === undefined) refuse('groupBy.field', NO_ROW, `a field of the schema (${[...byName.keys()].join(', ')})`, show(groupBy['field']));
  if (field.type === 'JSON') notSupported('groupBy.field', 'grouping by values inside a JSON field', 'Bool, integer and VarChar fields can be grouped by');
  if (!GROUP_TYPES.has(field.type)) refuse('groupBy.field', NO_ROW, 'a Bool, integer or VarChar field', `"${field.name}" of type ${field.type}`);
  return { fieldId: field.fieldId, size: integerOption('groupBy.size', groupBy['size'], 1, SIZE_MAX, 1), isStrict: booleanOption('groupBy.strict', groupBy['strict'], false) };
}
