/**
 * `growth/*`: what an index costs as rows and dimensions grow. Every index is built by one new process and served by
 * another, so that its memory is that of a process which does nothing else.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { qpsAtRecall, upperEdge } from './compare/curve.mjs';
import { folderBytes } from './compare/engines/engine.mjs';
import { loadSet, recall } from './datasets.mjs';
import { number } from './lib/measure.mjs';
import { DIST } from './lib/setup.mjs';

const CHILD = fileURLToPath(new URL('lib/growth-child.mjs', import.meta.url));
const K = 10;
const EFS = [10, 16, 24, 32, 48, 64, 100, 200, 400];
const PROBES = [1, 2, 4, 8, 16, 32, 64, 128];
const GRAPH = { M: 16, efConstruction: 200 };

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {string} type
 * @property {(rows: number, dim: number) => Record<string, unknown>} params
 * @property {(rows: number) => Record<string, unknown>[]} settings
 */

/** Lists for a number of rows: the power of two nearest to twice its root, and no more than leave 39 rows a list. @param {number} rows */
const nlist = (rows) => Math.max(1, Math.min(2 ** Math.round(Math.log2(2 * Math.sqrt(rows))), Math.floor(rows / 39)));

/** @type {Kind[]} */
const KINDS = [
  { name: 'FLAT', type: 'FLAT', params: () => ({}), settings: () => [{}] },
  { name: 'HNSW', type: 'HNSW', params: () => GRAPH, settings: () => EFS.map((ef) => ({ ef })) },
  { name: 'HNSW_SQ', type: 'HNSW_SQ', params: () => ({ ...GRAPH, refine: true }), settings: () => EFS.filter((ef) => ef > 16).map((ef) => ({ ef, refine_k: 2 })) },
  { name: 'IVF_SQ8', type: 'IVF_SQ8', params: (rows) => ({ nlist: nlist(rows), refine: true }), settings: (rows) => PROBES.filter((nprobe) => nprobe <= nlist(rows)).map((nprobe) => ({ nprobe, refine_k: 2 })) },
];

/** @param {string} mode @param {Record<string, unknown>} task */
function child(mode, task) {
  const options = { input: JSON.stringify(task), encoding: /** @type {const} */ ('utf8'), maxBuffer: 2 ** 30, stdio: /** @type {import('node:child_process').StdioOptions} */ (['pipe', 'pipe', 'inherit']) };
  return JSON.parse(execFileSync(process.execPath, [...process.execArgv, CHILD, mode], options));
}

/**
 * Builds and serves every kind of index over one set.
 * @param {number} rows @param {number} dim
 * @param {{ folder: string, quick: boolean }} context
 */
function measureShape(rows, dim, { folder, quick }) {
  const set = loadSet('synthetic', { rows, dim, queries: rows > 200_000 ? 200 : 500, k: K });
  if (set === null) throw new Error('the synthetic set is always there');
  const base = join(folder, 'base.f32');
  const queries = join(folder, 'queries.f32');
  writeFileSync(base, set.base.values);
  writeFileSync(queries, set.queries.values);
  const nq = set.queries.rows;
  return KINDS.map(({ name, type, params, settings }) => {
    const path = join(folder, name);
    const task = { library: pathToFileURL(join(DIST, 'node.js')).href, database: `file:${path}`, base, queries, rows, nq, dim, k: K, type, params: params(rows, dim), settings: settings(rows), rounds: quick ? 3 : 7, passMs: quick ? 60 : 150 };
    const built = child('build', task);
    const storedBytes = folderBytes(path);
    const served = child('serve', task);
    rmSync(path, { recursive: true, force: true });
    const points = served.points.map((/** @type {{ params: unknown, rows: number[][], qps: number }} */ p) => ({ params: p.params, recall: recall(set, (q) => p.rows[q]), qps: p.qps }));
    const edge = upperEdge(points);
    const scanned = built.serving.every((/** @type {{ type: string }} */ part) => part.type === 'FLAT');
    const figures = {
      index: name, rows, dim, isScanned: scanned, buildSeconds: built.insertSeconds + built.indexSeconds, insertSeconds: built.insertSeconds,
      points, at95: qpsAtRecall(edge, 0.95), at99: qpsAtRecall(edge, 0.99), residentBytes: served.residentBytes, memoryBytes: served.memoryBytes, storedBytes, segments: served.segments,
    };
    console.log(`${rows.toLocaleString('en')} x ${dim} ${name}: built in ${number(figures.buildSeconds)} s, ${served.segments} segment(s)`);
    return figures;
  });
}

const HEAD = ['rows x dim', 'index', 'build ms/row', 'QPS at 0.95', 'at 0.99', 'resident bytes/row', 'of data', 'by stats()', 'on disk', 'of data'];

/** @param {ReturnType<typeof measureShape>[number]} f */
function row(f) {
  const data = f.rows * f.dim * 4;
  return [
    `${f.rows.toLocaleString('en')} x ${f.dim}`, `${f.index}${f.isScanned && f.index !== 'FLAT' ? ' (scanned)' : ''}`, number((1000 * f.buildSeconds) / f.rows),
    f.at95 === null ? 'not reached' : number(f.at95), f.at99 === null ? 'not reached' : number(f.at99),
    number(f.residentBytes / f.rows), number(f.residentBytes / data), number(f.memoryBytes / f.rows), number(f.storedBytes / f.rows), number(f.storedBytes / data),
  ];
}

/**
 * @param {string} name @param {string} about
 * @param {(options: { quick: boolean, large: boolean }) => [number, number][]} shapes rows and dimensions
 * @returns {import('./run.mjs').Bench}
 */
const growth = (name, about, shapes) => ({
  name: `growth/${name}`,
  about: `${about} The synthetic set (24 latent dimensions), L2, k ${K}, one thread, M ${GRAPH.M}, efConstruction ${GRAPH.efConstruction}. "Of data": bytes per byte of f32 vectors. A process that only serves the index has grown by "resident" once everything is read.`,
  async run({ quick, large, folder }) {
    const figures = shapes({ quick, large }).flatMap(([rows, dim]) => measureShape(rows, dim, { folder, quick }));
    console.log('');
    return { head: HEAD, rows: figures.map(row), figures };
  },
});

export const benches = [
  growth('rows', 'Growth with rows at 128 dimensions; --large adds 1,000,000 rows.', ({ quick, large }) =>
    /** @type {[number, number][]} */ ((quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, ...(large ? [1_000_000] : [])]).map((rows) => [rows, 128])),
  ),
  growth('dimensions', 'Growth with dimensions at a fixed number of rows.', ({ quick }) =>
    /** @type {[number, number][]} */ ((quick ? [128, 384] : [128, 384, 768, 1536]).map((dim) => [quick ? 3_000 : 20_000, dim])),
  ),
];
