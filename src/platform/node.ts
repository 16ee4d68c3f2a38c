/** The platform of Node, Deno and Bun. */
import { availableParallelism } from 'node:os';
import { loadPackagedKernels } from './kernel-chunks.ts';
import { NODE_SCHEMES, openNodeStore, resolveNodeUrl } from './node-stores.ts';
import { startNodeThread } from './node-threads.ts';
import type { Platform } from './platform.ts';

/** `workerScript`: the built worker entry. */
export function nodePlatform(workerScript: URL): Platform {
  return {
    name: 'node',
    schemes: NODE_SCHEMES,
    resolveUrl: resolveNodeUrl,
    openStore: (url, options) => openNodeStore(url.href, options),
    loadKernels: loadPackagedKernels,
    spawnWorker: (role) => startNodeThread(workerScript, role),
    askToPersist: () => {},
    hardwareConcurrency: availableParallelism(),
    engineThread: 'calling',
  };
}
