/** Cuts records into fragments and lays them out in blocks. */
import { crc32c } from '../../util/crc32c.ts';
import { BLOCK_BYTES, FRAGMENT, FRAGMENT_OVERHEAD, HEAD_BYTES, MARK, SYNCED_BEFORE } from './format.ts';

/** A long record leaves in pieces of about this, so that it is never held twice in memory. */
const PIECE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The bytes that append records to a log of `position` bytes, in pieces. The generator's pieces are fresh buffers;
 * it returns the log's length after them. `isSynced`: those bytes are durable.
 */
export function* frameRecords(records: Iterable<Uint8Array>, position: number, isSynced: boolean): Generator<Uint8Array, number> {
  let piece = new PieceWriter(position);
  let flag = isSynced ? SYNCED_BEFORE : 0;
  for (const record of records) {
    let at = 0;
    let isFirst = true;
    do {
      piece.skipBlockEnd();
      const room = BLOCK_BYTES - (piece.position % BLOCK_BYTES) - FRAGMENT_OVERHEAD;
      const count = Math.min(room, record.length - at);
      const isLast = at + count === record.length;
      piece.fragment(flag | (isFirst ? (isLast ? FRAGMENT.full : FRAGMENT.first) : isLast ? FRAGMENT.last : FRAGMENT.middle), record, at, at + count);
      flag = 0;
      at += count;
      isFirst = false;
      if (piece.length >= PIECE_BYTES_MAX) {
        yield piece.finish();
        piece = new PieceWriter(piece.position);
      }
    } while (at < record.length);
  }
  if (piece.length > 0) yield piece.finish();
  return piece.position;
}

/** The end record's bytes for a log of `position` bytes. */
export function frameEnd(position: number): Uint8Array {
  const piece = new PieceWriter(position);
  piece.skipBlockEnd();
  piece.fragment(FRAGMENT.end, new Uint8Array(0), 0, 0);
  return piece.finish();
}

class PieceWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  readonly #start: number;
  length = 0;

  constructor(start: number) {
    this.#start = start;
  }

  /** Where in the log the next byte goes. */
  get position(): number {
    return this.#start + this.length;
  }

  skipBlockEnd(): void {
    const left = BLOCK_BYTES - (this.position % BLOCK_BYTES);
    if (left >= FRAGMENT_OVERHEAD) return;
    this.#reserve(left);
    this.length += left;
  }

  fragment(type: number, record: Uint8Array, from: number, to: number): void {
    const count = to - from;
    this.#reserve(count + FRAGMENT_OVERHEAD);
    const at = this.length;
    const seed = this.position >>> 0;
    const dataAt = at + HEAD_BYTES;
    this.#view.setUint16(at + 4, count, true);
    this.#bytes[at + 6] = type;
    this.#view.setUint32(at, crc32c(this.#bytes, at + 4, dataAt, seed), true);
    this.#bytes.set(record.subarray(from, to), dataAt);
    this.#view.setUint32(dataAt + count, crc32c(this.#bytes, at + 4, dataAt + count, seed), true);
    this.#bytes[dataAt + count + 4] = MARK;
    this.length += count + FRAGMENT_OVERHEAD;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
