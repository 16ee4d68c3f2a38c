/** The platform of a page: the engine and the builds each in a worker. Touches nothing of the page when imported. */
import { resolveBrowserUrl, BROWSER_SCHEMES } from './browser-url.ts';
import { startBrowserThread } from './browser-threads.ts';
import { loadPackagedKernels } from './kernel-chunks.ts';
import type { Platform } from './platform.ts';

export function browserPlatform(): Platform {
  return {
    name: 'browser',
    schemes: BROWSER_SCHEMES,
    resolveUrl: resolveBrowserUrl,
    openStore: async (url, options) => (await import('./browser-stores.ts')).openBrowserStore(url.href, options),
    loadKernels: loadPackagedKernels,
    spawnWorker: () =>
      startBrowserThread(
        // Bundlers look for exactly this expression, and emit the file that it names.
        () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
        async () => (await import('elanus:worker-source')).default,
      ),
    get hardwareConcurrency() {
      return navigator.hardwareConcurrency ?? 1;
    },
    engineThread: 'worker',
  };
}
