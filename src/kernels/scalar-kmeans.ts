/** The twin of `assembly/kmeans.ts` and `assembly/rotate.ts`: the same operations in the same order, rounded to f32. */
import { PANEL_LANES, ROTATION_ROUNDS } from './abi.ts';
import type { KernelExports } from './exports.ts';
import type { ScalarMemory } from './scalar-memory.ts';

const fround = Math.fround;

function hadamard(f32: Float32Array, at: number, n: number): void {
  for (let half = 1; half < n; half *= 2) {
    for (let block = at; block < at + n; block += 2 * half) {
      for (let i = block; i < block + half; i++) {
        const a = f32[i], b = f32[i + half];
        f32[i] = a + b;
        f32[i + half] = a - b;
      }
    }
  }
}

export function scalarKmeans(memory: ScalarMemory): Pick<KernelExports, 'nearestCentroids' | 'sumByCentroid' | 'rotateVectors'> {
  return {
    nearestCentroids(rows, stride, dim, from, to, inverseNorms, panels, biases, panelFrom, panelTo, nearest, scores) {
      const { f32, u32 } = memory;
      const dots = new Float32Array(PANEL_LANES);
      for (let row = from; row < to; row++) {
        const x = (rows + row * stride) / 4;
        const length = inverseNorms ? f32[inverseNorms / 4 + row] : 1;
        let best = panelFrom > 0 ? f32[scores / 4 + row] : Infinity;
        let number = panelFrom > 0 ? u32[nearest / 4 + row] : 0;
        for (let panel = panelFrom; panel < panelTo; panel++) {
          let at = panels / 4 + panel * dim * PANEL_LANES;
          dots.fill(0);
          for (let d = 0; d < dim; d++, at += PANEL_LANES) {
            const value = f32[x + d];
            for (let lane = 0; lane < PANEL_LANES; lane++) dots[lane] += fround(value * f32[at + lane]);
          }
          for (let lane = 0; lane < PANEL_LANES; lane++) {
            const score = fround(f32[biases / 4 + panel * PANEL_LANES + lane] - fround(dots[lane] * length));
            if (score < best) {
              best = score;
              number = panel * PANEL_LANES + lane;
            }
          }
        }
        f32[scores / 4 + row] = best;
        u32[nearest / 4 + row] = number;
      }
    },

    sumByCentroid(rows, stride, dim, from, to, inverseNorms, nearest, sums, counts) {
      const { f32, u32 } = memory;
      for (let row = from; row < to; row++) {
        const number = u32[nearest / 4 + row];
        const x = (rows + row * stride) / 4, sum = sums / 4 + number * dim;
        const length = inverseNorms ? f32[inverseNorms / 4 + row] : 1;
        for (let d = 0; d < dim; d++) f32[sum + d] += fround(f32[x + d] * length);
        u32[counts / 4 + number]++;
      }
    },

    rotateVectors(ptr, rows, dim, signs) {
      if (dim < 2) return;
      const { f32 } = memory;
      const power = 2 ** (31 - Math.clz32(dim));
      const scale = fround(1 / Math.sqrt(power));
      const halfScale = fround(Math.SQRT1_2);
      const half = dim >> 1, apart = dim - half;
      for (let row = 0; row < rows; row++) {
        const x = ptr / 4 + row * dim;
        for (let round = 0; round < ROTATION_ROUNDS; round++) {
          for (let i = 0; i < dim; i++) f32[x + i] *= f32[signs / 4 + round * dim + i];
          const start = round & 1 ? x + dim - power : x;
          hadamard(f32, start, power);
          for (let i = 0; i < power; i++) f32[start + i] *= scale;
          if (power === dim) continue;
          for (let i = 0; i < half; i++) {
            const a = fround(f32[x + i] * halfScale), b = fround(f32[x + i + apart] * halfScale);
            f32[x + i] = a + b;
            f32[x + i + apart] = a - b;
          }
        }
      }
    },
  };
}
