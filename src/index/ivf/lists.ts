/**
 * The lists of an inverted file in kernel memory, apart from what their rows are written as. Rows lie by position, list after
 * list.
 *
 * Sections: `lists` four u32 (rows, lists, dim, 0); `centroids` f32, shape (lists, dim), of binary rows u8, shape
 * (lists, dim / 8); `list-starts` u32, shape (lists + 1); `list-rows` u32, shape (rows): the segment's row at each
 * position, a permutation.
 */
import {
  IVF_CENTROIDS, IVF_COMPARED, IVF_DIM, IVF_GATHERED, IVF_GATHERED_ROWS, IVF_LISTS, IVF_METRIC, IVF_NORMS, IVF_POSITIONS, IVF_PROBED, IVF_PROBES, IVF_ROW_IDS, IVF_ROWS, IVF_SIZE,
  IVF_STARTS, IVF_SUMS, TOPK_DISTANCES, TOPK_MIN, TOPK_ROWS, TOPK_SIZE,
} from '../../kernels/abi.ts';
import { METRIC_CODE } from '../../kernels/kernels.ts';
import { ROWS_SLACK_BYTES } from '../../kernels/rows.ts';
import { SLACK_ROWS, type Centroids, type ListCode, type ListCodeType, type ListLayout } from '../../quant/list-code.ts';
import { takeSection } from '../../quant/sections.ts';
import { ElanusError } from '../../util/error.ts';
import type { IndexContext, IndexSection } from '../index.ts';

const HEADER_BYTES = 16;
const SUMS_BYTES = 128;

/** Of the positions of all rows, and the bits of the allowed ones, which are made when a filter first asks for them. */
const positionsBytes = (rows: number): number => rows * 4 + marksBytes(rows);
const marksBytes = (rows: number): number => (Math.ceil(rows / 32) + 1) * 4;

const fixedBytes = (rows: number, centroidBytes: number, lists: number): number =>
  (rows + SLACK_ROWS + IVF_GATHERED_ROWS) * 4 + lists * (centroidBytes + 16) + ROWS_SLACK_BYTES + IVF_SIZE + TOPK_SIZE + SUMS_BYTES + 4;

/** Bytes of kernel memory that the lists take beside their rows' codes, at most. */
export const listsBytes = (rows: number, centroidBytes: number, lists: number): number => fixedBytes(rows, centroidBytes, lists) + positionsBytes(rows);

/** An Ivf struct and what it points at. */
export class ListBlock {
  /** The Ivf struct. */
  readonly ptr: number;
  readonly lists: number;
  readonly code: ListCode;
  readonly #context: IndexContext;
  readonly #held: number[] = [];
  /** u32, shape (rows): where each row lies; 0 until a filter asks for it. */
  #positionOfPtr = 0;
  #marksPtr = 0;

  constructor(context: IndexContext, layout: ListLayout<Centroids>, code: ListCode) {
    const { kernels, rows, dim, metric } = context;
    const { arena } = kernels;
    const lists = layout.starts.length - 1;
    this.#context = context;
    this.lists = lists;
    this.code = code;
    const alloc = (bytes: number): number => {
      const ptr = arena.alloc(bytes);
      this.#held.push(ptr);
      return ptr;
    };
    this.ptr = alloc(IVF_SIZE);
    const { centroids, centroidTerms } = code;
    const centroidsPtr = alloc(centroids.byteLength + ROWS_SLACK_BYTES), normsPtr = alloc(lists * 4), startsPtr = alloc((lists + 1) * 4), rowIdsPtr = alloc((rows + SLACK_ROWS) * 4);
    const probesPtr = alloc(TOPK_SIZE), probeRowsPtr = alloc(lists * 4), probeDistancesPtr = alloc(lists * 4), sumsPtr = alloc(SUMS_BYTES), gatheredPtr = alloc(IVF_GATHERED_ROWS * 4);
    arena.u8(centroidsPtr, centroids.byteLength).set(bytesOf(centroids));
    arena.u8(normsPtr, centroidTerms.byteLength).set(bytesOf(centroidTerms));
    arena.u32(startsPtr, lists + 1).set(layout.starts);
    const rowIds = arena.u32(rowIdsPtr, rows + SLACK_ROWS).fill(0);
    rowIds.set(layout.rowIds);
    const probes = arena.u32(probesPtr, TOPK_SIZE / 4).fill(0);
    arena.f32(probesPtr, TOPK_SIZE / 4).set([-Infinity, Infinity], TOPK_MIN / 4);
    probes[TOPK_ROWS / 4] = probeRowsPtr;
    probes[TOPK_DISTANCES / 4] = probeDistancesPtr;
    const struct = arena.u32(this.ptr, IVF_SIZE / 4).fill(0);
    struct[IVF_ROWS / 4] = rows;
    struct[IVF_DIM / 4] = dim;
    struct[IVF_METRIC / 4] = METRIC_CODE[metric];
    struct[IVF_LISTS / 4] = lists;
    struct[IVF_CENTROIDS / 4] = centroidsPtr;
    struct[IVF_NORMS / 4] = normsPtr;
    struct[IVF_STARTS / 4] = startsPtr;
    struct[IVF_ROW_IDS / 4] = rowIdsPtr;
    struct[IVF_PROBES / 4] = probesPtr;
    struct[IVF_SUMS / 4] = sumsPtr;
    struct[IVF_GATHERED / 4] = gatheredPtr;
    code.describe(struct);
  }

  /** Loads what `listSections` and the code's sections gave. CORRUPT when they do not fit the segment or each other. */
  static open<C extends Centroids>(context: IndexContext, listsMax: number, codeType: ListCodeType<C>, sections: ReadonlyMap<string, Uint8Array>): ListBlock {
    const { kernels, rows, dim, metric, vectors } = context;
    const header = u32Of(takeSection(sections, 'lists', HEADER_BYTES));
    const lists = header[1];
    if (header[0] !== rows || header[2] !== dim) throw corrupt('lists', `${rows} rows of ${dim} dimensions`, `${header[0]} of ${header[2]}`);
    if (lists < 1 || lists > Math.max(Math.min(listsMax, rows), 1)) throw corrupt('lists', `1 to ${Math.max(Math.min(listsMax, rows), 1)} lists`, String(lists));
    const centroidBytes = takeSection(sections, 'centroids', lists * codeType.centroidBytes(dim));
    const starts = u32Of(takeSection(sections, 'list-starts', (lists + 1) * 4));
    const rowIds = u32Of(takeSection(sections, 'list-rows', rows * 4));
    const centroids = codeType.centroidsOf(centroidBytes);
    for (let list = 0; list < lists; list++) if (starts[list + 1] < starts[list]) throw corrupt('list-starts', 'ascending positions', `a descent at list ${list}`);
    if (starts[0] !== 0 || starts[lists] !== rows) throw corrupt('list-starts', `positions 0 to ${rows}`, `${starts[0]} to ${starts[lists]}`);
    const seen = new Uint8Array(rows);
    for (const row of rowIds) {
      if (row >= rows || seen[row] === 1) throw corrupt('list-rows', `each row below ${rows} once`, String(row));
      seen[row] = 1;
    }
    const layout: ListLayout<C> = { kernels, metric, dim, rows, starts, rowIds, centroids, vectors, seed: 0 };
    const code = codeType.open(layout, sections);
    return new ListBlock(context, layout, code);
  }

  /** Rows of a list, on average. */
  get rowsPerList(): number {
    return this.#context.rows / this.lists;
  }

  /** Has the searches that follow find allowed rows by their positions: marked here for a bitset over rows; 0: no longer. */
  markPositions(allowPtr: number): void {
    const { kernels, rows } = this.#context;
    const { arena } = kernels;
    if (allowPtr !== 0 && this.#marksPtr === 0) {
      this.#positionOfPtr = arena.alloc(rows * 4);
      this.#held.push(this.#positionOfPtr);
      this.#marksPtr = arena.alloc(marksBytes(rows));
      this.#held.push(this.#marksPtr);
      const rowIds = arena.u32(arena.u32(this.ptr, IVF_SIZE / 4)[IVF_ROW_IDS / 4], rows), positionOf = arena.u32(this.#positionOfPtr, rows);
      for (let position = 0; position < rows; position++) positionOf[rowIds[position]] = position;
    }
    arena.u32(this.ptr, IVF_SIZE / 4)[IVF_POSITIONS / 4] = allowPtr === 0 ? 0 : this.#marksPtr;
    if (allowPtr !== 0) kernels.exports.ivfPositions(this.ptr, allowPtr, this.#positionOfPtr);
  }

  /** Of the last search: lists that it looked into (0: it took the allowed rows as they lie), and rows that it compared. */
  get lastSearch(): { readonly lists: number; readonly rows: number } {
    const struct = this.#context.kernels.arena.u32(this.ptr, IVF_SIZE / 4);
    return { lists: struct[IVF_PROBED / 4], rows: struct[IVF_COMPARED / 4] };
  }

  set lastSearch({ lists, rows }: { readonly lists: number; readonly rows: number }) {
    const struct = this.#context.kernels.arena.u32(this.ptr, IVF_SIZE / 4);
    struct[IVF_PROBED / 4] = lists;
    struct[IVF_COMPARED / 4] = rows;
  }

  get memoryBytes(): number {
    const { rows } = this.#context;
    return fixedBytes(rows, this.code.centroids.byteLength / this.lists, this.lists) + (this.#marksPtr === 0 ? 0 : positionsBytes(rows)) + this.code.memoryBytes;
  }

  free(): void {
    for (const ptr of this.#held) this.#context.kernels.arena.free(ptr);
    this.code.free();
  }
}

export function listSections(layout: ListLayout<Centroids>, code: ListCode): IndexSection[] {
  const header = Uint32Array.of(layout.rows, layout.starts.length - 1, layout.dim, 0);
  return [
    { name: 'lists', bytes: new Uint8Array(header.buffer) },
    { name: 'centroids', bytes: bytesOf(code.centroids) },
    { name: 'list-starts', bytes: bytesOf(layout.starts) },
    { name: 'list-rows', bytes: bytesOf(layout.rowIds) },
    ...code.sections(),
  ];
}

const bytesOf = (values: Centroids | Uint32Array): Uint8Array => new Uint8Array(values.slice().buffer);

/** A copy, because sections need not begin at a multiple of 4. */
const u32Of = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.slice().buffer);

function corrupt(section: string, expected: string, got: string): ElanusError {
  return new ElanusError('CORRUPT', `"${section}" expected ${expected}, got ${got}`, { section, expected, got });
}
