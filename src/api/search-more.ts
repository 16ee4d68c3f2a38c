/** Searches that answer groups, or whose queries are rows of the collection: bodies of `Collection.search`, imported when the first is called. */
import type { SearchRequest } from '../engine/client.ts';
import { valueAt } from '../schema/column-values.ts';
import { NO_ROW, isRecord, notSupported, refuse, show } from '../schema/refuse.ts';
import type { FieldType } from '../schema/types.ts';
import { toHitLists } from './hits.ts';
import { booleanOption, checkOptions, contextOf, integerOption } from './options.ts';
import type { CollectionScope } from './scope.ts';
import { searchRequest } from './search-request.ts';

const GROUP_BY_OPTIONS: ReadonlySet<string> = new Set(['field', 'size', 'strict']);
const GROUP_TYPES: ReadonlySet<FieldType> = new Set<FieldType>(['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'VarChar']);
/** Most hits of a group. */
const SIZE_MAX = 10;

export async function searchMore({ engine, collectionId, plan }: CollectionScope, options: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { groupBy, ...rest } = options;
  const request: SearchRequest = { ...searchRequest(plan, collectionId, rest), groupBy: groupByOption(plan, groupBy) };
  const field = plan.byId.get(request.fieldId)!;
  if (request.groupBy && field.type === 'BinaryVector') notSupported('groupBy', 'search by a field of binary vectors', 'search by another vector field');
  const reply = await engine.search(request, contextOf(options['signal'] as AbortSignal | undefined));
  const lists = toHitLists(reply, plan);
  const { groups } = reply;
  if (groups) lists.flat().forEach((hit, i) => void ((hit as { group: unknown }).group = valueAt(groups, i, plan.byId.get(groups.fieldId))));
  return options['vectors'] === undefined ? lists[0] : lists;
}

function groupByOption({ byName }: CollectionScope['plan'], groupBy: unknown): SearchRequest['groupBy'] {
  if (groupBy === undefined) return undefined;
  if (!isRecord(groupBy)) refuse('groupBy', NO_ROW, 'an object with the name of a field', show(groupBy));
  checkOptions(groupBy, 'groupBy', GROUP_BY_OPTIONS);
  const field = byName.get(groupBy['field'] as string);
  if (field === undefined) refuse('groupBy.field', NO_ROW, `a field of the schema (${[...byName.keys()].join(', ')})`, show(groupBy['field']));
  if (field.type === 'JSON') notSupported('groupBy.field', 'grouping by values inside a JSON field', 'Bool, integer and VarChar fields can be grouped by');
  if (!GROUP_TYPES.has(field.type)) refuse('groupBy.field', NO_ROW, 'a Bool, integer or VarChar field', `"${field.name}" of type ${field.type}`);
  return { fieldId: field.fieldId, size: integerOption('groupBy.size', groupBy['size'], 1, SIZE_MAX, 1), isStrict: booleanOption('groupBy.strict', groupBy['strict'], false) };
}
