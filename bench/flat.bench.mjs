/**
 * `flat/*`: exact search of one query against the speed at which this processor can read the same bytes at all.
 */
import { random } from './datasets.mjs';
import { kernelScan } from './lib/kernel.mjs';
import { median, megabytes, number, quantile } from './lib/measure.mjs';
import { sumYardstick } from './lib/source.mjs';

/** Whole numbers 0-255. Shape (rows, dim). @param {number} rows @param {number} dim */
function uniformRows(rows, dim) {
  const uniform = random(1);
  const values = new Float32Array(rows * dim);
  for (let i = 0; i < values.length; i++) values[i] = Math.floor(uniform() * 256);
  return values;
}

/** @type {import('./run.mjs').Bench[]} */
export const benches = [
  {
    name: 'flat/bandwidth',
    about: 'FLAT, L2, one query, k 10, against a plain SIMD sum of the same number of bytes, taken in turns; exact, so recall is 1.',
    async run({ library: { connect, defineSchema }, quick }) {
      const rows = [];
      const figures = [];
      const shapes = quick ? [[100_000, 128]] : [[10_000, 128], [400_000, 128], [133_000, 384], [66_000, 768]];
      for (const [count, dim] of shapes) {
        const values = uniformRows(count, dim);
        const query = uniformRows(1, dim);
        const bytes = count * dim * 4;
        const db = await connect('memory:', { mode: 'inline', workers: 0 });
        const collection = await db.createCollection(
          'bench',
          defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim } } }),
        );
        const batch = Math.floor(2 ** 24 / (4 * dim));
        for (let from = 0; from < count; from += batch) await collection.insert({ vector: values.subarray(from * dim, Math.min(count, from + batch) * dim) });
        await collection.createIndex('vector', { type: 'FLAT', metric: 'L2' });
        const { segments } = await collection.stats();
        const kernel = await kernelScan(values, dim);
        const sum = await sumYardstick(bytes);
        const through = async () => {
          const start = performance.now();
          await collection.search({ vector: query, limit: 10 });
          return bytes / (performance.now() - start) / 1e6;
        };
        const bare = () => {
          const start = performance.now();
          kernel.scan(query, 10);
          return bytes / (performance.now() - start) / 1e6;
        };
        for (let i = 0; i < 5; i++) sum(), bare(), await through();
        /** @type {{ sum: number, kernel: number, search: number }[]} */
        const runs = [];
        // Small blocks are over in microseconds: a turn is then several calls.
        const calls = Math.max(1, Math.round(2e7 / bytes));
        const mean = async (/** @type {() => number | Promise<number>} */ f) => {
          let inverse = 0;
          for (let c = 0; c < calls; c++) inverse += 1 / (await f());
          return calls / inverse;
        };
        for (let round = 0; round < (quick ? 11 : 41); round++) runs.push({ sum: await mean(sum), kernel: await mean(bare), search: await mean(through) });
        await db.close();
        const of = (/** @type {'sum' | 'kernel' | 'search'} */ key) => runs.map((run) => run[key]);
        const line = (/** @type {string} */ what, /** @type {'kernel' | 'search'} */ key) => {
          const ratios = runs.map((run) => run[key] / run.sum);
          rows.push([`${count.toLocaleString('en')} x ${dim}, ${what}`, megabytes(bytes), number(median(of('sum'))), number(median(of(key))), `${(100 * median(ratios)).toFixed(0)} %`, `${(100 * quantile(ratios, 0.1)).toFixed(0)}-${(100 * quantile(ratios, 0.9)).toFixed(0)} %`, '1']);
        };
        line(`kernel (${kernel.variant})`, 'kernel');
        line(`search(), ${segments.length} segment(s)`, 'search');
        figures.push({ rows: count, dim, runs });
      }
      return { head: ['what', 'bytes', 'sum GB/s', 'FLAT GB/s', 'FLAT / sum', '10-90 %', 'recall'], rows, figures };
    },
  },
];
