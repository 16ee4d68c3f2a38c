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
import type { SegmentEntry, SegmentIndexEntry } from '../storage/manifest/manifest.ts';
import { deletesFileName, parseLogName, segmentFileName } from '../storage/names.ts';
import { encodeSections, sectionsByteLength } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import { withEntry } from './catalog.ts';
import { type CollectionState, DEFAULT_PARTITION, type Frozen } from './collection.ts';

/** Seals what has been written up to the call. Resolved: it is in a segment, durable, and its logs are gone. */
export function seal(state: CollectionState): Promise<void> {
  const run = state.sealQueue.then(() => sealNow(state));
  state.sealQueue = run.catch(() => {});
  return run;
}

async function sealNow(state: CollectionState): Promise<void> {
  await state.settled();
  if (state.growing.rows > 0 || (await hasUnsealedWrites(state))) await state.rotate();
  // In order of age: a commit drops the logs of everything before it.
  while (state.sealing.length > 0) await sealFrozen(state, state.sealing[0]!);
}

async function sealFrozen(state: CollectionState, { segment: frozen, nextLogGeneration: firstLogGeneration }: Frozen): Promise<void> {
  const { catalog, clock, store, pool } = state.parts;
  catalog.assertCommittable();
  const snapshot = snapshotGrowing(frozen, state.schema);
  let segment: SealedSegment | null = null;
  let obsolete: string[] = [];
  try {
    if (snapshot.rows > 0) {
      const entry = await writeSegment(state, snapshot);
      segment = await SealedSegment.open(store, entry, state.schema, pool);
      for (const field of state.schema.fields) {
        if (isVectorType(field.type)) segment.vectors(field.fieldId).fill(snapshot.columns.find((column) => column.fieldId === field.fieldId)!);
      }
    }
    await catalog.commit(clock, async (manifest) => {
      const persisted = await persistDeletes(state);
      obsolete = persisted.obsolete;
      return withEntry(manifest, state.collectionId, (entry) => ({
        ...entry,
        nextAutoId: state.nextAutoId,
        firstLogGeneration,
        segments: [...entry.segments.map((known) => persisted.entries.get(known.segmentId) ?? known), ...(segment ? [segment.entry] : [])],
      }));
    }, () => {
      applyEntries(state);
      if (segment) {
        carryDeletes(frozen, segment, snapshot.deletedKeys);
        state.sealed = [...state.sealed, segment];
      }
      state.sealing = state.sealing.slice(1);
      state.segmentsChanged();
      frozen.pins.retire();
      state.recoveredLogBytes = 0;
    });
  } catch (error) {
    // The frozen rows stay where they are; the next seal tries again.
    if (segment) await discard(state, segment);
    throw error;
  }
  for (const name of obsolete) await store.remove(name);
  for (const name of await store.logs.list()) {
    const log = parseLogName(name);
    if (log && log.collectionId === state.collectionId && log.generation < firstLogGeneration) await store.logs.drop(name);
  }
}

/** Takes back a segment that no commit named, with the indexes that were built over it. */
export async function discard(state: CollectionState, segment: SealedSegment, indexes: readonly SegmentIndexEntry[] = []): Promise<void> {
  segment.pins.retire();
  const { catalog, store } = state.parts;
  if (catalog.isSwapInDoubt) return;
  for (const { file } of [segment.entry, ...indexes]) await store.remove(file).catch(() => {});
}

/** Deletes alone leave no growing rows, but a log. */
async function hasUnsealedWrites(state: CollectionState): Promise<boolean> {
  return (await state.logBytes()) > 0;
}

export interface Snapshot {
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
  return { rows: rows.length, columns: schema.fields.map((field) => frozen.take(field, rows)), times: frozen.times.take(rows), deletedKeys };
}

/** Writes a segment file. Resolved: durable, and unreferenced. */
export async function writeSegment(state: CollectionState, snapshot: Snapshot): Promise<SegmentEntry> {
  const segmentId = state.parts.catalog.takeFileId();
  const file = segmentFileName(segmentId);
  const meta = { rows: snapshot.rows, schemaVersion: state.schema.version, partitionId: DEFAULT_PARTITION };
  const sections = segmentSections(meta, snapshot.times, snapshot.columns);
  await state.parts.store.write(file, encodeSections('segment', sections));
  return {
    segmentId,
    partitionId: DEFAULT_PARTITION,
    schemaVersion: state.schema.version,
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
  await store.write(file, encodeSections('deletes', deletesSections(segment.deletes)));
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
