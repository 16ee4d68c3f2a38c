/** Starts a thread and gives it its role. */
import type { WorkerHandle } from '../platform/platform.ts';
import { START } from './host.ts';
import type { RpcContext, ThreadSetup } from './protocol.ts';
import { wrapRemote, type Remote, type RemoteOptions } from './rpc.ts';

/**
 * A client of the thread behind `handle` in the role that `setup` names. Rejects with what the role's start rejects
 * with; the thread has ended then.
 */
export async function startRole<T extends object>(
  handle: WorkerHandle,
  setup: ThreadSetup,
  methods: readonly (keyof T & string)[],
  options: RemoteOptions,
  context?: RpcContext,
): Promise<Remote<T>> {
  type Starting = T & { start(setup: ThreadSetup, context?: RpcContext): Promise<void> };
  const remote = wrapRemote<Starting>(handle, [...methods, START], options);
  try {
    await remote.client.start(setup, context);
    return remote;
  } catch (error) {
    await remote.end();
    throw error;
  }
}
