/**
 * What crosses between a thread of ours and its owner. Both sides speak Comlink over one endpoint, in both directions:
 * calls go down, progress and events come up. One channel keeps them in order, so that the last progress of a call
 * arrives before its reply.
 */

/** Answered by the thread. */
export interface ThreadSide {
  /** Calls a method of the target. `callId` is unique per endpoint; `wantsProgress`: report through `progress`. */
  call(callId: number, method: string, request: unknown, wantsProgress: boolean): Promise<unknown>;
  /** Asks the call to stop, which it answers by rejecting; a call that is over is left alone. */
  abort(callId: number): void;
}

/** Answered by the owner. */
export interface OwnerSide {
  progress(callId: number, progress: unknown): void;
  event(event: unknown): void;
}

/** Context of a call as the carrier sees it; the engine's `CallContext` is one. */
export interface RpcContext {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: unknown) => void;
}

/**
 * A method that can be carried, as the carrier sees it: one plain request, a plain reply, and a context that becomes
 * messages. Requests and replies give their buffers away.
 */
export type RpcMethod = (request: unknown, context: RpcContext) => unknown;

/** The first call to any thread: what it shall be. The rest of the setup is the role's own. */
export interface ThreadSetup {
  readonly role: string;
}

/** The thread's first message, before any call: its code has loaded and it listens. */
export interface ReadyMessage {
  readonly elanus: 'ready';
  /** A Web Lock that the thread holds until it ends, however it ends; absent where there are no Web Locks. */
  readonly lifeLock?: string;
}

export function isReadyMessage(data: unknown): data is ReadyMessage {
  return typeof data === 'object' && data !== null && (data as Partial<ReadyMessage>).elanus === 'ready';
}
