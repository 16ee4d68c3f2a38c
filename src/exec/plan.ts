/** How one search asks each kind of segment: parameters checked once, against the index that the collection has. */
import { scanTypeOf } from '../index/registry.ts';
import { deeper } from '../index/deeper.ts';
import type { SearchPlan } from '../index/index.ts';
import { builtSpec, parseSearchParams, sameSpec } from '../index/spec.ts';
import type { DistanceRange } from '../kernels/kernels.ts';
import type { Field, IndexSpec, MetricType, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, defaultMetric } from '../schema/vector-types/index.ts';
import type { SealedVectors } from '../segment/sealed-vectors.ts';
import { isElanusError } from '../util/error.ts';
import { takeRange } from './range.ts';

/** A field without an index is scanned, by the default metric of its type. */
function scanOf(type: VectorType, metric: MetricType = defaultMetric(type)): IndexSpec {
  return { type: scanTypeOf(VECTOR_TYPES[type].family).name, metric, params: {} };
}

type RawParams = Readonly<Record<string, unknown>> | undefined;

export interface FieldPlan {
  readonly field: Field;
  readonly metric: MetricType;
  /** Hits wanted per query: limit + offset. */
  readonly k: number;
  /** The metric that an index must be of to answer; null where none may, and every row is compared. */
  readonly indexMetric: MetricType | null;
  /** As asked for. */
  readonly spec: IndexSpec;
  /** Search parameters as given, without the range. */
  readonly params: RawParams;
  /** What hits must be within; null: anything. */
  readonly range: DistanceRange | null;
  /** For segments whose index is the one that `spec` asks for. */
  readonly plan: SearchPlan;
  /** By what a segment's index was built as. Filled as segments are met. */
  readonly plans: Map<IndexSpec, SearchPlan>;
  /** Of a plan for more hits: the plan that was asked for, and how deep it goes. */
  readonly deepens?: { readonly plan: FieldPlan; readonly depth: number };
}

/** INVALID_ARGUMENT on a search parameter that the index does not know or that is out of range. `exact`: without any index. */
export function planField(field: Field, spec: IndexSpec | undefined, k: number, params: RawParams, exact = false): FieldPlan {
  const chosen = exact || !spec ? scanOf(field.type as VectorType, spec?.metric) : spec;
  const built = builtSpec(chosen, field.dim, Infinity);
  const { range, rest } = takeRange(chosen.metric, params);
  const plan = parseSearchParams(chosen, built, k, rest);
  return { field, metric: chosen.metric, indexMetric: exact ? null : chosen.metric, k, spec: chosen, params: rest, range, plan, plans: new Map() };
}

/** The same search for k hits, if those are more, after which it goes on. `depth`: as of `deeper`. */
export function deeperPlan(plan: FieldPlan, k: number, depth = k): FieldPlan {
  return { ...plan, k, plan: deeper(plan.plan, plan.k, k, depth), deepens: { plan, depth } };
}

/** The same search by comparing all rows, within the range where one is given. */
export function scanPlan(plan: FieldPlan, k: number, range: DistanceRange | null = plan.range): FieldPlan {
  return { ...plan, k, range, indexMetric: null };
}

/** The plan for one segment. One that still has an earlier index is asked with as much of the parameters as that one understands. */
export function planSegment(fieldPlan: FieldPlan, vectors: SealedVectors): SearchPlan {
  const built = vectors.indexSpec;
  if (!built) return fieldPlan.plan;
  if (fieldPlan.deepens) return deeper(planSegment(fieldPlan.deepens.plan, vectors), fieldPlan.deepens.plan.k, fieldPlan.k, fieldPlan.deepens.depth);
  let plan = fieldPlan.plans.get(built);
  if (!plan) fieldPlan.plans.set(built, (plan = planFor(fieldPlan, built, vectors)));
  return plan;
}

function planFor({ field, spec, k, params, plan }: FieldPlan, built: IndexSpec, vectors: SealedVectors): SearchPlan {
  const wanted = builtSpec(spec, field.dim, vectors.rows);
  if (sameSpec(wanted, built)) return sameSpec(builtSpec(spec, field.dim, Infinity), built) ? plan : parseSearchParams(spec, built, k, params);
  return understood(built, k, params ?? {});
}

/** Another index's parameters, without those that this one refuses. */
function understood(built: IndexSpec, k: number, params: Readonly<Record<string, unknown>>): SearchPlan {
  try {
    return parseSearchParams(built, built, k, params);
  } catch (error) {
    const refused = isElanusError(error) && error.code === 'INVALID_ARGUMENT' ? error.detail['parameter'] : undefined;
    if (typeof refused !== 'string' || !Object.hasOwn(params, refused)) throw error;
    return understood(built, k, Object.fromEntries(Object.entries(params).filter(([name]) => name !== refused)));
  }
}
