/**
 * The log where one process writes: timestamps come from its clock, records go to a framed log of the store, and what is
 * acknowledged is applied in the order in which it was written.
 */
import { logName } from '../storage/names.ts';
import type { Store } from '../storage/store.ts';
import { LogWriter, RECORD_BYTES_MAX, type Durability } from '../storage/wal/index.ts';
import { ElanusError } from '../util/error.ts';
import type { Clock } from './clock.ts';
import { encodeLogHeader } from './log-header.ts';
import { encodeLogRecord, type LogRecord } from './log-record.ts';
import type { AppendOptions, Draft, LogTarget, WriteLog, Written } from './write-log.ts';

export interface SingleWriterLogOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly durability: Durability;
  readonly collectionId: number;
  /** What a new log is to say of the collection: see `log-header.ts`. */
  readonly manifest: () => Uint8Array;
  /** For errors. */
  readonly name: () => string;
  readonly hasAutoIds: boolean;
}

/** What recovery found in the logs that there are. */
export interface LogRecovery {
  /** Writes go to this generation. */
  readonly generation: number;
  readonly nextAutoId: bigint;
  readonly byteLength: number;
}

export class SingleWriterLog implements WriteLog {
  readonly #options: SingleWriterLogOptions;
  readonly #target: LogTarget;
  #generation: number;
  #nextAutoId: bigint;
  #recoveredBytes: number;
  /** Of this generation, once there is one. */
  #writer: Promise<LogWriter> | null = null;
  /** Writes take effect in the order in which they were logged. Never rejects. */
  #applied: Promise<void> = Promise.resolve();
  #poison: unknown = null;
  /** Writes begun, and of those the ones applied. */
  #begun = 0;
  #sequence = 0;

  constructor(options: SingleWriterLogOptions, target: LogTarget, { generation, nextAutoId, byteLength }: LogRecovery) {
    this.#options = options;
    this.#target = target;
    this.#generation = generation;
    this.#nextAutoId = nextAutoId;
    this.#recoveredBytes = byteLength;
  }

  get nextAutoId(): bigint {
    return this.#nextAutoId;
  }

  async byteLength(): Promise<number> {
    return this.#recoveredBytes + (this.#writer ? await this.#writer.then((writer) => writer.byteLength, () => 0) : 0);
  }

  get sequence(): number {
    return this.#sequence;
  }

  async write(draft: Draft): Promise<Written>;
  async write(draft: Draft, options: AppendOptions): Promise<Written | null>;
  async write(draft: Draft, options?: AppendOptions): Promise<Written | null> {
    this.assertWritable();
    if (options && options.ifSequence !== this.#begun) return null;
    const record = this.#complete(draft);
    const bytes = encodeLogRecord(record);
    if (bytes.length > RECORD_BYTES_MAX) {
      throw new ElanusError('INVALID_ARGUMENT', `one write expected at most ${RECORD_BYTES_MAX} bytes, got ${bytes.length}: split it into several`, { byteLength: bytes.length });
    }
    this.#begun++;
    const durable = this.#open().then((writer) => writer.append(bytes));
    const before = this.#applied;
    const applied = (async () => {
      try {
        await durable;
      } finally {
        await before;
      }
      this.assertWritable();
      this.#sequence++;
      const count = this.#target.apply(record);
      this.#target.applied(record, count, true);
      return { record, count };
    })();
    this.#applied = applied.then(
      () => {},
      (error: unknown) => {
        this.#poison ??= error;
      },
    );
    return applied;
  }

  #complete(draft: Draft): LogRecord {
    const timestamp = this.#options.clock.next();
    if (draft.kind === 'delete' || !this.#options.hasAutoIds) return { ...draft, timestamp };
    const given = this.#target.givenIds(draft.batch);
    if (given) {
      for (const id of given) if (id >= this.#nextAutoId) this.#nextAutoId = id + 1n;
      return { ...draft, timestamp };
    }
    const first = this.#nextAutoId;
    this.#nextAutoId = first + BigInt(draft.batch.rows);
    return { ...draft, timestamp, batch: this.#target.withAutoIds(draft.batch, first) };
  }

  #open(): Promise<LogWriter> {
    if (this.#writer) return this.#writer;
    const { collectionId, durability, store } = this.#options;
    const header = encodeLogHeader({ collectionId, generation: this.#generation, manifest: this.#options.manifest() });
    this.#writer = LogWriter.create(store, logName(collectionId, this.#generation), header, durability);
    return this.#writer;
  }

  async rotate(): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    const generation = ++this.#generation;
    this.#applied = this.#applied.then(() => this.#target.freeze(generation));
    await this.#applied;
    if (writer) await (await writer).end();
  }

  sealed(): void {
    this.#recoveredBytes = 0;
  }

  settled(): Promise<void> {
    return this.#applied;
  }

  latest(): Promise<void> {
    return this.#applied;
  }

  assertWritable(): void {
    if (this.#poison) {
      throw new ElanusError('POISONED', `an earlier write to collection "${this.#options.name()}" failed; reads go on, writes are refused until the database is closed and opened again`, {}, { cause: this.#poison });
    }
  }

  async close(): Promise<void> {
    await this.#applied;
    const writer = this.#writer;
    this.#writer = null;
    if (writer && !this.#poison) await (await writer).end();
  }
}
