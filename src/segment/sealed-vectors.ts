/**
 * Vectors of one field of a sealed segment in kernel memory, with their index. The f32 vectors and the index are
 * loaded apart: an index over codes answers before the vectors are there, and the few rows that are scored again are
 * read from the file until then.
 */
import { getIndexType } from '../index/registry.ts';
import type { SearchPlan, VectorBlock, VectorIndex } from '../index/index.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { IndexSpec, MetricType } from '../schema/types.ts';
import type { SectionFile } from '../storage/sections/index.ts';
import { ElanusError } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';
import type { KernelPool } from './kernel-pool.ts';
import { vectorSection } from './segment-file.ts';

const READ_BYTES = 1 << 20;

export class SealedVectors {
  readonly fieldId: number;
  readonly dim: number;
  readonly rows: number;
  readonly kernels: Kernels;
  readonly #pool: KernelPool;
  /** f32, shape (rows, dim); 0 while it is not in memory. */
  #ptr = 0;
  #inverseNormsPtr = 0;
  #allowPtr = 0;
  #index: VectorIndex | null = null;
  #indexSpec: IndexSpec | null = null;
  #loading: Promise<void> | null = null;
  #freed = false;

  constructor(fieldId: number, dim: number, rows: number, pool: KernelPool) {
    this.fieldId = fieldId;
    this.dim = dim;
    this.rows = rows;
    this.#pool = pool;
    this.kernels = pool.take(rows * dim * 4);
  }

  get resident(): boolean {
    return this.#ptr !== 0;
  }

  get index(): VectorIndex | null {
    return this.#index;
  }

  get indexSpec(): IndexSpec | null {
    return this.#indexSpec;
  }

  get memoryBytes(): number {
    return (this.#ptr === 0 ? 0 : this.rows * (this.dim * 4 + 4)) + (this.#index?.memoryBytes ?? 0);
  }

  /** Takes the vectors from where they are already. Shape (rows, dim). */
  fill(values: Float32Array): void {
    const { arena } = this.kernels;
    const ptr = arena.alloc(Math.max(values.byteLength, 4));
    const norms = arena.alloc(Math.max(this.rows * 4, 4));
    arena.f32(ptr, values.length).set(values);
    this.kernels.inverseNorms(ptr, this.rows, this.dim, norms);
    this.#ptr = ptr;
    this.#inverseNormsPtr = norms;
  }

  /** Reads the vectors from the segment's file, in slices. */
  load(file: SectionFile): Promise<void> {
    if (this.#ptr !== 0) return Promise.resolve();
    return (this.#loading ??= this.#load(file).finally(() => {
      this.#loading = null;
    }));
  }

  async #load(file: SectionFile): Promise<void> {
    const { arena } = this.kernels;
    const section = vectorSection(this.fieldId);
    const byteLength = this.rows * this.dim * 4;
    if (file.byteLength(section) !== byteLength) {
      throw new ElanusError('CORRUPT', `"${section}" of "${file.name}" expected ${byteLength} bytes, got ${file.byteLength(section)}`, { file: file.name, section });
    }
    const ptr = arena.alloc(Math.max(byteLength, 4));
    const norms = arena.alloc(Math.max(this.rows * 4, 4));
    try {
      for (let from = 0; from < byteLength; from += READ_BYTES) {
        const bytes = await file.read(section, from, Math.min(from + READ_BYTES, byteLength));
        if (this.#freed) throw new ElanusError('CLOSED', 'the segment was released while its vectors were loading');
        arena.u8(ptr + from, bytes.length).set(bytes);
        if (((from / READ_BYTES) & 7) === 7) await yieldToHost();
      }
      if (this.#freed) throw new ElanusError('CLOSED', 'the segment was released while its vectors were loading');
    } catch (error) {
      arena.free(ptr);
      arena.free(norms);
      throw error;
    }
    this.kernels.inverseNorms(ptr, this.rows, this.dim, norms);
    this.#ptr = ptr;
    this.#inverseNormsPtr = norms;
  }

  #block(): VectorBlock | null {
    return this.#ptr === 0 ? null : { ptr: this.#ptr, rows: this.rows, inverseNormsPtr: this.#inverseNormsPtr };
  }

  /** Loads an index from its sections in place of the one there is. Vectors must be resident where its type needs them. */
  setIndex(spec: IndexSpec, sections: ReadonlyMap<string, Uint8Array>): void {
    const context = { kernels: this.kernels, metric: spec.metric, dim: this.dim, rows: this.rows, vectors: this.#block() };
    const index = getIndexType(spec.type).open(context, spec.params, sections);
    this.#index?.free();
    this.#index = index;
    this.#indexSpec = spec;
  }

  dropIndex(): void {
    this.#index?.free();
    this.#index = null;
    this.#indexSpec = null;
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

  /** Exact scan of all live rows against the prepared query, into the top-k under way. Vectors must be resident. */
  scan(metric: MetricType): void {
    this.kernels.scanF32(metric, this.#ptr, this.dim, 0, this.rows, this.#inverseNormsPtr, this.#allowPtr, 0);
  }

  /** Asks the index; hits are left in the kernels. */
  search(plan: SearchPlan): number {
    return this.#index!.search(plan, this.#allowPtr);
  }

  /** Exact distances for the first n hits, of which the best `keep` stay, sorted. Vectors must be resident. */
  rescore(metric: MetricType, n: number, keep = n): void {
    this.kernels.rescoreF32(metric, this.#ptr, this.dim, this.#inverseNormsPtr, n, keep);
  }

  /** Rows from kernel memory where it has them, from the file otherwise. Shape (rows.length, dim). */
  take(rows: ArrayLike<number>, file: SectionFile): Float32Array | Promise<Float32Array> {
    if (this.#ptr === 0) return this.#readRows(rows, file);
    const values = new Float32Array(rows.length * this.dim);
    for (let i = 0; i < rows.length; i++) values.set(this.kernels.arena.f32(this.#ptr + rows[i]! * this.dim * 4, this.dim), i * this.dim);
    return values;
  }

  /** All rows. Vectors must be resident. Shape (rows, dim). */
  copyAll(): Float32Array {
    return this.kernels.arena.f32(this.#ptr, this.rows * this.dim).slice();
  }

  async #readRows(rows: ArrayLike<number>, file: SectionFile): Promise<Float32Array> {
    const rowBytes = this.dim * 4;
    const bytes = await file.readRanges(vectorSection(this.fieldId), Array.from(rows, (row) => row * rowBytes), rowBytes);
    return new Float32Array(bytes.buffer, bytes.byteOffset, rows.length * this.dim);
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    if (this.#pool.isShared(this.kernels)) {
      this.#index?.free();
      for (const ptr of [this.#ptr, this.#inverseNormsPtr, this.#allowPtr]) if (ptr !== 0) this.kernels.arena.free(ptr);
    }
    this.#index = null;
    this.#ptr = 0;
    this.#pool.release(this.kernels);
  }
}
