/** The twin of `assembly/ivf.ts`: the same lists, the same tables, row by row. */
import {
  IVF_BLOCKS, IVF_CENTROIDS, IVF_ALL, IVF_CODEBOOKS, IVF_CODES, IVF_COMPARED, IVF_DATA, IVF_DIM, IVF_ERRORS, IVF_FACTORS, IVF_FAR, IVF_FAR_EFFORT, IVF_FLOAT_TABLES, IVF_FURTHER, IVF_FURTHER_BITS, IVF_FURTHER_FACTORS, IVF_KIND, IVF_LISTS, IVF_METRIC, IVF_NORMS,
  IVF_PART_DIM, IVF_PARTS, IVF_PER_ROW, IVF_POSITIONS, IVF_PROBED, IVF_PROBES, IVF_QUERY, IVF_ROTATION, IVF_ROW_IDS, IVF_ROWS, IVF_STARTS, IVF_STRIDE, IVF_TABLES, CODES_PTR, CODES_STRIDE,
  CODE_QUERY_UNIT, LISTS_BITS, LISTS_BYTES, LISTS_CODES, LISTS_F32, LISTS_NIBBLES, LISTS_SIGNS, METRIC_COSINE, METRIC_IP, METRIC_L2, NIBBLE_ROWS, PANEL_LANES, ROWS_BITS,
  TOPK_MAX, TOPK_MIN,
} from './abi.ts';
import type { KernelExports } from './exports.ts';
import { codeDistance, type scalarCodes } from './scalar-codes.ts';
import { scalarKmeans } from './scalar-kmeans.ts';
import { l2F32, negativeDotF32, type ScalarMemory } from './scalar-memory.ts';
import { ScalarTopK } from './scalar-topk.ts';

const fround = Math.fround;
const TABLE_MAX = 127;
const TABLE_DEVIATIONS = 3;

export function scalarIvf(
  memory: ScalarMemory, codeExports: ReturnType<typeof scalarCodes>, scanRows: KernelExports['scanRows'],
): Pick<KernelExports, 'ivfPositions' | 'ivfSearch'> {
  const { rotateVectors } = scalarKmeans(memory);

  /** Dot products with the words of the codebooks, or sums under patterns of signs. */
  function fillTables(ivf: number, words: number): void {
    const { f32, u32 } = memory;
    const parts = u32[ivf + IVF_PARTS / 4], partDim = u32[ivf + IVF_PART_DIM / 4];
    const q = u32[ivf + IVF_QUERY / 4] / 4, out = u32[ivf + IVF_FLOAT_TABLES / 4] / 4, codebooks = u32[ivf + IVF_CODEBOOKS / 4] / 4;
    const isSigns = u32[ivf + IVF_KIND / 4] === LISTS_SIGNS;
    for (let part = 0; part < parts; part++) {
      for (let word = 0; word < words; word++) {
        let sum = 0;
        for (let d = 0; d < partDim; d++) {
          const x = f32[q + part * partDim + d];
          if (isSigns) sum = fround(sum + ((word >> d) & 1 ? x : -x));
          else {
            const panel = codebooks + (part * words + (word & ~(PANEL_LANES - 1))) * partDim;
            sum = fround(sum + fround(x * f32[panel + d * PANEL_LANES + (word & (PANEL_LANES - 1))]));
          }
        }
        f32[out + part * words + word] = sum;
      }
    }
  }

  function quantizeTables(ivf: number): { scale: number; offset: number } {
    const { f32, u8, u32 } = memory;
    const parts = u32[ivf + IVF_PARTS / 4], from = u32[ivf + IVF_FLOAT_TABLES / 4] / 4, to = u32[ivf + IVF_TABLES / 4];
    let reach = 0, offset = 0;
    const leasts: number[] = [];
    for (let part = 0; part < parts; part++) {
      const entries = f32.subarray(from + part * 16, from + part * 16 + 16);
      const least = Math.min(...entries);
      leasts.push(least);
      reach = Math.max(reach, fround(Math.max(...entries) - least));
      offset = fround(offset + least);
    }
    const isFlat = !(reach > fround(1e-30));
    const inverse = isFlat ? 0 : fround(TABLE_MAX / reach);
    for (let i = 0; i < parts * 16; i++) u8[to + i] = Math.round(fround(fround(f32[from + i] - leasts[i >> 4]) * inverse));
    return { scale: isFlat ? 0 : fround(reach / TABLE_MAX), offset };
  }

  function roundQuery(q: number, dim: number, bits: number): void {
    const { f32 } = memory;
    let largest = 0;
    for (let d = 0; d < dim; d++) largest = Math.max(largest, Math.abs(f32[q + d]));
    if (!(largest > fround(1e-30))) return;
    const step = fround((2 * largest) / (2 ** bits - 1));
    for (let d = 0; d < dim; d++) f32[q + d] = fround(Math.round(fround(fround(f32[q + d] + largest) / step)) * step) - largest;
  }

  return {
    ivfPositions(ivfPtr, allow, positionOf) {
      const { u32 } = memory;
      const rows = u32[(ivfPtr + IVF_ROWS) / 4], marks = u32[(ivfPtr + IVF_POSITIONS) / 4] / 4;
      u32.fill(0, marks, marks + Math.ceil(rows / 32) + 1);
      for (let row = 0; row < rows; row++) {
        const position = u32[positionOf / 4 + row];
        if ((u32[allow / 4 + (row >> 5)] >>> (row & 31)) & 1) u32[marks + (position >> 5)] |= 1 << (position & 31);
      }
    },

    // Rows are found by their numbers, positions marked or not; and lists are all put in order.
    ivfSearch(ivfPtr, topPtr, query, _probes, atLeast, emptyMax, enough, allow, allowed, queryBits, sorted) {
      const { u8, u32, f32 } = memory;
      const ivf = ivfPtr / 4;
      const field = (at: number): number => u32[ivf + at / 4];
      const dim = field(IVF_DIM), kind = field(IVF_KIND), metric = field(IVF_METRIC), stride = field(IVF_STRIDE), parts = field(IVF_PARTS);
      const data = field(IVF_DATA), perRow = field(IVF_PER_ROW) / 4, factors = field(IVF_FACTORS) / 4, rowIds = field(IVF_ROW_IDS) / 4, starts = field(IVF_STARTS) / 4;
      const centroids = field(IVF_CENTROIDS) / 4, own = field(IVF_QUERY);
      let q = query / 4;
      if (kind === LISTS_BYTES || kind === LISTS_NIBBLES || kind === LISTS_SIGNS) {
        f32.fill(0, own / 4, own / 4 + Math.max(dim, parts * field(IVF_PART_DIM)));
        f32.copyWithin(own / 4, q, q + dim);
        q = own / 4;
        if (field(IVF_ROTATION)) rotateVectors(own, 1, dim, field(IVF_ROTATION));
      }
      const near = new ScalarTopK(memory, field(IVF_PROBES));
      near.k = field(IVF_LISTS);
      near.count = 0;
      if (kind === LISTS_BITS) scanRows(field(IVF_PROBES), ROWS_BITS, metric, query, field(IVF_CENTROIDS), dim, 0, field(IVF_LISTS), field(IVF_NORMS), 0, 0);
      else for (let list = 0; list < field(IVF_LISTS); list++) {
        near.push(metric === METRIC_IP ? negativeDotF32(f32, q, centroids + list * dim, dim) : l2F32(f32, q, centroids + list * dim, dim), list);
      }
      near.sort();

      const top = new ScalarTopK(memory, topPtr);
      const min = f32[(topPtr + TOPK_MIN) / 4], max = f32[(topPtr + TOPK_MAX) / 4];
      let unit = 1;
      /** Distance of the row at a position of a list, whose base is given. */
      let distanceAt: (position: number, list: number, base: number) => number = () => 0;
      const factor = metric === METRIC_L2 ? -2 : -1;
      const furtherBits = kind === LISTS_SIGNS ? field(IVF_FURTHER_BITS) : 0;
      let querySum = 0, reach = 0;
      /** By the whole code of the row at position p, whose nibbles begin at `byte`. */
      const wholeDistance = (p: number, byte: number, shift: number, base: number): number => {
        const table = field(IVF_FLOAT_TABLES) / 4, levels = 2 ** furtherBits, blocks = Math.ceil(dim / 16);
        let signs = 0, further = 0;
        for (let part = 0; part < parts; part++) signs += f32[table + part * 16 + ((u8[byte + part * 16] >> shift) & 15)];
        for (let d = 0; d < dim; d++) {
          let e = 0;
          for (let bit = 0; bit < furtherBits; bit++) {
            e = 2 * e + ((u8[field(IVF_FURTHER) + ((p * blocks + (d >> 4)) * furtherBits + bit) * 2 + ((d >> 3) & 1)] >> (d & 7)) & 1);
          }
          further += f32[q + d] * e;
        }
        const at = field(IVF_FURTHER_FACTORS) / 4 + 2 * p;
        return fround(base + f32[at] * fround(0.5 * (levels * signs - (levels - 1) * querySum) + further) + f32[at + 1]);
      };
      let squares = 0;
      if (kind === LISTS_F32) {
        distanceAt = (p) => {
          const x = (data + p * stride) / 4;
          if (metric === METRIC_L2) return l2F32(f32, q, x, dim);
          const distance = negativeDotF32(f32, q, x, dim);
          return metric === METRIC_COSINE ? fround(distance * f32[perRow + p]) : distance;
        };
      } else if (kind === LISTS_CODES) {
        const codes = field(IVF_CODES);
        codeExports.codesQuery(codes, q * 4, own);
        unit = f32[(own + CODE_QUERY_UNIT) / 4];
        f32[(topPtr + TOPK_MIN) / 4] /= unit;
        f32[(topPtr + TOPK_MAX) / 4] /= unit;
        distanceAt = (p) => codeDistance(memory, own, u32[(codes + CODES_PTR) / 4], u32[(codes + CODES_STRIDE) / 4], p);
      } else if (kind !== LISTS_BITS) {
        for (let d = 0; d < dim; d++) squares = fround(squares + fround(f32[q + d] * f32[q + d]));
        const add = (p: number): number => (perRow ? f32[perRow + p] : 0);
        const table = field(IVF_FLOAT_TABLES) / 4;
        if (kind === LISTS_BYTES) {
          fillTables(ivf, 256);
          distanceAt = (p, _list, base) => {
            let sum = 0;
            for (let part = 0; part < parts; part++) sum = fround(sum + f32[table + part * 256 + u8[data + p * stride + part]]);
            return fround(fround(fround(sum * factor) + base) + add(p));
          };
        } else {
          if (kind === LISTS_SIGNS && queryBits > 0) roundQuery(q, dim, queryBits);
          for (let d = 0; furtherBits > 0 && d < dim; d++) querySum = fround(querySum + f32[q + d]);
          fillTables(ivf, 16);
          const { scale, offset } = quantizeTables(ivf);
          const bytes = field(IVF_TABLES), blocks = field(IVF_BLOCKS) / 4;
          distanceAt = (p, list, base) => {
            const place = p - u32[starts + list];
            const row = place % NIBBLE_ROWS;
            const block = data + (u32[blocks + list] + Math.floor(place / NIBBLE_ROWS)) * parts * 16;
            const byte = block + 2 * (row & 7) + ((row >> 3) & 1), shift = row < 16 ? 0 : 4;
            let sum = 0;
            for (let part = 0; part < parts; part++) sum += u8[bytes + part * 16 + ((u8[byte + part * 16] >> shift) & 15)];
            if (kind === LISTS_SIGNS) {
              const estimate = fround(fround(fround(fround(fround(sum * scale) + offset) * f32[factors + p]) + base) + add(p));
              if (furtherBits === 0) return estimate;
              const error = f32[field(IVF_ERRORS) / 4 + p] * reach + Math.abs(f32[factors + p]) * TABLE_DEVIATIONS * scale * Math.sqrt(parts / 12);
              return estimate - error > top.bound ? Infinity : wholeDistance(p, byte, shift, base);
            }
            return fround(fround(fround(sum * fround(factor * scale)) + fround(base + fround(factor * offset))) + add(p));
          };
        }
      }

      const isAll = enough === IVF_ALL, least = isAll ? near.count : atLeast;
      let empty = 0, compared = 0, passed = 0, wanted = enough, i = 0;
      for (; i < near.count; i++) {
        if (i >= least && (emptyMax > 0 ? empty >= emptyMax : top.count >= top.k && compared >= wanted)) break;
        const count = top.count, farthest = top.bound;
        const list = u32[near.rows + i];
        let base = f32[near.distances + i];
        reach = Math.sqrt(metric === METRIC_IP ? squares : base);
        if (metric === METRIC_COSINE) base = fround(fround(fround(base - squares) - f32[field(IVF_NORMS) / 4 + list]) * 0.5);
        for (let p = u32[starts + list]; p < u32[starts + list + 1]; p++) {
          const row = u32[rowIds + p];
          if (allow !== 0 && ((u8[allow + (row >> 3)] >> (row & 7)) & 1) === 0) continue;
          compared++;
          if (kind === LISTS_BITS) scanRows(topPtr, ROWS_BITS, metric, query, data, dim, p, p + 1, field(IVF_PER_ROW), 0, row - p);
          else top.push(fround(distanceAt(p, list, base)), row);
        }
        empty = top.count === count && top.bound === farthest ? empty + 1 : 0;
        passed += u32[starts + list + 1] - u32[starts + list];
        if (i + 1 === least && compared * field(IVF_ROWS) * IVF_FAR < passed * allowed) wanted = enough * IVF_FAR_EFFORT;
      }
      u32[ivf + IVF_PROBED / 4] = isAll && (kind === LISTS_F32 || kind === LISTS_CODES || kind === LISTS_BITS) ? 0 : i;
      u32[ivf + IVF_COMPARED / 4] = compared;
      f32[(topPtr + TOPK_MIN) / 4] = min;
      f32[(topPtr + TOPK_MAX) / 4] = max;
      if (kind === LISTS_CODES && sorted) return top.scale(unit);
      if (kind === LISTS_CODES) for (let i = 0; i < top.count; i++) f32[top.distances + i] *= unit;
      return sorted ? top.sort() : top.count;
    },
  };
}
