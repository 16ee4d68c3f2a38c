/**
 * What a user asked for, what is built for it, and how a search speaks to it. For most names the three are one; a name
 * of `served-names.ts` (AUTOINDEX, GPU_*) is kept as it was asked for and served by an index of another name.
 */
import type { Field, IndexSpec, MetricType, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, checkMetric } from '../schema/vector-types/index.ts';
import type { SearchPlan } from './index.ts';
import { checkFits, getIndexType } from './registry.ts';
import { servedName } from './served-names.ts';

export interface RawIndexSpec {
  readonly type: string;
  readonly metric?: MetricType;
  readonly params?: Readonly<Record<string, unknown>>;
}

type RawParams = Readonly<Record<string, unknown>>;

const NO_PARAMS: RawParams = {};

/** Checks and completes what a user asked for. INVALID_ARGUMENT for a type or a parameter that does not exist, a type or a metric that is not for the field's vectors. */
export function completeSpec(field: Field, raw: RawIndexSpec, metric: MetricType): IndexSpec {
  const vectorType = field.type as VectorType;
  const type = servedName(raw.type) ?? getIndexType(raw.type);
  checkMetric(field.name, vectorType, metric);
  checkFits(type, VECTOR_TYPES[vectorType]);
  const about = { metric, dim: field.dim ?? 1 };
  return { type: type.name, metric, params: type.parseBuild(raw.params ?? NO_PARAMS, about) };
}

/** The index that is built over a segment of so many rows where `spec` was asked for: a type of the registry. `dim`: undefined for sparse rows. */
export function builtSpec(spec: IndexSpec, dim: number | undefined, rows: number): IndexSpec {
  const served = servedName(spec.type);
  if (!served) return spec;
  const { type: name, params } = served.serve(spec.params, { metric: spec.metric, dim, rows });
  const type = getIndexType(name);
  return { type: type.name, metric: spec.metric, params: type.parseBuild(params, { metric: spec.metric, dim: dim ?? 1 }) };
}

/** Why something else is built than was asked for; undefined where it is what was asked for. */
export function whyBuilt(spec: IndexSpec, dim: number | undefined, rows: number): string | undefined {
  return servedName(spec.type)?.why({ metric: spec.metric, dim, rows });
}

/** Search parameters as a user gives them for `spec`, checked. `built`: what answers. INVALID_ARGUMENT for one unknown or out of range. */
export function parseSearchParams(spec: IndexSpec, built: IndexSpec, k: number, raw: RawParams | undefined): SearchPlan {
  const served = servedName(spec.type);
  const type = getIndexType(built.type);
  return type.parseSearch(served ? served.searchParams(raw ?? NO_PARAMS, k, built.type) : (raw ?? NO_PARAMS), k, built.params);
}

export function sameSpec(a: IndexSpec, b: IndexSpec): boolean {
  if (a === b) return true;
  const keys = Object.keys(a.params);
  return a.type === b.type && a.metric === b.metric && keys.length === Object.keys(b.params).length && keys.every((key) => a.params[key] === b.params[key]);
}
