/** Threads of Node: `worker_threads`, from the owner's side and from within. */
import type { Endpoint } from 'comlink';
import { Worker, parentPort, type MessagePort } from 'node:worker_threads';
import { isReadyMessage } from '../worker/protocol.ts';
import type { WorkerHandle, WorkerRole } from './platform.ts';

/** Starts a thread from a script. Resolved: its code has loaded and it listens. It keeps no process alive. */
export async function startNodeThread(script: URL, role: WorkerRole): Promise<WorkerHandle> {
  const worker = new Worker(script, { name: `elanus ${role}` });
  // Until it listens it counts as work under way.
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: unknown): void => {
      worker.off('message', onMessage).off('error', settle).off('exit', onExit);
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error(String(error)));
    };
    const onMessage = (data: unknown): void => {
      if (isReadyMessage(data)) settle();
    };
    const onExit = (code: number): void => settle(new Error(`the worker exited with code ${code} before it was ready`));
    worker.on('message', onMessage).on('error', settle).on('exit', onExit);
  });
  worker.unref();

  const listeners = new Set<(cause: unknown) => void>();
  let death: { readonly cause: unknown } | null = null;
  let isTerminating = false;
  const die = (cause: unknown): void => {
    if (death !== null || isTerminating) return;
    death = { cause };
    for (const listener of listeners) listener(cause);
    listeners.clear();
  };
  worker.on('error', die);
  worker.on('messageerror', die);
  worker.on('exit', (code) => die(new Error(`the worker exited with code ${code}`)));

  return {
    endpoint: nodeEndpoint(worker),
    onDeath(listener) {
      if (death !== null) listener(death.cause);
      else listeners.add(listener);
    },
    keepAlive(on) {
      if (on) worker.ref();
      else worker.unref();
    },
    async terminate() {
      isTerminating = true;
      await worker.terminate();
    },
  };
}

/** The owner's endpoint, from within a thread; null on the main thread. */
export const ownerEndpoint = (): Endpoint | null => (parentPort === null ? null : nodeEndpoint(parentPort));

/** What Comlink calls an endpoint, over what Node calls a port. */
export function nodeEndpoint(port: MessagePort | Worker): Endpoint {
  type Listener = EventListenerOrEventListenerObject;
  const listeners = new Map<Listener, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as Parameters<MessagePort['postMessage']>[1]),
    addEventListener(_type, listener) {
      const deliver = (data: unknown): void => {
        const event = { data } as MessageEvent;
        if (typeof listener === 'function') listener(event);
        else listener.handleEvent(event);
      };
      listeners.set(listener, deliver);
      port.on('message', deliver);
    },
    removeEventListener(_type, listener) {
      const deliver = listeners.get(listener);
      if (deliver !== undefined) port.off('message', deliver);
      listeners.delete(listener);
    },
  };
}
