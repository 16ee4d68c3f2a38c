/** Pages and structures of Parquet, written by hand, that would have the decoder make far more of them than they are. */
import { describe, expect, it } from 'vitest';
import type { ColumnMetaData, SchemaTree } from 'hyparquet/src/types.js';
import { checkPages, checkThrift } from '../../src/io/parquet-check.ts';

const view = (...bytes: number[]): DataView => new DataView(Uint8Array.from(bytes).buffer);
/** A number in Thrift's compact protocol. */
const zigzag = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
};

describe('a structure', () => {
  it('is walked to its end', () => {
    // { 1: 5, 2: "ab", 3: [1, 2], 4: { 1: true }, 5: 0.0 }
    const bytes = [0x15, 10, 0x18, 2, 97, 98, 0x19, 0x25, 2, 4, 0x1c, 0x11, 0, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    expect(checkThrift(view(...bytes, 9, 9), 0)).toBe(bytes.length);
  });

  it.each([
    ['without an end', [0x15, 10]],
    ['with a number that does not end', [0x15, ...new Array<number>(12).fill(0xff), 0]],
    ['with a text longer than itself', [0x18, 0xff, 0xff, 0xff, 0x7f, 0]],
    ['with a list longer than itself', [0x19, 0xf5, 0xff, 0xff, 0xff, 0x7f, 0]],
    ['nested without end', new Array<number>(100_000).fill(0x1c)],
    ['with a map, which Parquet has not', [0x1b, 0, 0]],
  ])('%s is refused', (_, bytes) => {
    expect(() => checkThrift(view(...bytes), 0)).toThrow();
  });
});

describe('a page', () => {
  const OPTIONAL = [{ element: { name: 'root' } }, { element: { name: 'x', type: 'INT32', repetition_type: 'OPTIONAL' } }].map((node) => ({ children: [], count: 1, path: [], ...node })) as unknown as SchemaTree[];
  const meta = (values: number): ColumnMetaData => ({ num_values: BigInt(values), codec: 'UNCOMPRESSED' }) as unknown as ColumnMetaData;
  /** Of version 1: levels in a run whose head is given, then values. */
  const page = (values: number, run: number[], numbers: number[], sizes?: { packed?: number; unpacked?: number; length?: number }): ArrayBuffer => {
    const levels = [...run, 1];
    const body = [sizes?.length ?? levels.length, 0, 0, 0, ...levels, ...numbers.flatMap((x) => [x, 0, 0, 0])];
    const head = [0x15, 0, 0x15, ...zigzag(sizes?.unpacked ?? body.length), 0x15, ...zigzag(sizes?.packed ?? body.length), 0x2c, 0x15, ...zigzag(values), 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];
    return Uint8Array.from([...head, ...body]).buffer;
  };
  const check = (bytes: ArrayBuffer, values = 3): void => checkPages(bytes, meta(values), OPTIONAL, values, {});

  it('that is right passes', () => {
    expect(() => check(page(3, [3 << 1], [7, 8, 9]))).not.toThrow();
  });

  it.each([
    ['with a run of 2^30 levels', page(3, [0x80, 0x80, 0x80, 0x80, 0x08], [7, 8, 9]), 3],
    ['with 2^27 levels packed in bits', page(3, [0x81, 0x80, 0x80, 0x40], [7, 8, 9]), 3],
    ['with more values than its column', page(4, [4 << 1], [7, 8, 9, 10]), 3],
    ['with fewer values than its column', page(3, [3 << 1], [7, 8, 9]), 4],
    ['of a column with more values than its bytes may have', page(3, [3 << 1], [7, 8, 9]), 2 ** 27],
    ['with levels longer than itself', page(3, [3 << 1], [7, 8, 9], { length: 200 }), 3],
    ['longer than its column', page(3, [3 << 1], [7, 8, 9], { packed: 1000 }), 3],
    ['that unpacks to two gigabytes', page(3, [3 << 1], [7, 8, 9], { unpacked: 2 ** 30 }), 3],
  ])('%s is refused', (_, bytes, values) => {
    expect(() => check(bytes, values)).toThrow();
  });
});
