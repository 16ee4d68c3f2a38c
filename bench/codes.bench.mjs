/**
 * `codes/*`: the codes that a graph is walked on, beside SQ8 in the same run: recall, speed and bytes a row, with no refinement, with the full
 * vectors and with a second code. One query at a time, kernel and re-scoring without the shell. All codes share one graph, as their indexes do; HNSW
 * has its own, built over the vectors.
 */
import { loadSet, recall } from './datasets.mjs';
import { graphIndexes } from './lib/kernel.mjs';
import { cpuMs, median, number, ratio } from './lib/measure.mjs';

const K = 10;
const BUILD_SEED = 20_031;
const EFS = [24, 64, 128];

/** Index type, build parameters, search parameters beside ef. The first is what the others are measured by. @type {[string, Record<string, unknown>, Record<string, unknown>][]} */
const CODES = [
  ['HNSW_SQ', { sq_type: 'SQ8', refine: true }, { refine_k: 2 }],
  ['HNSW', {}, {}],
  ['HNSW_SQ', { sq_type: 'SQ8' }, {}],
  ['HNSW_SQ', { sq_type: 'SQ6' }, {}],
  ['HNSW_SQ', { sq_type: 'SQ6', refine: true }, { refine_k: 2 }],
  ['HNSW_SQ', { sq_type: 'SQ4U' }, {}],
  ['HNSW_SQ', { sq_type: 'SQ4U', refine: true }, { refine_k: 2 }],
  ['HNSW_SQ', { sq_type: 'SQ4U', refine: true, refine_type: 'SQ8' }, { refine_k: 2 }],
  ['HNSW_SQ', { sq_type: 'SQ8', refine: true, refine_type: 'FP16' }, { refine_k: 2 }],
  ['HNSW_SQ', { sq_type: 'BF16' }, {}],
  ['HNSW_SQ', { sq_type: 'FP16' }, {}],
  ['HNSW_PQ', {}, {}],
  ['HNSW_PQ', { refine: true }, { refine_k: 8 }],
  ['HNSW_PQ', { nbits: 4, refine: true }, { refine_k: 8 }],
  ['HNSW_PRQ', { m: 8, refine: true }, { refine_k: 8 }],
];

/**
 * @param {string} name @param {Parameters<typeof loadSet>[1]} options @param {string} metric
 * @returns {import('./run.mjs').Bench}
 */
function codesBench(name, options, metric) {
  return {
    name: `codes/${name}`,
    about: `${name}, ${metric}, k ${K}, M 16, efConstruction 200, one query at a time on one thread; kernel and re-scoring, without the shell.`,
    async run({ quick }) {
      const set = loadSet(name, { queries: 500, k: K, ...options });
      if (!set) return { head: ['skipped'], rows: [[`${name} is not there (ELANUS_DATA)`]], figures: [] };
      const { values, dim } = set.base;
      const queries = Array.from({ length: set.queries.rows }, (_, q) => set.queries.values.slice(q * dim, (q + 1) * dim));
      const built = await graphIndexes(values, dim, { metric, graph: { M: 16, efConstruction: 200 }, seed: BUILD_SEED, indexes: CODES.map(([type, build]) => ({ type, build })) });
      const cases = EFS.flatMap((ef) => CODES.map(([type, build, search], i) => ({ ef, type, build, search, index: built.indexes[i], plan: built.indexes[i].plan({ ef, ...search }, K), times: /** @type {number[]} */ ([]) })));
      const found = cases.map(({ index, plan }) => {
        const hits = queries.map((query) => index.rows(index.search(query, plan)));
        return recall(set, (q) => hits[q]);
      });
      // In turns: a busy machine is busy for all of them.
      for (let round = 0; round < (quick ? 5 : 15); round++) {
        for (const { index, plan, times } of cases) {
          const start = cpuMs();
          for (const query of queries) index.search(query, plan);
          times.push(((cpuMs() - start) * 1000) / queries.length);
        }
      }
      const rows = cases.map(({ ef, type, build, search, index, times }, i) => {
        const first = cases.find((other) => other.ef === ef);
        return [`${type} ${JSON.stringify({ ...build, ...search }).slice(1, -1)}`, ef, found[i].toFixed(4), number(median(times)), ratio(median(times.map((time, round) => /** @type {any} */ (first).times[round] / time))), number(index.codeSeconds), number(index.memoryBytes / set.base.rows)];
      });
      const figures = cases.map(({ ef, type, build, search, index, times }, i) => ({ ef, type, build, search, recall: found[i], micros: times, codeSeconds: index.codeSeconds, memoryBytes: index.memoryBytes }));
      return { head: ['index', 'ef', 'recall@10', 'us', 'QPS / SQ8 refined', 'code s', 'bytes/row'], rows, figures, notes: [`The graph took ${number(built.graphSeconds)} s.`] };
    },
  };
}

export const benches = [codesBench('siftsmall', {}, 'L2'), codesBench('fashion-mnist', {}, 'L2'), codesBench('bge-cqadupstack-768', {}, 'COSINE')];
