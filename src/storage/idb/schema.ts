/** The object stores of a database in IndexedDB. Changing them needs a new {@link IDB_VERSION} and an upgrade. */
import type { DBSchema } from 'idb';

export const IDB_VERSION = 1;

/** Large enough that records are few, small enough that a read of one block does not copy much. */
export const CHUNK_BYTES = 1024 * 1024;

export interface FileRecord {
  /** Random; names the chunks. */
  readonly id: string;
  /** Length of the file. */
  readonly bytes: number;
}

/** Where the files of a database are: here, or in the origin private file system. Persisted: never change. */
export type FilesIn = 'idb' | 'opfs';

export interface StoreSchema extends DBSchema {
  names: { key: string; value: FileRecord };
  chunks: { key: [id: string, index: number]; value: Uint8Array };
  logs: { key: [name: string, sequence: number] | [name: string, sequence: number, part: number]; value: Uint8Array };
  meta: { key: string; value: Uint8Array | number | FilesIn };
}

/** All keys [first, …]: in IndexedDB's order of keys an array is greater than every number, and a longer one than its beginning. */
export const chunksOf = (id: string): IDBKeyRange => IDBKeyRange.bound([id], [id, []]);
/** Those of sequence numbers above `after`. */
export const recordsOf = (name: string, after = -1): IDBKeyRange => IDBKeyRange.bound([name, after, []], [name, []], true);
