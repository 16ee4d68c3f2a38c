import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBatch } from '../../src/schema/batch.ts';
import { decodeBatch, encodeBatch } from '../../src/schema/codec.ts';
import { concatColumns, emptyColumn, sliceRows, takeFrom, takeRows } from '../../src/schema/column-ops.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { defineSchema, toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { FieldType, IndexSpec } from '../../src/schema/types.ts';
import { BFLOAT16, FLOAT16, narrow, widen } from '../../src/schema/vector-types/half.ts';
import { VECTOR_TYPES } from '../../src/schema/vector-types/index.ts';
import { codeOf, withHole } from '../support/refusals.ts';
import { TYPE_CASES, seeded } from '../support/typed-vectors.ts';

const id = { type: 'Int64', primaryKey: true } as const;
const fieldOf = (type: FieldType, dim: number) => (type === 'SparseFloatVector' ? { type } : { type, dim });
const planFor = (type: FieldType, dim: number) => planOf(toSchema({ fields: { id, v: fieldOf(type, dim) } }));
const columnOf = (type: FieldType, dim: number, vectors: readonly unknown[]) => toBatch(planFor(type, dim), vectors.map((v, i) => ({ id: i, v }))).columns[1]!;

describe('16-bit floats', () => {
  it.each([['half precision', FLOAT16], ['bfloat16', BFLOAT16]] as const)('%s: every finite pattern comes back from its number', (_, format) => {
    const patterns = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter((bits) => (bits & 0x7fff) < format.infinity);
    const out = new Uint16Array(patterns.length);
    expect(narrow(format, widen(format, patterns, 0, patterns.length), 0, patterns.length, out, 0)).toBe(-1);
    expect(out).toEqual(patterns);
  });

  it.each([['half precision', FLOAT16], ['bfloat16', BFLOAT16]] as const)('%s: rounds to the nearest, ties to even', (_, format) => {
    const last = format.infinity - 1;
    const one = (x: number): number => {
      const out = new Uint16Array(1);
      return narrow(format, [x], 0, 1, out, 0) < 0 ? out[0]! : -1;
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: last - 1 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), (bits, between, isNegative) => {
        const [low, high] = widen(format, Uint16Array.of(bits, bits + 1), 0, 2);
        const x = low! + (high! - low!) * between;
        const nearest = x - low! < high! - x ? bits : x - low! > high! - x ? bits + 1 : bits + (bits & 1);
        expect(one(isNegative ? -x : x)).toBe(nearest | (isNegative ? 0x8000 : 0));
      }),
    );
    // Half of the last step beyond the largest number is where infinity begins.
    const [before, largest] = widen(format, Uint16Array.of(last - 1, last), 0, 2);
    const edge = largest! + (largest! - before!) / 2;
    expect(one(edge - (largest! - before!) / 1024)).toBe(last);
    expect(one(edge)).toBe(-1);
    expect(one(Infinity)).toBe(-1);
    expect(one(NaN)).toBe(-1);
    expect(one(-0)).toBe(0x8000);
  });

  it('know a rounding that two steps would get wrong', () => {
    // 1 + 2^-11 + 2^-30: as f32 first it is the tie 1 + 2^-11, which goes down to 1.
    const out = new Uint16Array(1);
    narrow(FLOAT16, [1 + 2 ** -11 + 2 ** -30], 0, 1, out, 0);
    expect(out[0]).toBe(0x3c01);
  });
});

describe.each(TYPE_CASES)('$type', ({ type, metrics, draw }) => {
  const dim = type === 'SparseFloatVector' ? 1000 : 24;
  const next = seeded(7);
  const vectors = Array.from({ length: 40 }, () => draw(next, dim));
  const column = columnOf(type, dim, vectors);

  it('comes back as it was, in fresh arrays', () => {
    expect(vectors.map((_, row) => valueAt(column, row))).toEqual(vectors);
    expect((valueAt(column, 0) as Uint8Array).buffer).not.toBe(column.values.buffer);
  });

  it('passes through a log record', () => {
    const batch = toBatch(planFor(type, dim), vectors.map((v, i) => ({ id: i, v })));
    expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
    const bytes = encodeBatch(batch);
    for (let cut = 1; cut < 64; cut++) expect(codeOf(() => decodeBatch(bytes.subarray(0, bytes.length - cut)))).toBe('CORRUPT');
  });

  it('is taken, sliced and joined by rows', () => {
    const field = planFor(type, dim).vectors[0]!;
    const read = (of: typeof column): unknown[] => Array.from({ length: of.length }, (_, row) => valueAt(of, row));
    expect(read(takeRows(column, [3, 3, 39, 0]))).toEqual([3, 3, 39, 0].map((row) => vectors[row]));
    expect(read(sliceRows(column, 5, 9))).toEqual(vectors.slice(5, 9));
    expect(read(concatColumns([sliceRows(column, 0, 7), emptyColumn(field), sliceRows(column, 7, 40)]))).toEqual(vectors);
    expect(read(takeFrom([{ column, row: 4 }, { column: sliceRows(column, 10, 12), row: 1 }], emptyColumn(field)))).toEqual([vectors[4], vectors[11]]);
    expect(concatColumns([sliceRows(column, 0, 7), sliceRows(column, 7, 40)])).toEqual(column);
  });

  it('has its default metric, and refuses the others', () => {
    const define = (index: object) => (toSchema({ fields: { id, v: { ...fieldOf(type, dim), index } } }).fields[1]!.index as IndexSpec).metric;
    expect(define({ type: 'FLAT' })).toBe({ FloatVector: 'COSINE', Float16Vector: 'COSINE', BFloat16Vector: 'COSINE', Int8Vector: 'COSINE', BinaryVector: 'HAMMING', SparseFloatVector: 'IP' }[type]);
    for (const metric of ['L2', 'IP', 'COSINE', 'HAMMING', 'JACCARD'] as const) {
      if (metrics.includes(metric)) expect(define({ type: 'FLAT', metric: metric.toLowerCase() })).toBe(metric);
      else expect(codeOf(() => define({ type: 'FLAT', metric }))).toBe('INVALID_ARGUMENT');
    }
  });

  it('is no primary key', () => {
    expect(codeOf(() => toSchema({ fields: { v: { ...fieldOf(type, dim), primaryKey: true } } }))).toBe('INVALID_ARGUMENT');
  });
});

describe('dimensions', () => {
  it.each([
    ['Float16Vector', 1], ['Float16Vector', 32_769], ['BFloat16Vector', 1], ['Int8Vector', 0], ['Int8Vector', 32_769], ['Int8Vector', 2.5],
    ['BinaryVector', 0], ['BinaryVector', 12], ['BinaryVector', 262_152], ['BinaryVector', undefined], ['Int8Vector', undefined],
  ])('%s refuses %s', (type, dim) => {
    expect(codeOf(() => toSchema({ fields: { id, v: { type, dim } } }))).toBe('INVALID_ARGUMENT');
  });

  it('reach from the least to the most', () => {
    for (const [type, dims] of [['Float16Vector', [2, 32_768]], ['BFloat16Vector', [2, 32_768]], ['Int8Vector', [2, 32_768]], ['BinaryVector', [8, 262_144]]] as const) {
      for (const dim of dims) expect(toSchema({ fields: { id, v: { type, dim } } }).fields[1]!.dim).toBe(dim);
    }
  });

  it('are none of a sparse vector', () => {
    expect(codeOf(() => toSchema({ fields: { id, v: { type: 'SparseFloatVector', dim: 9 } } }))).toBe('INVALID_ARGUMENT');
  });
});

describe('columns', () => {
  it.each([
    ['Float16Vector', 3, Float32Array.of(1, 2, 3, 4, 5, 6)],
    ['Float16Vector', 3, Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600)],
    ['BFloat16Vector', 3, Float64Array.of(1, 2, 3, 4, 5, 6)],
    ['Int8Vector', 3, Int8Array.of(1, 2, 3, 4, 5, 6)],
    ['BinaryVector', 24, Uint8Array.of(1, 2, 3, 4, 5, 6)],
  ] as const)('of %s may be one flat array', (type, dim, flat) => {
    const column = toBatch(planFor(type, dim), { id: [1, 2], v: flat }).columns[1]!;
    expect(column.length).toBe(2);
    expect([...(valueAt(column, 1) as Uint8Array)]).toEqual([4, 5, 6]);
    expect(column.values.buffer).not.toBe(flat.buffer);
    expect(codeOf(() => toBatch(planFor(type, dim), { id: [1, 2], v: flat.subarray(0, 5) }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => toBatch(planFor(type, dim), { id: [1], v: flat }))).toBe('INVALID_ARGUMENT');
  });

  it('of sparse vectors are arrays of them', () => {
    const column = toBatch(planFor('SparseFloatVector', 1), { id: [1, 2], v: [{ 3: 1 }, new Map([[9, 2], [1, 4]])] }).columns[1]!;
    expect(valueAt(column, 1)).toEqual({ indices: Uint32Array.of(1, 9), values: Float32Array.of(4, 2) });
  });
});

describe('sparse vectors', () => {
  const read = (vector: unknown) => valueAt(columnOf('SparseFloatVector', 1, [vector]), 0);

  it('are pairs, maps or objects; zeros and negative numbers are kept', () => {
    const expected = { indices: Uint32Array.of(0, 7, 4_294_967_294), values: Float32Array.of(0, -2, 3.5) };
    expect(read({ indices: [0, 7, 4_294_967_294], values: [0, -2, 3.5] })).toEqual(expected);
    expect(read({ indices: Uint32Array.of(0, 7, 4_294_967_294), values: Float64Array.of(0, -2, 3.5) })).toEqual(expected);
    expect(read({ 4294967294: 3.5, 7: -2, 0: 0 })).toEqual(expected);
    expect(read(new Map([[7, -2], [4_294_967_294, 3.5], [0, 0]]))).toEqual(expected);
    expect(read(expected)).toEqual(expected);
  });

  it('may be empty', () => {
    for (const empty of [{}, new Map(), { indices: [], values: [] }]) expect(read(empty)).toEqual({ indices: new Uint32Array(0), values: new Float32Array(0) });
  });

  it.each([
    ['descending indices', { indices: [3, 1], values: [1, 1] }],
    ['an index twice', { indices: [3, 3], values: [1, 1] }],
    ['a negative index', { indices: [-1], values: [1] }],
    ['an index that is too large', { indices: [2 ** 32 - 1], values: [1] }],
    ['an index that is no integer', { indices: [1.5], values: [1] }],
    ['an index of text', { indices: ['1'], values: [1] }],
    ['more indices than values', { indices: [1, 2], values: [1] }],
    ['a NaN', { indices: [1], values: [NaN] }],
    ['an Infinity', { 1: -Infinity }],
    ['a number beyond f32', { 1: 1e39 }],
    ['a value of text', { 1: '2' }],
    ['a hole', { indices: [1, 2], values: withHole([1, 2], 1) }],
    ['indices alone', { indices: [1] }],
    ['values alone', { values: [1] }],
    ['a key that is no index', { a: 1 }],
    ['a key with a leading zero', { '01': 1 }],
    ['a map with a key of text', new Map([['1', 1]])],
    ['an array', [1, 2]],
    ['a typed array', Float32Array.of(1)],
    ['a set', new Set([1])],
    ['null', null],
    ['a number', 3],
  ])('refuse %s', (_, vector) => {
    expect(codeOf(() => read(vector))).toBe('INVALID_ARGUMENT');
  });
});

describe('bad vectors', () => {
  it.each([
    ['Float16Vector', [1, NaN]], ['Float16Vector', [1, Infinity]], ['Float16Vector', [1, 65_520]], ['Float16Vector', [-65_520, 1]], ['Float16Vector', Float32Array.of(1e6, 1)],
    ['Float16Vector', Uint16Array.of(0, 0x7c00)], ['Float16Vector', Uint16Array.of(0xfe01, 0)], ['Float16Vector', [1]], ['Float16Vector', [1, 2, 3]], ['Float16Vector', [1, '2']],
    ['Float16Vector', withHole([1, 2], 0)], ['Float16Vector', Int16Array.of(1, 2)], ['Float16Vector', 'ab'], ['Float16Vector', null], ['Float16Vector', { 0: 1, 1: 2 }],
    ['BFloat16Vector', [1, 3.4e38]], ['BFloat16Vector', Uint16Array.of(0x7f80, 0)], ['BFloat16Vector', Uint16Array.of(0, 0xffff)], ['BFloat16Vector', Float64Array.of(NaN, 0)],
    ['Int8Vector', [1, 128]], ['Int8Vector', [-129, 1]], ['Int8Vector', [1, 0.5]], ['Int8Vector', [1, NaN]], ['Int8Vector', [1, '1']], ['Int8Vector', Float32Array.of(1, 2)], ['Int8Vector', Uint8Array.of(1, 2)],
    ['Int8Vector', Int8Array.of(1)], ['Int8Vector', [1n, 2n]],
  ] as const)('%s refuses %s', (type, vector) => {
    expect(codeOf(() => columnOf(type, 2, [vector]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => VECTOR_TYPES[type].toQuery('vector', vector, 2))).toBe('INVALID_ARGUMENT');
  });

  it.each([[[1]], [[1, 256]], [[1, -1]], [[1, 0.5]], [[true, false]], [Int8Array.of(1, 2)], [Uint8Array.of(1)], [Uint8Array.of(1, 2, 3)], ['ab']])('BinaryVector refuses %s', (vector) => {
    expect(codeOf(() => columnOf('BinaryVector', 16, [vector]))).toBe('INVALID_ARGUMENT');
  });

  it('are named by row and element', () => {
    expect(() => columnOf('Int8Vector', 2, [[1, 2], [3, 400]])).toThrow('"v" of row 1 expected an integer from -128 to 127 at element 1, got 400');
    expect(() => toBatch(planFor('Float16Vector', 2), { id: [1, 2], v: Float32Array.of(1, 2, 3, 1e6) })).toThrow('"v" of row 1 expected a finite 16-bit float at element 1, got 1000000');
    expect(() => columnOf('SparseFloatVector', 1, [{}, { indices: [5, 4], values: [1, 1] }])).toThrow('"v" of row 1 expected strictly ascending indices, got 4 behind 5');
  });
});

it('four vector fields of different types are one schema', () => {
  const schema = defineSchema({
    fields: { id, a: { type: 'Float16Vector', dim: 4 }, b: { type: 'BinaryVector', dim: 8, index: { type: 'BIN_FLAT', metric: 'JACCARD' } }, c: { type: 'SparseFloatVector' }, d: { type: 'Int8Vector', dim: 2 } },
  });
  expect(planOf(schema).vectors.map((field) => field.name)).toEqual(['a', 'b', 'c', 'd']);
  expect(toSchema(structuredClone(schema))).toEqual(schema);
});
