/**
 * `stores/*`: what each place to keep a database costs: inserts (batches of 1,000 x 128, one awaited `insert` at a time) and opening
 * again until the first search has answered. In Chromium over a profile on the disk: in a window without one the stores are memory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BROWSER_ARGS, findBrowser, HOW_TO_GET_ONE } from '../scripts/find-browser.mjs';
import { serve } from '../scripts/serve.mjs';
import { median, number } from './lib/measure.mjs';
import { DIST } from './lib/setup.mjs';

const KEY = 7;

/**
 * Everything that is timed, in Node and in a page alike: it is sent to the page as text, so it closes over nothing.
 * @param {any} library @param {{ url: string, durability: string, encrypted: boolean, batches: number, openRows: number, openDim: number, key: number }} wanted
 */
async function measure({ connect, defineSchema }, { url, durability, encrypted, batches, openRows, openDim, key }) {
  const options = { durability, ...(encrypted ? { encryptionKey: new Uint8Array(32).fill(key) } : {}) };
  const schemaOf = (/** @type {number} */ dim) => defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim } } });
  let seed = 1;
  const uniform = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const vectors = (/** @type {number} */ rows, /** @type {number} */ dim) => Float32Array.from({ length: rows * dim }, () => Math.floor(uniform() * 256));

  const db = await connect(`${url}-insert`, options);
  const collection = await db.createCollection('bench', schemaOf(128));
  const batch = vectors(1_000, 128);
  await collection.insert({ vector: batch });
  const latencies = [];
  const start = performance.now();
  for (let i = 0; i < batches; i++) {
    const from = performance.now();
    await collection.insert({ vector: batch });
    latencies.push(performance.now() - from);
  }
  const rowsPerSecond = (batches * 1_000) / ((performance.now() - start) / 1_000);
  await db.close();

  const filled = await connect(`${url}-open`, options);
  const large = await filled.createCollection('bench', schemaOf(openDim));
  for (let rows = 0; rows < openRows; rows += 5_000) await large.insert({ vector: vectors(Math.min(5_000, openRows - rows), openDim) });
  await large.createIndex('vector', { type: 'IVF_SQ8', metric: 'L2', params: { nlist: 128, refine: true } });
  await filled.close();
  const query = vectors(1, openDim);
  const opens = [];
  for (let i = 0; i < 4; i++) {
    const from = performance.now();
    const again = await connect(`${url}-open`, options);
    await (await again.collection('bench')).search({ vector: query, limit: 10, params: { nprobe: 16 } });
    opens.push(performance.now() - from);
    await again.close();
  }
  latencies.sort((a, b) => a - b);
  return { rowsPerSecond, p50: latencies[latencies.length >> 1], max: latencies[latencies.length - 1], openMs: opens.slice(1) };
}

/** @type {[string, string, string, boolean][]} */
const IN_PAGE = [
  ['idb', 'idb:bench', 'strict', false],
  ['local', 'local:bench2', 'strict', false],
  ['local', 'local:bench3', 'relaxed', false],
  ['local, encrypted', 'local:bench4', 'strict', true],
  ['opfs', 'opfs:bench', 'strict', false],
  ['opfs', 'opfs:bench2', 'relaxed', false],
  ['opfs, encrypted', 'opfs:bench3', 'strict', true],
];

/** @param {boolean} quick */
const sizes = (quick) => ({ batches: quick ? 20 : 100, openRows: quick ? 10_000 : 100_000, openDim: 384, key: KEY });

const HEAD = ['store', 'durability', 'insert rows/s', 'ms per batch p50', 'max', 'reopen and first search, ms'];
/** @param {string} store @param {string} durability @param {Awaited<ReturnType<typeof measure>>} figures */
const row = (store, durability, { rowsPerSecond, p50, max, openMs }) => [store, durability, number(rowsPerSecond), number(p50), number(max), number(median(openMs))];

/** @type {import('./run.mjs').Bench} */
const inChromium = {
  name: 'stores/chromium',
  about: 'Inserts and reopening per store in Chromium, engine in a worker; reopening has 100,000 x 384 (10,000 with --quick) behind an IVF_SQ8 index with refine.',
  async run({ quick }) {
    const executablePath = await findBrowser();
    if (executablePath === null) return { head: ['what'], rows: [[`not measured: no browser. ${HOW_TO_GET_ONE}`]], figures: null };
    const { chromium } = await import('playwright');
    const profile = mkdtempSync(join(tmpdir(), 'elanus-bench-'));
    const site = await serve(DIST);
    const context = await chromium.launchPersistentContext(profile, { executablePath, args: BROWSER_ARGS });
    try {
      const page = await context.newPage();
      await page.goto(`${site.url}no-such-page`);
      await page.evaluate(`globalThis.measure = ${measure}`);
      const figures = [];
      for (const [store, url, durability, encrypted] of IN_PAGE) {
        const wanted = { url, durability, encrypted, ...sizes(quick) };
        figures.push({
          store,
          durability,
          ...(await page.evaluate(async (given) => {
            const from = './browser.js';
            return globalThis.measure(await import(new URL(from, location.origin).href), given);
          }, wanted)),
        });
      }
      return { head: HEAD, rows: figures.map((found) => row(found.store, found.durability, found)), figures, notes: [`Chromium ${context.browser()?.version() ?? ''}.`] };
    } finally {
      await context.close();
      await site.close();
      rmSync(profile, { recursive: true, force: true });
    }
  },
};

/** @type {import('./run.mjs').Bench} */
const inNode = {
  name: 'stores/node',
  about: 'The same in Node over a folder, plain and encrypted.',
  async run({ library, quick, folder }) {
    const figures = [];
    for (const [store, durability, encrypted] of /** @type {[string, string, boolean][]} */ ([
      ['file', 'strict', false],
      ['file, encrypted', 'strict', true],
      ['file', 'relaxed', false],
      ['file, encrypted', 'relaxed', true],
    ])) {
      const url = `file:${join(folder, `${durability}-${encrypted}`)}`;
      figures.push({ store, durability, ...(await measure(library, { url, durability, encrypted, ...sizes(quick) })) });
    }
    return { head: HEAD, rows: figures.map((found) => row(found.store, found.durability, found)), figures };
  },
};

export const benches = [inChromium, inNode];
