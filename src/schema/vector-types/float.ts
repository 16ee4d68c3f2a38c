/** FloatVector: 32-bit floats. The type of most fields, so its checks are plain loops of their own (`f32.ts`). */
import { isFloatArray, toFlatMatrix, toMatrix, toVector } from './f32.ts';
import { VECTOR_KINDS } from './kinds.ts';
import type { VectorTypeInfo } from './vector-type.ts';

export const FLOAT_VECTOR: VectorTypeInfo = {
  type: 'FloatVector',
  ...VECTOR_KINDS.FloatVector,
  elements: (dim) => dim,
  bytesPerElement: 4,
  view: (buffer, byteOffset, byteLength) => new Float32Array(buffer, byteOffset, byteLength / 4),
  isMatrix: isFloatArray,
  rowsOf: (values, dim) => (isFloatArray(values) ? values.length / dim : values.length),
  toRows(label, values, dim, budget) {
    const isFlat = isFloatArray(values);
    budget?.take(values.length * (isFlat ? 4 : dim * 4));
    const matrix = isFlat ? toFlatMatrix(label, values, dim) : toMatrix(label, values, dim);
    return { length: matrix.length / dim, values: matrix, offsets: null };
  },
  toQuery: toVector,
  present: (column, row) => (column.values as Float32Array).slice(row * column.dim, (row + 1) * column.dim),
};
