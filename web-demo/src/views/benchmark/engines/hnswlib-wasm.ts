import createModule from 'hnswlib-wasm/dist/hnswlib-317962d7.js';
import { rowOf } from '../../../measure/truth.ts';
import { timed } from './engine.ts';
import type { Engine } from './engine.ts';

/** Rows that are added between two looks at the clock. */
const BATCH = 200;
const SEED = 100;

export const engine: Engine = {
  async build(matrix, { M, efConstruction }, queries, k, breadths, onProgress) {
    const { rows, dim } = matrix;
    // The module itself: the package's own loader would make a file system in IndexedDB, which nothing here needs.
    const library = await createModule();
    const index = new library.HierarchicalNSW('cosine', dim, '');
    const items = Array.from({ length: rows }, (_, row) => rowOf(matrix, row).slice());
    const asked = queries.map((query) => query.slice());
    const buildMs = await timed(() => {
      index.initIndex(rows, M, efConstruction, SEED);
      for (let from = 0; from < rows; from += BATCH) {
        for (let row = from; row < Math.min(rows, from + BATCH); row++) index.addPoint(items[row], row, false);
        onProgress(Math.min(1, (from + BATCH) / rows));
      }
    });
    return {
      buildMs,
      memory: { bytes: library.HEAPU8.byteLength, kind: 'heap' },
      ways: breadths.map((breadth) => ({
        breadth,
        prepare: () => index.setEfSearch(breadth),
        search: (query: number) => index.searchKnn(asked[query], k, undefined),
        rowsOf: (answer: unknown) => [...(answer as { readonly neighbors: readonly number[] }).neighbors],
      })),
      note: null,
    };
  },
};
