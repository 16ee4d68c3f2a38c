/**
 * Decides where the engine runs and has it started there. The code of either place is imported when it is needed: a
 * page whose engine runs in a worker loads no engine, and one whose engine runs inline speaks to no worker.
 */
import type { CallContext, EngineClient, EngineEvent, EngineLauncher } from './engine/client.ts';
import type { Platform, WorkerHandle } from './platform/platform.ts';
import { splitUrl } from './platform/url.ts';
import type { EngineStart } from './roles.ts';
import { ElanusError } from './util/error.ts';

/** How to call back while the engine starts and as long as it runs. */
export type LaunchContext = CallContext & { readonly onEvent: (event: EngineEvent) => void };

/** Build workers are few: each holds a segment's vectors, and the engine and the page want a core too. */
const BUILD_WORKERS_MAX = 4;

export function makeLauncher(platform: Platform): EngineLauncher {
  return async ({ url, mode, workers, wasm, persist, options, encryptionKey }, context) => {
    const { href } = platform.resolveUrl(splitUrl(url));
    if (persist) platform.askToPersist();
    const thread = mode === 'auto' ? platform.engineThread : mode === 'worker' ? 'worker' : 'calling';
    const [kernels, remote] = await Promise.all([platform.loadKernels({ wasm }), thread === 'worker' ? import('./remote-engine.ts') : null]);
    const buildWorkers = mode === 'inline' ? 0 : (workers ?? Math.max(1, Math.min(BUILD_WORKERS_MAX, platform.hardwareConcurrency - 1)));
    const start: EngineStart = { href, kernels, workers: buildWorkers, options, encryptionKey };

    const startHere = async (here: EngineStart): Promise<EngineClient> => (await import('./local-engine.ts')).startLocalEngine(platform, here, context);
    if (remote === null) return startHere(start);
    let handle: WorkerHandle;
    try {
      handle = await platform.spawnWorker('engine', kernels.module === null || encryptionKey !== undefined);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (mode === 'worker') throw new ElanusError('UNAVAILABLE', `"mode" is 'worker', but no worker could be started: ${reason}`, {}, { cause });
      console.warn(`elanus: no worker could be started, so the database runs on the calling thread (${reason})`);
      return startHere({ ...start, workers: 0 });
    }
    return remote.startRemoteEngine(handle, start, context);
  };
}
