/**
 * Dense or binary vectors of a sealed segment in kernel memory, in the form of their column. Indexes are built and
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
import type { QueryVectors } from '../schema/vector-types/index.ts';
import type { SectionFile } from '../storage/sections/index.ts';
import { columnOfRows, type DenseField } from './dense-column.ts';
import { readIntoMemory } from './read-into-memory.ts';
import type { SealedRows } from './sealed-vectors.ts';
import { valuesSection } from './segment-file.ts';

export class SealedDense implements SealedRows {
  readonly #kernels: Kernels;
  readonly #field: DenseField;
  readonly #rows: number;
  readonly #dim: number;
  readonly format: RowFormat;
  readonly #rowBytes: number;
  /** Shape (rows, dim); 0 while it is not in memory. */
  #ptr = 0;
  /** 4 bytes a row; see `Kernels.rowTerms`. */
  #termsPtr = 0;
  /** f32, shape (rows, dim), and 1 / |row|: what indexes see of rows of other elements. */
  #expanded: VectorBlock | null = null;

  constructor(kernels: Kernels, field: Field, rows: number) {
    this.#kernels = kernels;
    this.#field = field as DenseField;
    this.#rows = rows;
    this.#dim = this.#field.dim;
    this.format = ROW_FORMATS[this.#field.type];
    this.#rowBytes = this.format.rowBytes(this.#dim);
  }

  get resident(): boolean {
    return this.#ptr !== 0;
  }

  get memoryBytes(): number {
    return (this.#ptr === 0 ? 0 : this.#rows * (this.#rowBytes + 4)) + (this.#expanded ? this.#rows * (this.#dim * 4 + 4) : 0);
  }

  fill({ values }: Column): void {
    const { arena } = this.#kernels;
    const ptr = arena.alloc(values.byteLength + ROWS_SLACK_BYTES);
    arena.u8(ptr, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#adopt(ptr);
  }

  #adopt(ptr: number): void {
    this.#termsPtr = this.#kernels.arena.alloc(Math.max(this.#rows * 4, 4));
    this.#kernels.rowTerms(this.format, ptr, this.#rows, this.#dim, this.#termsPtr);
    this.#ptr = ptr;
  }

  async load(file: SectionFile, isFreed: () => boolean): Promise<void> {
    this.#adopt(await readIntoMemory(this.#kernels, file, valuesSection(this.#field.fieldId), this.#rows * this.#rowBytes, isFreed));
  }

  setQuery(queries: QueryVectors, query: number, metric: MetricType): void {
    this.#kernels.setRowQuery(this.format, queries as RowValues, query * elementsPerRow(this.#field.type, this.#dim), this.#dim, metric);
  }

  scan(metric: MetricType, allowPtr: number): void {
    this.#kernels.scanRows(this.format, metric, this.#ptr, this.#dim, 0, this.#rows, this.#termsPtr, allowPtr, 0);
  }

  scanTile(tile: QueryTile, allowPtr: number): Steps {
    return tile.scan({ ptr: this.#ptr, from: 0, to: this.#rows, termsPtr: this.#termsPtr, allowPtr, rowBase: 0, rowIdsPtr: 0 });
  }

  rescore(metric: MetricType, n: number, keep: number): void {
    this.#kernels.rescore(this.format, metric, this.#ptr, this.#dim, this.#termsPtr, n, keep);
  }

  take(rows: ArrayLike<number>): Column {
    const rowBytes = this.#rowBytes;
    const bytes = new Uint8Array(rows.length * rowBytes);
    for (let i = 0; i < rows.length; i++) bytes.set(this.#kernels.arena.u8(this.#ptr + rows[i]! * rowBytes, rowBytes), i * rowBytes);
    return columnOfRows(this.#field, bytes, rows.length);
  }

  async read(rows: ArrayLike<number>, file: SectionFile): Promise<Column> {
    const rowBytes = this.#rowBytes;
    return columnOfRows(this.#field, await file.readRanges(valuesSection(this.#field.fieldId), Array.from(rows, (row) => row * rowBytes), rowBytes), rows.length);
  }

  copyAll(): Column {
    return columnOfRows(this.#field, this.#kernels.arena.u8(this.#ptr, this.#rows * this.#rowBytes).slice(), this.#rows);
  }

  block(): VectorBlock {
    const { code } = this.format;
    if (code === ROWS_F32 || code === ROWS_BITS) return { ptr: this.#ptr, rows: this.#rows, inverseNormsPtr: this.#termsPtr };
    return (this.#expanded ??= this.#expand());
  }

  #expand(): VectorBlock {
    const { arena, exports } = this.#kernels;
    const count = this.#rows * this.#dim;
    const ptr = arena.alloc(Math.max(count * 4, 4));
    exports.expandRows(this.format.code, this.#ptr, count, ptr);
    const inverseNormsPtr = arena.alloc(Math.max(this.#rows * 4, 4));
    this.#kernels.rowTerms(F32_ROWS, ptr, this.#rows, this.#dim, inverseNormsPtr);
    return { ptr, rows: this.#rows, inverseNormsPtr };
  }

  dropBlock(): void {
    if (!this.#expanded) return;
    this.#kernels.arena.free(this.#expanded.ptr);
    this.#kernels.arena.free(this.#expanded.inverseNormsPtr);
    this.#expanded = null;
  }

  free(): void {
    this.dropBlock();
    for (const ptr of [this.#ptr, this.#termsPtr]) if (ptr !== 0) this.#kernels.arena.free(ptr);
    this.#ptr = 0;
    this.#termsPtr = 0;
  }
}
