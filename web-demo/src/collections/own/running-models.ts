/** The language models that were fetched in this tab: which are there, and texts through them. */
import { proxy, wrap } from 'comlink';
import type { Remote } from 'comlink';
import { embedders } from '../../session/embedders.ts';
import { createStore } from '../../util/store.ts';
import type { Store } from '../../util/store.ts';
import type { Download, DownloadState } from '../dataset.ts';
import type { ModelWorker } from './model-worker.ts';
import { MODELS, RUNTIME_BYTES } from './models.ts';
import type { Model } from './models.ts';

/** Texts that go through a model at once: more take more memory and no less time. */
const AT_ONCE = 16;

class RunningModel implements Download {
  readonly about: string;
  readonly bytes: number;
  readonly state: Store<DownloadState>;
  readonly #model: Model;
  #worker: Worker | null = null;
  #remote: Remote<ModelWorker> | null = null;
  #loading: Promise<void> | null = null;

  constructor(model: Model) {
    this.#model = model;
    this.about = `the language model ${model.title}`;
    this.bytes = model.bytes + RUNTIME_BYTES;
    this.state = createStore({ phase: 'absent', share: 0, error: null });
  }

  start(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      const { phase } = this.state.get();
      this.stop();
      if (phase !== 'absent') this.state.set({ phase: 'failed', error: inWords(error) });
      throw new Error(inWords(error), { cause: error });
    });
    return this.#loading;
  }

  /** Gives its memory back. It has to be loaded again then, from the browser's cache. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = this.#remote = this.#loading = null;
    this.state.set({ phase: 'absent', share: 0, error: null });
  }

  async #load(): Promise<void> {
    this.state.set({ phase: 'loading', share: 0, error: null });
    const worker = new Worker(new URL('./model-worker.ts', import.meta.url), { type: 'module' });
    this.#worker = worker;
    const remote = wrap<ModelWorker>(worker);
    const died = new Promise<never>((_, reject) => {
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        reject(new Error(event.message || 'its worker could not be started'));
      });
    });
    const onLoaded = proxy((bytes: number) => {
      if (this.#worker === worker) this.state.set({ share: Math.min(1, bytes / this.#model.bytes) });
    });
    await Promise.race([remote.load(this.#model.repository, onLoaded), died]);
    if (this.#worker !== worker) throw new DOMException('The model was stopped', 'AbortError');
    this.#remote = remote;
    this.state.set({ phase: 'ready', share: 1 });
  }

  /** Shape (texts, dim). The signal is heard between parts. */
  async embed(texts: readonly string[], as: 'query' | 'passage', signal?: AbortSignal): Promise<Float32Array> {
    const { dim, prefixes, title } = this.#model;
    const out = new Float32Array(texts.length * dim);
    for (let from = 0; from < texts.length; from += AT_ONCE) {
      signal?.throwIfAborted();
      if (this.#remote === null) throw new Error(`The model ${title} is not loaded`);
      const part = texts.slice(from, from + AT_ONCE).map((text) => prefixes[as] + text);
      out.set(await this.#remote.embed(part, dim), from * dim);
    }
    signal?.throwIfAborted();
    return out;
  }
}

const running = new Map(MODELS.map((model) => [model.id, new RunningModel(model)]));

export function runningModel(id: string): RunningModel {
  const found = running.get(id);
  if (found === undefined) throw new Error(`This page does not know the model ${id}`);
  return found;
}

/** What is asked of the database in words goes through the model as a query. */
export function registerModels(): void {
  for (const [id, model] of running) embedders.set(id, (texts, { signal }) => model.embed(texts, 'query', signal));
}

function inWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /fetch|network|import/i.test(message) ? `It could not be fetched: ${message}` : message;
}
