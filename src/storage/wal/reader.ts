/**
 * Reads a log back. These things can be wrong with one, and they are told apart:
 *
 * - *torn*: the file ends inside a fragment or record, or in zeros that reach into one. That is what a crash leaves;
 *   the incomplete record was never acknowledged and is dropped.
 * - *lost*: sectors of what was never durable did not reach the disk while later ones did. Torn from there on. That nothing says it was
 *   durable, and that a whole sector is zero, tells this from damage.
 * - *damaged*: a fragment is there in full and a checksum does not match, or fragments do not fit together. CORRUPT;
 *   with `recover: 'truncate'` everything from the record of that fragment on is dropped and counted.
 * - *ended*: there is an end record. Then nothing is torn, and whatever is wrong is damage.
 *
 * Never returned: a record of which any byte differs from what was appended (short of a CRC32C collision).
 */
import { joinBytes } from '../../util/bytes.ts';
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError } from '../../util/error.ts';
import { checkPreamble, PREAMBLE_BYTES } from '../preamble.ts';
import { BLOCK_BYTES, FRAGMENT, FRAGMENT_OVERHEAD, HEAD_BYTES, MARK, RECORD_BYTES_MAX, SECTOR_BYTES, SYNCED_BEFORE, TAIL_BYTES, VERSIONS } from './format.ts';

export interface LogContents {
  /** As given to the writer. Empty if `recover: 'truncate'` had to drop even that, and then there are no records. */
  readonly header: Uint8Array;
  /** Views of the log's bytes where a record lies in one piece, copies otherwise. */
  readonly records: Uint8Array[];
  /** The log was closed in good order. */
  readonly ended: boolean;
  /** Bytes up to the end of the last whole record. */
  readonly validBytes: number;
  /** Bytes after that: a torn tail, or what `recover: 'truncate'` dropped. */
  readonly droppedBytes: number;
  /** What `recover: 'truncate'` passed over; null when the log was whole or merely torn. */
  readonly damage: ElanusError | null;
}

/** null: empty, or torn before its first record's header was whole, so that nothing in it was ever acknowledged. */
export function readLog(name: string, bytes: Uint8Array, options: { readonly recover?: 'truncate' }): LogContents | null {
  const reader = new LogReader(name, bytes);
  const damage = reader.run();
  if (damage !== null && (options.recover !== 'truncate' || damage.code === 'FORMAT_UNSUPPORTED')) throw damage;
  if (reader.header === null && damage === null) return null;
  return {
    header: reader.header ?? new Uint8Array(0),
    records: reader.records,
    ended: reader.isEnded,
    validBytes: reader.validBytes,
    droppedBytes: bytes.length - reader.validBytes,
    damage,
  };
}

/** What can be read of a damaged log. */
export interface SalvagedLog {
  /** As given to the writer; empty where it is lost. */
  readonly header: Uint8Array;
  /** Whole records, those behind damage as well, and where in the log each ends. */
  readonly records: readonly { readonly bytes: Uint8Array; readonly end: number }[];
  /** Ranges of the log that could not be read, ascending and apart. */
  readonly lost: readonly { readonly from: number; readonly to: number }[];
}

/**
 * Reads past damage. A fragment is found again by its checksums, which know where in the log it is: nothing else passes for
 * one. FORMAT_UNSUPPORTED for a log of another version.
 */
export function salvageLog(name: string, bytes: Uint8Array): SalvagedLog {
  return new LogReader(name, bytes).salvage();
}

class LogReader {
  header: Uint8Array | null = null;
  readonly records: Uint8Array[] = [];
  isEnded = false;
  validBytes = 0;
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** From here to the end all bytes are zero. */
  readonly #zerosFrom: number;
  /** Data of the fragments of a record not yet whole. */
  #parts: Uint8Array[] = [];
  #partsBytes = 0;

  constructor(name: string, bytes: Uint8Array) {
    this.#name = name;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let zerosFrom = bytes.length;
    while (zerosFrom > 0 && bytes[zerosFrom - 1] === 0) zerosFrom--;
    this.#zerosFrom = zerosFrom;
  }

  /** Reads as far as the log is good. Returns what is damaged, or null for a log that is whole or torn. */
  run(): ElanusError | null {
    let at = 0;
    try {
      if (!this.#readPreamble()) return null;
      at = PREAMBLE_BYTES;
      while (at < this.#bytes.length && !this.isEnded) {
        const next = this.#readFragment(at);
        if (next === null) return null;
        at = next;
      }
      if (at < this.#bytes.length) throw this.#damaged(at, this.#bytes.length, 'expected nothing after the end record, got more bytes');
      return null;
    } catch (error) {
      if (!(error instanceof ElanusError)) throw error;
      return error.code === 'CORRUPT' && !this.isEnded && this.#wasLost(at) ? null : error;
    }
  }

  /** Whether the damage of what begins at `at` is that of a disk which wrote later sectors before earlier ones, none of them durable. */
  #wasLost(at: number): boolean {
    const length = at === 0 ? PREAMBLE_BYTES : this.#isHead(at) ? HEAD_BYTES + this.#view.getUint16(at + 4, true) + TAIL_BYTES : HEAD_BYTES;
    const end = Math.min(at + length, this.#bytes.length);
    let isZero = false;
    for (let from = at; from < end && !isZero; ) {
      const to = Math.min(from - (from % SECTOR_BYTES) + SECTOR_BYTES, this.#bytes.length);
      isZero = this.#bytes.subarray(from, to).every((byte) => byte === 0);
      from = to;
    }
    return isZero && !this.#isDurableSince(at);
  }

  /** Whether some fragment behind `at` says that everything before it was durable. */
  #isDurableSince(at: number): boolean {
    for (let from = this.#nextFragment(at + 1); from < this.#bytes.length; from = this.#nextFragment(from + 1)) {
      const type = this.#bytes[from + HEAD_BYTES - 1];
      if ((type & SYNCED_BEFORE) !== 0 || type === FRAGMENT.end) return true;
    }
    return false;
  }

  #isHead(at: number): boolean {
    return at + HEAD_BYTES <= this.#bytes.length && this.#view.getUint32(at, true) === crc32c(this.#bytes, at + 4, at + HEAD_BYTES, at >>> 0);
  }

  /** Of a fragment whose head is right: its data are, too. */
  #isWhole(at: number): boolean {
    const dataEnd = at + HEAD_BYTES + this.#view.getUint16(at + 4, true);
    const end = dataEnd + TAIL_BYTES;
    return end <= this.#bytes.length && this.#bytes[end - 1] === MARK && this.#view.getUint32(dataEnd, true) === crc32c(this.#bytes, at + 4, dataEnd, at >>> 0);
  }

  salvage(): SalvagedLog {
    const lost: { from: number; to: number }[] = [];
    const records: { bytes: Uint8Array; end: number }[] = [];
    const lose = (from: number, to: number): void => {
      const last = lost.at(-1);
      if (last && last.to >= from) last.to = to;
      else lost.push({ from, to });
    };
    try {
      this.#readPreamble();
    } catch (error) {
      if (!(error instanceof ElanusError) || error.code === 'FORMAT_UNSUPPORTED') throw error;
      lose(0, Math.min(PREAMBLE_BYTES, this.#bytes.length));
    }
    let header: Uint8Array | null = null;
    let at = PREAMBLE_BYTES;
    while (at < this.#bytes.length && !this.isEnded) {
      const first = at;
      const parts = this.#parts.length;
      try {
        const next = this.#readFragment(at);
        if (next === null) break;
        at = next;
      } catch (error) {
        if (!(error instanceof ElanusError)) throw error;
        at = this.#nextFragment(first + 1);
        // A record that had begun is lost with its next fragment.
        lose(parts > 0 ? this.validBytes : first, at);
        this.#parts = [];
        this.#partsBytes = 0;
        // The header is the first record, and nothing else is.
        this.header ??= new Uint8Array(0);
        this.validBytes = at;
        continue;
      }
      if (header === null && this.header !== null) header = this.header;
      const record = this.records.pop();
      if (record) records.push({ bytes: record, end: at });
    }
    return { header: header ?? new Uint8Array(0), records, lost };
  }

  /** Where the next fragment that is whole begins, from `from` on; the length of the log where there is none. */
  #nextFragment(from: number): number {
    for (let at = from; at + FRAGMENT_OVERHEAD <= this.#zerosFrom; at++) {
      const blockEnd = at - (at % BLOCK_BYTES) + BLOCK_BYTES;
      if (blockEnd - at < FRAGMENT_OVERHEAD) continue;
      if (!this.#isHead(at)) continue;
      const end = at + HEAD_BYTES + this.#view.getUint16(at + 4, true) + TAIL_BYTES;
      if (end <= blockEnd && this.#isWhole(at)) return at;
    }
    return this.#bytes.length;
  }

  /** False: torn. */
  #readPreamble(): boolean {
    const bytes = this.#bytes;
    if (this.#zerosFrom < PREAMBLE_BYTES || bytes.length < PREAMBLE_BYTES) {
      const present = Math.min(this.#zerosFrom, bytes.length, 4);
      // Too short to have a checksum; but what there is must be the beginning of a log.
      if ('ELNS'.slice(0, present) !== String.fromCharCode(...bytes.subarray(0, present))) throw this.#damaged(0, bytes.length, 'expected to begin with "ELNS"');
      return false;
    }
    checkPreamble(this.#name, bytes, 'log', VERSIONS);
    return true;
  }

  /** Reads the fragment at `at`, or passes over a block's end. Returns where the next one begins; null when torn. */
  #readFragment(at: number): number | null {
    const bytes = this.#bytes;
    if (this.#zerosFrom <= at) return null;
    const blockEnd = at - (at % BLOCK_BYTES) + BLOCK_BYTES;
    if (blockEnd - at < FRAGMENT_OVERHEAD) {
      for (let i = at; i < Math.min(blockEnd, bytes.length); i++) if (bytes[i] !== 0) throw this.#damaged(at, blockEnd, 'expected zeros at the end of the block');
      return blockEnd;
    }
    // Type and mark, the last bytes of a fragment's head and tail, are never zero: zeros there were never written.
    const dataAt = at + HEAD_BYTES;
    if (dataAt > this.#zerosFrom) return null;
    if (!this.#isHead(at)) throw this.#damaged(at, dataAt, 'has a fragment whose head does not match its checksum');
    const length = this.#view.getUint16(at + 4, true);
    const type = bytes[at + 6] & ~SYNCED_BEFORE;
    const end = dataAt + length + TAIL_BYTES;
    if (end > blockEnd) throw this.#damaged(at, end, 'has a fragment that crosses the end of its block');
    if (end > this.#zerosFrom) return null;
    if (!this.#isWhole(at)) throw this.#damaged(at, end, 'has a fragment whose data do not match their checksum');
    this.#take(type, bytes.subarray(dataAt, dataAt + length), at, end);
    return end;
  }

  /** Fits a good fragment to those before it. */
  #take(type: number, data: Uint8Array, at: number, end: number): void {
    const isOpen = this.#parts.length > 0;
    const continues = type === FRAGMENT.middle || type === FRAGMENT.last;
    const isKnown = type === FRAGMENT.full || type === FRAGMENT.first || type === FRAGMENT.end || continues;
    if (!isKnown || continues !== isOpen) throw this.#damaged(at, end, `has a fragment of type ${type} where none can be`);
    if (type === FRAGMENT.end) {
      if (this.header === null || data.length !== 0) throw this.#damaged(at, end, 'has an end record that says more than the end');
      this.isEnded = true;
      this.validBytes = end;
      return;
    }
    this.#parts.push(data);
    this.#partsBytes += data.length;
    if (this.#partsBytes > RECORD_BYTES_MAX) throw this.#damaged(at, end, `expected records of at most ${RECORD_BYTES_MAX} bytes, got a longer one`);
    if (type === FRAGMENT.full || type === FRAGMENT.last) {
      const record = this.#parts.length === 1 ? data : joinBytes(this.#parts);
      this.#parts = [];
      this.#partsBytes = 0;
      if (this.header === null) this.header = record;
      else this.records.push(record);
      this.validBytes = end;
    }
  }

  #damaged(from: number, to: number, message: string): ElanusError {
    return new ElanusError('CORRUPT', `"${this.#name}" ${message} (block ${Math.floor(from / BLOCK_BYTES)}, bytes ${from} to ${to})`, {
      file: this.#name,
      block: Math.floor(from / BLOCK_BYTES),
      from,
      to,
    });
  }
}
