/** The map's UMAP beside umap-js, on small data: the same weighted graph, and layouts that keep neighbourhoods as well. */
import { UMAP } from 'umap-js';
import { describe, expect, it } from 'vitest';
import { fitCurve } from '../../web-demo/src/views/map/umap/curve.ts';
import { fuzzySet } from '../../web-demo/src/views/map/umap/fuzzy-set.ts';
import type { KnnGraph } from '../../web-demo/src/views/map/umap/knn-graph.ts';
import { epochsFor, Layout } from '../../web-demo/src/views/map/umap/optimise.ts';
import { numbersFrom } from '../../web-demo/src/util/random.ts';

const K = 15;

interface Blobs {
  readonly rows: number;
  readonly dim: number;
  readonly vectors: Float64Array;
  readonly clusters: Uint8Array;
}

/** Clusters of normal points in many dimensions. */
function blobs(rows: number, dim: number, count: number, seed: number): Blobs {
  const random = numbersFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Float64Array.from({ length: count * dim }, () => 4 * normal());
  const clusters = Uint8Array.from({ length: rows }, (_, row) => row % count);
  const vectors = Float64Array.from({ length: rows * dim }, (_, i) => centres[clusters[Math.floor(i / dim)] * dim + (i % dim)] + normal());
  return { rows, dim, vectors, clusters };
}

const distance = (values: ArrayLike<number>, dim: number, a: number, b: number): number => {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += (values[a * dim + d] - values[b * dim + d]) ** 2;
  return Math.sqrt(sum);
};

/** By sorting all distances; of equal ones the least row first. */
function nearest(values: ArrayLike<number>, rows: number, dim: number, row: number): { row: number; distance: number }[] {
  return Array.from({ length: rows }, (_, other) => ({ row: other, distance: distance(values, dim, row, other) })).sort((a, b) => a.distance - b.distance || a.row - b.row);
}

function graphOf({ rows, dim, vectors }: Blobs, k = K): KnnGraph {
  const neighbours = new Int32Array(rows * k);
  const distances = new Float32Array(rows * k);
  for (let row = 0; row < rows; row++) {
    nearest(vectors, rows, dim, row)
      .slice(0, k)
      .forEach((found, i) => {
        neighbours[row * k + i] = found.row;
        distances[row * k + i] = found.distance;
      });
  }
  return { rows, k, neighbours, distances };
}

const lists = (values: Int32Array | Float32Array, k: number): number[][] => Array.from({ length: values.length / k }, (_, row) => Array.from(values.subarray(row * k, (row + 1) * k)));

function theirs(graph: KnnGraph, seed: number): UMAP {
  const umap = new UMAP({ nNeighbors: graph.k, random: numbersFrom(seed) });
  umap.setPrecomputedKNN(lists(graph.neighbours, graph.k), lists(graph.distances, graph.k));
  return umap;
}

/** Share of the true K nearest that are among the K nearest on the map, and the trustworthiness of the latter (Venna, Kaski 2001): 1 is perfect. */
function quality({ rows, dim, vectors }: Blobs, positions: ArrayLike<number>, k = K): { kept: number; trust: number } {
  let kept = 0;
  let penalty = 0;
  for (let row = 0; row < rows; row++) {
    const rank = new Map(nearest(vectors, rows, dim, row).map((found, i) => [found.row, i]));
    const onMap = nearest(positions, rows, 2, row).filter((found) => found.row !== row).slice(0, k);
    for (const found of onMap) {
      if (rank.get(found.row)! <= k) kept++;
      else penalty += rank.get(found.row)! - k;
    }
  }
  return { kept: kept / (rows * k), trust: 1 - (2 / (rows * k * (2 * rows - 3 * k - 1))) * penalty };
}

/** A beginning that knows nothing. */
const anywhere = (rows: number, seed: number): Float32Array => {
  const random = numbersFrom(seed);
  return Float32Array.from({ length: rows * 2 }, () => 20 * random() - 10);
};

function layOut(graph: KnnGraph, seed: number, positions = anywhere(graph.rows, seed)): Float32Array {
  const layout = new Layout(fuzzySet(graph), { positions, seed });
  while (!layout.isDone) layout.step();
  return layout.positions;
}

describe('the curve', () => {
  it('is what the authors of UMAP publish for their defaults', () => {
    // umap-learn 0.5, find_ab_params(1.0, 0.1).
    const { a, b } = fitCurve(0.1, 1);
    expect(a).toBeCloseTo(1.5769434603, 5);
    expect(b).toBeCloseTo(0.8950608779, 5);
  });

  it.each([
    [0.001, 1],
    [0.5, 1],
    [0.1, 2],
  ])('cannot be bettered nearby (minDist %f, spread %f)', (minDist, spread) => {
    const error = (a: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < 300; i++) {
        const x = (3 * spread * i) / 299;
        sum += (1 / (1 + a * x ** (2 * b)) - (x < minDist ? 1 : Math.exp(-(x - minDist) / spread))) ** 2;
      }
      return sum;
    };
    const { a, b } = fitCurve(minDist, spread);
    for (const [da, db] of [[1.01, 1], [0.99, 1], [1, 1.01], [1, 0.99]]) expect(error(a * da, b * db)).toBeGreaterThan(error(a, b));
  });
});

describe('the weighted graph', () => {
  it.each([
    ['clusters', blobs(300, 8, 4, 11), K],
    ['few neighbours', blobs(120, 5, 2, 12), 4],
  ])('is that of umap-js, edge by edge: %s', (_, data, k) => {
    const graph = graphOf(data, k);
    const umap = theirs(graph, 1);
    umap.initializeFit(lists(new Float32Array(data.rows * 2), 2));
    const expected = new Map<string, number>();
    const { graph: matrix } = umap as unknown as { graph: { getAll(): { row: number; col: number; value: number }[] } };
    for (const { row, col, value } of matrix.getAll()) if (value > 0) expected.set(`${row} ${col}`, value);
    const { heads, tails, weights } = fuzzySet(graph);
    expect(heads.length).toBe(expected.size);
    expect(expected.size).toBeGreaterThan(data.rows * k);
    weights.forEach((weight, i) => expect(weight).toBeCloseTo(expected.get(`${heads[i]} ${tails[i]}`)!, 5));
  });

  it('is symmetric and in order, also where rows are equal, alone or short of neighbours', () => {
    // Rows 0 to 2 are equal; 3 sees only itself; 4 sees 0, but is not seen.
    const neighbours = Int32Array.from([0, 1, 2, 1, 0, 2, 2, 0, 1, 3, -1, -1, 4, 0, -1]);
    const distances = Float32Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0]);
    const { heads, tails, weights } = fuzzySet({ rows: 5, k: 3, neighbours, distances });
    expect([...heads].map((head, i) => [head, tails[i]])).toEqual([[0, 1], [0, 2], [0, 4], [1, 0], [1, 2], [2, 0], [2, 1], [4, 0]]);
    expect([...weights]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });
});

describe('the layout', () => {
  it('keeps neighbourhoods at least as well as umap-js, of several seeds', { timeout: 120_000 }, () => {
    const data = blobs(500, 12, 6, 5);
    const graph = graphOf(data);
    const mean = (all: { kept: number; trust: number }[], of: 'kept' | 'trust') => all.reduce((sum, one) => sum + one[of], 0) / all.length;
    const seeds = [1, 2, 3];
    const own = seeds.map((seed) => quality(data, layOut(graph, seed)));
    const other = seeds.map((seed) => {
      const umap = theirs(graph, seed);
      const epochs = umap.initializeFit(lists(new Float32Array(data.rows * 2), 2));
      for (let epoch = 0; epoch < epochs; epoch++) umap.step();
      return quality(data, umap.getEmbedding().flat());
    });
    expect(mean(own, 'trust')).toBeGreaterThan(0.9);
    expect(mean(own, 'trust')).toBeGreaterThanOrEqual(mean(other, 'trust') - 0.01);
    expect(mean(own, 'kept')).toBeGreaterThanOrEqual(mean(other, 'kept') - 0.02);
  });

  it('puts clusters apart', () => {
    const data = blobs(400, 10, 5, 8);
    const positions = layOut(graphOf(data), 4);
    let same = 0;
    for (let row = 0; row < data.rows; row++) {
      for (const found of nearest(positions, data.rows, 2, row).slice(1, 6)) if (data.clusters[found.row] === data.clusters[row]) same++;
    }
    expect(same / (5 * data.rows)).toBeGreaterThan(0.99);
  });

  it('is the same for the same seed, another for another, and leaves its beginning alone', () => {
    const graph = graphOf(blobs(200, 6, 3, 2));
    const beginning = anywhere(200, 9);
    const before = beginning.slice();
    const first = layOut(graph, 7, beginning);
    expect(beginning).toEqual(before);
    expect(layOut(graph, 7, beginning)).toEqual(first);
    expect(layOut(graph, 8, beginning)).not.toEqual(first);
    expect(first.every(Number.isFinite)).toBe(true);
  });

  it('stays finite where all rows lie on each other, and where there is no edge', () => {
    const graph = graphOf(blobs(60, 3, 2, 3));
    expect(layOut(graph, 1, new Float32Array(120)).every(Number.isFinite)).toBe(true);
    const none: KnnGraph = { rows: 3, k: 2, neighbours: Int32Array.from([0, -1, 1, -1, 2, -1]), distances: new Float32Array(6) };
    const positions = Float32Array.from([1, 2, 3, 4, 5, 6]);
    expect(layOut(none, 1, positions)).toEqual(positions);
  });

  it('runs as many epochs as it says, and refuses a beginning of another size', () => {
    const set = fuzzySet(graphOf(blobs(60, 3, 2, 3)));
    const layout = new Layout(set, { positions: anywhere(60, 1) });
    let steps = 0;
    for (; !layout.isDone; steps++) layout.step();
    expect(steps).toBe(epochsFor(60));
    expect(layout.epoch).toBe(steps);
    expect(() => new Layout(set, { positions: new Float32Array(118) })).toThrow(/expected 120 numbers, got 118/);
  });
});
