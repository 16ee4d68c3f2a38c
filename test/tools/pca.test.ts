/** Eigenvectors, principal components and normalisation against double precision, in every kernel build. */
import { describe, expect, it } from 'vitest';
import { instantiateKernels } from '../../src/kernels/kernels.ts';
import type { Kernels } from '../../src/kernels/kernels.ts';
import type { KernelVariant } from '../../src/kernels/load.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import { makeTools, recommendIndex } from '../../src/tools.ts';
import { symmetricEigen } from '../../src/tools/eigen.ts';
import { normalizeRows } from '../../src/tools/normalize.ts';
import { fit, restore } from '../../src/tools/pca.ts';
import { isElanusError } from '../../src/util/error.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { SEED, hashOf, randomVectors } from '../support/vectors.ts';

async function code(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'none';
  } catch (error) {
    if (isElanusError(error)) return error.code;
    throw error;
  }
}

/** Rows with a few strong directions around a mean far from zero. */
function cloud(rows: number, dim: number, seed: number): Float32Array {
  const axes = randomVectors(4, dim, seed + 1);
  const weights = randomVectors(rows, 4, seed + 2);
  const noise = randomVectors(rows, dim, seed + 3);
  return Float32Array.from({ length: rows * dim }, (_, i) => {
    const r = Math.floor(i / dim), d = i % dim;
    let x = 5 + d + 0.05 * noise[i]!;
    for (let a = 0; a < 4; a++) x += (4 - a) * weights[r * 4 + a]! * axes[a * dim + d]!;
    return x;
  });
}

/** Mean and covariance in double precision. */
function reference(values: Float32Array, dim: number): { mean: Float64Array; covariance: Float64Array } {
  const rows = values.length / dim;
  const mean = new Float64Array(dim);
  for (let i = 0; i < values.length; i++) mean[i % dim]! += values[i]! / rows;
  const covariance = new Float64Array(dim * dim);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < dim; i++) for (let j = 0; j < dim; j++) covariance[i * dim + j]! += ((values[r * dim + i]! - mean[i]!) * (values[r * dim + j]! - mean[j]!)) / Math.max(rows - 1, 1);
  }
  return { mean, covariance };
}

describe(`eigenvectors (seed ${SEED})`, async () => {
  const kernels = instantiateKernels(await testKernels('simd'));
  const check = async (a: Float64Array, n: number): Promise<void> => {
    const { values, vectors } = await symmetricEigen(kernels, a.slice(), n);
    const scale = Math.max(...a.map(Math.abs), 1e-300);
    expect([...values]).toEqual([...values].sort((x, y) => y - x));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let dot = 0, product = 0;
        for (let k = 0; k < n; k++) {
          dot += vectors[i * n + k]! * vectors[j * n + k]!;
          product += a[j * n + k]! * vectors[i * n + k]!;
        }
        expect(Math.abs(dot - (i === j ? 1 : 0)), `n ${n}: ${i} times ${j}`).toBeLessThan(1e-12 * n);
        expect(Math.abs(product - values[i]! * vectors[i * n + j]!), `n ${n}: row ${i}`).toBeLessThan(1e-12 * n * scale);
      }
    }
  };

  it('of random matrices are orthogonal and fit their values', async () => {
    for (const n of [1, 2, 3, 4, 7, 20, 61]) {
      const half = randomVectors(n, n, n);
      await check(Float64Array.from({ length: n * n }, (_, i) => half[i]! + half[(i % n) * n + Math.floor(i / n)]!), n);
    }
  });

  it('of matrices with repeated, vanishing and already separated values, too', async () => {
    const n = 12;
    await check(new Float64Array(n * n), n);
    await check(Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)), n);
    await check(new Float64Array(n * n).fill(1), n);
    await check(Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 10 ** -(i % n) : 0)), n);
    await check(Float64Array.from({ length: n * n }, (_, i) => (Math.abs((i % n) - Math.floor(i / n)) === 1 ? 1 : 0)), n);
    await check(Float64Array.from({ length: n * n }, (_, i) => 1e-12 / (1 + (i % n) + Math.floor(i / n))), n);
  });

  it('of a known matrix are those', async () => {
    const { values, vectors } = await symmetricEigen(kernels, Float64Array.of(2, 1, 1, 2), 2);
    expect(values[0]).toBeCloseTo(3, 14);
    expect(values[1]).toBeCloseTo(1, 14);
    expect(vectors[0]).toBeCloseTo(Math.SQRT1_2, 14);
    expect(vectors[1]).toBeCloseTo(Math.SQRT1_2, 14);
    expect(vectors[2]! * vectors[3]!).toBeCloseTo(-0.5, 14);
  });
});

const hashes = new Map<string, string>();

describe.each<KernelVariant>(testVariants())('principal components by the %s kernels', (variant) => {
  const kernels = async (): Promise<Kernels> => instantiateKernels(await testKernels(variant));

  it.each([[200, 2], [1000, 3], [130, 17], [64, 30], [700, 66]])('of %i x %i rows are those of the covariance in double precision', async (rows, dim) => {
    const values = cloud(rows, dim, dim);
    const { mean, covariance } = reference(values, dim);
    const pca = await fit(await kernels(), values, { dim });
    const trace = covariance.reduce((sum, x, i) => sum + (i % (dim + 1) === 0 ? x : 0), 0);
    expect(pca.totalVariance / trace).toBeCloseTo(1, 5);
    for (let d = 0; d < dim; d++) expect(pca.mean[d]!).toBeCloseTo(mean[d]!, 9);
    const exact = await symmetricEigen(await kernels(), covariance.slice(), dim);
    for (let c = 0; c < dim; c++) {
      expect(Math.abs(pca.explainedVariance[c]! - exact.values[c]!)).toBeLessThan(1e-5 * trace);
      // C v = lambda v, whatever vectors a repeated value has.
      for (let i = 0; i < dim; i++) {
        let sum = 0;
        for (let j = 0; j < dim; j++) sum += covariance[i * dim + j]! * pca.components[c * dim + j]!;
        expect(Math.abs(sum - pca.explainedVariance[c]! * pca.components[c * dim + i]!)).toBeLessThan(2e-5 * trace);
      }
    }
    const ratio = pca.explainedVarianceRatio.reduce((sum, x) => sum + x, 0);
    expect(ratio).toBeCloseTo(1, 5);
    const name = `${rows} x ${dim}`;
    const hash = hashOf(pca.toBytes());
    expect(hashes.get(name) ?? hash, 'equal bytes in all builds').toBe(hash);
    hashes.set(name, hash);
  });

  it('project as double precision does, and back', async () => {
    const [rows, dim] = [1100, 21];
    const values = cloud(rows, dim, 5);
    const whole = await fit(await kernels(), values, { dim });
    const back = whole.inverseTransform(whole.transform(values));
    const size = Math.sqrt(whole.totalVariance);
    for (let i = 0; i < values.length; i++) expect(Math.abs(back[i]! - values[i]!)).toBeLessThan(1e-4 * size);
    const four = await fit(await kernels(), values, { dim, components: 4 });
    expect(four.components).toEqual(whole.components.slice(0, 4 * dim));
    const projected = four.transform(values);
    expect(projected.length).toBe(rows * 4);
    for (const r of [0, 63, 64, 1023, 1024, rows - 1]) {
      for (let c = 0; c < 4; c++) {
        let sum = 0;
        for (let d = 0; d < dim; d++) sum += (values[r * dim + d]! - four.mean[d]!) * four.components[c * dim + d]!;
        expect(Math.abs(projected[r * 4 + c]! - sum)).toBeLessThan(1e-5 * size);
      }
    }
    // What four components leave out is the variance of the others.
    const near = four.inverseTransform(projected);
    let error = 0;
    for (let i = 0; i < values.length; i++) error += (near[i]! - values[i]!) ** 2 / (rows - 1);
    const left = whole.explainedVariance.slice(4).reduce((sum, x) => sum + x, 0);
    expect(error / left).toBeCloseTo(1, 2);
    expect(four.transform([Array.from(values.subarray(0, dim)), values.subarray(dim, 2 * dim)])).toEqual(projected.slice(0, 8));
    const hash = hashOf(new Uint8Array(projected.buffer)) + hashOf(new Uint8Array(near.buffer));
    expect(hashes.get('projected') ?? hash).toBe(hash);
    hashes.set('projected', hash);
  });

  it('of one vector, of equal ones and of nothing', async () => {
    const one = await fit(await kernels(), [[1, 2, 3]], { dim: 3, components: 2 });
    expect([...one.mean]).toEqual([1, 2, 3]);
    expect([...one.explainedVariance, one.totalVariance, ...one.explainedVarianceRatio]).toEqual([0, 0, 0, 0, 0]);
    expect([...one.transform([[1, 2, 3]])]).toEqual([0, 0]);
    expect(one.transform([]).length).toBe(0);
    const equal = await fit(await kernels(), new Float32Array(300).fill(0.1), { dim: 3 });
    expect(Math.max(...equal.explainedVariance)).toBeLessThan(1e-12);
    const loaded = await kernels();
    expect(await code(() => fit(loaded, [], { dim: 3 }))).toBe('INVALID_ARGUMENT');
    expect(await code(() => fit(loaded, new Float32Array(7), { dim: 3 }))).toBe('INVALID_ARGUMENT');
    expect(await code(() => fit(loaded, [[1, NaN]], { dim: 2 }))).toBe('INVALID_ARGUMENT');
    for (const options of [undefined, {}, { dim: 1 }, { dim: 5000 }, { dim: 2, components: 0 }, { dim: 2, components: 3 }, { dim: 2, whiten: true }]) {
      expect(await code(() => fit(loaded, [[1, 2]], options as never))).toBe('INVALID_ARGUMENT');
    }
  });

  it('normalised rows have unit length', async () => {
    const loaded = await kernels();
    const values = randomVectors(1500, 13, 9).map((x, i) => (i < 13 ? 0 : i < 26 ? x * 1e-22 : i < 39 ? x * 1e18 : x));
    const copy = values.slice();
    const unit = normalizeRows(loaded, values, 13);
    expect(values).toEqual(copy);
    expect([...unit.subarray(0, 13)]).toEqual(new Array(13).fill(0));
    for (let r = 1; r < 1500; r++) {
      const norm = Math.sqrt(values.subarray(r * 13, (r + 1) * 13).reduce((sum, x) => sum + x * x, 0));
      for (let d = 0; d < 13; d++) expect(Math.abs(unit[r * 13 + d]! - values[r * 13 + d]! / norm)).toBeLessThan(1.2e-7);
    }
  });
});

describe('the tools of an entry', () => {
  const tools = makeTools(() => nodePlatform(new URL('./none.js', import.meta.url)).loadKernels({}));
  const values = cloud(500, 10, 3);

  it('fit, write down and load again', async () => {
    const pca = await tools.fitPca(values, { dim: 10, components: 3 });
    const expected = pca.transform(values);
    for (const data of [JSON.parse(JSON.stringify(pca)), pca.toBytes(), pca.toBytes().slice()]) {
      const again = await tools.loadPca(data);
      expect(again.transform(values)).toEqual(expected);
      expect([...again.explainedVariance, again.totalVariance, ...again.mean]).toEqual([...pca.explainedVariance, pca.totalVariance, ...pca.mean]);
    }
    expect(await tools.normalize([[3, 4]], 2)).toEqual(Float32Array.of(0.6, 0.8));
    expect((await recommendIndex({ rows: 10, dim: 4 })).index.type).toBe('FLAT');
  });

  it('refuse what no Pca gave', async () => {
    const pca = await tools.fitPca(values, { dim: 10, components: 3 });
    const bytes = pca.toBytes();
    const kernels = instantiateKernels(await testKernels('simd'));
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x40;
      expect(['CORRUPT', 'FORMAT_UNSUPPORTED']).toContain(await code(() => restore(kernels, damaged)));
    }
    for (let length = 0; length < bytes.length; length += 7) expect(await code(() => restore(kernels, bytes.subarray(0, length)))).toBe('CORRUPT');
    const json = pca.toJSON();
    for (const data of [null, {}, [], { ...json, version: 2 }, { ...json, dim: 9 }, { ...json, mean: [] }, { ...json, components: [[1]] }, { ...json, totalVariance: 'x' }, { ...json, explainedVariance: undefined }]) {
      expect(await code(() => restore(kernels, data))).toBe('INVALID_ARGUMENT');
    }
  });

  it('give way and end when the signal fires', async () => {
    const stop = new AbortController();
    const wide = randomVectors(300, 160, 4);
    const phases = new Set<string>();
    await tools.fitPca(wide, { dim: 160, onProgress: ({ phase, done, total }) => {
      phases.add(phase);
      expect(done).toBeLessThanOrEqual(total);
    } });
    expect([...phases]).toContain('eigenvectors');
    expect(await code(() => tools.fitPca(randomVectors(300, 400, 4), { dim: 400, signal: stop.signal, onProgress: () => stop.abort() }))).toBe('ABORTED');
    expect(await code(() => tools.fitPca(wide, { dim: 160, signal: stop.signal }))).toBe('ABORTED');
  });
});
