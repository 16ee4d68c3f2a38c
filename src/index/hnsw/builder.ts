/**
 * Building an index of a graph in slices: quantize the rows, link them, then write the rows in the codes that the index keeps. A graph that is walked on codes is built over 7-bit ones whatever code that is: their distances are exact
 * integers, equal on every machine, and the fastest there are.
 */
import type { Work } from '../../quant/kmeans.ts';
import { writeRows, type RowCode, type RowCodeType } from '../../quant/row-code.ts';
import { SCALAR_CODES } from '../../quant/row-codes.ts';
import { assert } from '../../util/assert.ts';
import type { IndexBuilder, IndexContext, IndexSection } from '../index.ts';
import { refineSections } from '../refine.ts';
import { connectRows } from './connect.ts';
import { GraphBlock } from './graph.ts';
import { drawLevels } from './levels.ts';

/** Rows per kernel call: small enough that a slow row does not overrun a slice by much. */
const INSERT_ROWS_MAX = 64;
/** A call is long enough to hide the clock and short enough to end in time. */
const CALL_MS = 1;
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
  /** A graph over the rows as f32 or in this code, and the work of linking them. */
  start(context: IndexContext, code: RowCode | null, seed: number): { readonly graph: BuiltGraph; readonly work: Work };
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

/** HNSW: rows are inserted one after another, and what was cut off is connected. */
export const hnswGrower = (m: number, efConstruction: number): GraphGrower => ({
  workPerRow: (dim) => walkWork(dim, m, efConstruction),
  start(context, code, seed) {
    const { kernels, rows, dim } = context;
    const ef = Math.min(Math.max(efConstruction, m), Math.max(rows, 1));
    const graph = GraphBlock.create(context, m, ef, drawLevels(rows, m, seed), code);
    const walk = kernels.prepareWalk(rows, ef, 0, m, Math.max(code?.queryBytes ?? 0, dim * 4));
    function* insert(): Work {
      let perCall = 1;
      for (let from = 0; from < rows; ) {
        const started = performance.now();
        const to = Math.min(from + perCall, rows);
        kernels.exports.graphInsert(graph.ptr, walk, from, to);
        if (performance.now() - started < CALL_MS) perCall = Math.min(perCall * 2, INSERT_ROWS_MAX);
        yield (to - from) * walkWork(dim, m, efConstruction);
        from = to;
      }
      if (rows > 0) connectRows(graph.baseLinks(), rows, m * 2, graph.entry);
    }
    return { graph, work: insert() };
  },
});

export class GraphBuilder implements IndexBuilder {
  readonly total: number;
  readonly #context: IndexContext;
  readonly #build: GraphBuild;
  readonly #work: Work;
  #workDone = 0;
  #workTotal: number;
  /** What is held at the moment: all is freed at the end, whenever that is. */
  #buildCode: RowCode | null = null;
  #graph: BuiltGraph | null = null;
  #code: RowCode | null = null;
  #refineCode: RowCode | null = null;
  #isDone = false;

  constructor(context: IndexContext, build: GraphBuild) {
    this.#context = context;
    this.#build = build;
    this.total = context.rows;
    this.#workTotal = context.rows * build.grower.workPerRow(context.dim);
    this.#work = this.#run();
  }

  /** The share of the work that is done, in rows; the last counts when all is done. */
  get done(): number {
    if (this.#isDone) return this.total;
    return Math.min(Math.floor((this.total * this.#workDone) / Math.max(this.#workTotal, 1)), Math.max(this.total - 1, 0));
  }

  step(sliceMs: number): void {
    const end = performance.now() + sliceMs;
    do this.#advance();
    while (!this.#isDone && performance.now() < end);
  }

  #advance(): void {
    if (this.#isDone) return;
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
    const { graph, work } = grower.start(context, this.#buildCode, seed);
    this.#graph = graph;
    yield* work;
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
