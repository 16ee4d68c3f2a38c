/** Elanus through its public API, as a user calls it: one awaited `search` at a time, durable on the file system. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { rowViews, timed } from './engine.mjs';

/**
 * @typedef {import('./engine.mjs').Grid} Grid
 * @typedef {object} Kind one index of Elanus in the comparison
 * @property {string} type
 * @property {string} [label]
 * @property {(build: import('./engine.mjs').Build, dim: number) => Record<string, unknown>} [params] build parameters
 * @property {(grid: Grid, k: number) => { label: string, [knob: string]: unknown }[]} settings `params`: search parameters; `batch`: all queries in one call
 */

/**
 * @param {{ connect: any, defineSchema: any }} library what `dist/node.js` exports
 * @param {Kind} kind
 * @param {'memory' | 'file'} store
 * @returns {import('./engine.mjs').Engine}
 */
export function elanus({ connect, defineSchema }, { type, label = type, params = () => ({}), settings }, store) {
  /** @type {any} */ let db;
  /** @type {any} */ let collection;
  /** @type {Float32Array[]} */ let queries;
  /** @type {Float32Array} */ let matrix;
  /** @type {'cpu' | 'wall'} */ let clock;
  let path = '';
  let dim = 0;
  let k = 0;
  let firstId = 0n;
  /** @param {any} setting @param {number} count */
  const searchAll = (setting, count) => collection.search({ vectors: matrix.subarray(0, count * dim), limit: k, params: setting.params });
  return {
    name: `elanus ${label}`,
    what: `Elanus ${label}, ${store === 'file' ? 'durable on the file system' : 'in memory'}, search through Collection`,
    async build(set, build) {
      const { values, rows } = set.base;
      dim = set.base.dim;
      clock = build.clock;
      k = set.k;
      queries = rowViews(set.queries);
      matrix = set.queries.values;
      path = join(build.folder, `elanus-${label.toLowerCase().replaceAll(/\W+/g, '-')}`);
      const inserting = await timed(clock, async () => {
        db = await connect(store === 'file' ? `file:${path}` : 'memory:', { mode: 'inline', workers: 0, durability: 'relaxed' });
        collection = await db.createCollection(
          'bench',
          defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim } } }),
        );
        const batch = 10_000;
        for (let from = 0; from < rows; from += batch) {
          const { ids } = await collection.insert({ vector: values.subarray(from * dim, Math.min(rows, from + batch) * dim) });
          if (from === 0) firstId = BigInt(ids[0]);
        }
      });
      const indexing = await timed(clock, () => collection.createIndex('vector', { type, metric: set.metric, params: params(build, dim) }));
      const stats = await collection.stats();
      return {
        buildSeconds: (inserting + indexing) / 1000,
        ownBytes: stats.memoryBytes,
        note: `insert ${(inserting / 1000).toFixed(2)} s, createIndex ${(indexing / 1000).toFixed(2)} s, ${stats.segments.length} segment(s)`,
      };
    },
    settings,
    prepare() {},
    pass(setting, count) {
      if (setting.batch) return timed(clock, () => searchAll(setting, count));
      const options = { limit: k, params: setting.params };
      return timed(clock, async () => {
        for (let q = 0; q < count; q++) await collection.search({ vector: queries[q], ...options });
      });
    },
    async rows(setting, count) {
      const lists = [];
      if (setting.batch) lists.push(...(await searchAll(setting, count)));
      else for (const vector of queries.slice(0, count)) lists.push(await collection.search({ vector, limit: k, params: setting.params }));
      return lists.map((hits) => hits.map((/** @type {{ id: bigint }} */ hit) => Number(hit.id - firstId)));
    },
    async close() {
      await db?.close();
      if (path !== '') rmSync(path, { recursive: true, force: true });
    },
  };
}
