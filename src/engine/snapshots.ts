/**
 * Snapshots by name: a collection as it was, in files that stay while the snapshot does, whatever becomes of the collection. They are
 * read in place, or become a collection of their own that shares the files.
 */
import { SealedSegment } from '../segment/sealed.ts';
import { deletesSections } from '../segment/segment-file.ts';
import type { CollectionEntry, Manifest, SegmentEntry, SnapshotEntry } from '../storage/manifest/manifest.ts';
import { deletesFileName } from '../storage/names.ts';
import { encodeSections } from '../storage/sections/index.ts';
import { ElanusError } from '../util/error.ts';
import { withEntry } from './catalog.ts';
import type { SnapshotInfo } from './client.ts';
import { CollectionState, type EngineParts } from './collection.ts';
import { filesOf, removeUnnamed } from './garbage.ts';
import { assertFree, findDatabase, lookUp } from './names.ts';
import { applyEntries, retireSegments, saveDeletes, seal, type SavedDeletes } from './seal.ts';

export interface NamedSnapshot {
  readonly database?: string;
  readonly name: string;
}

/** ALREADY_EXISTS where there is a snapshot of that name in the collection's database. Writes go on meanwhile: those that are acknowledged before the call are in. */
export async function createSnapshot(state: CollectionState, name: string, description: string | undefined): Promise<SnapshotInfo> {
  const { catalog, clock, store, tabs } = state.parts;
  assertNoSnapshot(catalog.manifest, state.entry.databaseId, name);
  for (;;) {
    const begun = tabs ? await tabs.now() : clock.next();
    await tabs?.look(state.collectionId, 'Strong');
    await seal(state);
    let saved: SavedDeletes | undefined;
    let made: SnapshotEntry | undefined;
    let own: string[] = [];
    try {
      await catalog.commit(clock, async (manifest) => {
        const { appliedTo, sealedTo } = state;
        // Later writes are not sealed, and what they deleted is there in the snapshot.
        const timestamp = appliedTo === sealedTo && begun > appliedTo ? begun : sealedTo;
        // A merge has left out what such a write had deleted.
        if (state.entry.horizon > timestamp) throw MERGED;
        state.expire(timestamp);
        saved = await saveDeletes(state, state.sealed);
        const { entryOf } = saved;
        const changed = withEntry(manifest, state.collectionId, (entry) => ({ ...entry, nextAutoId: state.log.nextAutoId, segments: entry.segments.map(entryOf) }));
        const entry = changed.collections.find((known) => known.collectionId === state.collectionId)!;
        assertNoSnapshot(manifest, entry.databaseId, name);
        own = [];
        const collection = { ...entry, segments: await Promise.all(entry.segments.map((segment) => withoutLaterDeletes(state, segment, timestamp, own))) };
        made = { name, ...(description === undefined ? {} : { description }), timestamp, createdTimestamp: timestamp, collection };
        return { ...changed, snapshots: [...manifest.snapshots, made] };
      }, () => {
        applyEntries(state);
        saved!.noteSaved();
      });
    } catch (error) {
      if (error === MERGED) continue;
      if (saved && !catalog.isSwapInDoubt) for (const file of [...saved.written, ...own]) await store.remove(file).catch(() => {});
      throw error;
    }
    await removeUnnamed(store, catalog, saved!.obsolete);
    return infoOf(made!);
  }
}

/** The entry of a segment with a deletes file of its own where it has been told of deletes since; `written` is told its name. */
async function withoutLaterDeletes(state: CollectionState, entry: SegmentEntry, timestamp: bigint, written: string[]): Promise<SegmentEntry> {
  const { deletes } = state.sealed.find((segment) => segment.entry.segmentId === entry.segmentId)!;
  const upTo = new Map([...deletes].filter(([, deletedAt]) => deletedAt <= timestamp));
  if (upTo.size === deletes.size && upTo.size === entry.deletedRows) return entry;
  if (upTo.size === 0) return { ...entry, deletesFile: null, deletedRows: 0 };
  const { catalog, store } = state.parts;
  const file = deletesFileName(entry.segmentId, catalog.takeFileId());
  written.push(file);
  await store.write(file, encodeSections('deletes', file, deletesSections(upTo)));
  return { ...entry, deletesFile: file, deletedRows: upTo.size };
}

/** Thrown inside a commit that the history has moved on. */
const MERGED = new Error('the horizon is beyond what is sealed');

function assertNoSnapshot(manifest: Manifest, databaseId: number, name: string): void {
  if (!manifest.snapshots.some((known) => known.collection.databaseId === databaseId && known.name === name)) return;
  throw new ElanusError('ALREADY_EXISTS', `there is a snapshot "${name}" already`, { snapshot: name });
}

/** Of a database, or of one of its collections, which may be gone. */
export function listSnapshots(manifest: Manifest, { database, collection }: { readonly database?: string; readonly collection?: string }): SnapshotInfo[] {
  const { databaseId } = findDatabase(manifest, database);
  const collectionId = collection === undefined ? undefined : lookUp(manifest, { database, name: collection })?.collectionId;
  const isAsked = ({ collectionId: id, name }: CollectionEntry): boolean => collection === undefined || (collectionId === undefined ? name === collection : id === collectionId);
  return manifest.snapshots.filter((known) => known.collection.databaseId === databaseId && isAsked(known.collection)).map(infoOf);
}

export const describeSnapshot = (manifest: Manifest, named: NamedSnapshot): SnapshotInfo => infoOf(findSnapshot(manifest, named));

/** NOT_FOUND where there is none. */
function findSnapshot(manifest: Manifest, { database, name }: NamedSnapshot): SnapshotEntry {
  const { databaseId } = findDatabase(manifest, database);
  const known = manifest.snapshots.filter((snapshot) => snapshot.collection.databaseId === databaseId);
  const found = known.find((snapshot) => snapshot.name === name);
  if (!found) throw new ElanusError('NOT_FOUND', `there is no snapshot "${name}"`, { snapshot: name, snapshots: known.map((snapshot) => snapshot.name) });
  return found;
}

function infoOf({ name, description, timestamp, createdTimestamp, collection }: SnapshotEntry): SnapshotInfo {
  const { segments } = collection;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    collection: collection.name,
    timestamp,
    createdTimestamp,
    rows: segments.reduce((sum, segment) => sum + segment.rows - segment.deletedRows, 0),
    storedBytes: segments.reduce((sum, segment) => sum + segment.fileBytes + [...segment.indexes, ...(segment.scalarIndexes ?? [])].reduce((bytes, index) => bytes + index.fileBytes, 0), 0),
  };
}

const openSegments = ({ store, pool }: EngineParts, { collection }: SnapshotEntry): Promise<SealedSegment[]> =>
  Promise.all(collection.segments.map((segment) => SealedSegment.open(store, segment, collection.schema, pool)));

/** A collection over the files of a snapshot. ALREADY_EXISTS where its name is taken. `adopt` is told as soon as the manifest names it. */
export async function restoreSnapshot(parts: EngineParts, named: NamedSnapshot, collectionName: string, adopt: (state: CollectionState) => void): Promise<void> {
  const { catalog, clock, tabs } = parts;
  const snapshot = findSnapshot(catalog.manifest, named);
  const { databaseId } = snapshot.collection;
  assertFree(catalog.manifest, databaseId, collectionName);
  const sealed = await openSegments(parts, snapshot);
  let made: CollectionEntry | undefined;
  try {
    await catalog.commit(clock, (manifest) => {
      // Dropped, or taken, while its files were opened.
      const { collection } = findSnapshot(manifest, named);
      assertFree(manifest, databaseId, collectionName);
      const createdTimestamp = clock.next();
      // What has outlived its time would be gone as soon as it is back.
      const { ttlSeconds: _, ...properties } = collection.properties;
      made = { ...collection, collectionId: manifest.nextCollectionId, name: collectionName, createdTimestamp, horizon: createdTimestamp, firstLogGeneration: 1, properties };
      return { ...manifest, nextCollectionId: manifest.nextCollectionId + 1, collections: [...manifest.collections, made] };
    }, () => {
      const state = new CollectionState(parts, made!);
      state.openSegments(sealed);
      const { firstLogGeneration: generation, nextAutoId } = made!;
      if (tabs) state.openSharedLog(tabs, { generation, sequence: 0, nextAutoId, byteLengths: new Map() });
      else state.openLog({ generation, nextAutoId, byteLength: 0 });
      adopt(state);
    });
  } catch (error) {
    for (const segment of sealed) segment.pins.retire();
    throw error;
  }
}

/** Snapshots that are being read, each opened once. */
export class OpenSnapshots {
  readonly #parts: EngineParts;
  readonly #open = new Map<string, Promise<CollectionState>>();
  /** Numbers that no collection has. */
  #nextId = -1;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** A state that nothing can be written to. */
  open(named: NamedSnapshot): Promise<CollectionState> {
    const snapshot = findSnapshot(this.#parts.catalog.manifest, named);
    const key = keyOf(snapshot);
    let opening = this.#open.get(key);
    if (!opening) {
      opening = this.#read(snapshot);
      this.#open.set(key, opening);
      opening.catch(() => this.#open.delete(key));
    }
    return opening;
  }

  async #read(snapshot: SnapshotEntry): Promise<CollectionState> {
    const { collection } = snapshot;
    const state = new CollectionState(this.#parts, { ...collection, collectionId: this.#nextId-- }, snapshot);
    state.openSegments(await openSegments(this.#parts, snapshot));
    state.openLog({ generation: 1, nextAutoId: collection.nextAutoId, byteLength: 0 });
    return state;
  }

  /** Removes a snapshot, and those of its files that nothing else names, once no read is under way in it. Answers the number it was read under. */
  async drop(named: NamedSnapshot): Promise<number | null> {
    const { catalog, clock } = this.#parts;
    let dropped: SnapshotEntry | undefined;
    await catalog.commit(clock, (manifest) => {
      dropped = findSnapshot(manifest, named);
      return { ...manifest, snapshots: manifest.snapshots.filter((snapshot) => snapshot !== dropped) };
    });
    const key = keyOf(dropped!);
    const state = await this.#open.get(key)?.catch(() => null);
    this.#open.delete(key);
    if (state) {
      await state.close(new ElanusError('NOT_FOUND', `snapshot "${named.name}" was dropped`, { snapshot: named.name }));
      await retireSegments(state, state.sealed, filesOf(dropped!.collection));
    } else await removeUnnamed(this.#parts.store, catalog, filesOf(dropped!.collection));
    return state?.collectionId ?? null;
  }

  /** NOT_FOUND for one that was dropped, perhaps by another tab. */
  assertThere(state: CollectionState): void {
    const snapshot = state.snapshot!;
    if (this.#parts.catalog.manifest.snapshots.some((known) => keyOf(known) === keyOf(snapshot))) return;
    if (this.#open.delete(keyOf(snapshot))) void state.free();
    throw new ElanusError('NOT_FOUND', `snapshot "${snapshot.name}" was dropped`, { snapshot: snapshot.name });
  }

  async close(reason: ElanusError): Promise<void> {
    const states = await Promise.all(Array.from(this.#open.values(), (opening) => opening.catch(() => null)));
    this.#open.clear();
    for (const state of states) {
      await state?.close(reason);
      await state?.free();
    }
  }
}

/** One dropped and made again is another one. */
const keyOf = ({ createdTimestamp, name }: SnapshotEntry): string => `${createdTimestamp} ${name}`;
