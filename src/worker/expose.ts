/** The thread's side of the protocol: answers calls on behalf of a target. */
import { expose, transfer, wrap, type Endpoint } from 'comlink';
import { ElanusError } from '../util/error.ts';
import { installErrorHandler } from './errors.ts';
import type { OwnerSide, RpcMethod, ThreadSide } from './protocol.ts';
import { prepareTransfer } from './transfers.ts';

export interface Exposed {
  /** Sends an event to the owner's `onEvent`. */
  emit(event: unknown): void;
}

/** Answers calls by the methods that `methodOf` knows; any other name is an error of the caller. */
export function exposeObject(endpoint: Endpoint, methodOf: (name: string) => RpcMethod | undefined): Exposed {
  installErrorHandler();
  const owner = wrap<OwnerSide>(endpoint);
  const sendProgress = owner.progress;
  const sendEvent = owner.event;
  const running = new Map<number, AbortController>();

  const side: ThreadSide = {
    async call(callId, name, request, wantsProgress) {
      const method = methodOf(name);
      if (method === undefined) throw new ElanusError('INTERNAL', `"${name}" is no method of this thread`);
      const controller = new AbortController();
      const progress = wantsProgress ? progressSender((value) => sendProgress(callId, value)) : undefined;
      running.set(callId, controller);
      try {
        const reply = await method(request, { signal: controller.signal, onProgress: progress?.report });
        progress?.flush();
        const prepared = prepareTransfer(reply);
        return isObject(prepared.value) ? transfer(prepared.value, prepared.transfer) : prepared.value;
      } finally {
        running.delete(callId);
      }
    },
    abort(callId) {
      running.get(callId)?.abort();
    },
  };
  expose(side, endpoint);
  // Comlink releases an endpoint whose proxies have all been collected; these three live as long as the closure.
  return { emit: (event) => void Promise.resolve(sendEvent(event)).catch(() => owner) };
}

/**
 * Sends no report before the last one was received, and then the newest: a slow owner is not flooded, and the last
 * report of a call is always sent.
 */
function progressSender(send: (value: unknown) => Promise<unknown>): { report(value: unknown): void; flush(): void } {
  let onItsWay = false;
  let held: { value: unknown } | null = null;
  const post = (value: unknown): void => {
    onItsWay = true;
    held = null;
    const arrived = (): void => {
      onItsWay = false;
      if (held !== null) post(held.value);
    };
    send(value).then(arrived, arrived);
  };
  return {
    report: (value) => {
      if (onItsWay) held = { value };
      else post(value);
    },
    flush: () => {
      if (held !== null) post(held.value);
    },
  };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
