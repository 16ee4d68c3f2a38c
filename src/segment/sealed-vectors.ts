/**
 * Vectors of one field of a sealed segment, with their index. The two are loaded apart, and an index over codes lies in a
 * memory of its own, so that the vectors can go and leave it: it answers without them, and the few rows that are to be
 * scored again are read from the file.
 */
import { getIndexType } from '../index/registry.ts';
import type { SearchPlan, VectorBlock, VectorIndex } from '../index/index.ts';
import type { DistanceRange, Kernels } from '../kernels/kernels.ts';
import type { QueryTile, Steps } from '../kernels/query-tile.ts';
import type { RowFormat } from '../kernels/rows.ts';
import type { Column } from '../schema/column.ts';
import type { Field, IndexSpec, MetricType, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, type QueryVectors } from '../schema/vector-types/index.ts';
import type { SectionFile } from '../storage/sections/index.ts';
import { assert } from '../util/assert.ts';
import type { KernelPool } from './kernel-pool.ts';
import { LiveRows } from './live-rows.ts';
import { SealedDense } from './sealed-dense.ts';
import { SealedSparse } from './sealed-sparse.ts';
import type { CachedVectors } from './vector-cache.ts';
import type { VectorSnapshot } from './vector-snapshot.ts';

/** One of several queries in the form of the field's column. */
export interface RowQuery {
  readonly queries: QueryVectors;
  readonly at: number;
  readonly metric: MetricType;
}

/** The vectors themselves, in kernel memory or in the file, by what a type's rows are. */
export interface SealedRows {
  /** How the rows lie; null where they are sparse. */
  readonly format: RowFormat | null;
  /** Where the vectors are; null while they are not in memory. */
  readonly kernels: Kernels | null;
  readonly memoryBytes: number;
  /** Takes the vectors from where they are already. */
  fill(column: Column): void;
  /** Reads the vectors from the segment's file, in slices. CLOSED when `isFreed` meanwhile. */
  load(file: SectionFile, isFreed: () => boolean): Promise<void>;
  /** Prepares a query in these kernels, for an index as well as for a scan. */
  setQuery(kernels: Kernels, query: RowQuery): void;
  /** Vectors must be in memory, here and wherever nothing else is said. */
  scan(metric: MetricType, allowPtr: number): void;
  scanTile(tile: QueryTile, allowPtr: number): Steps;
  rescore(metric: MetricType, n: number, keep: number): void;
  /** Scores hits of these kernels, n of them, by rows read at once; false where they cannot be. Vectors need not be in memory. */
  rescoreFromFile(kernels: Kernels, file: SectionFile, metric: MetricType, n: number, keep: number): boolean;
  /** Scores hits of these kernels by their vectors, which a `read` answered; `rows` ascending. */
  rescoreRead(kernels: Kernels, metric: MetricType, rows: Uint32Array, vectors: Column, keep: number): void;
  take(rows: ArrayLike<number>): Column;
  /** Vectors need not be in memory. `rowsAtOnce`: most that are asked of the file at a time; default all. */
  read(rows: ArrayLike<number>, file: SectionFile, rowsAtOnce?: number): Promise<Column>;
  /** Bytes that rows kept one by one take. */
  readonly rowCacheBytes: number;
  /** Keeps rows that are read, within so many bytes; 0: none. Forgets those that were kept. */
  keepRows(byteLength: number): void;
  /** All rows. */
  copyAll(): Column;
  /** The rows in the form that indexes know; they stay so until `dropBlock`. */
  block(): VectorBlock;
  dropBlock(): void;
  /** Gives back the memory. */
  drop(): void;
}

export class SealedVectors implements CachedVectors {
  readonly field: Field;
  readonly rows: number;
  /** Bytes of the vectors themselves. */
  readonly byteLength: number;
  lastUse = 0;
  #useBefore = 0;
  readonly #pool: KernelPool;
  readonly #rows: SealedRows;
  readonly #live: LiveRows;
  #index: VectorIndex | null = null;
  #indexSpec: IndexSpec | null = null;
  #indexKernels: Kernels | null = null;
  /** What serves compares the vectors themselves. */
  #isNeeded = true;
  /** What serves keeps rows one by one in place of all. */
  #keepsRows = false;
  #holds = 0;
  #loading: Promise<void> | null = null;
  #freed = false;

  constructor(field: Field, rows: number, byteLength: number, pool: KernelPool) {
    this.field = field;
    this.rows = rows;
    this.byteLength = byteLength;
    this.#pool = pool;
    this.#live = new LiveRows(rows);
    this.#rows = VECTOR_TYPES[field.type as VectorType].family === 'sparse' ? new SealedSparse(pool, field, rows, byteLength) : new SealedDense(pool, field, rows);
    pool.cache.add(this);
  }

  get resident(): boolean {
    return this.#rows.kernels !== null;
  }

  /** Where the vectors are, and the hits of a scan of them. They must be resident. */
  get kernels(): Kernels {
    assert(this.#rows.kernels !== null, 'vectors are in memory while they are compared');
    return this.#rows.kernels;
  }

  /** Where the index is, and the hits of its searches. There must be one. */
  get indexKernels(): Kernels {
    assert(this.#indexKernels !== null, 'an index is in memory while it is asked');
    return this.#indexKernels;
  }

  get index(): VectorIndex | null {
    return this.#index;
  }

  get indexSpec(): IndexSpec | null {
    return this.#indexSpec;
  }

  get memoryBytes(): number {
    return this.#rows.memoryBytes + this.#rows.rowCacheBytes + (this.#index?.memoryBytes ?? 0);
  }

  get residentBytes(): number {
    return this.resident ? this.#rows.memoryBytes : this.#loading ? this.byteLength : 0;
  }

  get rowCacheBytes(): number {
    return this.#rows.rowCacheBytes;
  }

  get isUnloadable(): boolean {
    return this.#holds === 0 && !this.#loading && (this.resident || this.#index !== null);
  }

  /** Gives back all memory; the next search loads what it needs again. */
  unload(): void {
    this.#removeIndex();
    this.#isNeeded = true;
    this.drop();
  }

  get isDroppable(): boolean {
    return this.resident && !this.#isNeeded && this.#holds === 0;
  }

  /** Takes the vectors from where they are already. */
  fill(column: Column): void {
    this.#rows.fill(column);
  }

  /** Reads the vectors from the segment's file, in slices. They may be dropped at once unless they are needed or held. */
  load(file: SectionFile): Promise<void> {
    if (this.resident) return Promise.resolve();
    return (this.#loading ??= this.#rows.load(file, () => this.#freed).finally(() => {
      this.#loading = null;
    }));
  }

  /** Reads the vectors behind a search that scores rows again, where the budget has room for them. */
  loadAhead(file: SectionFile): void {
    if (this.resident || this.#loading || this.#freed || this.#keepsRows || !this.#pool.cache.makeRoom(this.byteLength, this.#useBefore)) return;
    // A failure to read ahead is no search's: the next one that needs the vectors meets it again.
    this.load(file).catch(() => {});
  }

  /** Told at each search. `isNeeded`: as long as nothing else serves, searches like this one compare the vectors themselves. */
  use(isNeeded: boolean): void {
    this.#useBefore = this.lastUse;
    this.lastUse = this.#pool.cache.use();
    if (isNeeded) this.#isNeeded = true;
  }

  /** Keeps vectors in memory once they are there, until as many calls of `release`. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.#holds === 0) this.#pool.cache.trim();
  }

  /** Gives back the vectors' memory. */
  drop(): void {
    const { kernels } = this.#rows;
    if (!kernels) return;
    this.#live.leave(kernels);
    this.#rows.drop();
  }

  /** Loads an index from its sections in place of the one there is. Vectors must be resident where its type needs them. */
  setIndex(spec: IndexSpec, sections: ReadonlyMap<string, Uint8Array>): void {
    const type = getIndexType(spec.type);
    const vectors = type.needsVectors ? this.#rows.block() : null;
    const kernels = type.needsVectors ? this.kernels : this.#pool.take(bytesOf(sections));
    const context = { kernels, metric: spec.metric, dim: this.field.dim ?? 1, rows: this.rows, vectors };
    let index: VectorIndex;
    try {
      index = type.open(context, spec.params, sections);
    } catch (error) {
      if (!type.needsVectors) this.#pool.release(kernels);
      throw error;
    }
    this.#removeIndex();
    this.#index = index;
    this.#indexSpec = spec;
    this.#indexKernels = kernels;
    this.#isNeeded = type.needsVectors;
    if (type.needsVectors) return;
    this.#rows.dropBlock();
    const rowCacheBytes = type.rowCacheBytes(this.byteLength, spec.params);
    this.#keepsRows = rowCacheBytes !== null;
    this.#rows.keepRows(rowCacheBytes ?? 0);
    // An index that scores nothing again has no use for all of them.
    const hasUse = !this.#keepsRows && type.parseSearch({}, 1, spec.params).refine;
    if (!hasUse && this.isDroppable) this.drop();
    this.#pool.cache.trim();
  }

  dropIndex(): void {
    this.#removeIndex();
    this.#rows.dropBlock();
    this.#isNeeded = true;
  }

  #removeIndex(): void {
    const kernels = this.#indexKernels;
    if (!kernels) return;
    this.#keepsRows = false;
    this.#rows.keepRows(0);
    this.#index!.free();
    this.#index = null;
    this.#indexSpec = null;
    this.#indexKernels = null;
    if (kernels === this.#rows.kernels) return;
    this.#live.leave(kernels);
    this.#pool.release(kernels);
  }

  /** Hides a row from every search. */
  kill(row: number): void {
    this.#live.kill(row);
  }

  /** `seen`: a bitset of rows in whole 64-bit words, instead of those that live now. */
  snapshot(seen?: Uint8Array): VectorSnapshot {
    const live = seen ? LiveRows.of(seen) : this.#live.snapshot();
    const allowIn = (kernels: Kernels): number => live.ptrIn(kernels);
    return {
      format: this.#rows.format,
      rows: this.rows,
      allowIn,
      scan: (metric) => this.#rows.scan(metric, allowIn(this.kernels)),
      scanTile: (tile) => this.#rows.scanTile(tile, allowIn(this.kernels)),
      free: () => live.free(),
    };
  }

  /** Prepares a query in `kernels` or `indexKernels`. */
  setQuery(kernels: Kernels, query: RowQuery): void {
    this.#rows.setQuery(kernels, query);
  }

  /** Exact scan of all live rows against the prepared query, into the top-k under way. Vectors must be resident. */
  scan(metric: MetricType): void {
    this.#rows.scan(metric, this.#live.ptrIn(this.kernels));
  }

  /** Asks the index; hits are left in `indexKernels`. `range`: see `VectorIndex.search`. `seen`: instead of the rows that live now. */
  search(plan: SearchPlan, range: DistanceRange | null, seen?: VectorSnapshot): number {
    return this.#index!.search(plan, seen ? seen.allowIn(this.indexKernels) : this.#live.ptrIn(this.indexKernels), range);
  }

  /**
   * Exact distances for the first n hits of the index, of which the best `keep` stay, sorted. Answers the kernels that have
   * them; null where the vectors are not in memory and cannot be read at once.
   */
  rescoreNow(file: SectionFile, query: RowQuery, n: number, keep = n): Kernels | null {
    const { indexKernels } = this;
    const { kernels } = this.#rows;
    if (!kernels) return this.#rows.rescoreFromFile(indexKernels, file, query.metric, n, keep) ? indexKernels : null;
    if (kernels !== indexKernels) {
      this.#rows.setQuery(kernels, query);
      kernels.beginTopK(n);
      kernels.hitRows(n).set(indexKernels.hitRows(n));
    }
    this.#rows.rescore(query.metric, n, keep);
    return kernels;
  }

  /** The same for rows that came from elsewhere than the kernels' last search, in any order. Answers copies of the best `keep`. */
  rescoreHits(file: SectionFile, query: RowQuery, rows: Uint32Array, keep: number): { readonly rows: Uint32Array; readonly distances: Float32Array } | null {
    if (rows.length === 0) return { rows, distances: new Float32Array(0) };
    const kernels = this.#rows.kernels ?? this.#pool.shared;
    this.#rows.setQuery(kernels, query);
    kernels.beginTopK(rows.length);
    kernels.hitRows(rows.length).set(rows);
    if (this.resident) this.#rows.rescore(query.metric, rows.length, keep);
    else if (!this.#rows.rescoreFromFile(kernels, file, query.metric, rows.length, keep)) return null;
    const n = Math.min(keep, rows.length);
    return { rows: kernels.hitRows(n).slice(), distances: kernels.hitDistances(n).slice() };
  }

  /** The same for rows that are read from the file first; `rows` ascending. Answers the best `keep`, closest first. */
  async rescore(file: SectionFile, query: RowQuery, rows: Uint32Array, keep: number, rowsAtOnce?: number): Promise<{ readonly rows: Uint32Array; readonly distances: Float32Array }> {
    if (rows.length === 0) return { rows, distances: new Float32Array(0) };
    const vectors = await this.#rows.read(rows, file, rowsAtOnce);
    // The index may be gone by now, these kernels never are.
    const kernels = this.#pool.shared;
    this.#rows.setQuery(kernels, query);
    kernels.beginTopK(rows.length);
    this.#rows.rescoreRead(kernels, query.metric, rows, vectors, keep);
    const n = Math.min(keep, rows.length);
    return { rows: kernels.hitRows(n).slice(), distances: kernels.hitDistances(n).slice() };
  }

  /** Rows from kernel memory where it has them, from the file otherwise. */
  take(rows: ArrayLike<number>, file: SectionFile): Column | Promise<Column> {
    return this.resident ? this.#rows.take(rows) : this.#rows.read(rows, file);
  }

  /** All rows. Vectors must be resident. */
  copyAll(): Column {
    return this.#rows.copyAll();
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#pool.cache.remove(this);
    this.#removeIndex();
    this.drop();
  }
}

function bytesOf(sections: ReadonlyMap<string, Uint8Array>): number {
  let bytes = 0;
  for (const section of sections.values()) bytes += section.byteLength;
  return bytes;
}
