/**
 * Tools for users' vectors, apart from any database. All of it is imported when it is first called, so that a page
 * which only connects does not download it; hence every tool answers a promise.
 */
import type { RecommendQuestion, Recommendation } from './index/recommend.ts';
import type { Kernels } from './kernels/kernels.ts';
import type { KernelModule } from './kernels/load.ts';
import type { LatentSpace, LatentSpaceOptions } from './tools/latent-space.ts';
import type { VectorsInput } from './tools/matrix.ts';
import type { Pca, PcaData, PcaOptions } from './tools/pca.ts';

export type { RecommendQuestion, Recommendation } from './index/recommend.ts';
export type { LatentBits, LatentSpace, LatentSpaceOptions, NeighbourTerm } from './tools/latent-space.ts';
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
  /**
   * Fits a latent space to texts (TF-IDF and truncated SVD): an embedder that needs no model. Deterministic: the same texts give the same space on every
   * machine. INVALID_ARGUMENT where no term is left of the texts; ABORTED; OUT_OF_MEMORY.
   */
  fitLatentSpace(texts: readonly string[], options: LatentSpaceOptions): Promise<LatentSpace>;
  /** A LatentSpace again from what its `toBytes` gave. CORRUPT or FORMAT_UNSUPPORTED for other bytes. */
  loadLatentSpace(bytes: Uint8Array): Promise<LatentSpace>;
  /** Vectors at unit length as one flat matrix; a zero vector stays zero. */
  normalize(vectors: VectorsInput, dim: number): Promise<Float32Array>;
}

/** `loadKernels`: the platform's. */
export function makeTools(loadKernels: () => Promise<KernelModule>): Tools {
  let loaded: Promise<{ kernels: Kernels; own: () => Kernels }> | undefined;
  const load = async () => {
    const tools = await import('./lazy-tools.ts');
    loaded ??= loadKernels().then((module) => {
      // `own`: a memory of its own for what is kept, `kernels`: one that all work shares.
      const own = (): Kernels => tools.kernelsOf(module);
      return { kernels: own(), own };
    });
    try {
      return { ...tools, ...(await loaded) };
    } catch (error) {
      // The next call tries again.
      loaded = undefined;
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
    async fitLatentSpace(texts, options) {
      const { fitLatent, kernels, own } = await load();
      return fitLatent(kernels, own, texts, options);
    },
    async loadLatentSpace(bytes) {
      const { restoreLatent, own } = await load();
      return restoreLatent(own, bytes);
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
