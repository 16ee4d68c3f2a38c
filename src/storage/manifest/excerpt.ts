/**
 * What of the manifest segment files and logs carry: enough to know their rows again when the manifest is lost. It is a manifest by
 * itself, of one collection without its segments, so that one codec and its checks serve both.
 */
import { decodeManifest, encodeManifest } from './codec.ts';
import { DEFAULT_DATABASE_ID, DEFAULT_PARTITION_ID, type CollectionEntry, type Manifest } from './manifest.ts';

/** `partitionId`: of partitions only this one and the first, for a segment: there may be a thousand, each with a segment. */
export function encodeExcerpt(manifest: Manifest, entry: CollectionEntry, partitionId?: number): Uint8Array {
  const isOwn = (other: { readonly databaseId: number }): boolean => other.databaseId === entry.databaseId;
  return encodeManifest({
    ...manifest,
    databases: manifest.databases.filter((database) => isOwn(database) || database.databaseId === DEFAULT_DATABASE_ID),
    aliases: manifest.aliases.filter((alias) => isOwn(alias) && alias.collectionId === entry.collectionId),
    collections: [{ ...entry, partitions: entry.partitions.filter((known) => partitionId === undefined || [DEFAULT_PARTITION_ID, partitionId].includes(known.partitionId)), segments: [] }],
    snapshots: [],
  });
}

/** The manifest and its one collection; null where there is another number of them. */
export function decodeExcerpt(bytes: Uint8Array): { readonly manifest: Manifest; readonly entry: CollectionEntry } | null {
  const manifest = decodeManifest(bytes);
  const [entry] = manifest.collections;
  return entry && manifest.collections.length === 1 ? { manifest, entry } : null;
}
