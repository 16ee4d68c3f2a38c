/**
 * What a store has whose database several tabs use at once, each with an engine of its own: logs that all of them append to,
 * and a way to agree on who maintains the rest. A store with one writer has none of it (`Store.shared` is null) and has a lock.
 */
import type { SharedHead, SharedRecord } from './format.ts';

/** One write before the log has given it its place. */
export interface SharedDraft {
  readonly payload: Uint8Array;
  /** CRC32C of the payload, reckoned before the transaction begins. */
  readonly payloadCrc: number;
  /** So many auto ids are its own; 0: none. */
  readonly autoIds: number;
  /** It names auto ids up to below this one itself; absent: none. */
  readonly idsBelow?: bigint;
  /** Append only if the last record of the log is this one; otherwise nothing happens and the answer is null. */
  readonly ifSequence?: number;
}

/** The place that a write got. */
export type SharedPlace = Pick<SharedRecord, 'generation' | 'sequence' | 'timestamp' | 'firstAutoId'>;

export interface SharedAppendOptions {
  /** Resolved: it survives a loss of power. */
  readonly isDurable: boolean;
  /** Timestamps are later than this one. */
  readonly after: bigint;
  /** How a log begins that has no records yet. */
  readonly birth: { readonly generation: number; readonly nextAutoId: bigint };
}

/**
 * A log per collection, a clock for all of them. Each call is one transaction: it happens whole or not at all, after all that
 * completed before it, whichever tab asks.
 */
export interface SharedLogs {
  /** Appends in this order. Timestamps and sequence numbers grow from append to append. NOT_FOUND where the log was ended, UNAVAILABLE where it is held. */
  append(collectionId: number, drafts: readonly SharedDraft[], options: SharedAppendOptions): Promise<(SharedPlace | null)[]>;
  /**
   * The head, and all records of this generation and later ones whose sequence number is above `after`. Null: the log has no head.
   * `after` is 0 for all. Who misses records that were dropped sees that by their numbers, or by `head.firstGeneration`.
   */
  read(collectionId: number, generation: number, after: number): Promise<{ readonly head: SharedHead; readonly records: SharedRecord[] } | null>;
  /** The number of the last record; 0 where there is none. */
  lastSequence(collectionId: number): Promise<number>;
  /** Begins the next generation, which later appends go to; answers it. */
  rotate(collectionId: number, birth: SharedAppendOptions['birth']): Promise<number>;
  /** Removes records of generations before this one. */
  drop(collectionId: number, generation: number): Promise<void>;
  /** Takes no more until `letGo`. NOT_FOUND where the log was ended. */
  hold(collectionId: number, birth: SharedAppendOptions['birth']): Promise<void>;
  letGo(collectionId: number): Promise<void>;
  /** Removes all records and takes no more, for good. */
  end(collectionId: number): Promise<void>;
  /** Collections that have a log which was not ended. */
  list(): Promise<number[]>;
  /** A timestamp later than `after` and than all that were given out; all given out from now on are later than it. */
  tick(after: bigint): Promise<bigint>;
}

/** The right to maintain the database: to commit manifests, write and remove files. One tab has it. */
export interface Lease {
  /** Resolves when another tab has taken the right away, or nothing can be known of it any more. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/** The other tabs that have the database open. A tab that dies leaves no trace. */
export interface Peers {
  /** False where there can be no others, because nothing would keep them apart: a second opening is LOCKED. */
  readonly areSeveral: boolean;
  /**
   * Waits for the lease, in the order of the calls. `ifAvailable`: answers null at once where another tab has it. `steal`: takes
   * it at once from whoever has it, who may be frozen or dead. ABORTED when the signal fires before it is granted.
   */
  lead(options?: { readonly ifAvailable?: boolean; readonly steal?: boolean; readonly signal?: AbortSignal }): Promise<Lease | null>;
  /** Says to all that this tab needs the files of a version of the manifest, until it calls what is answered, or dies. */
  holdVersion(version: number): Promise<() => void>;
  /** The least version that any tab holds; Infinity where none does. */
  oldestVersion(): Promise<number>;
  /** To all other tabs. Structured-cloneable. */
  post(message: unknown): void;
  /** Hears what others post, which is not to be trusted. Answers how to stop. */
  onMessage(listener: (message: unknown) => void): () => void;
}

export interface SharedAccess {
  readonly logs: SharedLogs;
  readonly peers: Peers;
}
