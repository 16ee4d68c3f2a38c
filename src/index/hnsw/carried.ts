/**
 * Beginning a graph with the one of a segment whose rows are among these: its links and levels stand, under the rows' new numbers.
 * Rows that were left out are cut out of it. Whoever was linked to one of them chooses anew among the links it keeps and those of the
 * rows that it lost, as FreshDiskANN consolidates deletes (Singh et al., 2021), and farther behind them where few of those are left.
 */
import { NO_ROW } from '../../kernels/abi.ts';
import type { Work } from '../../quant/kmeans.ts';
import { assert } from '../../util/assert.ts';
import type { IndexBase } from '../index.ts';
import type { GraphBlock } from './graph.ts';
import { drawLevels, upperStarts } from './levels.ts';
import { openGraph, type StoredGraph } from './stored.ts';

const NONE = NO_ROW >>> 0;

/** Rows renumbered between two yields: well below a millisecond. */
const SLICE_ROWS = 1024;
/** Candidates for one list, in M; what is chosen from are the nearest 4 M. */
const CANDIDATES_MAX = 32;
/** Rows left out that are looked behind for one list, apart from those that it was linked to itself. */
const BEHIND_MAX = 256;

/** Rows that a list may be linked to. */
export interface Offer {
  /** Number of the list: the base lists of all rows come first, then the slots above. */
  readonly list: number;
  /** The row whose list it is. */
  readonly owner: number;
  readonly rows: readonly number[];
}

export class CarriedGraph {
  /** u8, shape (rows): of all rows. Those that are not carried have drawn theirs. */
  readonly levels: Uint8Array;
  /** u32: the carried rows by their new numbers, in the order of the base. */
  readonly rows: Uint32Array;
  /** Where walks begin: the base's entry, or a row of the highest level left. */
  readonly entry: number;
  readonly #stored: StoredGraph;
  readonly #rowsTo: Int32Array;
  readonly #m: number;
  /** Where the base's lists above the base level begin, by row. */
  readonly #starts: Uint32Array;
  /** Lists that lost a link: row of the base, and level. */
  readonly #cut: { readonly row: number; readonly level: number }[] = [];
  /** By row of the base: the last list for which it was looked at. */
  readonly #seenFor: Uint32Array;

  private constructor(stored: StoredGraph, rowsTo: Int32Array, rows: number, m: number, seed: number) {
    this.#stored = stored;
    this.#rowsTo = rowsTo;
    this.#m = m;
    this.#starts = upperStarts(stored.levels).starts;
    this.#seenFor = new Uint32Array(rowsTo.length);
    this.rows = Uint32Array.from(rowsTo.filter((row) => row >= 0));
    const isCarried = new Uint8Array(rows);
    for (const row of this.rows) {
      assert(row < rows && isCarried[row] === 0, 'a row of a base is one row of the segment, and no other is it, too');
      isCarried[row] = 1;
    }
    // Of another seed than the base's, whose first rows would have the same levels.
    const drawn = drawLevels(rows - this.rows.length, m, seed + this.rows.length);
    this.levels = new Uint8Array(rows);
    for (let row = 0, at = 0; row < rows; row++) if (isCarried[row] === 0) this.levels[row] = drawn[at++];
    let entry = rowsTo[stored.entry];
    for (let row = 0; row < rowsTo.length; row++) {
      const to = rowsTo[row];
      if (to < 0) continue;
      this.levels[to] = stored.levels[row];
      if (entry < 0 || stored.levels[row] > this.levels[entry]) entry = to;
    }
    this.entry = entry;
  }

  /** null where no row is carried. CORRUPT when the base's sections do not fit it. */
  static open({ rowsTo, sections }: IndexBase, rows: number, m: number, seed: number): CarriedGraph | null {
    if (!rowsTo.some((row) => row >= 0)) return null;
    return new CarriedGraph(openGraph(sections, rowsTo.length, m), rowsTo, rows, m, seed);
  }

  /** Writes the links that are left to a graph of these levels without links. */
  *copyTo(graph: GraphBlock): Work {
    const { levels, links, upperLinks } = this.#stored;
    const m = this.#m;
    const rowsTo = this.#rowsTo;
    for (let from = 0; from < rowsTo.length; from += SLICE_ROWS) {
      const base = graph.baseLinks(), upper = graph.upperLinks(), starts = graph.upperStarts();
      for (let row = from, end = Math.min(from + SLICE_ROWS, rowsTo.length); row < end; row++) {
        const to = rowsTo[row];
        if (to < 0) continue;
        this.#copyList(row, 0, links, row * 2 * m, 2 * m, base, to * 2 * m);
        for (let level = 1; level <= levels[row]; level++) {
          this.#copyList(row, level, upperLinks, (this.#starts[row] + level - 1) * m, m, upper, (starts[to] + level - 1) * m);
        }
      }
      yield 0;
    }
  }

  #copyList(row: number, level: number, from: Uint32Array, start: number, slots: number, to: Uint32Array, at: number): void {
    let isCut = false;
    for (let i = start; i < start + slots; i++) {
      const link = from[i];
      if (link === NONE) break;
      const target = this.#rowsTo[link];
      if (target >= 0) to[at++] = target;
      else isCut = true;
    }
    if (isCut) this.#cut.push({ row, level });
  }

  /** What the lists that lost links may have in their place, perhaps nothing; after `copyTo`. They are chosen anew where all that has no room. */
  *replacements(graph: GraphBlock): Generator<Offer, void> {
    for (const [i, { row, level }] of this.#cut.entries()) {
      const owner = this.#rowsTo[row];
      yield { list: listsOf(graph, level).numberOf(owner), owner, rows: this.#rowsBehind(row, level, i + 1) };
    }
  }

  /** Gives lists that were chosen anew the links back that they had before, as far as there is room: a graph of the heuristic's few links alone is sparser than one that has grown. */
  *putBack(graph: GraphBlock): Work {
    const inList = new Uint32Array(this.levels.length);
    for (const [i, { row, level }] of this.#cut.entries()) {
      const { links, startOf, slots } = listsOf(graph, level);
      let at = startOf(this.#rowsTo[row]);
      const end = at + slots;
      for (; at < end && links[at] !== NONE; at++) inList[links[at]] = i + 1;
      this.#eachLink(row, level, (link) => {
        const to = this.#rowsTo[link];
        if (to >= 0 && at < end && inList[to] !== i + 1) links[at++] = to;
      });
      if (i % SLICE_ROWS === SLICE_ROWS - 1) yield 0;
    }
  }

  /** Rows behind those that the list of a row lost, which it has no link to. `stamp`: another for each list. */
  #rowsBehind(row: number, level: number, stamp: number): number[] {
    const seenFor = this.#seenFor, rowsTo = this.#rowsTo;
    const lost: number[] = [];
    const rows: number[] = [];
    seenFor[row] = stamp;
    this.#eachLink(row, level, (link) => {
      seenFor[link] = stamp;
      if (rowsTo[link] < 0) lost.push(link);
    });
    const own = lost.length;
    for (let i = 0; i < lost.length && rows.length < CANDIDATES_MAX * this.#m; i++) {
      if (i >= own && (rows.length >= this.#m || i >= own + BEHIND_MAX)) break;
      this.#eachLink(lost[i], level, (link) => {
        if (seenFor[link] === stamp) return;
        seenFor[link] = stamp;
        if (rowsTo[link] < 0) lost.push(link);
        else rows.push(rowsTo[link]);
      });
    }
    return rows;
  }

  #eachLink(row: number, level: number, visit: (link: number) => void): void {
    const { links, upperLinks } = this.#stored;
    const m = this.#m;
    const of = level === 0 ? links : upperLinks;
    const slots = level === 0 ? 2 * m : m;
    const start = level === 0 ? row * slots : (this.#starts[row] + level - 1) * m;
    for (let at = start; at < start + slots && of[at] !== NONE; at++) visit(of[at]);
  }
}

/** The lists of one level of a graph in kernel memory. */
function listsOf(graph: GraphBlock, level: number): { links: Uint32Array; slots: number; startOf: (row: number) => number; numberOf: (row: number) => number } {
  if (level === 0) return { links: graph.baseLinks(), slots: 2 * graph.m, startOf: (row) => row * 2 * graph.m, numberOf: (row) => row };
  const starts = graph.upperStarts();
  const slotOf = (row: number): number => starts[row] + level - 1;
  return { links: graph.upperLinks(), slots: graph.m, startOf: (row) => slotOf(row) * graph.m, numberOf: (row) => starts.length + slotOf(row) };
}
