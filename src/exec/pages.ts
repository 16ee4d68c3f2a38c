/**
 * A search that goes on page by page, over the rows of one moment. Nothing is kept between pages: where it is is said by who asks.
 *
 * As long as that is little work, pages come from the indexes: what they have found is taken out of what is searched, and the search goes as much
 * deeper. Then all other rows are compared, those that the indexes have missed first, and each page begins where the one before has ended: at a distance, and,
 * as ties are in the order of keys, at a key. So every row that matches comes once, whatever index there is.
 */
import type { PageBound, PageReply, PageRequest, SearchReply } from '../engine/client.ts';
import { compareKeys } from '../segment/keys.ts';
import { clearBit } from '../util/bitset.ts';
import { throwIfAborted } from '../util/error.ts';
import { hasIndex } from './load.ts';
import { matchSegments, type Match } from './matches.ts';
import { deeperPlan, scanPlan } from './plan.ts';
import { nextFloat } from './range.ts';
import { emptyHits, keyAt, push, reply, searchAmong, whileHeld, type Ranked, type Reading, type SearchJob, type SearchView } from './search.ts';

/** Indexes are asked for no more rows than these, and no more than one of so many. */
const NEAR_MAX = 4096;
const ROWS_PER_NEAR = 16;
/** Rows that tie with the last are asked for again, up to so many of them. */
const TIES_MAX = 1024;

type Rows = Pick<Match, 'segment' | 'bits'>;

/** The next rows of the only query. `job.at` is never undefined. */
export function searchPage(view: SearchView, job: SearchJob, { rows: wanted, given, bound }: PageRequest): Promise<SearchReply & { readonly page: PageReply }> {
  return whileHeld(view, job, async (reading) => {
    const matches = (await matchSegments(reading.segments, job)).filter(({ count }) => count > 0);
    throwIfAborted(reading.signal);
    const among = without(matches, given, job.at!);
    const isNear = bound === null && given.length + wanted <= nearRows(reading, job);
    const near = isNear ? await nearest(reading, among, job, given.length, wanted) : [];
    for (const { segment, row } of near) clearBit(among.find((of) => of.segment === segment)!.bits, row);
    const rest = wanted - near.length;
    const others = rest > 0 ? await behind(reading, among, job, bound, rest) : [];
    const hits = emptyHits(1);
    for (const { segment, row, distance } of [...near, ...others]) push(hits, segment, row, distance);
    hits.ends[0] = hits.rows.length;
    return { ...(await reply(hits, job)), page: { near: near.length, bound: boundAfter(bound, others), isLast: others.length < rest } };
  });
}

/** The rows that match, but for those of some keys. */
function without(matches: readonly Match[], keys: PageRequest['given'], at: bigint): Rows[] {
  return matches.map(({ segment, bits: all }) => {
    const bits = all.slice();
    for (let i = 0; i < keys.length; i++) {
      const row = segment.findAt(keys[i]!, at);
      if (row >= 0) clearBit(bits, row);
    }
    return { segment, bits };
  });
}

function nearRows({ segments }: Reading, { plan }: SearchJob): number {
  let indexed = 0;
  for (const segment of segments) if ('keys' in segment && hasIndex(segment, plan.field.fieldId, plan.indexMetric)) indexed += segment.rows;
  return Math.min(NEAR_MAX, Math.floor(indexed / ROWS_PER_NEAR));
}

function nearest(reading: Reading, among: readonly Rows[], job: SearchJob, depth: number, k: number): Promise<Ranked[]> {
  return searchAmong(reading, among, { ...job, plan: deeperPlan(job.plan, k, depth + k) }, 0);
}

/** The k best of all rows behind a bound. */
async function behind(reading: Reading, among: readonly Rows[], job: SearchJob, bound: PageBound | null, k: number): Promise<Ranked[]> {
  const within = job.plan.range ?? { min: -Infinity, max: Infinity };
  const scan = (rows: readonly Rows[], n: number, min: number, max: number): Promise<Ranked[]> => searchAmong(reading, rows, { ...job, plan: scanPlan(job.plan, n, { min, max }) }, 0);
  if (!bound) return scan(among, k, within.min, within.max);
  const { distance, key, ties } = bound;
  if (ties <= TIES_MAX) {
    const found = await scan(among, k + ties, distance, within.max);
    return found.filter((hit) => hit.distance > distance || compareKeys(keyAt(hit.segment, hit.row), key) > 0).slice(0, k);
  }
  const tied = await scan(among.map((rows) => behindKey(rows, key)), k, distance, distance);
  return tied.length === k ? tied : [...tied, ...(await scan(among, k - tied.length, nextFloat(distance), within.max))];
}

/** Rows of larger keys. */
function behindKey({ segment, bits: all }: Rows, key: bigint | string): Rows {
  const bits = all.slice();
  for (let row = 0; row < segment.rows; row++) {
    if (compareKeys(keyAt(segment, row), key) <= 0) clearBit(bits, row);
    else if ('keys' in segment) break;
  }
  return { segment, bits };
}

function boundAfter(bound: PageBound | null, hits: readonly Ranked[]): PageBound | null {
  const last = hits[hits.length - 1];
  if (!last) return bound;
  const { distance } = last;
  const ties = hits.reduce((sum, hit) => sum + +(hit.distance === distance), bound?.distance === distance ? bound.ties : 0);
  return { distance, key: keyAt(last.segment, last.row), ties };
}
