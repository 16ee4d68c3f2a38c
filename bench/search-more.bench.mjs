/**
 * `more/groups`, `more/iterator`: what it costs to ask for groups instead of rows, and to ask for all rows page by page; through the public API, by processor time.
 */
import { loadSet } from './datasets.mjs';
import { cpuMs, median, number, ratio } from './lib/measure.mjs';

const INDEXES = /** @type {const} */ ([['FLAT', {}, {}], ['HNSW', { M: 12, efConstruction: 60 }, { ef: 64 }]]);

/** @param {any} library @param {any} set @param {string} type @param {Record<string, unknown>} params */
async function filled({ connect, defineSchema }, set, type, params) {
  const { dim, rows, values } = set.base;
  const db = await connect('memory:', { mode: 'inline', workers: 0 });
  const fields = { id: { type: 'Int64', primaryKey: true }, few: { type: 'Int32' }, near: { type: 'Int32' }, name: { type: 'VarChar', maxLength: 16 }, vector: { type: 'FloatVector', dim } };
  const docs = await db.createCollection('bench', defineSchema({ fields }));
  for (let from = 0; from < rows; from += 10_000) {
    const to = Math.min(rows, from + 10_000);
    const of = (/** @type {(i: number) => any} */ value) => Array.from({ length: to - from }, (_, i) => value(from + i));
    const vector = values.subarray(from * dim, to * dim);
    // `near`: rows that lie together have the same value, as the parts of a document have.
    await docs.insert({ id: of((i) => BigInt(i)), few: of((i) => i % 100), near: of((i) => Math.floor(values[i * dim]) * 16 + Math.floor(values[i * dim + 1] / 16)), name: of((i) => `document ${i % 5000}`), vector });
  }
  await docs.createIndex('vector', { type, metric: 'L2', params });
  return { db, docs };
}

/** @type {import('./run.mjs').Bench[]} */
export const benches = [
  {
    name: 'more/groups',
    about: 'groupBy against a plain search for as many rows, one query at a time, limit 10: us per search and the ratio; 100 values at random, 5,000 strings at random, and values that lie together.',
    async run({ library, quick }) {
      const set = loadSet('synthetic', { rows: quick ? 20_000 : 100_000, queries: 100, k: 10 });
      if (!set) throw new Error('the synthetic set can always be made');
      const { dim } = set.base;
      const vectors = Array.from({ length: set.queries.rows }, (_, q) => set.queries.values.slice(q * dim, (q + 1) * dim));
      const rows = [];
      const figures = [];
      for (const [type, build, params] of INDEXES) {
        const { db, docs } = await filled(library, set, type, build);
        for (const [label, groupBy] of /** @type {const} */ ([['few', { field: 'few' }], ['name', { field: 'name' }], ['near', { field: 'near' }], ['near, 3 strictly', { field: 'near', size: 3, strict: true }]])) {
          const runs = [];
          for (let round = 0; round < (quick ? 3 : 5); round++) {
            const us = async (/** @type {object} */ more, /** @type {number} */ limit) => {
              const start = cpuMs();
              for (const vector of vectors) await docs.search({ vector, limit, params, ...more });
              return ((cpuMs() - start) * 1000) / vectors.length;
            };
            runs.push({ plain: await us({}, label.includes('3') ? 30 : 10), grouped: await us({ groupBy }, 10) });
          }
          const of = (/** @type {(run: any) => number} */ f) => median(runs.map(f));
          rows.push([type, label, number(of((r) => r.plain)), number(of((r) => r.grouped)), ratio(of((r) => r.grouped / r.plain))]);
          figures.push({ type, label, runs });
        }
        await db.close();
      }
      return { head: ['index', 'grouped by', 'plain us', 'grouped us', 'x'], rows, figures };
    },
  },
  {
    name: 'more/iterator',
    about: 'searchIterator over all rows: rows per second, by page size; ms of the first page, and of the tenth.',
    async run({ library, quick }) {
      const set = loadSet('synthetic', { rows: quick ? 20_000 : 100_000, queries: 3, k: 10 });
      if (!set) throw new Error('the synthetic set can always be made');
      const { dim } = set.base;
      const rows = [];
      const figures = [];
      for (const [type, build, params] of INDEXES) {
        const { db, docs } = await filled(library, set, type, build);
        for (const batchSize of [100, 1000, 10_000]) {
          for (const outputFields of [[], ['name', 'few']]) {
            const runs = [];
            for (let q = 0; q < set.queries.rows; q++) {
              const start = cpuMs();
              const pages = [];
              let last = start, count = 0;
              for await (const hits of docs.searchIterator({ vector: set.queries.values.slice(q * dim, (q + 1) * dim), batchSize, outputFields, params: 'ef' in params ? { ef: Math.max(params.ef, batchSize) } : {} })) {
                pages.push(cpuMs() - last);
                last = cpuMs();
                count += hits.length;
              }
              if (count !== set.base.rows) throw new Error(`an iterator answered ${count} rows of ${set.base.rows}`);
              runs.push({ rowsPerSecond: (count * 1000) / (cpuMs() - start), first: pages[0], tenth: pages[9] ?? NaN });
            }
            const of = (/** @type {(run: any) => number} */ f) => median(runs.map(f));
            rows.push([type, batchSize, outputFields.join(', '), number(of((r) => r.rowsPerSecond)), number(of((r) => r.first)), number(of((r) => r.tenth))]);
            figures.push({ type, batchSize, outputFields, runs });
          }
        }
        await db.close();
      }
      return { head: ['index', 'batchSize', 'output fields', 'rows/s', 'first page ms', 'tenth ms'], rows, figures };
    },
  },
];
