/**
 * Logs in sealed records, one for each append, or several for a long one. A record is bound to its number in the log, and says which
 * root was the newest when it was written: a root that an older one was put in the place of is found by that.
 *
 *     0          16     48
 *     | preamble | salt | records …
 *     | kind 9   |      |
 *
 *     0        4        8        16      28     29                 + 16  + 1
 *     | crc32c | length | root   | nonce | 0xE1 | length bytes …  | tag  | 0xE1 |
 *     | of 4-29| u32    | u64    |       | mark | sealed          |      | mark |
 *
 * As in `wal/format.ts` the head has its own checksum, so that a damaged length is not taken for a torn end; and head and record
 * each end in a byte that is not zero, so that an end which the medium left zero is told from damage.
 */
import { joinBytes } from '../../util/bytes.ts';
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError } from '../../util/error.ts';
import { checkPreamble, encodePreamble, PREAMBLE_BYTES } from '../preamble.ts';
import { checkName } from '../refusals.ts';
import type { StoreLogs } from '../store.ts';
import { FORMAT_VERSION, VERSIONS } from './format.ts';
import { NONCE_BYTES, randomBytes, SALT_BYTES, seal, TAG_BYTES, unseal, type DataKeys } from './keys.ts';

const START_BYTES = PREAMBLE_BYTES + SALT_BYTES;
const HEAD_BYTES = 29;
const OVERHEAD_BYTES = HEAD_BYTES + TAG_BYTES + 1;
const MARK = 0xe1;
/** Bytes of a longer append go into several records: none is to be held whole more often than needed. */
export const RECORD_BYTES_MAX = 1024 * 1024;

/** What the logs need of the store that they belong to. */
export interface LogHost {
  /** The keys, made if there are none yet. */
  keys(): Promise<DataKeys>;
  /** The keys, or null when nothing was ever written. */
  existingKeys(): Promise<DataKeys | null>;
  /** The sequence number of the newest root that is known; `fresh`: that there is. */
  rootSequence(fresh: boolean): Promise<number>;
}

/** A log that is appended to. */
interface OpenLog {
  readonly key: CryptoKey;
  /** What goes before the next record: the beginning of a log that is not there yet. */
  start: Uint8Array | null;
  records: number;
}

interface Contents {
  readonly key: CryptoKey;
  readonly records: Uint8Array[];
  /** Where the last whole record ends. */
  readonly end: number;
}

export class EncryptedLogs implements StoreLogs {
  readonly #inner: StoreLogs;
  readonly #host: LogHost;
  readonly #isForgiving: boolean;
  readonly #open = new Map<string, OpenLog>();
  /** Appends and drops of each log in the order of the calls. */
  readonly #queues = new Map<string, Promise<unknown>>();

  /** `isForgiving`: a damaged record is answered as bytes that no reader of logs takes for whole, and not as CORRUPT. */
  constructor(inner: StoreLogs, host: LogHost, isForgiving: boolean) {
    this.#inner = inner;
    this.#host = host;
    this.#isForgiving = isForgiving;
  }

  append(name: string, bytes: Uint8Array, durable?: boolean): Promise<void> {
    return this.#queue(name, async () => {
      const log = this.#open.get(name) ?? (await this.#openLog(name));
      // What a failure leaves is not known: look again before the next append.
      this.#open.delete(name);
      const root = await this.#host.rootSequence(false);
      for (let at = 0; ; ) {
        const to = Math.min(at + RECORD_BYTES_MAX, bytes.length);
        const record = await sealRecord(log.key, log.records, root, bytes.subarray(at, to));
        await this.#inner.append(name, log.start ? joinBytes([log.start, record]) : record, durable && to === bytes.length);
        log.start = null;
        log.records++;
        at = to;
        if (at === bytes.length) break;
      }
      this.#open.set(name, log);
    });
  }

  sync(name: string): Promise<void> {
    return this.#queue(name, () => this.#inner.sync(name));
  }

  read(name: string): Promise<Uint8Array> {
    return this.#queue(name, async () => {
      const bytes = await this.#inner.read(name);
      const contents = await this.#contents(name, bytes, this.#isForgiving);
      return contents ? joinBytes(contents.records) : new Uint8Array(0);
    });
  }

  drop(name: string): Promise<void> {
    return this.#queue(name, async () => {
      this.#open.delete(name);
      await this.#inner.drop(name);
    });
  }

  list(): Promise<string[]> {
    return this.#inner.list();
  }

  /**
   * CORRUPT when some log was written under a newer root than the newest one. Asked before this opening's first swap, after which
   * the numbers of a root that is older and its logs would agree again.
   */
  async checkRoots(): Promise<void> {
    for (const name of await this.#inner.list()) {
      const bytes = await this.#inner.read(name);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = START_BYTES; at + HEAD_BYTES <= bytes.length && hasHead(bytes, view, at); at += OVERHEAD_BYTES + view.getUint32(at + 4, true)) await this.#checkRoot(name, view.getBigUint64(at + 8, true));
    }
  }

  async #queue<T>(name: string, work: () => Promise<T>): Promise<T> {
    const previous = this.#queues.get(name) ?? Promise.resolve();
    const mine = previous.then(work, work);
    this.#queues.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(name) === mine) this.#queues.delete(name);
    }
  }

  async #openLog(name: string): Promise<OpenLog> {
    checkName(name);
    const bytes = await this.#inner.read(name);
    if (bytes.length === 0) {
      const keys = await this.#host.keys();
      const salt = randomBytes(SALT_BYTES);
      return { key: await keys.derive(`log ${name}`, salt), start: joinBytes([encodePreamble('encrypted', FORMAT_VERSION), salt]), records: 0 };
    }
    const contents = await this.#contents(name, bytes, false);
    if (contents?.end !== bytes.length) throw new ElanusError('CORRUPT', `log "${name}" ends within a record, so nothing can be appended to it`, { log: name, from: contents?.end ?? 0 });
    return { key: contents.key, start: null, records: contents.records.length };
  }

  /** Null for a log that a crash tore before its first record began. */
  async #contents(name: string, bytes: Uint8Array, isForgiving: boolean): Promise<Contents | null> {
    const written = bytes.findLastIndex((byte) => byte !== 0) + 1;
    if (bytes.length < START_BYTES || written <= PREAMBLE_BYTES) return null;
    checkPreamble(name, bytes, 'encrypted', VERSIONS);
    const keys = await this.#host.existingKeys();
    if (!keys) throw new ElanusError('CORRUPT', `log "${name}" is there, but no root that says how to decrypt it`, { log: name });
    const key = await keys.derive(`log ${name}`, bytes.subarray(PREAMBLE_BYTES, START_BYTES));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const records: Uint8Array[] = [];
    let at = START_BYTES;
    for (; at < bytes.length; ) {
      let plain: Uint8Array | null = null;
      /** Bytes of the record, where its head is whole. */
      let length: number | null = null;
      /** Where the part ends whose last byte cannot be zero. */
      let end = at + HEAD_BYTES;
      if (end <= bytes.length && hasHead(bytes, view, at)) {
        length = view.getUint32(at + 4, true);
        end = at + OVERHEAD_BYTES + length;
        if (bytes[end - 1] === MARK) plain = await unseal(key, bytes.subarray(at + 16, at + 16 + NONCE_BYTES), bytes.subarray(at + HEAD_BYTES, end - 1), associated(records.length, bytes.subarray(at + 4, at + 16)));
      }
      if (!plain) {
        // Torn: the end of the log is missing, or was never written and is zero.
        if (end > bytes.length || written < end) break;
        if (!isForgiving) throw new ElanusError('CORRUPT', `log "${name}" has a record that was changed since it was encrypted, or is not in its place`, { log: name, from: at, to: end });
        // No checksum of a log is of such bytes. Where the next record begins is known where the head is whole.
        records.push(new Uint8Array(length ?? bytes.length - at).fill(0xff));
        at = length === null ? bytes.length : end;
        continue;
      }
      await this.#checkRoot(name, view.getBigUint64(at + 8, true));
      records.push(plain);
      at = end;
    }
    return { key, records, end: at };
  }

  /** CORRUPT when a record was written under a root that is newer than the newest one. */
  async #checkRoot(name: string, sequence: bigint): Promise<void> {
    if (sequence <= BigInt(await this.#host.rootSequence(false)) || sequence <= BigInt(await this.#host.rootSequence(true))) return;
    throw new ElanusError('CORRUPT', `"root" is older than log "${name}": an older copy was put in its place`, { file: 'root', log: name });
  }
}

const hasHead = (bytes: Uint8Array, view: DataView, at: number): boolean => view.getUint32(at, true) === crc32c(bytes, at + 4, at + HEAD_BYTES);

async function sealRecord(key: CryptoKey, number: number, root: number, plain: Uint8Array): Promise<Uint8Array> {
  const record = new Uint8Array(OVERHEAD_BYTES + plain.length);
  const view = new DataView(record.buffer);
  const nonce = randomBytes(NONCE_BYTES);
  view.setUint32(4, plain.length, true);
  view.setBigUint64(8, BigInt(root), true);
  record.set(nonce, 16);
  record[HEAD_BYTES - 1] = MARK;
  view.setUint32(0, crc32c(record, 4, HEAD_BYTES), true);
  record.set(await seal(key, nonce, plain, associated(number, record.subarray(4, 16))), HEAD_BYTES);
  record[record.length - 1] = MARK;
  return record;
}

/** The record's number, and of its head what the nonce does not cover. */
function associated(number: number, head: Uint8Array): Uint8Array {
  const data = new Uint8Array(8 + head.length);
  new DataView(data.buffer).setBigUint64(0, BigInt(number), true);
  data.set(head, 8);
  return data;
}
