/** Which rows of its segments a read is about: those that its filter matches, of those that it sees. */
import type { GrowingSegment } from '../segment/growing.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import { countOnes } from '../util/bitset.ts';
import type { RowFilter } from './row-filter.ts';
import type { Trace } from './trace.ts';

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
  readonly filter: RowFilter | null;
  readonly at: bigint | undefined;
  readonly trace?: Trace | undefined;
}

/** Of the last read by a filter that saw what lives: the next one sees the same while nothing came or went. */
const lastMatches = new WeakMap<Uint32Array, { readonly live: Uint8Array; readonly match: Match }>();

/**
 * The matches in each of the segments, all of the moment of the call; at once where everything is in memory that is needed. The segments are
 * those of that moment, too: what is replaced while columns are read may come back in one that is not among them. Segments stay pinned by the caller.
 */
export function matchSegments(segments: readonly Segment[], seeing: Seeing): Match[] | Promise<Match[]> {
  const { filter, trace } = seeing;
  if (!filter) return segments.map((segment) => matchOf(segment, null, seeing, seenBits(segment, seeing.at)));
  const pending: Promise<void>[] = [];
  const found = segments.map((segment) => {
    const of = { segment, seen: seenBits(segment, seeing.at), words: null as Uint32Array | null };
    const known = filter.rowsOf(segment, trace);
    if ('then' in known) pending.push(known.then((words) => void (of.words = words)));
    else of.words = known;
    return of;
  });
  const all = (): Match[] => found.map(({ segment, words, seen }) => matchOf(segment, words, seeing, seen));
  return pending.length === 0 ? all() : Promise.all(pending).then(all);
}

/** Of the rows that match, those that are seen. */
function matchOf(segment: Segment, words: Uint32Array | null, seeing: Seeing, seen: Uint8Array): Match {
  const match = words ? seenOf(segment, words, seeing, seen) : { segment, bits: seen, count: countOnes(seen) };
  if (seeing.trace) seeing.trace.of(segment).matchedRows = match.count;
  return match;
}

const seenBits = (segment: Segment, at: bigint | undefined): Uint8Array => (at === undefined ? segment.liveRows : segment.rowsAt(at));

function seenOf(segment: Segment, words: Uint32Array, { filter, at }: Seeing, seen: Uint8Array): Match {
  const last = lastMatches.get(words);
  // Bits of what lives are made anew whenever they change.
  if (last && last.live === seen) return last.match;
  const bits = seen.slice();
  const into = new Uint32Array(bits.buffer);
  for (let i = 0; i < into.length; i++) into[i]! &= words[i]!;
  if (filter!.sample !== null) keepSome(into, filter!.sample);
  const match = { segment, bits, count: countOnes(bits) };
  if (at === undefined && filter!.sample === null) lastMatches.set(words, { live: seen, match });
  return match;
}

/** Leaves each bit with a chance of `share`. */
function keepSome(words: Uint32Array, share: number): void {
  for (let i = 0; i < words.length; i++) {
    for (let rest = words[i]!; rest !== 0; rest &= rest - 1) {
      if (Math.random() >= share) words[i]! &= ~(rest & -rest);
    }
  }
}
