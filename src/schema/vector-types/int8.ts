/** Int8Vector: integers from -128 to 127. */
import { DENSE_DIMS, DENSE_METRICS } from './float.ts';
import { tagOf, toQuery, toRows, type Elements } from './matrix.ts';
import type { VectorTypeInfo } from './vector-type.ts';

const isInt8Array = (value: unknown): value is Int8Array => value instanceof Int8Array || tagOf(value) === 'Int8Array';

const elements: Elements<Int8Array> = {
  expected: 'a vector (Int8Array or an array of integers)',
  unit: 'elements',
  range: 'an integer from -128 to 127',
  bytesPerElement: 1,
  alloc: (length) => new Int8Array(length),
  isMatrix: isInt8Array,
  copy(source, from, count, out, at) {
    if (isInt8Array(source)) {
      out.set(source.subarray(from, from + count), at);
      return -1;
    }
    for (let i = 0; i < count; i++) {
      const x = source[from + i];
      if (typeof x !== 'number') return from + i;
      out[at + i] = x;
      if (out[at + i] !== x) return from + i;
    }
    return -1;
  },
};

export const INT8_VECTOR: VectorTypeInfo = {
  type: 'Int8Vector',
  family: 'dense',
  dims: DENSE_DIMS,
  metrics: DENSE_METRICS,
  elements: (dim) => dim,
  bytesPerElement: 1,
  view: (buffer, byteOffset, byteLength) => new Int8Array(buffer, byteOffset, byteLength),
  isMatrix: isInt8Array,
  rowsOf: (values, dim) => (isInt8Array(values) ? values.length / dim : values.length),
  toRows: (label, values, dim, budget) => toRows(elements, label, values, dim, budget),
  toQuery: (label, value, dim) => toQuery(elements, label, value, dim),
  present: (column, row) => (column.values as Int8Array).slice(row * column.dim, (row + 1) * column.dim),
};
