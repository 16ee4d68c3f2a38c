/** The client of an engine in another thread. */
import type { EngineClient, EngineEvent } from './engine/client.ts';
import { ENGINE_METHODS } from './engine-methods.ts';
import type { LaunchContext } from './launch.ts';
import type { WorkerHandle } from './platform/platform.ts';
import type { EngineSetup, EngineStart } from './roles.ts';
import type { ElanusError } from './util/error.ts';
import type { RpcContext } from './worker/protocol.ts';
import { startRole } from './worker/thread.ts';

/** Opens the database in the thread behind `handle`, which ends with it. */
export async function startRemoteEngine(handle: WorkerHandle, start: EngineStart, context: LaunchContext): Promise<EngineClient> {
  const setup: EngineSetup = { role: 'engine', ...start };
  const options = {
    what: 'engine',
    onEvent: (event: unknown) => context.onEvent(event as EngineEvent),
    onLost: ({ code, message, detail }: ElanusError) => context.onEvent({ type: 'error', code, message, detail }),
  };
  const remote = await startRole<EngineClient>(handle, setup, ENGINE_METHODS, options, context as RpcContext);

  const close = async (): Promise<void> => {
    try {
      await remote.client.close();
    } finally {
      await remote.end();
    }
  };
  let closing: Promise<void> | null = null;
  return { ...remote.client, close: () => (closing ??= close()) };
}
