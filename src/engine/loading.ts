/**
 * What of a collection is in memory. A search loads what it needs and leaves it there, as far as the budget reaches; `load` does so
 * beforehand and for good, `release` takes that back.
 */
import { isLoaded, loadForSearch } from '../exec/load.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import { throwIfAborted } from '../util/error.ts';
import type { CallContext, LoadState } from './client.ts';
import type { CollectionState } from './collection.ts';

export class Loading {
  readonly #state: CollectionState;
  /** Partitions that are to stay in memory. */
  readonly #pinned = new Set<number>();
  /** Segments that were told to stay. */
  #held = new Set<SealedSegment>();
  #running = 0;

  constructor(state: CollectionState) {
    this.#state = state;
  }

  /** Loads indexes and what else searches need, and keeps it there, also for segments to come. */
  async load(partitions: readonly string[] | undefined, context: CallContext | undefined): Promise<void> {
    throwIfAborted(context?.signal);
    const ids = this.#state.partitionIds(partitions);
    for (const id of ids) this.#pinned.add(id);
    this.follow();
    const loaded = new Set<SealedSegment>();
    this.#running++;
    try {
      for (;;) {
        throwIfAborted(context?.signal);
        // Asked anew each time: segments are merged and dropped meanwhile.
        const waiting = this.#segments(ids).filter((segment) => !loaded.has(segment));
        if (waiting.length === 0) break;
        context?.onProgress?.({ phase: 'load', done: loaded.size, total: loaded.size + waiting.length });
        await this.#loadSegment(waiting[0]!);
        loaded.add(waiting[0]!);
      }
      throwIfAborted(context?.signal);
    } finally {
      this.#running--;
    }
  }

  async #loadSegment(segment: SealedSegment): Promise<void> {
    const { schema, parts } = this.#state;
    segment.pins.pin();
    try {
      for (const field of schema.fields) {
        if (isVectorType(field.type)) await loadForSearch(parts.store, segment, field.fieldId, this.#metricOf(field.fieldId));
      }
    } finally {
      segment.pins.unpin();
    }
  }

  #metricOf(fieldId: number): Parameters<typeof isLoaded>[2] {
    return this.#state.indexSpec(fieldId)?.metric ?? null;
  }

  /** Gives the memory back. A search loads again what it needs. */
  release(partitions: readonly string[] | undefined): void {
    const ids = this.#state.partitionIds(partitions);
    for (const id of ids) this.#pinned.delete(id);
    this.follow();
    for (const segment of this.#state.sealed) if (ids.has(segment.entry.partitionId)) segment.unload();
  }

  stateOf(partitions: readonly string[] | undefined): LoadState {
    const ids = this.#state.partitionIds(partitions);
    const segments = this.#segments(ids);
    const fields = this.#state.schema.fields.filter((field) => isVectorType(field.type));
    const loadedSegments = segments.filter((segment) => fields.every(({ fieldId }) => isLoaded(segment, fieldId, this.#metricOf(fieldId)))).length;
    const state = loadedSegments === segments.length ? 'loaded' : this.#running > 0 ? 'loading' : 'notLoaded';
    return { state, loadedSegments, totalSegments: segments.length, isPinned: [...ids].every((id) => this.#pinned.has(id)) };
  }

  /** Those that searches of what lives look into. */
  #segments(ids: ReadonlySet<number>): SealedSegment[] {
    return this.#state.sealed.filter((segment) => ids.has(segment.entry.partitionId) && !segment.isHistory);
  }

  /** To be called when the set of segments has changed: new ones of a partition that is to stay in memory stay, too. */
  follow(): void {
    if (this.#pinned.size === 0 && this.#held.size === 0) return;
    const wanted = new Set(this.#segments(this.#pinned));
    for (const segment of wanted) if (!this.#held.has(segment)) segment.hold();
    for (const segment of this.#held) if (!wanted.has(segment)) segment.release();
    this.#held = wanted;
  }
}
