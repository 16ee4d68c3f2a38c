/** The worker scripts of the package. */
import { startBrowserThread } from './browser-threads.ts';
import type { WorkerHandle } from './platform.ts';

// Bundlers look for exactly these expressions, and emit the files that they name.
const startWorker = (): Worker => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const startFullWorker = (): Worker => new Worker(new URL('./worker-full.js', import.meta.url), { type: 'module' });

export async function startPackagedWorker(isFull: boolean): Promise<WorkerHandle> {
  return startBrowserThread(isFull ? startFullWorker : startWorker, async () => (await import('elanus:worker-source')).default);
}
