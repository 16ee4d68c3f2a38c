import { indexSuite } from '../contract/index.ts';
import { testKernels, testVariants } from '../support/kernels.ts';

const graph = { M: 8, efConstruction: 40 };

for (const variant of testVariants()) {
  const module = await testKernels(variant);
  indexSuite(module, { type: 'FLAT', build: {}, exact: () => ({}) });
  indexSuite(module, { type: 'HNSW', build: graph, usual: { ef: 64 }, exact: (rows, limit) => ({ ef: Math.max(rows, limit) }) });
  indexSuite(module, { type: 'HNSW_SQ', build: { ...graph, refine: true }, usual: { ef: 64 }, exact: (rows, limit) => ({ ef: Math.max(rows, limit), refine_k: Math.max(rows / limit, 1) }) });
  const looksAtAll = (rows: number, limit: number) => ({ ef: Math.max(rows, limit), refine_k: Math.max(rows / limit, 1) });
  for (const sqType of ['SQ4U', 'SQ6', 'BF16', 'FP16']) {
    indexSuite(module, { type: 'HNSW_SQ', build: { ...graph, sq_type: sqType, refine: true }, usual: { ef: 64, refine_k: sqType === 'SQ4U' ? 6 : 2 }, exact: looksAtAll });
  }
  indexSuite(module, { type: 'HNSW_PQ', build: { ...graph, nbits: 4, refine: true }, usual: { ef: 150, refine_k: 15 }, exact: looksAtAll });
  if (variant !== 'scalar') {
    indexSuite(module, { type: 'HNSW_PQ', build: { ...graph, refine: true }, usual: { ef: 100, refine_k: 10 }, exact: looksAtAll });
    indexSuite(module, { type: 'HNSW_PRQ', build: { ...graph, refine: true }, usual: { ef: 200, refine_k: 20 }, exact: looksAtAll });
  }
  const wholeList = (rows: number, limit: number) => ({ search_list: Math.max(rows, limit) });
  const vamana = { max_degree: 16, search_list_size: 40 };
  // From a byte a dimension on the codes are those of 7 bits; less would be 256 words a part, too slow for the scalar twin.
  indexSuite(module, { type: 'DISKANN', build: { ...vamana, pq_code_budget_gb_ratio: 1 }, exact: wholeList });
  if (variant !== 'scalar') indexSuite(module, { type: 'DISKANN', build: vamana, exact: wholeList });
  indexSuite(module, { type: 'IVF_FLAT', build: { nlist: 16 }, exact: () => ({ nprobe: 16 }) });
  const all = (rows: number, limit: number) => ({ nprobe: 16, refine_k: Math.max(rows / limit, 1) });
  const refined = { nlist: 16, refine: true };
  indexSuite(module, { type: 'IVF_SQ8', build: refined, exact: all, usual: { refine_k: 2 } });
  // A byte a part: 256 words to learn for each part, too slow for the scalar twin in more than one part.
  indexSuite(module, { type: 'IVF_PQ', build: { ...refined, m: 1 }, exact: all, usual: { refine_k: 15 } });
  if (variant !== 'scalar') indexSuite(module, { type: 'IVF_PQ', build: refined, exact: all, usual: { refine_k: 5 } });
  indexSuite(module, { type: 'IVF_PQ', build: { ...refined, nbits: 4 }, exact: all, usual: { refine_k: 8 } });
  indexSuite(module, { type: 'SCANN', build: { nlist: 16 }, exact: (rows, limit) => ({ nprobe: 16, reorder_k: Math.max(rows, limit) }), usual: { reorder_k: 80 } });
  indexSuite(module, { type: 'IVF_RABITQ', build: refined, exact: all, usual: { refine_k: 12 } });
  indexSuite(module, { type: 'IVF_RABITQ', build: { ...refined, rbq_bits: 3 }, exact: all, usual: { refine_k: 4 } });
}
