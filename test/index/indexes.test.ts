import { indexSuite } from '../contract/index.ts';
import { testKernels, testVariants } from '../support/kernels.ts';

const graph = { M: 8, efConstruction: 40 };

for (const variant of testVariants()) {
  const module = await testKernels(variant);
  indexSuite(module, { type: 'FLAT', build: {}, exact: () => ({}) });
  indexSuite(module, { type: 'HNSW', build: graph, usual: { ef: 64 }, exact: (rows, limit) => ({ ef: Math.max(rows, limit) }) });
  indexSuite(module, { type: 'HNSW_SQ', build: { ...graph, refine: true }, usual: { ef: 64 }, exact: (rows, limit) => ({ ef: Math.max(rows, limit), refine_k: Math.max(rows / limit, 1) }) });
  indexSuite(module, { type: 'IVF_FLAT', build: { nlist: 16 }, exact: () => ({ nprobe: 16 }) });
}
