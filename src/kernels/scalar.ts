/**
 * The plain TypeScript twin of the WebAssembly kernels, over a memory that is an ArrayBuffer: for engines and pages
 * where WebAssembly is not to be had, and the reference that the builds are compared with. It rounds to f32 after every
 * operation and adds in the same order as `assembly/distance.ts`, so that its results equal the strict build's.
 */
import { CODES_PTR, CODES_STRIDE, METRIC_COSINE, METRIC_L2 } from './abi.ts';
import type { KernelExports, KernelInstance } from './exports.ts';
import { codeDistance, scalarCodes } from './scalar-codes.ts';
import { scalarGraph } from './scalar-graph.ts';
import { scalarIvf } from './scalar-ivf.ts';
import { scalarKmeans } from './scalar-kmeans.ts';
import { scalarLatent } from './scalar-latent.ts';
import { scalarPca } from './scalar-pca.ts';
import { l2F32, negativeDotF32, ScalarMemory } from './scalar-memory.ts';
import { scalarInverted } from './scalar-inverted.ts';
import { scalarRows } from './scalar-rows.ts';
import { scalarSparse } from './scalar-sparse.ts';
import { scalarTiles } from './scalar-tiles.ts';
import { ScalarTopK } from './scalar-topk.ts';

const fround = Math.fround;

function inverseNorm(f32: Float32Array, at: number, dim: number): number {
  let even0 = 0, even1 = 0, odd0 = 0, odd1 = 0;
  let i = 0;
  for (const whole = dim & ~3; i < whole; i += 4) {
    even0 += f32[at + i] * f32[at + i];
    even1 += f32[at + i + 1] * f32[at + i + 1];
    odd0 += f32[at + i + 2] * f32[at + i + 2];
    odd1 += f32[at + i + 3] * f32[at + i + 3];
  }
  let sum = even0 + odd0 + (even1 + odd1);
  for (; i < dim; i++) sum += f32[at + i] * f32[at + i];
  return sum > 0 ? 1 / Math.sqrt(sum) : 0;
}

const F32_MAX = 3.4028234663852886e38;

/** Kernels of the twin over a memory. */
export function scalarExports(memory: ScalarMemory): KernelExports {
  const isAllowed = (allow: number, row: number): boolean => allow === 0 || ((memory.u8[allow + (row >> 3)] >> (row & 7)) & 1) === 1;
  const distanceF32 = (metric: number, query: number, data: number, dim: number, row: number, inverseNorms: number): number => {
    const { f32 } = memory;
    const x = data / 4 + row * dim;
    if (metric === METRIC_L2) return l2F32(f32, query / 4, x, dim);
    const distance = negativeDotF32(f32, query / 4, x, dim);
    return metric === METRIC_COSINE && inverseNorms ? fround(distance * f32[inverseNorms / 4 + row]) : distance;
  };

  const scanF32: KernelExports['scanF32'] = (topPtr, metric, query, data, dim, from, to, inverseNorms, allow, rowBase) => {
    const top = new ScalarTopK(memory, topPtr);
    for (let row = from; row < to; row++) {
      if (isAllowed(allow, row)) top.push(distanceF32(metric, query, data, dim, row, inverseNorms), row + rowBase);
    }
  };

  const codeExports = scalarCodes(memory);
  const rowExports = scalarRows(memory, isAllowed);
  return {
    ...codeExports,
    scanF32,
    ...scalarGraph(memory, codeExports),
    ...rowExports,
    ...scalarTiles(memory, isAllowed, { scanF32, scanRows: rowExports.scanRows }),
    ...scalarSparse(memory, isAllowed),
    ...scalarInverted(memory, isAllowed),
    ...scalarKmeans(memory),
    ...scalarIvf(memory, codeExports, rowExports.scanRows),
    ...scalarPca(memory),
    ...scalarLatent(memory),

    topkSort: (topPtr) => new ScalarTopK(memory, topPtr).sort(),
    topkScale: (topPtr, factor) => new ScalarTopK(memory, topPtr).scale(Math.fround(factor)),

    countBits(ptr, n) {
      let count = 0;
      for (let i = 0; i < n; i++) if (isAllowed(ptr, i)) count++;
      return count;
    },

    allowedRows(topPtr, allow, rows) {
      const top = new ScalarTopK(memory, topPtr);
      let n = 0;
      for (let row = 0; row < rows && n < top.k; row++) {
        if (!isAllowed(allow, row)) continue;
        memory.u32[top.rows + n] = row;
        memory.f32[top.distances + n++] = 0;
      }
      return (top.count = n);
    },

    inverseNorms(ptr, rows, dim, out) {
      const { f32 } = memory;
      for (let r = 0; r < rows; r++) f32[out / 4 + r] = Math.min(inverseNorm(f32, ptr / 4 + r * dim, dim), F32_MAX);
    },

    normalize(ptr, dim) {
      const { f32 } = memory;
      const inverse = inverseNorm(f32, ptr / 4, dim);
      for (let i = 0; i < dim; i++) f32[ptr / 4 + i] *= inverse;
    },

    scanCodes(topPtr, codes, query, from, to, allow) {
      const { u32 } = memory;
      const top = new ScalarTopK(memory, topPtr);
      const ptr = u32[(codes + CODES_PTR) / 4], stride = u32[(codes + CODES_STRIDE) / 4];
      for (let row = from; row < to; row++) if (isAllowed(allow, row)) top.push(codeDistance(memory, query, ptr, stride, row), row);
    },

    rescoreF32(topPtr, metric, query, data, dim, inverseNorms, n, keep) {
      if (n === 0) return;
      const { f32, u32 } = memory;
      const top = new ScalarTopK(memory, topPtr);
      for (let i = 0; i < n; i++) f32[top.distances + i] = distanceF32(metric, query, data, dim, u32[top.rows + i], inverseNorms);
      top.rebuild(n, keep);
    },
  };
}

export function scalarInstance(): KernelInstance {
  const memory = new ScalarMemory();
  return { exports: scalarExports(memory), memory, heapBase: 64 };
}
