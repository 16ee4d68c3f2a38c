/**
 * `filtered/*`: searches under a filter, at the kernels, through the index interface, without a database. The bitset of rows that
 * match is there already: evaluating a filter is measured elsewhere. Beside each: the same search without a filter, and an exact scan of
 * the rows that match, in turn with it, so that ratios hold on a busy machine.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { hasDataset, random, readData, readI8, readJsonl, syntheticVectors } from './datasets.mjs';
import { kernelIndex } from './lib/kernel.mjs';
import { cpuMs, median, number, ratio } from './lib/measure.mjs';
import { REPOSITORY } from './lib/setup.mjs';

const K = 10;
const BUILD_SEED = 20_031;
const SHARES = [0.9, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001];
const QUICK_SHARES = [0.5, 0.1, 0.01, 0.001];
/** QPS that is asked for, against the search without a filter or against the scan of the matches. */
const TARGETS = [
  { from: 0.5, of: 'unfiltered', least: 0.4 },
  { from: 0.1, of: 'scan', least: 1.5 },
  { from: 0, of: 'scan', least: 0.8 },
];

const GRAPH = { M: 16, efConstruction: 200 };
/** Index, build parameters, search parameters. @type {[string, Record<string, unknown>, Record<string, unknown>][]} */
const INDEXES = [
  ['HNSW_SQ', { ...GRAPH, refine: true }, { ef: 40, refine_k: 2 }],
  ['HNSW', GRAPH, { ef: 40 }],
  ['IVF_FLAT', { nlist: 512 }, { nprobe: 8 }],
  ['IVF_SQ8', { nlist: 512, refine: true }, { nprobe: 8, refine_k: 2 }],
  ['IVF_PQ', { nlist: 512, nbits: 4, refine: true }, { nprobe: 8, refine_k: 20 }],
  ['IVF_RABITQ', { nlist: 512, refine: true }, { nprobe: 8, refine_k: 20 }],
];
const FEW = INDEXES.slice(0, 3);

/**
 * @typedef {object} Filtered
 * @property {string} name @property {string} metric @property {number} dim
 * @property {Float32Array} values shape (rows, dim)
 * @property {Float32Array[]} queries
 * @property {Filter[]} filters
 * @typedef {object} Filter
 * @property {string} name
 * @property {number} share
 * @property {(query: number) => Iterable<number>} matching rows, for each query
 * @property {boolean} perQuery
 */

/** The distance by which exact answers are told. @param {string} metric @param {Float32Array} values @param {number} row @param {Float32Array} query */
function distance(metric, values, row, query) {
  const dim = query.length;
  let squares = 0, dot = 0, x2 = 0;
  for (let d = 0, at = row * dim; d < dim; d++, at++) {
    squares += (values[at] - query[d]) ** 2;
    dot += values[at] * query[d];
    x2 += values[at] ** 2;
  }
  return metric === 'L2' ? squares : x2 === 0 ? 0 : -dot / Math.sqrt(x2);
}

/**
 * Filters of every share: rows anywhere, rows around the query, and a cluster far from it: the rows around the one that is farthest.
 * @param {Omit<Filtered, 'filters'>} set @param {readonly number[]} shares @returns {Filter[]}
 */
function layouts({ values, queries, dim, metric }, shares) {
  const rows = values.length / dim;
  /** @param {Float32Array} query */
  const nearest = (query) => {
    const distances = Float64Array.from({ length: rows }, (_, row) => distance(metric, values, row, query));
    return Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => distances[a] - distances[b]);
  };
  const near = queries.map(nearest);
  const far = near.map((order) => nearest(values.slice(order[rows - 1] * dim, (order[rows - 1] + 1) * dim)));
  return shares.flatMap((share) => {
    const count = Math.max(1, Math.round(share * rows));
    const uniform = random(Math.round(1e6 * share));
    const anywhere = Uint32Array.from({ length: rows }, (_, row) => row).filter(() => uniform() < share);
    return [
      { name: 'anywhere', share, matching: () => anywhere, perQuery: false },
      { name: 'around the query', share, matching: (/** @type {number} */ q) => near[q].subarray(0, count), perQuery: true },
      { name: 'far cluster', share, matching: (/** @type {number} */ q) => far[q].subarray(0, count), perQuery: true },
    ];
  });
}

/** Sections of an index over a set, kept in `bench/.cache`. @param {Filtered} set @param {string} type @param {Record<string, unknown>} build */
async function open(set, type, build) {
  const folder = join(REPOSITORY, 'bench', '.cache');
  const file = join(folder, `index-${set.name}-${set.values.length / set.dim}-${type}-${Object.entries(build).flat().join('-')}.bin`);
  const options = { type, metric: set.metric, build, seed: BUILD_SEED };
  if (existsSync(file)) {
    try {
      return await kernelIndex(set.values, set.dim, { ...options, built: deserialize(readFileSync(file)) });
    } catch {
      // Of an earlier format: built anew.
    }
  }
  const index = await kernelIndex(set.values, set.dim, options);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, serialize(index.sections.map((/** @type {{ name: string, bytes: Uint8Array }} */ { name, bytes }) => ({ name, bytes: Uint8Array.from(bytes) }))));
  return index;
}

/**
 * @param {string} name @param {string} about @param {(quick: boolean) => Filtered | null} load @param {typeof INDEXES} indexes
 * @returns {import('./run.mjs').Bench}
 */
const filteredBench = (name, about, load, indexes, isLarge = false) => ({
  name: `filtered/${name}`,
  about: `${about}, k ${K}, one query at a time on one thread; kernel and re-scoring, the bitset given. Ratios by processor time, measured in turn.`,
  async run({ quick, large }) {
    if (isLarge && !large) return { head: ['skipped'], rows: [['with --large only']], figures: [] };
    const set = load(quick);
    if (!set) return { head: ['skipped'], rows: [[`${name} is not there (ELANUS_DATA)`]], figures: [] };
    const { values, queries, filters, metric } = set;
    // Distance of the last of the exact hits, by filter and query.
    const limits = filters.map(({ matching }) =>
      queries.map((query, q) => {
        const best = new Float64Array(K).fill(Infinity);
        for (const row of matching(q)) {
          const d = distance(metric, values, row, query);
          if (d >= best[K - 1]) continue;
          let at = K - 1;
          for (; at > 0 && best[at - 1] > d; at--) best[at] = best[at - 1];
          best[at] = d;
        }
        return best.filter((d) => d < Infinity);
      }),
    );
    const rows = [], figures = [];
    for (const [type, build, search] of indexes) {
      const index = await open(set, type, build);
      const plan = index.plan(search, K);
      for (const [f, { name: layout, share, matching, perQuery }] of filters.entries()) {
        const shared = perQuery ? 0 : index.allow(matching(0));
        const allows = queries.map((_, q) => shared || index.allow(matching(q)));
        let good = 0, asked = 0, compared = 0;
        /** @type {Record<string, number>} */
        const strategies = {};
        queries.forEach((query, q) => {
          const n = Math.min(index.search(query, plan, allows[q]), K);
          const account = index.account();
          compared += account.compared / queries.length;
          strategies[account.strategy] = (strategies[account.strategy] ?? 0) + 1;
          const exact = limits[f][q];
          if (n !== exact.length) throw new Error(`${type}, ${share} ${layout}: expected ${exact.length} hits, got ${n}`);
          asked += n;
          const last = exact[n - 1];
          for (const row of index.rows(n)) if (distance(metric, values, row, query) <= last + 1e-6 * Math.abs(last)) good++;
        });
        const runs = {
          filtered: (/** @type {number} */ q) => index.search(queries[q], plan, allows[q]),
          unfiltered: (/** @type {number} */ q) => index.search(queries[q], plan),
          scan: (/** @type {number} */ q) => index.scan(queries[q], K, allows[q]),
        };
        /** @type {Record<string, number[]>} */
        const micros = { filtered: [], unfiltered: [], scan: [] };
        const asking = Object.entries(runs).map(([kind, run]) => {
          const start = cpuMs();
          let n = 0;
          for (; n < 10 || (cpuMs() - start < 10 && n < queries.length * 20); n++) run(n % queries.length);
          return { kind, run, times: Math.max(5, Math.ceil((n * (quick ? 5 : 12)) / Math.max(cpuMs() - start, 1))) };
        });
        for (let round = 0; round < (quick ? 7 : 15); round++) {
          for (const { kind, run, times } of asking) {
            const start = cpuMs();
            for (let n = 0; n < times; n++) run(n % queries.length);
            micros[kind].push(((cpuMs() - start) * 1000) / times);
          }
        }
        const at = Object.fromEntries(Object.entries(micros).map(([kind, of]) => [kind, median(of)]));
        const ofUnfiltered = at.unfiltered / at.filtered, ofScan = at.scan / at.filtered;
        const target = /** @type {typeof TARGETS[number]} */ (TARGETS.find(({ from }) => share >= from * 0.95));
        const reached = target.of === 'scan' ? ofScan : ofUnfiltered;
        const strategy = Object.keys(strategies).sort((a, b) => strategies[b] - strategies[a]).map((kind) => (strategies[kind] === queries.length ? kind : `${kind} ${strategies[kind]}`)).join(', ');
        const recall = good / asked;
        rows.push([
          type, `${+(100 * share).toPrecision(2)} %`, layout, recall.toFixed(3), number(at.filtered), Math.round(1e6 / at.filtered).toLocaleString('en'), ratio(ofUnfiltered), ratio(ofScan),
          strategy, Math.round(compared), reached >= target.least && recall >= 0.95 ? 'yes' : `no: ${target.least} x ${target.of}`,
        ]);
        figures.push({ type, build, search, share, layout, recall, micros: at, compared, strategies });
        for (const allow of new Set(allows)) index.free(allow);
      }
    }
    return { head: ['index', 'match', 'where', 'recall@10', 'us', 'QPS', 'of unfiltered', 'of a scan of the matches', 'strategy', 'rows compared', 'target'], rows, figures };
  },
});

/** @param {number} rows @param {number} dim @param {number} queries @param {readonly number[]} [shares] */
function synthetic(rows, dim, queries, shares = SHARES) {
  const { base, queries: asked } = syntheticVectors({ rows, queries, dim });
  const set = { name: `synthetic-${dim}`, metric: 'L2', dim, values: base.values, queries: Array.from({ length: queries }, (_, q) => asked.values.slice(q * dim, (q + 1) * dim)) };
  return { ...set, filters: layouts(set, shares) };
}

function debian() {
  const name = 'debian-packages-text', dim = 96;
  if (!hasDataset(name)) return null;
  const values = Float32Array.from(readI8(`${name}/lsa96.i8`, dim).values);
  const rows = readJsonl(`${name}/packages.jsonl.gz`);
  const asked = JSON.parse(new TextDecoder().decode(readData(`${name}/query_rows.json`))).slice(0, 200);
  /** @param {string} label @param {(row: any) => boolean} matches @returns {Filter} */
  const filter = (label, matches) => {
    const matching = Uint32Array.from(rows.keys()).filter((row) => matches(rows[row]));
    return { name: label, share: matching.length / rows.length, matching: () => matching, perQuery: false };
  };
  return {
    name, metric: 'COSINE', dim, values, queries: asked.map((/** @type {number} */ row) => values.slice(row * dim, (row + 1) * dim)),
    filters: [
      filter('arch all', ({ arch }) => arch === 'all'),
      filter('section libs', ({ section }) => section === 'libs'),
      filter('section python', ({ section }) => section === 'python'),
      filter('section games', ({ section }) => section === 'games'),
      filter('priority required', ({ priority }) => priority === 'required'),
    ],
  };
}

export const benches = [
  filteredBench('synthetic', '100,000 x 128 synthetic, L2', (quick) => (quick ? synthetic(100_000, 128, 20, QUICK_SHARES) : synthetic(100_000, 128, 100)), INDEXES),
  filteredBench('debian', 'debian-packages-text, 63,436 x 96, COSINE', debian, [
    ['HNSW_SQ', { ...GRAPH, refine: true }, { ef: 60, refine_k: 3 }],
    ['IVF_FLAT', { nlist: 256 }, { nprobe: 32 }],
    ['IVF_RABITQ', { nlist: 256, refine: true }, { nprobe: 32, refine_k: 30 }],
  ]),
  filteredBench('million', '1,000,000 x 96 synthetic, L2', () => synthetic(1_000_000, 96, 20, QUICK_SHARES), FEW, true),
];
