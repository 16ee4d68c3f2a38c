/**
 * Sealing: the growing segment becomes an immutable file. The file is written and synced first, unreferenced; one
 * commit then names it, drops the logs whose rows it holds and persists the deletes that those logs said of other
 * segments. A crash before the commit leaves the logs, after it the segment; never neither, never both.
 */
import type { GrowingSegment } from '../segment/growing.ts';
import { type MapKey, mapKey, sortRowsByKey } from '../segment/keys.ts';
import { SealedSegment } from '../segment/sealed.ts';
import { deletesSections, segmentSections } from '../segment/segment-file.ts';
import type { RowTimes } from '../segment/row-times.ts';
import type { Column, Keys } from '../schema/column.ts';
import type { Schema } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import { encodeExcerpt } from '../storage/manifest/excerpt.ts';
import type { SegmentEntry, SegmentIndexEntry } from '../storage/manifest/manifest.ts';
import { deletesFileName, segmentFileName } from '../storage/names.ts';
import { encodeSections, sectionsByteLength } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import { withEntry } from './catalog.ts';
import type { CollectionState, Frozen } from './collection.ts';
import { filesOf, removeLogs, removeUnnamed } from './garbage.ts';

/** Seals what has been written up to the call. Resolved: it is in a segment, durable, and its logs are gone. */
export function seal(state: CollectionState): Promise<void> {
  const run = state.sealQueue.then(() => sealNow(state));
  state.sealQueue = run.catch(() => {});
  return run;
}

async function sealNow(state: CollectionState): Promise<void> {
  await freezeAll(state);
  // In order of age: a commit drops the logs of everything before it.
  while (state.sealing.length > 0) await sealFrozen(state, state.sealing[0]!);
}

/** Freezes what has been written up to the call. Deletes alone leave no growing rows, but a log. */
async function freezeAll(state: CollectionState): Promise<void> {
  await state.log.settled();
  if (state.growing.rows > 0 || (await state.log.byteLength()) > 0) await state.log.rotate();
}

/** A growing segment that was written to a file, which nothing names yet. */
interface Written {
  readonly frozen: GrowingSegment;
  readonly snapshot: Snapshot;
  readonly segment: SealedSegment;
}

async function sealFrozen(state: CollectionState, { rows, nextLogGeneration: firstLogGeneration }: Frozen): Promise<void> {
  const { catalog, clock, store } = state.parts;
  catalog.assertCommittable();
  const written: Written[] = [];
  let named: readonly Written[] = [];
  let obsolete: string[] = [];
  try {
    for (const frozen of rows.segments) {
      const snapshot = snapshotGrowing(frozen, state.schema);
      if (snapshot.rows > 0) written.push({ frozen, snapshot, segment: await writeSealed(state, snapshot, frozen.partitionId) });
    }
    await catalog.commit(clock, async (manifest) => {
      const persisted = await persistDeletes(state);
      obsolete = persisted.obsolete;
      return withEntry(manifest, state.collectionId, (entry) => {
        // A partition may have been dropped meanwhile.
        named = written.filter(({ frozen }) => entry.partitions.some(({ partitionId }) => partitionId === frozen.partitionId));
        return {
          ...entry,
          nextAutoId: state.log.nextAutoId,
          firstLogGeneration,
          segments: [...entry.segments.map((known) => persisted.entries.get(known.segmentId) ?? known), ...named.map(({ segment }) => segment.entry)],
        };
      });
    }, () => {
      applyEntries(state);
      for (const { frozen, segment, snapshot } of named) carryDeletes(frozen, segment, snapshot.deletedKeys);
      state.sealed = [...state.sealed, ...named.map(({ segment }) => segment)];
      state.sealing = state.sealing.slice(1);
      state.segmentsChanged();
      rows.free();
      state.log.sealed();
    });
  } catch (error) {
    // The frozen rows stay where they are; the next seal tries again.
    for (const { segment } of written) await discard(state, segment);
    throw error;
  }
  if (named.length > 0) state.parts.onEvent({ type: 'sealed', collection: state.name, segments: named.length, rows: named.reduce((sum, { snapshot }) => sum + snapshot.rows, 0) });
  for (const { segment } of written) if (!named.some((kept) => kept.segment === segment)) await discard(state, segment);
  await removeUnnamed(store, catalog, obsolete);
  await removeLogs(store, catalog, state.collectionId);
}

/** Writes rows to a segment file and opens it, with its vectors in memory. Nothing names it yet. */
export async function writeSealed(state: CollectionState, snapshot: Snapshot, partitionId: number): Promise<SealedSegment> {
  const { pool, store } = state.parts;
  const segment = await SealedSegment.open(store, await writeSegment(state, snapshot, partitionId), snapshot.schema, pool);
  for (const field of snapshot.schema.fields) {
    if (isVectorType(field.type)) segment.vectors(field.fieldId).fill(snapshot.columns.find((column) => column.fieldId === field.fieldId)!);
  }
  return segment;
}

/** Removes all rows: those in the log and those that are sealed. Partitions, schema and indexes asked for stay. */
export function truncate(state: CollectionState): Promise<void> {
  // What an upsert has read must not come back by its write.
  const run = state.sealQueue.then(() => state.gate.hold(() => truncateNow(state)));
  state.sealQueue = run.catch(() => {});
  return run;
}

async function truncateNow(state: CollectionState): Promise<void> {
  const { catalog, clock, store } = state.parts;
  await freezeAll(state);
  const { sealing } = state;
  const firstLogGeneration = sealing.at(-1)?.nextLogGeneration;
  let sealed: readonly SealedSegment[] = [];
  let obsolete: string[] = [];
  await catalog.commit(clock, (manifest) =>
    withEntry(manifest, state.collectionId, (entry) => {
      obsolete = filesOf(entry);
      return { ...entry, segments: [], horizon: clock.last, nextAutoId: state.log.nextAutoId, firstLogGeneration: firstLogGeneration ?? entry.firstLogGeneration };
    }), () => {
    state.sealing = state.sealing.filter((frozen) => !sealing.includes(frozen));
    // All that the manifest named a moment ago: a merge may have put others in the place of those that there were before.
    sealed = state.sealed;
    state.sealed = [];
    state.segmentsChanged();
    for (const { rows } of sealing) rows.free();
    state.log.sealed();
  });
  await retireSegments(state, sealed, obsolete);
  await removeLogs(store, catalog, state.collectionId);
}

/** Gives back segments that the manifest has just stopped naming, once no read is under way in them, with their files. */
export async function retireSegments(state: CollectionState, segments: readonly SealedSegment[], files: Iterable<string>): Promise<void> {
  for (const segment of segments) segment.pins.retire();
  for (const segment of segments) await segment.pins.freed;
  await removeUnnamed(state.parts.store, state.parts.catalog, files);
}

/** Takes back a segment that no commit named, with the indexes that were built over it. */
export async function discard(state: CollectionState, segment: SealedSegment, indexes: readonly SegmentIndexEntry[] = []): Promise<void> {
  segment.pins.retire();
  const { catalog, store } = state.parts;
  if (catalog.isSwapInDoubt) return;
  for (const { file } of [segment.entry, ...indexes]) await store.remove(file).catch(() => {});
}

export interface Snapshot {
  /** All of its fields are among the columns. A newer one may come while a snapshot is made and written. */
  readonly schema: Schema;
  readonly rows: number;
  /** In schema order, rows in ascending key order. */
  readonly columns: readonly Column[];
  readonly times: RowTimes;
  /** Keys whose rows were hidden already and are not among the rows. */
  readonly deletedKeys: ReadonlySet<MapKey>;
}

function snapshotGrowing(frozen: GrowingSegment, schema: Schema): Snapshot {
  const live = frozen.liveRows();
  const keys: Keys = schema.fields.find((field) => field.primaryKey)!.type === 'Int64' ? new BigInt64Array(frozen.rows) : new Array<string>(frozen.rows);
  for (let row = 0; row < frozen.rows; row++) (keys as (bigint | string)[])[row] = frozen.keyAt(row);
  const rows = sortRowsByKey(keys, live);
  const deletedKeys = new Set<MapKey>();
  for (let row = 0; row < frozen.rows; row++) if (frozen.deletedAt(row) !== undefined) deletedKeys.add(mapKey(keys[row]!));
  for (const row of rows) deletedKeys.delete(mapKey(keys[row]!));
  return { schema, rows: rows.length, columns: schema.fields.map((field) => frozen.take(field, rows)), times: frozen.times.take(rows), deletedKeys };
}

/** Writes a segment file. Resolved: durable, and unreferenced. */
async function writeSegment(state: CollectionState, snapshot: Snapshot, partitionId: number): Promise<SegmentEntry> {
  const { catalog } = state.parts;
  const segmentId = catalog.takeFileId();
  const file = segmentFileName(segmentId);
  const schemaVersion = snapshot.schema.version;
  const meta = { rows: snapshot.rows, schemaVersion, partitionId };
  const sections = segmentSections(meta, encodeExcerpt(catalog.manifest, state.entry, partitionId), snapshot.times, snapshot.columns);
  await state.parts.store.write(file, encodeSections('segment', file, sections));
  return {
    segmentId,
    partitionId,
    schemaVersion,
    rows: snapshot.rows,
    minTimestamp: snapshot.times.min,
    maxTimestamp: snapshot.times.max,
    file,
    fileBytes: sectionsByteLength('segment', sections),
    deletesFile: null,
    deletedRows: 0,
    indexes: [],
  };
}

/** Writes a segment's deletes to a new file and answers its entry with that file in it. */
export async function writeDeletes(store: Store, segment: SealedSegment, entry: SegmentEntry, generation: number): Promise<SegmentEntry> {
  const file = deletesFileName(segment.entry.segmentId, generation);
  const deletedRows = segment.deletedRows;
  await store.write(file, encodeSections('deletes', file, deletesSections(segment.deletes)));
  return { ...entry, deletesFile: file, deletedRows };
}

/** Writes the deletes that are only in the logs. To be called inside a commit, so that no other one drops those logs meanwhile. */
export async function persistDeletes(state: CollectionState): Promise<{ entries: Map<number, SegmentEntry>; obsolete: string[] }> {
  const { catalog, store } = state.parts;
  const entries = new Map<number, SegmentEntry>();
  const obsolete: string[] = [];
  for (const segment of state.sealed) {
    if (segment.deletedRows === segment.persistedDeletes) continue;
    // The manifest's entry, not the segment's: an index may have been added by a commit just before.
    const entry = catalog.entry(state.collectionId).segments.find((known) => known.segmentId === segment.entry.segmentId)!;
    if (entry.deletesFile) obsolete.push(entry.deletesFile);
    entries.set(entry.segmentId, await writeDeletes(store, segment, entry, catalog.takeFileId()));
  }
  return { entries, obsolete };
}

/** Tells the segments what the manifest says of them now. */
export function applyEntries(state: CollectionState): void {
  for (const entry of state.entry.segments) {
    const segment = state.sealed.find((candidate) => candidate.entry.segmentId === entry.segmentId);
    if (!segment) continue;
    segment.entry = entry;
    segment.persistedDeletes = entry.deletedRows;
  }
}

/** Repeats on the new segment what was deleted from its source while the file was written. */
function carryDeletes(frozen: GrowingSegment, segment: SealedSegment, known: ReadonlySet<MapKey>): void {
  for (let row = 0; row < frozen.rows; row++) {
    const timestamp = frozen.deletedAt(row);
    if (timestamp === undefined) continue;
    const key = frozen.keyAt(row);
    if (!known.has(mapKey(key))) segment.delete(key, timestamp);
  }
}
