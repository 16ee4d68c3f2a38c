/** A collection's rows to measure with, and the right answers over them; both are kept while the rows do not change. */
import { heldRows } from '../session/held-rows.ts';
import type { OpenCollection } from '../session/open-collection.ts';
import { readRows } from '../session/rows.ts';
import { copyOf, K, sampleQueries } from './truth.ts';
import type { Matrix, Metric, Truth } from './truth.ts';
import type { TruthReply, TruthRequest } from './truth-messages.ts';

const QUERIES = 100;
const SEED = 20_031;
/** Numbers that are measured with at most: 40 MB. */
const LARGEST = 10_000_000;

export interface Sample {
  readonly matrix: Matrix;
  readonly truth: Truth;
}

export interface SampleProgress {
  /** For people. */
  readonly label: string;
  /** 0 to 1. */
  readonly share: number;
}

interface Held {
  readonly version: number;
  matrix: { readonly rows: number; readonly matrix: Matrix } | null;
  readonly truths: Map<string, Truth>;
}

const held = new WeakMap<OpenCollection, Held>();

/** The most rows of so many numbers that are measured with. */
export const rowsMax = (dim: number): number => Math.floor(LARGEST / dim);

/** The first rows in the order of their keys. */
export async function sampleOf(open: OpenCollection, rows: number, metric: Metric, signal: AbortSignal, onProgress: (progress: SampleProgress) => void): Promise<Sample> {
  const { version } = open.state.get();
  let entry = held.get(open);
  if (entry?.version !== version) {
    entry = { version, matrix: null, truths: new Map() };
    held.set(open, entry);
  }
  if (entry.matrix?.rows !== rows) entry.matrix = { rows, matrix: await matrixOf(open, rows, signal, onProgress) };
  const { matrix } = entry.matrix;
  const key = `${rows} ${metric}`;
  let truth = entry.truths.get(key);
  if (truth === undefined) {
    truth = await findTruth(matrix, metric, signal, onProgress);
    entry.truths.set(key, truth);
  }
  return { matrix, truth };
}

async function matrixOf(open: OpenCollection, rows: number, signal: AbortSignal, onProgress: (progress: SampleProgress) => void): Promise<Matrix> {
  const label = 'Reading the rows';
  onProgress({ label, share: 0 });
  const { dim } = open.dataset.vector;
  const all = await heldRows(open, signal);
  const { vectors } = all ?? (await readRows(open, { limit: rows, signal, onProgress: (done, total) => onProgress({ label, share: done / total }) }));
  const there = Math.min(rows, vectors.length / dim);
  return { vectors: vectors.subarray(0, there * dim), rows: there, dim };
}

async function findTruth(matrix: Matrix, metric: Metric, signal: AbortSignal, onProgress: (progress: SampleProgress) => void): Promise<Truth> {
  const label = 'Finding the exact answers';
  const queries = sampleQueries(matrix, metric, QUERIES, SEED);
  onProgress({ label, share: 0 });
  // A view would take the buffer below it along, with all rows of the collection.
  const request: TruthRequest = { matrix: await copyOf(matrix), metric, k: K, queries };
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./truth-worker.ts', import.meta.url), { type: 'module' });
    const end = (settle: () => void) => {
      worker.terminate();
      signal.removeEventListener('abort', abort);
      settle();
    };
    const abort = () => end(() => reject(signal.reason as Error));
    signal.addEventListener('abort', abort);
    worker.onerror = (event) => end(() => reject(new Error(`The exact scan stopped: ${event.message || 'its worker could not be started'}`)));
    worker.onmessage = ({ data }: MessageEvent<TruthReply>) => {
      if ('done' in data) onProgress({ label, share: data.done / queries.length });
      else end(() => resolve({ metric, k: K, queries, answers: data.answers }));
    };
    worker.postMessage(request, [request.matrix.vectors.buffer]);
  });
}
