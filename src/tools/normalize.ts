/** L2 normalisation of many vectors. */
import type { Kernels } from '../kernels/kernels.ts';
import { matrixOf, withBlocks, type VectorsInput } from './matrix.ts';

const BLOCK_ROWS = 1024;

/** The vectors at unit length, shape (n, dim); a zero vector stays zero. Norms are summed in double precision. */
export function normalizeRows(kernels: Kernels, vectors: VectorsInput, dim: number): Float32Array {
  const values = matrixOf(vectors, dim);
  withBlocks(kernels, [BLOCK_ROWS * dim * 4], (ptr) => {
    for (let from = 0; from < values.length; from += BLOCK_ROWS * dim) {
      const block = values.subarray(from, from + BLOCK_ROWS * dim);
      kernels.arena.f32(ptr, block.length).set(block);
      for (let at = 0; at < block.length; at += dim) kernels.exports.normalize(ptr + at * 4, dim);
      block.set(kernels.arena.f32(ptr, block.length));
    }
  });
  return values;
}
