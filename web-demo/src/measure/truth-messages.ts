import type { ExactHits } from '../../sample/exact.mjs';
import type { Matrix, Metric } from './truth.ts';

/** What the page asks of the worker that scans. */
export interface TruthRequest {
  readonly matrix: Matrix;
  readonly metric: Metric;
  readonly k: number;
  readonly queries: readonly number[];
}

/** What it says, query by query, and at the end. */
export type TruthReply = { readonly done: number } | { readonly answers: readonly ExactHits[] };
