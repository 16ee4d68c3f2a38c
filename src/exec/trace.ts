/** What a read does in each segment, noted for `explain`; a read that nobody wants explained has no trace, and notes nothing. */
import type { SegmentTrace } from '../engine/client.ts';
import type { Segment } from './matches.ts';

/** A segment's part of the explanation while it is written. */
export type Noted = { -readonly [K in keyof SegmentTrace]: SegmentTrace[K] };

export class Trace {
  readonly #segments = new Map<Segment, Noted>();

  of(segment: Segment): Noted {
    let noted = this.#segments.get(segment);
    if (!noted) {
      const isSealed = 'keys' in segment;
      noted = {
        segmentId: isSealed ? segment.entry.segmentId : null,
        partitionId: isSealed ? segment.entry.partitionId : segment.partitionId,
        rows: segment.rows,
        filteredBy: 'nothing',
        indexes: [],
        scannedFields: [],
        estimatedRows: null,
        matchedRows: segment.rows,
        strategy: null,
        searchedBy: null,
        comparedRows: null,
        filterMs: 0,
        searchMs: 0,
      };
      this.#segments.set(segment, noted);
    }
    return noted;
  }

  get segments(): SegmentTrace[] {
    return [...this.#segments.values()];
  }
}
