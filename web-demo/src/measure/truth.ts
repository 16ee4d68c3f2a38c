/**
 * What the right answers are: rows of a matrix are the queries, each asked for the others, by a scan in plain JavaScript that
 * shares no code with the library.
 */
import { exactCosine, exactIP, exactL2, recallCosine, recallIP, recallL2 } from '../../sample/exact.mjs';
import type { ExactHits } from '../../sample/exact.mjs';
import { shuffled } from '../util/random.ts';

export type Metric = 'L2' | 'IP' | 'COSINE';

/** Hits that are measured by. */
export const K = 10;

/** Numbers: 4 MB. */
const COPY_STEP = 1 << 20;

export interface Matrix {
  /** Shape (rows, dim), row-major. */
  readonly vectors: Float32Array;
  readonly rows: number;
  readonly dim: number;
}

export interface Truth {
  readonly metric: Metric;
  readonly k: number;
  /** The rows that are asked with. */
  readonly queries: readonly number[];
  /** For each, its k nearest among the other rows, fewer where there are fewer. */
  readonly answers: readonly ExactHits[];
}

const SCANS = { L2: exactL2, IP: exactIP, COSINE: exactCosine };
const RECALLS = { L2: recallL2, IP: recallIP, COSINE: recallCosine };

export const rowOf = ({ vectors, dim }: Matrix, row: number): Float32Array => vectors.subarray(row * dim, (row + 1) * dim);

/** A matrix of its own, to give away: copied in steps, between which the page has its thread. */
export async function copyOf({ vectors, rows, dim }: Matrix): Promise<Matrix & { readonly vectors: Float32Array<ArrayBuffer> }> {
  const copy = new Float32Array(vectors.length);
  for (let from = 0; from < vectors.length; from += COPY_STEP) {
    copy.set(vectors.subarray(from, from + COPY_STEP), from);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { vectors: copy, rows, dim };
}

/** At most `count` different rows, chosen by the seed. A vector of zeros has no direction, so no cosine: it is no query. */
export function sampleQueries(matrix: Matrix, metric: Metric, count: number, seed: number): number[] {
  const sample: number[] = [];
  for (const row of shuffled(matrix.rows, seed)) {
    if (sample.length === count) break;
    if (metric !== 'COSINE' || rowOf(matrix, row).some((value) => value !== 0)) sample.push(row);
  }
  return sample;
}

/** One query after the other. */
export function* exactAnswers(matrix: Matrix, metric: Metric, k: number, queries: readonly number[]): Generator<ExactHits, void> {
  const { vectors, rows, dim } = matrix;
  for (const query of queries) {
    // One more is asked for: the row itself, or a twin in its place.
    const { rows: found, scores } = SCANS[metric](vectors, rows, dim, rowOf(matrix, query), k + 1);
    const others = found.flatMap((row, i) => (row === query ? [] : [i])).slice(0, k);
    yield { rows: others.map((i) => found[i]), scores: others.map((i) => scores[i]) };
  }
}

/** The rows that an engine which was asked for k + 1 has found for a query: without the row that was asked with. */
export const withoutItself = (found: readonly number[], query: number, k: number): number[] => found.filter((row) => row !== query).slice(0, k);

/** The share of the exact answer to query number `at` that is among `found`; ties at its border are no error. */
export function recallOfQuery(matrix: Matrix, { metric, queries, answers }: Truth, at: number, found: readonly number[]): number {
  return RECALLS[metric](found, answers[at], matrix.vectors, matrix.dim, rowOf(matrix, queries[at]));
}
