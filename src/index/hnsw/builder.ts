/**
 * Building an index of a graph in slices: quantize the rows, link them, then write the rows in the codes that the index keeps. A graph that is walked on codes is built over 7-bit ones whatever code that is: their distances are exact
 * integers, equal on every machine, and the fastest there are.
 */
import type { Work } from '../../quant/kmeans.ts';
import { writeRows, type RowCode, type RowCodeType } from '../../quant/row-code.ts';
import { SCALAR_CODES } from '../../quant/row-codes.ts';
import { assert } from '../../util/assert.ts';
import type { IndexBase, IndexContext, IndexSection, SharedBuilder, Team } from '../index.ts';
import { carriedRows } from '../base.ts';
import { refineSections } from '../refine.ts';
import { Turns } from '../turns.ts';
import { insertionOrder } from './batches.ts';
import { CarriedGraph } from './carried.ts';
import { connectRows } from './connect.ts';
import { findEqualRows, layEqualRows } from './equal-rows.ts';
import { GraphBlock } from './graph.ts';
import { insertRows } from './insert.ts';
import { drawLevels } from './levels.ts';

/** Inserting a row compares it with about M * efConstruction others, eight 7-bit products in the time of one. */
const PRODUCTS_AT_ONCE = 8;

/** Links between rows in kernel memory. */
export interface BuiltGraph {
  sections(): IndexSection[];
  free(): void;
}

/** How rows are linked. */
export interface GraphGrower {
  /** Products that linking a row costs, about. */
  workPerRow(dim: number): number;
  /** A graph over the rows as f32 or in this code, and the work of linking them, by a team that shares the build. `base`: whose graph it begins with. */
  start(context: IndexContext, code: RowCode | null, seed: number, turns: Turns, base: IndexBase | null): { readonly graph: BuiltGraph; readonly work: Work };
}

export interface GraphBuild {
  readonly grower: GraphGrower;
  readonly seed: number;
  /** What the graph is walked on; null: f32. */
  readonly code: RowCodeType | null;
  /** What candidates are scored again by, within the index. */
  readonly refineCode: RowCodeType | null;
}

/** The products of a walk that expands so many rows of so many links each. */
export const walkWork = (dim: number, links: number, breadth: number): number => (dim * links * breadth) / PRODUCTS_AT_ONCE;

/** HNSW: rows are inserted batch by batch, equal ones are laid beside them, and what was cut off is connected. */
export const hnswGrower = (m: number, efConstruction: number): GraphGrower => ({
  workPerRow: (dim) => walkWork(dim, m, efConstruction),
  start(context, code, seed, turns, base) {
    const { kernels, rows, dim } = context;
    const ef = Math.min(Math.max(efConstruction, m), Math.max(rows, 1));
    const carried = base && CarriedGraph.open(base, rows, m, seed);
    const levels = carried ? carried.levels : drawLevels(rows, m, seed);
    const graph = GraphBlock.create(context, m, ef, levels, code);
    const walkPtr = kernels.prepareWalk(rows, ef, 4 * m, m, Math.max(code?.queryBytes ?? 0, dim * 4));
    function* insert(): Work {
      const equal = yield* findEqualRows(kernels, graph.ptr, insertionOrder(rows, seed, carried?.rows), carried ? carried.rows.length : 0, levels);
      yield equal.beside.length * walkWork(dim, m, efConstruction);
      for (const inserted of insertRows({ kernels, graph, levels, carried, order: equal.order, walkPtr, turns })) yield inserted * walkWork(dim, m, efConstruction);
      if (rows === 0 || turns.team.index > 0) return;
      layEqualRows(graph.baseLinks(), m * 2, equal);
      yield* connectRows(graph.baseLinks(), rows, m * 2, graph.entry);
    }
    return { graph, work: insert() };
  },
});

export class GraphBuilder implements SharedBuilder {
  readonly total: number;
  readonly #context: IndexContext;
  readonly #build: GraphBuild;
  readonly #base: IndexBase | null;
  /** Rows that are in the graph from the start. */
  readonly #carriedRows: number;
  readonly #turns: Turns;
  readonly #work: Work;
  #workDone = 0;
  #workTotal: number;
  /** What is held at the moment: all is freed at the end, whenever that is. */
  #buildCode: RowCode | null = null;
  #graph: BuiltGraph | null = null;
  #code: RowCode | null = null;
  #refineCode: RowCode | null = null;
  #isDone = false;

  constructor(context: IndexContext, build: GraphBuild, team?: Team, base: IndexBase | null = null) {
    this.#context = context;
    this.#build = build;
    this.#base = base;
    this.#carriedRows = base ? carriedRows(base) : 0;
    this.#turns = new Turns(team);
    this.total = context.rows;
    this.#workTotal = (context.rows - this.#carriedRows) * build.grower.workPerRow(context.dim);
    this.#work = this.#run();
  }

  /** Rows that were carried over, and of the others the share of the work that is done; the last counts when all is done. */
  get done(): number {
    if (this.#isDone) return this.total;
    const inserted = Math.floor(((this.total - this.#carriedRows) * this.#workDone) / Math.max(this.#workTotal, 1));
    return Math.min(this.#carriedRows + inserted, Math.max(this.total - 1, 0));
  }

  step(sliceMs: number): void {
    const end = performance.now() + sliceMs;
    do this.#advance();
    while (!this.#isDone && !this.#turns.isWaiting && performance.now() < end);
  }

  takeMessage(): Uint8Array | null {
    return this.#turns.takeMessage();
  }

  giveMessages(messages: readonly Uint8Array[]): void {
    this.#turns.giveMessages(messages);
  }

  #advance(): void {
    if (this.#isDone || this.#turns.isWaiting) return;
    const step = this.#work.next();
    if (step.done) this.#isDone = true;
    else this.#workDone += step.value;
  }

  *#run(): Work {
    const { grower, code, refineCode, seed } = this.#build;
    const context = this.#context;
    if (code) {
      this.#buildCode = SCALAR_CODES.SQ8.create(context, seed);
      yield* this.#write(this.#buildCode);
    }
    const { graph, work } = grower.start(context, this.#buildCode, seed, this.#turns, this.#base);
    this.#graph = graph;
    yield* work;
    // What follows is the work of one, whose index it is.
    if (this.#turns.team.index > 0) return;
    if (code === SCALAR_CODES.SQ8) this.#code = this.#buildCode;
    else this.#buildCode?.free();
    this.#buildCode = null;
    if (code && !this.#code) {
      this.#code = code.create(context, seed);
      yield* this.#write(this.#code);
    }
    if (refineCode) {
      this.#refineCode = refineCode.create(context, seed);
      yield* this.#write(this.#refineCode);
    }
  }

  *#write(code: RowCode): Work {
    this.#workTotal += code.trainWork + code.encodeWork;
    yield* writeRows(code, this.#context.rows);
  }

  finish(): IndexSection[] {
    while (!this.#isDone) this.#advance();
    assert(this.#graph !== null, 'the build came to its end');
    return [...this.#graph.sections(), ...(this.#code?.sections() ?? []), ...(this.#refineCode ? refineSections(this.#refineCode) : [])];
  }

  free(): void {
    this.#work.return(undefined);
    for (const held of [this.#graph, this.#buildCode, this.#code, this.#refineCode]) held?.free();
    this.#graph = this.#buildCode = this.#code = this.#refineCode = null;
  }
}
