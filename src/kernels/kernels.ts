/**
 * Kernels bound to one linear memory, with typed wrappers. One instance per large segment, one shared by small ones.
 *
 * Distances: smaller is closer for every metric. L2: squared; IP: minus the dot product; COSINE: minus the cosine
 * (0 where either vector is zero); HAMMING: bits that differ; JACCARD: 1 - and / or (0 where both are empty). A user's
 * score is the distance, for IP and COSINE `0 - distance`.
 */
import type { MetricType } from '../schema/types.ts';
import {
  BEAM_ENTRY, METRIC_COSINE, METRIC_HAMMING, METRIC_IP, METRIC_JACCARD, METRIC_L2, ROW_QUERY_DATA, ROWS_BITS, ROWS_F32, ROWS_I8,
  SPARSE_ENTRY, SPARSE_QUERY_MASK, SPARSE_QUERY_SHIFT, SPARSE_QUERY_TABLE, TOPK_COUNT, TOPK_DISTANCES, TOPK_K, TOPK_MAX, TOPK_MIN, TOPK_ROWS, TOPK_SIZE,
  WALK_BEAM, WALK_COMPARED, WALK_FOUND, WALK_GATHER, WALK_QUERY, WALK_ROW_QUERY, WALK_SIZE, WALK_VISITED,
} from './abi.ts';
import { MemoryArena } from './arena.ts';
import type { KernelExports, KernelMemory } from './exports.ts';
import { instantiate } from './instantiate.ts';
import type { KernelModule, KernelVariant } from './load.ts';
import type { RowFormat } from './rows.ts';

/** Inclusive bounds on distances. */
export interface DistanceRange {
  readonly min: number;
  readonly max: number;
}

/** Owner of the linear memory: hands out offsets. Never keep a view across a call that may grow the memory. */
export interface Arena {
  /** Zeroed? No: undefined content. Aligned to 64 bytes. OUT_OF_MEMORY when the memory cannot grow. Offsets above 2 GiB are positive. */
  alloc(byteLength: number): number;
  /** Makes sure that the next `alloc` of so many bytes succeeds. OUT_OF_MEMORY when the memory cannot grow. */
  makeRoom(byteLength: number): void;
  free(ptr: number): void;
  readonly usedBytes: number;
  u8(ptr: number, length: number): Uint8Array;
  u32(ptr: number, length: number): Uint32Array;
  f32(ptr: number, length: number): Float32Array;
}

export interface Kernels {
  readonly variant: KernelVariant;
  readonly arena: Arena;
  /** The bare exports, for the indexes. */
  readonly exports: KernelExports;

  /**
   * Puts one query into scratch memory for the calls that follow: copied, for COSINE scaled to unit length (a zero
   * query stays zero), quantized lazily by the index that needs it.
   */
  setQuery(query: Float32Array, offset: number, dim: number, metric: MetricType): void;
  /** The prepared query, f32. Moves when a longer one comes: ask again after every setQuery. */
  readonly queryPtr: number;

  /** Starts a top-k: forgets earlier hits, keeps at most k, of those within `range` where one is given. 1 <= k <= 32,768 */
  beginTopK(k: number, range?: DistanceRange): void;
  /** The TopK struct that searches fill (abi.ts). */
  readonly topPtr: number;
  /**
   * Exact scan of f32 rows [from, to) against the prepared query, into the top-k. Row r of the block is reported as
   * r + rowBase. Ties go to the smaller reported row. `allowPtr`: a bitset over the block's rows r, at a multiple of
   * 4 bytes and readable in whole u32s; 0 means all.
   */
  scanF32(metric: MetricType, ptr: number, dim: number, from: number, to: number, inverseNormsPtr: number, allowPtr: number, rowBase: number): void;
  /** Ends the top-k: hits sorted by distance, then row, in `hitRows` and `hitDistances`. Answers how many. */
  endTopK(): number;

  /** Replaces the distances of the first n hits by exact ones, keeps the best `keep` of them (all of them) and sorts those. */
  rescoreF32(metric: MetricType, ptr: number, dim: number, inverseNormsPtr: number, n: number, keep?: number): void;

  /**
   * The same for rows of any format. Puts the query whose elements begin at `offset` of `queries` into scratch memory,
   * in the form that `scanRows` needs, and for numbers as f32 (`queryPtr`) too.
   */
  setRowQuery(format: RowFormat, queries: RowValues, offset: number, dim: number, metric: MetricType): void;
  /** The prepared query of integers or bits, a RowQuery (abi.ts). Moves when a longer one comes. */
  readonly rowQueryPtr: number;
  /** As `scanF32`. `termsPtr`: what `rowTerms` wrote. Reads up to ROWS_SLACK_BYTES behind the last row. */
  scanRows(format: RowFormat, metric: MetricType, ptr: number, dim: number, from: number, to: number, termsPtr: number, allowPtr: number, rowBase: number): void;
  /** As `rescoreF32`. */
  rescore(format: RowFormat, metric: MetricType, ptr: number, dim: number, termsPtr: number, n: number, keep?: number): void;
  /**
   * Gives rows that lie gathered at `ptr`, in ascending order of their numbers `rows`, exact distances to the prepared query;
   * the best `keep` become the hits. As `rescore`, with as many bytes behind the last row; after `beginTopK` for all.
   */
  rescoreGathered(format: RowFormat, metric: MetricType, rows: Uint32Array, ptr: number, dim: number, keep: number): void;
  /** 4 bytes per row, shape (rows): what rows have besides their elements. For f32 and 16-bit floats their inverse norms. */
  rowTerms(format: RowFormat, ptr: number, rows: number, dim: number, outPtr: number): void;

  /** The same for a sparse query: pairs of ascending indices and values. */
  setSparseQuery(indices: Uint32Array, values: Float32Array): void;
  /** The pairs of the last setSparseQuery, for the indexes: not copied, so valid until its caller goes on. */
  readonly sparsePairs: { readonly indices: Uint32Array; readonly values: Float32Array };
  /** Exact scan of sparse rows [from, to) by their dot product with the prepared query. */
  scanSparse(rows: SparseBlock, from: number, to: number, allowPtr: number, rowBase: number): void;

  /** f32, shape (rows): 1 / |row|, 0 for a zero row. */
  inverseNorms(ptr: number, rows: number, dim: number, outPtr: number): void;

  /** Bits set among the first n of a bitset. */
  countBits(ptr: number, n: number): number;

  /** Hit rows and distances of the last search, valid until the next call. Shape (n). */
  hitRows(n: number): Uint32Array;
  hitDistances(n: number): Float32Array;

  /**
   * Scratch for walks over graphs of up to `rows` rows: a beam of `ef` rows, `found` allowed ones, `m` links, queries of
   * `queryBytes`. Answers the Walk struct (abi.ts), which may move.
   */
  prepareWalk(rows: number, ef: number, found: number, m: number, queryBytes: number): number;
  /** Rows that the last walk compared with its query. */
  readonly walkCompared: number;
  /** Room of the last prepareWalk for one query in code form. */
  readonly walkQueryPtr: number;

  /**
   * Scratch memory of at least `byteLength` bytes under a name, kept and reused; its content survives until the next
   * call that asks for more under the same name. `onNew` gets the memory whenever it is a fresh block.
   */
  scratch(name: ScratchName, byteLength: number, onNew?: (ptr: number, byteLength: number) => void): number;
}

/** Elements of rows as their column has them. */
export type RowValues = Float32Array | Uint16Array | Int8Array | Uint8Array;

/** Sparse rows in kernel memory: those of row r are [offsets[r], offsets[r + 1]). */
export interface SparseBlock {
  /** u32, shape (rows + 1). */
  readonly offsetsPtr: number;
  /** u32. */
  readonly indicesPtr: number;
  /** f32. */
  readonly valuesPtr: number;
}

export type ScratchName = 'query' | 'rowQuery' | 'rowSource' | 'sparseQuery' | 'terms' | 'parts' | 'sums' | 'hitRows' | 'hitDistances' | 'rescore' | 'rescoreTerms' | 'refineQuery' | 'walkQuery' | 'walkRowQuery' | 'walk' | 'visited' | 'beam' | 'found' | 'gather';

export type InstantiateKernels = (module: KernelModule) => Kernels;

export const METRIC_CODE: Readonly<Record<MetricType, number>> = {
  L2: METRIC_L2, IP: METRIC_IP, COSINE: METRIC_COSINE, HAMMING: METRIC_HAMMING, JACCARD: METRIC_JACCARD,
};

/** Rows that are compared in integers. */
const isExact = (code: number): boolean => code === ROWS_I8 || code === ROWS_BITS;

/** Binds a module to a memory of its own. FORMAT_UNSUPPORTED for a build of another release. */
export const instantiateKernels: InstantiateKernels = (module) => new BoundKernels(module);

class BoundKernels implements Kernels {
  readonly variant: KernelVariant;
  readonly arena: MemoryArena;
  readonly exports: KernelExports;
  readonly topPtr: number;
  readonly #memory: KernelMemory;
  readonly #scratch = new Map<ScratchName, { ptr: number; byteLength: number }>();
  /** Views over the whole memory, made again whenever it has grown. */
  #u32: Uint32Array;
  #f32: Float32Array;
  #queryPtr = 0;
  #queryDim = 0;
  #rowQueryPtr = 0;
  #sparseQueryPtr = 0;
  sparsePairs: Kernels['sparsePairs'] = { indices: new Uint32Array(0), values: new Float32Array(0) };
  #rowsPtr = 0;
  #distancesPtr = 0;
  #hitsMax = 0;
  #walkPtr = 0;
  #walkQueryPtr = 0;
  /** What the walk's scratch has room for. */
  readonly #walkSizes = { rows: 0, ef: 0, found: 0, links: 0, queryBytes: 0 };

  constructor(module: KernelModule) {
    const instance = instantiate(module);
    this.variant = module.variant;
    this.exports = instance.exports;
    this.#memory = instance.memory;
    this.arena = new MemoryArena(instance.memory, instance.heapBase, module.memoryBytesMax);
    this.topPtr = this.arena.alloc(TOPK_SIZE);
    this.#u32 = new Uint32Array(this.#memory.buffer);
    this.#f32 = new Float32Array(this.#memory.buffer);
  }

  get queryPtr(): number {
    return this.#queryPtr;
  }

  setQuery(query: Float32Array, offset: number, dim: number, metric: MetricType): void {
    if (dim > this.#queryDim) {
      this.#queryPtr = this.scratch('query', dim * 4);
      this.#queryDim = dim;
    }
    this.#refresh();
    const whole = offset === 0 && query.length === dim;
    this.#f32.set(whole ? query : query.subarray(offset, offset + dim), this.#queryPtr / 4);
    if (metric === 'COSINE') this.exports.normalize(this.#queryPtr, dim);
  }

  setRowQuery(format: RowFormat, queries: RowValues, offset: number, dim: number, metric: MetricType): void {
    if (format.code === ROWS_F32) return this.setQuery(queries as Float32Array, offset, dim, metric);
    const byteLength = format.rowBytes(dim);
    const source = this.scratch('rowSource', byteLength);
    this.arena.u8(source, byteLength).set(new Uint8Array(queries.buffer, queries.byteOffset + offset * queries.BYTES_PER_ELEMENT, byteLength));
    if (isExact(format.code)) {
      // A RowQuery holds bits as bytes and integers as 16 bits, up to a multiple of 16 of them.
      const elementBytes = format.code === ROWS_BITS ? 1 : 2;
      this.#rowQueryPtr = this.scratch('rowQuery', ROW_QUERY_DATA + elementBytes * Math.ceil(byteLength / 16) * 16);
      this.exports.rowQuery(format.code, METRIC_CODE[metric], source, dim, this.#rowQueryPtr);
      if (format.code === ROWS_BITS) return;
    }
    if (dim > this.#queryDim) {
      this.#queryPtr = this.scratch('query', dim * 4);
      this.#queryDim = dim;
    }
    this.exports.expandRows(format.code, source, dim, this.#queryPtr);
    if (metric === 'COSINE') this.exports.normalize(this.#queryPtr, dim);
  }

  scanRows(format: RowFormat, metric: MetricType, ptr: number, dim: number, from: number, to: number, termsPtr: number, allowPtr: number, rowBase: number): void {
    const { code } = format;
    if (code === ROWS_F32) return this.scanF32(metric, ptr, dim, from, to, termsPtr, allowPtr, rowBase);
    this.exports.scanRows(this.topPtr, code, METRIC_CODE[metric], this.#queryOf(code), ptr, dim, from, to, termsPtr, allowPtr, rowBase);
  }

  rescore(format: RowFormat, metric: MetricType, ptr: number, dim: number, termsPtr: number, n: number, keep = n): void {
    const { code } = format;
    if (code === ROWS_F32) return this.rescoreF32(metric, ptr, dim, termsPtr, n, keep);
    this.exports.rescoreRows(this.topPtr, code, METRIC_CODE[metric], this.#queryOf(code), ptr, dim, termsPtr, n, Math.min(keep, n));
  }

  rescoreGathered(format: RowFormat, metric: MetricType, rows: Uint32Array, ptr: number, dim: number, keep: number): void {
    const n = rows.length;
    const termsPtr = this.scratch('rescoreTerms', n * 4);
    // Of floats only COSINE asks for the terms.
    if (metric === 'COSINE' || isExact(format.code)) this.rowTerms(format, ptr, n, dim, termsPtr);
    const hits = this.hitRows(n);
    for (let i = 0; i < n; i++) hits[i] = i;
    this.rescore(format, metric, ptr, dim, termsPtr, n, keep);
    const kept = this.hitRows(Math.min(keep, n));
    for (let i = 0; i < kept.length; i++) kept[i] = rows[kept[i]];
  }

  get rowQueryPtr(): number {
    return this.#rowQueryPtr;
  }

  #queryOf(code: number): number {
    return isExact(code) ? this.#rowQueryPtr : this.#queryPtr;
  }

  rowTerms(format: RowFormat, ptr: number, rows: number, dim: number, outPtr: number): void {
    if (format.code === ROWS_F32) return this.inverseNorms(ptr, rows, dim, outPtr);
    this.exports.rowTerms(format.code, ptr, rows, dim, this.scratch('rowSource', dim * 4), outPtr);
  }

  setSparseQuery(indices: Uint32Array, values: Float32Array): void {
    const n = indices.length;
    // Nearly empty, so that most of what is looked up meets a free entry at once.
    const bits = Math.max(Math.ceil(Math.log2(Math.max(16 * n, 1))), 2);
    const query = this.scratch('sparseQuery', SPARSE_QUERY_TABLE + 2 ** bits * SPARSE_ENTRY);
    const source = this.scratch('rowSource', Math.max(n * 8, 8));
    this.arena.u32(source, n).set(indices);
    this.arena.f32(source + n * 4, n).set(values);
    const head = this.arena.u32(query, SPARSE_QUERY_TABLE / 4);
    head[SPARSE_QUERY_MASK / 4] = 2 ** bits - 1;
    head[SPARSE_QUERY_SHIFT / 4] = 32 - bits;
    this.exports.sparseQuery(query, source, source + n * 4, n);
    this.#sparseQueryPtr = query;
    this.sparsePairs = { indices, values };
  }

  scanSparse(rows: SparseBlock, from: number, to: number, allowPtr: number, rowBase: number): void {
    this.exports.scanSparse(this.topPtr, this.#sparseQueryPtr, rows.offsetsPtr, rows.indicesPtr, rows.valuesPtr, from, to, allowPtr, rowBase);
  }

  beginTopK(k: number, range?: DistanceRange): void {
    if (k > this.#hitsMax) {
      const capacity = Math.max(256, 2 ** Math.ceil(Math.log2(k)));
      this.#rowsPtr = this.scratch('hitRows', capacity * 4);
      this.#distancesPtr = this.scratch('hitDistances', capacity * 4);
      this.#hitsMax = capacity;
    }
    this.#refresh();
    const at = this.topPtr / 4;
    const u32 = this.#u32;
    u32[at + TOPK_K / 4] = k;
    u32[at + TOPK_COUNT / 4] = 0;
    u32[at + TOPK_ROWS / 4] = this.#rowsPtr;
    u32[at + TOPK_DISTANCES / 4] = this.#distancesPtr;
    this.#f32[at + TOPK_MIN / 4] = range ? range.min : -Infinity;
    this.#f32[at + TOPK_MAX / 4] = range ? range.max : Infinity;
  }

  scanF32(metric: MetricType, ptr: number, dim: number, from: number, to: number, inverseNormsPtr: number, allowPtr: number, rowBase: number): void {
    this.exports.scanF32(this.topPtr, METRIC_CODE[metric], this.#queryPtr, ptr, dim, from, to, inverseNormsPtr, allowPtr, rowBase);
  }

  endTopK(): number {
    return this.exports.topkSort(this.topPtr);
  }

  rescoreF32(metric: MetricType, ptr: number, dim: number, inverseNormsPtr: number, n: number, keep = n): void {
    this.exports.rescoreF32(this.topPtr, METRIC_CODE[metric], this.#queryPtr, ptr, dim, inverseNormsPtr, n, Math.min(keep, n));
  }

  inverseNorms(ptr: number, rows: number, dim: number, outPtr: number): void {
    this.exports.inverseNorms(ptr, rows, dim, outPtr);
  }

  countBits(ptr: number, n: number): number {
    return this.exports.countBits(ptr, n);
  }

  hitRows(n: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, this.#rowsPtr, n);
  }

  hitDistances(n: number): Float32Array {
    return new Float32Array(this.#memory.buffer, this.#distancesPtr, n);
  }

  prepareWalk(rows: number, ef: number, found: number, m: number, queryBytes: number): number {
    const links = 2 * m + 4;
    const foundEntries = Math.max(found, links);
    const sizes = this.#walkSizes;
    if (rows <= sizes.rows && ef <= sizes.ef && foundEntries <= sizes.found && links <= sizes.links && queryBytes <= sizes.queryBytes) return this.#walkPtr;
    sizes.rows = Math.max(rows, sizes.rows);
    sizes.ef = Math.max(ef, sizes.ef);
    sizes.found = Math.max(foundEntries, sizes.found);
    sizes.links = Math.max(links, sizes.links);
    sizes.queryBytes = Math.max(queryBytes, sizes.queryBytes);
    const walk = this.scratch('walk', WALK_SIZE);
    const visited = this.scratch('visited', Math.ceil(sizes.rows / 128) * 16, (ptr, byteLength) => this.arena.u8(ptr, byteLength).fill(0));
    // A sorted insertion moves whole 16-byte blocks and compares four entries at a time: room for more entries.
    const beam = this.scratch('beam', (sizes.ef + 4) * BEAM_ENTRY);
    const foundPtr = this.scratch('found', (sizes.found + 4) * BEAM_ENTRY);
    const gather = this.scratch('gather', (sizes.links + 4) * 4);
    const query = this.scratch('walkQuery', sizes.queryBytes);
    const rowQuery = this.scratch('walkRowQuery', sizes.queryBytes);
    const struct = this.arena.u32(walk, WALK_SIZE / 4);
    struct[WALK_VISITED / 4] = visited;
    struct[WALK_BEAM / 4] = beam;
    struct[WALK_FOUND / 4] = foundPtr;
    struct[WALK_GATHER / 4] = gather;
    struct[WALK_QUERY / 4] = query;
    struct[WALK_ROW_QUERY / 4] = rowQuery;
    this.#walkPtr = walk;
    this.#walkQueryPtr = query;
    return walk;
  }

  get walkCompared(): number {
    this.#refresh();
    return this.#u32[(this.#walkPtr + WALK_COMPARED) / 4];
  }

  get walkQueryPtr(): number {
    return this.#walkQueryPtr;
  }

  scratch(name: ScratchName, byteLength: number, onNew?: (ptr: number, byteLength: number) => void): number {
    const held = this.#scratch.get(name);
    if (held && held.byteLength >= byteLength) return held.ptr;
    if (held) {
      this.#scratch.delete(name);
      this.arena.free(held.ptr);
    }
    const ptr = this.arena.alloc(byteLength);
    this.#scratch.set(name, { ptr, byteLength });
    onNew?.(ptr, byteLength);
    return ptr;
  }

  #refresh(): void {
    if (this.#f32.buffer === this.#memory.buffer) return;
    this.#u32 = new Uint32Array(this.#memory.buffer);
    this.#f32 = new Float32Array(this.#memory.buffer);
  }
}
