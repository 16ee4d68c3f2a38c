/**
 * The real engine behind a border as strict as a worker's: all that is sent is cloned and its buffers are taken away, so that a
 * request that holds something uncloneable, or a buffer of the caller, is found out.
 */
import type { EngineClient, EngineEvent, EngineLauncher } from '../../src/engine/client.ts';
import { ENGINE_METHODS } from '../../src/engine-methods.ts';

export interface StrictBehaviour {
  /** Answer searches without a promise where the engine does. Default: always by a promise. */
  readonly isSync?: boolean;
}

/** A launcher of such engines, with a handle on the events of the last one and the requests it was launched by. */
export function strictLauncher(inner: EngineLauncher, { isSync = false }: StrictBehaviour = {}): { launch: EngineLauncher; emit: (event: EngineEvent) => void; requests: Parameters<EngineLauncher>[0][] } {
  let onEvent: (event: EngineEvent) => void = () => {};
  const requests: Parameters<EngineLauncher>[0][] = [];
  return {
    requests,
    emit: (event) => onEvent(event),
    launch: async (request, context) => {
      requests.push(structuredClone(request));
      onEvent = context.onEvent;
      return strict(await inner(request, context), isSync);
    },
  };
}

function strict(engine: EngineClient, isSync: boolean): EngineClient {
  let isClosed = false;
  const call = (method: string) => (request: unknown, context?: unknown) => {
    if (isClosed && method !== 'close') throw new Error('called after close: the API must refuse that itself');
    if (method === 'close') isClosed = true;
    const reply = (engine[method as keyof EngineClient] as (request: unknown, context?: unknown) => unknown)(received(request), context);
    if (isSync && typeof reply === 'object' && reply !== null && !('then' in reply)) return structuredClone(reply);
    return Promise.resolve(reply).then((value) => structuredClone(value));
  };
  return Object.fromEntries(ENGINE_METHODS.map((method) => [method, call(method)])) as unknown as EngineClient;
}

/** The request as another thread would get it; whoever sent it has lost its buffers. */
function received<T>(request: T): T {
  const buffers = new Set<ArrayBuffer>();
  collectBuffers(request, buffers);
  return structuredClone(request, { transfer: [...buffers] });
}

function collectBuffers(value: unknown, into: Set<ArrayBuffer>): void {
  if (ArrayBuffer.isView(value)) into.add(value.buffer as ArrayBuffer);
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) collectBuffers(part, into);
}
