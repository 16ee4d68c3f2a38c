/** The memory that stands for IndexedDB keeps the same contract; damaged values are found. */
import { describe, expect, test } from 'vitest';
import { decodeClock, decodeHead, decodeRecordHead, encodeClock, encodeHead, encodeRecordHead, finishRecord } from '../../src/storage/shared/format.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import { sharedSuite } from '../contract/shared.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';

sharedSuite('shared memory', () => {
  const medium = new SharedMemoryMedium();
  medium.now = Date.now();
  return { open: async () => openTab(medium).store, remove: async () => {} };
});

describe('values of a shared log', () => {
  const payload = Uint8Array.of(1, 2, 3, 4, 5);
  const record = { collectionId: 7, generation: 3, sequence: 2 ** 40 + 1, timestamp: 123_456_789_012_345n, firstAutoId: 17n };
  const recordBytes = encodeRecordHead(record, payload.length, crc32c(payload));
  const head = { generation: 3, firstGeneration: 2, sequence: 2 ** 40 + 1, nextAutoId: 99n, isEnded: true };
  const headBytes = encodeHead(head);
  const clockBytes = encodeClock(2n ** 60n + 5n);

  test('come back as they were', () => {
    expect(finishRecord('log', decodeRecordHead('log', recordBytes), payload)).toEqual({ ...record, payload });
    expect(decodeHead('head', headBytes)).toEqual(head);
    expect(decodeHead('head', encodeHead({ ...head, isEnded: false }))).toEqual({ ...head, isEnded: false });
    expect(decodeClock(clockBytes)).toBe(2n ** 60n + 5n);
  });

  test.each([
    ['record', recordBytes, (bytes: Uint8Array) => decodeRecordHead('log', bytes)],
    ['head', headBytes, (bytes: Uint8Array) => decodeHead('head', bytes)],
    ['clock', clockBytes, (bytes: Uint8Array) => decodeClock(bytes)],
  ])('every damaged or missing byte of a %s is found', (_, bytes, decode) => {
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 0x10;
      expect(() => decode(damaged), `byte ${i}`).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
      expect(() => decode(bytes.slice(0, i)), `${i} bytes`).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
    }
    expect(() => decode('text' as never)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
  });

  test('a damaged payload is found', () => {
    const found = decodeRecordHead('log', recordBytes);
    expect(() => finishRecord('log', found, Uint8Array.of(1, 2, 3, 4, 6))).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
    expect(() => finishRecord('log', found, payload.subarray(1))).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
  });
});
