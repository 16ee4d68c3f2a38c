/** Runs UMAP away from the page and tells where the points are while they move. The page ends it by ending the worker. */
import { fuzzySet } from './umap/fuzzy-set.ts';
import type { KnnGraph } from './umap/knn-graph.ts';
import { Layout } from './umap/optimise.ts';

export interface UmapTask {
  readonly graph: KnnGraph;
  /** Where the rows are at first, shape (rows, 2). */
  readonly positions: Float32Array;
  readonly seed: number;
}

export interface UmapNews {
  readonly epoch: number;
  readonly epochs: number;
  /** Shape (rows, 2). */
  readonly positions: Float32Array;
}

/** Often enough for a motion without jerks; the page draws in between. */
const NEWS_MS = 120;
/** From so many rows on, clusters are less dense, so that their points can be told apart. */
const MANY = 20_000;

const scope = globalThis as unknown as { onmessage: (event: MessageEvent<UmapTask>) => void; postMessage(news: UmapNews, transfer: Transferable[]): void };

scope.onmessage = ({ data: { graph, positions, seed } }) => {
  const layout = new Layout(fuzzySet(graph), { positions: separated(positions), seed, minDist: graph.rows > MANY ? 0.35 : 0.1 });
  let told = performance.now();
  while (!layout.isDone) {
    layout.step();
    if (!layout.isDone && performance.now() - told < NEWS_MS) continue;
    const news: UmapNews = { epoch: layout.epoch, epochs: layout.epochs, positions: layout.positions.slice() };
    scope.postMessage(news, [news.positions.buffer]);
    told = performance.now();
  }
};

/** Equal vectors lie on each other: a little apart they can be told from each other. */
function separated(positions: Float32Array): Float32Array {
  let state = 1;
  return positions.map((value) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return value + 1e-3 * (state / 4294967296 - 0.5);
  });
}
