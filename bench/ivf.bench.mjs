/**
 * `ivf/*`: build time, size and speed at recall of the IVF family, one query at a time, kernel and re-scoring without the
 * shell around it (`search/*` has that). FLAT over the same rows, in the same run, is the yardstick.
 */
import { loadSet, recall } from './datasets.mjs';
import { kernelIndex } from './lib/kernel.mjs';
import { median, number } from './lib/measure.mjs';

const K = 10;
const BUILD_SEED = 20_031;

/** Type, build parameters beside nlist, search parameters beside nprobe. @type {[string, Record<string, unknown>, Record<string, unknown>][]} */
const TYPES = [
  ['IVF_FLAT', {}, {}],
  ['IVF_SQ8', {}, {}],
  ['IVF_SQ8', { refine: true }, { refine_k: 2 }],
  ['IVF_PQ', {}, {}],
  ['IVF_PQ', { refine: true }, { refine_k: 10 }],
  ['IVF_PQ', { nbits: 4, refine: true }, { refine_k: 20 }],
  ['SCANN', {}, { reorder_k: 40 }],
  ['SCANN', {}, { reorder_k: 100 }],
  ['IVF_RABITQ', {}, {}],
  ['IVF_RABITQ', { refine: true }, { refine_k: 10 }],
  ['IVF_RABITQ', { refine: true }, { refine_k: 30 }],
];

/**
 * @param {string} name @param {Parameters<typeof loadSet>[1]} options @param {string} metric @param {number} nlist @param {number[]} probes
 * @returns {import('./run.mjs').Bench}
 */
function ivfBench(name, options, metric, nlist, probes) {
  return {
    name: `ivf/${name}`,
    about: `${name}, ${metric}, k ${K}, nlist ${nlist}, one query at a time on one thread; kernel and re-scoring, without the shell.`,
    async run({ quick }) {
      const set = loadSet(name, { queries: 500, k: K, ...options });
      if (!set) return { head: ['skipped'], rows: [[`${name} is not there (ELANUS_DATA)`]], figures: [] };
      const { values, dim } = set.base;
      const queries = Array.from({ length: set.queries.rows }, (_, q) => set.queries.values.slice(q * dim, (q + 1) * dim));
      const rows = [];
      const figures = [];
      for (const [type, build, search] of [['FLAT', {}, {}], ...TYPES]) {
        const isFlat = type === 'FLAT';
        const index = await kernelIndex(values, dim, { type, metric, build: isFlat ? {} : { nlist, ...build }, seed: BUILD_SEED });
        for (const nprobe of isFlat ? [0] : probes) {
          const plan = index.plan(isFlat ? {} : { nprobe, ...search }, K);
          /** @type {number[][]} */
          const hits = queries.map((query) => index.rows(Math.min(index.search(query, plan), K)));
          const found = recall(set, (q) => hits[q]);
          const times = [];
          for (let round = 0; round < (quick ? 3 : 9); round++) {
            const asked = isFlat ? queries.slice(0, 50) : queries;
            const start = performance.now();
            for (const query of asked) index.search(query, plan);
            times.push(((performance.now() - start) * 1000) / asked.length);
          }
          const micros = median(times);
          rows.push([type, JSON.stringify({ ...build, ...search }).slice(1, -1), nprobe || '', found.toFixed(4), number(micros), Math.round(1e6 / micros).toLocaleString('en'), number(index.buildSeconds), number(index.memoryBytes / set.base.rows)]);
          figures.push({ type, build, search, nprobe, recall: found, micros: times, buildSeconds: index.buildSeconds, memoryBytes: index.memoryBytes });
        }
      }
      return { head: ['index', 'parameters', 'nprobe', 'recall@10', 'us', 'QPS', 'build s', 'bytes/row'], rows, figures };
    },
  };
}

export const benches = [
  ivfBench('synthetic', { rows: 100_000, queries: 1000 }, 'L2', 512, [4, 8, 16]),
  ivfBench('fashion-mnist', {}, 'L2', 256, [4, 8, 16, 32]),
  ivfBench('bge-cqadupstack-768', {}, 'COSINE', 128, [8, 16, 32]),
  ivfBench('siftsmall', {}, 'L2', 128, [4, 8, 16]),
];
