/**
 * Vectors of one field of a growing segment: blocks of kernel memory, filled in turn and scanned. Blocks double in
 * size up to a limit, so that a small collection stays small and a large one has few blocks.
 */
import type { Kernels } from '../kernels/kernels.ts';
import type { MetricType } from '../schema/types.ts';

const FIRST_BLOCK_ROWS = 256;
const LARGEST_BLOCK_ROWS = 8192;

interface Block {
  readonly firstRow: number;
  readonly capacity: number;
  rows: number;
  /** f32, shape (capacity, dim). */
  readonly ptr: number;
  /** f32, shape (capacity): 1 / |row|. */
  readonly inverseNormsPtr: number;
  /** Bitset of live rows, shape (capacity); 0 while every row lives. */
  allowPtr: number;
}

export class GrowingVectors {
  readonly kernels: Kernels;
  readonly dim: number;
  readonly #blocks: Block[] = [];

  constructor(kernels: Kernels, dim: number) {
    this.kernels = kernels;
    this.dim = dim;
  }

  get memoryBytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.capacity * (this.dim * 4 + 4), 0);
  }

  /** Adds rows. `values`: shape (rows, dim). On OUT_OF_MEMORY nothing has been added. */
  append(values: Float32Array): void {
    const rows = values.length / this.dim;
    this.#reserve(rows);
    let from = 0;
    for (const block of this.#blocks) {
      const count = Math.min(rows - from, block.capacity - block.rows);
      if (count <= 0) continue;
      const start = block.ptr + block.rows * this.dim * 4;
      this.kernels.arena.f32(start, count * this.dim).set(values.subarray(from * this.dim, (from + count) * this.dim));
      this.kernels.inverseNorms(start, count, this.dim, block.inverseNormsPtr + block.rows * 4);
      block.rows += count;
      from += count;
    }
  }

  #reserve(rows: number): void {
    const { arena } = this.kernels;
    let free = this.#blocks.reduce((sum, block) => sum + block.capacity - block.rows, 0);
    while (free < rows) {
      const last = this.#blocks[this.#blocks.length - 1];
      const capacity = last ? Math.min(last.capacity * 2, LARGEST_BLOCK_ROWS) : FIRST_BLOCK_ROWS;
      const ptr = arena.alloc(capacity * this.dim * 4);
      const inverseNormsPtr = arena.alloc(capacity * 4);
      this.#blocks.push({ firstRow: last ? last.firstRow + last.capacity : 0, capacity, rows: 0, ptr, inverseNormsPtr, allowPtr: 0 });
      free += capacity;
    }
  }

  /** Hides a row from scans. */
  kill(row: number): void {
    const block = this.#blockOf(row);
    const { arena } = this.kernels;
    const bytes = block.capacity >>> 3;
    if (block.allowPtr === 0) {
      block.allowPtr = arena.alloc(bytes);
      arena.u8(block.allowPtr, bytes).fill(0xff);
    }
    const bit = row - block.firstRow;
    const allow = arena.u8(block.allowPtr, bytes);
    allow[bit >>> 3]! &= ~(1 << (bit & 7));
  }

  /** Scans all live rows against the prepared query, into the top-k under way. */
  scan(metric: MetricType): void {
    for (const block of this.#blocks) {
      if (block.rows > 0) {
        this.kernels.scanF32(metric, block.ptr, this.dim, 0, block.rows, block.inverseNormsPtr, block.allowPtr, block.firstRow);
      }
    }
  }

  /** Copies out rows in the order asked for. Shape (rows.length, dim). */
  take(rows: ArrayLike<number>): Float32Array {
    const { dim } = this;
    const values = new Float32Array(rows.length * dim);
    for (let i = 0; i < rows.length; i++) {
      const block = this.#blockOf(rows[i]!);
      values.set(this.kernels.arena.f32(block.ptr + (rows[i]! - block.firstRow) * dim * 4, dim), i * dim);
    }
    return values;
  }

  #blockOf(row: number): Block {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#blocks[middle]!.firstRow <= row) low = middle;
      else high = middle - 1;
    }
    return this.#blocks[low]!;
  }

  free(): void {
    for (const block of this.#blocks) {
      this.kernels.arena.free(block.ptr);
      this.kernels.arena.free(block.inverseNormsPtr);
      if (block.allowPtr !== 0) this.kernels.arena.free(block.allowPtr);
    }
    this.#blocks.length = 0;
  }
}
