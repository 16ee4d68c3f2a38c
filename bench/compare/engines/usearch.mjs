/** usearch: HNSW, native C++. Its search breadth is fixed when an index is made, so there is one loaded copy per breadth. */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { byEf, require, rowViews, timed, versionOf } from './engine.mjs';

/** @returns {import('./engine.mjs').Engine} */
export function usearch() {
  const { Index, MetricKind, ScalarKind } = require('usearch');
  /** @type {any} */ let index;
  /** @type {Float32Array[]} */ let queries;
  /** @type {any} */ let config;
  /** @type {'cpu' | 'wall'} */ let clock;
  let file = '';
  let k = 0;
  /** @type {Map<unknown, any>} */
  const copies = new Map();
  return {
    name: 'usearch f32',
    what: `usearch ${versionOf('usearch')}, native C++, HNSW over f32`,
    async build(set, { M, efConstruction, folder, clock: chosen }) {
      const { values, rows, dim } = set.base;
      clock = chosen;
      k = set.k;
      queries = rowViews(set.queries);
      const metric = set.metric === 'COSINE' ? MetricKind.Cos : MetricKind.L2sq;
      config = { dimensions: dim, metric, quantization: ScalarKind.F32, connectivity: M, expansion_add: efConstruction, expansion_search: 64, multi: false };
      file = join(folder, 'usearch.index');
      index = new Index(config);
      const keys = BigUint64Array.from({ length: rows }, (_, r) => BigInt(r));
      // One call: growing by parts would make it reserve and copy again and again.
      const ms = await timed(clock, () => index.add(keys, values, 1));
      index.save(file);
      return { buildSeconds: ms / 1000, ownBytes: statSync(file).size };
    },
    settings: byEf,
    prepare({ ef }) {
      if (copies.has(ef)) return;
      index = null;
      const copy = new Index({ ...config, expansion_search: ef });
      copy.load(file);
      copies.set(ef, copy);
    },
    pass({ ef }, count) {
      const copy = copies.get(ef);
      return timed(clock, () => {
        for (let q = 0; q < count; q++) copy.search(queries[q], k, 1);
      });
    },
    rows: async ({ ef }, count) => queries.slice(0, count).map((q) => Array.from(copies.get(ef).search(q, k, 1).keys, Number)),
    close() {
      copies.clear();
      index = null;
      rmSync(file, { force: true });
    },
  };
}
