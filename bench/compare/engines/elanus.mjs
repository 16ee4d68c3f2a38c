/** Elanus through its public API, as a user calls it: one awaited `search` at a time, durable on the file system. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { filterText } from '../filtered-sets.mjs';
import { columnsOf, rowViews, timed } from './engine.mjs';

/**
 * @typedef {import('./engine.mjs').Grid} Grid
 * @typedef {object} Kind one index of Elanus in the comparison
 * @property {string} type
 * @property {string} [label]
 * @property {(build: import('./engine.mjs').Build, dim: number) => Record<string, unknown>} [params] build parameters
 * @property {string} [scalarIndex] type of an index on every field of the rows
 * @property {(grid: Grid, k: number) => { label: string, [knob: string]: unknown }[]} settings `params`: search parameters; `batch`: all queries in one call;
 *   `isFresh`: every search with a filter's text that was never asked before
 */

/**
 * @param {{ connect: any, defineSchema: any }} library what `dist/node.js` exports
 * @param {Kind} kind
 * @param {'memory' | 'file'} store
 * @returns {import('./engine.mjs').Engine}
 */
export function elanus({ connect, defineSchema }, { type, label = type, params = () => ({}), scalarIndex, settings }, store) {
  /** @type {any} */ let db;
  /** @type {any} */ let collection;
  /** @type {Float32Array[]} */ let queries;
  /** @type {Float32Array} */ let matrix;
  /** @type {'cpu' | 'wall'} */ let clock;
  let path = '';
  let dim = 0;
  let k = 0;
  let firstId = 0n;
  let texts = 0;
  /** @param {any} setting */
  const optionsOf = ({ params, filter }) => ({ limit: k, params, ...(filter && { filter: filterText(filter) }) });
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
      const fields = Object.entries(columnsOf(set));
      const inserting = await timed(clock, async () => {
        db = await connect(store === 'file' ? `file:${path}` : 'memory:', { mode: 'inline', workers: 0, durability: 'relaxed' });
        collection = await db.createCollection(
          'bench',
          defineSchema({
            fields: {
              id: { type: 'Int64', primaryKey: true, autoId: true },
              vector: { type: 'FloatVector', dim },
              ...Object.fromEntries(fields.map(([field]) => [field, { type: 'VarChar', maxLength: 64 }])),
            },
          }),
        );
        const batch = 10_000;
        for (let from = 0; from < rows; from += batch) {
          const to = Math.min(rows, from + batch);
          const columns = Object.fromEntries(fields.map(([field, column]) => [field, column.slice(from, to)]));
          const { ids } = await collection.insert({ vector: values.subarray(from * dim, to * dim), ...columns });
          if (from === 0) firstId = BigInt(ids[0]);
        }
      });
      const indexing = await timed(clock, async () => {
        await collection.createIndex('vector', { type, metric: set.metric, params: params(build, dim) });
        if (scalarIndex) for (const [field] of fields) await collection.createIndex(field, { type: scalarIndex });
      });
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
      const options = optionsOf(setting);
      const { filter } = setting;
      if (filter && setting.isFresh) {
        return timed(clock, async () => {
          for (let q = 0; q < count; q++) await collection.search({ vector: queries[q], ...options, filter: filterText(filter, texts++) });
        });
      }
      return timed(clock, async () => {
        for (let q = 0; q < count; q++) await collection.search({ vector: queries[q], ...options });
      });
    },
    async rows(setting, count) {
      const lists = [];
      if (setting.batch) lists.push(...(await searchAll(setting, count)));
      else for (const vector of queries.slice(0, count)) lists.push(await collection.search({ vector, ...optionsOf(setting) }));
      return lists.map((hits) => hits.map((/** @type {{ id: bigint }} */ hit) => Number(hit.id - firstId)));
    },
    async close() {
      await db?.close();
      if (path !== '') rmSync(path, { recursive: true, force: true });
    },
  };
}
