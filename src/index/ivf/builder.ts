/**
 * Building an inverted file in slices: k-means over a sample, the nearest centroid of every row, rows in the order of their
 * lists, then their codes.
 */
import { assignNearest, CentroidPanels, kmeansWork, sampleRows, trainKmeans, type Work } from '../../quant/kmeans.ts';
import type { ListCode, ListCodeType, ListLayout } from '../../quant/list-code.ts';
import { writeRows, type RowCode, type RowCodeType } from '../../quant/row-code.ts';
import { assert } from '../../util/assert.ts';
import type { IndexBuilder, IndexContext, IndexSection } from '../index.ts';
import { refineSections } from '../refine.ts';
import { listSections } from './lists.ts';

/** Rows of the sample per list, and rounds over it. */
const SAMPLE_PER_LIST = 64;
const ITERATIONS = 10;
/** A list has at least this many rows on average: as knowhere does, fewer lists are made of few rows. */
const ROWS_PER_LIST_MIN = 39;
/** Rows encoded at a time. */
const CHUNK_ROWS = 256;

/** Lists that are made of so many rows when `nlist` are asked for. */
export const listsFor = (rows: number, nlist: number): number => Math.max(1, Math.min(nlist, Math.floor(rows / ROWS_PER_LIST_MIN)));

export class IvfBuilder implements IndexBuilder {
  readonly total: number;
  readonly #context: IndexContext;
  readonly #lists: number;
  readonly #seed: number;
  readonly #codeType: ListCodeType;
  readonly #refineType: RowCodeType | null;
  readonly #work: Work;
  #workDone = 0;
  #workTotal: number;
  #layout: ListLayout | null = null;
  #code: ListCode | null = null;
  #refineCode: RowCode | null = null;
  #isDone = false;

  constructor(context: IndexContext, nlist: number, codeType: ListCodeType, refineType: RowCodeType | null, seed: number) {
    this.#context = context;
    this.total = context.rows;
    this.#lists = listsFor(context.rows, nlist);
    this.#codeType = codeType;
    this.#refineType = refineType;
    this.#seed = seed;
    this.#workTotal = kmeansWork(this.#sampled, context.dim, this.#lists, ITERATIONS) + kmeansWork(context.rows, context.dim, this.#lists, 1);
    this.#work = this.#run();
  }

  get #sampled(): number {
    return Math.min(this.#context.rows, this.#lists * SAMPLE_PER_LIST);
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
    const { kernels, rows, dim, metric, vectors } = this.#context;
    const { arena } = kernels;
    const lists = this.#lists;
    const inverseNormsPtr = metric === 'COSINE' ? vectors!.inverseNormsPtr : 0;

    const sample = sampleRows(rows, this.#sampled, this.#seed);
    const samplePtr = arena.alloc(sample.length * dim * 4);
    for (let i = 0; i < sample.length; i += CHUNK_ROWS) {
      this.#gather(sample.subarray(i, i + CHUNK_ROWS), samplePtr + i * dim * 4, inverseNormsPtr);
      yield 0;
    }
    const centroids = rows === 0
      ? new Float32Array(dim)
      : yield* trainKmeans(kernels, { ptr: samplePtr, stride: dim * 4, dim, rows: sample.length, inverseNormsPtr: 0 }, lists, ITERATIONS, this.#seed + 1);
    arena.free(samplePtr);

    const panels = new CentroidPanels(kernels, lists, dim);
    panels.set(centroids);
    const nearestPtr = arena.alloc(rows * 4), scoresPtr = arena.alloc(rows * 4);
    yield* assignNearest(kernels, { ptr: vectors!.ptr, stride: dim * 4, dim, rows, inverseNormsPtr }, panels, 0, rows, nearestPtr, scoresPtr);
    const layout = { kernels, metric, dim, rows, ...inLists(arena.u32(nearestPtr, rows), lists), centroids, vectors, seed: this.#seed };
    panels.free();
    arena.free(nearestPtr);
    arena.free(scoresPtr);

    const code = this.#codeType.create(layout);
    this.#layout = layout;
    this.#code = code;
    this.#workTotal += code.work;
    yield* code.train();
    const chunkPtr = arena.alloc(CHUNK_ROWS * dim * 4);
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const to = Math.min(from + CHUNK_ROWS, rows);
      this.#gather(layout.rowIds.subarray(from, to), chunkPtr, code.wantsUnitRows ? inverseNormsPtr : 0);
      code.encode(chunkPtr, from, to);
      yield (code.work * (to - from)) / rows / 2;
    }
    arena.free(chunkPtr);
    if (!this.#refineType) return;
    this.#refineCode = this.#refineType.create(this.#context, this.#seed);
    this.#workTotal += this.#refineCode.trainWork + this.#refineCode.encodeWork;
    yield* writeRows(this.#refineCode, rows);
  }

  /** Rows of the segment, one after another, to kernel memory; scaled by their inverse norms unless those are 0. */
  #gather(rowIds: Uint32Array, out: number, inverseNormsPtr: number): void {
    const { kernels, rows, dim, vectors } = this.#context;
    const { arena } = kernels;
    const norms = inverseNormsPtr ? arena.f32(inverseNormsPtr, rows) : null;
    const target = arena.f32(out, rowIds.length * dim), source = arena.f32(vectors!.ptr, rows * dim);
    for (let i = 0; i < rowIds.length; i++) {
      const at = rowIds[i] * dim;
      if (!norms) target.set(source.subarray(at, at + dim), i * dim);
      else for (let d = 0, length = norms[rowIds[i]]; d < dim; d++) target[i * dim + d] = source[at + d] * length;
    }
  }

  finish(): IndexSection[] {
    while (!this.#isDone) this.#advance();
    assert(this.#layout !== null && this.#code !== null, 'the build came to its end');
    return [...listSections(this.#layout, this.#code), ...(this.#refineCode ? refineSections(this.#refineCode) : [])];
  }

  free(): void {
    this.#work.return(undefined);
    this.#code?.free();
    this.#refineCode?.free();
    this.#code = this.#refineCode = null;
  }
}

/** Rows by list, in each list ascending. */
function inLists(nearest: Uint32Array, lists: number): { readonly starts: Uint32Array; readonly rowIds: Uint32Array } {
  const starts = new Uint32Array(lists + 1);
  for (const list of nearest) starts[list + 1]++;
  for (let list = 0; list < lists; list++) starts[list + 1] += starts[list];
  const next = starts.slice(0, lists);
  const rowIds = new Uint32Array(nearest.length);
  nearest.forEach((list, row) => {
    rowIds[next[list]++] = row;
  });
  return { starts, rowIds };
}
