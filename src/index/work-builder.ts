/** A build that is written as one run: a generator that yields what each of its steps cost. */
import type { Work } from '../quant/kmeans.ts';
import { assert } from '../util/assert.ts';
import type { IndexBuilder, IndexSection } from './index.ts';

/** What there is to do in all, in the unit of the steps; a run adds to it what it learns on the way. */
export interface WorkTotal {
  total: number;
}

export class WorkBuilder implements IndexBuilder {
  readonly total: number;
  readonly #expected: WorkTotal;
  readonly #work: Work<IndexSection[]>;
  #workDone = 0;
  #sections: IndexSection[] | null = null;

  /** `rows`: what progress counts. `run`: frees what it holds when it is stopped (`finally`). */
  constructor(rows: number, expectedWork: number, run: (expected: WorkTotal) => Work<IndexSection[]>) {
    this.total = rows;
    this.#expected = { total: expectedWork };
    this.#work = run(this.#expected);
  }

  /** The share of the work that is done, in rows; the last counts when all is done. */
  get done(): number {
    if (this.#sections !== null) return this.total;
    return Math.min(Math.floor((this.total * this.#workDone) / Math.max(this.#expected.total, 1)), Math.max(this.total - 1, 0));
  }

  step(sliceMs: number): void {
    const end = performance.now() + sliceMs;
    do this.#advance();
    while (this.#sections === null && performance.now() < end);
  }

  #advance(): void {
    if (this.#sections !== null) return;
    const step = this.#work.next();
    if (step.done) this.#sections = step.value;
    else this.#workDone += step.value;
  }

  finish(): IndexSection[] {
    while (this.#sections === null) this.#advance();
    assert(this.#sections !== null, 'the build came to its end');
    return this.#sections;
  }

  free(): void {
    this.#work.return([]);
  }
}
