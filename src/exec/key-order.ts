/**
 * Matching rows of all segments in ascending order of their keys: each segment's in that order already, or put so, and then merged. Of each
 * segment no more rows are looked at than are asked for altogether.
 */
import type { GrowingSegment } from '../segment/growing.ts';
import { compareKeys } from '../segment/keys.ts';
import { forEachOne, onesFrom } from '../util/bitset.ts';
import { Smallest, siftDown } from '../util/smallest.ts';
import type { Match, Segment } from './matches.ts';

/** Rows of several segments, in an order. */
export interface Located {
  readonly segments: Segment[];
  readonly rows: number[];
}

type KeyValue = bigint | string;

/** Of so many times as many rows, the first few are picked out; of fewer, all are sorted. */
const FEW_SHARE = 8;

/** `after`: only larger keys. Leaves out the first `offset`. `limit`: Infinity for all. */
export function rowsByKey(matches: readonly Match[], after: KeyValue | undefined, offset: number, limit: number): Located {
  const most = offset + limit;
  const cursors: Cursor[] = [];
  for (const match of matches) {
    const cursor = new Cursor(match.segment, firstRows(match, after, Math.min(most, match.count)));
    if (cursor.next()) cursors.push(cursor);
  }
  const located: Located = { segments: [], rows: [] };
  // A sorted array is a heap.
  cursors.sort(byKey);
  for (let seen = 0; seen < most && cursors.length > 0; seen++) {
    const first = cursors[0]!;
    if (seen >= offset) {
      located.segments.push(first.segment);
      located.rows.push(first.row);
    }
    if (!first.next()) {
      const last = cursors.pop()!;
      if (last === first) break;
      cursors[0] = last;
    }
    siftDown(cursors, byKey);
  }
  return located;
}

class Cursor {
  readonly segment: Segment;
  readonly #rows: Uint32Array;
  #at = -1;
  key: KeyValue = '';

  constructor(segment: Segment, rows: Uint32Array) {
    this.segment = segment;
    this.#rows = rows;
  }

  get row(): number {
    return this.#rows[this.#at]!;
  }

  next(): boolean {
    if (++this.#at >= this.#rows.length) return false;
    this.key = keyAt(this.segment, this.row);
    return true;
  }
}

const byKey = (a: Cursor, b: Cursor): number => compareKeys(a.key, b.key);

const keyAt = (segment: Segment, row: number): KeyValue => ('keys' in segment ? segment.keys.at(row) : segment.keyAt(row));

/** The rows of the first `most` keys, in order. */
function firstRows({ segment, bits, count }: Match, after: KeyValue | undefined, most: number): Uint32Array {
  if ('keys' in segment) return onesFrom(bits, after === undefined ? 0 : segment.keys.firstAfter(after), most);
  if (segment.isInKeyOrder) return onesFrom(bits, after === undefined ? 0 : firstAfter(segment, after), most);
  const compare = (a: number, b: number): number => compareKeys(segment.keyAt(a), segment.keyAt(b));
  if (most * FEW_SHARE < count) {
    const first = new Smallest(most, compare);
    forEachOne(bits, (row) => {
      if (after === undefined || compareKeys(segment.keyAt(row), after) > 0) first.offer(row);
    });
    return Uint32Array.from(first.sorted());
  }
  let rows = onesFrom(bits, 0, count);
  if (after !== undefined) rows = rows.filter((row) => compareKeys(segment.keyAt(row), after) > 0);
  return rows.sort(compare).subarray(0, most);
}

/** Of rows in key order. */
function firstAfter(segment: GrowingSegment, key: KeyValue): number {
  let low = 0;
  let high = segment.rows;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(segment.keyAt(middle), key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
