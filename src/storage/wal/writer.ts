/**
 * Appends records to one log. Concurrent appends are committed as a group, in the order of the calls: while one group
 * is being made durable the next one gathers. Once a write failed nothing more is written (what the medium holds is
 * not known any more) and every later append is refused as `POISONED`; the log is still good up to what was
 * acknowledged.
 */
import { joinBytes } from '../../util/bytes.ts';
import { ElanusError, isElanusError } from '../../util/error.ts';
import { encodePreamble, PREAMBLE_BYTES } from '../preamble.ts';
import type { Store } from '../store.ts';
import { FORMAT_VERSION, RECORD_BYTES_MAX } from './format.ts';
import { frameEnd, frameRecords } from './frame.ts';

export type Durability = 'strict' | 'relaxed';

interface Waiting {
  /** null: no record, only a wait for everything before it to be durable. */
  readonly record: Uint8Array | null;
  readonly isDurable: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class LogWriter {
  readonly name: string;
  readonly #store: Store;
  readonly #header: Uint8Array;
  readonly #durability: Durability;
  #byteLength = 0;
  /** All of them are durable. */
  #isSynced = false;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #isEnded = false;
  #failed: unknown = null;

  private constructor(store: Store, name: string, header: Uint8Array, durability: Durability) {
    this.name = name;
    this.#store = store;
    this.#header = header.slice();
    this.#durability = durability;
  }

  /**
   * A writer of a new log; ALREADY_EXISTS when the name is taken. The log itself is born by the first append, header
   * first: a writer that never wrote leaves nothing behind.
   */
  static async create(store: Store, name: string, header: Uint8Array, durability: Durability): Promise<LogWriter> {
    if ((await store.logs.list()).includes(name)) throw new ElanusError('ALREADY_EXISTS', `"${name}" expected to be a new log, got one that is there`, { name });
    return new LogWriter(store, name, header, durability);
  }

  /** Bytes in the log, those of appends under way not counted. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** The first failure of a write; null while all is well. */
  get failed(): unknown | null {
    return this.#failed;
  }

  /**
   * Resolves when the record is acknowledged: durable under `strict`, handed to the store under `relaxed`. The bytes
   * must not change until then. Rejects with the store's error if this very write failed (the record may or may not
   * be found later), with POISONED if an earlier one did (it will not be found).
   */
  append(record: Uint8Array): Promise<void> {
    if (record.length > RECORD_BYTES_MAX) {
      return Promise.reject(new ElanusError('INVALID_ARGUMENT', `"record" expected at most ${RECORD_BYTES_MAX} bytes, got ${record.length}`, { byteLength: record.length }));
    }
    return this.#enqueue(record, this.#durability === 'strict');
  }

  /** Resolves when everything appended before the call is durable. */
  sync(): Promise<void> {
    return this.#enqueue(null, true);
  }

  /** Waits for what is under way, writes the end record and makes it durable. Appends are refused afterwards. */
  async end(): Promise<void> {
    const flushed = this.sync();
    this.#isEnded = true;
    await flushed;
    if (this.#byteLength === 0) return;
    const bytes = frameEnd(this.#byteLength);
    await this.#guarded(async () => {
      await this.#store.logs.append(this.name, bytes, true);
      this.#byteLength += bytes.length;
    });
  }

  #enqueue(record: Uint8Array | null, isDurable: boolean): Promise<void> {
    if (this.#failed !== null) return Promise.reject(this.#poisoned());
    if (this.#isEnded) return Promise.reject(new ElanusError('CLOSED', `"${this.name}" was ended and takes no more records`, { name: this.name }));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, isDurable, resolve, reject });
      if (!this.#isWriting) void this.#writeGroups();
    });
  }

  async #writeGroups(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#guarded(() => this.#writeGroup(group));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
        for (const { reject } of this.#waiting) reject(this.#poisoned());
        this.#waiting = [];
      }
    }
    this.#isWriting = false;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const records = group.flatMap(({ record }) => (record === null ? [] : [record]));
    const isDurable = group.some((waiting) => waiting.isDurable);
    if (records.length === 0) {
      if (isDurable && this.#byteLength > 0) {
        await this.#store.logs.sync(this.name);
        this.#isSynced = true;
      }
      return;
    }
    const isBirth = this.#byteLength === 0;
    const frames = frameRecords(isBirth ? [this.#header, ...records] : records, isBirth ? PREAMBLE_BYTES : this.#byteLength, this.#isSynced);
    this.#isSynced = false;
    let prefix: Uint8Array | null = isBirth ? encodePreamble('log', FORMAT_VERSION) : null;
    for (let frame = frames.next(); ; ) {
      if (frame.done) {
        this.#byteLength = frame.value;
        break;
      }
      const bytes = prefix === null ? frame.value : joinBytes([prefix, frame.value]);
      prefix = null;
      frame = frames.next();
      // The last piece carries the sync for those before it.
      await this.#store.logs.append(this.name, bytes, isDurable && frame.done === true);
    }
    this.#isSynced = isDurable;
  }

  async #guarded(write: () => Promise<void>): Promise<void> {
    if (this.#failed !== null) throw this.#poisoned();
    try {
      await write();
    } catch (error) {
      this.#failed = error;
      throw error;
    }
  }

  #poisoned(): ElanusError {
    const code = isElanusError(this.#failed) ? this.#failed.code : 'STORAGE';
    return new ElanusError('POISONED', `"${this.name}" refuses writes since one failed (${code}); reads go on, reopen to write again`, { name: this.name, causeCode: code }, { cause: this.#failed });
  }
}
