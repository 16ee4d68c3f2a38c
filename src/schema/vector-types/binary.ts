/** BinaryVector: bits, eight to a byte. Which bit of a byte comes first is the user's business: no metric depends on it. */
import { MAX_BINARY_DIM } from '../limits.ts';
import { tagOf, toQuery, toRows, type Elements } from './matrix.ts';
import type { VectorTypeInfo } from './vector-type.ts';

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array || tagOf(value) === 'Uint8Array';

const elements: Elements<Uint8Array> = {
  expected: 'a vector (Uint8Array or an array of bytes)',
  unit: 'bytes',
  range: 'an integer from 0 to 255',
  bytesPerElement: 1,
  alloc: (length) => new Uint8Array(length),
  isMatrix: isBytes,
  copy(source, from, count, out, at) {
    if (isBytes(source)) {
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

export const BINARY_VECTOR: VectorTypeInfo = {
  type: 'BinaryVector',
  family: 'binary',
  dims: { min: 8, max: MAX_BINARY_DIM, multipleOf: 8 },
  metrics: ['HAMMING', 'JACCARD'],
  elements: (dim) => dim / 8,
  bytesPerElement: 1,
  view: (buffer, byteOffset, byteLength) => new Uint8Array(buffer, byteOffset, byteLength),
  isMatrix: isBytes,
  rowsOf: (values, dim) => (isBytes(values) ? values.length / (dim / 8) : values.length),
  toRows: (label, values, dim, budget) => toRows(elements, label, values, dim / 8, budget),
  toQuery: (label, value, dim) => toQuery(elements, label, value, dim / 8),
  present: (column, row) => (column.values as Uint8Array).slice(row * (column.dim / 8), (row + 1) * (column.dim / 8)),
};
