/**
 * Rows as 16-bit floats, IEEE half precision or bfloat16, rounded to nearest; of a COSINE index at unit length. Half precision
 * has few exponents: rows are multiplied by a power of two that brings the largest number near the top of them, which keeps small and large
 * vectors alike.
 *
 * Sections: `codes` u16, shape (rows, dim); `code-scale` f32: that power of two, 1 for bfloat16.
 */
import { CODES_DIM, CODES_KIND, CODES_METRIC, CODES_PTR, CODES_ROWS, CODES_SCALE, CODES_SIZE, CODES_STRIDE, CODES_WIDTH, CODE_BF16, CODE_F16, CODE_QUERY_CODES } from '../../kernels/abi.ts';
import { METRIC_CODE } from '../../kernels/kernels.ts';
import { ElanusError } from '../../util/error.ts';
import type { Work } from '../kmeans.ts';
import type { CodeContext, RowCode, RowCodeType } from '../row-code.ts';
import { takeSection, type Section } from '../sections.ts';

/** The largest number becomes less than this and at least half of it, where `SCALE_MAX` lets it. */
const LARGEST = 2 ** 14;
/** So that neither a query times the scale nor the squares of that overflow f32, unless they would by themselves. */
const SCALE_MAX = 2 ** 32;
const SCALE_MIN = 2 ** -126;
/** Rows looked at per step of training. */
const ROWS_PER_STEP = 4096;

class HalfRows implements RowCode {
  readonly ptr: number;
  readonly queryBytes: number;
  readonly trainWork: number;
  readonly encodeWork: number;
  readonly memoryBytes: number;
  readonly #context: CodeContext;
  readonly #kind: number;
  readonly #codesPtr: number;

  constructor(context: CodeContext, kind: number, scale: number) {
    const { kernels, rows, dim, metric } = context;
    const { arena } = kernels;
    this.#context = context;
    this.#kind = kind;
    this.trainWork = kind === CODE_F16 ? rows * dim : 0;
    this.encodeWork = rows * dim * 4;
    this.queryBytes = CODE_QUERY_CODES + dim * 4;
    this.memoryBytes = rows * dim * 2 + CODES_SIZE;
    this.ptr = arena.alloc(CODES_SIZE);
    this.#codesPtr = arena.alloc(rows * dim * 2);
    const struct = arena.u32(this.ptr, CODES_SIZE / 4).fill(0);
    struct[CODES_ROWS / 4] = rows;
    struct[CODES_DIM / 4] = dim;
    struct[CODES_STRIDE / 4] = dim * 2;
    struct[CODES_WIDTH / 4] = dim;
    struct[CODES_METRIC / 4] = METRIC_CODE[metric];
    struct[CODES_KIND / 4] = kind;
    struct[CODES_PTR / 4] = this.#codesPtr;
    this.#scale[0] = scale;
  }

  get #scale(): Float32Array {
    return this.#context.kernels.arena.f32(this.ptr + CODES_SCALE, 1);
  }

  *train(): Work {
    if (this.#kind !== CODE_F16) return;
    const { kernels, rows, dim, metric, vectors } = this.#context;
    let largest = 0;
    for (let from = 0; from < rows; from += ROWS_PER_STEP) {
      const to = Math.min(from + ROWS_PER_STEP, rows);
      const norms = metric === 'COSINE' ? kernels.arena.f32(vectors!.inverseNormsPtr, rows) : null;
      for (let row = from; row < to; row++) {
        const values = kernels.arena.f32(vectors!.ptr + row * dim * 4, dim);
        let most = 0;
        for (let d = 0; d < dim; d++) most = Math.max(most, Math.abs(values[d]));
        largest = Math.max(largest, most * (norms ? norms[row] : 1));
      }
      yield (to - from) * dim;
    }
    let scale = 1;
    while (largest * scale >= LARGEST && scale > SCALE_MIN) scale /= 2;
    while (largest > 0 && largest * scale < LARGEST / 2 && scale < SCALE_MAX) scale *= 2;
    this.#scale[0] = scale;
  }

  encode(from: number, to: number): void {
    const { kernels, metric, vectors } = this.#context;
    kernels.exports.codesEncode(this.ptr, vectors!.ptr, metric === 'COSINE' ? vectors!.inverseNormsPtr : 0, from, to);
  }

  load(codes: Uint8Array): void {
    this.#context.kernels.arena.u8(this.#codesPtr, codes.length).set(codes);
  }

  sections(): Section[] {
    const { kernels, rows, dim } = this.#context;
    return [
      { name: 'code-scale', bytes: kernels.arena.u8(this.ptr + CODES_SCALE, 4).slice() },
      { name: 'codes', bytes: kernels.arena.u8(this.#codesPtr, rows * dim * 2).slice() },
    ];
  }

  free(): void {
    for (const ptr of [this.ptr, this.#codesPtr]) this.#context.kernels.arena.free(ptr);
  }
}

const halfCode = (kind: number, bits: number): RowCodeType => ({
  bitsPerDim: () => bits,
  estimateBytes: (rows, dim) => rows * dim * 2 + CODES_SIZE,
  create: (context) => new HalfRows(context, kind, 1),
  open(context, sections) {
    const scaleBytes = takeSection(sections, 'code-scale', 4);
    const codes = takeSection(sections, 'codes', context.rows * context.dim * 2);
    const scale = new DataView(scaleBytes.buffer, scaleBytes.byteOffset, 4).getFloat32(0, true);
    const isPower = scale >= SCALE_MIN && scale <= SCALE_MAX && Number.isInteger(Math.log2(scale));
    if (!isPower || (kind === CODE_BF16 && scale !== 1)) {
      throw new ElanusError('CORRUPT', `"code-scale" expected ${kind === CODE_BF16 ? 1 : 'a power of two'}, got ${scale}`, { section: 'code-scale' });
    }
    const rows = new HalfRows(context, kind, scale);
    rows.load(codes);
    return rows;
  },
});

export const FP16 = halfCode(CODE_F16, 16);
/** As many bits as FP16, fewer of them for the fraction. */
export const BF16 = halfCode(CODE_BF16, 15);
