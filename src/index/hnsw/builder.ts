/** Building an HNSW graph in slices: quantize the rows where the graph is over codes, insert them, connect what was cut off. */
import { CodeBlock, codeQueryBytes } from '../../quant/sq8/codes.ts';
import type { IndexBuilder, IndexContext, IndexSection } from '../index.ts';
import { connectRows } from './connect.ts';
import { GraphBlock } from './graph.ts';
import { drawLevels } from './levels.ts';

/** Rows per kernel call: small enough that a slow row does not overrun a slice by much. */
const ENCODE_ROWS = 256;
const INSERT_ROWS_MAX = 64;

export class HnswBuilder implements IndexBuilder {
  readonly total: number;
  readonly #context: IndexContext;
  readonly #codes: CodeBlock | null;
  readonly #graph: GraphBlock;
  readonly #walkPtr: number;
  #encoded = 0;
  #inserted = 0;
  #isConnected = false;

  constructor(context: IndexContext, m: number, efConstruction: number, seed: number, overCodes: boolean) {
    const { kernels, rows, dim } = context;
    this.#context = context;
    this.total = rows;
    this.#codes = overCodes ? CodeBlock.train(context) : null;
    const ef = Math.min(Math.max(efConstruction, m), Math.max(rows, 1));
    this.#graph = GraphBlock.create(context, m, ef, drawLevels(rows, m, seed), this.#codes);
    this.#walkPtr = kernels.prepareWalk(rows, ef, 0, m, Math.max(codeQueryBytes(dim), dim * 4));
  }

  /** Rows inserted; the last counts when the graph is connected too. */
  get done(): number {
    return this.#inserted === this.total && !this.#isConnected ? Math.max(this.total - 1, 0) : this.#inserted;
  }

  step(sliceMs: number): void {
    const { kernels, rows } = this.#context;
    const end = performance.now() + sliceMs;
    if (this.#codes) {
      while (this.#encoded < rows) {
        const to = Math.min(this.#encoded + ENCODE_ROWS, rows);
        this.#codes.encode(this.#encoded, to);
        this.#encoded = to;
        if (performance.now() >= end) return;
      }
    }
    // A call is long enough to hide the clock and short enough to end in time.
    let perCall = 1;
    while (this.#inserted < rows) {
      const started = performance.now();
      const to = Math.min(this.#inserted + perCall, rows);
      kernels.exports.graphInsert(this.#graph.ptr, this.#walkPtr, this.#inserted, to);
      this.#inserted = to;
      const now = performance.now();
      if (now >= end) return;
      if (now - started < sliceMs / 8) perCall = Math.min(perCall * 2, INSERT_ROWS_MAX);
    }
    if (!this.#isConnected) {
      if (rows > 0) connectRows(this.#graph.baseLinks(), rows, this.#graph.m * 2, this.#graph.entry);
      this.#isConnected = true;
    }
  }

  finish(): IndexSection[] {
    return [...this.#graph.sections(), ...(this.#codes?.sections() ?? [])];
  }

  free(): void {
    this.#graph.free();
    this.#codes?.free();
  }
}
