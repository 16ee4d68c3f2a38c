/** Arrays as columns: against the values themselves, and against apache-arrow over the same buffers. */
import { Bool, Field as ArrowField, Float32, Float64, Int16, Int32, Int64, Int8, List, Utf8, Vector, makeData, type Data, type DataType } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { toBatch } from '../../src/schema/batch.ts';
import { absentColumn } from '../../src/schema/absent.ts';
import { decodeBatch, encodeBatch, encodedBatchBytes } from '../../src/schema/codec.ts';
import type { Column } from '../../src/schema/column.ts';
import { columnBytes, concatColumns, emptyColumn, nullRow, sliceRows, takeFrom, takeRows } from '../../src/schema/column-ops.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { ElementType, Field } from '../../src/schema/types.ts';
import { isElanusError } from '../../src/util/error.ts';
import { random } from '../support/random.ts';
import { codeOf, failureOf, withHole } from '../support/refusals.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 3);
const CAPACITY = 12;

const id = { type: 'Int64', primaryKey: true } as const;
const v = { type: 'FloatVector', dim: 2 } as const;

/** By element type: a random element as it is read, what is no element, and typed arrays that may hold some. */
const ELEMENTS: Record<ElementType, { make: (next: () => number) => unknown; wrong: readonly unknown[]; arrow: DataType }> = {
  Bool: { make: (next) => next() < 0.5, wrong: [1, 'true'], arrow: new Bool() },
  Int8: { make: (next) => Math.floor(next() * 256) - 128, wrong: [128, 0.5, '1', 1n], arrow: new Int8() },
  Int16: { make: (next) => Math.floor(next() * 65_536) - 32_768, wrong: [32_768, NaN], arrow: new Int16() },
  Int32: { make: (next) => Math.floor(next() * 2 ** 32) - 2 ** 31, wrong: [2 ** 31, Infinity], arrow: new Int32() },
  Int64: { make: (next) => BigInt.asIntN(64, BigInt(Math.floor(next() * 2 ** 52)) ** 2n), wrong: [2n ** 63n, 2 ** 53, 0.5, '1'], arrow: new Int64() },
  Float: { make: (next) => Math.fround(next() * 1e6), wrong: [1e39, NaN, '1'], arrow: new Float32() },
  Double: { make: (next) => next() / 3, wrong: [Infinity, '1', 1n], arrow: new Float64() },
  VarChar: { make: (next) => 'kö🪁'.repeat(Math.floor(next() * 5)).slice(0, 6), wrong: ['x'.repeat(21), 'ö'.repeat(11), '\ud800', 5], arrow: new Utf8() },
};
const TYPES = Object.keys(ELEMENTS) as ElementType[];

const planOfType = (elementType: ElementType, nullable = false) =>
  planOf(defineSchema({ fields: { id, a: { type: 'Array', elementType, maxCapacity: CAPACITY, ...(elementType === 'VarChar' ? { maxLength: 20 } : {}), ...(nullable ? { nullable } : {}) }, v } } as never));

/** The column of field `a` of these arrays. */
function columnOf(elementType: ElementType, arrays: readonly unknown[], nullable = false): { column: Column; field: Field } {
  const plan = planOfType(elementType, nullable);
  const { columns } = toBatch(plan, { id: arrays.map((_, i) => i), a: arrays, v: new Float32Array(arrays.length * 2) });
  return { column: columns[1]!, field: plan.schema.fields[1]! };
}

const read = (column: Column): unknown[] => Array.from({ length: column.length }, (_, row) => valueAt(column, row));

/** Nothing but what is in use: equal columns are equal byte for byte. */
function expectTight(column: Column): void {
  const { elements, length, offsets, validity, values } = column;
  expect(offsets!.length).toBe(length + 1);
  expect(offsets![0]).toBe(0);
  expect(values.length).toBe(0);
  expect(elements!.length).toBe(offsets![length]);
  expect(elements!.validity).toBe(null);
  expect(elements!.fieldId).toBe(column.fieldId);
  if (validity) expect(validity.length).toBe((length + 7) >> 3);
  if (elements!.type === 'Bool') {
    expect(elements!.values.length).toBe((elements!.length + 7) >> 3);
    if (elements!.length & 7) expect((elements!.values as Uint8Array).at(-1)! >> (elements!.length & 7)).toBe(0);
  } else if (elements!.offsets) expect(elements!.values.length).toBe(elements!.offsets[elements!.length]);
  else expect(elements!.values.length).toBe(elements!.length);
}

/** The column's own buffers as an Arrow list. */
function arrowRows({ elements, length, offsets, validity: nullBitmap }: Column, of: DataType): unknown[] {
  const { length: count, offsets: valueOffsets, values } = elements!;
  const child: Data = makeData((valueOffsets ? { type: of, length: count, nullCount: 0, valueOffsets, data: values } : { type: of, length: count, nullCount: 0, data: values }) as never);
  const list = makeData({ type: new List(new ArrowField('item', of, false)), length, nullBitmap, valueOffsets: offsets!, child });
  return [...new Vector([list])].map((value) => value && Array.from(value as Iterable<unknown>));
}

describe.each(TYPES)('arrays of %s', (type) => {
  const { make, wrong, arrow } = ELEMENTS[type];

  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('are taken, gathered, cut, joined and written as the values are, seed %i', (seed) => {
    const next = random(seed);
    const whole = (below: number): number => Math.floor(next() * below);
    const nullable = next() < 0.5;
    const arrays = Array.from({ length: 1 + whole(60) }, () => (nullable && next() < 0.2 ? null : Array.from({ length: next() < 0.3 ? 0 : whole(CAPACITY + 1) }, () => make(next))));
    const n = arrays.length;
    const { column, field } = columnOf(type, arrays, nullable);
    expect(read(column)).toEqual(arrays);
    expectTight(column);
    expect(arrowRows(column, arrow)).toEqual(arrays);

    for (const picked of [[], [n - 1], Array.from({ length: 20 }, () => whole(n)), arrays.map((_, row) => n - 1 - row)]) {
      const expected = picked.map((row) => arrays[row]);
      const taken = takeRows(column, picked);
      expect(read(taken)).toEqual(expected);
      expectTight(taken);
      const at = whole(n + 1);
      const halves = [sliceRows(column, 0, at), sliceRows(column, at, n)];
      const gathered = takeFrom(picked.map((row) => (row < at ? { column: halves[0]!, row } : { column: halves[1]!, row: row - at })), field);
      expect(read(gathered)).toEqual(expected);
      expectTight(gathered);
    }
    for (let at = 0; at <= n; at++) {
      const halves = [sliceRows(column, 0, at), sliceRows(column, at, n)];
      halves.forEach(expectTight);
      expect(read(halves[1]!)).toEqual(arrays.slice(at));
      expect(concatColumns(halves)).toEqual(column);
    }
    expect(concatColumns([emptyColumn(field), column, emptyColumn(field)])).toEqual(column);
    if (nullable) expect(read(concatColumns([nullRow(field), column]))).toEqual([null, ...arrays]);

    const batch = { rows: n, columns: [column] };
    const bytes = encodeBatch(batch);
    expect(bytes.length).toBe(encodedBatchBytes(batch));
    expect(decodeBatch(bytes)).toEqual(batch);
  });

  it('refuse an element that their type cannot hold, with its place', () => {
    const good = Array.from({ length: 3 }, () => make(random(1)));
    for (const bad of wrong) {
      const failure = failureOf(() => columnOf(type, [good, [], [...good, bad, ...good]]));
      expect(failure.code).toBe('INVALID_ARGUMENT');
      expect(failure.detail).toMatchObject({ field: 'a', row: 2, element: 3 });
      expect(failure.message).toMatch(/^"a" of row 2, element 3, expected /);
    }
  });

  it('refuse what is missing or too much', () => {
    const one = make(random(2));
    const full = new Array(CAPACITY).fill(one);
    expect(read(columnOf(type, [full, []]).column)).toEqual([full, []]);
    for (const bad of [[one, null], [undefined], withHole([one, one, one], 1), [...full, one], [[one]], 'text', 5, {}, new DataView(new ArrayBuffer(8))]) {
      const failure = failureOf(() => columnOf(type, [[one], bad]));
      expect(failure.code).toBe('INVALID_ARGUMENT');
      expect(failure.detail).toMatchObject({ field: 'a', row: 1 });
    }
    for (const missing of [null, undefined]) {
      expect(codeOf(() => columnOf(type, [[one], missing]))).toBe('INVALID_ARGUMENT');
      expect(read(columnOf(type, [[one], missing], true).column)).toEqual([[one], null]);
    }
  });

  it('are NULL in rows that are older than their field', () => {
    const { field } = columnOf(type, [[]], true);
    const column = absentColumn(field, 3);
    expect(read(column)).toEqual([null, null, null]);
    expectTight(column);
  });

  it('share no memory with what they were taken from', () => {
    const { column, field } = columnOf(type, [[make(random(3))], []]);
    for (const taken of [takeRows(column, [1]), takeFrom([{ column, row: 0 }], field), sliceRows(column, 0, 2), concatColumns([column])]) {
      expect(taken.values.buffer).not.toBe(column.values.buffer);
      expect(taken.offsets!.buffer).not.toBe(column.offsets!.buffer);
      expect(taken.elements!.values.buffer).not.toBe(column.elements!.values.buffer);
      expect(taken.elements!.offsets?.buffer ?? null).not.toBe(column.elements!.offsets?.buffer);
    }
  });
});

describe('arrays', () => {
  it('may be given as typed arrays, and nothing of them is kept', () => {
    const given = Int32Array.of(1, -2);
    const { column } = columnOf('Int8', [given, Float64Array.of(3), new Uint8Array(0)]);
    given.fill(9);
    expect(read(column)).toEqual([[1, -2], [3], []]);
    expect(read(columnOf('Int64', [BigInt64Array.of(5n, -6n), Int32Array.of(7), [8, 9n]]).column)).toEqual([[5n, -6n], [7n], [8n, 9n]]);
    expect(read(columnOf('Double', [Float32Array.of(0.1)]).column)).toEqual([[Math.fround(0.1)]]);
    expect(codeOf(() => columnOf('Bool', [Uint8Array.of(1)]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => columnOf('Int8', [Int16Array.of(128)]))).toBe('INVALID_ARGUMENT');
  });

  it('name the place of a wrong element far behind', () => {
    const rows = 20_000;
    const arrays = Array.from({ length: rows }, () => new Array(CAPACITY).fill(1));
    expect(read(columnOf('Int8', arrays).column).length).toBe(rows);
    arrays[rows - 2] = [1, 2, 300];
    expect(failureOf(() => columnOf('Int8', arrays)).detail).toMatchObject({ row: rows - 2, element: 2 });
  });

  it('count within the budget of a batch before they are all laid out', () => {
    const plan = planOf(defineSchema({ fields: { id, a: { type: 'Array', elementType: 'Double', maxCapacity: 4_096 }, v } }));
    const one = new Array(4_096).fill(1);
    // 8,200 rows would be 256 MiB of elements and a little more.
    const arrays = new Array(8_200).fill(one);
    expect(failureOf(() => toBatch(plan, { id: arrays.map((_, i) => i), a: arrays, v: new Float32Array(arrays.length * 2) })).message).toMatch(/^"batch" expected at most 268435456 bytes/);
  });

  it('know their bytes', () => {
    expect(columnBytes(columnOf('Int32', [[1, 2], [3]]).column)).toBe(3 * 4 + 3 * 4);
    expect(columnBytes(columnOf('VarChar', [['ä', ''], null], true).column)).toBe(1 + 3 * 4 + 3 * 4 + 2);
  });

  it('are read into arrays of the reader’s own', () => {
    const { column } = columnOf('Int32', [[1, 2]]);
    (valueAt(column, 0) as number[]).push(3);
    expect(valueAt(column, 0)).toEqual([1, 2]);
  });

  it('in damaged bytes of a batch are refused, or columns whose buffers fit', () => {
    for (const type of ['Bool', 'Int64', 'VarChar'] as const) {
      const one = make(type);
      const bytes = encodeBatch({ rows: 3, columns: [columnOf(type, [[one, one], null, [one]], true).column, columnOf(type, [[], [one], []]).column] });
      for (let length = 0; length < bytes.length; length++) expect(codeOf(() => decodeBatch(bytes.slice(0, length)))).toBe('CORRUPT');
      for (let at = 0; at < bytes.length; at++) {
        for (const flip of [1, 2, 0x80, 0xff]) {
          const damaged = bytes.slice();
          damaged[at]! ^= flip;
          expectWholeOrRefused(damaged);
        }
      }
    }
  });

  it('claiming 2^31 - 1 elements allocate nothing', () => {
    for (const type of TYPES) {
      const bytes = encodeBatch({ rows: 1, columns: [columnOf(type, [[make(type)]]).column] });
      // The second offset, behind the head of the batch and two heads of columns.
      new DataView(bytes.buffer).setInt32(32 + 4, 2 ** 31 - 1, true);
      expect(codeOf(() => decodeBatch(bytes))).toBe('CORRUPT');
    }
  });

  it('need a column of their elements behind them, of a scalar type and of their number', () => {
    const { column } = columnOf('Int32', [[1]]);
    const without = encodeBatch({ rows: 1, columns: [{ ...column, elements: undefined }] });
    expect(codeOf(() => decodeBatch(without))).toBe('CORRUPT');
    for (const elements of [{ ...column.elements!, fieldId: 7 }, { ...column.elements!, validity: Uint8Array.of(1) }, column, { ...column.elements!, type: 'FloatVector', values: Float32Array.of(1) } as Column]) {
      expect(codeOf(() => decodeBatch(encodeBatch({ rows: 1, columns: [{ ...column, elements }] })))).toBe('CORRUPT');
    }
  });
});

const make = (type: ElementType): unknown => ELEMENTS[type].make(random(5));

function expectWholeOrRefused(bytes: Uint8Array): void {
  let columns: readonly Column[];
  try {
    ({ columns } = decodeBatch(bytes));
  } catch (error) {
    if (!isElanusError(error) || (error.code !== 'CORRUPT' && error.code !== 'FORMAT_UNSUPPORTED')) throw error;
    return;
  }
  for (const { elements, length, offsets, type } of columns) {
    if (type !== 'Array') continue;
    expect(elements!.length).toBe(offsets![length]);
    const count = elements!.length;
    expect(elements!.values.length).toBe(elements!.offsets ? elements!.offsets[count] : elements!.type === 'Bool' ? (count + 7) >> 3 : count);
  }
}
