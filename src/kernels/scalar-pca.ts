/** The twin of `assembly/pca.ts`: the same sums in the same order. */
import { PCA_BLOCK } from './abi.ts';
import type { KernelExports } from './exports.ts';
import { negativeDotF32, type ScalarMemory } from './scalar-memory.ts';

const fround = Math.fround;

export function scalarPca(memory: ScalarMemory): Pick<KernelExports, 'columnSums' | 'covarianceAdd' | 'pcaProject' | 'pcaRestore' | 'rotateRows'> {
  const doubles = (ptr: number, length: number): Float64Array => new Float64Array(memory.buffer, ptr, length);
  return {
    columnSums(rows, n, dim, out) {
      const sums = doubles(out, dim);
      for (let r = 0; r < n; r++) for (let d = 0; d < dim; d++) sums[d] += memory.f32[rows / 4 + r * dim + d];
    },

    covarianceAdd(rows, n, dim, mean, scratch, out) {
      const { f32 } = memory;
      const means = doubles(mean, dim);
      const sums = doubles(out, dim * dim);
      const block = scratch / 4;
      f32.fill(0, block, block + ((dim + 3) & ~3) * PCA_BLOCK);
      for (let r = 0; r < n; r++) for (let d = 0; d < dim; d++) f32[block + d * PCA_BLOCK + r] = f32[rows / 4 + r * dim + d] - means[d];
      const length = (n + 3) & ~3;
      const lanes = new Float32Array(4);
      for (let i = 0; i < dim; i++) {
        for (let j = i; j < dim; j++) {
          lanes.fill(0);
          const a = block + i * PCA_BLOCK, b = block + j * PCA_BLOCK;
          for (let r = 0; r < length; r++) lanes[r & 3] += fround(f32[a + r] * f32[b + r]);
          sums[i * dim + j] += fround(fround(lanes[0] + lanes[1]) + fround(lanes[2] + lanes[3]));
        }
      }
    },

    pcaProject(rows, n, dim, mean, components, count, scratch, out) {
      const { f32 } = memory;
      const means = doubles(mean, dim);
      for (let r = 0; r < n; r++) {
        for (let d = 0; d < dim; d++) f32[scratch / 4 + d] = f32[rows / 4 + r * dim + d] - means[d];
        for (let c = 0; c < count; c++) f32[out / 4 + r * count + c] = -negativeDotF32(f32, scratch / 4, components / 4 + c * dim, dim);
      }
    },

    pcaRestore(values, n, dim, mean, components, count, out) {
      const { f32 } = memory;
      const means = doubles(mean, dim);
      for (let r = 0; r < n; r++) {
        const row = out / 4 + r * dim;
        for (let d = 0; d < dim; d++) f32[row + d] = means[d];
        for (let c = 0; c < count; c++) {
          const value = f32[values / 4 + r * count + c];
          for (let d = 0; d < dim; d++) f32[row + d] += fround(value * f32[components / 4 + c * dim + d]);
        }
      }
    },

    rotateRows(rows, n, first, last, turns) {
      const z = doubles(rows, n * n);
      const angles = doubles(turns, 2 * (last + 1));
      for (let i = last; i >= first; i--) {
        const c = angles[2 * i], s = angles[2 * i + 1];
        const low = i * n, high = low + n;
        for (let k = 0; k < n; k++) {
          const x = z[low + k], y = z[high + k];
          z[high + k] = s * x + c * y;
          z[low + k] = c * x - s * y;
        }
      }
    },
  };
}
