/** What many times say together. */

/** In milliseconds. */
export interface Latency {
  /** Of the calmest pass over all queries: finer than the clock, and not of what else the machine did. */
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/**
 * The smallest of ascending values that at least this share of them does not exceed (nearest rank). `share` is above 0 and
 * at most 1; NaN of no values.
 */
export function percentile(ascending: ArrayLike<number>, share: number): number {
  if (ascending.length === 0) return NaN;
  // Of 100 values 0.07 is the seventh; the product is a hair more than 7.
  const rank = Math.ceil(share * ascending.length - 1e-9);
  return ascending[Math.min(ascending.length, Math.max(1, rank)) - 1];
}

/** Of passes over the same queries, times in any order; at least one of each. */
export function latencyOf(passes: readonly (readonly number[])[]): Latency {
  const ascending = Float64Array.from(passes.flat()).sort();
  return {
    mean: Math.min(...passes.map((times) => times.reduce((sum, time) => sum + time, 0) / times.length)),
    p50: percentile(ascending, 0.5),
    p90: percentile(ascending, 0.9),
    p99: percentile(ascending, 0.99),
  };
}
