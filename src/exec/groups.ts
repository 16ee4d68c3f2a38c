/**
 * A search that answers groups: at most so many hits for each value of a field. The nearest rows are taken one after another; when a group
 * is full, its other rows are taken out of those that are searched, and the search goes on until there are groups enough, or no rows.
 */
import type { SearchReply } from '../engine/client.ts';
import type { Field } from '../schema/types.ts';
import { clearBit, countOnes, setBit } from '../util/bitset.ts';
import { throwIfAborted } from '../util/error.ts';
import { groupRows, type GroupRows, type GroupValue } from './group-rows.ts';
import { matchSegments, type Match, type Segment } from './matches.ts';
import { deeperPlan } from './plan.ts';
import { compareRanked, emptyHits, push, reply, searchAmong, takeField, whileHeld, withoutHistory, type Ranked, type Reading, type SearchJob, type SearchView } from './search.ts';

export interface Grouping {
  /** Of booleans, integers or strings. */
  readonly field: Field;
  /** Most hits of a group. */
  readonly size: number;
  /** Go on until groups are full; else until there are groups enough. */
  readonly isStrict: boolean;
}

/** Rows that the first pass asks for, per hit that is wanted. */
const ROWS_PER_HIT = 2;
const GROWTH = 4;
const ROWS_MAX = 8192;

type Rows = Pick<Match, 'segment' | 'bits'>;
type GroupRowsOf = ReadonlyMap<Segment, GroupRows>;

/** `limit` and `offset` of the job count groups. The hits of a group are behind each other, the groups in the order of their best. */
export function searchGroups(whole: SearchView, job: SearchJob, grouping: Grouping): Promise<SearchReply> {
  return whileHeld(withoutHistory(whole, job), job, async (reading) => {
    // All queries, and all passes of each, see the rows of this moment.
    const matches = (await matchSegments(reading.segments, job)).filter(({ count }) => count > 0);
    throwIfAborted(reading.signal);
    const rowsOf = new Map<Segment, GroupRows>();
    for (const { segment } of matches) rowsOf.set(segment, await groupRows(segment, grouping.field, reading.slices));
    const hits = emptyHits(job.nq);
    for (let query = 0; query < job.nq; query++) {
      const groups = await groupsOf(reading, matches, rowsOf, job, query, grouping);
      for (const group of groups.slice(job.offset)) for (const { segment, row, distance } of group) push(hits, segment, row, distance);
      hits.ends[query] = hits.rows.length;
      if (reading.slices.isOver) await reading.slices.pause();
    }
    const answer = await reply(hits, job);
    return { ...answer, groups: await takeField(hits.segments, hits.rows, grouping.field) };
  });
}

async function groupsOf(reading: Reading, matches: readonly Match[], rowsOf: GroupRowsOf, job: SearchJob, query: number, { size, isStrict }: Grouping): Promise<Ranked[][]> {
  const wanted = job.plan.k;
  const groups = new Map<GroupValue, Ranked[]>();
  let full = 0;
  let among: Rows[] = matches.map(({ segment, bits }) => ({ segment, bits: bits.slice() }));
  for (let k = Math.min(ROWS_PER_HIT * wanted * size, ROWS_MAX); among.length > 0; k = Math.min(k * GROWTH, ROWS_MAX)) {
    const found = await searchAmong(reading, among, { ...job, plan: deeperPlan(job.plan, k) }, query);
    if (found.length === 0) break;
    for (const hit of found) {
      const value = rowsOf.get(hit.segment)!.valueAt(hit.row);
      let members = groups.get(value);
      if (!members) {
        if (groups.size === wanted) continue;
        groups.set(value, (members = []));
      }
      if (members.length === size) continue;
      members.push(hit);
      if (members.length === size) full++;
      if (groups.size === wanted && (!isStrict || full === wanted)) return inOrder(groups);
    }
    const open = groups.size < wanted ? null : [...groups].filter(([, members]) => members.length < size).map(([value]) => value);
    if (open) among = keepOnly(among, rowsOf, open);
    takeOut(among, rowsOf, found, groups, size);
    among = among.filter(({ bits }) => countOnes(bits) > 0);
  }
  return inOrder(groups);
}

/** A pass by an approximate index may find what an earlier one has missed. */
function inOrder(groups: ReadonlyMap<GroupValue, Ranked[]>): Ranked[][] {
  const all = [...groups.values()];
  for (const group of all) group.sort(compareRanked);
  return all.sort(([a], [b]) => compareRanked(a!, b!));
}

/** Leaves of the rows those of some groups. */
function keepOnly(among: readonly Rows[], rowsOf: GroupRowsOf, values: readonly GroupValue[]): Rows[] {
  return among.map(({ segment, bits }) => {
    const kept = new Uint8Array(bits.length);
    const keep = (row: number): void => {
      if (row >>> 3 < bits.length && (bits[row >>> 3]! & (1 << (row & 7))) !== 0) setBit(kept, row);
    };
    for (const value of values) rowsOf.get(segment)!.forEach(value, keep);
    return { segment, bits: kept };
  });
}

/** Takes out the rows that were found, and all of the groups that are full by now. */
function takeOut(among: readonly Rows[], rowsOf: GroupRowsOf, found: readonly Ranked[], groups: ReadonlyMap<GroupValue, Ranked[]>, size: number): void {
  const bitsOf = new Map(among.map(({ segment, bits }) => [segment, bits]));
  const full = new Set<GroupValue>();
  for (const { segment, row } of found) {
    clearBit(bitsOf.get(segment)!, row);
    const value = rowsOf.get(segment)!.valueAt(row);
    if (groups.get(value)?.length === size) full.add(value);
  }
  for (const { segment, bits } of among) {
    // Rows that have come since have no bits.
    for (const value of full) rowsOf.get(segment)!.forEach(value, (row) => row >>> 3 < bits.length && clearBit(bits, row));
  }
}
