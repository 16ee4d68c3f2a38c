/**
 * EdgeVec: HNSW, Rust compiled to WebAssembly. Its search breadth is fixed when an index is made and its files go to
 * IndexedDB alone, so every breadth is an index of its own; build seconds are of one.
 */
import { readFileSync } from 'node:fs';
import { require, rowViews, timed, versionOf } from './engine.mjs';

/** An index takes ten seconds per 10,000 rows and breadth: few breadths. */
const BREADTHS = [16, 64, 200];

/** @returns {Promise<import('./engine.mjs').Engine>} */
export async function edgevec() {
  const { EdgeVec, EdgeVecConfig, initSync } = await import(/** @type {string} */ ('edgevec/edgevec.js'));
  initSync({ module: readFileSync(require.resolve('edgevec/edgevec_bg.wasm')) });
  /** @type {Map<unknown, any>} */
  const indexes = new Map();
  /** @type {Float32Array[]} */ let queries;
  /** @type {'cpu' | 'wall'} */ let clock;
  let k = 0;
  let firstId = 0;
  return {
    name: 'EdgeVec',
    what: `EdgeVec ${versionOf('edgevec')}, Rust to WebAssembly, HNSW`,
    async build(set, { M, efConstruction, clock: chosen }) {
      const { values, rows, dim } = set.base;
      clock = chosen;
      k = set.k;
      queries = rowViews(set.queries);
      /** @type {number[]} */
      const seconds = [];
      for (const ef of BREADTHS) {
        const config = new EdgeVecConfig(dim);
        config.metric = set.metric === 'COSINE' ? 'cosine' : 'l2';
        config.m = M;
        config.m0 = 2 * M;
        config.ef_construction = efConstruction;
        config.ef_search = ef;
        const index = new EdgeVec(config);
        const ms = await timed(clock, () => {
          [firstId] = index.insertBatchFlat(values, rows);
        });
        seconds.push(ms / 1000);
        indexes.set(ef, index);
      }
      return { buildSeconds: Math.min(...seconds), ownBytes: indexes.get(BREADTHS[0]).serializedSize(), note: `${BREADTHS.length} indexes, one a breadth` };
    },
    settings: () => BREADTHS.map((ef) => ({ label: `ef ${ef}`, ef })),
    prepare() {},
    pass({ ef }, count) {
      const index = indexes.get(ef);
      return timed(clock, () => {
        for (let q = 0; q < count; q++) index.search(queries[q], k);
      });
    },
    rows: async ({ ef }, count) => queries.slice(0, count).map((q) => indexes.get(ef).search(q, k).map((/** @type {{ id: number }} */ hit) => hit.id - firstId)),
    close() {
      for (const index of indexes.values()) index.free();
      indexes.clear();
    },
  };
}
