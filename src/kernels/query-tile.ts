/**
 * Queries of a batch in kernel memory, each with a top-k of its own, to be compared with rows together (`assembly/tiles.ts`).
 * All its memory is its own, so that others may search with the same kernels between its steps.
 */
import type { MetricType } from '../schema/types.ts';
import {
  ROW_QUERY_DATA, ROWS_BITS, ROWS_F32, ROWS_I8, TILE_BLOCK, TILE_BLOCK_BYTES, TILE_BOUNDS, TILE_BOUNDS_BYTES, TILE_DIM, TILE_DOTS, TILE_FORMAT, TILE_METRIC,
  TILE_NORMS, TILE_NUMBERS, TILE_PANELS, TILE_QUERIES, TILE_QUERIES_PTR, TILE_QUERY_STRIDE, TILE_ROWS, TILE_SIZE, TILE_TOPS, TOPK_COUNT, TOPK_DISTANCES, TOPK_K,
  TOPK_MAX, TOPK_MIN, TOPK_ROWS, TOPK_SIZE,
} from './abi.ts';
import { METRIC_CODE, type DistanceRange, type Kernels, type RowValues } from './kernels.ts';
import type { RowFormat } from './rows.ts';

/** Work in steps of a few milliseconds, between which its host may let others run. */
export type Steps = Generator<void, void>;

/** Products of elements of a step: about 4 ms. */
const PRODUCTS_PER_STEP = 1e8;
/** A step with few queries reads as much memory as one with so many. */
const QUERIES_PER_READ = 8;
const BLOCK_SLACK_BYTES = 16;

/** Rows for a tile to be compared with. */
export interface TileRows {
  /** In the tile's format, and readable for ROWS_SLACK_BYTES more. */
  readonly ptr: number;
  readonly from: number;
  readonly to: number;
  /** What `Kernels.rowTerms` wrote; of f32 rows always their inverse norms. */
  readonly termsPtr: number;
  /** Bitset over what rows are reported as, apart from rowBase; 0: all. */
  readonly allowPtr: number;
  /** Row r is reported as r + rowBase, */
  readonly rowBase: number;
  /** or by this, u32 by row, of f32 rows only; 0: not. */
  readonly rowIdsPtr: number;
}

export class QueryTile {
  readonly kernels: Kernels;
  readonly format: RowFormat;
  readonly metric: MetricType;
  readonly dim: number;
  /** Queries. */
  readonly size: number;
  /** Most hits of a query. */
  readonly k: number;
  /** The Tile struct (abi.ts). */
  readonly ptr: number;
  readonly #queryStride: number;
  /** Shape (size, queryStride bytes): f32, for COSINE of unit length, or what `rowQuery` writes. */
  readonly queriesPtr: number;
  readonly #topsPtr: number;
  readonly #rowsPtr: number;
  readonly #distancesPtr: number;
  /** u32, shape (size): 0, 1, 2, ... */
  readonly #membersPtr: number;
  readonly #held: number[] = [];
  /** Of an index that compares in units of its own: what the distances of each query are multiplied by at the end. */
  units: Float32Array | null = null;

  /** Bytes of kernel memory of one query of a tile. */
  static queryBytes(format: RowFormat, dim: number, k: number): number {
    return queryStride(format, dim) + k * 8 + TOPK_SIZE + 4;
  }

  constructor(kernels: Kernels, format: RowFormat, metric: MetricType, dim: number, size: number, k: number) {
    const { arena } = kernels;
    this.kernels = kernels;
    this.format = format;
    this.metric = metric;
    this.dim = dim;
    this.size = size;
    this.k = k;
    this.#queryStride = queryStride(format, dim);
    const laneBytes = format.code === ROWS_I8 ? Math.ceil(dim / 2) * 4 : dim * 4;
    const blockRows = Math.min(Math.max(Math.floor(TILE_BLOCK_BYTES / (dim * 4)) & ~3, 4), TILE_ROWS);
    const isPanelled = format.code !== ROWS_BITS;
    const alloc = (bytes: number): number => {
      const ptr = arena.alloc(bytes);
      this.#held.push(ptr);
      return ptr;
    };
    try {
      this.ptr = alloc(TILE_SIZE);
      this.queriesPtr = alloc(size * this.#queryStride);
      this.#topsPtr = alloc(size * TOPK_SIZE);
      this.#rowsPtr = alloc(size * k * 4);
      this.#distancesPtr = alloc(size * k * 4);
      this.#membersPtr = alloc(size * 4);
      const struct = new Array<number>(TILE_SIZE / 4).fill(0);
      struct[TILE_DIM / 4] = dim;
      struct[TILE_METRIC / 4] = METRIC_CODE[metric];
      struct[TILE_FORMAT / 4] = format.code;
      struct[TILE_QUERY_STRIDE / 4] = this.#queryStride;
      struct[TILE_QUERIES_PTR / 4] = this.queriesPtr;
      struct[TILE_TOPS / 4] = this.#topsPtr;
      struct[TILE_PANELS / 4] = isPanelled ? alloc(Math.min(Math.ceil(size / 8) * 8, TILE_QUERIES) * laneBytes) : 0;
      struct[TILE_BOUNDS / 4] = alloc((TILE_QUERIES / 8) * TILE_BOUNDS_BYTES);
      struct[TILE_BLOCK / 4] = isPanelled ? alloc(blockRows * laneBytes + BLOCK_SLACK_BYTES) : 0;
      struct[TILE_NORMS / 4] = alloc(TILE_ROWS * 4);
      struct[TILE_NUMBERS / 4] = alloc(TILE_ROWS * 4);
      struct[TILE_DOTS / 4] = alloc(128);
      arena.u32(this.ptr, TILE_SIZE / 4).set(struct);
    } catch (error) {
      this.free();
      throw error;
    }
    const members = arena.u32(this.#membersPtr, size);
    for (let i = 0; i < size; i++) members[i] = i;
  }

  /** Takes queries first .. first + size - 1 of `values`, which are elements of `source`: of this tile's format, or numbers where that is f32. */
  setQueries(source: RowFormat, values: RowValues, first: number): void {
    const { kernels, dim, size, format, metric } = this;
    const { arena, exports } = kernels;
    const byteLength = source.rowBytes(dim);
    const bytes = new Uint8Array(values.buffer, values.byteOffset + first * byteLength, size * byteLength);
    if (source.code === ROWS_F32) arena.u8(this.queriesPtr, bytes.length).set(bytes);
    else {
      const copy = arena.alloc(bytes.length + BLOCK_SLACK_BYTES);
      arena.u8(copy, bytes.length).set(bytes);
      if (isExact(format)) for (let i = 0; i < size; i++) exports.rowQuery(format.code, METRIC_CODE[metric], copy + i * byteLength, dim, this.queriesPtr + i * this.#queryStride);
      else exports.expandRows(source.code, copy, size * dim, this.queriesPtr);
      arena.free(copy);
    }
    if (metric === 'COSINE' && !isExact(format)) for (let i = 0; i < size; i++) exports.normalize(this.queriesPtr + i * this.#queryStride, dim);
  }

  /** Takes the prepared queries of these numbers of another tile of the same format and dimensions. */
  copyQueries({ queriesPtr }: QueryTile, numbers: ArrayLike<number>): void {
    const bytes = this.#queryStride;
    for (let i = 0; i < this.size; i++) {
      const from = queriesPtr + numbers[i]! * bytes;
      this.kernels.arena.u8(this.queriesPtr + i * bytes, bytes).set(this.kernels.arena.u8(from, bytes));
    }
  }

  /** Forgets hits; keeps from now on at most k (this tile's, or fewer) of each query, of those within `range` where one is given. */
  begin(range: DistanceRange | null = null, k = this.k): void {
    for (let i = 0; i < this.size; i++) this.beginQuery(i, range, k);
  }

  beginQuery(query: number, range: DistanceRange | null = null, k = this.k): void {
    const { arena } = this.kernels;
    const top = this.topPtr(query);
    const words = arena.u32(top, TOPK_SIZE / 4);
    words[TOPK_K / 4] = k;
    words[TOPK_COUNT / 4] = 0;
    words[TOPK_ROWS / 4] = this.#rowsPtr + query * this.k * 4;
    words[TOPK_DISTANCES / 4] = this.#distancesPtr + query * this.k * 4;
    const bounds = arena.f32(top, TOPK_SIZE / 4);
    bounds[TOPK_MIN / 4] = range ? range.min : -Infinity;
    bounds[TOPK_MAX / 4] = range ? range.max : Infinity;
  }

  /** The TopK struct of a query. */
  topPtr(query: number): number {
    return this.#topsPtr + query * TOPK_SIZE;
  }

  /** Compares all queries with rows, as many at a time as one block serves. */
  *scan(rows: TileRows): Steps {
    for (let query = 0; query < this.size; query += TILE_QUERIES) {
      yield* this.scanFor(rows, this.#membersPtr + query * 4, Math.min(TILE_QUERIES, this.size - query));
    }
  }

  /** Compares the n queries whose numbers are at `membersPtr` (u32) with rows. */
  *scanFor({ ptr, from, to, termsPtr, allowPtr, rowBase, rowIdsPtr }: TileRows, membersPtr: number, n: number): Steps {
    const step = Math.max(Math.floor(PRODUCTS_PER_STEP / (this.dim * Math.max(n, QUERIES_PER_READ))), 1);
    for (let row = from; row < to; row += step) {
      this.kernels.exports.tileScan(this.ptr, ptr, termsPtr, row, Math.min(row + step, to), allowPtr, rowIdsPtr, rowBase, membersPtr, n);
      yield;
    }
  }

  /** Hits of a query so far. */
  count(query: number): number {
    return this.kernels.arena.u32(this.topPtr(query), TOPK_SIZE / 4)[TOPK_COUNT / 4]!;
  }

  /** Ends a query's top-k: hits sorted by distance, then row. Answers how many. */
  end(query: number): number {
    const { exports } = this.kernels;
    return this.units ? exports.topkScale(this.topPtr(query), this.units[query]!) : exports.topkSort(this.topPtr(query));
  }

  /** Hits of a query; views of kernel memory. Shape (n). */
  hitRows(query: number, n: number): Uint32Array {
    return this.kernels.arena.u32(this.#rowsPtr + query * this.k * 4, n);
  }

  hitDistances(query: number, n: number): Float32Array {
    return this.kernels.arena.f32(this.#distancesPtr + query * this.k * 4, n);
  }

  free(): void {
    for (const ptr of this.#held) this.kernels.arena.free(ptr);
    this.#held.length = 0;
  }
}

/** Queries in a form of their own, for comparisons in integers. */
const isExact = ({ code }: RowFormat): boolean => code === ROWS_I8 || code === ROWS_BITS;

/** A RowQuery holds bits as bytes and integers as 16 bits, up to a multiple of 16 of them. */
function queryStride(format: RowFormat, dim: number): number {
  if (!isExact(format)) return dim * 4;
  return ROW_QUERY_DATA + (format.code === ROWS_BITS ? 1 : 2) * Math.ceil(format.rowBytes(dim) / 16) * 16;
}
