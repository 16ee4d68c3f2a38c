/**
 * Threads of a browser, from the owner's side and from within. A browser tells nobody that a worker has died: so every
 * worker holds a Web Lock as long as it lives, and its owner asks for the same lock. An uncaught exception counts as
 * death too, as it does in Node: what the worker knows is no longer to be trusted.
 */
import type { Endpoint } from 'comlink';
import { isReadyMessage, type ReadyMessage } from '../worker/protocol.ts';
import type { WorkerHandle } from './platform.ts';

/** Takes the handle's place where a worker cannot be started from its own file. */
export type WorkerSource = () => Promise<string>;

/**
 * Starts a worker by `start`, and where that fails, from a Blob with the text of `source`: a bundler may have lost the
 * file, or a CDN may serve it from an origin that may not start workers here. Rejects with the first cause.
 */
export async function startBrowserThread(start: () => Worker, source: WorkerSource): Promise<WorkerHandle> {
  try {
    return await adopt(start());
  } catch (cause) {
    try {
      return await startFromBlob(await source());
    } catch {
      throw cause;
    }
  }
}

async function startFromBlob(text: string): Promise<WorkerHandle> {
  if (text === '') throw new Error('the text of the worker is not in this build');
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  // Kept for the worker's life: it may start workers of its own from the same place.
  const handle = await adopt(new Worker(url, { type: 'module' })).catch((error: unknown) => {
    URL.revokeObjectURL(url);
    throw error;
  });
  handle.onDeath(() => URL.revokeObjectURL(url));
  return {
    ...handle,
    async terminate() {
      await handle.terminate();
      URL.revokeObjectURL(url);
    },
  };
}

/** Waits until the worker listens and makes it a handle; it has been terminated when this rejects. */
async function adopt(worker: Worker): Promise<WorkerHandle> {
  let ready: ReadyMessage;
  try {
    ready = await new Promise<ReadyMessage>((resolve, reject) => {
      worker.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (isReadyMessage(event.data)) resolve(event.data);
      });
      worker.addEventListener('error', (event) => reject(new Error(`the worker could not be started${event.message ? `: ${event.message}` : ''}`)), { once: true });
    });
  } catch (error) {
    worker.terminate();
    throw error;
  }

  const listeners = new Set<(cause: unknown) => void>();
  const watching = new AbortController();
  let death: { readonly cause: unknown } | null = null;
  const die = (cause: unknown): void => {
    if (death !== null || watching.signal.aborted) return;
    death = { cause };
    for (const listener of listeners) listener(cause);
    listeners.clear();
  };
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    die(new Error(event.message || 'uncaught exception in the worker'));
  });
  worker.addEventListener('messageerror', () => die(new Error('a message from the worker could not be read')));
  if (ready.lifeLock !== undefined) {
    const gone = (): void => die(new Error('the worker is gone'));
    navigator.locks.request(ready.lifeLock, { signal: watching.signal }, gone).catch(() => {});
  }

  return {
    endpoint: worker,
    onDeath(listener) {
      if (death !== null) listener(death.cause);
      else listeners.add(listener);
    },
    keepAlive: () => {},
    async terminate() {
      watching.abort();
      worker.terminate();
    },
  };
}

/** The owner's endpoint, from within a worker. */
export const ownerEndpoint = (): Endpoint => globalThis as unknown as Endpoint;

/** Takes a lock that this worker holds until it ends; undefined where there are no Web Locks (an insecure page). */
export async function holdLifeLock(): Promise<string | undefined> {
  const { locks } = navigator;
  if (locks === undefined) return undefined;
  const name = `elanus-worker-${Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16)).join('-')}`;
  return new Promise((resolve) => {
    locks.request(name, () => {
      resolve(name);
      return new Promise<never>(() => {});
    }).catch(() => resolve(undefined));
  });
}

/** Starts another worker from the file that this one runs; rejects where workers have no workers. */
export async function startNestedThread(): Promise<WorkerHandle> {
  if (typeof Worker !== 'function') throw new Error('this browser starts no workers within workers');
  return adopt(new Worker(location.href, { type: 'module' }));
}
