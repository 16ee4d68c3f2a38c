/**
 * The log of a collection as the engine sees it: a write goes in, and comes out with its timestamp once it is acknowledged and
 * applied. `single-writer-log.ts` is the one for stores that one process writes.
 */
import type { ColumnBatch, Keys } from '../schema/column.ts';
import type { LogRecord } from './log-record.ts';

/** A write before the log has given it a timestamp, and auto ids where the key has them. */
export type Draft =
  | { readonly kind: 'insert'; readonly partitionId: number; readonly schemaVersion: number; readonly batch: ColumnBatch }
  | { readonly kind: 'delete'; readonly partitionId: number; readonly schemaVersion: number; readonly keys: Keys; readonly isPurge: boolean };

/** A write that was acknowledged and is visible. */
export interface Written {
  readonly record: LogRecord;
  /** Rows that it added or hid. */
  readonly count: number;
}

export interface AppendOptions {
  /** Write only if the log's last record is this one still: what was read at that position is then what is there. Otherwise nothing happens. */
  readonly ifSequence: number;
}

/** What a log does to the collection that it belongs to. */
export interface LogTarget {
  /** False: the record is about what the collection does not know yet, because another tab has changed it. */
  canApply(record: LogRecord): boolean;
  /** How many rows a record would hide or add. */
  estimate(record: LogRecord): number;
  /** Makes a record's effect visible. Answers how many rows it hid or added. */
  apply(record: LogRecord): number;
  /** The auto ids that a batch has already, because an upsert named them; null where it needs some. */
  givenIds(batch: ColumnBatch): BigInt64Array | null;
  /** Puts auto ids, from `first` on, into a batch that has no key column. */
  withAutoIds(batch: ColumnBatch, first: bigint): ColumnBatch;
  /** A record has been applied that is new: not one of those that were there at the opening. */
  applied(record: LogRecord, count: number, isLocal: boolean): void;
  /** What is applied from now on is of that generation; what was applied before is to be sealed. */
  freeze(generation: number): void;
}

export interface WriteLog {
  /** The next auto id; the manifest is told at each seal. */
  readonly nextAutoId: bigint;
  /** Grows by one with every write that is applied. */
  readonly sequence: number;
  /** Bytes that are not sealed yet. */
  byteLength(): Promise<number>;
  /**
   * Logs a write and applies it, after all that was written before. Resolved: the medium has acknowledged it, and reads see it.
   * Rejects with the store's error where this very write failed, POISONED where an earlier one did.
   */
  write(draft: Draft): Promise<Written>;
  /** Null: the condition did not hold. `latest`, and then it may hold for the sequence number that is there. */
  write(draft: Draft, options: AppendOptions): Promise<Written | null>;
  /** Ends the generation: calls `freeze` between what was written before and after the call. Resolved: its log is ended. */
  rotate(): Promise<void>;
  /** Logs before the first generation that the manifest names have been dropped. */
  sealed(): void;
  /** Resolves when what was written before the call is applied, or has failed. */
  settled(): Promise<void>;
  /**
   * Resolves when what anyone had written before the call is applied. `orFail`: rejects where that waits for a newer manifest,
   * which only those need not follow who maintain the collection.
   */
  latest(options?: { readonly orFail: boolean }): Promise<void>;
  /** POISONED where no write can succeed any more. */
  assertWritable(): void;
  /** Waits for what is under way and ends the log; writes are refused by the caller before. */
  close(): Promise<void>;
}
