import { Bool, type DataType, Field as ArrowField, FixedSizeList, Float32, Float64, Int8, Int16, Int32, Int64, Utf8, Vector, makeData } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { toBatch } from '../../src/schema/batch.ts';
import type { Column } from '../../src/schema/column.ts';
import { columnBytes, concatColumns, emptyColumn, sliceRows, takeFrom, takeRows, viewRows } from '../../src/schema/column-ops.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';

const ROWS = 37;
const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    flag: { type: 'Bool' },
    i8: { type: 'Int8' },
    i16: { type: 'Int16' },
    i32: { type: 'Int32' },
    f: { type: 'Float' },
    d: { type: 'Double' },
    s: { type: 'VarChar', maxLength: 200 },
    j: { type: 'JSON' },
    v: { type: 'FloatVector', dim: 3 },
  },
});
const { fields } = schema;

const rows = Array.from({ length: ROWS }, (_, i) => ({
  id: BigInt(i * i) - 40n,
  flag: i % 3 === 0,
  i8: i - 20,
  i16: i * 500 - 9000,
  i32: i * 50_000_000 - 900_000_000,
  f: i / 4,
  d: i / 3,
  s: i % 5 === 0 ? '' : 'kite 🪁 '.repeat(i % 9),
  j: { n: i, list: [i, 'ä'] },
  v: Float32Array.of(i, -i, i / 2),
}));
const { columns } = toBatch(planOf(schema), rows);
/** The same with nulls in every fourth row. */
const sparse = columns.map((column): Column => ({ ...column, validity: bitmap(ROWS, (row) => row % 4 !== 0) }));

function bitmap(length: number, isSet: (i: number) => boolean): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++) if (isSet(i)) bits[i >> 3] |= 1 << (i & 7);
  return bits;
}

const read = (column: Column): unknown[] => Array.from({ length: column.length }, (_, row) => valueAt(column, row, fields[column.fieldId]));
/** What rows `from` of the source hold, as user values. */
const expected = (column: Column, from: readonly number[]): unknown[] =>
  from.map((row) => (column.validity !== null && row % 4 === 0 ? null : rows[row][fields[column.fieldId].name as keyof (typeof rows)[0]]));
const each = [...columns, ...sparse].map((column) => [`${column.type}${column.validity ? ' with nulls' : ''}`, column] as const);

/** No bit behind the last row, no byte behind the last value: two equal columns are equal byte for byte. */
function expectTight(column: Column): void {
  const bytes = (column.length + 7) >> 3;
  const spare = column.length & 7 ? 0xff << (column.length & 7) & 0xff : 0;
  for (const bits of [column.validity, column.type === 'Bool' ? (column.values as Uint8Array) : null]) {
    if (bits === null) continue;
    expect(bits.length).toBe(bytes);
    if (bytes > 0) expect(bits[bytes - 1] & spare).toBe(0);
  }
  if (column.offsets !== null) {
    expect(column.offsets[0]).toBe(0);
    expect(column.offsets.length).toBe(column.length + 1);
    expect(column.values.length).toBe(column.offsets[column.length]);
  } else if (column.type !== 'Bool') expect(column.values.length).toBe(column.length * column.dim);
}

describe.each(each)('%s', (_, column) => {
  it('takes rows in any order, twice too', () => {
    for (const picked of [[], [0], [36, 0, 17, 17, 4], rows.map((_, row) => row), rows.map((_, row) => ROWS - 1 - row)]) {
      const taken = takeRows(column, picked);
      expect(read(taken)).toEqual(expected(column, picked));
      expectTight(taken);
      expect(takeRows(column, Uint32Array.from(picked))).toEqual(taken);
    }
  });

  it('gathers rows out of several columns', () => {
    const picked = [36, 0, 17, 17, 4, 8, 1, 2, 3, 33, 12];
    expect(read(viewRows(column, 8, 21))).toEqual(read(sliceRows(column, 8, 21)));
    const halves = [sliceRows(column, 0, 13), sliceRows(column, 13, ROWS)];
    const parts = picked.map((row) => (row < 13 ? { column: halves[0], row } : { column: halves[1], row: row - 13 }));
    const taken = takeFrom(parts, column);
    expect(read(taken)).toEqual(expected(column, picked));
    expectTight(taken);
    expect(read(takeFrom([], column))).toEqual([]);
  });

  it('cuts and joins at every row', () => {
    for (let at = 0; at <= ROWS; at++) {
      const halves = [sliceRows(column, 0, at), sliceRows(column, at, ROWS)];
      halves.forEach(expectTight);
      expect(read(halves[1])).toEqual(expected(column, rows.map((_, row) => row).slice(at)));
      expect(concatColumns(halves)).toEqual(column);
    }
    expect(read(concatColumns([column, column, sliceRows(column, 3, 6)])).length).toBe(2 * ROWS + 3);
  });

  it('shares no memory with what it was taken from', () => {
    for (const taken of [takeRows(column, [1]), takeFrom([{ column, row: 1 }], column), sliceRows(column, 0, 2), concatColumns([column])]) {
      expect(taken.values.buffer).not.toBe(column.values.buffer);
      if (taken.offsets !== null) expect(taken.offsets.buffer).not.toBe(column.offsets?.buffer);
    }
  });

  it('is an Arrow array', () => {
    expect([...arrowVector(column)].map(plain)).toEqual(expected(column, rows.map((_, row) => row)));
  });

  function plain(value: unknown): unknown {
    if (value instanceof Vector) return Float32Array.from(value as Iterable<number>);
    return column.type === 'JSON' && typeof value === 'string' ? JSON.parse(value) : value;
  }
});

describe('columns', () => {
  it('join where only one has nulls', () => {
    const joined = concatColumns([columns[2], sparse[2]]);
    expect(read(joined)).toEqual([...expected(columns[2], [...rows.keys()]), ...expected(sparse[2], [...rows.keys()])]);
  });

  it('gather where only one has nulls', () => {
    const taken = takeFrom([{ column: columns[2], row: 4 }, { column: sparse[2], row: 4 }, { column: sparse[2], row: 5 }], columns[2]);
    expect(read(taken)).toEqual([rows[4].i8, null, rows[5].i8]);
  });

  it('of no rows join with any', () => {
    for (const column of columns) expect(concatColumns([emptyColumn(fields[column.fieldId]), column])).toEqual(column);
  });

  it('know their bytes', () => {
    expect(columnBytes(columns[9])).toBe(ROWS * 12);
    expect(columnBytes(sparse[1])).toBe(10);
    expect(columnBytes(columns[7])).toBe(columns[7].values.length + (ROWS + 1) * 4);
  });

  it('answer Int64 as the field says', () => {
    const column = columns[0];
    expect(valueAt(column, 3, { ...fields[0], as: 'number' })).toBe(-31);
    expect(valueAt(column, 3, { ...fields[0], as: 'string' })).toBe('-31');
    expect(valueAt(column, 3)).toBe(-31n);
  });

  it('answer vectors that are the reader’s own', () => {
    const vector = valueAt(columns[9], 1) as Float32Array;
    vector.fill(9);
    expect(valueAt(columns[9], 1)).toEqual(Float32Array.of(1, -1, 0.5));
  });
});

/** The column's own buffers, wrapped by apache-arrow without copying: the oracle of the layout. */
function arrowVector(column: Column): Vector {
  const { length, validity, offsets } = column;
  const nullBitmap = validity;
  const of = (type: DataType): Vector => new Vector([makeData({ type, length, nullBitmap, data: column.values } as never)]);
  switch (column.type) {
    case 'Bool':
      return of(new Bool());
    case 'Int8':
      return of(new Int8());
    case 'Int16':
      return of(new Int16());
    case 'Int32':
      return of(new Int32());
    case 'Int64':
      return of(new Int64());
    case 'Float':
      return of(new Float32());
    case 'Double':
      return of(new Float64());
    case 'VarChar':
    case 'JSON':
      return new Vector([makeData({ type: new Utf8(), length, nullBitmap, valueOffsets: offsets as Int32Array, data: column.values as Uint8Array })]);
    case 'FloatVector': {
      const child = makeData({ type: new Float32(), length: length * column.dim, data: column.values as Float32Array });
      const type = new FixedSizeList(column.dim, new ArrowField('item', new Float32(), false));
      return new Vector([makeData({ type, length, nullBitmap, child })]);
    }
    default:
      throw new Error(`${column.type} has its own test`);
  }
}
