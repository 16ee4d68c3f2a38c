/** Builds a collection from its segments and the log that tabs share: at opening, and when another tab has committed a manifest. */
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import { SealedSegment } from '../segment/sealed.ts';
import { CollectionState, type EngineParts } from './collection.ts';
import { checkRecord, type RecoveryCount } from './recovery.ts';
import { decodeShared, type LogPosition } from './shared-log.ts';
import type { SharedLogs } from '../storage/shared/shared.ts';
import type { Written } from './write-log.ts';

/** Thrown where a newer manifest has moved the log or files on: read it, and begin again. */
export const OUTDATED = new Error('the manifest names what is there no more');

export interface Replayed {
  readonly position: LogPosition;
  /** Results by sequence number. */
  readonly written: ReadonlyMap<number, Written>;
}

/**
 * Applies the log to a state that has its sealed segments and nothing else: all of it, or up to a position. OUTDATED where its
 * beginning has been dropped.
 */
export async function replayShared(logs: SharedLogs, state: CollectionState, entry: CollectionEntry, upTo: Pick<LogPosition, 'generation' | 'sequence'> | null, count: RecoveryCount | null): Promise<Replayed> {
  const { collectionId, firstLogGeneration } = entry;
  const found = await logs.read(collectionId, firstLogGeneration, 0);
  const written = new Map<number, Written>();
  const byteLengths = new Map<number, number>();
  let generation = firstLogGeneration;
  const sequence = upTo?.sequence ?? found?.head.sequence ?? 0;
  if (!found || found.head.isEnded) {
    if (found?.head.isEnded) throw OUTDATED;
    return { position: { generation, sequence: 0, nextAutoId: entry.nextAutoId, byteLengths }, written };
  }
  const { head, records } = found;
  if (head.firstGeneration > firstLogGeneration) throw OUTDATED;
  for (const record of records) {
    if (upTo && record.sequence > upTo.sequence) break;
    if (record.generation > generation) state.freeze((generation = record.generation));
    const logRecord = decodeShared(record, state);
    if (!state.canApply(logRecord)) throw OUTDATED;
    checkRecord(`c${collectionId}`, logRecord, entry);
    state.parts.clock.observe(record.timestamp);
    written.set(record.sequence, { record: logRecord, count: state.apply(logRecord) });
    byteLengths.set(generation, (byteLengths.get(generation) ?? 0) + record.payload.length);
    if (count) {
      count.replayedRecords++;
      if (logRecord.kind === 'insert') count.replayedRows += logRecord.batch.rows;
    }
  }
  const last = upTo?.generation ?? head.generation;
  if (last > generation) state.freeze((generation = last));
  return { position: { generation, sequence, nextAutoId: head.nextAutoId > entry.nextAutoId ? head.nextAutoId : entry.nextAutoId, byteLengths }, written };
}

/** Opens a collection at an entry of the manifest, with all that its log has. OUTDATED where the manifest has moved on. */
export async function recoverShared(parts: EngineParts, logs: SharedLogs, entry: CollectionEntry, count: RecoveryCount | null): Promise<CollectionState> {
  const state = new CollectionState(parts, entry);
  state.followed = entry;
  try {
    state.openSegments(await openSegments(parts, entry, new Map()));
    const { position } = await replayShared(logs, state, entry, null, count);
    state.segmentsChanged();
    state.openSharedLog(parts.tabs!, position);
    return state;
  } catch (error) {
    await state.free();
    throw error;
  }
}

/** The segments of an entry: those that are open already, and the others opened. All or none. */
export async function openSegments(parts: EngineParts, entry: CollectionEntry, open: ReadonlyMap<number, SealedSegment>): Promise<SealedSegment[]> {
  const outcomes = await Promise.allSettled(entry.segments.map((segment) => open.get(segment.segmentId) ?? SealedSegment.open(parts.store, segment, entry.schema, parts.pool)));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<SealedSegment>).value);
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled' && open.get(outcome.value.entry.segmentId) !== outcome.value) outcome.value.pins.retire();
  }
  throw failed.reason;
}
