/**
 * Inserting rows into a graph, batch by batch (`assembly/grow.ts`): all of them into an empty one, or those that are not carried over
 * from another into what is left of that. Several builders share the work: each has
 * all rows and an equal copy of the graph. Of every batch a builder chooses the links of its part of the rows and hears
 * of the others' parts, and so with the lists that are chosen anew. The graph does not depend on how many they are.
 */
import { BACK_LINK_LIST, BACK_LINK_NEXT, BACK_LINK_OWNER, BACK_LINK_ROW, BACK_LINK_SIZE, NO_ROW } from '../../kernels/abi.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { Work } from '../../quant/kmeans.ts';
import { shareOf, type Turns } from '../turns.ts';
import { batchEnd } from './batches.ts';
import type { CarriedGraph, Offer } from './carried.ts';
import type { GraphBlock } from './graph.ts';

/** A call is long enough to hide the clock and short enough to end in time. */
const CALL_MS = 1;
/** A smaller batch is less work than telling the others of it: every builder inserts it by itself. */
const SHARED_BATCH_ROWS_MIN = 16;
/** Of a row's work, the part in which its links are chosen. */
const CHOOSING_SHARE = 0.9;
/** Links offered in one batch. */
const OFFERED_LINKS = 1 << 16;
/** Offers that are gathered between two yields. */
const OFFERS_PER_SLICE = 64;

interface GraphToFill {
  readonly kernels: Kernels;
  /** Without links. */
  readonly graph: GraphBlock;
  /** u8, shape (rows): those that the graph was created with. */
  readonly levels: Uint8Array;
  /** What the graph begins with; null: nothing. */
  readonly carried: CarriedGraph | null;
  /** u32: the rows to insert, behind the carried ones, in the order that `insertionOrder` gives. */
  readonly order: Uint32Array;
  /** The Walk struct, prepared for the graph's breadth and lists of 4M candidates. */
  readonly walkPtr: number;
  readonly turns: Turns;
}

/** Yields the rows that were inserted, by parts of them. */
export function* insertRows(fill: GraphToFill): Work {
  if (fill.levels.length === 0) return;
  const insertion = new Insertion(fill);
  try {
    yield* insertion.run();
  } finally {
    insertion.free();
  }
}

class Insertion {
  readonly #fill: GraphToFill;
  readonly #order: Uint32Array;
  /** u32, as many as in the order. */
  readonly #orderPtr: number;
  readonly #lists: number;
  /** u32, shape (lists): first BackLink of each; NO_ROW between batches. */
  readonly #backLinksToPtr: number;
  /** BackLinks of one batch, and numbers of lists that were chosen anew: u32. They grow. */
  #backLinksPtr = 0;
  #changedPtr = 0;
  #backLinksMax = 0;

  constructor(fill: GraphToFill) {
    const { levels, graph, order } = fill;
    const { arena } = fill.kernels;
    const rows = levels.length;
    this.#fill = fill;
    this.#order = order;
    this.#orderPtr = arena.alloc(order.length * 4);
    arena.u32(this.#orderPtr, order.length).set(order);
    this.#lists = rows + graph.slots;
    this.#backLinksToPtr = arena.alloc(this.#lists * 4);
    arena.u32(this.#backLinksToPtr, this.#lists).fill(NO_ROW);
  }

  *run(): Work {
    const { levels, graph, carried } = this.#fill;
    const order = this.#order;
    const entry = carried ? carried.entry : order[0];
    let topLevel = levels[entry];
    graph.begin(entry, topLevel);
    if (carried) {
      yield* carried.copyTo(graph);
      yield* this.#mend(carried);
    }
    for (let from = carried?.rows.length ?? 1, to; from < order.length; from = to) {
      to = batchEnd(order, levels, from, topLevel);
      yield* this.#insert(from, to);
      if (levels[order[from]] <= topLevel) continue;
      topLevel = levels[order[from]];
      graph.begin(order[from], topLevel);
    }
  }

  *#insert(from: number, to: number): Work {
    const { kernels, graph, walkPtr, turns } = this.#fill;
    const { exports } = kernels;
    const isShared = turns.team.count > 1 && to - from >= SHARED_BATCH_ROWS_MIN;
    const team = isShared ? turns.team : ALONE;
    const rowsOf = (index: number): Uint32Array => {
      const share = shareOf(from, to, { index, count: team.count });
      return this.#order.subarray(share.from, share.to);
    };

    const own = shareOf(from, to, team);
    yield* inParts(own.from, own.to, team.count * CHOOSING_SHARE, (at, end) => exports.graphChooseLinks(graph.ptr, walkPtr, this.#orderPtr, at, end));
    if (isShared) {
      const messages = yield* turns.exchange(graph.readNewLinks(rowsOf(team.index)));
      messages.forEach((links, index) => {
        if (index !== team.index) graph.writeNewLinks(rowsOf(index), links);
      });
    }

    this.#makeRoom(this.#linksOf(from, to));
    const backLinks = exports.graphListBackLinks(graph.ptr, this.#orderPtr, from, to, this.#backLinksToPtr, this.#backLinksPtr);
    yield* this.#addBackLinks(backLinks, isShared, ((1 - CHOOSING_SHARE) * (to - from)) / backLinks);
  }

  /** Gives lists the links that the first so many BackLinks ask for, each of which is `work`. */
  *#addBackLinks(backLinks: number, isShared: boolean, work: number): Work {
    const { kernels, graph, walkPtr, turns } = this.#fill;
    const { exports, arena } = kernels;
    const { from: ownFrom, to: ownTo } = shareOf(0, backLinks, isShared ? turns.team : ALONE);
    let changed = 0;
    yield* inParts(0, backLinks, work, (at, end) => {
      changed = exports.graphAddBackLinks(graph.ptr, walkPtr, this.#backLinksToPtr, this.#backLinksPtr, at, end, ownFrom, ownTo, this.#changedPtr, changed);
    });
    if (isShared) {
      const messages = yield* turns.exchange(graph.readLists(arena.u32(this.#changedPtr, changed)));
      messages.forEach((lists, index) => {
        if (index !== turns.team.index) graph.writeLists(lists);
      });
    }
  }

  /** Gives lists that lost links what they are offered in their place, as if those rows had asked for links back. */
  *#mend(carried: CarriedGraph): Work {
    const { graph, turns } = this.#fill;
    const isShared = turns.team.count > 1;
    let links = 0;
    let batch: Offer[] = [];
    let seen = 0;
    for (const offer of carried.replacements(graph)) {
      if (++seen % OFFERS_PER_SLICE === 0) yield 0;
      if (links > 0 && links + offer.rows.length > OFFERED_LINKS) {
        yield* this.#addBackLinks(this.#listOffers(batch, links), isShared, 0);
        batch = [];
        links = 0;
      }
      batch.push(offer);
      links += offer.rows.length;
    }
    if (links > 0) yield* this.#addBackLinks(this.#listOffers(batch, links), isShared, 0);
    yield* carried.putBack(graph);
  }

  /** Lists BackLinks as the kernels do: chained by list in their order. Answers how many there are. */
  #listOffers(offers: readonly Offer[], links: number): number {
    const { arena } = this.#fill.kernels;
    this.#makeRoom(links);
    const structs = arena.u32(this.#backLinksPtr, (links * BACK_LINK_SIZE) / 4);
    const firsts = arena.u32(this.#backLinksToPtr, this.#lists);
    let n = links;
    for (let i = offers.length - 1; i >= 0; i--) {
      const { list, owner, rows } = offers[i];
      for (let j = rows.length - 1; j >= 0; j--) {
        const at = (--n * BACK_LINK_SIZE) / 4;
        structs[at + BACK_LINK_LIST / 4] = list;
        structs[at + BACK_LINK_OWNER / 4] = owner;
        structs[at + BACK_LINK_ROW / 4] = rows[j];
        structs[at + BACK_LINK_NEXT / 4] = firsts[list];
        firsts[list] = n;
      }
    }
    return links;
  }

  /** The most links that a batch of rows chooses. */
  #linksOf(from: number, to: number): number {
    const { levels, graph } = this.#fill;
    let lists = 0;
    for (let i = from; i < to; i++) lists += levels[this.#order[i]] + 1;
    return lists * graph.m;
  }

  /** For so many BackLinks. */
  #makeRoom(most: number): void {
    const { arena } = this.#fill.kernels;
    if (most <= this.#backLinksMax) return;
    for (const ptr of [this.#backLinksPtr, this.#changedPtr]) if (ptr !== 0) arena.free(ptr);
    this.#backLinksPtr = this.#changedPtr = 0;
    this.#backLinksMax = Math.ceil(most * 1.5);
    this.#backLinksPtr = arena.alloc(this.#backLinksMax * BACK_LINK_SIZE);
    this.#changedPtr = arena.alloc(this.#backLinksMax * 4);
  }

  free(): void {
    const { arena } = this.#fill.kernels;
    for (const ptr of [this.#orderPtr, this.#backLinksToPtr, this.#backLinksPtr, this.#changedPtr]) if (ptr !== 0) arena.free(ptr);
  }
}

const ALONE = { index: 0, count: 1 };

/** Calls for parts of [from, to) one after another, each of a length that takes about CALL_MS; each of [from, to) is `work`. */
function* inParts(from: number, to: number, work: number, call: (from: number, to: number) => void): Work {
  for (let at = from, most = 1; at < to; ) {
    const started = performance.now();
    const end = Math.min(at + most, to);
    call(at, end);
    const took = performance.now() - started;
    if (took < CALL_MS / 2) most *= 2;
    else if (took > CALL_MS * 2) most = Math.max(most >> 1, 1);
    yield (end - at) * work;
    at = end;
  }
}
