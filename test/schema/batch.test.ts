import { describe, expect, it } from 'vitest';
import { toBatch } from '../../src/schema/batch.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import { isElanusError } from '../../src/util/error.ts';
import { codeOf, withHole } from '../support/refusals.ts';

const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    flag: { type: 'Bool' },
    i8: { type: 'Int8' },
    i16: { type: 'Int16' },
    i32: { type: 'Int32' },
    big: { type: 'Int64', as: 'string' },
    safe: { type: 'Int64', as: 'number' },
    f: { type: 'Float' },
    d: { type: 'Double' },
    s: { type: 'VarChar', maxLength: 12 },
    j: { type: 'JSON' },
    v: { type: 'FloatVector', dim: 3 },
  },
});
const plan = planOf(schema);

const row = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: 1, flag: true, i8: -128, i16: 32_767, i32: -(2 ** 31), big: 2n ** 63n - 1n, safe: 5, f: 0.5, d: 0.1, s: 'kite', j: { a: [1] }, v: [1, 2, 3], ...over,
});

/** All values of a batch, as rows a user would read. */
function read(batch: ReturnType<typeof toBatch>, of = plan): Record<string, unknown>[] {
  return Array.from({ length: batch.rows }, (_, at) =>
    Object.fromEntries(batch.columns.map((column, i) => [of.inserted[i].name, valueAt(column, at, of.inserted[i])])),
  );
}

describe('rows', () => {
  it('become columns in schema order, whatever order their keys are in', () => {
    const reversed = Object.fromEntries(Object.entries(row({ id: 2n, flag: false, s: '', big: '-9223372036854775808' })).reverse());
    const batch = toBatch(plan, [row(), reversed]);
    expect(batch.columns.map((column) => column.fieldId)).toEqual(schema.fields.map((field) => field.fieldId));
    expect(read(batch)).toEqual([
      { ...row(), id: 1n, big: '9223372036854775807', v: Float32Array.of(1, 2, 3) },
      { ...row(), id: 2n, flag: false, s: '', big: '-9223372036854775808', v: Float32Array.of(1, 2, 3) },
    ]);
  });

  it('keep every safe integer, negative ones too', () => {
    const ids = [0, -0, -1, 1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    const batch = toBatch(plan, ids.map((safe, id) => row({ id, safe })));
    expect(read(batch).map((r) => r.safe)).toEqual(ids.map((x) => x + 0 || 0));
  });

  it('take vectors as Float32Array, Float64Array or numbers, and copy them', () => {
    const f32 = Float32Array.of(1, 2, 3);
    const batch = toBatch(plan, [row({ v: f32 }), row({ id: 2, v: Float64Array.of(4, 5, 6) }), row({ id: 3, v: [7, 8, 9] })]);
    f32.fill(0);
    expect(f32.buffer.byteLength).toBe(12);
    expect(batch.columns[11].values).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
  });

  it('count strings in UTF-8 bytes', () => {
    const texts = ['', 'ascii only..', 'äöüßéè', '漢字漢字', '🪁🪁🪁', '\ufeffbom', 'a\u0000b'];
    const batch = toBatch(plan, texts.map((s, id) => row({ id, s })));
    expect(read(batch).map((r) => r.s)).toEqual(texts);
    expect(codeOf(() => toBatch(plan, [row({ s: 'ascii only...' })]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toBatch(plan, [row({ s: 'äöüßéèx' })]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toBatch(plan, [row({ s: '🪁🪁🪁x' })]))).toBe('INVALID_ARGUMENT');
  });

  it('hold any JSON but null', () => {
    const values = [{ a: { b: [1, null, 'x'] } }, [1, 2], 'text', 0, true, { toJSON: () => 7 }, { ['__proto__']: 1 }];
    const batch = toBatch(plan, values.map((j, id) => row({ id, j })));
    expect(read(batch).map((r) => r.j)).toEqual([...values.slice(0, 5), 7, JSON.parse('{"__proto__":1}')]);
    expect(toBatch(plan, [row({ j: 'x'.repeat(65_534) })]).rows).toBe(1);
  });

  it('may be objects of a class, frozen, or without a prototype', () => {
    class Kite {
      get id() {
        return 9;
      }
    }
    const { id: _, ...rest } = row();
    const made = Object.assign(new Kite(), rest);
    const bare = Object.assign(Object.create(null), row({ id: 10 }));
    expect(read(toBatch(plan, [made, bare, Object.freeze(row())])).map((r) => r.id)).toEqual([9n, 10n, 1n]);
  });

  it.each<[string, unknown]>([
    ['no rows', []],
    ['a string', 'rows'],
    ['nothing', undefined],
    ['null', null],
    ['a Set', new Set([row()])],
    ['a typed array', new Float32Array(3)],
    ['a row that is null', [row(), null]],
    ['a row that is an array', [[1, 2]]],
    ['a hole among the rows', withHole([row(), row(), row({ id: 2 })], 1)],
    ['an unknown field', [row({ colour: 'red' })]],
    ['an unknown field that is undefined', [row({ colour: undefined })]],
    ['a missing field', [(({ f: _, ...rest }) => rest)(row())]],
    ['a null', [row({ f: null })]],
    ['a wrong dimension', [row({ v: [1, 2] })]],
    ['a wrong dimension of a Float32Array', [row({ v: new Float32Array(4) })]],
    ['a wrong dimension of a Float64Array', [row({ v: new Float64Array(2) })]],
    ['NaN', [row({ v: [1, NaN, 3] })]],
    ['NaN in a Float32Array', [row({ v: Float32Array.of(1, 2, NaN) })]],
    ['Infinity', [row({ v: [1, -Infinity, 3] })]],
    ['Infinity in a Float64Array', [row({ v: Float64Array.of(Infinity, 0, 0) })]],
    ['a number beyond f32', [row({ v: [1, 2, 1e39] })]],
    ['holes', [row({ v: withHole([1, 2, 3], 1) })]],
    ['strings in a vector', [row({ v: [1, '2', 3] })]],
    ['bigints in a vector', [row({ v: [1n, 2n, 3n] })]],
    ['an integer vector', [row({ v: Int8Array.of(1, 2, 3) })]],
    ['an array-like vector', [row({ v: { length: 3, 0: 1, 1: 2, 2: 3 } })]],
    ['128 in an Int8', [row({ i8: 128 })]],
    ['-129 in an Int8', [row({ i8: -129 })]],
    ['32768 in an Int16', [row({ i16: 32_768 })]],
    ['2^31 in an Int32', [row({ i32: 2 ** 31 })]],
    ['1.5 in an Int32', [row({ i32: 1.5 })]],
    ['NaN in an Int32', [row({ i32: NaN })]],
    ['a string in an Int32', [row({ i32: '7' })]],
    ['a bigint in an Int32', [row({ i32: 7n })]],
    ['2^63 in an Int64', [row({ id: 2n ** 63n })]],
    ['-2^63 - 1 in an Int64', [row({ id: -(2n ** 63n) - 1n })]],
    ['an unsafe number in an Int64', [row({ id: 2 ** 53 })]],
    ['1.5 in an Int64', [row({ id: 1.5 })]],
    ['a string in an Int64', [row({ id: '1' })]],
    ['2^53 where numbers are read', [row({ safe: 2n ** 53n })]],
    ['a word where strings are read', [row({ big: 'seven' })]],
    ['twenty digits where strings are read', [row({ big: '99999999999999999999' })]],
    ['2^63 as a string', [row({ big: '9223372036854775808' })]],
    ['1e39 in a Float', [row({ f: 1e39 })]],
    ['NaN in a Float', [row({ f: NaN })]],
    ['Infinity in a Double', [row({ d: Infinity })]],
    ['a string in a Double', [row({ d: '1' })]],
    ['1 in a Bool', [row({ flag: 1 })]],
    ['a number in a VarChar', [row({ s: 7 })]],
    ['a lone high surrogate', [row({ s: 'a\ud800' })]],
    ['a lone low surrogate', [row({ s: '\udc00a' })]],
    ['a function in JSON', [row({ j: () => 1 })]],
    ['a bigint in JSON', [row({ j: { n: 1n } })]],
    ['a cycle in JSON', [row({ j: (() => { const a: Record<string, unknown> = {}; a.a = a; return a; })() })]],
    ['NaN as the whole JSON', [row({ j: NaN })]],
    ['65,537 bytes of JSON', [row({ j: 'x'.repeat(65_535) })]],
    ['one key twice', [row(), row({ id: 2 }), row({ id: 1n })]],
    ['one key twice in a row', [row(), row()]],
  ])('are refused with %s', (_, input) => {
    expect(codeOf(() => toBatch(plan, input))).toBe('INVALID_ARGUMENT');
  });

  it('are refused with the field and the row in message and detail', () => {
    try {
      toBatch(plan, [row(), row({ id: 2, v: [1, NaN, 3] })]);
      expect.unreachable();
    } catch (error) {
      if (!isElanusError(error)) throw error;
      expect(error.message).toBe('"v" of row 1 expected a finite 32-bit float at element 1, got NaN');
      expect(error.detail).toEqual({ field: 'v', row: 1 });
    }
  });
});

describe('columns', () => {
  const columns = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
    id: BigInt64Array.of(1n, 2n), flag: [true, false], i8: Int8Array.of(1, 2), i16: [1, 2], i32: Int32Array.of(1, 2), big: [1n, '2'], safe: [1, 2n],
    f: Float32Array.of(0.5, 1), d: Float64Array.of(0.1, 0.2), s: ['a', 'b'], j: [[1], {}], v: Float32Array.of(1, 2, 3, 4, 5, 6), ...over,
  });

  it('read back as rows', () => {
    expect(read(toBatch(plan, columns()))).toEqual([
      { id: 1n, flag: true, i8: 1, i16: 1, i32: 1, big: '1', safe: 1, f: 0.5, d: 0.1, s: 'a', j: [1], v: Float32Array.of(1, 2, 3) },
      { id: 2n, flag: false, i8: 2, i16: 2, i32: 2, big: '2', safe: 2, f: 1, d: 0.2, s: 'b', j: {}, v: Float32Array.of(4, 5, 6) },
    ]);
  });

  it('take vectors flat or one by one', () => {
    const flat = toBatch(plan, columns()).columns[11];
    expect(toBatch(plan, columns({ v: Float64Array.of(1, 2, 3, 4, 5, 6) })).columns[11]).toEqual(flat);
    expect(toBatch(plan, columns({ v: [[1, 2, 3], Float32Array.of(4, 5, 6)] })).columns[11]).toEqual(flat);
  });

  it('are copied', () => {
    const given = columns() as { id: BigInt64Array; v: Float32Array };
    const batch = toBatch(plan, given);
    given.id.fill(0n);
    given.v.fill(0);
    expect(batch.columns[0].values).toEqual(BigInt64Array.of(1n, 2n));
    expect(batch.columns[11].values[0]).toBe(1);
    expect(given.v.buffer.byteLength).toBe(24);
  });

  it('are copied without what lies around a subarray', () => {
    const around = new Float32Array(60);
    const batch = toBatch(plan, columns({ v: around.subarray(9, 15) }));
    expect(batch.columns[11].values.buffer.byteLength).toBe(24);
  });

  it.each<[string, unknown]>([
    ['no rows', Object.fromEntries(Object.keys(columns()).map((name) => [name, []]))],
    ['no columns', {}],
    ['a missing column', (({ f: _, ...rest }) => rest)(columns())],
    ['an unknown column', columns({ colour: ['red', 'blue'] })],
    ['columns of different lengths', columns({ f: [1] })],
    ['a flat matrix of another length', columns({ v: new Float32Array(9) })],
    ['a flat matrix that is no multiple of dim', columns({ v: new Float32Array(7) })],
    ['a flat array of numbers', columns({ v: [1, 2, 3, 4, 5, 6] })],
    ['NaN in a flat matrix', columns({ v: Float32Array.of(1, 2, 3, 4, NaN, 6) })],
    ['a number beyond f32 in a flat matrix', columns({ v: Float64Array.of(1, 2, 3, 4, 5, 1e300) })],
    ['a hole', columns({ s: withHole(['a', 'b'], 1) })],
    ['a null', columns({ d: [1, null] })],
    ['a string for a column', columns({ s: 'ab' })],
    ['a value for a column', columns({ f: 1 })],
    ['a Uint64 beyond Int64', columns({ id: BigUint64Array.of(1n, 2n ** 63n) })],
    ['one key twice', columns({ id: [1, 1] })],
  ])('are refused with %s', (_, input) => {
    expect(codeOf(() => toBatch(plan, input))).toBe('INVALID_ARGUMENT');
  });
});

describe('keys', () => {
  const auto = planOf(defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, v: { type: 'FloatVector', dim: 2 } } }));
  const text = planOf(defineSchema({ fields: { id: { type: 'VarChar', maxLength: 8, primaryKey: true }, v: { type: 'FloatVector', dim: 2 } } }));

  it('that the database counts are not in the batch, and are refused in rows and columns', () => {
    expect(toBatch(auto, [{ v: [1, 2] }, { id: undefined, v: [3, 4] }]).columns.map((column) => column.fieldId)).toEqual([1]);
    expect(toBatch(auto, { v: new Float32Array(4) }).rows).toBe(2);
    expect(codeOf(() => toBatch(auto, [{ id: 1, v: [1, 2] }]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toBatch(auto, { id: [1], v: [[1, 2]] }))).toBe('INVALID_ARGUMENT');
  });

  it('of VarChar may be anything but twice the same', () => {
    expect(toBatch(text, [{ id: '', v: [1, 2] }, { id: 'ä', v: [1, 2] }]).rows).toBe(2);
    expect(codeOf(() => toBatch(text, [{ id: 'ä', v: [1, 2] }, { id: 'b', v: [1, 2] }, { id: 'ä', v: [1, 2] }]))).toBe('INVALID_ARGUMENT');
  });

  it('are compared as numbers, in any order', () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ ...row(), id: i % 2 ? 5000 - i : -i }));
    expect(toBatch(plan, rows).rows).toBe(1000);
    expect(codeOf(() => toBatch(plan, [...rows, row({ id: BigInt(rows[7].id) })]))).toBe('INVALID_ARGUMENT');
  });
});

describe('names that objects inherit', () => {
  const odd = planOf(
    defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, constructor: { type: 'Int32' }, toString: { type: 'JSON' }, v: { type: 'FloatVector', dim: 2 } } }),
  );

  it('are missing where a row does not have them, and pollute nothing', () => {
    expect(codeOf(() => toBatch(odd, [{ id: 1, constructor: 1, v: [1, 2] }]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toBatch(odd, { id: [1], constructor: [1], v: [[1, 2]] }))).toBe('INVALID_ARGUMENT');
    const batch = toBatch(odd, [{ id: 1, constructor: 7, toString: 'x', v: [1, 2] }]);
    expect(read(batch, odd)).toEqual([{ id: 1n, constructor: 7, toString: 'x', v: Float32Array.of(1, 2) }]);
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined);
  });

  it('do not hide an unknown field', () => {
    expect(codeOf(() => toBatch(plan, [JSON.parse(`{"__proto__": {"polluted": 1}}`)]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toBatch(plan, [row({ constructor: 1 })]))).toBe('INVALID_ARGUMENT');
  });
});

describe('size', () => {
  const wide = planOf(defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, v: { type: 'FloatVector', dim: 32_768 } } }));

  it('of 256 MiB does not fit with its head, and is refused before it is allocated', () => {
    const vector = new Float32Array(32_768);
    expect(codeOf(() => toBatch(wide, { v: Array.from({ length: 2048 }, () => vector) }))).toBe('INVALID_ARGUMENT');
  });
});
