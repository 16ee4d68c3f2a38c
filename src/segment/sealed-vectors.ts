/**
 * Vectors of one field of a sealed segment, with their index. The vectors and the index are loaded apart: an index over
 * codes answers before the vectors are there, and the few rows that are scored again are read from the file until then.
 */
import { getIndexType } from '../index/registry.ts';
import type { SearchPlan, VectorBlock, VectorIndex } from '../index/index.ts';
import type { DistanceRange, Kernels } from '../kernels/kernels.ts';
import type { Column } from '../schema/column.ts';
import type { Field, IndexSpec, MetricType, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, type QueryVectors } from '../schema/vector-types/index.ts';
import type { SectionFile } from '../storage/sections/index.ts';
import type { KernelPool } from './kernel-pool.ts';
import { SealedDense } from './sealed-dense.ts';
import { SealedSparse } from './sealed-sparse.ts';

/** The vectors themselves in kernel memory, by what a type's rows are. */
export interface SealedRows {
  readonly resident: boolean;
  readonly memoryBytes: number;
  /** Takes the vectors from where they are already. */
  fill(column: Column): void;
  /** Reads the vectors from the segment's file, in slices. CLOSED when `isFreed` meanwhile. */
  load(file: SectionFile, isFreed: () => boolean): Promise<void>;
  setQuery(queries: QueryVectors, query: number, metric: MetricType): void;
  scan(metric: MetricType, allowPtr: number): void;
  rescore(metric: MetricType, n: number, keep: number): void;
  /** Rows out of kernel memory. Vectors must be resident. */
  take(rows: ArrayLike<number>): Column;
  read(rows: ArrayLike<number>, file: SectionFile): Promise<Column>;
  /** All rows. Vectors must be resident. */
  copyAll(): Column;
  /** The rows in the form that indexes know; they stay so until `dropBlock`. Vectors must be resident. */
  block(): VectorBlock;
  dropBlock(): void;
  free(): void;
}

export class SealedVectors {
  readonly field: Field;
  readonly rows: number;
  /** Bytes of the vectors themselves. */
  readonly byteLength: number;
  readonly kernels: Kernels;
  readonly #pool: KernelPool;
  readonly #rows: SealedRows;
  #allowPtr = 0;
  #index: VectorIndex | null = null;
  #indexSpec: IndexSpec | null = null;
  #loading: Promise<void> | null = null;
  #freed = false;

  constructor(field: Field, rows: number, byteLength: number, pool: KernelPool) {
    this.field = field;
    this.rows = rows;
    this.byteLength = byteLength;
    this.#pool = pool;
    this.kernels = pool.take(byteLength);
    this.#rows = VECTOR_TYPES[field.type as VectorType].family === 'sparse' ? new SealedSparse(this.kernels, field, rows) : new SealedDense(this.kernels, field, rows);
  }

  get resident(): boolean {
    return this.#rows.resident;
  }

  get index(): VectorIndex | null {
    return this.#index;
  }

  get indexSpec(): IndexSpec | null {
    return this.#indexSpec;
  }

  get memoryBytes(): number {
    return this.#rows.memoryBytes + (this.#index?.memoryBytes ?? 0);
  }

  /** Takes the vectors from where they are already. */
  fill(column: Column): void {
    this.#rows.fill(column);
  }

  /** Reads the vectors from the segment's file, in slices. */
  load(file: SectionFile): Promise<void> {
    if (this.resident) return Promise.resolve();
    return (this.#loading ??= this.#rows.load(file, () => this.#freed).finally(() => {
      this.#loading = null;
    }));
  }

  /** Loads an index from its sections in place of the one there is. Vectors must be resident where its type needs them. */
  setIndex(spec: IndexSpec, sections: ReadonlyMap<string, Uint8Array>): void {
    const type = getIndexType(spec.type);
    const vectors = type.needsVectors ? this.#rows.block() : null;
    const context = { kernels: this.kernels, metric: spec.metric, dim: this.field.dim ?? 1, rows: this.rows, vectors };
    const index = type.open(context, spec.params, sections);
    this.#index?.free();
    this.#index = index;
    this.#indexSpec = spec;
    if (!type.needsVectors) this.#rows.dropBlock();
  }

  dropIndex(): void {
    this.#index?.free();
    this.#index = null;
    this.#indexSpec = null;
    this.#rows.dropBlock();
  }

  /** Hides a row from every search. */
  kill(row: number): void {
    const { arena } = this.kernels;
    const bytes = ((this.rows + 63) >>> 6) << 3;
    if (this.#allowPtr === 0) {
      this.#allowPtr = arena.alloc(bytes);
      arena.u8(this.#allowPtr, bytes).fill(0xff);
    }
    arena.u8(this.#allowPtr, bytes)[row >>> 3]! &= ~(1 << (row & 7));
  }

  /** Prepares query number `query`, for the index as well as for a scan. */
  setQuery(queries: QueryVectors, query: number, metric: MetricType): void {
    this.#rows.setQuery(queries, query, metric);
  }

  /** Exact scan of all live rows against the prepared query, into the top-k under way. Vectors must be resident. */
  scan(metric: MetricType): void {
    this.#rows.scan(metric, this.#allowPtr);
  }

  /** Asks the index; hits are left in the kernels. `range`: see `VectorIndex.search`. */
  search(plan: SearchPlan, range: DistanceRange | null): number {
    return this.#index!.search(plan, this.#allowPtr, range);
  }

  /** Exact distances for the first n hits, of which the best `keep` stay, sorted. Vectors must be resident. */
  rescore(metric: MetricType, n: number, keep = n): void {
    this.#rows.rescore(metric, n, keep);
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
    if (this.#pool.isShared(this.kernels)) {
      this.#index?.free();
      if (this.#allowPtr !== 0) this.kernels.arena.free(this.#allowPtr);
      this.#rows.free();
    }
    this.#index = null;
    this.#pool.release(this.kernels);
  }
}
