/**
 * Posting lists in kernel memory: per dimension the rows that have it, ascending, with their values. They are the
 * transpose of the rows.
 *
 * Sections: `dims` u32, ascending; `starts` u32, shape (dims + 1); `bounds` f32, shape (dims, 2): least and largest value of a list, 0
 * among them; `rows` u32 and `values` f32, the lists back to back.
 */
import type { Kernels, SparseBlock } from '../../kernels/kernels.ts';
import { takeSection } from '../../quant/sections.ts';
import { ElanusError } from '../../util/error.ts';
import type { IndexSection } from '../index.ts';

export class PostingLists {
  readonly dims: Uint32Array;
  readonly starts: Uint32Array;
  readonly bounds: Float32Array;
  readonly rowsPtr: number;
  /** Bytes from a row of a list to its value. */
  readonly toValue: number;
  readonly #kernels: Kernels;

  constructor(kernels: Kernels, dims: Uint32Array, starts: Uint32Array, bounds: Float32Array, rows: Uint32Array, values: Float32Array) {
    this.#kernels = kernels;
    this.dims = dims;
    this.starts = starts;
    this.bounds = bounds;
    this.toValue = Math.max(rows.byteLength, 4);
    this.rowsPtr = kernels.arena.alloc(2 * this.toValue);
    kernels.arena.u32(this.rowsPtr, rows.length).set(rows);
    kernels.arena.f32(this.rowsPtr + this.toValue, values.length).set(values);
  }

  get memoryBytes(): number {
    return this.dims.byteLength + this.starts.byteLength + this.bounds.byteLength + 2 * this.toValue;
  }

  /** Number of the list of a dimension, or -1. */
  find(dim: number): number {
    let low = 0;
    let high = this.dims.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.dims[middle] === dim) return middle;
      if (this.dims[middle] < dim) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Loads what `ListBuilder` wrote. CORRUPT when the lists would lead a kernel out of its memory. */
  static open(kernels: Kernels, sections: ReadonlyMap<string, Uint8Array>, rows: number): PostingLists {
    const count = (sections.get('dims')?.byteLength ?? 0) >>> 2;
    const dims = u32Of(takeSection(sections, 'dims', count * 4));
    const starts = u32Of(takeSection(sections, 'starts', (count + 1) * 4));
    const bounds = f32Of(takeSection(sections, 'bounds', count * 8));
    const pairs = starts[count];
    const listed = u32Of(takeSection(sections, 'rows', pairs * 4));
    const values = f32Of(takeSection(sections, 'values', pairs * 4));
    if (starts[0] !== 0) throw corrupt('starts', 'lists from 0 on');
    for (let list = 0; list < count; list++) {
      if (starts[list + 1] < starts[list] || (list > 0 && dims[list] <= dims[list - 1])) throw corrupt('starts', 'ascending lists and dimensions');
      let last = -1;
      for (let i = starts[list]; i < starts[list + 1]; i++) {
        if (listed[i] <= last || listed[i] >= rows) throw corrupt('rows', `ascending rows below ${rows}`);
        last = listed[i];
      }
    }
    return new PostingLists(kernels, dims, starts, bounds, listed, values);
  }

  free(): void {
    this.#kernels.arena.free(this.rowsPtr);
  }
}

/** Lists while they are filled: `starts` says where the next row of a list goes. */
interface Filling {
  readonly dims: Uint32Array;
  readonly starts: Uint32Array;
  /** Number of the list of a dimension. */
  readonly listOf: ReadonlyMap<number, number>;
  readonly bounds: Float32Array;
  readonly rows: Uint32Array;
  readonly values: Float32Array;
}

/** Transposes rows, some at a time. */
export class ListBuilder {
  readonly #kernels: Kernels;
  readonly #block: SparseBlock;
  readonly #rows: number;
  readonly #counts = new Map<number, number>();
  #counted = 0;
  #filled = 0;
  #lists: Filling | null = null;

  constructor(kernels: Kernels, block: SparseBlock, rows: number) {
    this.#kernels = kernels;
    this.#block = block;
    this.#rows = rows;
  }

  /** Rows of two passes that are done. */
  get done(): number {
    return this.#counted + this.#filled;
  }

  /** The next `most` rows of whichever pass it is. */
  step(most: number): void {
    const { arena } = this.#kernels;
    const offsets = arena.u32(this.#block.offsetsPtr, this.#rows + 1);
    const pairs = offsets[this.#rows];
    const indices = arena.u32(this.#block.indicesPtr, pairs);
    if (this.#counted < this.#rows) {
      const to = Math.min(this.#counted + most, this.#rows);
      for (let i = offsets[this.#counted]; i < offsets[to]; i++) this.#counts.set(indices[i], (this.#counts.get(indices[i]) ?? 0) + 1);
      this.#counted = to;
      return;
    }
    const { listOf, starts, bounds, rows, values } = (this.#lists ??= this.#layOut());
    const source = arena.f32(this.#block.valuesPtr, pairs);
    const to = Math.min(this.#filled + most, this.#rows);
    for (let row = this.#filled; row < to; row++) {
      for (let i = offsets[row]; i < offsets[row + 1]; i++) {
        const list = listOf.get(indices[i])!;
        const at = starts[list]++;
        rows[at] = row;
        values[at] = source[i];
        if (source[i] < bounds[2 * list]) bounds[2 * list] = source[i];
        if (source[i] > bounds[2 * list + 1]) bounds[2 * list + 1] = source[i];
      }
    }
    this.#filled = to;
  }

  /** Room for the lists. */
  #layOut(): Filling {
    const dims = Uint32Array.from(this.#counts.keys()).sort();
    const starts = new Uint32Array(dims.length + 1);
    dims.forEach((dim, list) => (starts[list + 1] = starts[list] + this.#counts.get(dim)!));
    const pairs = starts[dims.length];
    const listOf = new Map(Array.from(dims, (dim, list) => [dim, list] as const));
    return { dims, starts, listOf, bounds: new Float32Array(dims.length * 2), rows: new Uint32Array(pairs), values: new Float32Array(pairs) };
  }

  finish(): IndexSection[] {
    const { dims, starts, bounds, rows, values } = (this.#lists ??= this.#layOut());
    // Each start has moved to the next list's.
    starts.copyWithin(1, 0, dims.length);
    starts[0] = 0;
    return Object.entries({ dims, starts, bounds, rows, values }).map(([name, part]) => ({ name, bytes: new Uint8Array(part.buffer) }));
  }
}

const u32Of = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.slice().buffer);
const f32Of = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer);

const corrupt = (section: string, expected: string): ElanusError =>
  new ElanusError('CORRUPT', `"${section}" of an inverted index expected ${expected}`, { section });
