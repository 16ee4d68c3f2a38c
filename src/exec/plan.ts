/** How one search asks each kind of segment: parameters checked once, against the index that the collection has. */
import { getIndexType, scanTypeOf } from '../index/registry.ts';
import type { SearchPlan } from '../index/index.ts';
import type { Field, IndexSpec, MetricType, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, defaultMetric } from '../schema/vector-types/index.ts';
import type { SealedVectors } from '../segment/sealed-vectors.ts';

const NO_PARAMS = {};

/** A field without an index is scanned, by the default metric of its type. */
function withoutIndex(type: VectorType): IndexSpec {
  return { type: scanTypeOf(VECTOR_TYPES[type].family).name, metric: defaultMetric(type), params: {} };
}

export interface FieldPlan {
  readonly field: Field;
  readonly metric: MetricType;
  /** Hits wanted per query: limit + offset. */
  readonly k: number;
  readonly spec: IndexSpec;
  readonly plan: SearchPlan;
}

/** INVALID_ARGUMENT on a search parameter that the index does not know or that is out of range. */
export function planField(field: Field, spec: IndexSpec | undefined, k: number, params: Readonly<Record<string, unknown>> | undefined): FieldPlan {
  const chosen = spec ?? withoutIndex(field.type as VectorType);
  const plan = getIndexType(chosen.type).parseSearch(params ?? NO_PARAMS, k, chosen.params);
  return { field, metric: chosen.metric, k, spec: chosen, plan };
}

/**
 * The plan for one segment. One that still has an earlier index, of other parameters, is asked with that index's
 * defaults until the new one is there.
 */
export function planSegment(fieldPlan: FieldPlan, vectors: SealedVectors): SearchPlan {
  const spec = vectors.indexSpec;
  if (!spec || spec === fieldPlan.spec || spec.type === fieldPlan.spec.type) return fieldPlan.plan;
  return getIndexType(spec.type).parseSearch(NO_PARAMS, fieldPlan.k, spec.params);
}
