/** Sparse vectors of one field of a growing segment: three arrays of kernel memory that double when they are full. */
import type { Kernels } from '../kernels/kernels.ts';
import type { Column } from '../schema/column.ts';
import type { Field, MetricType } from '../schema/types.ts';
import type { QueryVectors, SparseValues } from '../schema/vector-types/index.ts';
import { ElanusError } from '../util/error.ts';
import type { GrowingVectors } from './growing-vectors.ts';
import { takeSparse } from './sparse-column.ts';
import { copyBits, placeBits, type VectorSnapshot } from './vector-snapshot.ts';

const FIRST_ROWS = 256;
const FIRST_PAIRS = 4096;

export class GrowingSparse implements GrowingVectors {
  readonly kernels: Kernels;
  readonly #field: Field;
  #rows = 0;
  #pairs = 0;
  #rowsMax = 0;
  #pairsMax = 0;
  /** u32, shape (rowsMax + 1). */
  #offsetsPtr = 0;
  /** u32, shape (pairsMax). */
  #indicesPtr = 0;
  /** f32, shape (pairsMax). */
  #valuesPtr = 0;
  /** Bitset of live rows, shape (rowsMax); 0 while every row lives. */
  #allowPtr = 0;

  constructor(kernels: Kernels, field: Field) {
    this.kernels = kernels;
    this.#field = field;
  }

  get byteLength(): number {
    return this.#pairs * 8;
  }

  get memoryBytes(): number {
    return this.#rowsMax * 4 + this.#pairsMax * 8;
  }

  append(column: Column): void {
    const { arena } = this.kernels;
    const from = column.offsets!;
    this.#reserve(this.#rows + column.length, this.#pairs + from[column.length]!);
    const offsets = arena.u32(this.#offsetsPtr, this.#rowsMax + 1);
    for (let i = 1; i <= column.length; i++) offsets[this.#rows + i] = this.#pairs + from[i]!;
    arena.u32(this.#indicesPtr, this.#pairsMax).set(column.indices!, this.#pairs);
    arena.f32(this.#valuesPtr, this.#pairsMax).set(column.values as Float32Array, this.#pairs);
    this.#rows += column.length;
    this.#pairs += from[column.length]!;
  }

  bytesToAppend(column: Column): number {
    const rows = this.#rows + column.length, pairs = this.#pairs + column.offsets![column.length]!;
    const ofRows = rows > this.#rowsMax ? Math.max(rows, this.#rowsMax * 2, FIRST_ROWS) * 5 : 0;
    return ofRows + (pairs > this.#pairsMax ? Math.max(pairs, this.#pairsMax * 2, FIRST_PAIRS) * 8 : 0);
  }

  #reserve(rows: number, pairs: number): void {
    if (rows > this.#rowsMax) {
      const rowsMax = Math.max(rows, this.#rowsMax * 2, FIRST_ROWS);
      this.#offsetsPtr = this.#moved(this.#offsetsPtr, (this.#rows + 1) * 4, (rowsMax + 1) * 4);
      if (this.#rows === 0) this.kernels.arena.u32(this.#offsetsPtr, 1)[0] = 0;
      if (this.#allowPtr !== 0) {
        const before = allowBytes(this.#rowsMax);
        this.#allowPtr = this.#moved(this.#allowPtr, before, allowBytes(rowsMax));
        this.kernels.arena.u8(this.#allowPtr, allowBytes(rowsMax)).fill(0xff, before);
      }
      this.#rowsMax = rowsMax;
    }
    if (pairs > this.#pairsMax) {
      const pairsMax = Math.max(pairs, this.#pairsMax * 2, FIRST_PAIRS);
      const indicesPtr = this.#moved(this.#indicesPtr, this.#pairs * 4, pairsMax * 4);
      this.#indicesPtr = indicesPtr;
      this.#valuesPtr = this.#moved(this.#valuesPtr, this.#pairs * 4, pairsMax * 4);
      this.#pairsMax = pairsMax;
    }
  }

  /** A larger block with the first `used` bytes of this one, which is given back. */
  #moved(ptr: number, used: number, byteLength: number): number {
    const { arena } = this.kernels;
    const to = arena.alloc(byteLength);
    if (ptr === 0) return to;
    arena.u8(to, used).set(arena.u8(ptr, used));
    arena.free(ptr);
    return to;
  }

  kill(row: number): void {
    const { arena } = this.kernels;
    const bytes = allowBytes(this.#rowsMax);
    if (this.#allowPtr === 0) {
      this.#allowPtr = arena.alloc(bytes);
      arena.u8(this.#allowPtr, bytes).fill(0xff);
    }
    arena.u8(this.#allowPtr, bytes)[row >>> 3]! &= ~(1 << (row & 7));
  }

  setQuery(queries: QueryVectors, query: number, _metric: MetricType): void {
    const { offsets, indices, values } = queries as SparseValues;
    this.kernels.setSparseQuery(indices.subarray(offsets[query], offsets[query + 1]), values.subarray(offsets[query], offsets[query + 1]));
  }

  scan(_metric: MetricType): void {
    this.#scanRows(this.#rows, this.#allowPtr);
  }

  #scanRows(rows: number, allowPtr: number): void {
    if (rows > 0) this.kernels.scanSparse({ offsetsPtr: this.#offsetsPtr, indicesPtr: this.#indicesPtr, valuesPtr: this.#valuesPtr }, 0, rows, allowPtr, 0);
  }

  snapshot(seen?: Uint8Array): VectorSnapshot {
    const { arena } = this.kernels;
    const rows = this.#rows;
    const allowPtr = seen ? placeBits(arena, seen, allowBytes(this.#rowsMax)) : copyBits(arena, this.#allowPtr, allowBytes(this.#rowsMax));
    return {
      format: null,
      rows,
      allowIn: () => 0,
      scan: () => this.#scanRows(rows, allowPtr),
      scanTile: () => {
        throw new ElanusError('INTERNAL', 'sparse rows are scanned by one query at a time');
      },
      free: () => {
        if (allowPtr !== 0) arena.free(allowPtr);
      },
    };
  }

  take(rows: ArrayLike<number>): Column {
    const { arena } = this.kernels;
    return takeSparse(this.#field, rows, arena.u32(this.#offsetsPtr, this.#rows + 1), arena.u32(this.#indicesPtr, this.#pairs), arena.f32(this.#valuesPtr, this.#pairs));
  }

  free(): void {
    for (const ptr of [this.#offsetsPtr, this.#indicesPtr, this.#valuesPtr, this.#allowPtr]) if (ptr !== 0) this.kernels.arena.free(ptr);
  }
}

/** In whole 32-bit words. */
const allowBytes = (rows: number): number => Math.ceil(rows / 32) * 4;
