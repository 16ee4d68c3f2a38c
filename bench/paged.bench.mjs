/**
 * `paged/*`: one collection in a folder, searched with its full vectors in memory and with them left in the store, in turns: what
 * a search costs more, and what memory it saves. The system's page cache holds the file.
 */
import { join } from 'node:path';
import { loadSet, recall } from './datasets.mjs';
import { cpuMs, median, number } from './lib/measure.mjs';

const K = 10;
const ROUNDS = 9;

/** @type {readonly { type: string, build: Record<string, unknown>, searches: readonly Record<string, number>[] }[]} */
const INDEXES = [
  {
    type: 'HNSW_SQ',
    build: { M: 16, efConstruction: 200, refine: true },
    searches: [{ ef: 32, refine_k: 2 }, { ef: 64, refine_k: 2 }, { ef: 128, refine_k: 4 }],
  },
  // The vectors are left in the store by both: the second column has all rows in the search cache.
  { type: 'DISKANN', build: { max_degree: 32, search_cache_budget_gb_ratio: 0 }, searches: [{ search_list: 20 }, { search_list: 50 }, { search_list: 100 }] },
];

/** Links of 4 bytes, 2M a row and few above, and a label, as hnswlib keeps them. @param {number} dim */
const hnswlibBytes = (dim) => dim * 4 + 8 * 16 + 16;

/** @param {string} name @param {Record<string, number>} size @param {Record<string, number>} quickSize @returns {import('./run.mjs').Bench} */
function pagedBench(name, size, quickSize) {
  return {
    name: `paged/${name}`,
    about: `${name}: full vectors in memory (cacheBytes ample; DISKANN: all rows in its search cache) against left in the store (0). Processor time, medians of rounds in turns; bytes per row by the library's own count of kernel memory and kept rows, and against hnswlib's dim * 4 + 8 * M + 16 at M 16.`,
    async run({ library: { connect, defineSchema }, quick, folder }) {
      const set = loadSet(name, quick ? quickSize : size);
      if (set === null) throw new Error(`"${name}" expected in ELANUS_DATA`);
      const { dim, rows: count, values } = set.base;
      const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim } } });
      const table = [];
      const figures = [];
      for (const { type, build, searches } of INDEXES) {
        /** @param {string} part @param {Record<string, unknown>} params @param {number} cacheBytes */
        const open = async (part, params, cacheBytes) => {
          const url = `file:${join(folder, `${type}-${part}`)}`;
          const writer = await connect(url, { mode: 'inline', durability: 'relaxed', cacheBytes: 0 });
          const filled = await writer.createCollection('bench', schema, { ifNotExists: true });
          if ((await filled.count()) === 0) {
            for (let from = 0; from < count; from += 10_000) await filled.insert({ vector: values.subarray(from * dim, Math.min(count, from + 10_000) * dim) });
            await filled.createIndex('vector', { type, metric: 'L2', params });
          }
          const { storedBytes } = await filled.stats();
          await writer.close();
          const db = await connect(url, { mode: 'inline', readOnly: true, cacheBytes });
          return { db, collection: await db.collection('bench', schema), storedBytes };
        };
        const isDiskann = type === 'DISKANN';
        const paged = await open('paged', build, 0);
        const resident = await open(isDiskann ? 'cached' : 'paged', isDiskann ? { ...build, search_cache_budget_gb_ratio: 1 } : build, 2 ** 40);
        const vectors = Array.from({ length: set.queries.rows }, (_, q) => set.queries.values.slice(q * dim, (q + 1) * dim));
        /** @param {{ collection: any }} of @param {Record<string, number>} params */
        const all = async ({ collection }, params) => {
          const found = [];
          for (const vector of vectors) found.push(await collection.search({ vector, limit: K, params }));
          return found;
        };
        for (const params of searches) {
          for (let warm = 0; warm < 3; warm++) for (const of of [paged, resident]) await all(of, params);
          const found = (await all(paged, params)).map((hits) => hits.map((/** @type {{ id: bigint }} */ hit) => Number(hit.id) - 1));
          const same = (await all(resident, params)).every((hits, q) => String(hits.map((/** @type {{ id: bigint }} */ hit) => Number(hit.id) - 1)) === String(found[q]));
          /** @type {{ paged: number, resident: number }[]} */
          const rounds = [];
          for (let round = 0; round < ROUNDS; round++) {
            const times = { paged: 0, resident: 0 };
            for (const key of /** @type {const} */ (['paged', 'resident'])) {
              const start = cpuMs();
              await all(key === 'paged' ? paged : resident, params);
              times[key] = ((cpuMs() - start) * 1000) / vectors.length;
            }
            rounds.push(times);
          }
          const [pagedUs, residentUs] = [median(rounds.map((r) => r.paged)), median(rounds.map((r) => r.resident))];
          const quality = recall(set, (q) => found[q]);
          table.push([`${type} ${JSON.stringify(params).replaceAll('"', '')}`, quality.toFixed(4), number(residentUs), number(pagedUs), number(median(rounds.map((r) => r.paged / r.resident))), same ? 'yes' : 'NO', '', '', '']);
          figures.push({ type, build, params, recall: quality, same, rounds });
        }
        const perRow = async (/** @type {{ db: any }} */ { db }) => {
          const { memoryBytes, cache } = await db.stats();
          return (memoryBytes + cache.rowCacheBytes) / count;
        };
        const [pagedBytes, residentBytes] = [await perRow(paged), await perRow(resident)];
        const diskShare = (paged.storedBytes - count * dim * 4) / (count * dim * 4);
        table.push([`${type}, bytes a row`, '', number(residentBytes), number(pagedBytes), number(pagedBytes / residentBytes), '', number(residentBytes / hnswlibBytes(dim)), number(pagedBytes / hnswlibBytes(dim)), number(diskShare)]);
        figures.push({ type, build, pagedBytes, residentBytes, storedBytes: paged.storedBytes });
        for (const { db } of [paged, resident]) await db.close();
      }
      return { head: [`${count.toLocaleString('en')} x ${dim}`, 'recall@10', 'in memory us', 'in the store us', 'ratio', 'same hits', 'in memory / hnswlib', 'in the store / hnswlib', 'index bytes / vector bytes on disk'], rows: table, figures };
    },
  };
}

export const benches = [pagedBench('synthetic', { rows: 100_000, queries: 500 }, { rows: 10_000, queries: 100 }), pagedBench('fashion-mnist', { rows: 60_000, queries: 500 }, { rows: 10_000, queries: 100 })];
