/** Sparse vectors of a sealed segment as CSR, in kernel memory or read from the file. */
import type { VectorBlock } from '../index/index.ts';
import type { Kernels, SparseBlock } from '../kernels/kernels.ts';
import type { Steps } from '../kernels/query-tile.ts';
import type { Column } from '../schema/column.ts';
import type { Field, MetricType } from '../schema/types.ts';
import type { SparseValues } from '../schema/vector-types/index.ts';
import type { SectionFile } from '../storage/sections/index.ts';
import { ElanusError } from '../util/error.ts';
import { readIntoMemory } from './read-into-memory.ts';
import type { KernelPool } from './kernel-pool.ts';
import type { RowQuery, SealedRows } from './sealed-vectors.ts';
import { checkSparseOffsets, indicesSection, offsetsSection, valuesSection } from './segment-file.ts';
import { takeSparse } from './sparse-column.ts';

/** Where the rows are in memory. */
interface Resident {
  readonly kernels: Kernels;
  readonly block: SparseBlock;
  readonly pairs: number;
}

export class SealedSparse implements SealedRows {
  readonly format = null;
  readonly #pool: KernelPool;
  readonly #field: Field;
  readonly #rows: number;
  readonly #byteLength: number;
  #resident: Resident | null = null;

  /** `byteLength`: of indices and values. */
  constructor(pool: KernelPool, field: Field, rows: number, byteLength: number) {
    this.#pool = pool;
    this.#field = field;
    this.#rows = rows;
    this.#byteLength = byteLength;
  }

  get kernels(): Kernels | null {
    return this.#resident?.kernels ?? null;
  }

  get memoryBytes(): number {
    return this.#resident ? (this.#rows + 1) * 4 + this.#resident.pairs * 8 : 0;
  }

  fill(column: Column): void {
    const kernels = this.#pool.take(this.#byteLength);
    const { arena } = kernels;
    const put = (part: ArrayBufferView): number => {
      const ptr = arena.alloc(Math.max(part.byteLength, 4));
      arena.u8(ptr, part.byteLength).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      return ptr;
    };
    const block = { offsetsPtr: put(column.offsets!), indicesPtr: put(column.indices!), valuesPtr: put(column.values) };
    this.#resident = { kernels, block, pairs: column.values.length };
  }

  async load(file: SectionFile, isFreed: () => boolean): Promise<void> {
    const { fieldId } = this.#field;
    const byteLength = file.byteLength(valuesSection(fieldId));
    const kernels = this.#pool.take(this.#byteLength);
    const ptrs: number[] = [];
    try {
      for (const [section, bytes] of [
        [offsetsSection(fieldId), (this.#rows + 1) * 4],
        [indicesSection(fieldId), byteLength],
        [valuesSection(fieldId), byteLength],
      ] as const) ptrs.push(await readIntoMemory(kernels, file, section, bytes, isFreed));
      checkSparseOffsets(kernels.arena.u32(ptrs[0]!, this.#rows + 1), byteLength / 4, file, fieldId);
    } catch (error) {
      for (const ptr of ptrs) kernels.arena.free(ptr);
      this.#pool.release(kernels);
      throw error;
    }
    this.#resident = { kernels, block: { offsetsPtr: ptrs[0]!, indicesPtr: ptrs[1]!, valuesPtr: ptrs[2]! }, pairs: byteLength / 4 };
  }

  setQuery(kernels: Kernels, { queries, at }: RowQuery): void {
    const { offsets, indices, values } = queries as SparseValues;
    kernels.setSparseQuery(indices.subarray(offsets[at], offsets[at + 1]), values.subarray(offsets[at], offsets[at + 1]));
  }

  scan(_metric: MetricType, allowPtr: number): void {
    const { kernels, block } = this.#resident!;
    kernels.scanSparse(block, 0, this.#rows, allowPtr, 0);
  }

  scanTile(): Steps {
    throw new ElanusError('INTERNAL', 'sparse rows are scanned by one query at a time');
  }

  /** Distances of sparse vectors are exact everywhere. */
  rescore(): void {}

  rescoreFromFile(): boolean {
    return true;
  }

  rescoreRead(): void {}

  take(rows: ArrayLike<number>): Column {
    const { kernels: { arena }, block, pairs } = this.#resident!;
    return takeSparse(this.#field, rows, arena.u32(block.offsetsPtr, this.#rows + 1), arena.u32(block.indicesPtr, pairs), arena.f32(block.valuesPtr, pairs));
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

  readonly rowCacheBytes = 0;

  /** Indexes of sparse vectors score nothing again. */
  keepRows(): void {}

  copyAll(): Column {
    return this.take(Uint32Array.from({ length: this.#rows }, (_, row) => row));
  }

  block(): VectorBlock {
    throw new ElanusError('INTERNAL', 'an index over f32 rows was asked for sparse ones');
  }

  dropBlock(): void {}

  drop(): void {
    if (!this.#resident) return;
    const { kernels, block } = this.#resident;
    for (const ptr of Object.values(block) as number[]) kernels.arena.free(ptr);
    this.#resident = null;
    this.#pool.release(kernels);
  }
}
