/** What a collection was told beside its schema, told anew. */
import type { CollectionProperties } from '../storage/manifest/manifest.ts';
import { withEntry } from './catalog.ts';
import type { AlterCollectionRequest } from './client.ts';
import type { CollectionState } from './collection.ts';
import { removeUnnamed } from './garbage.ts';
import { applyEntries, saveDeletes, seal, type SavedDeletes } from './seal.ts';

/** Changes the properties that are named; null takes one away. */
export async function alterCollection(state: CollectionState, { ttlSeconds }: AlterCollectionRequest): Promise<void> {
  const { catalog, clock, store } = state.parts;
  // What has outlived the old time to live stays dead: that is in files before the manifest says another one.
  if (state.entry.properties.ttlSeconds !== undefined) await seal(state);
  let saved: SavedDeletes | undefined;
  await catalog.commit(clock, async (manifest) => {
    state.expire();
    saved = await saveDeletes(state, state.sealed);
    const { entryOf } = saved;
    return withEntry(manifest, state.collectionId, (entry) => ({ ...entry, properties: altered(entry.properties, ttlSeconds), segments: entry.segments.map(entryOf) }));
  }, () => {
    applyEntries(state);
    saved!.noteSaved();
    state.lifetimeChanged();
  });
  await removeUnnamed(store, catalog, saved!.obsolete);
}

function altered({ ttlSeconds: before, ...others }: CollectionProperties, ttlSeconds: number | null | undefined): CollectionProperties {
  const after = ttlSeconds === undefined ? before : ttlSeconds;
  return after === null || after === undefined ? others : { ...others, ttlSeconds: after };
}
