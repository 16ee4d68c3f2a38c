/** Tells of the writes of a collection, if anybody asks. */
import type { ColumnBatch, Keys } from '../schema/column.ts';
import type { RowChange } from './client.ts';
import type { LogRecord } from './log-record.ts';

/** Longer lists of keys are not told. */
const IDS_MAX = 1_000;

export class Changes {
  readonly #emit: (change: RowChange) => void;
  readonly #keysOf: (batch: ColumnBatch) => Keys;
  #watchers = 0;

  constructor(emit: (change: RowChange) => void, keysOf: (batch: ColumnBatch) => Keys) {
    this.#emit = emit;
    this.#keysOf = keysOf;
  }

  watch(isOn: boolean): void {
    this.#watchers = Math.max(0, this.#watchers + (isOn ? 1 : -1));
  }

  /** To be called when a record's effect is visible. */
  applied(record: LogRecord, count: number, isLocal: boolean): void {
    if (this.#watchers === 0) return;
    const keys = record.kind === 'insert' ? this.#keysOf(record.batch) : record.keys;
    // A copy: what is told may be given to another thread.
    this.#emit({ kind: record.kind, count, ids: keys.length <= IDS_MAX ? keys.slice() : null, timestamp: record.timestamp, isLocal });
  }

  /** The collection has been brought to a newer manifest without its records. */
  missed(timestamp: bigint): void {
    if (this.#watchers > 0) this.#emit({ kind: 'missed', count: 0, ids: null, timestamp, isLocal: false });
  }
}
