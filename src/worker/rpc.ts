/**
 * The owner's side of the protocol: an interface whose methods are `(request, context?)` (such as `EngineClient`),
 * carried to a thread. Adds what Comlink lacks: abort, progress, errors with their codes, and an end. A call whose
 * thread dies rejects with `WORKER_LOST`, and so does every later one, at once.
 */
import { expose, releaseProxy, transfer, wrap } from 'comlink';
import type { WorkerHandle } from '../platform/platform.ts';
import { ElanusError, abortError, isElanusError } from '../util/error.ts';
import { installErrorHandler, internalError } from './errors.ts';
import type { OwnerSide, RpcContext, ThreadSide } from './protocol.ts';
import { prepareTransfer } from './transfers.ts';

export interface Remote<T> {
  readonly client: T;
  /** True once the thread has died; never after `end`. */
  readonly isLost: boolean;
  /** Ends the thread: calls still pending, and all later ones, reject with CLOSED. */
  end(): Promise<void>;
}

export interface RemoteOptions {
  /** Names the thread in errors: `engine`, `build`. */
  readonly what: string;
  readonly onEvent?: (event: unknown) => void;
  /** Called once if the thread dies by itself. */
  readonly onLost?: (error: ElanusError) => void;
}

interface PendingCall {
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((progress: unknown) => void) | undefined;
}

/**
 * Makes the client of the thread behind `handle`, which belongs to it from now on. `methods` are all that it has;
 * buffers inside a request are transferred, those of a reply belong to the caller.
 */
export function wrapRemote<T extends object>(handle: WorkerHandle, methods: readonly (keyof T & string)[], options: RemoteOptions): Remote<T> {
  installErrorHandler();
  const thread = wrap<ThreadSide>(handle.endpoint);
  const sendCall = thread.call;
  const sendAbort = thread.abort;
  const pending = new Map<number, PendingCall>();
  let lastCallId = 0;
  /** Why there can be no more calls; null while the thread is there. */
  let over: ElanusError | null = null;
  let isLost = false;
  let terminated: Promise<void> | null = null;

  const side: OwnerSide = {
    progress(callId, progress) {
      const call = pending.get(callId);
      try {
        call?.onProgress?.(progress);
      } catch (error) {
        // As on one thread: a report that throws ends the work it reports on.
        call?.reject(error);
        void sendAbort(callId).catch(ignore);
      }
    },
    event(event) {
      options.onEvent?.(event);
    },
  };
  expose(side, handle.endpoint);

  const stop = (error: ElanusError): Promise<void> => {
    if (terminated !== null) return terminated;
    over = error;
    for (const call of pending.values()) call.reject(error);
    thread[releaseProxy]();
    terminated = handle.terminate();
    return terminated;
  };

  handle.onDeath((cause) => {
    if (over !== null) return;
    isLost = true;
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    const error = new ElanusError('WORKER_LOST', `the ${options.what} worker ended unexpectedly${reason}`, { worker: options.what }, { cause });
    stop(error).catch(ignore);
    options.onLost?.(error);
  });

  const call = async (method: string, request: unknown, context: RpcContext | undefined): Promise<unknown> => {
    if (over !== null) throw over;
    const signal = context?.signal;
    if (signal?.aborted) throw abortError(signal);
    const callId = ++lastCallId;
    const { value, transfer: buffers } = prepareTransfer(request);
    const argument = typeof value === 'object' && value !== null ? transfer(value, buffers) : value;
    const onAbort = (): void => void sendAbort(callId).catch(ignore);

    if (pending.size === 0) handle.keepAlive(true);
    try {
      return await new Promise((resolve, reject) => {
        pending.set(callId, { reject, onProgress: context?.onProgress });
        signal?.addEventListener('abort', onAbort);
        sendCall(callId, method, argument, context?.onProgress !== undefined).then(resolve, reject);
      });
    } catch (error) {
      // The caller's own reason is the cause, as it would be without a thread between.
      if (signal?.aborted && isElanusError(error) && error.code === 'ABORTED') throw abortError(signal);
      throw isElanusError(error) || isCallersOwn(error) ? error : internalError(error);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      pending.delete(callId);
      if (pending.size === 0 && over === null) handle.keepAlive(false);
    }
  };

  const client = Object.fromEntries(methods.map((method) => [method, (request: unknown, context?: RpcContext) => call(method, request, context)]));
  return {
    client: client as T,
    get isLost() {
      return isLost;
    },
    end: () => stop(new ElanusError('CLOSED', `the ${options.what} worker has been closed`)),
  };
}

/** Errors that never crossed the thread: what a progress callback threw. Cloning failures are ours to explain. */
const isCallersOwn = (error: unknown): boolean => !(error instanceof Error && error.name === 'DataCloneError');

const ignore = (): void => {};
