/**
 * How far back reads of the past go. What was deleted is kept for a while, and in bounded space; beyond that the horizons move on,
 * and a row that was deleted before its collection's horizon is left out of the next file that its segment is written to.
 */
import type { GrowingSegment } from '../segment/growing.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { CollectionEntry, Manifest } from '../storage/manifest/manifest.ts';
import { ticksOf, type Clock } from './clock.ts';
import type { CollectionState } from './collection.ts';
import { Moments } from './moments.ts';

export interface HistoryOptions {
  readonly retentionSeconds: number;
  /** Absent: the larger of 64 MiB and a quarter of what lives. */
  readonly historyBytes?: number;
}

const HISTORY_BYTES_MIN = 64 << 20;
const HISTORY_SHARE = 1 / 4;

/** A write is applied sooner than so long after it was given its time; until then no horizon passes it. */
const IN_FLIGHT_TICKS = ticksOf(10_000);

/** What a collection's dead rows are kept for. */
export interface HistorySize {
  /** Dead rows that some read of the past still sees, and what they take. */
  readonly historyRows: number;
  readonly historyBytes: number;
  /** Dead rows that no read sees any more. */
  readonly reclaimableRows: number;
}

export class History {
  readonly #options: HistoryOptions;
  readonly #clock: Clock;
  readonly #states: () => Iterable<CollectionState>;
  readonly moments: Moments;

  constructor(options: HistoryOptions, clock: Clock, states: () => Iterable<CollectionState>) {
    this.#options = options;
    this.#clock = clock;
    this.#states = states;
    this.moments = new Moments(clock);
  }

  /** The horizon that a collection's next file may have. It never goes back, and passes no moment that is being read. `retentionSeconds`: instead of that of the database, where it is shorter. */
  horizonOf(state: CollectionState, retentionSeconds = this.#options.retentionSeconds): bigint {
    return this.#horizonOf(state, this.#cutoff(Math.min(retentionSeconds, this.#options.retentionSeconds)));
  }

  /** A moment has been asked for that lies before a horizon which was decided on earlier, and is not yet in the manifest: what was written for that horizon may leave out rows of it. */
  isHeldBefore(state: CollectionState, horizon: bigint): boolean {
    const held = this.moments.oldest(state.collectionId);
    return held !== null && held < horizon && state.entry.horizon < horizon;
  }

  /** The manifest with all horizons moved on as far as they may be. */
  advance(manifest: Manifest): Manifest {
    const cutoff = this.#cutoff();
    const states = new Map(Array.from(this.#states(), (state) => [state.collectionId, state]));
    return {
      ...manifest,
      collections: manifest.collections.map((entry) => {
        const state = states.get(entry.collectionId);
        return state ? withHorizon(entry, this.#horizonOf(state, cutoff)) : entry;
      }),
    };
  }

  sizeOf(state: CollectionState): HistorySize {
    const horizon = this.horizonOf(state);
    let historyRows = 0;
    let historyBytes = 0;
    let reclaimableRows = 0;
    for (const segment of segmentsOf(state)) {
      let kept = 0;
      for (const deletedAt of segment.deletes.values()) if (deletedAt > horizon) kept++;
      historyRows += kept;
      historyBytes += kept * bytesPerRow(segment);
      reclaimableRows += segment.deletedRows - kept;
    }
    return { historyRows, historyBytes: Math.round(historyBytes), reclaimableRows };
  }

  #horizonOf(state: CollectionState, cutoff: bigint): bigint {
    if (state.snapshot) return state.entry.horizon;
    const settled = max(state.appliedTo, this.#clock.present - IN_FLIGHT_TICKS);
    const held = this.moments.oldest(state.collectionId) ?? settled;
    return max(state.entry.horizon, [cutoff, settled, held].reduce(min));
  }

  /** What was deleted up to here is kept no longer, in no collection. */
  #cutoff(retentionSeconds = this.#options.retentionSeconds): bigint {
    const byAge = this.#clock.present - ticksOf(retentionSeconds * 1000);
    return this.#cutoffBySize(byAge > 0n ? byAge : 0n);
  }

  /** Moves a cutoff on until what was deleted after it has room. */
  #cutoffBySize(cutoff: bigint): bigint {
    let liveBytes = 0;
    let historyBytes = 0;
    const segments = Array.from(this.#states()).flatMap((state) => segmentsOf(state).map((segment) => ({ segment, from: max(state.entry.horizon, cutoff), each: bytesPerRow(segment) })));
    for (const { segment, from, each } of segments) {
      liveBytes += (segment.rows - segment.deletedRows) * each;
      for (const deletedAt of segment.deletes.values()) if (deletedAt > from) historyBytes += each;
    }
    const room = this.#options.historyBytes ?? Math.max(HISTORY_BYTES_MIN, liveBytes * HISTORY_SHARE);
    if (historyBytes <= room) return cutoff;
    const bytesAt = new Map<bigint, number>();
    for (const { segment, from, each } of segments) {
      for (const deletedAt of segment.deletes.values()) if (deletedAt > from) bytesAt.set(deletedAt, (bytesAt.get(deletedAt) ?? 0) + each);
    }
    const oldestFirst = BigUint64Array.from(bytesAt.keys()).sort();
    for (const deletedAt of oldestFirst) {
      historyBytes -= bytesAt.get(deletedAt)!;
      if (historyBytes <= room) return deletedAt;
    }
    return cutoff;
  }
}

export const withHorizon = (entry: CollectionEntry, horizon: bigint): CollectionEntry => (horizon > entry.horizon ? { ...entry, horizon } : entry);

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

const segmentsOf = (state: CollectionState): (GrowingSegment | SealedSegment)[] => [...state.view.growing, ...state.sealed];

const bytesPerRow = (segment: GrowingSegment | SealedSegment): number => (segment.rows === 0 ? 0 : ('entry' in segment ? segment.storedBytes : segment.memoryBytes) / segment.rows);
