/**
 * Where a database's bytes live. One small interface, one contract suite (`test/contract/store.ts`), one
 * implementation per medium; encryption and fault injection are decorators. What each medium promises is in
 * `docs/media.md`. A store knows nothing of what the bytes mean.
 *
 * Names are made by `names.ts` alone: `[A-Za-z0-9._-]{1,128}`, flat, no folders.
 */

import type { SharedAccess } from './shared/shared.ts';

export interface StoreEstimate {
  /** Bytes in use, as far as the medium can tell. */
  readonly usage: number;
  /** Bytes that may be used in all; null when unknown. */
  readonly quota: number | null;
  /** Whether the medium keeps the bytes until somebody removes them; null where that cannot be said, or where nothing is kept. */
  readonly persisted: boolean | null;
}

/** Exclusive right to write. Released once; a process or tab that dies releases it by dying. */
export interface StoreLock {
  release(): Promise<void>;
}

/** Append-only byte streams. A log is born by its first append. */
export interface StoreLogs {
  /**
   * Adds bytes at the end of the log. Resolved: the bytes are readable and in order, not necessarily durable.
   * The bytes are copied or written before it resolves; the caller may reuse the buffer afterwards. With `durable` it
   * resolves as if `sync` had followed, which some media do in one step.
   */
  append(name: string, bytes: Uint8Array, durable?: boolean): Promise<void>;
  /** Resolved: everything appended before the call survives power loss, as the medium understands it. */
  sync(name: string): Promise<void>;
  /** The whole log; empty when it does not exist. */
  read(name: string): Promise<Uint8Array>;
  /** Removes the log; no error when it does not exist. */
  drop(name: string): Promise<void>;
  /** Names of the logs there are, in no order. */
  list(): Promise<string[]>;
}

/** The one mutable record. */
export interface StoreRoot {
  /** The current root, or null in a store where none was ever written. */
  read(): Promise<Uint8Array | null>;
  /**
   * Replaces the root by `next` if it is byte for byte `expected` (null: there is none), atomically and durably.
   * Anything else there is `LOCKED`: another writer was here.
   */
  swap(expected: Uint8Array | null, next: Uint8Array): Promise<void>;
}

export interface Store {
  /** `file:/abs/path`, `idb:NAME`, `opfs:NAME` or `local:NAME`: what another thread needs to open the same store; null when it cannot. */
  readonly sharedUrl: string | null;
  /**
   * Bytes [from, to) of a file; the whole file by default. NOT_FOUND when there is none, CORRUPT when it is shorter.
   * The buffer is the caller's own: exactly that long, at byteOffset 0.
   */
  read(name: string, from?: number, to?: number): Promise<Uint8Array>;
  /**
   * Ranges of `byteLength` bytes of a file, from each of `offsets` on, back to back into `target`, at once, where the medium has
   * them at hand: a file system whose page cache holds what was read before needs a microsecond for what takes ten through
   * a promise. False: it cannot, `read` can. CORRUPT when the file is shorter.
   */
  readNow(name: string, offsets: ArrayLike<number>, byteLength: number, target: Uint8Array): boolean;
  /** Length of a file in bytes. NOT_FOUND when there is none. */
  size(name: string): Promise<number>;
  /** Makes an immutable file of the chunks in turn. Resolved: durable under that name, whole. ALREADY_EXISTS when taken. */
  write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Removes a file; no error when it does not exist. Reads under way may fail with NOT_FOUND. */
  remove(name: string): Promise<void>;
  /** Names of the files there are, in no order; logs and root not among them. Half-written files are not shown. */
  list(): Promise<string[]>;
  readonly logs: StoreLogs;
  readonly root: StoreRoot;
  /**
   * For several engines that write at once, in tabs of a browser: logs to share instead of `logs`, and who maintains the database
   * instead of `lock`. Null: there is one writer.
   */
  readonly shared: SharedAccess | null;
  /** Takes the writer's lock, or LOCKED at once, with what is known of the holder in `detail`. */
  lock(): Promise<StoreLock>;
  estimate(): Promise<StoreEstimate>;
  /** Gives back handles. No call may be under way. */
  close(): Promise<void>;
  /** Removes the database with everything in it. The store is closed afterwards. */
  destroy(): Promise<void>;
}
