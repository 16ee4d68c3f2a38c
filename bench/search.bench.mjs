/**
 * `search/*`: what `search()` costs beside the walk itself. The same index, with the same bytes, is searched through
 * `Collection` and by the bare kernel calls, in turns, on the calling thread.
 */
import { syntheticVectors } from './datasets.mjs';
import { kernelIndex } from './lib/kernel.mjs';
import { cpuMs, median, number, quantile } from './lib/measure.mjs';

const K = 10;
/** The seed that the engine builds with: equal rows and seed give an equal index. */
const BUILD_SEED = 20_031;

/**
 * @param {string} type @param {Record<string, unknown>} build @param {Record<string, unknown>} search
 * @returns {import('./run.mjs').Bench}
 */
function overheadBench(type, build, search) {
  return {
    name: `search/overhead-${type.toLowerCase()}`,
    about: `One awaited search({ vector, limit: ${K}, params }) against the bare kernel call on the same ${type} index; medians of rounds taken in turns, processor time. Allowed: 3 us + 2 ns per dimension.`,
    async run({ library: { connect, defineSchema }, quick }) {
      const rows = [];
      const figures = [];
      for (const dim of [128, 384, 768, 1536]) {
        const count = quick || type === 'FLAT' ? 1_000 : 10_000;
        const { base, queries } = syntheticVectors({ rows: count, queries: 500, dim });
        const db = await connect('memory:', { mode: 'inline', workers: 0 });
        const collection = await db.createCollection(
          'bench',
          defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim } } }),
        );
        const { ids } = await collection.insert({ vector: base.values });
        await collection.createIndex('vector', { type, metric: 'L2', params: build });
        const kernel = await kernelIndex(base.values, dim, { type, metric: 'L2', build, seed: BUILD_SEED });
        const plan = kernel.plan(search, K);
        const vectors = Array.from({ length: queries.rows }, (_, q) => queries.values.slice(q * dim, (q + 1) * dim));
        const options = { limit: K, params: search };

        let same = 0;
        for (const vector of vectors) {
          const through = (await collection.search({ vector, ...options })).map((/** @type {{ id: bigint }} */ hit) => Number(hit.id - ids[0]));
          const bare = kernel.rows(kernel.search(vector, plan)).slice(0, K);
          if (String(through) === String(bare)) same++;
        }
        const passes = {
          bare: async () => {
            let hits = 0;
            for (const vector of vectors) hits += kernel.search(vector, plan);
            return hits;
          },
          search: async () => {
            let hits = 0;
            for (const vector of vectors) hits += (await collection.search({ vector, ...options })).length;
            return hits;
          },
          // Without params: the plan is the collection's own and nothing has to be checked.
          plain: async () => {
            let hits = 0;
            for (const vector of vectors) hits += (await collection.search({ vector, limit: K })).length;
            return hits;
          },
        };
        /** @type {{ bare: number, search: number, plain: number }[]} */
        const runs = [];
        for (let round = 0; round < (quick ? 15 : 45); round++) {
          const run = { bare: 0, search: 0, plain: 0 };
          for (const key of /** @type {const} */ (['bare', 'search', 'plain'])) {
            const start = cpuMs();
            await passes[key]();
            run[key] = ((cpuMs() - start) * 1000) / vectors.length;
          }
          // The first rounds are the optimizer's.
          if (round >= 5) runs.push(run);
        }
        await db.close();
        const over = runs.map((run) => run.search - run.bare);
        const allowed = 3 + 0.002 * dim;
        rows.push([dim, `${kernel.variant}, ${count.toLocaleString('en')} rows`, number(median(runs.map((run) => run.bare))), number(median(runs.map((run) => run.search))), number(median(over)), `${number(quantile(over, 0.1))}-${number(quantile(over, 0.9))}`, number(allowed), median(over) <= allowed ? 'yes' : 'NO', `${((100 * same) / vectors.length).toFixed(0)} %`]);
        figures.push({ dim, count, allowed, same, runs });
      }
      return { head: ['dim', 'kernels', 'kernel us', 'search() us', 'difference us', '10-90 %', 'allowed us', 'within', 'same hits'], rows, figures };
    },
  };
}

export const benches = [
  overheadBench('FLAT', {}, {}),
  overheadBench('HNSW', { M: 16, efConstruction: 200 }, { ef: 32 }),
  overheadBench('HNSW_SQ', { M: 16, efConstruction: 200, sq_type: 'SQ8', refine: true, refine_type: 'FP32' }, { ef: 32, refine_k: 2 }),
];
