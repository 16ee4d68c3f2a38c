/**
 * Linking rows to a Vamana graph (Subramanya et al., "DiskANN", NeurIPS 2019, algorithm 3): all rows in a random order, twice; first
 * with alpha 1, then with alpha 1.2, whose longer links make walks short. The walks begin at the medoid or a nearer row of a sample.
 */
import { BACK_LINK_SIZE, NO_ROW } from '../../kernels/abi.ts';
import { sampleRows, type Work } from '../../quant/kmeans.ts';
import { walkWork, type GraphGrower } from '../hnsw/builder.ts';
import { connectRows } from '../hnsw/connect.ts';
import { findEqualRows, layEqualRows } from '../hnsw/equal-rows.ts';
import type { IndexContext } from '../index.ts';
import { mulberry32 } from '../../util/random.ts';
import { VamanaGraph } from './graph.ts';

/** By pass. */
const ALPHAS = [1, 1.2];
/** The medoid is sought among so many rows. */
const MEDOID_SAMPLE = 8192;

/** `degree`: most links of a row. `breadth`: of the walk that finds its candidates. */
export const vamanaGrower = (degree: number, breadth: number): GraphGrower => ({
  workPerRow: (dim) => ALPHAS.length * walkWork(dim, degree, breadth),
  start(context, code, seed) {
    const { kernels, rows, dim, metric } = context;
    const ef = Math.min(breadth, Math.max(rows, 1));
    const graph = VamanaGraph.create(context, degree, ef, medoidOf(context, seed), code);
    const walkPtr = kernels.prepareWalk(rows, ef + degree, 2 * degree, graph.m, Math.max(code?.queryBytes ?? 0, dim * 4));
    const { arena, exports } = kernels;
    function* link(): Work {
      if (rows === 0) return;
      // The entry is in the graph from the start, and gets its links from the rows that choose it.
      const all = new Uint32Array(rows);
      all[0] = graph.entry;
      all.set(shuffled(rows, seed + 1).filter((row) => row !== graph.entry), 1);
      const equal = yield* findEqualRows(kernels, graph.ptr, all, 1, null);
      const order = equal.order.subarray(1);
      yield ALPHAS.length * equal.beside.length * walkWork(dim, degree, breadth);
      const orderPtr = arena.alloc(rows * 4), backLinksToPtr = arena.alloc(rows * 4), backLinksPtr = arena.alloc(degree * BACK_LINK_SIZE), changedPtr = arena.alloc(degree * 4);
      try {
        arena.u32(orderPtr, order.length).set(order);
        arena.u32(backLinksToPtr, rows).fill(NO_ROW);
        for (const alpha of ALPHAS) {
          // The kernels compare squared distances. Negative inner products do not stretch: there, alpha is without meaning.
          graph.alpha = metric === 'IP' ? 1 : alpha * alpha;
          for (let i = 0; i < order.length; i++) {
            exports.graphChooseLinks(graph.ptr, walkPtr, orderPtr, i, i + 1);
            const n = exports.graphListBackLinks(graph.ptr, orderPtr, i, i + 1, backLinksToPtr, backLinksPtr);
            exports.graphAddBackLinks(graph.ptr, walkPtr, backLinksToPtr, backLinksPtr, 0, n, 0, n, changedPtr, 0);
            yield walkWork(dim, degree, breadth);
          }
        }
      } finally {
        for (const ptr of [orderPtr, backLinksToPtr, backLinksPtr, changedPtr]) arena.free(ptr);
      }
      layEqualRows(graph.links(), degree, equal);
      yield* connectRows(graph.links(), rows, degree, graph.entry);
    }
    return { graph, work: link() };
  },
});

/** The row nearest to the mean; of many rows, of a sample. Plain double arithmetic in a fixed order: the same on every machine. */
function medoidOf({ kernels, rows, dim, metric, vectors }: IndexContext, seed: number): number {
  const sample = sampleRows(rows, Math.min(rows, MEDOID_SAMPLE), seed);
  const mean = new Float64Array(dim);
  const lengthOf = (row: number): number => (metric === 'COSINE' ? kernels.arena.f32(vectors!.inverseNormsPtr + row * 4, 1)[0] : 1);
  const valuesOf = (row: number): Float32Array => kernels.arena.f32(vectors!.ptr + row * dim * 4, dim);
  for (const row of sample) {
    const x = valuesOf(row), length = lengthOf(row);
    for (let d = 0; d < dim; d++) mean[d] += (x[d] * length) / sample.length;
  }
  let nearest = NO_ROW >>> 0, least = Infinity;
  for (const row of sample) {
    const x = valuesOf(row), length = lengthOf(row);
    let distance = 0;
    for (let d = 0; d < dim; d++) distance += (x[d] * length - mean[d]) ** 2;
    if (distance < least) {
      least = distance;
      nearest = row;
    }
  }
  return nearest;
}

function shuffled(rows: number, seed: number): Uint32Array {
  const next = mulberry32(seed);
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  for (let i = rows - 1; i > 0; i--) {
    const j = next() % (i + 1);
    const row = order[i];
    order[i] = order[j];
    order[j] = row;
  }
  return order;
}
