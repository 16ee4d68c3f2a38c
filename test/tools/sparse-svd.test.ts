/** The truncated decomposition against Jacobi's method in double precision, in every kernel build. */
import { describe, expect, it } from 'vitest';
import { instantiateKernels } from '../../src/kernels/kernels.ts';
import type { KernelVariant } from '../../src/kernels/load.ts';
import { truncatedSvd, type SparseMatrix } from '../../src/tools/sparse-svd.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { rightSingular } from '../support/jacobi.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { SEED, hashOf } from '../support/vectors.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);

/** Random entries, of which columns further right are smaller: so that singular values differ. */
function randomSparse(rows: number, columns: number, share: number, seed: number): { matrix: SparseMatrix; dense: Float64Array } {
  const next = mulberry32(seed);
  const dense = new Float64Array(rows * columns);
  const offsets = [0], terms: number[] = [], weights: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (next() / 2 ** 32 >= share) continue;
      const weight = Math.fround((next() / 2 ** 31 - 1) * 0.8 ** column);
      dense[row * columns + column] = weight;
      terms.push(column);
      weights.push(weight);
    }
    offsets.push(terms.length);
  }
  return { matrix: { rows, columns, offsets: Uint32Array.from(offsets), terms: Uint32Array.from(terms), weights: Float32Array.from(weights) }, dense };
}

const hashes = new Map<string, string>();

describe.each<KernelVariant>(testVariants())(`truncated decomposition by the %s kernels (seed ${SEED})`, (variant) => {
  it.each([[200, 30, 6, 0.3], [50, 70, 10, 0.2], [1500, 90, 12, 0.1], [9, 40, 5, 0.5]])('of %i x %i to %i directions', async (rows, columns, dim, share) => {
    const kernels = instantiateKernels(await testKernels(variant));
    for (let i = 0; i < SEEDS; i++) {
      const { matrix, dense } = randomSparse(rows, columns, share, SEED + i);
      const exact = rightSingular(dense, rows, columns);
      const { singularValues, vectors } = await truncatedSvd(kernels, matrix, dim, () => undefined);
      const largest = exact.values[0]!;
      for (let c = 0; c < dim; c++) {
        expect(Math.abs(singularValues[c]! - exact.values[c]!), `value ${c}`).toBeLessThan(2e-5 * largest);
        // A vector is as well known as its value is apart from those beside it.
        const gap = Math.min(c === 0 ? Infinity : exact.values[c - 1]! - exact.values[c]!, exact.values[c]! - (exact.values[c + 1] ?? 0)) / largest;
        if (gap < 0.02) continue;
        let dot = 0;
        for (let j = 0; j < columns; j++) dot += vectors[j * dim + c]! * exact.vectors[c * columns + j]!;
        expect(Math.abs(dot), `vector ${c}, gap ${gap}`).toBeGreaterThan(1 - 1e-5);
      }
      const name = `${rows} x ${columns}, ${i}`;
      const hash = hashOf(new Uint8Array(vectors.buffer)) + hashOf(new Uint8Array(singularValues.buffer));
      expect(hashes.get(name) ?? hash, 'equal bits in all builds').toBe(hash);
      hashes.set(name, hash);
    }
    expect(kernels.arena.usedBytes).toBe(instantiateKernels(await testKernels(variant)).arena.usedBytes);
  });

  it('beyond the rank is zero, also where there are fewer columns than directions', async () => {
    const kernels = instantiateKernels(await testKernels(variant));
    // Rank 2: rows are (1, 2, 0), (0, 0, 3) and multiples.
    const matrix = { rows: 4, columns: 3, offsets: Uint32Array.of(0, 2, 3, 5, 6), terms: Uint32Array.of(0, 1, 2, 0, 1, 2), weights: Float32Array.of(1, 2, 3, 2, 4, -3) };
    const { singularValues, vectors } = await truncatedSvd(kernels, matrix, 5, () => undefined);
    expect(singularValues[0]).toBeCloseTo(5, 5);
    expect(singularValues[1]).toBeCloseTo(Math.sqrt(18), 5);
    expect([...singularValues.subarray(2)]).toEqual([0, 0, 0]);
    const expected = [[1 / Math.sqrt(5), 0], [2 / Math.sqrt(5), 0], [0, 1]];
    for (let j = 0; j < 3; j++) {
      expect(vectors[j * 5]).toBeCloseTo(expected[j]![0]!, 5);
      expect(vectors[j * 5 + 1]).toBeCloseTo(expected[j]![1]!, 5);
      expect([...vectors.subarray(j * 5 + 2, j * 5 + 5)]).toEqual([0, 0, 0]);
    }
    const empty = await truncatedSvd(kernels, { rows: 2, columns: 1, offsets: Uint32Array.of(0, 0, 0), terms: new Uint32Array(0), weights: new Float32Array(0) }, 2, () => undefined);
    expect([...empty.singularValues, ...empty.vectors]).toEqual([0, 0, 0, 0]);
  });
});
