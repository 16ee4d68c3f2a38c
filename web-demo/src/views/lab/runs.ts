/** What the lab builds and has built. It is kept, and goes on, while other views are shown. */
import { connect, defineSchema } from 'elanus';
import { sampleOf } from '../../measure/sample.ts';
import type { Metric } from '../../measure/truth.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import { numberOf } from '../../util/number-of.ts';
import { createStore } from '../../util/store.ts';
import { experiment } from './experiment.ts';
import type { ExperimentProgress, Outcome } from './experiment.ts';
import { keyOf } from './setting.ts';
import type { Setting } from './setting.ts';

/** What is built over what. */
export interface Job {
  readonly open: OpenCollection;
  readonly rows: number;
  readonly metric: Metric;
  readonly setting: Setting;
}

interface LabState {
  /** In the order in which they were asked for; the first one runs. */
  readonly waiting: readonly { readonly key: string; readonly abort: AbortController; readonly progress: ExperimentProgress | null }[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly failures: ReadonlyMap<string, string>;
}

/** Results are small, but a visitor may stay for long. */
const KEPT = 40;

export const runs = createStore<LabState>({ waiting: [], outcomes: new Map(), failures: new Map() });

/** Rows that change have other results, and so has another collection of the same name. */
export function jobKey({ open, rows, metric, setting }: Job): string {
  return `${numberOf(open.dataset)} ${open.state.get().version} ${rows} ${metric} ${keyOf(setting)}`;
}

let last: Promise<void> = Promise.resolve();

/** One at a time, so that none disturbs the times of another. */
export function start(job: Job): void {
  const key = jobKey(job);
  const { waiting, failures } = runs.get();
  if (waiting.some((other) => other.key === key)) return;
  const abort = new AbortController();
  runs.set({ waiting: [...waiting, { key, abort, progress: null }], failures: without(failures, key) });
  last = last.then(() => run(job, key, abort));
}

export function cancel(key: string): void {
  runs.get().waiting.find((job) => job.key === key)?.abort.abort();
}

async function run(job: Job, key: string, abort: AbortController): Promise<void> {
  const { open, rows, metric, setting } = job;
  const signal = AbortSignal.any([abort.signal, open.signal]);
  const onProgress = (progress: ExperimentProgress) =>
    runs.set({ waiting: runs.get().waiting.map((each) => (each.abort === abort ? { ...each, progress } : each)) });
  try {
    signal.throwIfAborted();
    const { matrix, truth } = await sampleOf(open, rows, metric, signal, onProgress);
    const outcome = await experiment({ connect, defineSchema }, setting, matrix, truth, { signal, onProgress });
    runs.set({ outcomes: new Map([...without(runs.get().outcomes, key), [key, outcome] as const].slice(-KEPT)) });
  } catch (error) {
    if (!signal.aborted) runs.set({ failures: new Map(runs.get().failures).set(key, error instanceof Error ? error.message : String(error)) });
  } finally {
    runs.set({ waiting: runs.get().waiting.filter((each) => each.abort !== abort) });
  }
}

function without<V>(map: ReadonlyMap<string, V>, key: string): Map<string, V> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
