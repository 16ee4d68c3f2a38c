/** Rows and hits as Arrow Tables, over the buffers in which the engine answers. */
import * as arrow from 'apache-arrow';
import type { Table } from 'apache-arrow';
import type { Collection, GetOptions, SearchByIdsOptions, SearchManyOptions, SearchOptions, SearchSparseOptions, SearchTextOptions, SearchTextsOptions } from '../api/collection.ts';
import { withVectors } from '../api/embed.ts';
import { contextOf } from '../api/options.ts';
import { SCOPE, type CollectionScope } from '../api/scope.ts';
import { moreRequest } from '../api/search-more.ts';
import { getRequest } from '../api/search-request.ts';
import { BatchBudget } from '../schema/budget.ts';
import type { Column } from '../schema/column.ts';
import type { AnySchema, KeysInput, OutputFields } from '../schema/infer.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { toColumn } from '../schema/values.ts';
import { toTable, type NamedColumn } from './table.ts';

/** As `collection.get`: a row per key that is there, in the order of the keys; the primary key and the fields asked for, or all scalar fields. */
export async function getTable<S extends AnySchema>(collection: Collection<S>, ids: KeysInput<S>, options?: GetOptions<S, OutputFields<S> | undefined>): Promise<Table> {
  const { collectionId, engine, plan } = scopeOf(collection);
  const context = contextOf(options?.signal);
  const { entities } = await engine.get(getRequest(plan, collectionId, ids, options), context);
  return toTable(arrow, entities.rows, entities.columns.map((column) => named(plan, column)));
}

/**
 * As `collection.search`: a row per hit, best first. The columns are the primary key, `$score` and the `outputFields`; with `vectors`, `texts` or `ids` there
 * is `$query` before them, the number of the query from 0, whose hits are behind each other; with `groupBy` there is `$group`, the value of its field.
 */
export async function searchTable<S extends AnySchema>(
  collection: Collection<S>,
  given: SearchOptions<S, OutputFields<S>> | SearchTextOptions<S, OutputFields<S>> | SearchTextsOptions<S, OutputFields<S>> | SearchSparseOptions<S, OutputFields<S>> | SearchManyOptions<S, OutputFields<S>> | SearchByIdsOptions<S, OutputFields<S>>,
): Promise<Table> {
  const scope = scopeOf(collection);
  const { collectionId, engine, plan } = scope;
  const { byId, key } = plan;
  const options = await withVectors(scope, given);
  const request = moreRequest(plan, collectionId, options);
  const { ends, entities, groups, keys, scores } = await engine.search(request, contextOf(options['signal'] as AbortSignal | undefined));
  const columns: NamedColumn[] = [
    { field: key, column: toColumn(key, keys, new BatchBudget()) },
    { field: { name: '$score', type: 'Float', nullable: false }, column: { fieldId: -1, type: 'Float', length: scores.length, dim: 1, validity: null, values: scores, offsets: null } },
    ...(groups ? [{ field: { ...byId.get(groups.fieldId)!, name: '$group' }, column: groups }] : []),
    ...(entities?.columns ?? []).filter((column) => column.fieldId !== key.fieldId).map((column) => named(plan, column)),
  ];
  if (options['vectors'] !== undefined || request.keys !== undefined) columns.unshift({ field: { name: '$query', type: 'Int32', nullable: false }, column: queryNumbers(ends) });
  return toTable(arrow, keys.length, columns);
}

function scopeOf(collection: unknown): CollectionScope {
  if (typeof collection !== 'object' || collection === null || !(SCOPE in collection)) refuse('collection', NO_ROW, 'a collection of an Elanus database', show(collection));
  return collection[SCOPE] as CollectionScope;
}

const named = ({ byId }: SchemaPlan, column: Column): NamedColumn => ({ field: byId.get(column.fieldId)!, column });

function queryNumbers(ends: Uint32Array): Column {
  const length = ends.length === 0 ? 0 : ends[ends.length - 1];
  const values = new Int32Array(length);
  ends.forEach((end, query) => values.fill(query, query === 0 ? 0 : ends[query - 1], end));
  return { fieldId: -1, type: 'Int32', length, dim: 1, validity: null, values, offsets: null };
}
