/** The twin of `assembly/codes.ts`: quantizing rows and queries, and distances between them. */
import {
  CODES_CENTRE, CODES_DIM, CODES_KIND, CODES_METRIC, CODES_PTR, CODES_SCALE, CODES_STRIDE, CODES_TERMS, CODES_WIDTH, CODES_ZERO, CODE_F16, CODE_QUERY_BASE,
  CODE_QUERY_CODES, CODE_QUERY_FACTOR, CODE_QUERY_KIND, CODE_QUERY_METRIC, CODE_QUERY_OFFSET, CODE_QUERY_TERMS, CODE_QUERY_UNIT, CODE_QUERY_WIDTH, CODE_SQ8,
  METRIC_COSINE, METRIC_IP, METRIC_L2,
} from './abi.ts';
import type { KernelExports } from './exports.ts';
import type { ScalarMemory } from './scalar-memory.ts';
import { nearest, packedDistance, packedEncode, packedQuery } from './scalar-packed.ts';
import { ScalarTopK } from './scalar-topk.ts';

const CODE_MAX = 127;
const fround = Math.fround;

/** Distance in code units of the prepared query at `query` to the code row at byte offset `row * stride`. */
export function codeDistance(memory: ScalarMemory, query: number, codes: number, stride: number, row: number): number {
  const { u8, i16, i32, u32, f32 } = memory;
  if (u32[(query + CODE_QUERY_KIND) / 4] !== CODE_SQ8) return packedDistance(memory, query, codes, stride, row);
  const v = (query + CODE_QUERY_CODES) / 2;
  const x = codes + row * stride;
  let dot = 0;
  for (let i = 0; i < stride; i++) dot += i16[v + i] * u8[x + i];
  const head = query / 4;
  const distance = fround(fround(fround(dot - i32[head + CODE_QUERY_OFFSET / 4]) * f32[head + CODE_QUERY_FACTOR / 4]) + f32[head + CODE_QUERY_BASE / 4]);
  const terms = u32[head + CODE_QUERY_TERMS / 4];
  return terms === 0 ? distance : fround(distance + f32[terms / 4 + row]);
}

export function scalarCodes(memory: ScalarMemory): Pick<KernelExports, 'codesEncode' | 'codesQuery' | 'codesRowQuery' | 'rescoreCodes'> {
  const read = (codes: number) => {
    const { u32, i32, f32 } = memory;
    const at = codes / 4;
    return {
      dim: u32[at + CODES_DIM / 4],
      stride: u32[at + CODES_STRIDE / 4],
      metric: u32[at + CODES_METRIC / 4],
      scale: f32[at + CODES_SCALE / 4],
      zero: i32[at + CODES_ZERO / 4],
      centre: u32[at + CODES_CENTRE / 4] / 4,
      ptr: u32[at + CODES_PTR / 4],
      terms: u32[at + CODES_TERMS / 4],
      kind: u32[at + CODES_KIND / 4],
      width: u32[at + CODES_WIDTH / 4],
    };
  };
  const writeHead = (codes: number, out: number): void => {
    const { u32 } = memory;
    const { kind, width, metric, terms } = read(codes);
    u32[(out + CODE_QUERY_KIND) / 4] = kind;
    u32[(out + CODE_QUERY_WIDTH) / 4] = width;
    u32[(out + CODE_QUERY_METRIC) / 4] = metric;
    u32[(out + CODE_QUERY_TERMS) / 4] = metric === METRIC_IP ? 0 : terms;
  };

  return {
    codesEncode(codes, source, inverseNorms, from, to) {
      const { u8, f32 } = memory;
      const { dim, stride, metric, scale, zero, centre, ptr, terms, kind } = read(codes);
      if (kind !== CODE_SQ8) return packedEncode(memory, codes, source, inverseNorms, from, to);
      const inverseScale = fround(1 / scale);
      for (let row = from; row < to; row++) {
        const x = source / 4 + row * dim, out = ptr + row * stride;
        const length = inverseNorms ? f32[inverseNorms / 4 + row] : 1;
        let sum = 0, isZero = true;
        for (let i = 0; i < dim; i++) {
          const value = fround(f32[x + i] * length);
          if (value !== 0) isZero = false;
          const scaled = fround(fround(value - f32[centre + i]) * inverseScale);
          const code = Math.min(Math.max(nearest(scaled) + zero, 0), CODE_MAX);
          sum += (code - zero) * (code - zero);
          u8[out + i] = code;
        }
        u8.fill(zero, out + dim, out + stride);
        f32[terms / 4 + row] = metric === METRIC_COSINE && isZero ? fround(sum) + fround(inverseScale * inverseScale) : sum;
      }
    },

    codesQuery(codes, query, out) {
      const { i16, i32, u32, f32 } = memory;
      const { dim, width, metric, scale, zero, centre, kind } = read(codes);
      writeHead(codes, out);
      if (kind >= CODE_F16) return packedQuery(memory, codes, query, out);
      const isCosine = kind === CODE_SQ8 && metric === METRIC_COSINE;
      const isL2 = metric === METRIC_L2 || isCosine;
      const q = query / 4, v = (out + CODE_QUERY_CODES) / 2, head = out / 4;
      const x = (i: number): number => (isL2 ? fround(f32[q + i] - f32[centre + i]) : f32[q + i]);
      const squares = new Float32Array(5), onCentre = new Float32Array(5);
      const whole = dim & ~3;
      let largest = 0;
      for (let i = 0; i < dim; i++) {
        const lane = i < whole ? i & 3 : 4;
        const value = x(i);
        largest = Math.max(largest, Math.abs(value));
        squares[lane] += fround(value * value);
        onCentre[lane] += fround(f32[q + i] * f32[centre + i]);
      }
      const total = (s: Float32Array): number => fround(s[4] + fround(fround(s[0] + s[1]) + fround(s[2] + s[3])));
      const isZero = largest < fround(1e-30);
      const step = isZero ? 0 : fround(largest / CODE_MAX);
      const inverseStep = isZero ? 0 : fround(CODE_MAX / largest);
      let sum = 0;
      for (let i = 0; i < dim; i++) {
        const code = nearest(fround(x(i) * inverseStep));
        sum += code;
        i16[v + i] = code;
      }
      i16.fill(0, v + dim, v + width);
      i32[head + CODE_QUERY_OFFSET / 4] = zero * sum;
      f32[head + CODE_QUERY_BASE / 4] = isL2 ? fround(fround(total(squares) / scale) / scale) : -total(onCentre);
      f32[head + CODE_QUERY_FACTOR / 4] = isL2 ? fround(fround(-2 * step) / scale) : fround(-step * scale);
      f32[head + CODE_QUERY_UNIT / 4] = isL2 ? fround(scale * scale) : 1;
      if (!isCosine) return;
      f32[head + CODE_QUERY_BASE / 4] -= fround(fround(2 / scale) / scale);
      f32[head + CODE_QUERY_UNIT / 4] *= 0.5;
      if (f32.subarray(q, q + dim).some((value) => value !== 0)) return;
      f32[head + CODE_QUERY_BASE / 4] = 0;
      f32[head + CODE_QUERY_FACTOR / 4] = 0;
      u32[head + CODE_QUERY_TERMS / 4] = 0;
    },

    codesRowQuery(codes, row, out) {
      const { u8, i16, i32, u32, f32 } = memory;
      const { stride, metric, zero, ptr, terms } = read(codes);
      const source = ptr + row * stride, v = (out + CODE_QUERY_CODES) / 2, head = out / 4;
      writeHead(codes, out);
      let sum = 0;
      for (let i = 0; i < stride; i++) {
        const w = u8[source + i] - zero;
        sum += w;
        i16[v + i] = w;
      }
      const isIp = metric === METRIC_IP;
      i32[head + CODE_QUERY_OFFSET / 4] = zero * sum;
      f32[head + CODE_QUERY_UNIT / 4] = 1;
      f32[head + CODE_QUERY_BASE / 4] = isIp ? 0 : f32[terms / 4 + row];
      f32[head + CODE_QUERY_FACTOR / 4] = isIp ? -1 : -2;
      u32[head + CODE_QUERY_TERMS / 4] = isIp ? 0 : terms;
    },

    rescoreCodes(topPtr, codes, query, n, keep) {
      if (n === 0) return;
      const { f32, u32 } = memory;
      const { ptr, stride } = read(codes);
      const top = new ScalarTopK(memory, topPtr);
      const unit = f32[(query + CODE_QUERY_UNIT) / 4];
      for (let i = 0; i < n; i++) f32[top.distances + i] = codeDistance(memory, query, ptr, stride, u32[top.rows + i]) * unit;
      top.rebuild(n, keep);
    },
  };
}
