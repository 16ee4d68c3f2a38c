/** Exact search in plain JavaScript over all vectors of a collection, in slices that leave the page its thread: the judge of recall. */
import { exactCosine, exactIP, exactL2, recallCosine, recallIP, recallL2 } from '../../sample/exact.mjs';
import type { VectorInfo } from '../collections/dataset.ts';
import type { Id, Rows } from './rows.ts';

/** Numbers compared before the host runs. */
const SLICE = 1 << 20;

export interface Exact {
  /** Row numbers, nearest first. */
  readonly rows: readonly number[];
  /** Squared distances, cosines or inner products. */
  readonly scores: readonly number[];
  /** Time spent comparing. */
  readonly ms: number;
}

type Metric = VectorInfo['metric'];

const search = { L2: exactL2, COSINE: exactCosine, IP: exactIP };
const judge = { L2: recallL2, COSINE: recallCosine, IP: recallIP };

/** The k nearest of a query. */
export async function exactNearest({ vectors, dim }: Rows, metric: Metric, query: Float32Array, k: number, signal?: AbortSignal): Promise<Exact> {
  const find = search[metric];
  const rows = vectors.length / dim;
  const perSlice = Math.max(1, Math.floor(SLICE / dim));
  const best: { row: number; score: number }[] = [];
  let ms = 0;
  for (let from = 0; from < rows; from += perSlice) {
    const to = Math.min(rows, from + perSlice);
    const begin = performance.now();
    const part = find(vectors.subarray(from * dim, to * dim), to - from, dim, query, k);
    ms += performance.now() - begin;
    for (const [i, row] of part.rows.entries()) best.push({ row: from + row, score: part.scores[i] });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const sign = metric === 'L2' ? 1 : -1;
  best.sort((a, b) => sign * (a.score - b.score) || a.row - b.row);
  best.length = Math.min(k, best.length);
  return { rows: best.map(({ row }) => row), scores: best.map(({ score }) => score), ms };
}

/** The share of the exact answer that was found; ties at its border are no error. */
export function recallOf({ ids, vectors, dim }: Rows, metric: Metric, query: Float32Array, found: readonly Id[], exact: Exact): number {
  const rate = judge[metric];
  const wanted = new Set(found);
  const rows: number[] = [];
  // Keys ascend, but texts do so in the order of their bytes: a scan is quick enough.
  for (let row = 0; row < ids.length && rows.length < wanted.size; row++) if (wanted.has(ids[row])) rows.push(row);
  return rate(rows, { rows: [...exact.rows], scores: [...exact.scores] }, vectors, dim, query);
}
