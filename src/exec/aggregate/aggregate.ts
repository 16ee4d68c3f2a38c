/** Counts, sums, means and extremes of the rows that match, in one or in groups: over columns, a chunk of rows at a time. */
import type { AggregateReply } from '../../engine/client.ts';
import type { Field } from '../../schema/types.ts';
import { compareKeys } from '../../segment/keys.ts';
import { onesFrom } from '../../util/bitset.ts';
import { columnsOf } from '../columns.ts';
import type { Match } from '../matches.ts';
import type { Slices } from '../slices.ts';
import { accumulator, type AggregateName, type AggregateValue } from './accumulators.ts';
import type { GroupValue } from './distinct.ts';
import { Groups } from './groups.ts';

export interface AggregateJob {
  readonly groupBy: readonly Field[];
  /** Without a field: of rows. */
  readonly aggregates: readonly { readonly name: AggregateName; readonly field: Field | null }[];
  /** Of the answer's columns; ties, and without it all, by the fields of `groupBy`. */
  readonly order: readonly { readonly column: number; readonly isDescending: boolean }[];
  readonly offset: number;
  /** Infinity: all groups. */
  readonly limit: number;
}

const CHUNK_ROWS = 32_768;

/** The segments of the matches stay pinned by the caller. */
export async function aggregateRows(matches: readonly Match[], { groupBy, aggregates, order, offset, limit }: AggregateJob, slices: Slices): Promise<AggregateReply> {
  if (groupBy.length === 0 && aggregates.every(({ field }) => !field)) {
    const rows = matches.reduce((sum, { count }) => sum + count, 0);
    return [aggregates.map(() => rows)].slice(offset);
  }
  const groups = new Groups(groupBy);
  const accumulators = aggregates.map(({ name, field }) => accumulator(name, field));
  for (const made of accumulators) made.grow(groups.count);
  for (const { segment, bits, count } of matches) {
    if (count === 0) continue;
    const keyColumns = await columnsOf(segment, groupBy);
    const columns = await columnsOf(segment, aggregates.flatMap(({ field }) => field ?? []));
    let at = 0;
    const columnOf = aggregates.map(({ field }) => (field ? columns[at++]! : null));
    const rows = onesFrom(bits, 0, count);
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      const chunk = rows.subarray(from, from + CHUNK_ROWS);
      const groupOf = groups.of(keyColumns, chunk);
      accumulators.forEach((made, i) => {
        made.grow(groups.count);
        made.add(columnOf[i]!, chunk, groupOf);
      });
      if (slices.isOver) await slices.pause();
    }
  }
  const values = (group: number): (GroupValue | AggregateValue)[] => [...groups.valuesOf(group), ...accumulators.map((made) => made.value(group))];
  const all = Array.from({ length: groups.count }, (_, group) => values(group));
  // The fields of the groups tell any two of them apart.
  const whole = [...order, ...groupBy.map((_, column) => ({ column, isDescending: false }))];
  return all.sort((a, b) => compareAll(whole, a, b)).slice(offset, offset + limit);
}

function compareAll(order: AggregateJob['order'], a: AggregateReply[number], b: AggregateReply[number]): number {
  for (const { column, isDescending } of order) {
    const difference = compareValues(a[column]!, b[column]!);
    if (difference !== 0) return isDescending ? -difference : difference;
  }
  return 0;
}

/** NULL last. */
function compareValues(a: AggregateReply[number][number], b: AggregateReply[number][number]): number {
  if (a === null || b === null) return +(a === null) - +(b === null);
  if (typeof a === 'string') return compareKeys(a, b as string);
  return a < (b as typeof a) ? -1 : a > (b as typeof a) ? 1 : 0;
}
