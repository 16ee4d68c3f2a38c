/**
 * Dense or binary vectors of one field of a growing segment: blocks of kernel memory, filled in turn and scanned. Blocks
 * double in size up to a limit, so that a small collection stays small and a large one has few blocks.
 */
import type { Kernels, RowValues } from '../kernels/kernels.ts';
import type { QueryTile, Steps } from '../kernels/query-tile.ts';
import { ROWS_SLACK_BYTES, ROW_FORMATS, type RowFormat } from '../kernels/rows.ts';
import type { Column } from '../schema/column.ts';
import { elementsPerRow } from '../schema/column-values.ts';
import type { Field, MetricType } from '../schema/types.ts';
import type { QueryVectors } from '../schema/vector-types/index.ts';
import type { GrowingVectors } from './growing-vectors.ts';
import { columnOfRows, type DenseField } from './dense-column.ts';
import { copyBits, placeBits, type VectorSnapshot } from './vector-snapshot.ts';

const FIRST_BLOCK_ROWS = 256;
const LARGEST_BLOCK_ROWS = 8192;

interface Block {
  readonly firstRow: number;
  readonly capacity: number;
  rows: number;
  /** Rows in their column's form, shape (capacity, dim). */
  readonly ptr: number;
  /** 4 bytes a row, shape (capacity); see `Kernels.rowTerms`. */
  readonly termsPtr: number;
  /** Bitset of live rows, shape (capacity); 0 while every row lives. */
  allowPtr: number;
}

export class GrowingDense implements GrowingVectors {
  readonly kernels: Kernels;
  readonly #field: DenseField;
  readonly #dim: number;
  readonly #format: RowFormat;
  readonly #rowBytes: number;
  readonly #blocks: Block[] = [];
  #rows = 0;

  constructor(kernels: Kernels, field: Field) {
    this.kernels = kernels;
    this.#field = field as DenseField;
    this.#dim = this.#field.dim;
    this.#format = ROW_FORMATS[this.#field.type];
    this.#rowBytes = this.#format.rowBytes(this.#dim);
  }

  get byteLength(): number {
    return this.#rows * this.#rowBytes;
  }

  get memoryBytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.capacity * (this.#rowBytes + 4), 0);
  }

  append(column: Column): void {
    const rows = column.length;
    const rowBytes = this.#rowBytes;
    const { values } = column;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, rows * rowBytes);
    this.#reserve(rows);
    let from = 0;
    for (const block of this.#blocks) {
      const count = Math.min(rows - from, block.capacity - block.rows);
      if (count <= 0) continue;
      const start = block.ptr + block.rows * rowBytes;
      this.kernels.arena.u8(start, count * rowBytes).set(bytes.subarray(from * rowBytes, (from + count) * rowBytes));
      this.kernels.rowTerms(this.#format, start, count, this.#dim, block.termsPtr + block.rows * 4);
      block.rows += count;
      from += count;
    }
    this.#rows += rows;
  }

  bytesToAppend(column: Column): number {
    const missing = column.length - this.#freeRows;
    if (missing <= 0) return 0;
    // Blocks double: the last of them is at most as large as all before it, or as the first of them.
    return (missing + Math.min(missing + this.#nextCapacity, LARGEST_BLOCK_ROWS)) * (this.#rowBytes + 4);
  }

  get #freeRows(): number {
    return this.#blocks.reduce((sum, block) => sum + block.capacity - block.rows, 0);
  }

  get #nextCapacity(): number {
    const last = this.#blocks[this.#blocks.length - 1];
    return last ? Math.min(last.capacity * 2, LARGEST_BLOCK_ROWS) : FIRST_BLOCK_ROWS;
  }

  #reserve(rows: number): void {
    const { arena } = this.kernels;
    let free = this.#freeRows;
    while (free < rows) {
      const last = this.#blocks[this.#blocks.length - 1];
      const capacity = this.#nextCapacity;
      const ptr = arena.alloc(capacity * this.#rowBytes + ROWS_SLACK_BYTES);
      const termsPtr = arena.alloc(capacity * 4);
      this.#blocks.push({ firstRow: last ? last.firstRow + last.capacity : 0, capacity, rows: 0, ptr, termsPtr, allowPtr: 0 });
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

  setQuery(queries: QueryVectors, query: number, metric: MetricType): void {
    this.kernels.setRowQuery(this.#format, queries as RowValues, query * elementsPerRow(this.#field.type, this.#dim), this.#dim, metric);
  }

  scan(metric: MetricType): void {
    this.#scanBlocks(this.#blocks, metric);
  }

  #scanBlocks(blocks: readonly Readonly<Block>[], metric: MetricType): void {
    for (const { ptr, rows, termsPtr, allowPtr, firstRow } of blocks) {
      if (rows > 0) this.kernels.scanRows(this.#format, metric, ptr, this.#dim, 0, rows, termsPtr, allowPtr, firstRow);
    }
  }

  snapshot(seen?: Uint8Array): VectorSnapshot {
    const { arena } = this.kernels;
    const blocks = this.#blocks.map((block) => {
      const bytes = block.capacity >>> 3;
      // Blocks begin at whole bytes of a bitset.
      return { ...block, allowPtr: seen ? placeBits(arena, seen.subarray(block.firstRow >>> 3), bytes) : copyBits(arena, block.allowPtr, bytes) };
    });
    return {
      format: this.#format,
      rows: this.#rows,
      allowIn: () => 0,
      scan: (metric) => this.#scanBlocks(blocks, metric),
      *scanTile(tile: QueryTile): Steps {
        for (const { ptr, rows, termsPtr, allowPtr, firstRow } of blocks) yield* tile.scan({ ptr, from: 0, to: rows, termsPtr, allowPtr, rowBase: firstRow, rowIdsPtr: 0 });
      },
      free: () => {
        for (const { allowPtr } of blocks) if (allowPtr !== 0) arena.free(allowPtr);
      },
    };
  }

  take(rows: ArrayLike<number>): Column {
    const rowBytes = this.#rowBytes;
    const bytes = new Uint8Array(rows.length * rowBytes);
    for (let i = 0; i < rows.length; i++) {
      const block = this.#blockOf(rows[i]!);
      bytes.set(this.kernels.arena.u8(block.ptr + (rows[i]! - block.firstRow) * rowBytes, rowBytes), i * rowBytes);
    }
    return columnOfRows(this.#field, bytes, rows.length);
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
      this.kernels.arena.free(block.termsPtr);
      if (block.allowPtr !== 0) this.kernels.arena.free(block.allowPtr);
    }
    this.#blocks.length = 0;
  }
}
