/** A manifest put together again from what segment files and logs say of their collections. */
import { PARTITION_KEY_PARTITIONS } from '../schema/partition-key.ts';
import { readRowTimes, readSegmentMeta } from '../segment/segment-file.ts';
import { decodeExcerpt } from '../storage/manifest/excerpt.ts';
import {
  DEFAULT_PARTITION_ID,
  DEFAULT_PARTITION_NAME,
  EMPTY_MANIFEST,
  type AliasEntry,
  type CollectionEntry,
  type DatabaseEntry,
  type Manifest,
  type PartitionEntry,
  type SegmentEntry,
} from '../storage/manifest/manifest.ts';
import { parseFileName } from '../storage/names.ts';
import { openSections } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import { isElanusError } from '../util/error.ts';
import type { Losses } from './losses.ts';
import type { FoundLog } from './repair-log.ts';
import { salvageDeletes } from './salvage-segment.ts';

type Excerpt = NonNullable<ReturnType<typeof decodeExcerpt>>;

export async function rebuildManifest(store: Store, logs: readonly FoundLog[], losses: Losses): Promise<Manifest> {
  const names = await store.list();
  const excerpts: Excerpt[] = [];
  const segments = new Map<number, SegmentEntry[]>();
  for (const file of names) {
    const name = parseFileName(file);
    if (name?.kind !== 'segment') continue;
    const found = await readSegment(store, file, name.segmentId, names);
    if (!found) {
      losses.log('the database', file, 'nothing in it says what it belongs to');
      continue;
    }
    excerpts.push(found.excerpt);
    const { collectionId } = found.excerpt.entry;
    segments.set(collectionId, [...(segments.get(collectionId) ?? []), found.segment]);
  }
  for (const { manifest } of logs) {
    const excerpt = manifest && attempt(() => decodeExcerpt(manifest));
    if (excerpt) excerpts.push(excerpt);
  }
  for (const { name, collectionId, bytes } of logs) {
    if (bytes.length > 0 && !excerpts.some(({ entry }) => entry.collectionId === collectionId)) losses.log('the database', name, 'nothing says what its rows are');
  }
  // The newest says what is so; older ones what else there has been.
  excerpts.sort((a, b) => b.manifest.version - a.manifest.version);
  return assemble(excerpts, segments, logs);
}

async function readSegment(store: Store, file: string, segmentId: number, names: readonly string[]): Promise<{ excerpt: Excerpt; segment: SegmentEntry } | null> {
  try {
    const sections = await openSections(store, file, 'segment', { salvage: true });
    const excerpt = decodeExcerpt(await sections.read('manifest'));
    if (!excerpt) return null;
    const { rows, schemaVersion, partitionId } = await readSegmentMeta(sections);
    const times = await readRowTimes(sections, rows).catch(() => null);
    const before: SegmentEntry = {
      segmentId,
      partitionId,
      schemaVersion,
      rows,
      minTimestamp: times?.min ?? excerpt.manifest.lastTimestamp,
      maxTimestamp: times?.max ?? excerpt.manifest.lastTimestamp,
      file,
      fileBytes: await store.size(file),
      deletesFile: null,
      deletedRows: 0,
      indexes: [],
    };
    const deletesFile = newestDeletes(segmentId, names);
    const deletedRows = deletesFile === null ? 0 : (await salvageDeletes(store, deletesFile, before)).deleted.size;
    return { excerpt, segment: { ...before, deletesFile, deletedRows } };
  } catch (error) {
    if (!isElanusError(error) || error.code === 'FORMAT_UNSUPPORTED') throw error;
    return null;
  }
}

/** Each deletes file has all deletes of its segment. */
function newestDeletes(segmentId: number, names: readonly string[]): string | null {
  let newest: { name: string; generation: number } | null = null;
  for (const name of names) {
    const parsed = parseFileName(name);
    if (parsed?.kind === 'deletes' && parsed.segmentId === segmentId && (!newest || parsed.generation > newest.generation)) newest = { name, generation: parsed.generation };
  }
  return newest?.name ?? null;
}

/** `excerpts`: newest first. */
function assemble(excerpts: readonly Excerpt[], segments: ReadonlyMap<number, readonly SegmentEntry[]>, logs: readonly FoundLog[]): Manifest {
  const max = (values: readonly number[]): number => Math.max(0, ...values);
  const databases = new Map<number, DatabaseEntry>(EMPTY_MANIFEST.databases.map((database) => [database.databaseId, database]));
  const taken = new Set<string>();
  const collections = new Map<number, CollectionEntry>();
  const aliases: AliasEntry[] = [];
  for (const { manifest, entry } of excerpts) {
    for (const database of manifest.databases) if (!databases.has(database.databaseId)) databases.set(database.databaseId, { ...database, name: freeName(database.name, [...databases.values()].map(({ name }) => name)) });
    const known = collections.get(entry.collectionId);
    if (known) {
      collections.set(entry.collectionId, { ...known, partitions: joinPartitions(known.partitions, entry.partitions), nextPartitionId: Math.max(known.nextPartitionId, entry.nextPartitionId) });
      continue;
    }
    const inDatabase = (name: string): string => `${entry.databaseId}/${name}`;
    let { name } = entry;
    for (let i = entry.collectionId; taken.has(inDatabase(name)); i++) name = `${entry.name}_${i}`;
    taken.add(inDatabase(name));
    collections.set(entry.collectionId, { ...entry, name });
    for (const alias of manifest.aliases) {
      if (taken.has(inDatabase(alias.name))) continue;
      taken.add(inDatabase(alias.name));
      aliases.push(alias);
    }
  }
  const manifests = excerpts.map(({ manifest }) => manifest);
  const files = [...segments.values()].flat();
  const lastTimestamp = [...manifests.map((manifest) => manifest.lastTimestamp), ...files.map(({ maxTimestamp }) => maxTimestamp)].reduce((most, timestamp) => (timestamp > most ? timestamp : most), 0n);
  return {
    version: max(manifests.map(({ version }) => version)) + 1,
    epoch: max(manifests.map(({ epoch }) => epoch)) + 1,
    lastTimestamp,
    nextDatabaseId: max([...manifests.map(({ nextDatabaseId }) => nextDatabaseId), ...[...databases.keys()].map((id) => id + 1)]),
    nextCollectionId: max([...manifests.map(({ nextCollectionId }) => nextCollectionId), ...[...collections.keys(), ...logs.map(({ collectionId }) => collectionId)].map((id) => id + 1)]),
    nextFileId: max(manifests.map(({ nextFileId }) => nextFileId)),
    databases: [...databases.values()],
    aliases,
    collections: [...collections.values()].map((entry) => complete(entry, segments.get(entry.collectionId) ?? [], lastTimestamp)),
    snapshots: [],
  };
}

function complete(entry: CollectionEntry, found: readonly SegmentEntry[], lastTimestamp: bigint): CollectionEntry {
  const partitionIds = found.map(({ partitionId }) => partitionId);
  const nextPartitionId = Math.max(entry.nextPartitionId, ...partitionIds.map((id) => id + 1));
  const isKeyed = entry.schema.fields.some(({ partitionKey }) => partitionKey);
  const wanted = isKeyed ? Array.from({ length: nextPartitionId || PARTITION_KEY_PARTITIONS }, (_, i) => i) : [DEFAULT_PARTITION_ID, ...partitionIds];
  const named = wanted.map((partitionId): PartitionEntry => ({
    partitionId,
    name: isKeyed || partitionId !== DEFAULT_PARTITION_ID ? `${DEFAULT_PARTITION_NAME}_${partitionId}` : DEFAULT_PARTITION_NAME,
    createdTimestamp: entry.createdTimestamp,
  }));
  return {
    ...entry,
    nextPartitionId,
    partitions: joinPartitions(entry.partitions, named),
    segments: [...found].sort((a, b) => a.segmentId - b.segmentId),
    // What was deleted before is not known any more.
    horizon: lastTimestamp,
  };
}

/** By number; names stay unique. */
function joinPartitions(known: readonly PartitionEntry[], more: readonly PartitionEntry[]): PartitionEntry[] {
  const joined = [...known];
  for (const partition of more) {
    if (joined.some(({ partitionId }) => partitionId === partition.partitionId)) continue;
    joined.push({ ...partition, name: freeName(partition.name, joined.map(({ name }) => name)) });
  }
  return joined.sort((a, b) => a.partitionId - b.partitionId);
}

function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let i = 1; taken.includes(free); i++) free = `${name}_${i}`;
  return free;
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (!isElanusError(error)) throw error;
    return null;
  }
}
