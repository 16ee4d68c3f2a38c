/**
 * `open/100k-128`: a stored collection is opened by a new process and answers its first search. Each repetition is a
 * process of its own, so that import, compilation and first use are all cold; the system's file cache is warm.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { loadSet, recall } from './datasets.mjs';
import { median, number, quantile } from './lib/measure.mjs';
import { DIST } from './lib/setup.mjs';

const PHASES = /** @type {const} */ (['import', 'connect', 'collection', 'first search', 'second search', 'first use of the library to first answer', 'whole process']);

/** @type {import('./run.mjs').Bench[]} */
export const benches = [
  {
    name: 'open/100k-128',
    about: '100,000 x 128 under HNSW_SQ in a folder: import, connect, open, first search, each in a new process.',
    async run({ library: { connect, defineSchema }, quick, folder }) {
      const set = loadSet('synthetic', { rows: quick ? 10_000 : 100_000 });
      if (set === null) throw new Error('the synthetic set is always there');
      const url = `file:${join(folder, 'db')}`;
      const db = await connect(url, { mode: 'inline', durability: 'relaxed' });
      const collection = await db.createCollection(
        'bench',
        defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim: 128 } } }),
      );
      for (let from = 0; from < set.base.rows; from += 10_000) await collection.insert({ vector: set.base.values.subarray(from * 128, (from + 10_000) * 128) });
      await collection.createIndex('vector', { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, efConstruction: 200, sq_type: 'SQ8', refine: true, refine_type: 'FP32' } });
      const rows = [];
      for (let q = 0; q < set.queries.rows; q++) {
        const hits = await collection.search({ vector: set.queries.values.subarray(q * 128, (q + 1) * 128), limit: 10, params: { ef: 64, refine_k: 2 } });
        rows.push(hits.map((/** @type {{ id: bigint }} */ hit) => Number(hit.id) - 1));
      }
      const quality = recall(set, (q) => rows[q]);
      await db.close();

      const query = Array.from(set.queries.values.subarray(0, 128));
      /** @type {Record<string, number>[]} */
      const runs = [];
      for (let run = 0; run < (quick ? 5 : 15); run++) {
        const start = performance.now();
        const output = execFileSync(process.execPath, [...process.execArgv, fileURLToPath(new URL('./lib/open-child.mjs', import.meta.url)), pathToFileURL(join(DIST, 'node.js')).href, url], { input: JSON.stringify({ query, ids: rows[0] }), encoding: 'utf8' });
        runs.push({ ...JSON.parse(output), 'whole process': performance.now() - start });
      }
      return {
        head: ['phase', 'ms p50', '10 %', '90 %', `recall@10 at ef 64`],
        rows: PHASES.map((phase) => {
          const values = runs.map((run) => run[phase]);
          return [phase, number(median(values)), number(quantile(values, 0.1)), number(quantile(values, 0.9)), phase.includes('search') ? quality.toFixed(4) : '-'];
        }),
        figures: { recall: quality, runs },
      };
    },
  },
];
