/**
 * Rows that are equal to another one, kept out of the walks and choices that build a graph. Nothing tells equal rows apart: a row that
 * has many of them about would be linked to them alone, so that no walk came past them, and the last ones would be linked from nowhere.
 * So of equal rows one is inserted, and the others are laid beside it when all is linked: it has a link to the first of them, and they
 * form a tree, from which every walk that finds the one collects as many of the others as it has use for.
 */
import { CODES_TERMS, GRAPH_CODES, GRAPH_DATA, GRAPH_ROWS, GRAPH_SIZE, GRAPH_STRIDE, NO_ROW } from '../../kernels/abi.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { Work } from '../../quant/kmeans.ts';
import { assert } from '../../util/assert.ts';

const NONE = NO_ROW >>> 0;
/** The sign of -0, which is equal to 0. */
const MINUS_ZERO = 0x8000_0000;
/** Words looked at between two yields: about a millisecond. */
const SLICE_WORDS = 1 << 19;

export interface EqualRows {
  /** u32: the rows to insert, in their order. */
  readonly order: Uint32Array;
  /** u32, in their order: the rows to lay beside others. */
  readonly beside: Uint32Array;
  /** u32, shape (rows): of each row to insert, the one before it that it is equal to; of each other, the last that is inserted; NO_ROW: none. */
  readonly equalTo: Uint32Array;
}

/**
 * Divides rows, as the graph at `graphPtr` has them: f32 or codes. The first `standing` of the order are in the graph already. A row of
 * a higher level than those before it that it is equal to is inserted as well, lest the level has nobody. `levels`: u8, shape (rows); null: there are none.
 */
export function* findEqualRows(kernels: Kernels, graphPtr: number, order: Uint32Array, standing: number, levels: Uint8Array | null): Work<EqualRows> {
  const rows = new RowWords(kernels, graphPtr);
  const equalTo = new Uint32Array(rows.count).fill(NONE);
  const hashes = new Uint32Array(rows.count);
  /** The last inserted row of each kind; open addressing. */
  const table = new Uint32Array(2 ** Math.ceil(Math.log2(order.length * 2 + 1))).fill(NONE);
  const mask = table.length - 1;
  const inserted: number[] = [], beside: number[] = [];
  const perSlice = Math.max(Math.floor(SLICE_WORDS / rows.words), 1);
  for (let i = 0; i < order.length; i++) {
    if (i % perSlice === 0) {
      if (i > 0) yield 0;
      rows.refresh();
    }
    const row = order[i], hash = rows.hash(row);
    hashes[row] = hash;
    let at = hash & mask;
    while (table[at] !== NONE && !(hashes[table[at]] === hash && rows.areEqual(table[at], row))) at = (at + 1) & mask;
    equalTo[row] = table[at];
    if (i >= standing && table[at] !== NONE && (!levels || levels[row] <= levels[table[at]])) beside.push(row);
    else {
      inserted.push(row);
      table[at] = row;
    }
  }
  return { order: Uint32Array.from(inserted), beside: Uint32Array.from(beside), equalTo };
}

/** Links the rows that were left out: in `links` (u32, shape (rows, slots)), in place. A link that makes room may leave its row cut off. */
export function layEqualRows(links: Uint32Array, slots: number, { beside, equalTo }: EqualRows): void {
  const lastOf = (row: number): number => links[row * slots + slots - 1];
  const link = (from: number, to: number): void => {
    let at = from * slots;
    for (const last = at + slots - 1; at < last && links[at] !== NONE; ) at++;
    links[at] = to;
  };
  /** The row itself, or another that it is equal to, if that has room. */
  const withRoom = (row: number): number => {
    for (let other = row; other !== NONE; other = equalTo[other]) if (lastOf(other) === NONE) return other;
    return row;
  };
  // As many as insertion gives a row: what is linked to these later has room.
  const children = Math.max(slots >> 1, 1);
  /** By inserted row: those that lie beside it. */
  const trees = new Map<number, number[]>();
  for (const row of beside) {
    const inserted = equalTo[row];
    let tree = trees.get(inserted);
    if (!tree) trees.set(inserted, (tree = []));
    const parent = tree.length === 0 ? withRoom(inserted) : tree[Math.floor((tree.length - 1) / children)];
    link(parent, row);
    link(row, parent);
    tree.push(row);
  }
}

/** Rows of a graph as words in kernel memory. */
class RowWords {
  readonly count: number;
  /** Of a row. */
  readonly words: number;
  readonly #kernels: Kernels;
  readonly #dataPtr: number;
  /** f32, shape (rows): what the distances of codes have besides them; 0: nothing. */
  readonly #termsPtr: number;
  readonly #isFloats: boolean;
  #data!: Uint32Array;
  #terms: Uint32Array | null = null;

  constructor(kernels: Kernels, graphPtr: number) {
    const graph = kernels.arena.u32(graphPtr, GRAPH_SIZE / 4);
    const codesPtr = graph[GRAPH_CODES / 4];
    this.#kernels = kernels;
    this.count = graph[GRAPH_ROWS / 4];
    this.words = graph[GRAPH_STRIDE / 4] / 4;
    this.#dataPtr = graph[GRAPH_DATA / 4];
    this.#termsPtr = codesPtr === 0 ? 0 : kernels.arena.u32(codesPtr + CODES_TERMS, 1)[0];
    this.#isFloats = codesPtr === 0;
    assert(Number.isInteger(this.words), 'rows of a graph are whole words');
    this.refresh();
  }

  /** Looks at the memory anew, which may have moved while others had their turn. */
  refresh(): void {
    const { arena } = this.#kernels;
    this.#data = arena.u32(this.#dataPtr, this.count * this.words);
    this.#terms = this.#termsPtr === 0 ? null : arena.u32(this.#termsPtr, this.count);
  }

  hash(row: number): number {
    const data = this.#data, isFloats = this.#isFloats;
    let hash = 0;
    for (let at = row * this.words, end = at + this.words; at < end; at++) {
      const word = isFloats && data[at] === MINUS_ZERO ? 0 : data[at];
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  areEqual(a: number, b: number): boolean {
    const data = this.#data, terms = this.#terms, words = this.words;
    if (terms && terms[a] !== terms[b]) return false;
    for (let i = 0, x = a * words, y = b * words; i < words; i++, x++, y++) {
      if (data[x] !== data[y] && !(this.#isFloats && ((data[x] | data[y]) & ~MINUS_ZERO) === 0)) return false;
    }
    return true;
  }
}
