/** Has the browser keep the page's files, so that it opens without a network. Only where it is built; where that is refused, it works as before. */
import type { Dataset } from '../collections/dataset.ts';
import { fetchSample } from './early.ts';

/** Room that must be left beside the page's files, which take some 25 MB with those of the sample. */
const LEFT_BYTES = 100_000_000;

let registered: Promise<void> | null = null;

/**
 * Keeps the page, and what a collection needs of the sample besides its stored rows. To be called when the visitor waits for
 * nothing: the files are fetched in the background.
 */
export function keepOffline(dataset: Dataset): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  registered ??= register();
  keep(dataset).catch((error: unknown) => console.info('elanus demo: not kept for use without a network:', error));
}

async function keep({ keptFiles = [] }: Dataset): Promise<void> {
  await registered;
  // What was fetched before there was a service worker went past it.
  for (const name of keptFiles) await fetchSample(name);
}

/** Resolves when this page is served by its service worker. */
async function register(): Promise<void> {
  const { serviceWorker, storage } = navigator;
  // The visitor's rows come before the page's own files.
  const { quota = Infinity, usage = 0 } = (await storage?.estimate?.()) ?? {};
  if (quota - usage < LEFT_BYTES) throw new Error('there is little room left in this browser');
  const registration = await serviceWorker.register(new URL('sw.js', document.baseURI), { updateViaCache: 'none' });
  offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed') offer(registration.waiting);
    });
  });
  if (serviceWorker.controller === null) await new Promise<void>((resolve) => serviceWorker.addEventListener('controllerchange', () => resolve(), { once: true }));
}

/** A newer worker takes over where this page is of its build and the only one. */
function offer(worker: ServiceWorker | null): void {
  const script = document.querySelector<HTMLScriptElement>('script[type=module][src]');
  if (script !== null) worker?.postMessage({ entry: script.src.slice(new URL('.', document.baseURI).href.length) });
}
