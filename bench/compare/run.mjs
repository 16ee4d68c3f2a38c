/**
 * `npm run bench:compare`: Elanus beside other libraries on the same data, one thread each. Engines of a family take
 * turns in rounds, because a machine's speed drifts; a ratio is taken within each round and the median is printed.
 *
 *   --sets siftsmall,fashion-mnist,bge-cqadupstack-768,synthetic,debian-packages-text   --rows N (first N rows)   --queries N   --rounds N
 *   --families graph,ivf,flat,filtered    --engines hnswlib,hnsw_sq,... (default: all of the families but the extra ones; --list names them)
 *   --ef 10,20,...   --nprobe 4,8,...   --nlist N   --refine-k 1,2   --candidates 20,50 (scored again, of coarse codes)
 *   --store file|memory   --seed N   --clock cpu|wall   --all-rows (slow rivals on large sets, too)   --quick (5,000 rows, 3 rounds)
 *
 * QPS and build seconds are by processor time (see `cpuMs`); `--clock wall` takes the clock on the wall. Results go to
 * `bench/results` as JSON, with a picture of each set and family; `report.mjs` and `draw.mjs` make tables and pictures of them again.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { describeDatasets, loadSet, SET_NAMES } from '../datasets.mjs';
import { clockOf } from '../lib/measure.mjs';
import { describeSetup, DIST, printSetup, saveResult } from '../lib/setup.mjs';
import { saveDrawings } from './draw.mjs';
import { FAMILIES } from './families.mjs';
import { FILTERED_SET_NAMES, loadFilteredSet } from './filtered-sets.mjs';
import { installRivals } from './install.mjs';
import { measureFamily } from './measure.mjs';
import { buildTable, pointTable, skippedLines, speedTable, titleOf } from './tables.mjs';

const { values: options } = parseArgs({
  options: {
    sets: { type: 'string' },
    rows: { type: 'string' },
    queries: { type: 'string' },
    rounds: { type: 'string' },
    families: { type: 'string', default: Object.keys(FAMILIES).join(',') },
    engines: { type: 'string' },
    ef: { type: 'string' },
    nprobe: { type: 'string' },
    nlist: { type: 'string' },
    'refine-k': { type: 'string', default: '1,2' },
    candidates: { type: 'string' },
    clock: { type: 'string', default: 'cpu' },
    store: { type: 'string', default: 'file' },
    seed: { type: 'string', default: '1' },
    'all-rows': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const M = 16;
const efConstruction = 200;
const { quick } = options;
const setNames = [...new Set([...SET_NAMES, ...FILTERED_SET_NAMES])];
const sets = list(options.sets, quick ? ['siftsmall', 'synthetic'] : setNames);
const families = list(options.families, []);
const rowsMax = options.rows ? Number(options.rows) : quick ? 5_000 : undefined;
const queriesMax = options.queries ? Number(options.queries) : undefined;
const rounds = Number(options.rounds ?? (quick ? 3 : 5));
const grid = {
  efs: numbers(options.ef, quick ? [16, 48, 128] : [10, 16, 24, 32, 48, 64, 100, 200]),
  nprobes: numbers(options.nprobe, quick ? [4, 16] : [2, 4, 8, 16, 32, 64]),
  refineKs: numbers(options['refine-k'], []),
  candidates: numbers(options.candidates, quick ? [50] : [20, 50, 100]),
};
/** @type {import('./measure.mjs').Pace} */
const pace = quick ? { warm: 200, pass: 60, passMost: 300, recall: 1_000, setting: 1_000 } : { warm: 1_000, pass: 150, passMost: 700, recall: 2_500, setting: 4_000 };
const all = Object.values(FAMILIES).flatMap(({ entries }) => entries);
const chosen = list(options.engines, all.filter(({ isExtra }) => !isExtra).map(({ id }) => id));
clockOf(options.clock);
const clock = options.clock === 'wall' ? 'wall' : 'cpu';
for (const name of sets) if (!setNames.includes(name)) throw new Error(`"sets" expected some of ${setNames.join(', ')}, got ${name}`);
for (const name of families) if (!(name in FAMILIES)) throw new Error(`"families" expected some of ${Object.keys(FAMILIES).join(', ')}, got ${name}`);
for (const id of chosen) if (!all.some((entry) => entry.id === id)) throw new Error(`"engines" expected some of ${all.map((entry) => entry.id).join(', ')}, got ${id}`);

if (options.list) {
  for (const [name, { about, entries }] of Object.entries(FAMILIES)) console.log(`${name}: ${about}\n  ${entries.map(({ id, isExtra }) => `${id}${isExtra ? ' (extra)' : ''}`).join(', ')}`);
} else {
  await compare();
}

async function compare() {
  installRivals();
  const library = all.some(({ id, isOwn }) => isOwn && chosen.includes(id)) ? await loadLibrary() : null;
  /** @type {import('./families.mjs').Context} */
  const context = { library, store: options.store === 'memory' ? 'memory' : 'file' };
  const setup = describeSetup({
    kernels: library ? await kernelVariant(library) : 'not used',
    datasets: `${sets.join(',')}; ${describeDatasets()}`,
    seed: options.seed,
    threads: `1 (build and search); M ${M}, efConstruction ${efConstruction}, k 10, ${rounds} rounds, ${clock} clock`,
    needsDist: library !== null,
  });
  printSetup(setup);

  const results = [];
  const started = performance.now();
  for (const name of sets) {
    /** @type {Map<Function, import('../datasets.d.mts').VectorSet | null>} */
    const loaded = new Map();
    for (const family of families) {
      const entries = FAMILIES[family].entries.filter(({ id }) => chosen.includes(id));
      const [names, load] = FAMILIES[family].isFiltered ? [FILTERED_SET_NAMES, loadFilteredSet] : [SET_NAMES, loadSet];
      if (entries.length === 0 || !names.includes(name)) continue;
      if (!loaded.has(load)) loaded.set(load, load(name, { rows: rowsMax, queries: queriesMax, seed: Number(options.seed) }));
      const set = loaded.get(load) ?? null;
      if (set === null) {
        console.log(`## ${name}: absent, skipped (${describeDatasets()})\n`);
        break;
      }
      const nlist = options.nlist ? Number(options.nlist) : listsFor(set.base.rows);
      const build = { M, efConstruction, nlist, seed: Number(options.seed), clock: /** @type {'cpu' | 'wall'} */ (clock) };
      console.log(`### ${name} (${set.base.rows.toLocaleString('en')} x ${set.base.dim}, ${set.metric}, ${set.queries.rows} queries): ${FAMILIES[family].about}${family === 'ivf' ? `, nlist ${nlist}` : ''}\n`);
      const result = await measureFamily(set, family, entries, { build, grid, rounds, pace, allRows: options['all-rows'], context });
      if (result.engines.length === 0) continue;
      results.push(result);
      console.log(`\n${titleOf(result)}\n`);
      for (const make of [pointTable, buildTable, speedTable]) console.log(`${make(result)}\n`);
      for (const line of skippedLines(result)) console.log(line);
      console.log(`(${((performance.now() - started) / 60_000).toFixed(1)} min so far)\n`);
    }
  }
  const name = ['compare', ...(options.families.split(',').length < Object.keys(FAMILIES).length ? families : []), ...(options.sets || quick ? sets : [])].join('-');
  saveResult(name, { setup, M, efConstruction, rounds, results });
  saveDrawings(results, name);
}

/** Lists for a number of rows: the largest power of two that is not above twice its root. @param {number} rows */
function listsFor(rows) {
  return 2 ** Math.floor(Math.log2(2 * Math.sqrt(rows)));
}

/** @param {string | undefined} text @param {string[]} fallback */
function list(text, fallback) {
  return text === undefined ? fallback : text.split(',');
}

/** @param {string | undefined} text @param {number[]} fallback */
function numbers(text, fallback) {
  return text === undefined ? fallback : text.split(',').map(Number);
}

async function loadLibrary() {
  const entry = join(DIST, 'node.js');
  if (!existsSync(entry)) throw new Error('dist/ is missing: run "npm run build" first');
  return import(pathToFileURL(entry).href);
}

/** @param {any} library */
async function kernelVariant({ connect }) {
  const db = await connect('memory:', { mode: 'inline', workers: 0 });
  const { kernels, kernelsReason } = await db.stats();
  await db.close();
  return kernelsReason ? `${kernels} (${kernelsReason})` : kernels;
}
