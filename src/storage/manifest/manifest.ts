/** The database's only root: what collections there are and which files hold them. Plain data; `codec.ts` writes it down. */
import type { IndexSpec, ScalarIndexSpec, Schema } from '../../schema/types.ts';

export interface Manifest {
  /** Grows by one with every commit. */
  readonly version: number;
  /** The writer's; a commit under an old epoch is refused. Grows with every opening for writing. */
  readonly epoch: number;
  /** Every timestamp given out before this manifest is at most this. */
  readonly lastTimestamp: bigint;
  readonly nextDatabaseId: number;
  readonly nextCollectionId: number;
  /** Names segments, and generations of index and delete files. */
  readonly nextFileId: number;
  /** Namespaces of collections; the first is `default`, which is always there. */
  readonly databases: readonly DatabaseEntry[];
  readonly aliases: readonly AliasEntry[];
  readonly collections: readonly CollectionEntry[];
  readonly snapshots: readonly SnapshotEntry[];
}

export const DEFAULT_DATABASE_ID = 0;
export const DEFAULT_DATABASE_NAME = 'default';

export interface DatabaseEntry {
  readonly databaseId: number;
  readonly name: string;
  readonly createdTimestamp: bigint;
}

/** Another name of a collection, in the same database. */
export interface AliasEntry {
  readonly databaseId: number;
  readonly name: string;
  readonly collectionId: number;
}

/** A collection as it was, under a name. Its files stay as long as this entry does. */
export interface SnapshotEntry {
  /** Unique within the database of the collection. */
  readonly name: string;
  readonly description?: string;
  /** Writes up to it are in the snapshot. */
  readonly timestamp: bigint;
  readonly createdTimestamp: bigint;
  /** Everything in it is sealed: it has no logs. */
  readonly collection: CollectionEntry;
}

export const DEFAULT_PARTITION_ID = 0;
export const DEFAULT_PARTITION_NAME = '_default';

export interface PartitionEntry {
  /** Never reused within a collection. */
  readonly partitionId: number;
  readonly name: string;
  readonly createdTimestamp: bigint;
}

/** What a collection may be told beside its schema. */
export interface CollectionProperties {
  /** Rows expire so long after their insert. */
  readonly ttlSeconds?: number;
  /** Searches must name one partition key. */
  readonly partitionKeyIsolation?: boolean;
}

export interface CollectionEntry {
  readonly collectionId: number;
  readonly databaseId: number;
  /** Unique within its database, aliases among them. */
  readonly name: string;
  readonly schema: Schema;
  readonly createdTimestamp: bigint;
  /** Indexes by fieldId as a decimal string. */
  readonly indexes: Readonly<Record<string, IndexSpec>>;
  /** Of scalar fields and of places in JSON, by name; absent: none. */
  readonly scalarIndexes?: readonly ScalarIndexEntry[];
  /** The next auto id; ids in logs not yet sealed may be beyond it. */
  readonly nextAutoId: bigint;
  /** Logs of this generation and later are replayed; earlier ones are garbage. */
  readonly firstLogGeneration: number;
  readonly properties: CollectionProperties;
  /** Reads of the past are answered from here on; what was deleted up to it may be gone. */
  readonly horizon: bigint;
  readonly nextPartitionId: number;
  /** With a partition key there is one for each of its buckets. */
  readonly partitions: readonly PartitionEntry[];
  readonly segments: readonly SegmentEntry[];
}

/** A scalar index that was asked for. At most one of a field, and one of each path in it. */
export interface ScalarIndexEntry {
  /** Unique within the collection. */
  readonly name: string;
  readonly fieldId: number;
  /** Keys and positions inside a JSON field; absent: the field. */
  readonly path?: readonly (string | number)[];
  /** Complete. */
  readonly spec: ScalarIndexSpec;
}

export interface SegmentEntry {
  readonly segmentId: number;
  readonly partitionId: number;
  readonly schemaVersion: number;
  readonly rows: number;
  readonly minTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly file: string;
  readonly fileBytes: number;
  /** Deletes that hit this segment's rows; null: none. */
  readonly deletesFile: string | null;
  readonly deletedRows: number;
  readonly indexes: readonly SegmentIndexEntry[];
  /** Absent: none. */
  readonly scalarIndexes?: readonly SegmentScalarIndexEntry[];
}

/** What was built over a segment for an index of the collection, as that was then. */
export interface SegmentScalarIndexEntry extends ScalarIndexEntry {
  /** What it is: that of the spec, or what AUTOINDEX picked. */
  readonly type: string;
  readonly file: string;
  readonly fileBytes: number;
}

export interface SegmentIndexEntry {
  readonly fieldId: number;
  readonly spec: IndexSpec;
  readonly file: string;
  readonly fileBytes: number;
}

/** Of a database that has just been made. */
export const EMPTY_MANIFEST: Manifest = {
  version: 0,
  epoch: 0,
  lastTimestamp: 0n,
  nextDatabaseId: 1,
  nextCollectionId: 1,
  nextFileId: 1,
  databases: [{ databaseId: DEFAULT_DATABASE_ID, name: DEFAULT_DATABASE_NAME, createdTimestamp: 0n }],
  aliases: [],
  collections: [],
  snapshots: [],
};
