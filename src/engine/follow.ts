/**
 * Bringing a collection to what another tab has committed. Reads go on over what was there; then all changes at once, so that
 * nobody sees half of a batch. What is open already stays so where the manifest still names it.
 */
import type { SealedSegment } from '../segment/sealed.ts';
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import { sameSpec } from '../index/spec.ts';
import { CollectionState, type EngineParts } from './collection.ts';
import { openSegments, replayShared } from './replay.ts';
import { applyEntries } from './seal.ts';
import type { SharedLog } from './shared-log.ts';

/** Answers segments that are needed no more. OUTDATED, or NOT_FOUND of a file, where the manifest has moved on meanwhile. */
export async function follow(parts: EngineParts, state: CollectionState, entry: CollectionEntry, isForced: boolean): Promise<SealedSegment[]> {
  const log = state.log as SharedLog;
  // By the old time to live rows may have been hidden here that live by the new one: nothing is reused.
  const hasOtherLifetime = state.entry.properties.ttlSeconds !== entry.properties.ttlSeconds;
  if (!isForced && !hasOtherLifetime && hasSameRows(state, entry)) {
    dropPartitions(state, entry);
    adopt(state, entry);
    log.unblock();
    return [];
  }
  const before = new Map(hasOtherLifetime ? [] : state.sealed.map((segment) => [segment.entry.segmentId, segment]));
  const opened = await openSegments(parts, entry, before);
  const isNew = (segment: SealedSegment): boolean => before.get(segment.entry.segmentId) !== segment;
  return log.exclusively(async () => {
    const shadow = new CollectionState(parts, entry);
    shadow.followed = entry;
    let fresh = opened.filter(isNew);
    try {
      const isCurrent = await log.catchUp();
      // What is reused has been told of every delete up to here. Where this tab could not get here, they would show before the rows
      // that take their place: then nothing is reused.
      shadow.openSegments(isCurrent ? opened : await openSegments(parts, entry, new Map(fresh.map((segment) => [segment.entry.segmentId, segment]))));
      fresh = shadow.sealed.filter(isNew);
      const { position, written } = await replayShared(parts.tabs!.logs, shadow, entry, isCurrent ? log : null, null);
      await log.answered();
      // While the state is the old one, which tells best what a write did whose record is gone.
      log.moveTo(position, written);
      const gone = state.become(shadow);
      adopt(state, entry);
      if (!isCurrent) state.changes.missed(state.appliedTo);
      return gone;
    } catch (error) {
      shadow.sealed = [];
      await shadow.free();
      for (const segment of fresh) segment.pins.retire();
      throw error;
    }
  });
}

/** The same rows lie in the same files and logs; indexes, names and properties may differ. */
function hasSameRows(state: CollectionState, entry: CollectionEntry): boolean {
  const { entry: known, sealed } = state;
  return (
    known.firstLogGeneration === entry.firstLogGeneration &&
    sealed.length === entry.segments.length &&
    entry.segments.every((segment) => sealed.some((open) => open.entry.segmentId === segment.segmentId && open.entry.deletesFile === segment.deletesFile))
  );
}

function dropPartitions(state: CollectionState, entry: CollectionEntry): void {
  const kept = new Set(entry.partitions.map(({ partitionId }) => partitionId));
  for (const { partitionId } of state.entry.partitions) {
    if (!kept.has(partitionId)) for (const rows of [state.growing, ...state.sealing.map((frozen) => frozen.rows)]) rows.drop(partitionId);
  }
}

/** Makes the state say what the entry says of it, and forget indexes that are others now: the next search loads those. */
function adopt(state: CollectionState, entry: CollectionEntry): void {
  state.followed = entry;
  for (const segment of state.sealed) {
    const known = entry.segments.find(({ segmentId }) => segmentId === segment.entry.segmentId)!;
    for (const { fieldId, spec, file } of segment.entry.indexes) {
      const now = known.indexes.find((index) => index.fieldId === fieldId);
      if (now?.file !== file || !sameSpec(now.spec, spec)) segment.vectors(fieldId).dropIndex();
    }
  }
  applyEntries(state);
  state.log.sealed();
  state.segmentsChanged();
}
