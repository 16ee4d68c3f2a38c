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
    spawnWorker: async (_role, isFull) => (await import('./browser-workers.ts')).startPackagedWorker(isFull),
    // Not there in workers, nor on insecure pages.
    askToPersist: () => void (navigator.storage as { persist?(): Promise<boolean> } | undefined)?.persist?.().catch(() => {}),
    get hardwareConcurrency() {
      return navigator.hardwareConcurrency ?? 1;
    },
    engineThread: 'worker',
  };
}
