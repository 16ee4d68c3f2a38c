/**
 * What a kernel build exports: the signatures of `assembly/index.ts`, met by both WebAssembly builds and by the scalar
 * twin. Pointers are byte offsets into the linear memory; structs are those of `abi.ts`. The contract suite compares
 * names and arity with the compiled modules.
 */
export interface KernelExports {
  /** Heap to sorted list, nearest first; answers the count. */
  topkSort(top: number): number;
  /** The same, then distances times a positive factor; ties by row. */
  topkScale(top: number, factor: number): number;
  /** Bits set among the first n of a bitset. */
  countBits(ptr: number, n: number): number;
  /** The rows of a bitset, at most k, unordered and at distance 0; see `assembly/scan.ts`. Answers how many. */
  allowedRows(top: number, allow: number, rows: number): number;
  inverseNorms(ptr: number, rows: number, dim: number, out: number): void;
  /** Scales one f32 vector to unit length in place; zero stays zero. */
  normalize(ptr: number, dim: number): void;
  scanF32(
    top: number, metric: number, query: number, data: number, dim: number, from: number, to: number, inverseNorms: number, allow: number, rowBase: number,
  ): void;
  /** Distances in code units: CodeQuery.unit turns them into the metric's. */
  scanCodes(top: number, codes: number, query: number, from: number, to: number, allow: number): void;
  /** Replaces the distances of the first n hits by those of the codes, in the metric's units, keeps the `keep` nearest and sorts those. */
  rescoreCodes(top: number, codes: number, query: number, n: number, keep: number): void;
  /** Encodes f32 rows [from, to) into a Codes block of integers or 16-bit floats. */
  codesEncode(codes: number, source: number, inverseNorms: number, from: number, to: number): void;
  /** Writes a CodeQuery for the f32 query to `out`; `RowCode.queryBytes` says how long it is. */
  codesQuery(codes: number, query: number, out: number): void;
  /** The same of a stored row, for a build: SQ8 only. */
  codesRowQuery(codes: number, row: number, out: number): void;
  /** Nearest rows of a graph that is not empty, into the top-k, sorted; see `assembly/walk.ts`. Answers how many were found. */
  graphSearch(graph: number, walk: number, top: number, query: number, ef: number): number;
  /** The same over allowed rows alone; see `assembly/filtered-walk.ts`. Answers how many were found, NO_ROW where it cost too much and was given up. */
  graphSearchAllowed(
    graph: number, walk: number, top: number, query: number, ef: number, farEf: number, allow: number, allowed: number, target: number, rowCost: number, budget: number, dense: number,
  ): number;
  /** The three steps by which a batch of rows gets into a graph; see `assembly/grow.ts`. */
  graphChooseLinks(graph: number, walk: number, order: number, from: number, to: number): void;
  graphListBackLinks(graph: number, order: number, from: number, to: number, backLinksTo: number, backLinks: number): number;
  graphAddBackLinks(
    graph: number, walk: number, backLinksTo: number, backLinks: number, from: number, to: number, ownFrom: number, ownTo: number, changed: number, count: number,
  ): number;
  /** Rows of other elements than f32, by ROWS_*; see `assembly/rows.ts`. Up to 16 bytes behind the last row are read. */
  scanRows(
    top: number, format: number, metric: number, query: number, data: number, dim: number, from: number, to: number, terms: number, allow: number, rowBase: number,
  ): void;
  rescoreRows(top: number, format: number, metric: number, query: number, data: number, dim: number, terms: number, n: number, keep: number): void;
  /** f32 of `count` 16-bit floats or 8-bit integers. */
  expandRows(format: number, source: number, count: number, out: number): void;
  /** 4 bytes a row: f32 inverse norms of 16-bit floats, i32 squared lengths of integers, u32 set bits. `scratch`: dim x 4 bytes. */
  rowTerms(format: number, data: number, rows: number, dim: number, scratch: number, out: number): void;
  /** The nearest of k rows to each of rows [from, to), of integers or bits; `query`: room for a RowQuery; see `assembly/rows.ts`. */
  nearestRows(
    top: number, format: number, metric: number, rows: number, dim: number, from: number, to: number, query: number, centroids: number, k: number,
    terms: number, nearest: number,
  ): void;
  /** Writes the RowQuery of a row of integers or bits. */
  rowQuery(format: number, metric: number, source: number, dim: number, out: number): void;
  /** Fills the SparseQuery's hash table, whose size its head says, with n pairs. */
  sparseQuery(query: number, indices: number, values: number, n: number): void;
  /** Sparse rows [from, to), CSR; see `assembly/sparse.ts`. */
  scanSparse(
    top: number, query: number, offsets: number, indices: number, values: number, from: number, to: number, allow: number, rowBase: number,
  ): void;
  /** Posting lists; see `assembly/inverted.ts`. `toValue`: bytes from a list's rows to its values. */
  invertedAllowed(top: number, terms: number, n: number, toValue: number, rows: number, allow: number): void;
  invertedTaat(top: number, terms: number, n: number, toValue: number, sums: number, rows: number, allow: number): void;
  invertedMaxScore(top: number, terms: number, n: number, toValue: number, scratch: number, allow: number): void;
  invertedWand(top: number, terms: number, n: number, toValue: number, scratch: number, allow: number): void;
  /** Nearest centroid of panels [panelFrom, panelTo) for rows [from, to); see `assembly/kmeans.ts`. */
  nearestCentroids(
    rows: number, stride: number, dim: number, from: number, to: number, inverseNorms: number, panels: number, biases: number,
    panelFrom: number, panelTo: number, nearest: number, scores: number,
  ): void;
  sumByCentroid(rows: number, stride: number, dim: number, from: number, to: number, inverseNorms: number, nearest: number, sums: number, counts: number): void;
  /** A seeded rotation of rows, in place; see `assembly/rotate.ts`. */
  rotateVectors(ptr: number, rows: number, dim: number, signs: number): void;
  /** Nearest rows of an Ivf's nearest lists into the top-k, sorted or as a heap; see `assembly/ivf.ts`. Answers how many. */
  ivfSearch(
    ivf: number, top: number, query: number, probes: number, least: number, emptyMax: number, wanted: number, allow: number, allowed: number, queryBits: number, sorted: number,
  ): number;
  /** Marks the positions of allowed rows for the searches that follow. */
  ivfPositions(ivf: number, allow: number, positionOf: number): void;
  /** Rows [from, to) against n queries of a Tile, each into its own top-k; see `assembly/tiles.ts`. */
  tileScan(
    tile: number, data: number, terms: number, from: number, to: number, allow: number, rowIds: number, rowBase: number, members: number, n: number,
  ): void;
  /** Positions [from, to) of 7-bit codes against n queries of a Tile, whose CodeQuerys are `queryStride` bytes apart, in code units. */
  tileCodes(
    tile: number, codes: number, queries: number, queryStride: number, from: number, to: number, allow: number, rowIds: number, members: number, n: number,
  ): void;
  rescoreF32(top: number, metric: number, query: number, data: number, dim: number, inverseNorms: number, n: number, keep: number): void;
  /** Adds the sums of columns to `out`, f64; see `assembly/pca.ts` for this and the four that follow. */
  columnSums(rows: number, n: number, dim: number, out: number): void;
  /** At most PCA_BLOCK rows. */
  covarianceAdd(rows: number, n: number, dim: number, mean: number, scratch: number, out: number): void;
  pcaProject(rows: number, n: number, dim: number, mean: number, components: number, count: number, scratch: number, out: number): void;
  pcaRestore(values: number, n: number, dim: number, mean: number, components: number, count: number, out: number): void;
  rotateRows(rows: number, n: number, first: number, last: number, turns: number): void;
  /** Sparse rows [from, to), CSR, times a matrix of `width` columns, a multiple of 4; see `assembly/latent.ts` for both. */
  sparseProject(offsets: number, terms: number, weights: number, from: number, to: number, matrix: number, width: number, out: number): void;
  sparseGramAdd(offsets: number, terms: number, weights: number, from: number, to: number, matrix: number, width: number, scratch: number, out: number): void;
}

/** Names of the functions of {@link KernelExports}, in the ABI's order. */
export const KERNEL_EXPORT_NAMES = [
  'topkSort', 'topkScale', 'countBits', 'allowedRows', 'inverseNorms', 'normalize', 'scanF32', 'scanCodes', 'rescoreCodes', 'rescoreF32', 'codesEncode', 'codesQuery', 'codesRowQuery', 'graphSearch', 'graphSearchAllowed',
  'graphChooseLinks', 'graphListBackLinks', 'graphAddBackLinks',
  'scanRows', 'rescoreRows', 'expandRows', 'nearestRows', 'rowTerms', 'rowQuery', 'sparseQuery', 'scanSparse', 'invertedAllowed', 'invertedTaat', 'invertedMaxScore', 'invertedWand',
  'nearestCentroids', 'sumByCentroid', 'rotateVectors', 'ivfSearch', 'ivfPositions', 'tileScan', 'tileCodes',
  'columnSums', 'covarianceAdd', 'pcaProject', 'pcaRestore', 'rotateRows', 'sparseProject', 'sparseGramAdd',
] as const satisfies readonly (keyof KernelExports)[];

/** Linear memory, WebAssembly's own or the scalar twin's. `grow` counts in pages of 64 KiB and throws when it cannot. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** One kernel build bound to one memory. */
export interface KernelInstance {
  readonly exports: KernelExports;
  readonly memory: KernelMemory;
  /** First byte that the build does not use itself. */
  readonly heapBase: number;
}
