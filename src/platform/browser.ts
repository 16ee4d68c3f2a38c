/** The platform of a page: the engine and the builds each in a worker. Touches nothing of the page when imported. */
import { resolveBrowserUrl, BROWSER_SCHEMES } from './browser-url.ts';
import type { Platform } from './platform.ts';

export function browserPlatform(): Platform {
  return {
    name: 'browser',
    schemes: BROWSER_SCHEMES,
    resolveUrl: resolveBrowserUrl,
    openStore: async (url, options) => (await import('./browser-stores.ts')).openBrowserStore(url.href, options),
    loadKernels: async (options) => (await import('./kernel-chunks.ts')).loadPackagedKernels(options),
    async spawnWorker() {
      const { startBrowserThread } = await import('./browser-threads.ts');
      // Bundlers look for exactly this expression, and emit the file that it names.
      const start = (): Worker => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
      return startBrowserThread(start, async () => (await import('elanus:worker-source')).default);
    },
    get hardwareConcurrency() {
      return navigator.hardwareConcurrency ?? 1;
    },
    engineThread: 'worker',
  };
}
