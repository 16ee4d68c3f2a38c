/** The database's only root: what collections there are and which files hold them. Plain data; `codec.ts` writes it down. */
import type { IndexSpec, Schema } from '../../schema/types.ts';

export interface Manifest {
  /** Grows by one with every commit. */
  readonly version: number;
  /** The writer's; a commit under an old epoch is refused. Grows with every opening for writing. */
  readonly epoch: number;
  /** Every timestamp given out before this manifest is at most this. */
  readonly lastTimestamp: bigint;
  readonly nextCollectionId: number;
  /** Names segments, and generations of index and delete files. */
  readonly nextFileId: number;
  readonly collections: readonly CollectionEntry[];
}

export interface CollectionEntry {
  readonly collectionId: number;
  readonly name: string;
  readonly schema: Schema;
  readonly createdTimestamp: bigint;
  /** Indexes by fieldId as a decimal string. */
  readonly indexes: Readonly<Record<string, IndexSpec>>;
  /** The next auto id; ids in logs not yet sealed may be beyond it. */
  readonly nextAutoId: bigint;
  /** Logs of this generation and later are replayed; earlier ones are garbage. */
  readonly firstLogGeneration: number;
  readonly partitions: readonly { readonly partitionId: number; readonly name: string }[];
  readonly segments: readonly SegmentEntry[];
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
}

export interface SegmentIndexEntry {
  readonly fieldId: number;
  readonly spec: IndexSpec;
  readonly file: string;
  readonly fileBytes: number;
}
