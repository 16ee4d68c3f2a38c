/** The growing segments of a collection: one for each partition that has rows which are not sealed. */
import type { Kernels } from '../kernels/kernels.ts';
import type { Schema } from '../schema/types.ts';
import { GrowingSegment } from '../segment/growing.ts';

export class GrowingPartitions {
  readonly #schema: Schema;
  readonly #kernels: Kernels;
  readonly #byPartition = new Map<number, GrowingSegment>();
  #segments: readonly GrowingSegment[] = [];

  constructor(schema: Schema, kernels: Kernels) {
    this.#schema = schema;
    this.#kernels = kernels;
  }

  get segments(): readonly GrowingSegment[] {
    return this.#segments;
  }

  get rows(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.rows, 0);
  }

  get vectorBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.vectorBytes, 0);
  }

  /** The segment of a partition, made where there is none. `onMade`: the set of segments has changed. */
  of(partitionId: number, onMade: () => void): GrowingSegment {
    let segment = this.#byPartition.get(partitionId);
    if (!segment) {
      segment = new GrowingSegment(this.#schema, this.#kernels, partitionId);
      this.#byPartition.set(partitionId, segment);
      this.#segments = [...this.#segments, segment];
      onMade();
    }
    return segment;
  }

  /** Hides the live row of a key. Answers whether there was one. */
  delete(key: bigint | string, timestamp: bigint): boolean {
    for (const segment of this.#segments) if (segment.delete(key, timestamp)) return true;
    return false;
  }

  /** Forgets a partition with its rows. */
  drop(partitionId: number): void {
    const segment = this.#byPartition.get(partitionId);
    if (!segment) return;
    this.#byPartition.delete(partitionId);
    this.#segments = this.#segments.filter((other) => other !== segment);
    segment.pins.retire();
  }

  free(): void {
    for (const segment of this.#segments) segment.pins.retire();
  }
}
