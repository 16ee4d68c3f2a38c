/**
 * Dense or binary vectors of a sealed segment in the form of their column, in kernel memory or read from the file row by row. Indexes are built and
 * walked over f32: for other elements a copy in f32 is kept beside the rows as long as an index needs it.
 */
import type { VectorBlock } from '../index/index.ts';
import { ROWS_BITS, ROWS_F32 } from '../kernels/abi.ts';
import type { Kernels, RowValues } from '../kernels/kernels.ts';
import type { QueryTile, Steps } from '../kernels/query-tile.ts';
import { F32_ROWS, ROWS_SLACK_BYTES, ROW_FORMATS, type RowFormat } from '../kernels/rows.ts';
import type { Column } from '../schema/column.ts';
import { elementsPerRow } from '../schema/column-values.ts';
import type { Field, MetricType } from '../schema/types.ts';
import type { SectionFile } from '../storage/sections/index.ts';
import { columnOfRows, type DenseField } from './dense-column.ts';
import { readIntoMemory } from './read-into-memory.ts';
import type { KernelPool } from './kernel-pool.ts';
import { RowCache } from './row-cache.ts';
import type { RowQuery, SealedRows } from './sealed-vectors.ts';
import { valuesSection } from './segment-file.ts';

/** Where the rows are in memory. */
interface Resident {
  readonly kernels: Kernels;
  /** Shape (rows, dim). */
  readonly ptr: number;
  /** 4 bytes a row; see `Kernels.rowTerms`. */
  readonly termsPtr: number;
}

export class SealedDense implements SealedRows {
  readonly #pool: KernelPool;
  readonly #field: DenseField;
  readonly #rows: number;
  readonly #dim: number;
  readonly format: RowFormat;
  readonly #rowBytes: number;
  #resident: Resident | null = null;
  /** Rows that were read one by one, while whole segments of them are not to be in memory. */
  #rowCache: RowCache | null = null;
  /** f32, shape (rows, dim), and 1 / |row|: what indexes see of rows of other elements. */
  #expanded: VectorBlock | null = null;

  constructor(pool: KernelPool, field: Field, rows: number) {
    this.#pool = pool;
    this.#field = field as DenseField;
    this.#rows = rows;
    this.#dim = this.#field.dim;
    this.format = ROW_FORMATS[this.#field.type];
    this.#rowBytes = this.format.rowBytes(this.#dim);
  }

  get kernels(): Kernels | null {
    return this.#resident?.kernels ?? null;
  }

  get memoryBytes(): number {
    return (this.#resident ? this.#rows * (this.#rowBytes + 4) : 0) + (this.#expanded ? this.#rows * (this.#dim * 4 + 4) : 0);
  }

  fill({ values }: Column): void {
    const kernels = this.#pool.take(values.byteLength);
    const { arena } = kernels;
    const ptr = arena.alloc(values.byteLength + ROWS_SLACK_BYTES);
    arena.u8(ptr, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#adopt(kernels, ptr);
  }

  #adopt(kernels: Kernels, ptr: number): void {
    const termsPtr = kernels.arena.alloc(Math.max(this.#rows * 4, 4));
    kernels.rowTerms(this.format, ptr, this.#rows, this.#dim, termsPtr);
    this.#resident = { kernels, ptr, termsPtr };
  }

  async load(file: SectionFile, isFreed: () => boolean): Promise<void> {
    const byteLength = this.#rows * this.#rowBytes;
    const kernels = this.#pool.take(byteLength);
    try {
      this.#adopt(kernels, await readIntoMemory(kernels, file, valuesSection(this.#field.fieldId), byteLength, isFreed));
    } catch (error) {
      this.#pool.release(kernels);
      throw error;
    }
  }

  setQuery(kernels: Kernels, { queries, at, metric }: RowQuery): void {
    kernels.setRowQuery(this.format, queries as RowValues, at * elementsPerRow(this.#field.type, this.#dim), this.#dim, metric);
  }

  scan(metric: MetricType, allowPtr: number): void {
    const { kernels, ptr, termsPtr } = this.#resident!;
    kernels.scanRows(this.format, metric, ptr, this.#dim, 0, this.#rows, termsPtr, allowPtr, 0);
  }

  scanTile(tile: QueryTile, allowPtr: number): Steps {
    const { ptr, termsPtr } = this.#resident!;
    return tile.scan({ ptr, from: 0, to: this.#rows, termsPtr, allowPtr, rowBase: 0, rowIdsPtr: 0 });
  }

  rescore(metric: MetricType, n: number, keep: number): void {
    const { kernels, ptr, termsPtr } = this.#resident!;
    kernels.rescore(this.format, metric, ptr, this.#dim, termsPtr, n, keep);
  }

  rescoreFromFile(kernels: Kernels, file: SectionFile, metric: MetricType, n: number, keep: number): boolean {
    const rows = kernels.hitRows(n).slice().sort();
    const byteLength = n * this.#rowBytes;
    const ptr = kernels.scratch('rescore', byteLength + ROWS_SLACK_BYTES);
    if (!this.#readNow(rows, file, kernels.arena.u8(ptr, byteLength))) return false;
    kernels.rescoreGathered(this.format, metric, rows, ptr, this.#dim, keep);
    return true;
  }

  rescoreRead(kernels: Kernels, metric: MetricType, rows: Uint32Array, { values }: Column, keep: number): void {
    const ptr = kernels.scratch('rescore', values.byteLength + ROWS_SLACK_BYTES);
    kernels.arena.u8(ptr, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    kernels.rescoreGathered(this.format, metric, rows, ptr, this.#dim, keep);
  }

  #offsets(rows: ArrayLike<number>): Float64Array {
    const offsets = new Float64Array(rows.length);
    for (let i = 0; i < offsets.length; i++) offsets[i] = rows[i]! * this.#rowBytes;
    return offsets;
  }

  take(rows: ArrayLike<number>): Column {
    const { kernels, ptr } = this.#resident!;
    const rowBytes = this.#rowBytes;
    const bytes = new Uint8Array(rows.length * rowBytes);
    for (let i = 0; i < rows.length; i++) bytes.set(kernels.arena.u8(ptr + rows[i]! * rowBytes, rowBytes), i * rowBytes);
    return columnOfRows(this.#field, bytes, rows.length);
  }

  async read(rows: ArrayLike<number>, file: SectionFile, rowsAtOnce = rows.length): Promise<Column> {
    const rowBytes = this.#rowBytes;
    const bytes = new Uint8Array(rows.length * rowBytes);
    const placeOf = (i: number): Uint8Array => bytes.subarray(i * rowBytes, (i + 1) * rowBytes);
    if (!this.#readNow(rows, file, bytes)) {
      const missing = Array.from(rows, (_, i) => i).filter((i) => !this.#rowCache?.get(rows[i]!, placeOf(i)));
      for (let from = 0; from < missing.length; from += rowsAtOnce) {
        const part = missing.slice(from, from + rowsAtOnce);
        const found = await file.readRanges(valuesSection(this.#field.fieldId), this.#offsets(part.map((i) => rows[i]!)), rowBytes);
        part.forEach((i, at) => {
          placeOf(i).set(found.subarray(at * rowBytes, (at + 1) * rowBytes));
          this.#rowCache?.put(rows[i]!, placeOf(i));
        });
      }
    }
    return columnOfRows(this.#field, bytes, rows.length);
  }

  /** Rows behind each other into `target`; false where the file cannot give all at once. */
  #readNow(rows: ArrayLike<number>, file: SectionFile, target: Uint8Array): boolean {
    const section = valuesSection(this.#field.fieldId);
    const rowBytes = this.#rowBytes;
    const cache = this.#rowCache;
    if (!cache) return file.readRangesNow(section, this.#offsets(rows), rowBytes, target);
    const placeOf = (bytes: Uint8Array, i: number): Uint8Array => bytes.subarray(i * rowBytes, (i + 1) * rowBytes);
    const missing: number[] = [];
    for (let i = 0; i < rows.length; i++) if (!cache.get(rows[i]!, placeOf(target, i))) missing.push(i);
    const found = new Uint8Array(missing.length * rowBytes);
    if (!file.readRangesNow(section, this.#offsets(missing.map((i) => rows[i]!)), rowBytes, found)) return false;
    missing.forEach((i, at) => {
      const row = placeOf(found, at);
      placeOf(target, i).set(row);
      cache.put(rows[i]!, row);
    });
    return true;
  }

  get rowCacheBytes(): number {
    return this.#rowCache?.memoryBytes ?? 0;
  }

  keepRows(byteLength: number): void {
    this.#rowCache = RowCache.within(byteLength, this.#rows, this.#rowBytes);
  }

  copyAll(): Column {
    const { kernels, ptr } = this.#resident!;
    return columnOfRows(this.#field, kernels.arena.u8(ptr, this.#rows * this.#rowBytes).slice(), this.#rows);
  }

  block(): VectorBlock {
    const { code } = this.format;
    const { ptr, termsPtr } = this.#resident!;
    if (code === ROWS_F32 || code === ROWS_BITS) return { ptr, rows: this.#rows, inverseNormsPtr: termsPtr };
    return (this.#expanded ??= this.#expand());
  }

  #expand(): VectorBlock {
    const { kernels, ptr: source } = this.#resident!;
    const { arena, exports } = kernels;
    const count = this.#rows * this.#dim;
    const ptr = arena.alloc(Math.max(count * 4, 4));
    exports.expandRows(this.format.code, source, count, ptr);
    const inverseNormsPtr = arena.alloc(Math.max(this.#rows * 4, 4));
    kernels.rowTerms(F32_ROWS, ptr, this.#rows, this.#dim, inverseNormsPtr);
    return { ptr, rows: this.#rows, inverseNormsPtr };
  }

  dropBlock(): void {
    if (!this.#expanded) return;
    const { arena } = this.#resident!.kernels;
    arena.free(this.#expanded.ptr);
    arena.free(this.#expanded.inverseNormsPtr);
    this.#expanded = null;
  }

  drop(): void {
    if (!this.#resident) return;
    this.dropBlock();
    const { kernels, ptr, termsPtr } = this.#resident;
    kernels.arena.free(ptr);
    kernels.arena.free(termsPtr);
    this.#resident = null;
    this.#pool.release(kernels);
  }
}
