/**
 * Building an HNSW graph in slices: quantize the rows where the graph is over codes, insert them batch by batch
 * (`assembly/grow.ts`), connect what was cut off. Several builders share the work batch by batch: each has all rows and
 * an equal copy of the graph; a part of the batch chooses its links here, the others' parts are heard of, and so with the
 * lists that are chosen anew. The graph does not depend on how many there are.
 */
import { BACK_LINK_SIZE, NO_ROW } from '../../kernels/abi.ts';
import { CodeBlock, codeQueryBytes } from '../../quant/sq8/codes.ts';
import type { IndexContext, IndexSection, SharedBuilder, Team } from '../index.ts';
import { batchEnd, insertionOrder } from './batches.ts';
import { connectRows } from './connect.ts';
import { GraphBlock } from './graph.ts';
import { drawLevels } from './levels.ts';

/** Rows per kernel call: small enough that a slow row does not overrun a slice by much. */
const ENCODE_ROWS = 256;
/** A kernel call should take this long: enough to hide the clock, and a slice ends in time. */
const CALL_MS = 1;
/** A smaller batch is less work than telling the others of it: every builder inserts it by itself. */
const SHARED_BATCH_ROWS_MIN = 16;
/** Of the time that a batch takes, the part in which links are chosen. */
const CHOOSING_SHARE = 0.9;
const ALONE: Team = { index: 0, count: 1 };

export class HnswBuilder implements SharedBuilder {
  readonly total: number;
  readonly #context: IndexContext;
  readonly #team: Team;
  readonly #codes: CodeBlock | null;
  readonly #graph: GraphBlock;
  readonly #levels: Uint8Array;
  readonly #order: Uint32Array;
  readonly #walkPtr: number;
  readonly #orderPtr: number;
  /** u32, shape (lists): first BackLink of each; NO_ROW between batches. */
  readonly #backLinksToPtr: number;
  /** BackLinks of one batch, and numbers of lists that were chosen anew. They grow. */
  #backLinksPtr = 0;
  #changedPtr = 0;
  #backLinksMax = 0;
  readonly #steps: Iterator<void>;
  #inserted = 0;
  #isFinished = false;
  #message: Uint32Array | null = null;
  #answers: readonly Uint32Array[] | null = null;

  constructor(context: IndexContext, m: number, efConstruction: number, seed: number, overCodes: boolean, team: Team = ALONE) {
    const { kernels, rows, dim } = context;
    const { arena } = kernels;
    this.#context = context;
    this.#team = team;
    this.total = rows;
    this.#codes = overCodes ? CodeBlock.train(context) : null;
    const ef = Math.min(Math.max(efConstruction, m), Math.max(rows, 1));
    this.#levels = drawLevels(rows, m, seed);
    this.#graph = GraphBlock.create(context, m, ef, this.#levels, this.#codes);
    this.#walkPtr = kernels.prepareWalk(rows, ef, 4 * m, m, Math.max(codeQueryBytes(dim), dim * 4));
    this.#order = insertionOrder(rows, seed);
    this.#orderPtr = arena.alloc(rows * 4);
    arena.u32(this.#orderPtr, rows).set(this.#order);
    const lists = rows + this.#graph.slots;
    this.#backLinksToPtr = arena.alloc(lists * 4);
    arena.u32(this.#backLinksToPtr, lists).fill(NO_ROW);
    this.#steps = this.#build();
  }

  /** Rows inserted; the last counts when the graph is connected too. */
  get done(): number {
    return this.#isFinished ? this.total : Math.min(Math.floor(this.#inserted), Math.max(this.total - 1, 0));
  }

  step(sliceMs: number): void {
    const end = performance.now() + sliceMs;
    while (!this.#isFinished && this.#message === null && performance.now() < end) this.#isFinished = this.#steps.next().done === true;
  }

  takeMessage(): Uint8Array | null {
    const message = this.#message;
    return message && new Uint8Array(message.buffer);
  }

  giveMessages(messages: readonly Uint8Array[]): void {
    this.#answers = messages.map(({ buffer, byteOffset, byteLength }) => new Uint32Array(buffer, byteOffset, byteLength / 4));
    this.#message = null;
  }

  /** The whole build; yields wherever a slice may end. */
  *#build(): Generator<void, void> {
    const { rows } = this.#context;
    if (rows === 0) return;
    for (let from = 0; this.#codes && from < rows; from += ENCODE_ROWS) {
      this.#codes.encode(from, Math.min(from + ENCODE_ROWS, rows));
      yield;
    }
    const first = this.#order[0];
    let topLevel = this.#levels[first];
    this.#graph.begin(first, topLevel);
    for (let from = 1, to; from < rows; from = to) {
      to = batchEnd(this.#order, this.#levels, from, topLevel);
      yield* this.#insert(from, to);
      this.#inserted = to;
      const row = this.#order[from];
      if (this.#levels[row] <= topLevel) continue;
      topLevel = this.#levels[row];
      this.#graph.begin(row, topLevel);
    }
    if (this.#team.index === 0) yield* connectRows(this.#graph.baseLinks(), rows, this.#graph.m * 2, this.#graph.entry);
  }

  *#insert(from: number, to: number): Generator<void, void> {
    const { exports } = this.#context.kernels;
    const graph = this.#graph;
    const team = to - from < SHARED_BATCH_ROWS_MIN ? ALONE : this.#team;

    const own = shareOf(from, to, team.index, team.count);
    yield* inParts(own.from, own.to, (at, end) => {
      exports.graphChooseLinks(graph.ptr, this.#walkPtr, this.#orderPtr, at, end);
      this.#inserted += (end - at) * team.count * CHOOSING_SHARE;
    });
    if (team.count > 1) {
      const messages = yield* this.#exchange(graph.readNewLinks(this.#order.subarray(own.from, own.to)));
      messages.forEach((message, i) => {
        const share = shareOf(from, to, i, team.count);
        if (i !== team.index) graph.writeNewLinks(this.#order.subarray(share.from, share.to), message);
      });
    }

    this.#roomFor(from, to);
    const backLinks = exports.graphListBackLinks(graph.ptr, this.#orderPtr, from, to, this.#backLinksToPtr, this.#backLinksPtr);
    const ownLinks = shareOf(0, backLinks, team.index, team.count);
    let changed = 0;
    yield* inParts(0, backLinks, (at, end) => {
      changed = exports.graphAddBackLinks(graph.ptr, this.#walkPtr, this.#backLinksToPtr, this.#backLinksPtr, at, end, ownLinks.from, ownLinks.to, this.#changedPtr, changed);
    });
    if (team.count > 1) {
      const messages = yield* this.#exchange(graph.readLists(this.#context.kernels.arena.u32(this.#changedPtr, changed)));
      messages.forEach((message, i) => {
        if (i !== team.index) graph.writeLists(message);
      });
    }
  }

  /** Tells the others, and waits until all have been heard. */
  *#exchange(message: Uint32Array): Generator<void, readonly Uint32Array[]> {
    this.#message = message;
    this.#answers = null;
    while (this.#answers === null) yield;
    return this.#answers;
  }

  /** Room for the BackLinks of a batch. */
  #roomFor(from: number, to: number): void {
    const { arena } = this.#context.kernels;
    let lists = 0;
    for (let i = from; i < to; i++) lists += this.#levels[this.#order[i]] + 1;
    const most = lists * this.#graph.m;
    if (most <= this.#backLinksMax) return;
    for (const ptr of [this.#backLinksPtr, this.#changedPtr]) if (ptr !== 0) arena.free(ptr);
    this.#backLinksMax = Math.ceil(most * 1.5);
    this.#backLinksPtr = arena.alloc(this.#backLinksMax * BACK_LINK_SIZE);
    this.#changedPtr = arena.alloc(this.#backLinksMax * 4);
  }

  finish(): IndexSection[] {
    return [...this.#graph.sections(), ...(this.#codes?.sections() ?? [])];
  }

  free(): void {
    const { arena } = this.#context.kernels;
    for (const ptr of [this.#orderPtr, this.#backLinksToPtr, this.#backLinksPtr, this.#changedPtr]) if (ptr !== 0) arena.free(ptr);
    this.#graph.free();
    this.#codes?.free();
  }
}

/** Part `index` of `count` nearly equal ones of [from, to). */
function shareOf(from: number, to: number, index: number, count: number): { readonly from: number; readonly to: number } {
  const at = (i: number): number => from + Math.floor(((to - from) * i) / count);
  return { from: at(index), to: at(index + 1) };
}

/** Calls for parts of [from, to) one after another, each as long as it takes about CALL_MS. */
function* inParts(from: number, to: number, call: (from: number, to: number) => void): Generator<void, void> {
  for (let at = from, most = 1; at < to; ) {
    const started = performance.now();
    const end = Math.min(at + most, to);
    call(at, end);
    at = end;
    const took = performance.now() - started;
    if (took < CALL_MS / 2) most *= 2;
    else if (took > CALL_MS * 2) most = Math.max(most >> 1, 1);
    yield;
  }
}
