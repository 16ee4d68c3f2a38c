/** Int8Vector: integers from -128 to 127. */
import { DENSE_DIMS, DENSE_METRICS } from './float.ts';
import { integerElements } from './integers.ts';
import { toQuery, toRows } from './matrix.ts';
import type { VectorTypeInfo } from './vector-type.ts';

const elements = integerElements(Int8Array, 'Int8Array', 'elements', 'an integer from -128 to 127');

export const INT8_VECTOR: VectorTypeInfo = {
  type: 'Int8Vector',
  family: 'dense',
  dims: DENSE_DIMS,
  metrics: DENSE_METRICS,
  elements: (dim) => dim,
  bytesPerElement: 1,
  view: (buffer, byteOffset, byteLength) => new Int8Array(buffer, byteOffset, byteLength),
  isMatrix: elements.isMatrix,
  rowsOf: (values, dim) => (elements.isMatrix(values) ? values.length / dim : values.length),
  toRows: (label, values, dim, budget) => toRows(elements, label, values, dim, budget),
  toQuery: (label, value, dim) => toQuery(elements, label, value, dim),
  present: (column, row) => (column.values as Int8Array).slice(row * column.dim, (row + 1) * column.dim),
};
