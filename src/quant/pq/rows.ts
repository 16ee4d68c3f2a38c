/**
 * Rows by a product quantizer (Jégou, Douze, Schmid), by row number: each part of the dimensions of x - centre is the number of the nearest of
 * 256 or 16 words. With several stages (PRQ, a product of residual quantizers) it is the sum of one word of each stage, learned one after
 * another from what the stages before left; encoding goes over the stages again, since a word may fit better
 * once those after it are known.
 *
 * A decoded row is nearer to a query than the row is, the more so the more the words left of it: L2 adds a quarter of that squared (measured: recall
 * grows by 0 to 5 %, most with few bytes a row). COSINE divides by the decoded row's length (`assembly/packed.ts`; measured: 2 to 5 %).
 *
 * Sections: `pq` four u32 (parts of the dimensions, dimensions a part, words, stages); `pq-centre` f32, shape (dim); `pq-words` f32, shape
 * (parts * stages, words / 8, partDim, 8); `pq-codes` u8, shape (rows, parts * stages), of 16 words two numbers a byte, the first in the low
 * half; `pq-terms` f32, shape (rows), for IP none.
 */
import {
  CODES_CENTRE, CODES_CODEBOOKS, CODES_DIM, CODES_KIND, CODES_METRIC, CODES_PARTS, CODES_PART_DIM, CODES_PTR, CODES_ROWS, CODES_SCALE, CODES_SIZE,
  CODES_STAGES, CODES_STRIDE, CODES_TERMS, CODES_WIDTH, CODE_PQ_BYTES, CODE_PQ_NIBBLES, CODE_QUERY_CODES,
} from '../../kernels/abi.ts';
import { METRIC_CODE } from '../../kernels/kernels.ts';
import { ElanusError } from '../../util/error.ts';
import { assignNearest, CentroidPanels, kmeansWork, sampleRows, squaredLength, trainKmeans, writePanels, type RowBlock, type Work } from '../kmeans.ts';
import type { CodeContext, RowCode, RowCodeType } from '../row-code.ts';
import { takeSection, type Section } from '../sections.ts';
import { ITERATIONS, SAMPLE_PER_WORD } from './train.ts';

const HEADER_BYTES = 16;
/** Times that encoding goes over the stages again. */
const ROUNDS = 2;
/** Share of the squared error of a row that L2 adds to its distances. */
const ERROR_SHARE = 1 / 4;

export interface ProductShape {
  /** Parts of the dimensions: a divisor of the dimension. */
  readonly parts: number;
  readonly stages: number;
  readonly words: 16 | 256;
}

/** Bytes per row. */
const strideOf = ({ parts, stages, words }: ProductShape): number => (words === 16 ? Math.ceil((parts * stages) / 2) : parts * stages);
/** Tables of a query. */
const tablesOf = (shape: ProductShape): number => (shape.words === 16 ? 2 * strideOf(shape) : strideOf(shape));
const queryBytesOf = (shape: ProductShape, dim: number): number => CODE_QUERY_CODES + tablesOf(shape) * shape.words * 4 + dim * 4;
const codeBytes = (shape: ProductShape, rows: number, dim: number): number => rows * (strideOf(shape) + 4) + shape.stages * shape.words * dim * 4 + dim * 4 + CODES_SIZE;

class ProductRows implements RowCode {
  readonly ptr: number;
  readonly queryBytes: number;
  readonly trainWork: number;
  readonly encodeWork: number;
  readonly memoryBytes: number;
  readonly #context: CodeContext;
  readonly #shape: ProductShape;
  readonly #seed: number;
  readonly #partDim: number;
  readonly #stride: number;
  readonly #codesPtr: number;
  readonly #termsPtr: number;
  readonly #centrePtr: number;
  readonly #wordsPtr: number;
  /** Of each part and stage, while rows are being encoded. */
  #panels: CentroidPanels[] = [];
  #words: Float32Array[] = [];

  constructor(context: CodeContext, shape: ProductShape, seed: number) {
    const { kernels, rows, dim, metric } = context;
    const { arena } = kernels;
    const { parts, stages, words } = shape;
    this.#context = context;
    this.#shape = shape;
    this.#seed = seed;
    this.#partDim = dim / parts;
    this.#stride = strideOf(shape);
    this.queryBytes = queryBytesOf(shape, dim);
    this.trainWork = stages * (kmeansWork(this.#sampled, dim, words, ITERATIONS) + (stages > 1 ? kmeansWork(this.#sampled, dim, words, 1) : 0));
    this.encodeWork = kmeansWork(rows, dim, words, stages > 1 ? stages * (1 + ROUNDS) : 1);
    this.memoryBytes = codeBytes(shape, rows, dim) - (metric === 'IP' ? rows * 4 : 0);
    this.ptr = arena.alloc(CODES_SIZE);
    this.#codesPtr = arena.alloc(rows * this.#stride);
    this.#termsPtr = metric === 'IP' ? 0 : arena.alloc(rows * 4);
    this.#centrePtr = arena.alloc(dim * 4);
    this.#wordsPtr = arena.alloc(this.#wordFloats * 4);
    arena.u8(this.#codesPtr, rows * this.#stride).fill(0);
    const struct = arena.u32(this.ptr, CODES_SIZE / 4).fill(0);
    struct[CODES_ROWS / 4] = rows;
    struct[CODES_DIM / 4] = dim;
    struct[CODES_STRIDE / 4] = this.#stride;
    struct[CODES_METRIC / 4] = METRIC_CODE[metric];
    struct[CODES_CENTRE / 4] = this.#centrePtr;
    struct[CODES_PTR / 4] = this.#codesPtr;
    struct[CODES_TERMS / 4] = this.#termsPtr;
    struct[CODES_KIND / 4] = words === 16 ? CODE_PQ_NIBBLES : CODE_PQ_BYTES;
    struct[CODES_WIDTH / 4] = tablesOf(shape);
    struct[CODES_PARTS / 4] = parts * stages;
    struct[CODES_PART_DIM / 4] = this.#partDim;
    struct[CODES_STAGES / 4] = stages;
    struct[CODES_CODEBOOKS / 4] = this.#wordsPtr;
    arena.f32(this.ptr + CODES_SCALE, 1)[0] = 1;
  }

  get #wordFloats(): number {
    return this.#shape.stages * this.#shape.words * this.#context.dim;
  }

  get #sampled(): number {
    return Math.min(this.#context.rows, this.#shape.words * SAMPLE_PER_WORD);
  }

  /** x - centre of a row, at unit length for COSINE, to kernel memory at `out`. */
  #shift(row: number, out: number): void {
    const { kernels, dim, metric, vectors } = this.#context;
    const { arena } = kernels;
    const length = metric === 'COSINE' ? arena.f32(vectors!.inverseNormsPtr + row * 4, 1)[0] : 1;
    const x = arena.f32(vectors!.ptr + row * dim * 4, dim), centre = arena.f32(this.#centrePtr, dim), shifted = arena.f32(out, dim);
    for (let d = 0; d < dim; d++) shifted[d] = Math.fround(x[d] * length) - centre[d];
  }

  *train(): Work {
    const { kernels, rows, dim } = this.#context;
    const { arena } = kernels;
    const { parts, stages, words } = this.#shape;
    const partDim = this.#partDim;
    const sample = sampleRows(rows, this.#sampled, this.#seed + 2);
    const n = sample.length;
    const samplePtr = arena.alloc(n * dim * 4), nearestPtr = arena.alloc(n * 4), scoresPtr = arena.alloc(n * 4);
    try {
      arena.f32(this.#centrePtr, dim).fill(0);
      const sums = new Float64Array(dim);
      for (let i = 0; i < n; i++) {
        this.#shift(sample[i], samplePtr + i * dim * 4);
        const x = arena.f32(samplePtr + i * dim * 4, dim);
        for (let d = 0; d < dim; d++) sums[d] += x[d];
        if (i % 256 === 255) yield 0;
      }
      if (n > 0) arena.f32(this.#centrePtr, dim).set(sums.map((sum) => sum / n));
      for (let i = 0; i < n; i++) {
        this.#shift(sample[i], samplePtr + i * dim * 4);
        if (i % 256 === 255) yield 0;
      }
      for (let part = 0; part < parts; part++) {
        const block = { ptr: samplePtr + part * partDim * 4, stride: dim * 4, dim: partDim, rows: n, inverseNormsPtr: 0 };
        for (let stage = 0; stage < stages; stage++) {
          const number = part * stages + stage;
          const values = n === 0 ? new Float32Array(partDim) : yield* trainKmeans(kernels, block, Math.min(words, n), ITERATIONS, this.#seed + 3 + number);
          const panels = new CentroidPanels(kernels, words, partDim);
          panels.set(values);
          this.#panels.push(panels);
          this.#words.push(values);
          writePanels(arena.f32(this.#wordsPtr + number * words * partDim * 4, words * partDim), values, partDim);
          if (stages === 1 || n === 0) continue;
          yield* assignNearest(kernels, block, panels, 0, n, nearestPtr, scoresPtr);
          addWords(arena.f32(block.ptr, (n - 1) * dim + partDim), dim, partDim, arena.u32(nearestPtr, n), values, -1);
        }
      }
    } finally {
      for (const ptr of [samplePtr, nearestPtr, scoresPtr]) arena.free(ptr);
    }
  }

  encode(from: number, to: number): void {
    const { kernels, dim } = this.#context;
    const { arena } = kernels;
    const { parts } = this.#shape;
    const n = to - from;
    if (n === 0) return;
    const restPtr = arena.alloc(n * dim * 4), nearestPtr = arena.alloc(n * 4), scoresPtr = arena.alloc(n * 4);
    const decoded = this.#termsPtr ? new Float32Array(n * dim) : null;
    for (let i = 0; i < n; i++) this.#shift(from + i, restPtr + i * dim * 4);
    for (let part = 0; part < parts; part++) {
      const block = { ptr: restPtr + part * this.#partDim * 4, stride: dim * 4, dim: this.#partDim, rows: n, inverseNormsPtr: 0 };
      this.#encodePart(part, block, from, nearestPtr, scoresPtr, decoded?.subarray(part * this.#partDim) ?? null);
    }
    if (decoded) this.#writeTerms(from, n, decoded, arena.f32(restPtr, n * dim));
    for (const ptr of [restPtr, nearestPtr, scoresPtr]) arena.free(ptr);
  }

  /** Numbers of one part of the block's rows. The block holds what is left of them after the words chosen so far. `decoded`: their sums, `dim` apart. */
  #encodePart(part: number, block: RowBlock, from: number, nearestPtr: number, scoresPtr: number, decoded: Float32Array | null): void {
    const { kernels, rows, dim } = this.#context;
    const { arena } = kernels;
    const { stages, words } = this.#shape;
    const { rows: n, dim: partDim } = block;
    const rest = arena.f32(block.ptr, (n - 1) * dim + partDim);
    const chosen = Array.from({ length: stages }, () => new Uint32Array(0));
    const choose = (stage: number): void => {
      const number = part * stages + stage;
      if (chosen[stage].length > 0) addWords(rest, dim, partDim, chosen[stage], this.#words[number], 1);
      for (const step of assignNearest(kernels, block, this.#panels[number], 0, n, nearestPtr, scoresPtr)) void step;
      chosen[stage] = arena.u32(nearestPtr, n).slice();
      addWords(rest, dim, partDim, chosen[stage], this.#words[number], -1);
    };
    for (let round = 0; round < (stages > 1 ? 1 + ROUNDS : 1); round++) for (let stage = 0; stage < stages; stage++) choose(stage);

    const codes = arena.u8(this.#codesPtr, rows * this.#stride);
    chosen.forEach((numbers, stage) => {
      const number = part * stages + stage;
      if (decoded) addWords(decoded, dim, partDim, numbers, this.#words[number], 1);
      for (let i = 0; i < n; i++) {
        const at = (from + i) * this.#stride;
        if (words === 256) codes[at + number] = numbers[i];
        else codes[at + (number >> 1)] |= numbers[i] << (number & 1 ? 4 : 0);
      }
    });
  }

  /** L2: squared length of the decoded row less the centre, and a share of that of what is left of the row; COSINE: 1 / length of the decoded row. */
  #writeTerms(from: number, n: number, decoded: Float32Array, rest: Float32Array): void {
    const { kernels, dim, metric, vectors } = this.#context;
    const { arena } = kernels;
    const terms = arena.f32(this.#termsPtr + from * 4, n);
    if (metric === 'L2') {
      for (let i = 0; i < n; i++) terms[i] = squaredLength(decoded, i * dim, dim) + ERROR_SHARE * squaredLength(rest, i * dim, dim);
      return;
    }
    const lengths = arena.f32(vectors!.inverseNormsPtr + from * 4, n), centre = arena.f32(this.#centrePtr, dim);
    for (let i = 0; i < n; i++) {
      let squares = 0;
      for (let d = 0, at = i * dim; d < dim; d++, at++) squares += (centre[d] + decoded[at]) ** 2;
      terms[i] = lengths[i] > 0 && squares > 0 ? 1 / Math.sqrt(squares) : 0;
    }
  }

  load(sections: ReadonlyMap<string, Uint8Array>): void {
    const { kernels, rows, dim } = this.#context;
    const { arena } = kernels;
    const put = (name: string, ptr: number, byteLength: number): void => void arena.u8(ptr, byteLength).set(takeSection(sections, name, byteLength));
    put('pq-centre', this.#centrePtr, dim * 4);
    put('pq-words', this.#wordsPtr, this.#wordFloats * 4);
    put('pq-codes', this.#codesPtr, rows * this.#stride);
    if (this.#termsPtr) put('pq-terms', this.#termsPtr, rows * 4);
  }

  sections(): Section[] {
    const { kernels, rows, dim } = this.#context;
    const { arena } = kernels;
    const { parts, stages, words } = this.#shape;
    return [
      { name: 'pq', bytes: new Uint8Array(Uint32Array.of(parts, this.#partDim, words, stages).buffer) },
      { name: 'pq-centre', bytes: arena.u8(this.#centrePtr, dim * 4).slice() },
      { name: 'pq-words', bytes: arena.u8(this.#wordsPtr, this.#wordFloats * 4).slice() },
      { name: 'pq-codes', bytes: arena.u8(this.#codesPtr, rows * this.#stride).slice() },
      ...(this.#termsPtr ? [{ name: 'pq-terms', bytes: arena.u8(this.#termsPtr, rows * 4).slice() }] : []),
    ];
  }

  free(): void {
    for (const ptr of [this.ptr, this.#codesPtr, this.#termsPtr, this.#centrePtr, this.#wordsPtr]) if (ptr !== 0) this.#context.kernels.arena.free(ptr);
    for (const panels of this.#panels) panels.free();
    this.#panels = [];
  }
}

/** Adds `sign` times the word that each row chose; rows are `stride` values apart. */
function addWords(rows: Float32Array, stride: number, partDim: number, chosen: Uint32Array, words: Float32Array, sign: 1 | -1): void {
  for (let i = 0; i < chosen.length; i++) {
    const word = chosen[i] * partDim, at = i * stride;
    for (let d = 0; d < partDim; d++) rows[at + d] += sign * words[word + d];
  }
}

/** The product quantizer of that shape. */
export function productCode(shape: ProductShape): RowCodeType {
  const { parts, stages, words } = shape;
  return {
    bitsPerDim: (dim) => (parts * stages * Math.log2(words)) / dim,
    estimateBytes: (rows, dim) => codeBytes(shape, rows, dim),
    create: (context, seed) => new ProductRows(context, shape, seed),
    open(context, sections) {
      const head = new Uint32Array(takeSection(sections, 'pq', HEADER_BYTES).slice().buffer);
      const wanted = [parts, context.dim / parts, words, stages];
      if (wanted.some((value, i) => head[i] !== value)) {
        const told = ([p, d, w, s]: Iterable<number>): string => `${p} parts of ${d} dimensions, ${w} words and ${s} stages`;
        throw new ElanusError('CORRUPT', `"pq" expected ${told(wanted)}, got ${told(head)}`, { section: 'pq' });
      }
      const rows = new ProductRows(context, shape, 0);
      try {
        rows.load(sections);
      } catch (error) {
        rows.free();
        throw error;
      }
      return rows;
    },
  };
}
