import { describe, expect, test } from 'vitest';
import { bucketOf, murmur3, rowsByBucket } from '../../src/schema/partition-key.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('partition keys', () => {
  // Of the reference implementation, seed 0.
  test.each([['', 0], ['a', 0x3c2569b2], ['abc', 0xb3dd93fa], ['abcd', 0x43ed676a], ['hello', 0x248bfa47], ['hello, world', 0x149bbb7f], ['The quick brown fox jumps over the lazy dog', 0x2e4ff723]])('murmur3 of %j', (text, hash) => {
    expect(murmur3(bytes(text))).toBe(hash);
  });

  test('buckets stay what they are: rows are stored by them', () => {
    expect(['', 'a', 'tenant 1', 'ä\u{1f600}'].map((value) => bucketOf(value, 16))).toEqual([0, 2, 3, 1]);
    expect([0n, 1n, -1n, 2n ** 63n - 1n].map((value) => bucketOf(value, 16))).toEqual([12, 4, 8, 15]);
  });

  test('a column is divided as its values are, in order', () => {
    const values = BigInt64Array.from({ length: 100 }, (_, i) => BigInt(i) * 3n - 100n);
    const rows = rowsByBucket({ fieldId: 1, type: 'Int64', length: 100, dim: 1, validity: null, values, offsets: null }, 7);
    expect([...rows.values()].flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    for (const [bucket, members] of rows) {
      expect(members).toEqual([...members].sort((a, b) => a - b));
      for (const row of members) expect(bucketOf(values[row]!, 7)).toBe(bucket);
    }
  });
});
