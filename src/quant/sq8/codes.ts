/**
 * A block of rows quantized to 7 bits in kernel memory: one byte a dimension, rows padded to a multiple of 16 bytes, and
 * one f32 a row. The arithmetic is in `assembly/codes.ts`; this owns the memory and the bytes in a file.
 *
 * Sections: `codes` u8, shape (rows, stride); `code-terms` f32, shape (rows); `code-map` scale f32, zero i32, then
 * centre f32, shape (dim).
 */
import {
  CODES_CENTRE, CODES_DIM, CODES_METRIC, CODES_PTR, CODES_ROWS, CODES_SCALE, CODES_SIZE, CODES_STRIDE, CODES_TERMS, CODES_ZERO, CODE_QUERY_CODES,
} from '../../kernels/abi.ts';
import { METRIC_CODE, type Kernels } from '../../kernels/kernels.ts';
import type { MetricType } from '../../schema/types.ts';
import { takeSection, type Section } from '../sections.ts';
import { ElanusError } from '../../util/error.ts';
import { CODE_MAX, trainAffine, type AffineMap } from './train.ts';

/** Bytes per row. */
export const codeStride = (dim: number): number => Math.ceil(dim / 16) * 16;
/** Bytes of a query in code form: up to two per dimension behind its head. */
export const codeQueryBytes = (dim: number): number => CODE_QUERY_CODES + 2 * codeStride(dim);
/** Bytes of kernel memory that a block takes. */
export const codesBytes = (rows: number, dim: number): number => rows * (codeStride(dim) + 4) + dim * 4 + CODES_SIZE;

/** The rows to encode, and the memory they are in. */
export interface CodeContext {
  readonly kernels: Kernels;
  readonly metric: MetricType;
  readonly dim: number;
  readonly rows: number;
  /** f32 rows and, for COSINE, their inverse norms; needed to train and encode, not to open. */
  readonly vectors: { readonly ptr: number; readonly inverseNormsPtr: number } | null;
}

export class CodeBlock {
  /** The Codes struct. */
  readonly ptr: number;
  readonly codesPtr: number;
  readonly stride: number;
  readonly #context: CodeContext;
  readonly #termsPtr: number;
  readonly #centrePtr: number;

  private constructor(context: CodeContext, map: AffineMap) {
    const { kernels, rows, dim, metric } = context;
    const { arena } = kernels;
    this.#context = context;
    this.stride = codeStride(dim);
    this.ptr = arena.alloc(CODES_SIZE);
    this.codesPtr = arena.alloc(rows * this.stride);
    this.#termsPtr = arena.alloc(rows * 4);
    this.#centrePtr = arena.alloc(dim * 4);
    arena.f32(this.#centrePtr, dim).set(map.centre);
    const struct = arena.u32(this.ptr, CODES_SIZE / 4);
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
  static train(context: CodeContext): CodeBlock {
    const { kernels, rows, dim, metric, vectors } = context;
    const norms = metric === 'COSINE' ? kernels.arena.f32(vectors!.inverseNormsPtr, rows) : null;
    return new CodeBlock(context, trainAffine(kernels.arena.f32(vectors!.ptr, rows * dim), rows, dim, metric, norms));
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
  static open(context: CodeContext, sections: ReadonlyMap<string, Uint8Array>): CodeBlock {
    const { kernels, rows, dim } = context;
    const mapBytes = takeSection(sections, 'code-map', 8 + dim * 4);
    const codes = takeSection(sections, 'codes', rows * codeStride(dim));
    const terms = takeSection(sections, 'code-terms', rows * 4);
    const view = new DataView(mapBytes.buffer, mapBytes.byteOffset, mapBytes.byteLength);
    const scale = view.getFloat32(0, true);
    const zero = view.getInt32(4, true);
    if (!(scale > 0 && scale < Infinity) || zero < 0 || zero > CODE_MAX) {
      throw new ElanusError('CORRUPT', `"code-map" expected a scale above 0 and a zero in [0, ${CODE_MAX}], got ${scale} and ${zero}`, { section: 'code-map' });
    }
    const centre = new Float32Array(dim);
    for (let d = 0; d < dim; d++) centre[d] = view.getFloat32(8 + d * 4, true);
    const block = new CodeBlock(context, { scale, zero, centre });
    kernels.arena.u8(block.codesPtr, codes.length).set(codes);
    kernels.arena.u8(block.#termsPtr, terms.length).set(terms);
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
      { name: 'code-terms', bytes: arena.u8(this.#termsPtr, rows * 4).slice() },
    ];
  }

  get memoryBytes(): number {
    return codesBytes(this.#context.rows, this.#context.dim);
  }

  free(): void {
    for (const ptr of [this.ptr, this.codesPtr, this.#termsPtr, this.#centrePtr]) this.#context.kernels.arena.free(ptr);
  }
}
