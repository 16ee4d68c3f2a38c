/**
 * In which partition a row is by its partition key: murmur3 (x86, 32 bits, seed 0) of the value, modulo the number of
 * partitions. Persisted with the rows: it must never change. Source: https://github.com/aappleby/smhasher, MurmurHash3.cpp
 */
import type { Column } from './column.ts';

/** Most partitions of a collection, by name or by key. */
export const PARTITIONS_MAX = 1_024;
/** Milvus's default for collections with a partition key. */
export const PARTITION_KEY_PARTITIONS = 16;

const encoder = new TextEncoder();

/** The bucket of one value. */
export function bucketOf(value: bigint | string, buckets: number): number {
  if (typeof value === 'string') return murmur3(encoder.encode(value)) % buckets;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return murmur3(bytes) % buckets;
}

/** Rows of a column of partition keys by bucket, in their order. Shape of each: (rows of that bucket). */
export function rowsByBucket(column: Column, buckets: number): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  const { values, offsets } = column;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let row = 0; row < column.length; row++) {
    const value = offsets ? bytes.subarray(offsets[row]!, offsets[row + 1]!) : bytes.subarray(row * 8, row * 8 + 8);
    const bucket = murmur3(value) % buckets;
    const known = rows.get(bucket);
    if (known) known.push(row);
    else rows.set(bucket, [row]);
  }
  return rows;
}

export function murmur3(bytes: Uint8Array): number {
  const blocks = bytes.length >>> 2;
  let hash = 0;
  for (let i = 0; i < blocks; i++) {
    const at = i * 4;
    hash ^= scrambled(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= blocks * 4; at--) tail = (tail << 8) | bytes[at]!;
  hash ^= scrambled(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
