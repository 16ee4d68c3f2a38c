/** When segments are merged: behind the user's back after each seal, and all of them when `compact` or `createIndex` ask. */
import { getIndexType } from '../index/registry.ts';
import { builtSpec } from '../index/spec.ts';
import type { VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, isVectorType } from '../schema/vector-types/index.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import { PURGED } from '../segment/versions.ts';
import { type ElanusError, throwIfAborted } from '../util/error.ts';
import type { CallContext, CompactReply } from './client.ts';
import type { CollectionState } from './collection.ts';
import type { Indexing } from './indexing.ts';
import type { JobQueue } from './job-queue.ts';
import { fullMerges, nextMerge, type Mergeable } from './merge-policy.ts';
import { mergeGroup } from './merge.ts';
import { seal } from './seal.ts';

/** As many rows in a segment as this share of a kernel memory holds of its index. */
const SEGMENT_INDEX_SHARE = 1 / 4;
/** And no more than this share holds of its vectors, which a build has in one memory beside the index, as f32. */
const SEGMENT_VECTORS_SHARE = 1 / 2;

export class Compaction {
  readonly #state: CollectionState;
  readonly #jobs: JobQueue;
  readonly #indexing: Indexing;
  #isScheduled = false;

  constructor(state: CollectionState, jobs: JobQueue, indexing: Indexing) {
    this.#state = state;
    this.#jobs = jobs;
    this.#indexing = indexing;
  }

  /** Merges what has come together, in the background, before what indexing has to do: the inputs of a merge need no index. */
  schedule(): void {
    if (this.#isScheduled || this.#jobs.closed || !this.#state.parts.maintains() || !this.#next()) return;
    this.#isScheduled = true;
    this.#jobs.run(this, async (signal) => {
      this.#isScheduled = false;
      for (let next = this.#next(); next; next = this.#next()) {
        throwIfAborted(signal);
        await mergeGroup(this.#state, next.segments, next.horizon, signal, this.#indexing.ofMerges(signal, undefined));
      }
    }).catch((error: ElanusError) => {
      if (this.#jobs.closed || error.code === 'ABORTED') return;
      this.#state.parts.onEvent({ type: 'error', code: error.code, message: `merging segments: ${error.message}`, detail: error.detail, collection: this.#state.name });
    });
  }

  #next(): { readonly segments: SealedSegment[]; readonly horizon: bigint } | null {
    this.#state.expire();
    const { history } = this.#state.parts;
    const rowsMax = segmentRowsMax(this.#state);
    const horizon = history.horizonOf(this.#state);
    for (const { partitionId } of this.#state.entry.partitions) {
      const next = nextMerge(this.#ofPartition(partitionId, horizon), rowsMax);
      if (next) return { segments: next.map(({ segment }) => segment), horizon };
    }
    return null;
  }

  #ofPartition(partitionId: number, horizon: bigint): Candidate[] {
    const ofPartition = this.#state.sealed.filter((segment) => segment.entry.partitionId === partitionId);
    return ofPartition.map((segment) => {
      const reclaimableRows = segment.reclaimableRows(horizon);
      return { segment, rows: segment.rows, reclaimableRows, historyRows: segment.deletedRows - reclaimableRows };
    });
  }

  /** `compact`: seals what is growing, then merges all there is into as few segments as may be, without what no read of the past sees. `retentionSeconds`: keep less for those. */
  async compact(retentionSeconds: number | undefined, context: CallContext | undefined): Promise<CompactReply> {
    const state = this.#state;
    return this.#jobs.run(this, async (signal) => {
      await seal(state);
      const before = { segments: state.sealed.length, rows: storedRows(state), bytes: storedBytes(state) };
      await this.mergeAll(signal, context, false, retentionSeconds);
      return { segmentsBefore: before.segments, segmentsAfter: state.sealed.length, removedRows: before.rows - storedRows(state), freedBytes: before.bytes - storedBytes(state) };
    }, context?.signal);
  }

  /** Merges into as few segments as may be. To be called inside a job. `isDeadKept`: not only to be rid of a few dead rows. */
  async mergeAll(signal: AbortSignal, context: CallContext | undefined, isDeadKept: boolean, retentionSeconds?: number): Promise<void> {
    const rowsMax = segmentRowsMax(this.#state);
    this.#state.expire();
    const horizon = this.#state.parts.history.horizonOf(this.#state, retentionSeconds);
    const groups = this.#state.entry.partitions.flatMap(({ partitionId }) => fullMerges(this.#ofPartition(partitionId, horizon), rowsMax, isDeadKept));
    for (const [done, group] of groups.entries()) {
      throwIfAborted(signal);
      context?.onProgress?.({ phase: 'merge', done, total: groups.length });
      await mergeGroup(this.#state, group.map(({ segment }) => segment), horizon, signal, this.#indexing.ofMerges(signal, context));
    }
  }

  /** Writes segments anew that hold purged rows, without them. */
  async rewritePurged(context: CallContext | undefined): Promise<void> {
    const { history } = this.#state.parts;
    const hasPurged = ({ deletes }: SealedSegment): boolean => [...deletes.values()].includes(PURGED);
    await this.#jobs.run(this, async (signal) => {
      for (let found = this.#state.sealed.find(hasPurged); found; found = this.#state.sealed.find(hasPurged)) {
        throwIfAborted(signal);
        await mergeGroup(this.#state, [found], history.horizonOf(this.#state), signal, this.#indexing.ofMerges(signal, context));
      }
    }, context?.signal);
  }
}

interface Candidate extends Mergeable {
  readonly segment: SealedSegment;
}

const storedRows = (state: CollectionState): number => state.sealed.reduce((sum, segment) => sum + segment.rows, 0);
const storedBytes = (state: CollectionState): number => state.sealed.reduce((sum, segment) => sum + segment.storedBytes, 0);

/** As many rows as the largest vectors of the collection, and the largest index, allow. */
function segmentRowsMax(state: CollectionState): number {
  const memoryBytes = state.parts.pool.memoryBytesMax;
  let rowsMax = Infinity;
  for (const field of state.schema.fields) {
    if (!isVectorType(field.type)) continue;
    // How long sparse rows are, only the rows themselves say; their lists take as much.
    const vectorBytes = Math.max(state.sealed.reduce((sum, segment) => sum + segment.vectors(field.fieldId).byteLength, 0) / Math.max(storedRows(state), 1), 1);
    const spec = state.indexSpec(field.fieldId);
    const built = spec && builtSpec(spec, field.dim, Infinity);
    const isBuilt = built !== undefined && !getIndexType(built.type).isScan;
    const isDense = VECTOR_TYPES[field.type as VectorType].family === 'dense';
    const builtBytes = isBuilt && isDense ? Math.max(vectorBytes, (field.dim ?? 1) * 4) : vectorBytes;
    rowsMax = Math.min(rowsMax, Math.floor((memoryBytes * SEGMENT_VECTORS_SHARE) / builtBytes));
    if (!spec) continue;
    const indexBytes = isBuilt && field.dim !== undefined ? Math.max(getIndexType(built.type).estimateBytes(1 << 16, field.dim, built.params) / (1 << 16), 1) : vectorBytes;
    rowsMax = Math.min(rowsMax, Math.floor((memoryBytes * SEGMENT_INDEX_SHARE) / indexBytes));
  }
  return rowsMax;
}
