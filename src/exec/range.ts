/**
 * Range search: `radius` bounds hits from afar, `range_filter` from near (Milvus's names; L2: range_filter <= d < radius,
 * IP and COSINE: radius < s <= range_filter). Below the parameters both are inclusive bounds on distances in f32, as hits
 * carry them, so that a hit's score is always within what was asked for.
 */
import type { SearchPlan } from '../index/index.ts';
import type { DistanceRange, Kernels } from '../kernels/kernels.ts';
import type { MetricType } from '../schema/types.ts';
import type { RowQuery } from '../segment/sealed-vectors.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { VectorSnapshot } from '../segment/vector-snapshot.ts';
import { ElanusError } from '../util/error.ts';

type RawParams = Readonly<Record<string, unknown>>;

/** Most candidates that an index is asked for before a scan is less work. */
const CANDIDATES_MAX = 8192;
/** A walk looks at many rows for each candidate: with a candidate among so many rows a scan is less work. */
const ROWS_PER_CANDIDATE = 16;
const GROWTH = 4;

/** Takes the bounds out of search parameters. INVALID_ARGUMENT where they are no numbers or leave nothing between them. */
export function takeRange(metric: MetricType, params: RawParams | undefined): { readonly range: DistanceRange | null; readonly rest: RawParams | undefined } {
  if (params === undefined || (params['radius'] === undefined && params['range_filter'] === undefined)) return { range: null, rest: params };
  const { radius: rawRadius, range_filter: rawFilter, ...rest } = params;
  const radius = bound('radius', rawRadius);
  const filter = rawFilter === undefined ? undefined : bound('range_filter', rawFilter);
  const isSimilarity = metric === 'IP' || metric === 'COSINE';
  if (filter !== undefined && (isSimilarity ? filter <= radius : filter >= radius)) {
    const expected = `a number ${isSimilarity ? 'greater' : 'less'} than "radius" (${radius}) for ${metric}`;
    throw new ElanusError('INVALID_ARGUMENT', `"range_filter" expected ${expected}, got ${filter}`, { parameter: 'range_filter', metric });
  }
  const sign = isSimilarity ? -1 : 1;
  return { range: { min: filter === undefined ? -Infinity : floatFrom(sign * filter), max: floatBelow(sign * radius) }, rest };
}

function bound(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const got = value === undefined ? 'nothing' : typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new ElanusError('INVALID_ARGUMENT', `"${name}" expected a finite number, got ${got}`, { parameter: name });
}

/** The smallest f32 that is at least x. */
function floatFrom(x: number): number {
  const rounded = Math.fround(x);
  return rounded < x ? neighbour(rounded, 1) : rounded;
}

/** The largest f32 that is less than x. */
function floatBelow(x: number): number {
  const rounded = Math.fround(x);
  return rounded < x ? rounded : neighbour(rounded, -1);
}

const bits = new DataView(new ArrayBuffer(4));

export const nextFloat = (x: number): number => neighbour(x, 1);

/** The next f32 above (1) or below (-1). */
function neighbour(x: number, direction: 1 | -1): number {
  if (x === 0) return direction * 2 ** -149;
  bits.setFloat32(0, x);
  bits.setInt32(0, bits.getInt32(0) + (x > 0 ? direction : -direction));
  return bits.getFloat32(0);
}

/** The range, where rows that are too near must be passed over, which takes more than cutting off the end. */
export const withNearBound = (range: DistanceRange | null): DistanceRange | null => (range !== null && range.min > -Infinity ? range : null);

/** Hits [from, to) of the first n, nearest first, are within the range. */
export function withinRange(distances: Float32Array, range: DistanceRange | null): { readonly from: number; readonly to: number } {
  let from = 0;
  let to = distances.length;
  if (range) {
    while (to > 0 && distances[to - 1]! > range.max) to--;
    while (from < to && distances[from]! < range.min) from++;
  }
  return { from, to };
}

/**
 * The k best rows of a segment within a range that has a near bound, for the query prepared for its index: the index is
 * asked for more and more candidates until k are behind the bound or one is beyond the range; where that would be most of
 * the rows, they are scanned. Answers where the hits are among whose; null where vectors are not in memory that must be.
 * `seen`: instead of the rows that live now.
 */
export function searchBehind(
  segment: SealedSegment, fieldId: number, plan: SearchPlan, query: RowQuery, k: number, range: DistanceRange, seen?: VectorSnapshot,
): { readonly kernels: Kernels; readonly from: number; readonly to: number } | null {
  const vectors = segment.vectors(fieldId);
  const most = Math.min(CANDIDATES_MAX, vectors.rows / ROWS_PER_CANDIDATE);
  for (let { candidates } = plan; candidates <= most; candidates *= GROWTH) {
    const n = vectors.search({ ...plan, candidates, ef: plan.ef === 0 ? 0 : Math.max(plan.ef, candidates) }, range, seen);
    const kernels = plan.refine && n > 0 ? vectors.rescoreNow(segment.file, query, n) : vectors.indexKernels;
    if (!kernels) return null;
    const distances = kernels.hitDistances(n);
    const { from, to } = withinRange(distances, range);
    if (to - from >= k || n < candidates || to < n) return { kernels, from, to: Math.min(to, from + k) };
  }
  if (!vectors.resident) return null;
  const { kernels } = vectors;
  vectors.setQuery(kernels, query);
  return { kernels, ...scanWithin(kernels, seen ?? vectors, query.metric, k, range) };
}

/** The k best of all rows within a range. Vectors must be resident. */
export function scanWithin(kernels: Kernels, vectors: { scan(metric: MetricType): void }, metric: MetricType, k: number, range: DistanceRange | null): { readonly from: 0; readonly to: number } {
  kernels.beginTopK(k, range ?? undefined);
  vectors.scan(metric);
  return { from: 0, to: kernels.endTopK() };
}
