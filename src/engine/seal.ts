/**
 * Sealing: the growing segment becomes an immutable file. The file is written and synced first, unreferenced; one
 * commit then names it, drops the logs whose rows it holds and persists the deletes that those logs said of other
 * segments. A crash before the commit leaves the logs, after it the segment; never neither, never both.
 */
import type { GrowingSegment } from '../segment/growing.ts';
import { sortRowsByKey } from '../segment/keys.ts';
import { SealedSegment } from '../segment/sealed.ts';
import { deletesSections, segmentSections } from '../segment/segment-file.ts';
import type { RowTimes } from '../segment/row-times.ts';
import { reachableRows, type Deletes } from '../segment/versions.ts';
import type { Column, Keys } from '../schema/column.ts';
import type { Schema } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import { encodeExcerpt } from '../storage/manifest/excerpt.ts';
import type { SegmentEntry } from '../storage/manifest/manifest.ts';
import { deletesFileName, segmentFileName } from '../storage/names.ts';
import { encodeSections, sectionsByteLength } from '../storage/sections/index.ts';
import { withEntry } from './catalog.ts';
import type { CollectionState, Frozen } from './collection.ts';
import { filesOf, removeLogs, removeUnnamed } from './garbage.ts';

/** Seals what has been written up to the call. Resolved: it is in a segment, durable, and its logs are gone. */
export function seal(state: CollectionState): Promise<void> {
  const run = state.sealQueue.then(() => sealNow(state));
  state.sealQueue = run.catch(() => {});
  return run;
}

/** To be called in the turn of a seal. */
export async function sealNow(state: CollectionState): Promise<void> {
  await freezeAll(state);
  // In order of age: a commit drops the logs of everything before it.
  while (state.sealing.length > 0) await sealFrozen(state, state.sealing[0]!);
}

/** Freezes what has been written up to the call. Deletes alone leave no growing rows, but a log. */
async function freezeAll(state: CollectionState): Promise<void> {
  await state.log.latest({ orFail: true });
  const { appliedTo } = state;
  if (state.growing.rows > 0 || (await state.log.byteLength()) > 0) await state.log.rotate();
  else if (state.sealing.length === 0) state.sealedTo = appliedTo;
}

/** A growing segment that was written to a file, which nothing names yet. */
interface Written {
  readonly frozen: GrowingSegment;
  readonly segment: SealedSegment;
  /** Repeats what was deleted from the growing segment on the sealed one. */
  readonly carry: () => void;
}

async function sealFrozen(state: CollectionState, { rows, nextLogGeneration: firstLogGeneration, appliedTo }: Frozen): Promise<void> {
  const { catalog, clock, history, store } = state.parts;
  catalog.assertCommittable();
  state.expire();
  // A snapshot of the collection as it was frozen finds what was deleted since.
  const horizon = smaller(history.horizonOf(state), larger(appliedTo, state.entry.horizon));
  const written: Written[] = [];
  let named: readonly Written[] = [];
  let saved: SavedDeletes | undefined;
  try {
    for (const frozen of rows.segments) {
      const order = rowsInKeyOrder(frozen, horizon);
      if (order.length === 0) continue;
      const { schema } = state;
      const snapshot = { schema, rows: order.length, columns: schema.fields.map((field) => frozen.take(field, order)), times: frozen.times.take(order) };
      const segment = await writeSealed(state, snapshot, frozen.partitionId);
      const places = placesOf(order, frozen.rows);
      written.push({ frozen, segment, carry: () => carryDeletes(frozen.deletes, segment, places) });
    }
    await catalog.commit(clock, async (manifest) => {
      if (history.isHeldBefore(state, horizon)) throw HELD;
      for (const { carry } of written) carry();
      saved = await saveDeletes(state, [...state.sealed, ...written.map(({ segment }) => segment)]);
      const { entryOf } = saved;
      return withEntry(history.advance(manifest), state.collectionId, (entry) => {
        // A partition may have been dropped meanwhile.
        named = written.filter(({ frozen }) => entry.partitions.some(({ partitionId }) => partitionId === frozen.partitionId));
        return {
          ...entry,
          nextAutoId: state.log.nextAutoId,
          firstLogGeneration,
          horizon: larger(state.entry.horizon, horizon),
          segments: [...entry.segments.map(entryOf), ...named.map(({ segment }) => entryOf(segment.entry))],
        };
      });
    }, () => {
      state.sealed = [...state.sealed, ...named.map(({ segment }) => segment)];
      applyEntries(state);
      saved!.noteSaved();
      for (const { carry } of named) carry();
      state.sealing = state.sealing.slice(1);
      state.sealedTo = appliedTo;
      state.segmentsChanged();
      rows.free();
      state.log.sealed();
    });
  } catch (error) {
    // The frozen rows stay where they are; the next seal tries again.
    for (const { segment } of written) await discard(state, segment, saved?.written);
    if (error === HELD) return;
    throw error;
  }
  if (named.length > 0) state.parts.onEvent({ type: 'sealed', collection: state.name, segments: named.length, rows: named.reduce((sum, { segment }) => sum + segment.rows, 0) });
  for (const { segment } of written) if (!named.some((kept) => kept.segment === segment)) await discard(state, segment);
  await removeUnnamed(store, catalog, [...saved!.obsolete, ...saved!.written]);
  await removeLogs(store, catalog, state.collectionId);
}

/** Thrown inside a commit that a moment has been asked for meanwhile whose rows were left out: they are written anew. */
const HELD = new Error('a moment before the horizon of a seal is held');

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** Rows of a growing segment that some read from the horizon on sees, by key, the versions of one by age. */
function rowsInKeyOrder(frozen: GrowingSegment, horizon: bigint): Uint32Array {
  const isInt64 = frozen.schema.fields.find((field) => field.primaryKey)!.type === 'Int64';
  const keys: Keys = isInt64 ? new BigInt64Array(frozen.rows) : new Array<string>(frozen.rows);
  for (let row = 0; row < frozen.rows; row++) (keys as (bigint | string)[])[row] = frozen.keyAt(row);
  return sortRowsByKey(keys, reachableRows(frozen.rows, frozen.deletes, horizon));
}

/** The place of each of so many rows in an order of some of them; -1 where it is not among them. */
function placesOf(order: Uint32Array, rows: number): Int32Array {
  const places = new Int32Array(rows).fill(-1);
  order.forEach((row, place) => void (places[row] = place));
  return places;
}

/** Repeats on a new segment what was deleted from one that its rows came from, before or while it was written. */
export function carryDeletes(deletes: Deletes, segment: SealedSegment, places: Int32Array): void {
  for (const [row, timestamp] of deletes) {
    const place = places[row]!;
    if (place >= 0 && segment.deletes.get(place) !== timestamp) segment.deleteRow(place, timestamp);
  }
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

/** Takes back a segment that no commit named, with other files that were written for it. */
export async function discard(state: CollectionState, segment: SealedSegment, files: readonly string[] = []): Promise<void> {
  segment.pins.retire();
  const { catalog, store } = state.parts;
  if (catalog.isSwapInDoubt) return;
  for (const file of [segment.entry.file, ...files]) await store.remove(file).catch(() => {});
}

/** Rows that are to be a segment. */
export interface Snapshot {
  /** All of its fields are among the columns. A newer one may come while a snapshot is made and written. */
  readonly schema: Schema;
  readonly rows: number;
  /** In schema order, rows in ascending order of keys and the versions of a key by age. */
  readonly columns: readonly Column[];
  readonly times: RowTimes;
}

/** Writes a segment file. Resolved: durable, and unreferenced. */
export async function writeSegment(state: CollectionState, snapshot: Snapshot, partitionId: number): Promise<SegmentEntry> {
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

/** Deletes that were written to files, which a commit under way is to name. */
export interface SavedDeletes {
  /** The entry with the segment's new deletes in it, where there are some. */
  readonly entryOf: (entry: SegmentEntry) => SegmentEntry;
  readonly written: readonly string[];
  /** Files that the new ones replace. */
  readonly obsolete: readonly string[];
  /** To be called when the commit is done. */
  readonly noteSaved: () => void;
}

/** Writes what no file has yet of the deletes of segments. To be called inside a commit, so that no other one drops the logs that have them meanwhile. */
export async function saveDeletes(state: CollectionState, segments: readonly SealedSegment[]): Promise<SavedDeletes> {
  const { catalog, store } = state.parts;
  const saved = new Map<number, { readonly segment: SealedSegment; readonly version: number; readonly file: string; readonly rows: number; readonly replaces: string | null }>();
  for (const segment of segments) {
    if (segment.deletesVersion === segment.savedDeletesVersion) continue;
    const { segmentId } = segment.entry;
    const file = deletesFileName(segmentId, catalog.takeFileId());
    const sections = deletesSections(segment.deletes);
    saved.set(segmentId, { segment, version: segment.deletesVersion, file, rows: segment.deletedRows, replaces: segment.entry.deletesFile });
    await store.write(file, encodeSections('deletes', file, sections));
  }
  const all = [...saved.values()];
  return {
    entryOf: (entry) => {
      const found = saved.get(entry.segmentId);
      return found ? { ...entry, deletesFile: found.file, deletedRows: found.rows } : entry;
    },
    written: all.map(({ file }) => file),
    obsolete: all.flatMap(({ replaces }) => replaces ?? []),
    noteSaved: () => {
      for (const { segment, version } of all) segment.savedDeletesVersion = version;
    },
  };
}

/** Tells the segments what the manifest says of them now. */
export function applyEntries(state: CollectionState): void {
  for (const entry of state.entry.segments) {
    const segment = state.sealed.find((candidate) => candidate.entry.segmentId === entry.segmentId);
    if (segment) segment.entry = entry;
  }
}
