/**
 * Which rows of its segments a filtered read is about: those that its filter matches, of those that it sees. What a filter comes
 * to on a sealed segment stays the same for good, and is remembered for the next read by the same filter.
 */
import { evaluate, fieldsOf, type FilterSource } from '../filter/evaluate.ts';
import type { Filter } from '../filter/predicate.ts';
import type { Column } from '../schema/column.ts';
import type { GrowingSegment } from '../segment/growing.ts';
import { SealedSegment } from '../segment/sealed.ts';
import { countOnes } from '../util/bitset.ts';

export type Segment = GrowingSegment | SealedSegment;

/** The rows of one segment. */
export interface Match {
  readonly segment: Segment;
  /** Bitset in whole 64-bit words, zeros beyond the rows; not to be changed. */
  readonly bits: Uint8Array;
  /** Ones of it. */
  readonly count: number;
}

/** What a read sees: rows of a time that is past, or (undefined) those that live now; a filter, or (null) all. */
export interface Seeing {
  readonly filter: Filter | null;
  readonly at: bigint | undefined;
}

/** Filters that a segment remembers the rows of. */
const REMEMBERED_MAX = 8;

/** Rows that filters match, living or not, as words; the least recently used first. By sealed segment. */
const remembered = new WeakMap<SealedSegment, Map<Filter, Uint32Array>>();

/** The matches in each of the segments, all of one moment; at once where everything is in memory that is needed. Segments stay pinned by the caller. */
export function matchSegments(segments: readonly Segment[], seeing: Seeing): Match[] | Promise<Match[]> {
  const { filter } = seeing;
  if (!filter) return segments.map((segment) => matchOf(segment, null, seeing));
  const rows = new Map<Segment, Uint32Array>();
  const pending: Promise<void>[] = [];
  for (const segment of segments) {
    if (!(segment instanceof SealedSegment)) continue;
    const known = rowsOfSealed(segment, filter);
    if ('then' in known) pending.push(known.then((words) => void rows.set(segment, words)));
    else rows.set(segment, known);
  }
  // Rows may come and go until all is read: only then it is decided which are seen.
  const all = (): Match[] => segments.map((segment) => matchOf(segment, rows.get(segment) ?? rowsOfGrowing(segment as GrowingSegment, filter), seeing));
  return pending.length === 0 ? all() : Promise.all(pending).then(all);
}

/** Of the rows that match, those that are seen. */
function matchOf(segment: Segment, words: Uint32Array | null, { filter, at }: Seeing): Match {
  const seen = at === undefined ? segment.liveRows : segment.rowsAt(at);
  if (!words) return { segment, bits: seen, count: countOnes(seen) };
  const bits = seen.slice();
  const into = new Uint32Array(bits.buffer);
  for (let i = 0; i < into.length; i++) into[i]! &= words[i]!;
  if (filter!.sample !== null) keepSome(into, filter!.sample);
  return { segment, bits, count: countOnes(bits) };
}

/** Leaves each bit with a chance of `share`. */
function keepSome(words: Uint32Array, share: number): void {
  for (let i = 0; i < words.length; i++) {
    for (let rest = words[i]!; rest !== 0; rest &= rest - 1) {
      if (Math.random() >= share) words[i]! &= ~(rest & -rest);
    }
  }
}

function rowsOfGrowing(segment: GrowingSegment, { predicate }: Filter): Uint32Array {
  return evaluate(predicate, { rows: segment.rows, column: (field) => segment.column(field), known: () => null }).isTrue;
}

function rowsOfSealed(segment: SealedSegment, filter: Filter): Uint32Array | Promise<Uint32Array> {
  let filters = remembered.get(segment);
  if (!filters) remembered.set(segment, (filters = new Map()));
  const known = filters.get(filter);
  if (known) {
    filters.delete(filter);
    filters.set(filter, known);
    return known;
  }
  const columns = new Map<number, Column>();
  const pending: Promise<void>[] = [];
  for (const field of fieldsOf(filter.predicate)) {
    const cached = segment.useColumn(field.fieldId);
    if (cached) columns.set(field.fieldId, cached);
    else pending.push(segment.loadColumn(field).then((column) => void columns.set(field.fieldId, column)));
  }
  const source: FilterSource = { rows: segment.rows, column: (field) => columns.get(field.fieldId)!, known: () => null };
  const rows = (): Uint32Array => remember(filters, filter, evaluate(filter.predicate, source).isTrue);
  return pending.length === 0 ? rows() : Promise.all(pending).then(rows);
}

function remember(filters: Map<Filter, Uint32Array>, filter: Filter, words: Uint32Array): Uint32Array {
  filters.set(filter, words);
  if (filters.size > REMEMBERED_MAX) for (const oldest of filters.keys()) { filters.delete(oldest); break; }
  return words;
}
