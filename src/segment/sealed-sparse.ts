/** Sparse vectors of a sealed segment in kernel memory, as CSR. */
import type { VectorBlock } from '../index/index.ts';
import type { Kernels, SparseBlock } from '../kernels/kernels.ts';
import type { Steps } from '../kernels/query-tile.ts';
import type { Column } from '../schema/column.ts';
import type { Field, MetricType } from '../schema/types.ts';
import type { QueryVectors, SparseValues } from '../schema/vector-types/index.ts';
import type { SectionFile } from '../storage/sections/index.ts';
import { ElanusError } from '../util/error.ts';
import { readIntoMemory } from './read-into-memory.ts';
import type { SealedRows } from './sealed-vectors.ts';
import { checkSparseOffsets, indicesSection, offsetsSection, valuesSection } from './segment-file.ts';
import { takeSparse } from './sparse-column.ts';

export class SealedSparse implements SealedRows {
  readonly format = null;
  readonly #kernels: Kernels;
  readonly #field: Field;
  readonly #rows: number;
  #pairs = 0;
  #block: SparseBlock | null = null;

  constructor(kernels: Kernels, field: Field, rows: number) {
    this.#kernels = kernels;
    this.#field = field;
    this.#rows = rows;
  }

  get resident(): boolean {
    return this.#block !== null;
  }

  get memoryBytes(): number {
    return this.#block ? (this.#rows + 1) * 4 + this.#pairs * 8 : 0;
  }

  fill(column: Column): void {
    const { arena } = this.#kernels;
    const put = (part: ArrayBufferView): number => {
      const ptr = arena.alloc(Math.max(part.byteLength, 4));
      arena.u8(ptr, part.byteLength).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      return ptr;
    };
    this.#pairs = column.values.length;
    this.#block = { offsetsPtr: put(column.offsets!), indicesPtr: put(column.indices!), valuesPtr: put(column.values) };
  }

  async load(file: SectionFile, isFreed: () => boolean): Promise<void> {
    const { fieldId } = this.#field;
    const byteLength = file.byteLength(valuesSection(fieldId));
    const ptrs: number[] = [];
    try {
      for (const [section, bytes] of [
        [offsetsSection(fieldId), (this.#rows + 1) * 4],
        [indicesSection(fieldId), byteLength],
        [valuesSection(fieldId), byteLength],
      ] as const) ptrs.push(await readIntoMemory(this.#kernels, file, section, bytes, isFreed));
      checkSparseOffsets(this.#kernels.arena.u32(ptrs[0]!, this.#rows + 1), byteLength / 4, file, fieldId);
    } catch (error) {
      for (const ptr of ptrs) this.#kernels.arena.free(ptr);
      throw error;
    }
    this.#pairs = byteLength / 4;
    this.#block = { offsetsPtr: ptrs[0]!, indicesPtr: ptrs[1]!, valuesPtr: ptrs[2]! };
  }

  setQuery(queries: QueryVectors, query: number, _metric: MetricType): void {
    const { offsets, indices, values } = queries as SparseValues;
    this.#kernels.setSparseQuery(indices.subarray(offsets[query], offsets[query + 1]), values.subarray(offsets[query], offsets[query + 1]));
  }

  scan(_metric: MetricType, allowPtr: number): void {
    this.#kernels.scanSparse(this.#block!, 0, this.#rows, allowPtr, 0);
  }

  scanTile(): Steps {
    throw new ElanusError('INTERNAL', 'sparse rows are scanned by one query at a time');
  }

  /** Distances of sparse vectors are exact everywhere. */
  rescore(): void {}

  take(rows: ArrayLike<number>): Column {
    const { arena } = this.#kernels;
    const { offsetsPtr, indicesPtr, valuesPtr } = this.#block!;
    return takeSparse(this.#field, rows, arena.u32(offsetsPtr, this.#rows + 1), arena.u32(indicesPtr, this.#pairs), arena.f32(valuesPtr, this.#pairs));
  }

  /** Reads the offsets, and of indices and values the part from the first to the last of the rows. */
  async read(rows: ArrayLike<number>, file: SectionFile): Promise<Column> {
    const { fieldId } = this.#field;
    const bytes = await file.read(offsetsSection(fieldId));
    const offsets = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    if (offsets.length !== this.#rows + 1) {
      throw new ElanusError('CORRUPT', `"${offsetsSection(fieldId)}" of "${file.name}" expected ${this.#rows + 1} offsets, got ${offsets.length}`, { file: file.name });
    }
    checkSparseOffsets(offsets, file.byteLength(valuesSection(fieldId)) / 4, file, fieldId);
    let first = Infinity;
    let last = 0;
    for (let i = 0; i < rows.length; i++) {
      first = Math.min(first, offsets[rows[i]!]!);
      last = Math.max(last, offsets[rows[i]! + 1]!);
    }
    first = Math.min(first, last);
    const part = async (section: string): Promise<Uint8Array> => file.read(section, first * 4, last * 4);
    const [indices, values] = await Promise.all([part(indicesSection(fieldId)), part(valuesSection(fieldId))]);
    const shifted = offsets.map((offset) => offset - first);
    return takeSparse(this.#field, rows, shifted, new Uint32Array(indices.buffer, indices.byteOffset, last - first), new Float32Array(values.buffer, values.byteOffset, last - first));
  }

  copyAll(): Column {
    return this.take(Uint32Array.from({ length: this.#rows }, (_, row) => row));
  }

  block(): VectorBlock {
    throw new ElanusError('INTERNAL', 'an index over f32 rows was asked for sparse ones');
  }

  dropBlock(): void {}

  free(): void {
    if (this.#block) for (const ptr of Object.values(this.#block) as number[]) this.#kernels.arena.free(ptr);
    this.#block = null;
  }
}
