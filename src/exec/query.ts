/** Rows that match, by key or in the order of their values, with the fields that are asked for. */
import type { ColumnBatch } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import { rowsByKey } from './key-order.ts';
import type { Match } from './matches.ts';
import { rowsInOrder, type OrderBy } from './order.ts';
import type { takeEntities } from './search.ts';
import { Slices } from './slices.ts';

export interface QueryJob {
  /** Empty: by key, ascending. */
  readonly order: readonly OrderBy[];
  readonly keyField: Field;
  readonly outputFields: readonly Field[];
  readonly offset: number;
  /** Infinity where `order` is empty: all. */
  readonly limit: number;
  /** Only larger keys. For rows by key. */
  readonly after: bigint | string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The segments of the matches stay pinned by the caller. */
export async function queryRows(matches: readonly Match[], job: QueryJob, take: typeof takeEntities): Promise<ColumnBatch> {
  const { order, offset, limit } = job;
  const { segments, rows } = order.length === 0 ? rowsByKey(matches, job.after, offset, limit) : await rowsInOrder(matches, order, job.keyField, offset, limit, new Slices(job.signal));
  return take(segments, rows, job.outputFields);
}
