/** The worker scripts of the package. */
import type { KernelVariant } from '../kernels/load.ts';
import { startBrowserThread } from './browser-threads.ts';
import type { WorkerHandle } from './platform.ts';

// Bundlers look for exactly these expressions, and emit the files that they name.
const startWorker = (): Worker => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const startFullWorker = (): Worker => new Worker(new URL('./worker-full.js', import.meta.url), { type: 'module' });

/** Starts the script that can run these kernels. */
export async function startPackagedWorker(variant: KernelVariant): Promise<WorkerHandle> {
  return startBrowserThread(variant === 'scalar' ? startFullWorker : startWorker, async () => (await import('elanus:worker-source')).default);
}
