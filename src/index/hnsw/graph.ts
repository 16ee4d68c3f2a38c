/**
 * The links of an HNSW graph in kernel memory, apart from what the rows are: over f32 vectors or over codes. Base level:
 * 2M links a row in fixed slots of whole cache lines for the usual M; above it M links per row and level. A list ends at
 * its first NO_ROW. How it is stored: `stored.ts`.
 */
import {
  GRAPH_BASE_LINKS, GRAPH_EF_CONSTRUCTION, GRAPH_ENTRY, GRAPH_LEVELS, GRAPH_M, GRAPH_SIZE, GRAPH_SLOTS, GRAPH_TOP_LEVEL, GRAPH_UPPER_LINKS, GRAPH_UPPER_STARTS,
  NO_ROW,
} from '../../kernels/abi.ts';
import type { RowCode } from '../../quant/row-code.ts';
import type { IndexContext, IndexSection } from '../index.ts';
import { upperStarts } from './levels.ts';
import { graphSections, openGraph } from './stored.ts';
import { allocGraph } from './struct.ts';

const NONE = NO_ROW >>> 0;

/** Bytes of kernel memory that a graph takes: the share of rows above the base is 1 / (M - 1) slots a row. */
export const graphBytes = (rows: number, m: number): number => Math.ceil(rows * (8 * m + 5 + (4 * m) / (m - 1))) + GRAPH_SIZE;

export class GraphBlock {
  /** The Graph struct. */
  readonly ptr: number;
  readonly m: number;
  readonly slots: number;
  readonly basePtr: number;
  readonly upperPtr: number;
  readonly #context: IndexContext;
  readonly #levelsPtr: number;
  readonly #startsPtr: number;

  private constructor(context: IndexContext, m: number, levels: Uint8Array, code: RowCode | null) {
    const { kernels, rows } = context;
    const { arena } = kernels;
    const { starts, slots } = upperStarts(levels);
    this.#context = context;
    this.m = m;
    this.slots = slots;
    this.ptr = allocGraph(context, code);
    this.basePtr = arena.alloc(rows * m * 8);
    this.upperPtr = arena.alloc(slots * m * 4);
    this.#startsPtr = arena.alloc(rows * 4);
    this.#levelsPtr = arena.alloc(rows);
    arena.u32(this.#startsPtr, rows).set(starts);
    arena.u8(this.#levelsPtr, rows).set(levels);
    const struct = arena.u32(this.ptr, GRAPH_SIZE / 4);
    struct[GRAPH_M / 4] = m;
    struct[GRAPH_SLOTS / 4] = 2 * m;
    struct[GRAPH_BASE_LINKS / 4] = this.basePtr;
    struct[GRAPH_UPPER_LINKS / 4] = this.upperPtr;
    struct[GRAPH_UPPER_STARTS / 4] = this.#startsPtr;
    struct[GRAPH_LEVELS / 4] = this.#levelsPtr;
  }

  /** A graph without links. */
  static create(context: IndexContext, m: number, efConstruction: number, levels: Uint8Array, code: RowCode | null): GraphBlock {
    const graph = new GraphBlock(context, m, levels, code);
    const { arena } = context.kernels;
    graph.baseLinks().fill(NONE);
    graph.upperLinks().fill(NONE);
    arena.u32(graph.ptr, GRAPH_SIZE / 4)[GRAPH_EF_CONSTRUCTION / 4] = efConstruction;
    return graph;
  }

  /** Loads what `sections` gave. CORRUPT when a length does not fit or a link leads out of the graph. */
  static open(context: IndexContext, m: number, sections: ReadonlyMap<string, Uint8Array>, code: RowCode | null): GraphBlock {
    const stored = openGraph(sections, context.rows, m);
    const graph = new GraphBlock(context, m, stored.levels, code);
    graph.baseLinks().set(stored.links);
    graph.upperLinks().set(stored.upperLinks);
    graph.begin(stored.entry, stored.topLevel);
    return graph;
  }

  /** u32, shape (rows, 2M). */
  baseLinks(): Uint32Array {
    return this.#context.kernels.arena.u32(this.basePtr, this.#context.rows * this.m * 2);
  }

  /** u32, shape (slots, M). */
  upperLinks(): Uint32Array {
    return this.#context.kernels.arena.u32(this.upperPtr, this.slots * this.m);
  }

  /** Makes a row of the highest level the one where walks begin. */
  begin(row: number, level: number): void {
    const struct = this.#context.kernels.arena.u32(this.ptr, GRAPH_SIZE / 4);
    struct[GRAPH_ENTRY / 4] = row;
    struct[GRAPH_TOP_LEVEL / 4] = level;
  }

  /** The links that rows chose when they were inserted: M of the base list, then the lists above, row by row. */
  readNewLinks(rows: Uint32Array): Uint32Array {
    const { m } = this;
    const levels = this.#levels();
    let lists = rows.length;
    for (const row of rows) lists += levels[row];
    const out = new Uint32Array(lists * m);
    let at = 0;
    this.#eachNewList(rows, (links, start) => {
      for (let i = 0; i < m; i++) out[at++] = links[start + i];
    });
    return out;
  }

  /** Takes over what `readNewLinks` of another copy of this graph gave for the same rows. */
  writeNewLinks(rows: Uint32Array, from: Uint32Array): void {
    const { m } = this;
    let at = 0;
    this.#eachNewList(rows, (links, start) => {
      for (let i = 0; i < m; i++) links[start + i] = from[at++];
    });
  }

  #eachNewList(rows: Uint32Array, visit: (links: Uint32Array, start: number) => void): void {
    const { m } = this;
    const levels = this.#levels(), starts = this.upperStarts();
    const base = this.baseLinks(), upper = this.upperLinks();
    for (const row of rows) {
      visit(base, row * 2 * m);
      for (let slot = starts[row], end = slot + levels[row]; slot < end; slot++) visit(upper, slot * m);
    }
  }

  /** Whole lists by their numbers (the base lists of all rows come first, then the slots above): how many, the numbers, the lists. */
  readLists(lists: Uint32Array): Uint32Array {
    const { rows } = this.#context;
    const { m } = this;
    const base = this.baseLinks(), upper = this.upperLinks();
    let links = 0;
    for (const list of lists) links += list < rows ? 2 * m : m;
    const out = new Uint32Array(1 + lists.length + links);
    out[0] = lists.length;
    out.set(lists, 1);
    let at = 1 + lists.length;
    for (const list of lists) {
      if (list < rows) for (let i = list * 2 * m, end = i + 2 * m; i < end; i++) out[at++] = base[i];
      else for (let i = (list - rows) * m, end = i + m; i < end; i++) out[at++] = upper[i];
    }
    return out;
  }

  /** Takes over what `readLists` of another copy of this graph gave. */
  writeLists(from: Uint32Array): void {
    const { rows } = this.#context;
    const { m } = this;
    const base = this.baseLinks(), upper = this.upperLinks();
    let at = 1 + from[0];
    for (const list of from.subarray(1, at)) {
      if (list < rows) for (let i = list * 2 * m, end = i + 2 * m; i < end; i++) base[i] = from[at++];
      else for (let i = (list - rows) * m, end = i + m; i < end; i++) upper[i] = from[at++];
    }
  }

  #levels(): Uint8Array {
    return this.#context.kernels.arena.u8(this.#levelsPtr, this.#context.rows);
  }

  get entry(): number {
    return this.#context.kernels.arena.u32(this.ptr + GRAPH_ENTRY, 1)[0];
  }

  /** The slots above the base of a row: the first one's number. */
  upperStarts(): Uint32Array {
    return this.#context.kernels.arena.u32(this.#startsPtr, this.#context.rows);
  }

  sections(): IndexSection[] {
    const struct = this.#context.kernels.arena.u32(this.ptr, GRAPH_SIZE / 4);
    const { slots } = this;
    return graphSections({ entry: struct[GRAPH_ENTRY / 4], topLevel: struct[GRAPH_TOP_LEVEL / 4], slots, levels: this.#levels(), links: this.baseLinks(), upperLinks: this.upperLinks() }, this.m);
  }

  /** The most links of a row at the base level. */
  get degree(): number {
    return 2 * this.m;
  }

  get memoryBytes(): number {
    return this.#context.rows * (this.m * 8 + 5) + this.slots * this.m * 4 + GRAPH_SIZE;
  }

  free(): void {
    for (const ptr of [this.ptr, this.basePtr, this.upperPtr, this.#startsPtr, this.#levelsPtr]) this.#context.kernels.arena.free(ptr);
  }
}
