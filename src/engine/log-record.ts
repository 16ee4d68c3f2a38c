/**
 * What a collection's log records say: one record per batch of writes, applied whole or not at all.
 * `docs/format/log.md` has the bytes.
 *
 *     kind u8 | flags u8 | 6 bytes zero | timestamp u64 | partition u32 | schema version u32 | body
 *
 * Insert: the body is a batch (schema/codec.ts) with the key column in it. Delete: the body is the key count u32,
 * then i64 keys, or strings as u32 length and UTF-8.
 */
import { decodeBatch, encodeBatch } from '../schema/codec.ts';
import type { ColumnBatch, Keys } from '../schema/column.ts';
import { ByteReader, ByteWriter } from '../util/bytes.ts';
import { ElanusError } from '../util/error.ts';

/** Persisted: never renumber. */
const KIND_INSERT = 1;
const KIND_DELETE_INT64 = 2;
const KIND_DELETE_VARCHAR = 3;

const FLAG_PURGE = 1;

const HEAD_BYTES = 24;

/** For a partition: an insert whose rows each say by their partition key where they belong, a delete in all partitions. */
export const ANY_PARTITION = 0xffff_ffff;

export type LogRecord =
  | { readonly kind: 'insert'; readonly timestamp: bigint; readonly partitionId: number; readonly schemaVersion: number; readonly batch: ColumnBatch }
  | { readonly kind: 'delete'; readonly timestamp: bigint; readonly partitionId: number; readonly schemaVersion: number; readonly keys: Keys; readonly isPurge: boolean };

export function encodeLogRecord(record: LogRecord): Uint8Array {
  if (record.kind === 'insert') {
    const bytes = encodeBatch(record.batch, HEAD_BYTES);
    writeHead(bytes, KIND_INSERT, record);
    return bytes;
  }
  const writer = new ByteWriter();
  writer.u32(record.keys.length);
  const isInt64 = record.keys instanceof BigInt64Array;
  if (record.keys instanceof BigInt64Array) for (const key of record.keys) writer.i64(key);
  else for (const key of record.keys) writer.utf8(key);
  const body = writer.finish();
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  writeHead(bytes, isInt64 ? KIND_DELETE_INT64 : KIND_DELETE_VARCHAR, record);
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

function writeHead(bytes: Uint8Array, kind: number, record: LogRecord): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint8(0, kind);
  view.setUint8(1, record.kind === 'delete' && record.isPurge ? FLAG_PURGE : 0);
  view.setBigUint64(8, record.timestamp, true);
  view.setUint32(16, record.partitionId, true);
  view.setUint32(20, record.schemaVersion, true);
}

/** CORRUPT on anything that `encodeLogRecord` did not write. */
export function decodeLogRecord(bytes: Uint8Array): LogRecord {
  if (bytes.length < HEAD_BYTES) throw new ElanusError('CORRUPT', `log record expected at least ${HEAD_BYTES} bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = view.getUint8(0);
  const head = { timestamp: view.getBigUint64(8, true), partitionId: view.getUint32(16, true), schemaVersion: view.getUint32(20, true) };
  const flags = view.getUint8(1);
  if ((flags & ~(kind === KIND_INSERT ? 0 : FLAG_PURGE)) !== 0) throw new ElanusError('CORRUPT', `log record has unknown flags ${flags}`);
  const isPurge = flags === FLAG_PURGE;
  const body = bytes.subarray(HEAD_BYTES);
  if (kind === KIND_INSERT) return { kind: 'insert', ...head, batch: decodeBatch(body) };
  if (kind !== KIND_DELETE_INT64 && kind !== KIND_DELETE_VARCHAR) throw new ElanusError('CORRUPT', `log record has the unknown kind ${kind}`);
  const reader = new ByteReader(body, 'delete record');
  const count = reader.u32();
  const least = kind === KIND_DELETE_INT64 ? 8 : 4;
  if (count * least > body.length) throw new ElanusError('CORRUPT', `delete record names ${count} keys in ${body.length} bytes`);
  if (kind === KIND_DELETE_INT64) {
    const keys = new BigInt64Array(count);
    for (let i = 0; i < count; i++) keys[i] = reader.i64();
    return { kind: 'delete', ...head, keys, isPurge };
  }
  const keys: string[] = [];
  for (let i = 0; i < count; i++) keys.push(reader.utf8());
  return { kind: 'delete', ...head, keys, isPurge };
}
