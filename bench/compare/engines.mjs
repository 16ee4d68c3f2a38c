/**
 * The engines behind one small interface: build an index over a set, run every query once, answer rows. Rivals are
 * called in the form that suits them best (queries converted beforehand, no promise where they have none); Elanus is
 * called as a user calls it, one awaited `search` at a time.
 *
 * @typedef {import('../datasets.d.mts').VectorSet} VectorSet
 * @typedef {{ M: number, efConstruction: number, seed: number, folder: string, clock: () => number }} Build `clock` in milliseconds
 * @typedef {{ buildSeconds: number, ownBytes: number, note?: string }} Built `ownBytes`: of the index with its vectors, by the engine's own count (rivals: as saved)
 * @typedef {{ label: string, ef: number, params?: Record<string, unknown> }} Setting
 * @typedef {object} Engine
 * @property {string} name
 * @property {string} what
 * @property {(set: VectorSet, build: Build) => Promise<Built>} build
 * @property {(efs: number[], k: number) => Setting[]} settings what is worth trying, with these search breadths
 * @property {(setting: Setting) => void | Promise<void>} prepare before the passes with this setting; not timed
 * @property {(setting: Setting) => Promise<number>} pass every query once; answers how many hits came back
 * @property {(setting: Setting) => Promise<ArrayLike<number>[]>} rows rows returned per query, for recall
 * @property {() => void | Promise<void>} close
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rmSync, statSync } from 'node:fs';

const require = createRequire(import.meta.url);

/** @param {VectorSet} set @returns {Float32Array[]} */
const queryViews = ({ queries: { values, rows, dim } }) => Array.from({ length: rows }, (_, q) => values.slice(q * dim, (q + 1) * dim));

/** @param {number[]} efs @returns {Setting[]} */
const byEf = (efs) => efs.map((ef) => ({ label: `ef ${ef}`, ef }));

/** Size of a file that is then removed. @param {string} file */
function takeSize(file) {
  const { size } = statSync(file);
  rmSync(file);
  return size;
}

/** @returns {Engine} */
export function hnswlib() {
  const { HierarchicalNSW } = require('hnswlib-node');
  /** @type {any} */ let index;
  /** @type {number[][]} */ let queries;
  let k = 0;
  return {
    name: 'hnswlib-node',
    what: 'hnswlib-node 3.0.0, native C++',
    async build(set, { M, efConstruction, seed, folder, clock }) {
      const { values, rows, dim } = set.base;
      k = set.k;
      queries = queryViews(set).map((q) => Array.from(q));
      index = new HierarchicalNSW('l2', dim);
      index.initIndex(rows, M, efConstruction, seed);
      let ms = 0;
      for (let from = 0; from < rows; from += 1000) {
        // It takes plain arrays only; their making is not held against it.
        const chunk = [];
        for (let r = from; r < Math.min(rows, from + 1000); r++) chunk.push(Array.from(values.subarray(r * dim, (r + 1) * dim)));
        const start = clock();
        for (let i = 0; i < chunk.length; i++) index.addPoint(chunk[i], from + i);
        ms += clock() - start;
      }
      const file = join(folder, 'hnswlib.index');
      index.writeIndexSync(file);
      return { buildSeconds: ms / 1000, ownBytes: takeSize(file) };
    },
    settings: byEf,
    prepare: ({ ef }) => index.setEf(ef),
    async pass() {
      let hits = 0;
      for (let q = 0; q < queries.length; q++) hits += index.searchKnn(queries[q], k).neighbors.length;
      return hits;
    },
    rows: async () => queries.map((q) => index.searchKnn(q, k).neighbors),
    close() {
      index = null;
    },
  };
}

/** @returns {Engine} */
export function usearch() {
  const { Index, MetricKind, ScalarKind } = require('usearch');
  /** @type {any} */ let index;
  /** @type {Float32Array[]} */ let queries;
  /** @type {any} */ let config;
  let file = '';
  let k = 0;
  /** Its search breadth is fixed when an index is made, so there is one loaded copy per ef. @type {Map<number, any>} */
  const copies = new Map();
  return {
    name: 'usearch f32',
    what: 'usearch 2.25.3, native C++, f32',
    async build(set, { M, efConstruction, folder, clock }) {
      const { values, rows, dim } = set.base;
      k = set.k;
      queries = queryViews(set);
      config = { dimensions: dim, metric: MetricKind.L2sq, quantization: ScalarKind.F32, connectivity: M, expansion_add: efConstruction, expansion_search: 64, multi: false };
      file = join(folder, 'usearch.index');
      index = new Index(config);
      const keys = BigUint64Array.from({ length: rows }, (_, r) => BigInt(r));
      const start = clock();
      // One call: growing by parts would make it reserve and copy again and again.
      index.add(keys, values, 1);
      const buildSeconds = (clock() - start) / 1000;
      index.save(file);
      return { buildSeconds, ownBytes: statSync(file).size };
    },
    settings: byEf,
    prepare({ ef }) {
      if (copies.has(ef)) return;
      index = null;
      const copy = new Index({ ...config, expansion_search: ef });
      copy.load(file);
      copies.set(ef, copy);
    },
    async pass({ ef }) {
      const copy = copies.get(ef);
      let hits = 0;
      for (let q = 0; q < queries.length; q++) hits += copy.search(queries[q], k, 1).keys.length;
      return hits;
    },
    rows: async ({ ef }) => queries.map((q) => Array.from(copies.get(ef).search(q, k, 1).keys, Number)),
    close() {
      copies.clear();
      index = null;
      rmSync(file, { force: true });
    },
  };
}

/**
 * @param {{ connect: any, defineSchema: any }} library what `dist/node.js` exports
 * @param {{ type: string, label?: string, params?: Record<string, unknown>, refineKs?: number[], store?: 'memory' | 'file' }} options
 *   `params`: build parameters beside M and efConstruction; `refineKs`: values of refine_k to try
 * @returns {Engine}
 */
export function elanus({ connect, defineSchema }, { type, label = type, params = {}, refineKs, store = 'file' }) {
  /** @type {any} */ let db;
  /** @type {any} */ let collection;
  /** @type {Float32Array[]} */ let queries;
  let k = 0;
  let firstId = 0n;
  return {
    name: `elanus ${label}`,
    what: `Elanus ${label}, ${store === 'file' ? 'durable on the file system' : 'in memory'}, search through Collection`,
    async build(set, { M, efConstruction, folder, clock }) {
      const { values, dim, rows } = set.base;
      k = set.k;
      queries = queryViews(set);
      const path = join(folder, `elanus-${type.toLowerCase()}`);
      rmSync(path, { recursive: true, force: true });
      const start = clock();
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
      const inserted = clock();
      await collection.createIndex('vector', { type, metric: 'L2', params: { M, efConstruction, ...params } });
      const end = clock();
      const stats = await collection.stats();
      return {
        buildSeconds: (end - start) / 1000,
        ownBytes: stats.memoryBytes,
        note: `insert ${((inserted - start) / 1000).toFixed(2)} s, createIndex ${((end - inserted) / 1000).toFixed(2)} s, ${stats.segments.length} segment(s)`,
      };
    },
    settings(efs, limit) {
      if (refineKs === undefined) return efs.map((ef) => ({ label: `ef ${ef}`, ef, params: { ef } }));
      // A walk keeps at least as many rows as are scored again: a smaller ef would be the same point twice.
      return refineKs.flatMap((refine_k) =>
        [...new Set(efs.map((ef) => Math.max(ef, Math.ceil(refine_k * limit))))].map((ef) => ({ label: `ef ${ef}, refine_k ${refine_k}`, ef, params: { ef, refine_k } })),
      );
    },
    prepare() {},
    async pass({ params: search }) {
      const options = { limit: k, params: search };
      let hits = 0;
      for (let q = 0; q < queries.length; q++) hits += (await collection.search({ vector: queries[q], ...options })).length;
      return hits;
    },
    async rows({ params: search }) {
      const out = [];
      for (const vector of queries) {
        const hits = await collection.search({ vector, limit: k, params: search });
        out.push(hits.map((/** @type {{ id: bigint }} */ hit) => Number(hit.id - firstId)));
      }
      return out;
    },
    async close() {
      await db?.close();
    },
  };
}
