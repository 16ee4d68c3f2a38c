/** The worker that reads a file, from the page's side. */
import { proxy, wrap } from 'comlink';
import type { Remote } from 'comlink';
import type { OwnWorker } from '../../collections/own/own-worker.ts';
import type { OnProgress } from './table-reader.ts';

export class TableClient {
  readonly #worker: Worker;
  readonly remote: Remote<OwnWorker>;
  readonly #died: Promise<never>;

  constructor() {
    this.#worker = new Worker(new URL('../../collections/own/own-worker.ts', import.meta.url), { type: 'module' });
    this.remote = wrap<OwnWorker>(this.#worker);
    this.#died = new Promise((_, reject) => {
      this.#worker.addEventListener('error', (event) => {
        event.preventDefault();
        reject(new Error(`The reader stopped: ${event.message || 'it could not be started'}`));
      });
    });
    this.#died.catch(() => {});
  }

  /** What the worker answers; rejects when it dies, and at once when the signal fires. */
  async call<T>(run: (remote: Remote<OwnWorker>) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    let stop!: () => void;
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([run(this.remote), this.#died, aborted]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  end(): void {
    this.#worker.terminate();
  }
}

/** Progress across threads. */
export const heard = (onProgress: OnProgress): OnProgress => proxy(onProgress) as unknown as OnProgress;
