/** Types of the tools. Compiled, never run: what should not compile is marked as an error. */
import { fitLatentSpace, fitPca, loadLatentSpace, loadPca, normalize, recommendIndex, type Collection, type LatentSpace, type Pca } from '../../src/node.ts';
import { type Equal, expectType } from './expect.ts';

export async function calls(docs: Collection): Promise<void> {
  const pca = await fitPca(new Float32Array(6), { dim: 3, components: 2, onProgress: ({ phase, done, total }) => `${phase} ${done / total}` });
  expectType<Pca>(pca);
  expectType<Equal<ReturnType<typeof pca.transform>, Float32Array>>(true);
  pca.inverseTransform(pca.transform([[1, 2, 3], new Float64Array(3)]));
  expectType<Pca>(await loadPca(pca.toJSON()));
  expectType<Pca>(await loadPca(pca.toBytes()));
  // @ts-expect-error no dimension
  await fitPca(new Float32Array(6), {});
  // @ts-expect-error an unknown option
  await fitPca(new Float32Array(6), { dim: 3, whiten: true });
  const space = await fitLatentSpace(['a text'], { dim: 8, maxTerms: 100, minDocuments: 1 });
  expectType<LatentSpace>(space);
  expectType<Float32Array>(space.embed(['another']));
  const embedder: (texts: readonly string[], options: { signal?: AbortSignal }) => Promise<Float32Array> = space.embedder;
  await embedder(['a'], {});
  expectType<LatentSpace>(await loadLatentSpace(space.toBytes({ bits: 8 })));
  // @ts-expect-error no such width
  space.toBytes({ bits: 3 });
  expectType<Float32Array>(await normalize([[3, 4]], 2));
  const { index, params, fits } = await recommendIndex({ rows: 1e6, dim: 768, memoryBytes: 2e9, targetRecall: 0.95 });
  expectType<boolean>(fits);
  await docs.createIndex('embedding', index);
  await docs.search({ vector: [1], params });
  // @ts-expect-error no rows
  await recommendIndex({ dim: 3 });
}
