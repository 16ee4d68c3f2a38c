/**
 * Rows of lists by a product quantizer (Jégou, Douze, Schmid) over their residuals x - c: each part of `partDim` dimensions
 * is the number of the nearest of 256 or 16 words. 256: a byte a part, row by row. 16: half a byte a part, in blocks for the
 * fast scan (`blocks.ts`), the number of parts rounded up to even.
 *
 * L2 adds a number per row, |y|^2 + 2 c·y with y the decoded residual, so that all lists share one table per query;
 * `assembly/ivf.ts` has the algebra.
 *
 * Sections: `pq` four u32 (parts, dimensions a part, words, 0); `pq-words` f32, shape (parts, words / 8, partDim, 8);
 * `pq-codes` u8, shape (rows, parts) or (blocks, parts, 16); L2: `pq-terms` f32, shape (rows).
 */
import {
  IVF_BLOCKS, IVF_CODEBOOKS, IVF_DATA, IVF_FLOAT_TABLES, IVF_KIND, IVF_PARTS, IVF_PART_DIM, IVF_PER_ROW, IVF_QUERY, IVF_STRIDE, IVF_TABLES, LISTS_BYTES,
  LISTS_NIBBLES,
} from '../../kernels/abi.ts';
import { ElanusError } from '../../util/error.ts';
import { assignNearest, CentroidPanels, kmeansWork, sampleRows, squaredLength, trainKmeans, writePanels, type Work } from '../kmeans.ts';
import { f32Centroids, listCursor, SLACK_ROWS, squaredLengths, type ListCode, type ListCodeType, type ListLayout } from '../list-code.ts';
import { takeSection, type Section } from '../sections.ts';
import { blockBytes, blockStarts, putNibble } from './blocks.ts';
import { ITERATIONS, SAMPLE_PER_WORD } from './train.ts';

const HEADER_BYTES = 16;

export interface PqShape {
  readonly parts: number;
  readonly partDim: number;
  readonly words: 16 | 256;
}

/** Parts as the codes have them. */
const storedParts = ({ parts, words }: PqShape): number => (words === 16 ? parts + (parts & 1) : parts);

class PqLists implements ListCode {
  /** Every query has tables of its own, which take more of the cache than a list does. */
  readonly comparesByList = true;
  readonly startTile = null;
  readonly wantsUnitRows = true;
  readonly #layout: ListLayout;
  readonly #shape: PqShape;
  readonly #parts: number;
  readonly #blocks: Uint32Array;
  readonly #codeBytes: number;
  readonly #held: { ptr: number; bytes: number }[] = [];
  readonly #codesPtr: number;
  readonly #termsPtr: number;
  readonly #wordsPtr: number;
  readonly #blocksPtr: number;
  readonly #tablesPtr: number;
  readonly #floatTablesPtr: number;
  readonly #queryPtr: number;
  /** Of each part, while rows are being encoded. */
  #panels: CentroidPanels[] = [];
  #wordValues: Float32Array[] = [];
  readonly #listOf: (position: number) => number;

  constructor(layout: ListLayout, shape: PqShape) {
    const { kernels, rows, metric } = layout;
    const { parts, partDim, words } = shape;
    this.#layout = layout;
    this.#shape = shape;
    this.#parts = storedParts(shape);
    const { blocks, total } = blockStarts(layout.starts);
    this.#blocks = blocks;
    this.#codeBytes = words === 16 ? total * blockBytes(this.#parts) : rows * parts;
    this.#listOf = listCursor(layout.starts);
    const alloc = (bytes: number): number => {
      const ptr = kernels.arena.alloc(bytes);
      this.#held.push({ ptr, bytes });
      return ptr;
    };
    this.#codesPtr = alloc(this.#codeBytes + 3 * parts);
    this.#termsPtr = metric === 'L2' ? alloc((rows + SLACK_ROWS) * 4) : 0;
    this.#wordsPtr = alloc(this.#wordFloats * 4);
    this.#blocksPtr = alloc(blocks.length * 4);
    this.#tablesPtr = alloc(words === 16 ? this.#parts * 16 : 0);
    this.#floatTablesPtr = alloc(this.#parts * words * 4);
    this.#queryPtr = alloc(Math.max(this.#parts * partDim, layout.dim) * 4);
    kernels.arena.u8(this.#codesPtr, this.#codeBytes + 3 * parts).fill(0);
    kernels.arena.f32(this.#wordsPtr, this.#wordFloats).fill(0);
    if (this.#termsPtr) kernels.arena.f32(this.#termsPtr, rows + SLACK_ROWS).fill(0);
    kernels.arena.u32(this.#blocksPtr, blocks.length).set(blocks);
  }

  /** Values of the codebooks, the padding part's zeros with them. */
  get #wordFloats(): number {
    return this.#parts * this.#shape.words * this.#shape.partDim;
  }

  get centroids(): Float32Array {
    return this.#layout.centroids;
  }

  get centroidTerms(): Float32Array {
    return squaredLengths(this.#layout.centroids, this.#layout.dim);
  }

  get memoryBytes(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get work(): number {
    const { parts, partDim, words } = this.#shape;
    return kmeansWork(this.#sampled, parts * partDim, words, ITERATIONS) + kmeansWork(this.#layout.rows, parts * partDim, words, 1);
  }

  get #sampled(): number {
    return Math.min(this.#layout.rows, this.#shape.words * SAMPLE_PER_WORD);
  }

  describe(struct: Uint32Array): void {
    struct[IVF_KIND / 4] = this.#shape.words === 16 ? LISTS_NIBBLES : LISTS_BYTES;
    struct[IVF_DATA / 4] = this.#codesPtr;
    struct[IVF_STRIDE / 4] = this.#parts;
    struct[IVF_PER_ROW / 4] = this.#termsPtr;
    struct[IVF_BLOCKS / 4] = this.#blocksPtr;
    struct[IVF_PARTS / 4] = this.#parts;
    struct[IVF_PART_DIM / 4] = this.#shape.partDim;
    struct[IVF_CODEBOOKS / 4] = this.#wordsPtr;
    struct[IVF_TABLES / 4] = this.#tablesPtr;
    struct[IVF_FLOAT_TABLES / 4] = this.#floatTablesPtr;
    struct[IVF_QUERY / 4] = this.#queryPtr;
  }

  *train(): Work {
    const { kernels, rows, dim, metric, vectors, rowIds, centroids, starts, seed } = this.#layout;
    const { arena } = kernels;
    const { parts, partDim, words } = this.#shape;
    const width = parts * partDim;
    const sample = sampleRows(rows, this.#sampled, seed + 2);
    const samplePtr = arena.alloc(sample.length * width * 4);
    arena.f32(samplePtr, sample.length * width).fill(0);
    const listOf = listCursor(starts);
    for (let i = 0; i < sample.length; i++) {
      const row = rowIds[sample[i]];
      const length = metric === 'COSINE' ? arena.f32(vectors!.inverseNormsPtr + row * 4, 1)[0] : 1;
      residual(arena.f32(vectors!.ptr + row * dim * 4, dim), 0, length, centroids, listOf(sample[i]) * dim, dim, arena.f32(samplePtr + i * width * 4, width), 0);
      if (i % 256 === 255) yield 0;
    }
    for (let part = 0; part < parts; part++) {
      const block = { ptr: samplePtr + part * partDim * 4, stride: width * 4, dim: partDim, rows: sample.length, inverseNormsPtr: 0 };
      const values = sample.length === 0 ? new Float32Array(partDim) : yield* trainKmeans(kernels, block, Math.min(words, sample.length), ITERATIONS, seed + 3 + part);
      const panels = new CentroidPanels(kernels, words, partDim);
      panels.set(values);
      this.#panels.push(panels);
      this.#wordValues.push(values);
      writePanels(arena.f32(this.#wordsPtr + part * words * partDim * 4, words * partDim), values, partDim);
    }
    arena.free(samplePtr);
  }

  encode(source: number, from: number, to: number): void {
    const { kernels, dim, centroids, starts } = this.#layout;
    const { arena } = kernels;
    const { parts, partDim, words } = this.#shape;
    const n = to - from, width = parts * partDim;
    const residualsPtr = arena.alloc(n * width * 4), nearestPtr = arena.alloc(n * 4), scoresPtr = arena.alloc(n * 4);
    const rows = arena.f32(source, n * dim), residuals = arena.f32(residualsPtr, n * width).fill(0);
    const lists = Uint32Array.from({ length: n }, (_, i) => this.#listOf(from + i));
    for (let i = 0; i < n; i++) residual(rows, i * dim, 1, centroids, lists[i] * dim, dim, residuals, i * width);
    const codes = arena.u8(this.#codesPtr, this.#codeBytes);
    const terms = new Float64Array(n);
    for (let part = 0; part < parts; part++) {
      const block = { ptr: residualsPtr + part * partDim * 4, stride: width * 4, dim: partDim, rows: n, inverseNormsPtr: 0 };
      for (const step of assignNearest(kernels, block, this.#panels[part], 0, n, nearestPtr, scoresPtr)) void step;
      const nearest = arena.u32(nearestPtr, n), values = this.#wordValues[part];
      for (let i = 0; i < n; i++) {
        const word = nearest[i];
        if (words === 16) putNibble(codes, this.#blocks[lists[i]] * blockBytes(this.#parts), from + i - starts[lists[i]], this.#parts, part, word);
        else codes[(from + i) * parts + part] = word;
        if (this.#termsPtr) terms[i] += squaredLength(values, word * partDim, partDim) + 2 * dot(values, word * partDim, centroids, lists[i] * dim + part * partDim, Math.min(partDim, dim - part * partDim));
      }
    }
    if (this.#termsPtr) arena.f32(this.#termsPtr + from * 4, n).set(terms);
    for (const ptr of [residualsPtr, nearestPtr, scoresPtr]) arena.free(ptr);
  }

  load(sections: ReadonlyMap<string, Uint8Array>): void {
    const { kernels, rows, metric } = this.#layout;
    const { arena } = kernels;
    const words = takeSection(sections, 'pq-words', this.#wordFloats * 4);
    const codes = takeSection(sections, 'pq-codes', this.#codeBytes);
    arena.u8(this.#wordsPtr, words.length).set(words);
    arena.u8(this.#codesPtr, codes.length).set(codes);
    if (metric !== 'L2') return;
    const terms = takeSection(sections, 'pq-terms', rows * 4);
    arena.u8(this.#termsPtr, terms.length).set(terms);
  }

  sections(): Section[] {
    const { kernels, rows, metric } = this.#layout;
    const { arena } = kernels;
    const { parts, partDim, words } = this.#shape;
    return [
      { name: 'pq', bytes: new Uint8Array(Uint32Array.of(parts, partDim, words, 0).buffer) },
      { name: 'pq-words', bytes: arena.u8(this.#wordsPtr, this.#wordFloats * 4).slice() },
      { name: 'pq-codes', bytes: arena.u8(this.#codesPtr, this.#codeBytes).slice() },
      ...(metric === 'L2' ? [{ name: 'pq-terms', bytes: arena.u8(this.#termsPtr, rows * 4).slice() }] : []),
    ];
  }

  free(): void {
    for (const { ptr } of this.#held) this.#layout.kernels.arena.free(ptr);
    for (const panels of this.#panels) panels.free();
    this.#panels = [];
  }
}

/** x * length - c, zero beyond dim where the last part is longer than the row. */
function residual(x: Float32Array, xAt: number, length: number, c: Float32Array, cAt: number, dim: number, out: Float32Array, at: number): void {
  for (let d = 0; d < dim; d++) out[at + d] = Math.fround(x[xAt + d] * length) - c[cAt + d];
}

function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[aAt + i] * b[bAt + i];
  return sum;
}

/** The product quantizer of that shape; parts * partDim is dim, or less than partDim more. */
export function pqLists(shape: PqShape): ListCodeType {
  return {
    ...f32Centroids,
    create: (layout) => new PqLists(layout, shape),
    open(layout, sections) {
      const head = new Uint32Array(takeSection(sections, 'pq', HEADER_BYTES).slice().buffer);
      if (head[0] !== shape.parts || head[1] !== shape.partDim || head[2] !== shape.words) {
        const expected = `${shape.parts} parts of ${shape.partDim} dimensions and ${shape.words} words`;
        throw new ElanusError('CORRUPT', `"pq" expected ${expected}, got ${head[0]}, ${head[1]} and ${head[2]}`, { section: 'pq' });
      }
      const lists = new PqLists(layout, shape);
      try {
        lists.load(sections);
      } catch (error) {
        lists.free();
        throw error;
      }
      return lists;
    },
    bytesPerRow: () => (shape.words === 16 ? storedParts(shape) / 2 : shape.parts) + 4,
  };
}
