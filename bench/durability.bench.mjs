/**
 * `durability/*`: what it costs that nothing is lost, per store, in this Node and in Chromium: rows per second of durable inserts, bytes
 * written for a row's bytes, opening again to the first answer, memory. The calls are the same everywhere.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BROWSER_ARGS, findBrowser, HOW_TO_GET_ONE } from '../scripts/find-browser.mjs';
import { serve } from '../scripts/serve.mjs';
import { number } from './lib/measure.mjs';
import { DIST } from './lib/setup.mjs';

/** Bytes that this process has handed to the system for writing, where it tells. */
function bytesWritten() {
  if (!existsSync('/proc/self/io')) return null;
  return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? NaN);
}

/**
 * Everything that is measured, in Node and in a page alike: it is sent to the page as text, so it closes over nothing.
 * @param {any} library @param {{ url: string, options: Record<string, unknown>, dim: number, rows: number, batch: number }} job
 * @param {() => number | null} written bytes so far, or null where the host does not tell
 */
async function measure({ connect, defineSchema }, { url, options, dim, rows, batch }, written) {
  let state = 1;
  const uniform = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296;
  const vectors = () => Float32Array.from({ length: batch * dim }, () => Math.floor(uniform() * 256));
  const seconds = async (/** @type {() => Promise<unknown>} */ work) => {
    const start = performance.now();
    await work();
    return (performance.now() - start) / 1000;
  };
  const rowBytes = rows * dim * 4;
  let mark = written();
  /** Bytes written since the last call, as a multiple of the rows' own. */
  const share = () => {
    const now = written();
    const since = now === null || mark === null ? null : (now - mark) / rowBytes;
    mark = now;
    return since;
  };

  let db = await connect(url, options);
  let docs = await db.createCollection('bench', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim } } }));
  const batches = Math.ceil(rows / batch);
  const latencies = [];
  let insertSeconds = 0;
  let last = null;
  for (let i = 0; i < batches; i++) {
    const vector = vectors();
    last = vector.slice((batch - 1) * dim);
    const took = await seconds(() => docs.insert({ vector }));
    insertSeconds += took;
    latencies.push(took * 1000);
  }
  latencies.sort((a, b) => a - b);
  const inserted = share();
  const indexSeconds = await seconds(() => docs.createIndex('vector', { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, efConstruction: 100, refine: true } }));
  const indexed = share();
  // A tenth is replaced by new rows: what a merge writes for it.
  await docs.delete({ ids: Array.from({ length: Math.floor(rows / 10) }, (_, i) => i + 1) });
  for (let i = 0; i < Math.max(1, Math.floor(batches / 10)); i++) await docs.insert({ vector: vectors() });
  share();
  const compactSeconds = await seconds(() => docs.compact({ retentionSeconds: 0 }));
  const merged = share();
  const { storedBytes, logBytes } = await docs.stats();
  const { memoryBytes } = await db.stats();
  await db.close();
  const reopenSeconds = await seconds(async () => {
    db = await connect(url, options);
    docs = await db.collection('bench');
    const [hit] = await docs.search({ vector: last, limit: 1, params: { ef: 64 } });
    if (!hit || hit.score !== 0) throw new Error('a row that was inserted is not found after opening again');
  });
  const reopened = (await db.stats()).memoryBytes;
  await db.dropCollection('bench');
  await db.close();
  return {
    rowsPerSecond: (batches * batch) / insertSeconds, p50: latencies[Math.floor(latencies.length / 2)], p99: latencies[Math.floor(latencies.length * 0.99)], inserted, indexSeconds, indexed,
    compactSeconds, merged, reopenMs: reopenSeconds * 1000, memory: memoryBytes / rowBytes, reopenedMemory: reopened / rowBytes, stored: (storedBytes + logBytes) / rowBytes,
  };
}

const HEAD = ['store', 'rows x dim', 'insert rows/s', 'ms per 1,000 p50', 'p99', 'bytes written: log and seals', 'index', 'merge', 'index s', 'compact s', 'reopen + first search ms', 'memory', 'after reopening', 'on the store'];

/** @param {string} store @param {{ rows: number, dim: number }} job @param {Awaited<ReturnType<typeof measure>>} figures */
const row = (store, { rows, dim }, figures) => {
  const times = (/** @type {number | null} */ value) => (value === null ? '-' : number(value));
  const { rowsPerSecond, p50, p99, inserted, indexed, merged, indexSeconds, compactSeconds, reopenMs, memory, reopenedMemory, stored } = figures;
  return [store, `${rows} x ${dim}`, number(rowsPerSecond), number(p50), number(p99), times(inserted), times(indexed), times(merged), number(indexSeconds), number(compactSeconds), number(reopenMs), number(memory), number(reopenedMemory), number(stored)];
};

const NOTES = ['Bytes, memory and store are multiples of the bytes of the vectors inserted. Of the merge: a tenth of the rows deleted and as many new ones.'];

/** What is inserted by thousands, and what is opened again. @param {boolean} quick */
const jobs = (quick) => [
  { rows: quick ? 5_000 : 100_000, dim: 128, batch: 1_000 },
  { rows: quick ? 2_000 : 100_000, dim: 384, batch: 1_000 },
];

/** @type {import('./run.mjs').Bench[]} */
export const benches = [
  {
    name: 'durability/node',
    about: 'Durable inserts by 1,000 rows, bytes written, opening again and memory, per store and durability, engine on the calling thread.',
    async run({ library, quick, folder }) {
      const rows = [];
      const figures = [];
      for (const job of jobs(quick)) {
        for (const durability of /** @type {const} */ (['relaxed', 'strict'])) {
          const url = `file:${join(folder, `${durability}-${job.dim}`)}`;
          const found = await measure(library, { ...job, url, options: { durability } }, bytesWritten);
          rows.push(row(`file:, ${durability}`, job, found));
          figures.push({ store: 'file', durability, ...job, ...found });
        }
      }
      return { head: HEAD, rows, figures, notes: NOTES };
    },
  },
  {
    name: 'durability/browser',
    about: 'The same in Chromium, through the engine worker: IndexedDB, and the origin private file system with the log in IndexedDB; on a disk, not in memory.',
    async run({ quick, folder }) {
      const executablePath = await findBrowser();
      if (executablePath === null) return { head: ['what'], rows: [[`not measured: no browser. ${HOW_TO_GET_ONE}`]], figures: null };
      const { chromium } = await import('playwright');
      const site = await serve(DIST);
      // Plain contexts keep what they store in memory.
      const context = await chromium.launchPersistentContext(join(folder, 'profile'), { executablePath, args: BROWSER_ARGS });
      const rows = [];
      const figures = [];
      try {
        const page = await context.newPage();
        await page.goto(`${site.url}no-such-page`);
        await page.evaluate(`globalThis.measure = ${measure}`);
        for (const job of jobs(quick)) {
          for (const store of /** @type {const} */ (['idb', 'local'])) {
            for (const durability of /** @type {const} */ (['relaxed', 'strict'])) {
              const found = await page.evaluate(async (given) => {
                const from = './browser.js';
                return globalThis.measure(await import(new URL(from, location.origin).href), given, () => null);
              }, { ...job, url: `${store}:${durability}-${job.dim}`, options: { durability } });
              rows.push(row(`${store}:, ${durability}`, job, found));
              figures.push({ store, durability, ...job, ...found });
            }
          }
        }
      } finally {
        await context.close();
        await site.close();
      }
      return { head: HEAD, rows, figures, notes: NOTES };
    },
  },
];
