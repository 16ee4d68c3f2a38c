import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBatch } from '../../src/schema/batch.ts';
import { decodeBatch, encodeBatch, encodedBatchBytes } from '../../src/schema/codec.ts';
import type { ColumnBatch } from '../../src/schema/column.ts';
import { columnBytes } from '../../src/schema/column-ops.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import { isElanusError } from '../../src/util/error.ts';
import { codeOf } from '../support/refusals.ts';

const plan = planOf(
  defineSchema({
    fields: {
      id: { type: 'Int64', primaryKey: true },
      flag: { type: 'Bool' },
      i8: { type: 'Int8' },
      i16: { type: 'Int16' },
      i32: { type: 'Int32' },
      f: { type: 'Float' },
      d: { type: 'Double' },
      s: { type: 'VarChar', maxLength: 400 },
      j: { type: 'JSON' },
      v: { type: 'FloatVector', dim: 3 },
    },
  }),
);

const f32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const text = fc.string({ unit: 'binary', maxLength: 90 });
const anyBatch = fc
  .array(
    fc.record({
      flag: fc.boolean(), i8: fc.integer({ min: -128, max: 127 }), i16: fc.integer({ min: -32768, max: 32767 }), i32: fc.integer(), f: f32,
      d: fc.double({ noNaN: true, noDefaultInfinity: true }), s: text, j: fc.jsonValue().filter((value) => value !== null), v: fc.tuple(f32, f32, f32),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((rows) => toBatch(plan, rows.map((row, id) => ({ id, ...row }))));

const two = toBatch(plan, [
  { id: 1, flag: true, i8: 1, i16: 2, i32: 3, f: 4, d: 5, s: 'kite', j: [1], v: [1, 2, 3] },
  { id: -2n, flag: false, i8: -1, i16: -2, i32: -3, f: -4, d: -5, s: '', j: {}, v: [4, 5, 6] },
]);

describe('a batch', () => {
  it('comes back from its bytes as it was', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const bytes = encodeBatch(batch);
        expect(bytes.length).toBe(encodedBatchBytes(batch));
        expect(decodeBatch(bytes)).toEqual(batch);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps its nulls', () => {
    const batch: ColumnBatch = { rows: 2, columns: two.columns.map((column) => ({ ...column, validity: Uint8Array.of(2) })) };
    expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
  });

  it('comes back wherever its bytes lie', () => {
    const bytes = encodeBatch(two);
    for (let at = 0; at < 9; at++) {
      const around = new Uint8Array(bytes.length + 20).fill(0xee);
      around.set(bytes, at);
      expect(decodeBatch(around.subarray(at, at + bytes.length))).toEqual(two);
      expect(decodeBatch(Buffer.from(around.buffer, at, bytes.length))).toEqual(two);
    }
  });

  it('leaves room for a head', () => {
    const bytes = encodeBatch(two, 24);
    expect(bytes.subarray(0, 24)).toEqual(new Uint8Array(24));
    expect(decodeBatch(bytes.subarray(24))).toEqual(two);
  });

  it('is written from views and read as views', () => {
    const around = Float32Array.of(9, 9, ...(two.columns[9].values as Float32Array), 9);
    const columns = two.columns.map((column, i) => (i === 9 ? { ...column, values: around.subarray(2, 8) } : column));
    const bytes = encodeBatch({ rows: 2, columns });
    expect(bytes).toEqual(encodeBatch(two));
    expect(decodeBatch(bytes).columns[9].values.buffer).toBe(bytes.buffer);
  });

  it('takes at most a tenth more than its rows', () => {
    const small = planOf(defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 128 } } }));
    for (const n of [1, 10, 1000]) {
      const batch = toBatch(small, { id: Array.from({ length: n }, (_, i) => i), v: new Float32Array(n * 128) });
      expect(encodeBatch(batch).length).toBeLessThanOrEqual(1.1 * batch.columns.reduce((sum, column) => sum + columnBytes(column), 0));
    }
  });

  it('cut anywhere, or with more behind it, is CORRUPT', () => {
    const bytes = encodeBatch(two);
    for (let length = 0; length < bytes.length; length++) expect(codeOf(() => decodeBatch(bytes.slice(0, length)))).toBe('CORRUPT');
    for (const more of [1, 8, 100]) {
      const longer = new Uint8Array(bytes.length + more);
      longer.set(bytes);
      expect(codeOf(() => decodeBatch(longer))).toBe('CORRUPT');
    }
  });

  it('of another format is FORMAT_UNSUPPORTED', () => {
    const bytes = encodeBatch(two);
    bytes[0] = 2;
    expect(codeOf(() => decodeBatch(bytes))).toBe('FORMAT_UNSUPPORTED');
  });

  it('with any byte changed decodes to whole columns or is refused', () => {
    const bytes = encodeBatch(two);
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] ^= flip;
        expectWholeOrRefused(damaged);
      }
    }
  });

  it('of random bytes is refused or whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, plausible) => {
        const bytes = plausible ? Uint8Array.of(1, 0, ...noise) : noise;
        expectWholeOrRefused(bytes);
      }),
    );
  });

  it('that claims 2^31 rows allocates nothing', () => {
    const bytes = encodeBatch(two);
    new DataView(bytes.buffer).setUint32(4, 2 ** 31 - 1, true);
    expect(codeOf(() => decodeBatch(bytes))).toBe('CORRUPT');
  });
});

function expectWholeOrRefused(bytes: Uint8Array): void {
  let batch: ColumnBatch;
  try {
    batch = decodeBatch(bytes);
  } catch (error) {
    if (!isElanusError(error) || (error.code !== 'CORRUPT' && error.code !== 'FORMAT_UNSUPPORTED')) throw error;
    return;
  }
  for (const column of batch.columns) {
    expect(column.length).toBe(batch.rows);
    const elements = column.offsets !== null ? column.offsets[batch.rows] : column.type === 'Bool' ? (batch.rows + 7) >> 3 : batch.rows * column.dim;
    expect(column.values.length).toBe(elements);
  }
}
