/**
 * Decides where the engine runs and starts it there. The engine itself is given as a function, so that a page whose
 * engine runs in a worker never loads it.
 */
import type { EngineClient, EngineEvent, EngineLauncher } from './engine/client.ts';
import type { Platform } from './platform/platform.ts';
import { splitUrl } from './platform/url.ts';
import type { EngineSetup, EngineStart, startEngine } from './roles.ts';
import { ENGINE_METHODS } from './engine-methods.ts';
import { ElanusError } from './util/error.ts';
import { startRole } from './worker/thread.ts';

/** The engine's code for this thread, fetched when it is needed. */
export type LoadEngine = () => Promise<{ readonly startEngine: typeof startEngine }>;

/** Build workers are few: each holds a segment's vectors, and the engine and the page want a core too. */
const BUILD_WORKERS_MAX = 4;

export function makeLauncher(platform: Platform, loadEngine: LoadEngine): EngineLauncher {
  return async ({ url, mode, workers, wasm, options }, context) => {
    const { href } = platform.resolveUrl(splitUrl(url));
    const kernels = await platform.loadKernels({ wasm });
    const buildWorkers = mode === 'inline' ? 0 : (workers ?? Math.max(1, Math.min(BUILD_WORKERS_MAX, platform.hardwareConcurrency - 1)));
    const start: EngineStart = { href, kernels, workers: buildWorkers, options };

    const onCallingThread = async (): Promise<EngineClient> => {
      const { startEngine } = await loadEngine();
      const host = {
        openStore: (storeHref: string, storeOptions: { readonly readOnly: boolean }) => platform.openStore(splitUrl(storeHref), storeOptions),
        spawnBuildWorker: () => platform.spawnWorker('build'),
      };
      return startEngine(host, start, 'calling', context);
    };

    const thread = mode === 'auto' ? platform.engineThread : mode === 'worker' ? 'worker' : 'calling';
    if (thread === 'calling') return onCallingThread();

    let handle;
    try {
      handle = await platform.spawnWorker('engine');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (mode === 'worker') throw new ElanusError('UNAVAILABLE', `"mode" expected workers to be available for 'worker': ${reason}`, {}, { cause });
      console.warn(`elanus: no worker could be started, the database runs on the calling thread (${reason})`);
      return onCallingThread();
    }
    const setup: EngineSetup = { role: 'engine', ...start };
    const onEvent = (event: unknown): void => context.onEvent(event as EngineEvent);
    const onLost = (error: ElanusError): void => context.onEvent({ type: 'error', code: error.code, message: error.message, detail: error.detail });
    const remote = await startRole<EngineClient>(handle, setup, ENGINE_METHODS, { what: 'engine', onEvent, onLost }, context as Parameters<typeof startRole>[4]);

    let closing: Promise<void> | null = null;
    const close = async (): Promise<void> => {
      try {
        await remote.client.close();
      } finally {
        await remote.end();
      }
    };
    return { ...remote.client, close: () => (closing ??= close()) };
  };
}
