/**
 * Building an HNSW graph in slices: quantize the rows, insert them, connect what was cut off, then write the rows in the codes that the
 * index keeps. A graph that is walked on codes is built over 7-bit ones whatever code that is: their distances are exact
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

export interface GraphBuild {
  readonly m: number;
  readonly efConstruction: number;
  readonly seed: number;
  /** What the graph is walked on; null: f32. */
  readonly code: RowCodeType | null;
  /** What candidates are scored again by, within the index. */
  readonly refineCode: RowCodeType | null;
}

export class HnswBuilder implements IndexBuilder {
  readonly total: number;
  readonly #context: IndexContext;
  readonly #build: GraphBuild;
  readonly #work: Work;
  readonly #insertWork: number;
  #workDone = 0;
  #workTotal: number;
  /** What is held at the moment: all is freed at the end, whenever that is. */
  #buildCode: RowCode | null = null;
  #graph: GraphBlock | null = null;
  #code: RowCode | null = null;
  #refineCode: RowCode | null = null;
  #isDone = false;

  constructor(context: IndexContext, build: GraphBuild) {
    this.#context = context;
    this.#build = build;
    this.total = context.rows;
    this.#insertWork = (context.dim * build.m * build.efConstruction) / PRODUCTS_AT_ONCE;
    this.#workTotal = context.rows * this.#insertWork;
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
    const { code, refineCode, seed } = this.#build;
    const context = this.#context;
    if (code) {
      this.#buildCode = SCALAR_CODES.SQ8.create(context, seed);
      yield* this.#write(this.#buildCode);
    }
    yield* this.#insert();
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

  *#insert(): Work {
    const { kernels, rows, dim } = this.#context;
    const { m, efConstruction, seed } = this.#build;
    const ef = Math.min(Math.max(efConstruction, m), Math.max(rows, 1));
    const graph = GraphBlock.create(this.#context, m, ef, drawLevels(rows, m, seed), this.#buildCode);
    this.#graph = graph;
    const walk = kernels.prepareWalk(rows, ef, 0, m, Math.max(this.#buildCode?.queryBytes ?? 0, dim * 4));
    let perCall = 1;
    for (let from = 0; from < rows; ) {
      const started = performance.now();
      const to = Math.min(from + perCall, rows);
      kernels.exports.graphInsert(graph.ptr, walk, from, to);
      if (performance.now() - started < CALL_MS) perCall = Math.min(perCall * 2, INSERT_ROWS_MAX);
      yield (to - from) * this.#insertWork;
      from = to;
    }
    if (rows > 0) connectRows(graph.baseLinks(), rows, m * 2, graph.entry);
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
