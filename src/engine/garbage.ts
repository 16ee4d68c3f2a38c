/**
 * Which files and logs nobody needs. A file is needed while a collection or a snapshot names it; both may name the same one,
 * and so nothing else than this decides what goes.
 */
import type { CollectionEntry, Manifest } from '../storage/manifest/manifest.ts';
import { parseFileName, parseLogName } from '../storage/names.ts';
import type { Store } from '../storage/store.ts';
import type { Catalog } from './catalog.ts';

/** Every file that a manifest names. */
export function namedFiles({ collections, snapshots }: Manifest): Set<string> {
  const entries: readonly CollectionEntry[] = [...collections, ...snapshots.map((snapshot) => snapshot.collection)];
  return new Set(entries.flatMap(filesOf));
}

/** The files of one collection. */
export function filesOf({ segments }: CollectionEntry): string[] {
  return segments.flatMap((segment) => [segment.file, ...(segment.deletesFile ? [segment.deletesFile] : []), ...segment.indexes.map((index) => index.file), ...(segment.scalarIndexes ?? []).map((index) => index.file)]);
}

/** What cannot be removed is no reason to fail what has been committed before: nothing names it, and the next open tries again. */
const leaveBehind = (): void => {};

/** Removes those of the files that the manifest does not name (any more). */
export async function removeUnnamed(store: Store, catalog: Catalog, files: Iterable<string>): Promise<void> {
  const named = namedFiles(catalog.manifest);
  const garbage = [...files].filter((file) => !named.has(file));
  if (catalog.rights) return catalog.rights.removeLater(garbage);
  for (const file of garbage) await store.remove(file).catch(leaveBehind);
}

/** Removes the logs of a collection that are sealed, or all where the collection is gone. */
export async function removeLogs(store: Store, catalog: Catalog, collectionId: number): Promise<void> {
  const entry = catalog.manifest.collections.find((known) => known.collectionId === collectionId);
  if (store.shared) {
    const { logs } = store.shared;
    return entry ? logs.drop(collectionId, entry.firstLogGeneration) : logs.end(collectionId);
  }
  for (const name of await store.logs.list()) {
    const log = parseLogName(name);
    if (log?.collectionId === collectionId && (!entry || log.generation < entry.firstLogGeneration)) await store.logs.drop(name).catch(leaveBehind);
  }
}

/** Removes what a crash left behind: files and logs that no manifest names. No write may be under way. */
export async function collectGarbage(store: Store, catalog: Catalog): Promise<void> {
  await removeUnnamed(store, catalog, (await store.list()).filter(parseFileName));
  for (const name of await store.list()) {
    const file = parseFileName(name);
    if (file) catalog.passFileIds(Math.max(file.segmentId, 'generation' in file ? file.generation : 0));
  }
  const owners = new Set(store.shared ? await store.shared.logs.list() : (await store.logs.list()).map((name) => parseLogName(name)?.collectionId));
  for (const collectionId of owners) if (collectionId !== undefined) await removeLogs(store, catalog, collectionId);
}
