import init, { EdgeVec, EdgeVecConfig } from 'edgevec/edgevec.js';
import { timed } from './engine.ts';
import type { Engine, Way } from './engine.ts';

/** Every breadth is another build: three at most, and the first is the one that is measured. */
const BREADTHS = [64, 16, 200];
const BUILDS_MS = 30_000;

export const engine: Engine = {
  async build({ vectors, rows, dim }, { M, efConstruction }, queries, k, _breadths, onProgress) {
    await init();
    // Its metric `cosine` answers with the rows whose inner product is least. Unit vectors lie in the same order by L2.
    const unitVectors = unit(vectors, dim);
    const unitQueries = queries.map((query) => unit(query, dim));
    const ways: Way[] = [];
    let bytes = 0;
    let buildMs = 0;
    let spentMs = 0;
    for (const breadth of BREADTHS) {
      if (spentMs > BUILDS_MS) break;
      const config = new EdgeVecConfig(dim);
      config.metric = 'l2';
      config.m = M;
      config.m0 = 2 * M;
      config.ef_construction = efConstruction;
      config.ef_search = breadth;
      const index = new EdgeVec(config);
      let firstId = 0;
      const ms = await timed(() => {
        [firstId] = index.insertBatchFlat(unitVectors, rows);
      });
      spentMs += ms;
      if (ways.length === 0) {
        buildMs = ms;
        bytes = index.memoryUsage();
      }
      ways.push({
        breadth,
        prepare() {},
        search: (query) => index.search(unitQueries[query], k) as unknown,
        rowsOf: (answer) => (answer as readonly { readonly id: number }[]).map(({ id }) => id - firstId),
      });
      onProgress(ways.length / BREADTHS.length);
    }
    const note = ways.length < BREADTHS.length ? `Only ${ways.length} of ${BREADTHS.length} breadths: each is another build of ${Math.round(buildMs / 1000)} seconds.` : null;
    return { buildMs, memory: { bytes, kind: 'used' }, ways: ways.sort((a, b) => a.breadth! - b.breadth!), note };
  },
};

/** Rows at unit length; a row of zeros stays. */
function unit(vectors: Float32Array, dim: number): Float32Array {
  const scaled = new Float32Array(vectors.length);
  for (let from = 0; from < vectors.length; from += dim) {
    let norm = 0;
    for (let i = from; i < from + dim; i++) norm += vectors[i] * vectors[i];
    const factor = norm === 0 ? 0 : 1 / Math.sqrt(norm);
    for (let i = from; i < from + dim; i++) scaled[i] = vectors[i] * factor;
  }
  return scaled;
}
