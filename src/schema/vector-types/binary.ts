/** BinaryVector: bits, eight to a byte. Which bit of a byte comes first is the user's business: no metric depends on it. */
import { MAX_BINARY_DIM } from '../limits.ts';
import { integerElements } from './integers.ts';
import { toQuery, toRows } from './matrix.ts';
import type { VectorTypeInfo } from './vector-type.ts';

const elements = integerElements(Uint8Array, 'Uint8Array', 'bytes', 'an integer from 0 to 255');

export const BINARY_VECTOR: VectorTypeInfo = {
  type: 'BinaryVector',
  family: 'binary',
  dims: { min: 8, max: MAX_BINARY_DIM, multipleOf: 8 },
  metrics: ['HAMMING', 'JACCARD'],
  elements: (dim) => dim / 8,
  bytesPerElement: 1,
  view: (buffer, byteOffset, byteLength) => new Uint8Array(buffer, byteOffset, byteLength),
  isMatrix: elements.isMatrix,
  rowsOf: (values, dim) => (elements.isMatrix(values) ? values.length / (dim / 8) : values.length),
  toRows: (label, values, dim, budget) => toRows(elements, label, values, dim / 8, budget),
  toQuery: (label, value, dim) => toQuery(elements, label, value, dim / 8),
  present: (column, row) => (column.values as Uint8Array).slice(row * (column.dim / 8), (row + 1) * (column.dim / 8)),
};
