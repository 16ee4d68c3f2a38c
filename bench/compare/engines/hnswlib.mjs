/** hnswlib-node: HNSW, native C++. Takes plain arrays, which are made beforehand. */
import { join } from 'node:path';
import { byEf, require, rowViews, takeSize, timed, versionOf } from './engine.mjs';

/** @returns {import('./engine.mjs').Engine} */
export function hnswlib() {
  const { HierarchicalNSW } = require('hnswlib-node');
  /** @type {any} */ let index;
  /** @type {number[][]} */ let queries;
  /** @type {'cpu' | 'wall'} */ let clock;
  let k = 0;
  return {
    name: 'hnswlib-node',
    what: `hnswlib-node ${versionOf('hnswlib-node')}, native C++, HNSW`,
    async build(set, { M, efConstruction, seed, folder, clock: chosen }) {
      const { values, rows, dim } = set.base;
      clock = chosen;
      k = set.k;
      queries = rowViews(set.queries).map((q) => Array.from(q));
      index = new HierarchicalNSW(set.metric === 'COSINE' ? 'cosine' : 'l2', dim);
      index.initIndex(rows, M, efConstruction, seed);
      let ms = 0;
      for (let from = 0; from < rows; from += 1000) {
        const chunk = [];
        for (let r = from; r < Math.min(rows, from + 1000); r++) chunk.push(Array.from(values.subarray(r * dim, (r + 1) * dim)));
        ms += await timed(clock, () => {
          for (let i = 0; i < chunk.length; i++) index.addPoint(chunk[i], from + i);
        });
      }
      const file = join(folder, 'hnswlib.index');
      index.writeIndexSync(file);
      return { buildSeconds: ms / 1000, ownBytes: takeSize(file) };
    },
    settings: byEf,
    prepare: ({ ef }) => index.setEf(ef),
    pass: (_, count) =>
      timed(clock, () => {
        for (let q = 0; q < count; q++) index.searchKnn(queries[q], k);
      }),
    rows: async (_, count) => queries.slice(0, count).map((q) => index.searchKnn(q, k).neighbors),
    close() {
      index = null;
    },
  };
}
