/**
 * `browser/*`: the same calls in Chromium and in this Node, in turns, over equal data: what a browser costs, and what
 * the way to the engine's worker costs.
 */
import { syntheticVectors } from './datasets.mjs';
import { median, number, quantile, ratio } from './lib/measure.mjs';
import { DIST } from './lib/setup.mjs';
import { BROWSER_ARGS, findBrowser, HOW_TO_GET_ONE } from '../scripts/find-browser.mjs';
import { serve } from '../scripts/serve.mjs';

const K = 10;

/**
 * Everything that is timed, in Node and in a page alike: it is sent to the page as text, so it closes over nothing.
 * @param {any} library @param {{ base: Float32Array, queries: Float32Array, dim: number }} data @param {Record<string, unknown>} options of `connect`
 */
async function prepare({ connect, defineSchema }, { base, queries, dim }, options) {
  const db = await connect('memory:', options);
  const collection = await db.createCollection('bench', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim } } }));
  await collection.insert({ vector: base });
  const vectors = Array.from({ length: queries.length / dim }, (_, q) => queries.slice(q * dim, (q + 1) * dim));
  const setIndex = (/** @type {Record<string, unknown>} */ spec) => collection.createIndex('vector', { metric: 'L2', ...spec });
  return {
    setIndex,
    stats: () => db.stats(),
    close: () => db.close(),
    /** Mean microseconds of one awaited search. @param {Record<string, unknown>} params @param {number} passes */
    async mean(params, passes) {
      const start = performance.now();
      for (let pass = 0; pass < passes; pass++) for (const vector of vectors) await collection.search({ vector, limit: 10, params });
      return ((performance.now() - start) * 1000) / (passes * vectors.length);
    },
  };
}

/** @type {import('./run.mjs').Bench} */
const kernels = {
  name: 'browser/node',
  about: `One awaited search({ vector, limit: ${K} }) at a time in Chromium and in this Node, engine on the calling thread in both (the same kernels), and through the engine's worker; mean by the clock on the wall, rounds in turns.`,
  async run({ library, quick }) {
    const executablePath = await findBrowser();
    if (executablePath === null) return { head: ['what'], rows: [[`not measured: no browser. ${HOW_TO_GET_ONE}`]], figures: null };
    const { chromium } = await import('playwright');
    const dim = 128;
    const { base, queries } = syntheticVectors({ rows: quick ? 5_000 : 20_000, queries: 200, dim });
    const site = await serve(DIST);
    const browser = await chromium.launch({ executablePath, args: BROWSER_ARGS });
    try {
      const page = await browser.newPage();
      await page.goto(`${site.url}no-such-page`);
      const text = (/** @type {Float32Array} */ values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
      await page.evaluate(`globalThis.prepare = ${prepare}`);
      const version = await page.evaluate(
        async ({ base64, dim: size }) => {
          const floats = async (/** @type {string} */ encoded) => new Float32Array(await (await fetch(`data:application/octet-stream;base64,${encoded}`)).arrayBuffer());
          const from = './browser.js';
          const made = globalThis.prepare;
          const data = { base: await floats(base64.base), queries: await floats(base64.queries), dim: size };
          Object.assign(globalThis, { inline: await made(await import(new URL(from, location.origin).href), data, { mode: 'inline', workers: 0 }), worker: await made(await import(new URL(from, location.origin).href), data, { mode: 'worker' }) });
          const { kernels: inline } = await globalThis.inline.stats();
          const { kernels: worker, engineThread } = await globalThis.worker.stats();
          return { inline, worker, engineThread };
        },
        { base64: { base: text(base.values), queries: text(queries.values) }, dim },
      );
      const inNode = { inline: await prepare(library, { base: base.values, queries: queries.values, dim }, { mode: 'inline', workers: 0 }), worker: await prepare(library, { base: base.values, queries: queries.values, dim }, { mode: 'worker' }) };
      const rows = [];
      const figures = [];
      for (const [type, build, params, passes] of /** @type {[string, Record<string, unknown>, Record<string, unknown>, number][]} */ ([
        ['FLAT', {}, {}, 1],
        ['HNSW', { M: 16, efConstruction: 100 }, { ef: 64 }, 20],
        ['HNSW_SQ', { M: 16, efConstruction: 100, refine: true }, { ef: 64, refine_k: 2 }, 20],
      ])) {
        const spec = { type, params: build };
        for (const mode of /** @type {const} */ (['inline', 'worker'])) {
          await inNode[mode].setIndex(spec);
          await page.evaluate(([name, wanted]) => globalThis[name].setIndex(wanted), /** @type {const} */ ([mode, spec]));
        }
        /** @type {Record<string, number[]>} */
        const us = { nodeInline: [], pageInline: [], nodeWorker: [], pageWorker: [] };
        for (let round = 0; round < (quick ? 5 : 12); round++) {
          for (const mode of /** @type {const} */ (['inline', 'worker'])) {
            const repeat = mode === 'inline' ? passes : Math.max(1, passes / 10);
            us[mode === 'inline' ? 'nodeInline' : 'nodeWorker'].push(await inNode[mode].mean(params, repeat));
            us[mode === 'inline' ? 'pageInline' : 'pageWorker'].push(await page.evaluate(([name, given, times]) => globalThis[name].mean(given, times), /** @type {const} */ ([mode, params, repeat])));
          }
        }
        const speed = median(us.nodeInline.map((node, i) => node / us.pageInline[i]));
        rows.push([type, number(median(us.nodeInline)), number(median(us.pageInline)), ratio(speed), number(median(us.nodeWorker)), number(median(us.pageWorker)), number(median(us.pageWorker) - median(us.pageInline))]);
        figures.push({ type, us, speed, low: quantile(us.pageInline, 0.1), high: quantile(us.pageInline, 0.9) });
      }
      await Promise.all([inNode.inline.close(), inNode.worker.close()]);
      return {
        head: ['index', 'Node us', 'Chromium us', 'Chromium speed / Node', 'Node, worker us', 'Chromium, worker us', 'worker adds us'],
        rows,
        figures: { version, rows: base.rows, dim, figures },
        notes: [`Chromium ${browser.version()}, kernels ${version.inline}; the engine of "worker" runs on the ${version.engineThread} thread. Target: 0.9 x Node; at most 120 us through a worker, walk included.`],
      };
    } finally {
      await browser.close();
      await site.close();
    }
  },
};

export const benches = [kernels];
