/** The twin of `assembly/rows.ts`: rows of 16-bit floats, 8-bit integers and bits. */
import {
  METRIC_COSINE, METRIC_IP, METRIC_JACCARD, METRIC_L2, ROW_QUERY_DATA, ROW_QUERY_METRIC, ROW_QUERY_SQUARES, ROWS_BF16, ROWS_BITS, ROWS_I8,
} from './abi.ts';
import type { KernelExports } from './exports.ts';
import type { ScalarMemory } from './scalar-memory.ts';
import { l2F32, negativeDotF32 } from './scalar-memory.ts';
import { ScalarTopK } from './scalar-topk.ts';

type RowExports = Pick<KernelExports, 'scanRows' | 'rescoreRows' | 'expandRows' | 'nearestRows' | 'rowTerms' | 'rowQuery'>;

const fround = Math.fround;
const F32_MAX = 3.4028234663852886e38;

const BITS_SET = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

export function scalarRows(memory: ScalarMemory, isAllowed: (allow: number, row: number) => boolean): RowExports {
  const widening = new Float32Array(1);
  const wideningBits = new Uint32Array(widening.buffer);
  /** One f32 query and one row widened, behind each other, for the f32 distances of the twin. */
  let pair = new Float32Array(0);

  const rowBytes = (format: number, dim: number): number => (format === ROWS_BITS ? dim >> 3 : format === ROWS_I8 ? dim : dim * 2);

  const elementAt = (format: number, source: number, i: number): number => {
    if (format === ROWS_I8) return memory.i8[source + i];
    const bits = memory.u16[source / 2 + i];
    wideningBits[0] = format === ROWS_BF16 ? bits << 16 : ((bits & 0x8000) << 16) | ((bits & 0x7fff) << 13);
    return format === ROWS_BF16 ? widening[0] : widening[0] * 2 ** 112;
  };

  const squaresOf = (format: number, source: number, dim: number): number => {
    let sum = 0;
    if (format === ROWS_BITS) for (let i = 0; i < dim >> 3; i++) sum += BITS_SET[memory.u8[source + i]];
    else for (let i = 0; i < dim; i++) sum += memory.i8[source + i] ** 2;
    return sum;
  };

  const dotOf = (format: number, query: number, row: number, dim: number): number => {
    let sum = 0;
    if (format === ROWS_BITS) for (let i = 0; i < dim >> 3; i++) sum += BITS_SET[memory.u8[query + ROW_QUERY_DATA + i] & memory.u8[row + i]];
    else for (let i = 0; i < dim; i++) sum += memory.i16[(query + ROW_QUERY_DATA) / 2 + i] * memory.i8[row + i];
    return sum;
  };

  const fromDot = (query: number, dot: number, rowSquares: number): number => {
    const metric = memory.u32[(query + ROW_QUERY_METRIC) / 4];
    const squares = memory.i32[(query + ROW_QUERY_SQUARES) / 4];
    if (metric === METRIC_IP) return fround(-dot);
    if (metric === METRIC_COSINE) {
      const lengths = fround(Math.sqrt(fround(fround(rowSquares) * fround(squares))));
      return lengths > 0 ? fround(fround(-dot) / lengths) : 0;
    }
    const differing = fround(rowSquares + squares - 2 * dot);
    if (metric !== METRIC_JACCARD) return differing;
    const union = rowSquares + squares - dot;
    return union > 0 ? fround(differing / fround(union)) : 0;
  };

  const distance = (format: number, metric: number, query: number, data: number, dim: number, row: number, terms: number): number => {
    const at = data + row * rowBytes(format, dim);
    if (format === ROWS_I8 || format === ROWS_BITS) return fromDot(query, dotOf(format, query, at, dim), memory.i32[terms / 4 + row]);
    if (pair.length < 2 * dim) pair = new Float32Array(2 * dim);
    pair.set(memory.f32.subarray(query / 4, query / 4 + dim));
    for (let i = 0; i < dim; i++) pair[dim + i] = elementAt(format, at, i);
    if (metric === METRIC_L2) return l2F32(pair, 0, dim, dim);
    const negative = negativeDotF32(pair, 0, dim, dim);
    return metric === METRIC_COSINE && terms ? fround(negative * memory.f32[terms / 4 + row]) : negative;
  };

  const rowQuery: RowExports['rowQuery'] = (format, metric, source, dim, out) => {
    memory.u32[(out + ROW_QUERY_METRIC) / 4] = metric;
    memory.i32[(out + ROW_QUERY_SQUARES) / 4] = squaresOf(format, source, dim);
    const data = out + ROW_QUERY_DATA;
    if (format === ROWS_BITS) memory.u8.copyWithin(data, source, source + (dim >> 3));
    else for (let i = 0; i < dim; i++) memory.i16[data / 2 + i] = memory.i8[source + i];
  };

  return {
    rowQuery,

    scanRows(topPtr, format, metric, query, data, dim, from, to, terms, allow, rowBase) {
      const top = new ScalarTopK(memory, topPtr);
      for (let row = from; row < to; row++) {
        if (isAllowed(allow, row)) top.push(distance(format, metric, query, data, dim, row, terms), row + rowBase);
      }
    },

    rescoreRows(topPtr, format, metric, query, data, dim, terms, n, keep) {
      if (n === 0) return;
      const { f32, u32 } = memory;
      const top = new ScalarTopK(memory, topPtr);
      for (let i = 0; i < n; i++) f32[top.distances + i] = distance(format, metric, query, data, dim, u32[top.rows + i], terms);
      top.rebuild(n, keep);
    },

    expandRows(format, source, count, out) {
      for (let i = 0; i < count; i++) memory.f32[out / 4 + i] = elementAt(format, source, i);
    },

    rowTerms(format, data, rows, dim, _scratch, out) {
      for (let row = 0; row < rows; row++) {
        const at = data + row * rowBytes(format, dim);
        if (format === ROWS_I8 || format === ROWS_BITS) {
          memory.i32[out / 4 + row] = squaresOf(format, at, dim);
          continue;
        }
        let sum = 0;
        for (let i = 0; i < dim; i++) sum += elementAt(format, at, i) ** 2;
        memory.f32[out / 4 + row] = sum > 0 ? Math.min(1 / Math.sqrt(sum), F32_MAX) : 0;
      }
    },

    nearestRows(_top, format, metric, rows, dim, from, to, query, centroids, k, terms, nearest) {
      for (let row = from; row < to; row++) {
        rowQuery(format, metric, rows + row * rowBytes(format, dim), dim, query);
        let best = Infinity;
        for (let c = 0; c < k; c++) {
          const d = distance(format, metric, query, centroids, dim, c, terms);
          if (d >= best) continue;
          best = d;
          memory.u32[nearest / 4 + row] = c;
        }
      }
    },
  };
}
