import type { UmapNews, UmapTask } from './umap-worker.ts';

/** Lays out in a worker; answers the last positions. Ends the worker when the signal fires. */
export function runUmap(task: UmapTask, signal: AbortSignal, onNews: (news: UmapNews) => void): Promise<Float32Array> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const worker = new Worker(new URL('./umap-worker.ts', import.meta.url), { type: 'module', name: 'elanus-map' });
    const end = () => {
      worker.terminate();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      end();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    worker.onerror = (event) => {
      end();
      reject(new Error(`the map's worker failed: ${event.message || 'its code could not be loaded'}`));
    };
    worker.onmessage = ({ data }: MessageEvent<UmapNews>) => {
      onNews(data);
      if (data.epoch < data.epochs) return;
      end();
      resolve(data.positions);
    };
    worker.postMessage(task, [task.graph.neighbours.buffer, task.graph.distances.buffer]);
  });
}
