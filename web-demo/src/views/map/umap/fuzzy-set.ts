/**
 * UMAP's weighted graph of a nearest-neighbour graph (McInnes, Healy, Melville 2018, arXiv:1802.03426, algorithms 2 to 4):
 * every row measures distances on a scale of its own, and two views of one pair are joined by a + b - ab. All in typed
 * arrays: at 60,000 rows of 15 neighbours it takes a fraction of a second and some 40 MB.
 */
import type { KnnGraph } from './knn-graph.ts';

/** Edges of a symmetric graph, those of one head together, heads and tails ascending. */
export interface FuzzySet {
  readonly rows: number;
  readonly heads: Uint32Array;
  readonly tails: Uint32Array;
  /** More than 0, at most 1. */
  readonly weights: Float32Array;
}

/** The scale of each row: from `rho`, its nearest neighbour that is not at 0, likeness falls by `sigma`. Shapes (rows). */
export interface Scales {
  readonly rhos: Float64Array;
  readonly sigmas: Float64Array;
}

const TOLERANCE = 1e-5;
const ROUNDS = 64;
/** A scale is never less than this share of the mean distance. */
const SCALE_MIN = 1e-3;

/** The scales by which the likenesses of each row to its neighbours sum to log2(k). */
export function smoothDistances({ rows, k, neighbours, distances }: KnnGraph): Scales {
  const rhos = new Float64Array(rows);
  const sigmas = new Float64Array(rows);
  let total = 0;
  let count = 0;
  for (let at = 0; at < distances.length; at++) {
    if (neighbours[at] === -1) continue;
    total += distances[at];
    count++;
  }
  const meanOfAll = count === 0 ? 0 : total / count;

  for (let row = 0; row < rows; row++) {
    const begin = row * k;
    let end = begin;
    let sum = 0;
    let rho = 0;
    for (; end < begin + k && neighbours[end] !== -1; end++) {
      sum += distances[end];
      if (rho === 0) rho = distances[end];
    }
    const target = Math.log2(Math.max(end - begin, 1));
    let [low, high, sigma] = [0, Infinity, 1];
    for (let round = 0; round < ROUNDS; round++) {
      let likeness = 0;
      // The first is the row itself.
      for (let at = begin + 1; at < end; at++) {
        const beyond = distances[at] - rho;
        likeness += beyond > 0 ? Math.exp(-beyond / sigma) : 1;
      }
      if (Math.abs(likeness - target) < TOLERANCE) break;
      if (likeness > target) high = sigma;
      else low = sigma;
      sigma = high === Infinity ? sigma * 2 : (low + high) / 2;
    }
    const mean = rho > 0 ? sum / (end - begin) : meanOfAll;
    rhos[row] = rho;
    sigmas[row] = Math.max(sigma, SCALE_MIN * mean);
  }
  return { rhos, sigmas };
}

export function fuzzySet(graph: KnnGraph): FuzzySet {
  const { rows, k, neighbours, distances } = graph;
  const { rhos, sigmas } = smoothDistances(graph);
  /** How each row sees its neighbours; 0: itself, or none. */
  const seen = new Float32Array(rows * k);
  const degrees = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    for (let at = row * k; at < (row + 1) * k; at++) {
      const other = neighbours[at];
      if (other === -1 || other === row) continue;
      const beyond = distances[at] - rhos[row];
      // A likeness that underflows is no edge.
      seen[at] = beyond <= 0 ? 1 : sigmas[row] === 0 ? 0 : Math.exp(-beyond / sigmas[row]);
    }
  }
  const seenBy = (row: number, other: number): number => {
    for (let at = row * k; at < (row + 1) * k; at++) if (neighbours[at] === other) return seen[at];
    return 0;
  };

  // Twice over the pairs: to count the edges of each head, then to write them. A pair that both see is met at the smaller row.
  const eachPair = (use: (row: number, other: number, weight: number) => void): void => {
    for (let row = 0; row < rows; row++) {
      for (let at = row * k; at < (row + 1) * k; at++) {
        const weight = seen[at];
        if (weight === 0) continue;
        const other = neighbours[at];
        const back = seenBy(other, row);
        if (back === 0) use(row, other, weight);
        else if (row < other) use(row, other, weight + back - weight * back);
      }
    }
  };
  eachPair((row, other) => {
    degrees[row + 1]++;
    degrees[other + 1]++;
  });
  for (let row = 0; row < rows; row++) degrees[row + 1] += degrees[row];
  const edges = degrees[rows];
  const next = degrees.slice(0, rows);
  const [heads, tails, weights] = [new Uint32Array(edges), new Uint32Array(edges), new Float32Array(edges)];
  eachPair((row, other, weight) => {
    for (const [head, tail] of [[row, other], [other, row]]) {
      const at = next[head]++;
      heads[at] = head;
      tails[at] = tail;
      weights[at] = weight;
    }
  });
  sortTails(degrees, tails, weights);
  return { rows, heads, tails, weights };
}

/** Within each head, by insertion: there are few. */
function sortTails(begins: Uint32Array, tails: Uint32Array, weights: Float32Array): void {
  for (let row = 0; row + 1 < begins.length; row++) {
    for (let at = begins[row] + 1; at < begins[row + 1]; at++) {
      const [tail, weight] = [tails[at], weights[at]];
      let to = at;
      for (; to > begins[row] && tails[to - 1] > tail; to--) {
        tails[to] = tails[to - 1];
        weights[to] = weights[to - 1];
      }
      tails[to] = tail;
      weights[to] = weight;
    }
  }
}
