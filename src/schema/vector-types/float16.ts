/** Float16Vector and BFloat16Vector: stored as bit patterns, read as 32-bit floats. */
import { isFloatArray } from './f32.ts';
import { DENSE_DIMS, DENSE_METRICS } from './float.ts';
import { BFLOAT16, FLOAT16, firstNotFinite, narrow, widen, type HalfFormat } from './half.ts';
import { tagOf, toQuery, toRows, type Elements } from './matrix.ts';
import type { VectorTypeInfo } from './vector-type.ts';

const isPatterns = (value: unknown): value is Uint16Array => value instanceof Uint16Array || tagOf(value) === 'Uint16Array';

function halfVector(type: 'Float16Vector' | 'BFloat16Vector', format: HalfFormat): VectorTypeInfo {
  const elements: Elements<Uint16Array> = {
    expected: `a vector (Float32Array, Float64Array, an array of numbers, or a Uint16Array of ${format.name} patterns)`,
    unit: 'elements',
    range: `a finite ${format.name}`,
    bytesPerElement: 2,
    alloc: (length) => new Uint16Array(length),
    isMatrix: (value): value is ArrayLike<number> => isFloatArray(value) || isPatterns(value),
    copy(source, from, count, out, at) {
      if (!isPatterns(source)) return narrow(format, source, from, count, out, at);
      const patterns = source.subarray(from, from + count);
      out.set(patterns, at);
      const bad = firstNotFinite(format, patterns);
      return bad < 0 ? -1 : from + bad;
    },
  };
  return {
    type,
    family: 'dense',
    dims: DENSE_DIMS,
    metrics: DENSE_METRICS,
    elements: (dim) => dim,
    bytesPerElement: 2,
    view: (buffer, byteOffset, byteLength) => new Uint16Array(buffer, byteOffset, byteLength / 2),
    isMatrix: elements.isMatrix,
    rowsOf: (values, dim) => (elements.isMatrix(values) ? values.length / dim : values.length),
    toRows: (label, values, dim, budget) => toRows(elements, label, values, dim, budget),
    toQuery: (label, value, dim) => toQuery(elements, label, value, dim),
    present: (column, row) => widen(format, column.values as Uint16Array, row * column.dim, column.dim),
  };
}

export const FLOAT16_VECTOR = halfVector('Float16Vector', FLOAT16);
export const BFLOAT16_VECTOR = halfVector('BFloat16Vector', BFLOAT16);
