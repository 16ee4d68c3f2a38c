/** The vector types by Milvus's names. Adding one is a file and a line here, and its way of comparing in `kernels/rows.ts`. */
import { NO_ROW, refuse } from '../refuse.ts';
import type { FieldType, MetricType, VectorType } from '../types.ts';
import { BFLOAT16_VECTOR, FLOAT16_VECTOR } from './float16.ts';
import { BINARY_VECTOR } from './binary.ts';
import { FLOAT_VECTOR } from './float.ts';
import { INT8_VECTOR } from './int8.ts';
import { SPARSE_FLOAT_VECTOR } from './sparse.ts';
import type { DenseValues, QueryVectors, VectorRows, VectorTypeInfo } from './vector-type.ts';

export type { DenseValues, QueryVectors, SparseValues, VectorTypeInfo } from './vector-type.ts';

export const VECTOR_TYPES: Readonly<Record<VectorType, VectorTypeInfo>> = {
  FloatVector: FLOAT_VECTOR,
  Float16Vector: FLOAT16_VECTOR,
  BFloat16Vector: BFLOAT16_VECTOR,
  Int8Vector: INT8_VECTOR,
  BinaryVector: BINARY_VECTOR,
  SparseFloatVector: SPARSE_FLOAT_VECTOR,
};

export const isVectorType = (type: FieldType): type is VectorType => Object.hasOwn(VECTOR_TYPES, type);

/** The metric of a field without an index. */
export const defaultMetric = (type: VectorType): MetricType => VECTOR_TYPES[type].metrics[0];

/** INVALID_ARGUMENT for a metric that a vector type does not have. */
export function checkMetric(label: string, type: VectorType, metric: MetricType): void {
  const { metrics } = VECTOR_TYPES[type];
  if (!metrics.includes(metric)) refuse(label, NO_ROW, `a metric of ${type} (${metrics.join(', ')})`, metric);
}

/** The vectors of a column. */
export function vectorsOf({ values, offsets, indices }: VectorRows): QueryVectors {
  return offsets === null ? (values as DenseValues) : { offsets, indices: indices!, values: values as Float32Array };
}
