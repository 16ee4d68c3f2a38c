/**
 * Tools for users' vectors, apart from any database. All of it is imported when it is first called, so that a page
 * which only connects does not download it; hence every tool answers a promise.
 */
import type { RecommendQuestion, Recommendation } from './index/recommend.ts';
import type { Kernels } from './kernels/kernels.ts';
import type { KernelModule } from './kernels/load.ts';
import type { VectorsInput } from './tools/matrix.ts';
import type { Pca, PcaData, PcaOptions } from './tools/pca.ts';

export type { RecommendQuestion, Recommendation } from './index/recommend.ts';
export type { VectorsInput } from './tools/matrix.ts';
export type { Pca, PcaData, PcaOptions } from './tools/pca.ts';

export interface Tools {
  /**
   * Fits principal components to vectors, a list of them or one flat matrix of shape (n, dim). Deterministic: the same
   * vectors give the same components on every machine. Takes time in dim^3: seconds from about a thousand dimensions on.
   */
  fitPca(vectors: VectorsInput, options: PcaOptions): Promise<Pca>;
  /** A Pca again from what its `toJSON` or `toBytes` gave. */
  loadPca(data: PcaData | Uint8Array): Promise<Pca>;
  /** Vectors at unit length as one flat matrix; a zero vector stays zero. */
  normalize(vectors: VectorsInput, dim: number): Promise<Float32Array>;
}

/** `loadKernels`: the platform's. */
export function makeTools(loadKernels: () => Promise<KernelModule>): Tools {
  let kernels: Promise<Kernels> | undefined;
  const load = async () => {
    const tools = await import('./lazy-tools.ts');
    kernels ??= loadKernels().then(tools.kernelsOf);
    try {
      return { ...tools, kernels: await kernels };
    } catch (error) {
      // The next call tries again.
      kernels = undefined;
      throw error;
    }
  };
  return {
    async fitPca(vectors, options) {
      const { fit, kernels } = await load();
      return fit(kernels, vectors, options);
    },
    async loadPca(data) {
      const { restore, kernels } = await load();
      return restore(kernels, data);
    },
    async normalize(vectors, dim) {
      const { normalizeRows, integer, kernels } = await load();
      return normalizeRows(kernels, vectors, integer('dim', dim, 1, 32_768));
    },
  };
}

/**
 * Which index to begin with, for so many rows of so many dimensions, within a memory and for a recall. A rule over what
 * indexes take and what was measured, in `index/recommend.ts`; `collection.tune` measures on your own rows.
 */
export async function recommendIndex(question: RecommendQuestion): Promise<Recommendation> {
  const { recommend } = await import('./lazy-tools.ts');
  return recommend(question);
}
