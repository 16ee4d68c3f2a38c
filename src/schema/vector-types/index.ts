/** The vector types by Milvus's names. Adding one is a file and a line here and in `kinds.ts`, and its way of comparing in `kernels/rows.ts`. */
import type { VectorType } from '../types.ts';
import { BFLOAT16_VECTOR, FLOAT16_VECTOR } from './float16.ts';
import { BINARY_VECTOR } from './binary.ts';
import { FLOAT_VECTOR } from './float.ts';
import { INT8_VECTOR } from './int8.ts';
import { SPARSE_FLOAT_VECTOR } from './sparse.ts';
import type { VectorTypeInfo } from './vector-type.ts';

export type { DenseValues, QueryVectors, SparseValues, VectorTypeInfo } from './vector-type.ts';
export { checkMetric, defaultMetric, isVectorType, vectorsOf } from './kinds.ts';

export const VECTOR_TYPES: Readonly<Record<VectorType, VectorTypeInfo>> = {
  FloatVector: FLOAT_VECTOR,
  Float16Vector: FLOAT16_VECTOR,
  BFloat16Vector: BFLOAT16_VECTOR,
  Int8Vector: INT8_VECTOR,
  BinaryVector: BINARY_VECTOR,
  SparseFloatVector: SPARSE_FLOAT_VECTOR,
};
