/**
 * The plain model that the engine is compared with: a Map of rows by key, and searches by brute force in float64.
 */
import type { MetricType } from '../../src/schema/types.ts';

export interface ModelRow {
  readonly key: bigint | string;
  readonly label: string;
  readonly vector: Float32Array;
}

/** Score by Milvus's convention: L2 squared, IP, COSINE; a zero vector scores 0 under COSINE. */
export function score(metric: MetricType, a: Float32Array, b: Float32Array): number {
  let l2 = 0;
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    l2 += (a[i]! - b[i]!) ** 2;
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  if (metric === 'L2') return l2;
  if (metric === 'IP') return dot;
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}

/** Scores of the best `limit` rows, best first. */
export function bestScores(rows: Iterable<ModelRow>, metric: MetricType, query: Float32Array, limit: number): number[] {
  const sign = metric === 'L2' ? 1 : -1;
  return [...rows]
    .map((row) => score(metric, query, row.vector))
    .sort((a, b) => sign * (a - b))
    .slice(0, limit);
}
