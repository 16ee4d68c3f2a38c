/** The twin of `assembly/packed.ts`: codes that no graph is built over. */
import {
  CODES_CENTRE, CODES_CODEBOOKS, CODES_DIM, CODES_KIND, CODES_METRIC, CODES_PARTS, CODES_PART_DIM, CODES_PTR, CODES_SCALE, CODES_STAGES, CODES_STRIDE,
  CODES_TERMS, CODES_WIDTH, CODES_ZERO, CODE_BF16, CODE_F16, CODE_PQ_BYTES, CODE_QUERY_BASE, CODE_QUERY_CODES, CODE_QUERY_FACTOR, CODE_QUERY_KIND,
  CODE_QUERY_METRIC, CODE_QUERY_OFFSET, CODE_QUERY_TERMS, CODE_QUERY_UNIT, CODE_QUERY_WIDTH, CODE_PQ_NIBBLES, CODE_SQ4U, METRIC_COSINE, METRIC_L2, PANEL_LANES,
} from './abi.ts';
import { l2F32, negativeDotF32, type ScalarMemory } from './scalar-memory.ts';

const fround = Math.fround;

/** To the nearest integer, halves to the even one, as SIMD rounds. */
export function nearest(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Bits of the half precision number nearest to x, ties to even, finite. */
function halfOf(x: number): number {
  single[0] = x;
  const sign = (singleBits[0] >>> 16) & 0x8000;
  const size = Math.min(Math.abs(x), 65504);
  if (size < 2 ** -14) return sign | nearest(size * 2 ** 24);
  single[0] = size;
  const bits = singleBits[0];
  return sign | ((bits + 0xfff + ((bits >>> 13) & 1) - 0x38000000) >>> 13);
}

function bfloatOf(x: number): number {
  single[0] = x;
  const bits = singleBits[0];
  return Math.min(((bits & 0x7fffffff) + 0x7fff + ((bits >>> 16) & 1)) >>> 16, 0x7f7f) | ((bits >>> 16) & 0x8000);
}

function floatOf(kind: number, bits: number): number {
  singleBits[0] = kind === CODE_BF16 ? bits << 16 : ((bits & 0x8000) << 16) | ((bits & 0x7fff) << 13);
  return kind === CODE_BF16 ? single[0] : single[0] * 2 ** 112;
}

/** Integer code of dimension d of the row at byte offset x. */
function integerAt(u8: Uint8Array, kind: number, x: number, d: number): number {
  const lane = d & 15;
  if (kind === CODE_SQ4U) return (u8[x + (d >> 5) * 16 + lane] >> (d & 16 ? 4 : 0)) & 15;
  const block = x + (d >> 6) * 48 + lane, group = (d >> 4) & 3;
  if (group < 3) return u8[block + group * 16] & 63;
  return (u8[block] >> 6) | ((u8[block + 16] >> 6) << 2) | ((u8[block + 32] >> 6) << 4);
}

function putInteger(u8: Uint8Array, kind: number, x: number, d: number, code: number): void {
  const lane = d & 15;
  if (kind === CODE_SQ4U) {
    u8[x + (d >> 5) * 16 + lane] |= code << (d & 16 ? 4 : 0);
    return;
  }
  const block = x + (d >> 6) * 48 + lane, group = (d >> 4) & 3;
  if (group < 3) u8[block + group * 16] |= code;
  else for (let i = 0; i < 3; i++) u8[block + i * 16] |= ((code >> (2 * i)) & 3) << 6;
}

/** One query and one row widened, behind each other. */
let pair = new Float32Array(0);

/** Distance in code units of the prepared query to a row of the codes at byte offset `codes`. */
export function packedDistance(memory: ScalarMemory, query: number, codes: number, stride: number, row: number): number {
  const { u8, u16, i16, i32, u32, f32 } = memory;
  const head = query / 4, x = codes + row * stride, v = query + CODE_QUERY_CODES;
  const kind = u32[head + CODE_QUERY_KIND / 4], width = u32[head + CODE_QUERY_WIDTH / 4], metric = u32[head + CODE_QUERY_METRIC / 4];
  if (kind === CODE_F16 || kind === CODE_BF16) {
    if (pair.length < 2 * width) pair = new Float32Array(2 * width);
    pair.set(f32.subarray(v / 4, v / 4 + width));
    for (let d = 0; d < width; d++) pair[width + d] = floatOf(kind, u16[x / 2 + d]);
    return metric === METRIC_L2 ? l2F32(pair, 0, width, width) : negativeDotF32(pair, 0, width, width);
  }
  let dot = 0;
  if (kind === CODE_PQ_BYTES || kind === CODE_PQ_NIBBLES) {
    let even = 0, odd = 0;
    for (let part = 0; part < width; part++) {
      const number = kind === CODE_PQ_BYTES ? u8[x + part] : (u8[x + (part >> 1)] >> (part & 1 ? 4 : 0)) & 15;
      const entry = f32[v / 4 + part * (kind === CODE_PQ_BYTES ? 256 : 16) + number];
      if (part & 1) odd = fround(odd + entry);
      else even = fround(even + entry);
    }
    dot = fround(even + odd);
  } else {
    for (let d = 0; d < width; d++) if (i16[v / 2 + d] !== 0) dot += i16[v / 2 + d] * integerAt(u8, kind, x, d);
    dot = fround(dot - i32[head + CODE_QUERY_OFFSET / 4]);
  }
  const distance = fround(fround(dot * f32[head + CODE_QUERY_FACTOR / 4]) + f32[head + CODE_QUERY_BASE / 4]);
  const terms = u32[head + CODE_QUERY_TERMS / 4];
  if (terms === 0) return distance;
  return metric === METRIC_COSINE ? fround(distance * f32[terms / 4 + row]) : fround(distance + f32[terms / 4 + row]);
}

export function packedQuery(memory: ScalarMemory, codes: number, query: number, out: number): void {
  const { u32, f32 } = memory;
  const at = codes / 4, q = query / 4, head = out / 4, v = (out + CODE_QUERY_CODES) / 4;
  const dim = u32[at + CODES_DIM / 4], kind = u32[at + CODES_KIND / 4], scale = f32[at + CODES_SCALE / 4];
  const isL2 = u32[at + CODES_METRIC / 4] === METRIC_L2;
  if (kind === CODE_F16 || kind === CODE_BF16) {
    for (let d = 0; d < dim; d++) f32[v + d] = f32[q + d] * (isL2 ? scale : 1);
    f32[head + CODE_QUERY_UNIT / 4] = 1 / (isL2 ? fround(scale * scale) : scale);
    return;
  }
  const words = kind === CODE_PQ_BYTES ? 256 : 16;
  const parts = u32[at + CODES_PARTS / 4], partDim = u32[at + CODES_PART_DIM / 4], stages = u32[at + CODES_STAGES / 4];
  const centre = u32[at + CODES_CENTRE / 4] / 4, codebooks = u32[at + CODES_CODEBOOKS / 4] / 4;
  const shifted = new Float32Array(dim);
  let squares = 0, onCentre = 0;
  for (let d = 0; d < dim; d++) {
    const m = f32[centre + d];
    shifted[d] = isL2 ? f32[q + d] - m : f32[q + d];
    squares = fround(squares + fround(shifted[d] * shifted[d]));
    onCentre = fround(onCentre + fround(f32[q + d] * m));
  }
  for (let part = 0; part < parts; part++) {
    const from = Math.floor(part / stages) * partDim;
    for (let word = 0; word < words; word++) {
      const panel = codebooks + (part * words + (word & ~7)) * partDim + (word & 7);
      let dot = 0;
      for (let d = 0; d < partDim; d++) dot = fround(dot + fround(shifted[from + d] * f32[panel + d * PANEL_LANES]));
      f32[v + part * words + word] = dot;
    }
  }
  f32.fill(0, v + parts * words, v + u32[at + CODES_WIDTH / 4] * words);
  f32[head + CODE_QUERY_BASE / 4] = isL2 ? squares : -onCentre;
  f32[head + CODE_QUERY_FACTOR / 4] = isL2 ? -2 : -1;
  f32[head + CODE_QUERY_UNIT / 4] = 1;
}

export function packedEncode(memory: ScalarMemory, codes: number, source: number, inverseNorms: number, from: number, to: number): void {
  const { u8, u16, i32, u32, f32 } = memory;
  const at = codes / 4;
  const dim = u32[at + CODES_DIM / 4], kind = u32[at + CODES_KIND / 4], stride = u32[at + CODES_STRIDE / 4], ptr = u32[at + CODES_PTR / 4];
  const scale = f32[at + CODES_SCALE / 4], zero = i32[at + CODES_ZERO / 4], centre = u32[at + CODES_CENTRE / 4] / 4, terms = u32[at + CODES_TERMS / 4];
  const inverseScale = fround(1 / scale), most = kind === CODE_SQ4U ? 15 : 63;
  for (let row = from; row < to; row++) {
    const x = source / 4 + row * dim, out = ptr + row * stride;
    const length = inverseNorms ? f32[inverseNorms / 4 + row] : 1;
    if (kind === CODE_F16 || kind === CODE_BF16) {
      for (let d = 0; d < dim; d++) {
        const value = fround(fround(f32[x + d] * length) * scale);
        u16[out / 2 + d] = kind === CODE_F16 ? halfOf(value) : bfloatOf(value);
      }
      continue;
    }
    u8.fill(0, out, out + stride);
    let squares = 0, decoded = 0;
    for (let d = 0; d < dim; d++) {
      const m = f32[centre + d];
      const code = Math.min(Math.max(nearest(fround(fround(fround(f32[x + d] * length) - m) * inverseScale)) + zero, 0), most);
      const w = code - zero;
      squares += w * w;
      const value = m + scale * w;
      decoded += value * value;
      putInteger(u8, kind, out, d, code);
    }
    if (terms === 0) continue;
    if (u32[at + CODES_METRIC / 4] !== METRIC_COSINE) f32[terms / 4 + row] = squares;
    else f32[terms / 4 + row] = length > 0 && decoded > 0 ? 1 / Math.sqrt(decoded) : 0;
  }
}
