/** Float16Vector and BFloat16Vector: stored as bit patterns, read as 32-bit floats. */
import { isFloatArray } from './f32.ts';
import { BFLOAT16, FLOAT16, firstNotFinite, narrow, widen, type HalfFormat } from './half.ts';
import { VECTOR_KINDS } from './kinds.ts';
import { matrixType, tagOf } from './matrix.ts';
import type { VectorTypeInfo } from './vector-type.ts';

const isPatterns = (value: unknown): value is Uint16Array => tagOf(value) === 'Uint16Array';

function halfVector(type: 'Float16Vector' | 'BFloat16Vector', format: HalfFormat): VectorTypeInfo {
  return matrixType<Uint16Array>(
    {
      type,
      ...VECTOR_KINDS[type],
      present: ({ values, dim }, row) => widen(format, values as Uint16Array, row * dim, dim),
    },
    {
      Type: Uint16Array,
      expected: `Float32Array, Float64Array, an array of numbers, or a Uint16Array of ${format.name} patterns`,
      range: `a finite ${format.name}`,
      isMatrix: (value): value is ArrayLike<number> => isFloatArray(value) || isPatterns(value),
      copy(source, from, count, out, at) {
        if (!isPatterns(source)) return narrow(format, source, from, count, out, at);
        const patterns = source.subarray(from, from + count);
        out.set(patterns, at);
        const bad = firstNotFinite(format, patterns);
        return bad < 0 ? -1 : from + bad;
      },
    },
    1,
  );
}

export const FLOAT16_VECTOR = halfVector('Float16Vector', FLOAT16);
export const BFLOAT16_VECTOR = halfVector('BFloat16Vector', BFLOAT16);
