import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/util/bytes.ts';

const corrupt = expect.objectContaining({ code: 'CORRUPT' });
const internal = expect.objectContaining({ code: 'INTERNAL' });

const FIELDS = {
  u8: fc.integer({ min: 0, max: 0xff }),
  u16: fc.integer({ min: 0, max: 0xffff }),
  u32: fc.integer({ min: 0, max: 0xffff_ffff }),
  i32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  f32: fc.float(),
  f64: fc.double(),
  utf8: fc.string({ unit: 'binary', maxLength: 300 }),
} as const;
type FieldName = keyof typeof FIELDS;

const anyField = fc.oneof(...(Object.keys(FIELDS) as FieldName[]).map((name) => (FIELDS[name] as fc.Arbitrary<unknown>).map((value) => ({ name, value }))));
const write = (writer: ByteWriter, { name, value }: { name: FieldName; value: unknown }): unknown => (writer[name] as (value: unknown) => unknown).call(writer, value);

describe('bytes', () => {
  test('what was written is read back, whatever the order of fields', () => {
    fc.assert(
      fc.property(fc.array(anyField, { maxLength: 60 }), fc.integer({ min: 0, max: 300 }), (fields, capacity) => {
        const writer = new ByteWriter(capacity);
        for (const field of fields) write(writer, field);
        const reader = new ByteReader(writer.finish(), 'test');
        for (const { name, value } of fields) expect(reader[name]()).toEqual(value);
        reader.end();
      }),
      { numRuns: 300 },
    );
  });

  test('bytes cut anywhere are CORRUPT, never a value', () => {
    fc.assert(
      fc.property(fc.array(anyField, { minLength: 1, maxLength: 8 }), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (fields, share) => {
        const writer = new ByteWriter();
        for (const field of fields) write(writer, field);
        const whole = writer.finish();
        const reader = new ByteReader(whole.subarray(0, Math.floor(whole.length * share)), 'test');
        expect(() => {
          for (const { name } of fields) reader[name]();
        }).toThrow(corrupt);
      }),
      { numRuns: 200 },
    );
  });

  test('little-endian, field by field', () => {
    const bytes = new ByteWriter(1).u8(1).u16(0x0203).u32(0x04050607).i32(-2).u64(8n).utf8('é').bytes(new Uint8Array([9])).align(4).finish();
    expect([...bytes]).toEqual([1, 3, 2, 7, 6, 5, 4, 254, 255, 255, 255, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0xa9, 9, 0, 0]);
  });

  test('a length beyond the end is refused before anything is allocated', () => {
    const bytes = new ByteWriter().u32(0xffff_ffff).u32(0).finish();
    expect(() => new ByteReader(bytes, 'a title').utf8()).toThrow(expect.objectContaining({ code: 'CORRUPT', message: expect.stringContaining('"a title"') }));
    const reader = new ByteReader(bytes, 'test');
    expect(() => reader.copy(2 ** 40)).toThrow(corrupt);
    expect(() => reader.bytes(-1)).toThrow(corrupt);
    expect(() => reader.bytes(Number.NaN)).toThrow(corrupt);
    expect(reader.offset).toBe(0);
  });

  test('text that is not UTF-8 is CORRUPT', () => {
    expect(() => new ByteReader(new ByteWriter().u32(2).bytes(new Uint8Array([0xc3, 0x28])).finish(), 'test').utf8()).toThrow(corrupt);
  });

  test('a byte order mark is text like any other', () => {
    expect(new ByteReader(new ByteWriter().utf8('\ufeffa').finish(), 'test').utf8()).toBe('\ufeffa');
  });

  test('bytes left over are CORRUPT, and so is padding that is not zero', () => {
    expect(() => new ByteReader(new Uint8Array(1), 'test').end()).toThrow(corrupt);
    const reader = new ByteReader(new Uint8Array([1, 0, 0, 7]), 'test');
    reader.u8();
    expect(() => reader.align(4)).toThrow(corrupt);
  });

  test('a copy is a buffer of its own; bytes is a view', () => {
    const source = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const reader = new ByteReader(source, 'test');
    reader.u8();
    const copy = reader.copy(8);
    expect([copy.byteOffset, copy.buffer.byteLength]).toEqual([0, 8]);
    const view = new ByteReader(source, 'test').bytes(2);
    source[0] = 100;
    expect([view[0], copy[0]]).toEqual([100, 2]);
  });

  test('a count beyond the safe integers is CORRUPT', () => {
    expect(() => new ByteReader(new ByteWriter().u64(2n ** 53n).finish(), 'test').count64()).toThrow(corrupt);
    expect(new ByteReader(new ByteWriter().u64(2n ** 53n - 1n).finish(), 'test').count64()).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('a value that does not fit its field is our own mistake', () => {
    const writer = new ByteWriter();
    for (const attempt of [() => writer.u8(256), () => writer.u8(-1), () => writer.u16(1.5), () => writer.u32(2 ** 32), () => writer.i32(2 ** 31), () => writer.u64(-1n), () => writer.i64(2n ** 63n), () => writer.u32(Number.NaN)]) {
      expect(attempt).toThrow(internal);
    }
    expect(writer.length).toBe(0);
  });
});
