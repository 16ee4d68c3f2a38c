/** What a database holds, from its manifest and the lengths of its files alone: nothing is locked and no row is read. */
import { filesOf, namedFiles } from '../engine/garbage.ts';
import { FORMAT_VERSION as MANIFEST_VERSION, decodeManifest } from '../storage/manifest/codec.ts';
import type { CollectionEntry, Manifest, SegmentEntry } from '../storage/manifest/manifest.ts';
import { parseFileName, parseLogName } from '../storage/names.ts';
import { KIND_NAME, readPreamble } from '../storage/preamble.ts';
import { sameBytes } from '../storage/refusals.ts';
import type { Store } from '../storage/store.ts';
import { readLog } from '../storage/wal/index.ts';
import { ElanusError } from '../util/error.ts';
import { logsOf } from './logs.ts';

/** Plain data that `JSON.stringify` takes: 64-bit numbers are decimal strings. */
export interface Inventory {
  readonly store: string;
  readonly manifest: {
    readonly formatVersion: number;
    readonly bytes: number;
    readonly version: number;
    readonly epoch: number;
    readonly lastTimestamp: string;
    /** When the last commit was made, as the timestamp has it. */
    readonly lastTime: string;
  };
  readonly databases: readonly { readonly databaseId: number; readonly name: string; readonly collections: number }[];
  readonly aliases: readonly { readonly database: string; readonly name: string; readonly collection: string }[];
  readonly collections: readonly CollectionInventory[];
  readonly snapshots: readonly SnapshotInventory[];
  /** Files and logs that nothing names. */
  readonly garbage: readonly { readonly name: string; readonly bytes: number }[];
  readonly totals: { readonly collections: number; readonly segments: number; readonly rows: number; readonly deletedRows: number; readonly files: number; readonly fileBytes: number; readonly logs: number; readonly logBytes: number };
}

export interface CollectionInventory {
  readonly collectionId: number;
  readonly database: string;
  readonly name: string;
  readonly created: string;
  readonly schema: CollectionEntry['schema'];
  readonly indexes: CollectionEntry['indexes'];
  readonly scalarIndexes: NonNullable<CollectionEntry['scalarIndexes']>;
  readonly properties: CollectionEntry['properties'];
  /** Reads of the past are answered from here on. */
  readonly horizon: string;
  readonly nextAutoId: string;
  readonly partitions: readonly { readonly partitionId: number; readonly name: string; readonly segments: number; readonly rows: number }[];
  readonly segments: readonly SegmentInventory[];
  readonly logs: readonly LogInventory[];
  /** Of sealed rows. */
  readonly rows: number;
  readonly deletedRows: number;
  readonly fileBytes: number;
}

export interface SegmentInventory {
  readonly segmentId: number;
  readonly partitionId: number;
  readonly schemaVersion: number;
  readonly rows: number;
  readonly deletedRows: number;
  readonly minTime: string;
  readonly maxTime: string;
  readonly file: string;
  /** null: the file is not there. */
  readonly bytes: number | null;
  readonly formatVersion: number | null;
  readonly deletes: { readonly file: string; readonly bytes: number | null } | null;
  readonly indexes: readonly { readonly field: string; readonly type: string; readonly metric: string; readonly file: string; readonly bytes: number | null }[];
  readonly scalarIndexes: readonly { readonly name: string; readonly type: string; readonly file: string; readonly bytes: number | null }[];
}

export interface LogInventory {
  readonly name: string;
  readonly bytes: number;
  /** null where it is damaged. */
  readonly records: number | null;
  readonly isEnded: boolean;
}

export interface SnapshotInventory {
  readonly database: string;
  readonly collection: string;
  readonly name: string;
  readonly time: string;
  readonly segments: number;
  readonly rows: number;
  /** Bytes of files that the collection itself does not name any more. */
  readonly ownBytes: number;
}

/** What can be said of files of another version of the library: their first 16 bytes are the same in every version. */
export interface ForeignInventory {
  readonly store: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly kind: string | null; readonly formatVersion: number | null }[];
}

const ATTEMPTS_MAX = 20;

/** NOT_FOUND, CORRUPT or FORMAT_UNSUPPORTED where the manifest cannot be read. A writer may be at work beside it. */
export async function inspectDatabase(store: Store): Promise<Inventory> {
  for (let attempt = 1; ; attempt++) {
    const root = await store.root.read();
    if (root === null) throw new ElanusError('NOT_FOUND', 'there is no database here', { store: store.sharedUrl });
    const manifest = decodeManifest(root);
    const found = await new Inspection(store, manifest, root.length).run();
    // What a commit dropped meanwhile looks as if it were missing.
    if (attempt === ATTEMPTS_MAX || sameBytes(root, await store.root.read())) return found;
  }
}

/** Every file by its preamble alone. */
export async function inspectForeign(store: Store): Promise<ForeignInventory> {
  const files: ForeignInventory['files'][number][] = [];
  const add = (name: string, bytes: Uint8Array, size: number): void => {
    const preamble = readPreamble(bytes);
    files.push({ name, bytes: size, kind: preamble && (KIND_NAME.get(preamble.kind) ?? `kind ${preamble.kind}`), formatVersion: preamble?.version ?? null });
  };
  const root = await store.root.read();
  if (root) add('root', root, root.length);
  for (const name of (await store.list()).sort()) {
    const size = await store.size(name);
    add(name, await store.read(name, 0, Math.min(size, 16)), size);
  }
  for (const name of (await store.logs.list()).sort()) {
    const bytes = await store.logs.read(name);
    add(name, bytes, bytes.length);
  }
  return { store: store.sharedUrl ?? 'memory:', files };
}

/** The wall clock's part of a timestamp. */
export const timeOf = (timestamp: bigint): string => {
  const date = new Date(Number(timestamp >> 18n));
  return timestamp === 0n || Number.isNaN(date.getTime()) ? '' : date.toISOString();
};

class Inspection {
  readonly #store: Store;
  readonly #manifest: Manifest;
  readonly #rootBytes: number;
  readonly #sizes = new Map<string, number>();
  readonly #logSizes = new Map<string, number>();

  constructor(store: Store, manifest: Manifest, rootBytes: number) {
    this.#store = store;
    this.#manifest = manifest;
    this.#rootBytes = rootBytes;
  }

  async run(): Promise<Inventory> {
    const store = this.#store;
    const manifest = this.#manifest;
    for (const name of await store.list()) this.#sizes.set(name, await store.size(name).catch(() => 0));
    const logNames = await store.logs.list();
    const collections: CollectionInventory[] = [];
    for (const entry of manifest.collections) collections.push(await this.#collection(entry, logNames));
    const garbage = await this.#garbage(logNames);
    const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);
    return {
      store: store.sharedUrl ?? 'memory:',
      manifest: {
        formatVersion: MANIFEST_VERSION,
        bytes: this.#rootBytes,
        version: manifest.version,
        epoch: manifest.epoch,
        lastTimestamp: String(manifest.lastTimestamp),
        lastTime: timeOf(manifest.lastTimestamp),
      },
      databases: manifest.databases.map(({ databaseId, name }) => ({ databaseId, name, collections: manifest.collections.filter((entry) => entry.databaseId === databaseId).length })),
      aliases: manifest.aliases.map((alias) => ({
        database: this.#databaseName(alias.databaseId),
        name: alias.name,
        collection: manifest.collections.find(({ collectionId }) => collectionId === alias.collectionId)?.name ?? '',
      })),
      collections,
      snapshots: manifest.snapshots.map(({ name, timestamp, collection }) => ({
        database: this.#databaseName(collection.databaseId),
        collection: collection.name,
        name,
        time: timeOf(timestamp),
        segments: collection.segments.length,
        rows: sum(collection.segments.map(({ rows, deletedRows }) => rows - deletedRows)),
        ownBytes: sum([...this.#onlyIn(collection)].map((file) => this.#sizes.get(file) ?? 0)),
      })),
      garbage,
      totals: {
        collections: collections.length,
        segments: sum(collections.map(({ segments }) => segments.length)),
        rows: sum(collections.map(({ rows }) => rows)),
        deletedRows: sum(collections.map(({ deletedRows }) => deletedRows)),
        files: this.#sizes.size,
        fileBytes: sum(this.#sizes.values()),
        logs: logNames.length,
        logBytes: sum(this.#logSizes.values()),
      },
    };
  }

  #databaseName(databaseId: number): string {
    return this.#manifest.databases.find((database) => database.databaseId === databaseId)?.name ?? String(databaseId);
  }

  async #collection(entry: CollectionEntry, logNames: readonly string[]): Promise<CollectionInventory> {
    const segments: SegmentInventory[] = [];
    for (const segment of entry.segments) segments.push(await this.#segment(entry, segment));
    const logs: LogInventory[] = [];
    for (const { name } of logsOf(entry, logNames)) logs.push(await this.#log(name));
    const rows = entry.segments.reduce((sum, segment) => sum + segment.rows, 0);
    return {
      collectionId: entry.collectionId,
      database: this.#databaseName(entry.databaseId),
      name: entry.name,
      created: timeOf(entry.createdTimestamp),
      schema: entry.schema,
      indexes: entry.indexes,
      scalarIndexes: entry.scalarIndexes ?? [],
      properties: entry.properties,
      horizon: String(entry.horizon),
      nextAutoId: String(entry.nextAutoId),
      partitions: entry.partitions.map(({ partitionId, name }) => {
        const own = entry.segments.filter((segment) => segment.partitionId === partitionId);
        return { partitionId, name, segments: own.length, rows: own.reduce((sum, segment) => sum + segment.rows, 0) };
      }),
      segments,
      logs,
      rows,
      deletedRows: entry.segments.reduce((sum, { deletedRows }) => sum + deletedRows, 0),
      fileBytes: filesOf(entry).reduce((sum, file) => sum + (this.#sizes.get(file) ?? 0), 0),
    };
  }

  async #segment({ schema }: CollectionEntry, segment: SegmentEntry): Promise<SegmentInventory> {
    const size = (file: string): number | null => this.#sizes.get(file) ?? null;
    const head = size(segment.file) === null ? null : await this.#store.read(segment.file, 0, Math.min(16, size(segment.file)!)).catch(() => null);
    return {
      segmentId: segment.segmentId,
      partitionId: segment.partitionId,
      schemaVersion: segment.schemaVersion,
      rows: segment.rows,
      deletedRows: segment.deletedRows,
      minTime: timeOf(segment.minTimestamp),
      maxTime: timeOf(segment.maxTimestamp),
      file: segment.file,
      bytes: size(segment.file),
      formatVersion: (head && readPreamble(head)?.version) ?? null,
      deletes: segment.deletesFile === null ? null : { file: segment.deletesFile, bytes: size(segment.deletesFile) },
      indexes: segment.indexes.map(({ fieldId, spec, file }) => ({
        field: schema.fields.find((field) => field.fieldId === fieldId)?.name ?? String(fieldId),
        type: spec.type,
        metric: spec.metric,
        file,
        bytes: size(file),
      })),
      scalarIndexes: (segment.scalarIndexes ?? []).map(({ name, type, file }) => ({ name, type, file, bytes: size(file) })),
    };
  }

  async #log(name: string): Promise<LogInventory> {
    const bytes = await this.#store.logs.read(name);
    this.#logSizes.set(name, bytes.length);
    try {
      const contents = readLog(name, bytes, {});
      return { name, bytes: bytes.length, records: contents?.records.length ?? 0, isEnded: contents?.ended ?? false };
    } catch {
      return { name, bytes: bytes.length, records: null, isEnded: false };
    }
  }

  async #garbage(logNames: readonly string[]): Promise<Inventory['garbage'][number][]> {
    const named = namedFiles(this.#manifest);
    const garbage: Inventory['garbage'][number][] = [];
    for (const [name, bytes] of this.#sizes) if (parseFileName(name) && !named.has(name)) garbage.push({ name, bytes });
    for (const name of logNames) {
      if (this.#logSizes.has(name) || !parseLogName(name)) continue;
      const bytes = (await this.#store.logs.read(name)).length;
      this.#logSizes.set(name, bytes);
      garbage.push({ name, bytes });
    }
    return garbage;
  }

  /** Files of a snapshot that no live collection names. */
  #onlyIn(collection: CollectionEntry): Set<string> {
    const live = new Set(this.#manifest.collections.flatMap(filesOf));
    return new Set(filesOf(collection).filter((file) => !live.has(file)));
  }
}
