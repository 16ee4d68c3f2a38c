/**
 * A block of rows quantized to integers of 4, 6 or 7 bits in kernel memory, and one f32 a row. The arithmetic is in
 * `assembly/codes.ts` and `assembly/packed.ts`; this owns the memory and the bytes in a file.
 *
 * Sections: `codes` u8, shape (rows, stride); `code-terms` f32, shape (rows), for SQ6 and SQ4U none for IP; `code-map` scale f32, zero i32, then
 * centre f32, shape (dim).
 */
import {
  CODES_CENTRE, CODES_DIM, CODES_KIND, CODES_METRIC, CODES_PTR, CODES_ROWS, CODES_SCALE, CODES_SIZE, CODES_STRIDE, CODES_TERMS, CODES_WIDTH, CODES_ZERO,
  CODE_QUERY_CODES, CODE_SQ4U, CODE_SQ6, CODE_SQ8,
} from '../../kernels/abi.ts';
import { METRIC_CODE } from '../../kernels/kernels.ts';
import type { MetricType } from '../../schema/types.ts';
import type { Work } from '../kmeans.ts';
import type { CodeContext, RowCode, RowCodeType } from '../row-code.ts';
import { takeSection, type Section } from '../sections.ts';
import { ElanusError } from '../../util/error.ts';
import { trainAffine, type AffineMap } from './train.ts';

/** How a row's integers lie in bytes. */
export interface IntegerLayout {
  /** CODE_* of the ABI. */
  readonly kind: number;
  readonly bits: number;
  /** Bytes per row. */
  stride(dim: number): number;
  /** Dimensions with those that a whole number of vectors holds beyond them. */
  width(dim: number): number;
}

const groupsOf16 = (dim: number): number => Math.ceil(dim / 16);
/** Of the last block of 64 dimensions. */
const sq6TailGroups = (dim: number): number => Math.min(groupsOf16(dim % 64), 3);

/** One byte a dimension; 7 bits, the unsigned operand of the relaxed integer dot product. */
export const SQ8_LAYOUT: IntegerLayout = { kind: CODE_SQ8, bits: 7, stride: (dim) => groupsOf16(dim) * 16, width: (dim) => groupsOf16(dim) * 16 };
const SQ6_LAYOUT: IntegerLayout = {
  kind: CODE_SQ6,
  bits: 6,
  stride: (dim) => Math.floor(dim / 64) * 48 + sq6TailGroups(dim) * 16,
  width: (dim) => Math.floor(dim / 64) * 64 + (sq6TailGroups(dim) === 3 ? 64 : sq6TailGroups(dim) * 16),
};
const SQ4U_LAYOUT: IntegerLayout = { kind: CODE_SQ4U, bits: 4, stride: (dim) => Math.ceil(dim / 32) * 16, width: (dim) => Math.ceil(dim / 32) * 32 };

/** Bytes per row of SQ8. */
export const codeStride = (dim: number): number => SQ8_LAYOUT.stride(dim);
/** Bytes of a query in code form: up to two per dimension behind its head. */
export const codeQueryBytes = (dim: number, layout = SQ8_LAYOUT): number => CODE_QUERY_CODES + 2 * layout.width(dim);
/** Bytes of kernel memory that a block takes. */
const codesBytes = (rows: number, dim: number, layout: IntegerLayout): number => rows * (layout.stride(dim) + 4) + dim * 4 + CODES_SIZE;

/** SQ8 has terms for L2 and for builds; the others for what they divide by, too. */
const hasTerms = ({ kind }: IntegerLayout, metric: MetricType): boolean => kind === CODE_SQ8 || metric !== 'IP';

export class CodeBlock implements RowCode {
  readonly ptr: number;
  readonly codesPtr: number;
  readonly stride: number;
  readonly queryBytes: number;
  readonly trainWork = 0;
  readonly #context: CodeContext;
  readonly #layout: IntegerLayout;
  /** 0 where the metric has no use for them. */
  readonly #termsPtr: number;
  readonly #centrePtr: number;

  private constructor(context: CodeContext, map: AffineMap, layout: IntegerLayout) {
    const { kernels, rows, dim, metric } = context;
    const { arena } = kernels;
    this.#context = context;
    this.#layout = layout;
    this.stride = layout.stride(dim);
    this.queryBytes = codeQueryBytes(dim, layout);
    this.ptr = arena.alloc(CODES_SIZE);
    this.codesPtr = arena.alloc(rows * this.stride);
    this.#termsPtr = hasTerms(layout, metric) ? arena.alloc(rows * 4) : 0;
    this.#centrePtr = arena.alloc(dim * 4);
    arena.f32(this.#centrePtr, dim).set(map.centre);
    const struct = arena.u32(this.ptr, CODES_SIZE / 4).fill(0);
    struct[CODES_KIND / 4] = layout.kind;
    struct[CODES_WIDTH / 4] = layout.width(dim);
    struct[CODES_ROWS / 4] = rows;
    struct[CODES_DIM / 4] = dim;
    struct[CODES_STRIDE / 4] = this.stride;
    struct[CODES_METRIC / 4] = METRIC_CODE[metric];
    struct[CODES_ZERO / 4] = map.zero;
    struct[CODES_CENTRE / 4] = this.#centrePtr;
    struct[CODES_PTR / 4] = this.codesPtr;
    struct[CODES_TERMS / 4] = this.#termsPtr;
    arena.f32(this.ptr, CODES_SIZE / 4)[CODES_SCALE / 4] = map.scale;
  }

  /** Room for the context's rows, with a map trained on them; `encode` fills it. */
  static train(context: CodeContext, layout = SQ8_LAYOUT): CodeBlock {
    const { kernels, rows, dim, metric, vectors } = context;
    const norms = metric === 'COSINE' ? kernels.arena.f32(vectors!.inverseNormsPtr, rows) : null;
    // Rows in SQ8 are compared with each other, too.
    const range = { most: 2 ** layout.bits - 1, isCentred: metric !== 'IP' || layout.kind !== CODE_SQ8 };
    return new CodeBlock(context, trainAffine(kernels.arena.f32(vectors!.ptr, rows * dim), rows, dim, range, norms), layout);
  }

  /** The map is there from the start: it costs a look at a few thousand rows. */
  *train(): Work {}

  get encodeWork(): number {
    return this.#context.rows * this.#context.dim;
  }

  encode(from: number, to: number): void {
    const { kernels, metric, vectors } = this.#context;
    kernels.exports.codesEncode(this.ptr, vectors!.ptr, metric === 'COSINE' ? vectors!.inverseNormsPtr : 0, from, to);
  }

  /** Encodes rows [from, to) that lie at `source`, one after another, as they are. */
  encodeFrom(source: number, from: number, to: number): void {
    const { kernels, dim } = this.#context;
    // The kernel counts rows from the block's first, wherever that would be: pointers are taken modulo 2^32.
    kernels.exports.codesEncode(this.ptr, source - from * dim * 4, 0, from, to);
  }

  /** Loads what `sections` gave. CORRUPT when a length or a code does not fit. */
  static open(context: CodeContext, sections: ReadonlyMap<string, Uint8Array>, layout = SQ8_LAYOUT): CodeBlock {
    const { kernels, rows, dim, metric } = context;
    const most = 2 ** layout.bits - 1;
    const mapBytes = takeSection(sections, 'code-map', 8 + dim * 4);
    const codes = takeSection(sections, 'codes', rows * layout.stride(dim));
    const terms = hasTerms(layout, metric) ? takeSection(sections, 'code-terms', rows * 4) : null;
    const view = new DataView(mapBytes.buffer, mapBytes.byteOffset, mapBytes.byteLength);
    const scale = view.getFloat32(0, true);
    const zero = view.getInt32(4, true);
    if (!(scale > 0 && scale < Infinity) || zero < 0 || zero > most) {
      throw new ElanusError('CORRUPT', `"code-map" expected a scale above 0 and a zero in [0, ${most}], got ${scale} and ${zero}`, { section: 'code-map' });
    }
    const centre = new Float32Array(dim);
    for (let d = 0; d < dim; d++) centre[d] = view.getFloat32(8 + d * 4, true);
    const block = new CodeBlock(context, { scale, zero, centre }, layout);
    kernels.arena.u8(block.codesPtr, codes.length).set(codes);
    if (terms) kernels.arena.u8(block.#termsPtr, terms.length).set(terms);
    return block;
  }

  sections(): Section[] {
    const { kernels, rows, dim } = this.#context;
    const { arena } = kernels;
    const map = new Uint8Array(8 + dim * 4);
    map.set(arena.u8(this.ptr + CODES_SCALE, 4), 0);
    map.set(arena.u8(this.ptr + CODES_ZERO, 4), 4);
    map.set(arena.u8(this.#centrePtr, dim * 4), 8);
    return [
      { name: 'code-map', bytes: map },
      { name: 'codes', bytes: arena.u8(this.codesPtr, rows * this.stride).slice() },
      ...(this.#termsPtr === 0 ? [] : [{ name: 'code-terms', bytes: arena.u8(this.#termsPtr, rows * 4).slice() }]),
    ];
  }

  get memoryBytes(): number {
    return codesBytes(this.#context.rows, this.#context.dim, this.#layout) - (this.#termsPtr === 0 ? this.#context.rows * 4 : 0);
  }

  free(): void {
    for (const ptr of [this.ptr, this.codesPtr, this.#termsPtr, this.#centrePtr]) if (ptr !== 0) this.#context.kernels.arena.free(ptr);
  }
}

const integerCode = (layout: IntegerLayout, bits: number): RowCodeType => ({
  bitsPerDim: () => bits,
  estimateBytes: (rows, dim) => codesBytes(rows, dim, layout),
  create: (context) => CodeBlock.train(context, layout),
  open: (context, sections) => CodeBlock.open(context, sections, layout),
});

/** A byte a dimension, of which 7 bits are used. */
export const SQ8 = integerCode(SQ8_LAYOUT, 8);
export const SQ6 = integerCode(SQ6_LAYOUT, 6);
export const SQ4U = integerCode(SQ4U_LAYOUT, 4);
