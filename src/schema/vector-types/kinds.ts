/** What a schema has to know of a vector type; what its values are is in a file of each, and all together in `index.ts`. */
import { MAX_BINARY_DIM, MAX_DIM, MIN_DIM } from '../limits.ts';
import { NO_ROW, refuse } from '../refuse.ts';
import type { FieldType, MetricType, VectorType } from '../types.ts';
import type { DenseValues, QueryVectors, VectorRows, VectorTypeInfo } from './vector-type.ts';

export type VectorKind = Pick<VectorTypeInfo, 'family' | 'dims' | 'metrics'>;

const DENSE: VectorKind = { family: 'dense', dims: { min: MIN_DIM, max: MAX_DIM, multipleOf: 1 }, metrics: ['COSINE', 'L2', 'IP'] };

export const VECTOR_KINDS: Readonly<Record<VectorType, VectorKind>> = {
  FloatVector: DENSE,
  Float16Vector: DENSE,
  BFloat16Vector: DENSE,
  Int8Vector: DENSE,
  BinaryVector: { family: 'binary', dims: { min: 8, max: MAX_BINARY_DIM, multipleOf: 8 }, metrics: ['HAMMING', 'JACCARD'] },
  SparseFloatVector: { family: 'sparse', dims: null, metrics: ['IP'] },
};

export const isVectorType = (type: FieldType): type is VectorType => Object.hasOwn(VECTOR_KINDS, type);

/** The metric of a field without an index. */
export const defaultMetric = (type: VectorType): MetricType => VECTOR_KINDS[type].metrics[0];

/** INVALID_ARGUMENT for a metric that a vector type does not have. */
export function checkMetric(label: string, type: VectorType, metric: MetricType): void {
  const { metrics } = VECTOR_KINDS[type];
  if (!metrics.includes(metric)) refuse(label, NO_ROW, `a metric of ${type} (${metrics.join(', ')})`, metric);
}

/** The vectors of a column. */
export function vectorsOf({ values, offsets, indices }: VectorRows): QueryVectors {
  return offsets === null ? (values as DenseValues) : { offsets, indices: indices!, values: values as Float32Array };
}
