/** The twin of `assembly/latent.ts`: the same sums in the same order. */
import type { KernelExports } from './exports.ts';
import type { ScalarMemory } from './scalar-memory.ts';

const fround = Math.fround;

export function scalarLatent(memory: ScalarMemory): Pick<KernelExports, 'sparseProject' | 'sparseGramAdd'> {
  const projectRow = (offsets: number, terms: number, weights: number, row: number, matrix: number, width: number, out: number): void => {
    const { f32, u32 } = memory;
    f32.fill(0, out / 4, out / 4 + width);
    for (let entry = u32[offsets / 4 + row]; entry < u32[offsets / 4 + row + 1]; entry++) {
      const from = matrix / 4 + u32[terms / 4 + entry] * width, weight = f32[weights / 4 + entry];
      for (let d = 0; d < width; d++) f32[out / 4 + d] += fround(weight * f32[from + d]);
    }
  };
  return {
    sparseProject(offsets, terms, weights, from, to, matrix, width, out) {
      for (let row = from; row < to; row++) projectRow(offsets, terms, weights, row, matrix, width, out + (row - from) * width * 4);
    },

    sparseGramAdd(offsets, terms, weights, from, to, matrix, width, scratch, out) {
      const { f32, u32 } = memory;
      for (let row = from; row < to; row++) {
        projectRow(offsets, terms, weights, row, matrix, width, scratch);
        for (let entry = u32[offsets / 4 + row]; entry < u32[offsets / 4 + row + 1]; entry++) {
          const at = out / 4 + u32[terms / 4 + entry] * width, weight = f32[weights / 4 + entry];
          for (let d = 0; d < width; d++) f32[at + d] += fround(weight * f32[scratch / 4 + d]);
        }
      }
    },
  };
}
