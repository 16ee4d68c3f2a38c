/**
 * The values that shared logs consist of: `docs/format/shared-log.md`. Each is put as a whole by a transaction, so there are no
 * torn ones; checksums find what the medium damaged.
 */
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError } from '../../util/error.ts';
import { checkPreamble, encodePreamble, PREAMBLE_BYTES, type PreambleKind } from '../preamble.ts';

const FORMAT_VERSION = 1;
const VERSIONS = { newest: 1, oldest: 1 } as const;

/** Bytes of a record before its payload. */
export const RECORD_HEAD_BYTES = 64;
/** As of a record of any log. */
export const PAYLOAD_BYTES_MAX = 256 * 1024 * 1024;
const HEAD_BYTES = 48;
const CLOCK_BYTES = 32;
const FLAG_ENDED = 1;
const FLAG_HELD = 2;

export interface SharedRecord {
  readonly collectionId: number;
  readonly generation: number;
  /** 1 and up within the collection, without gaps. */
  readonly sequence: number;
  /** Grows with the sequence. */
  readonly timestamp: bigint;
  /** The first of the auto ids that are its own; 0 where it has none. */
  readonly firstAutoId: bigint;
  readonly payload: Uint8Array;
}

/** Where the log of a collection ends. */
export interface SharedHead {
  /** Appends go to this generation. */
  readonly generation: number;
  /** Records of earlier ones have been dropped. */
  readonly firstGeneration: number;
  /** Of the last record; 0: there was none. */
  readonly sequence: number;
  readonly nextAutoId: bigint;
  /** The collection is gone; nothing is appended any more. */
  readonly isEnded: boolean;
  /** Nothing is appended until it is let go: another collection is about to take the place of this one. */
  readonly isHeld?: true;
}

export function encodeRecordHead(record: Omit<SharedRecord, 'payload'>, payloadLength: number, payloadCrc: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RECORD_HEAD_BYTES);
  bytes.set(encodePreamble('sharedRecord', FORMAT_VERSION));
  const view = new DataView(bytes.buffer);
  view.setUint32(16, record.collectionId, true);
  view.setUint32(20, record.generation, true);
  view.setBigUint64(24, BigInt(record.sequence), true);
  view.setBigUint64(32, record.timestamp, true);
  view.setBigInt64(40, record.firstAutoId, true);
  view.setUint32(48, payloadLength, true);
  view.setUint32(52, payloadCrc, true);
  view.setUint32(60, crc32c(bytes, 0, 60), true);
  return bytes;
}

/** What a record's first bytes say; the payload's length and checksum are for {@link finishRecord}. */
export interface RecordHead extends Omit<SharedRecord, 'payload'> {
  readonly payloadLength: number;
  readonly payloadCrc: number;
}

/** CORRUPT or FORMAT_UNSUPPORTED. `title` names the log. */
export function decodeRecordHead(title: string, bytes: Uint8Array): RecordHead {
  const view = checkValue(title, bytes, 'sharedRecord', RECORD_HEAD_BYTES);
  if (view.getUint32(56, true) !== 0) throw corrupt(title, 'has a record with reserved bytes set');
  const sequence = safeNumber(title, view.getBigUint64(24, true));
  const payloadLength = view.getUint32(48, true);
  if (payloadLength > PAYLOAD_BYTES_MAX) throw corrupt(title, `expected records of at most ${PAYLOAD_BYTES_MAX} bytes, got one of ${payloadLength}`);
  return {
    collectionId: view.getUint32(16, true),
    generation: view.getUint32(20, true),
    sequence,
    timestamp: view.getBigUint64(32, true),
    firstAutoId: view.getBigInt64(40, true),
    payloadLength,
    payloadCrc: view.getUint32(52, true),
  };
}

/** CORRUPT where the payload is not the one that was put. */
export function finishRecord(title: string, { payloadLength, payloadCrc, ...record }: RecordHead, payload: Uint8Array): SharedRecord {
  if (payload.length !== payloadLength) throw corrupt(title, `expected ${payloadLength} bytes in record ${record.sequence}, got ${payload.length}`);
  if (crc32c(payload) !== payloadCrc) throw corrupt(title, `has a damaged record, number ${record.sequence}: its checksum does not match`);
  return { ...record, payload };
}

export function encodeHead({ generation, firstGeneration, sequence, nextAutoId, isEnded, isHeld }: SharedHead): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD_BYTES);
  bytes.set(encodePreamble('sharedHead', FORMAT_VERSION));
  const view = new DataView(bytes.buffer);
  view.setUint32(16, generation, true);
  view.setUint32(20, firstGeneration, true);
  view.setBigUint64(24, BigInt(sequence), true);
  view.setBigInt64(32, nextAutoId, true);
  view.setUint32(40, (isEnded ? FLAG_ENDED : 0) | (isHeld ? FLAG_HELD : 0), true);
  view.setUint32(44, crc32c(bytes, 0, 44), true);
  return bytes;
}

export function decodeHead(title: string, bytes: Uint8Array): SharedHead {
  const view = checkValue(title, bytes, 'sharedHead', HEAD_BYTES);
  const flags = view.getUint32(40, true);
  if ((flags & ~(FLAG_ENDED | FLAG_HELD)) !== 0) throw corrupt(title, `has a head with unknown flags ${flags}`);
  return {
    generation: view.getUint32(16, true),
    firstGeneration: view.getUint32(20, true),
    sequence: safeNumber(title, view.getBigUint64(24, true)),
    nextAutoId: view.getBigInt64(32, true),
    isEnded: (flags & FLAG_ENDED) !== 0,
    ...((flags & FLAG_HELD) === 0 ? {} : { isHeld: true }),
  };
}

/** The last timestamp that was given out. */
export function encodeClock(last: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CLOCK_BYTES);
  bytes.set(encodePreamble('sharedClock', FORMAT_VERSION));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(16, last, true);
  view.setUint32(28, crc32c(bytes, 0, 28), true);
  return bytes;
}

export function decodeClock(bytes: Uint8Array): bigint {
  return checkValue('clock', bytes, 'sharedClock', CLOCK_BYTES).getBigUint64(16, true);
}

/** Checks the preamble, and the checksum in the last four of the first `byteLength` bytes. */
function checkValue(title: string, bytes: unknown, kind: PreambleKind, byteLength: number): DataView {
  if (!(bytes instanceof Uint8Array) || bytes.length < Math.max(byteLength, PREAMBLE_BYTES)) throw corrupt(title, `expected a value of at least ${byteLength} bytes, got something else`);
  checkPreamble(title, bytes, kind, VERSIONS);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(byteLength - 4, true) !== crc32c(bytes, 0, byteLength - 4)) throw corrupt(title, 'has a damaged value: its checksum does not match');
  return view;
}

function safeNumber(title: string, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt(title, 'has a number beyond 2^53');
  return Number(value);
}

const corrupt = (title: string, message: string): ElanusError => new ElanusError('CORRUPT', `"${title}" ${message}`, { log: title });
