/** A run of the benchmark: one engine after the other, in an order that a seed sets. It goes on while other views are shown, and is kept. */
import { rowsMax, sampleOf } from '../../measure/sample.ts';
import type { SampleProgress } from '../../measure/sample.ts';
import { copyOf, K } from '../../measure/truth.ts';
import type { Matrix, Truth } from '../../measure/truth.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import { numberOf } from '../../util/number-of.ts';
import { createStore } from '../../util/store.ts';
import { deviceOf } from './device.ts';
import type { BuildParams, EngineId, EngineInfo } from './engines/engine.ts';
import type { BenchReply, BenchRequest, Measured } from './messages.ts';
import { orderOf } from './order.ts';
import { failedEngine, FORMAT, measuredEngine } from './report.ts';
import type { Report } from './report.ts';

export const PARAMS: BuildParams = { M: 16, efConstruction: 200 };
const BREADTHS = [16, 24, 32, 48, 64, 96, 128, 200, 320];
/** One engine takes at most so long. */
const ENGINE_MS = 300_000;

interface BenchState {
  /** What runs: of which collection, which engine (null: none yet), and how far it is. */
  readonly running: { readonly collection: string; readonly engine: EngineId | null; readonly progress: SampleProgress; readonly abort: AbortController } | null;
  /** The last report of each collection and number of rows, complete or not. */
  readonly reports: ReadonlyMap<string, Report>;
  readonly failures: ReadonlyMap<string, string>;
}

export const bench = createStore<BenchState>({ running: null, reports: new Map(), failures: new Map() });

/** An own collection may have the name of one that was deleted. */
export const reportKey = (open: OpenCollection, rows: number): string => `${numberOf(open.dataset)} ${rows}`;

export function cancel(): void {
  bench.get().running?.abort.abort();
}

/** Never rejects: a failure is a state. Only one runs at a time. */
export async function start(open: OpenCollection, rows: number, seed: number): Promise<void> {
  if (bench.get().running !== null) return;
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, open.signal]);
  const collection = open.dataset.id;
  const key = reportKey(open, rows);
  const tell = (engine: EngineId | null, progress: SampleProgress) => bench.set({ running: { collection, engine, progress, abort } });
  tell(null, { label: 'Starting', share: 0 });
  const failures = new Map(bench.get().failures);
  failures.delete(key);
  bench.set({ failures });
  try {
    const { matrix, truth } = await sampleOf(open, Math.min(rows, rowsMax(open.dataset.vector.dim)), 'COSINE', signal, (progress) => tell(null, progress));
    if (truth.queries.length === 0) throw new Error('There is no row to search with: all vectors are zero, or there is none.');
    const order = orderOf(seed);
    let report: Report = {
      format: FORMAT, made: new Date().toISOString(), device: deviceOf(),
      data: { collection, rows: matrix.rows, dim: matrix.dim, metric: 'COSINE', k: K, queries: truth.queries.length },
      parameters: PARAMS, seed, order: order.map(({ id }) => id), engines: [],
    };
    for (const info of order) {
      const outcome = await runEngine(info, matrix, truth, signal, (progress) => tell(info.id, progress)).then(
        (measured) => measuredEngine(info, measured, matrix, truth),
        (error: unknown) => {
          signal.throwIfAborted();
          return failedEngine(info, error instanceof Error ? error.message : String(error));
        },
      );
      report = { ...report, engines: [...report.engines, outcome] };
      bench.set({ reports: new Map(bench.get().reports).set(key, report) });
    }
  } catch (error) {
    if (!signal.aborted) bench.set({ failures: new Map(bench.get().failures).set(key, error instanceof Error ? error.message : String(error)) });
  } finally {
    bench.set({ running: null });
  }
}

async function runEngine({ id }: EngineInfo, matrix: Matrix, truth: Truth, signal: AbortSignal, onProgress: (progress: SampleProgress) => void): Promise<Measured> {
  // The vectors belong to the page: every engine gets a copy.
  const request: BenchRequest = { engine: id, matrix: await copyOf(matrix), queries: truth.queries, k: truth.k + 1, params: PARAMS, breadths: BREADTHS };
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./bench-worker.ts', import.meta.url), { type: 'module' });
    const end = (settle: () => void) => {
      clearTimeout(timer);
      worker.terminate();
      signal.removeEventListener('abort', abort);
      settle();
    };
    const fail = (message: string) => end(() => reject(new Error(message)));
    const timer = setTimeout(() => fail(`it took more than ${ENGINE_MS / 60_000} minutes`), ENGINE_MS);
    const abort = () => fail('cancelled');
    signal.addEventListener('abort', abort);
    worker.onerror = (event) => {
      // Said in the table; the console is for what nobody handles.
      event.preventDefault();
      fail(event.message || 'its worker could not be started');
    };
    worker.onmessageerror = () => fail('its answer could not be read');
    worker.onmessage = ({ data }: MessageEvent<BenchReply>) => {
      if (data.kind === 'progress') onProgress(data);
      else if (data.kind === 'failed') fail(data.isEval ? `It compiles code from text, which this host's content security policy forbids. ${data.message}` : data.message);
      else end(() => resolve(data.measured));
    };
    worker.postMessage(request, [request.matrix.vectors.buffer]);
  });
}
