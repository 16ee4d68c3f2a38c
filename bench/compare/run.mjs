/**
 * `npm run bench:compare`: Elanus, hnswlib-node and usearch in one process on the same data, one thread. Engines take
 * turns in rounds, because a machine's speed drifts; a ratio is taken within each round and the median is printed.
 *
 *   --sets siftsmall,fashion-mnist,synthetic   --rows N (first N rows)   --queries N   --rounds N
 *   --engines hnswlib,usearch,hnsw_sq,hnsw     --ef 10,20,...            --refine-k 1,2  --store file|memory
 *   --quick (10,000 rows, 3 rounds)            --seed N                 --clock cpu|wall
 *
 * QPS and build seconds are by processor time (see `cpuMs`); `--clock wall` takes the clock on the wall.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { describeDatasets, loadSet, recall, SET_NAMES } from '../datasets.mjs';
import { clockOf, median, megabytes, number, quantile, ratio, residentBytes, table } from '../lib/measure.mjs';
import { describeSetup, DIST, printSetup, saveResult } from '../lib/setup.mjs';
import { qpsAtRecall, upperEdge } from './curve.mjs';
import { elanus, hnswlib, usearch } from './engines.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const RECALLS = [0.95, 0.97, 0.99];

const { values: options } = parseArgs({
  options: {
    sets: { type: 'string', default: SET_NAMES.join(',') },
    rows: { type: 'string' },
    queries: { type: 'string' },
    rounds: { type: 'string' },
    engines: { type: 'string', default: 'hnswlib,usearch,hnsw_sq,hnsw' },
    ef: { type: 'string', default: '10,16,24,32,48,64,100,200' },
    'refine-k': { type: 'string', default: '1,2' },
    clock: { type: 'string', default: 'cpu' },
    store: { type: 'string', default: 'file' },
    seed: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
  },
});
const rowsMax = options.rows ? Number(options.rows) : options.quick ? 10_000 : undefined;
const queriesMax = options.queries ? Number(options.queries) : undefined;
const rounds = Number(options.rounds ?? (options.quick ? 3 : 7));
const efs = options.ef.split(',').map(Number);
const M = 16;
const efConstruction = 200;

installRivals();
const wanted = options.engines.split(',');
const library = wanted.some((name) => name.startsWith('hnsw') && name !== 'hnswlib') ? await loadLibrary() : null;
const refineKs = options['refine-k'].split(',').map(Number);
const clock = clockOf(options.clock);
const store = options.store === 'memory' ? 'memory' : 'file';

/** @type {Record<string, () => import('./engines.mjs').Engine>} */
const makers = {
  hnswlib,
  usearch,
  hnsw_sq: () => elanus(library, { type: 'HNSW_SQ', label: 'HNSW_SQ', params: { sq_type: 'SQ8', refine: true, refine_type: 'FP32' }, refineKs, store }),
  hnsw: () => elanus(library, { type: 'HNSW', label: 'HNSW', store }),
};
for (const name of wanted) if (!(name in makers)) throw new Error(`"engines" expected some of ${Object.keys(makers).join(', ')}, got ${name}`);

const setup = describeSetup({
  kernels: library ? await kernelVariant(library) : 'not used',
  datasets: `${options.sets}; ${describeDatasets()}`,
  seed: options.seed,
  threads: `1 (build and search); M ${M}, efConstruction ${efConstruction}, k 10, L2, ${rounds} rounds, ${options.clock} clock`,
  needsDist: library !== null,
});
printSetup(setup);

const results = [];
for (const name of options.sets.split(',')) {
  const set = loadSet(name, { rows: rowsMax, queries: queriesMax, seed: Number(options.seed) });
  if (set === null) {
    console.log(`## ${name}: absent, skipped (${describeDatasets()})\n`);
    continue;
  }
  results.push(await compareOn(set));
}
saveResult('compare', { setup, M, efConstruction, k: 10, rounds, results });

/** @param {import('../datasets.d.mts').VectorSet} set */
async function compareOn(set) {
  console.log(`## ${set.name}: ${set.base.rows.toLocaleString('en')} x ${set.base.dim}, ${set.queries.rows} queries, k ${set.k}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'elanus-bench-'));
  /** Few or fast queries are run several times over, so that one pass is long enough to time. */
  const times = Math.max(1, Math.round((set.base.rows < 20_000 ? 5000 : 1000) / set.queries.rows));
  const engines = wanted.map((name) => makers[name]());
  const settings = engines.map((engine) => engine.settings(efs, set.k));
  /** @type {{ name: string, what: string, buildSeconds: number, residentBytes: number, ownBytes: number, note?: string, points: { label: string, recall: number, qps: number, low: number, high: number, rounds: number[] }[] }[]} */
  const report = [];
  try {
    for (const engine of engines) {
      const before = await residentBytes();
      const built = await engine.build(set, { M, efConstruction, seed: Number(options.seed), folder, clock });
      const resident = (await residentBytes()) - before;
      report.push({ name: engine.name, what: engine.what, ...built, residentBytes: resident, points: [] });
      console.log(`built ${engine.name}: ${built.buildSeconds.toFixed(2)} s${built.note ? ` (${built.note})` : ''}`);
    }
    for (const [e, engine] of engines.entries()) {
      for (const setting of settings[e]) {
        await engine.prepare(setting);
        const rows = await engine.rows(setting);
        report[e].points.push({ label: setting.label, recall: recall(set, (q) => rows[q]), qps: NaN, low: NaN, high: NaN, rounds: [] });
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < Math.max(...settings.map((list) => list.length)); i++) {
        for (let turn = 0; turn < engines.length; turn++) {
          const e = (turn + round) % engines.length;
          const setting = settings[e][i];
          if (setting === undefined) continue;
          await engines[e].prepare(setting);
          const start = clock();
          for (let t = 0; t < times; t++) await engines[e].pass(setting);
          report[e].points[i].rounds.push((1000 * set.queries.rows * times) / (clock() - start));
        }
      }
    }
  } finally {
    for (const engine of engines) await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
  for (const { points } of report) for (const p of points) Object.assign(p, { qps: median(p.rounds), low: quantile(p.rounds, 0.1), high: quantile(p.rounds, 0.9) });

  console.log(`\n${table(['engine', 'setting', 'recall@10', 'QPS', '10-90 %'], report.flatMap(({ name: engine, points }) => points.map((p) => [engine, p.label, p.recall.toFixed(4), number(p.qps), `${number(p.low)}-${number(p.high)}`])))}\n`);

  const rivals = report.filter(({ name }) => !name.startsWith('elanus'));
  const heads = ['engine', 'build s', ...rivals.map(({ name }) => `build: ${name} / this`), 'index bytes', 'resident growth'];
  console.log(`${table(heads, report.map((r) => [r.name, number(r.buildSeconds), ...rivals.map((v) => ratio(v.buildSeconds / r.buildSeconds)), megabytes(r.ownBytes), megabytes(r.residentBytes)]))}\n`);

  const equal = RECALLS.flatMap((target) => report.map((r) => ({ target, r, qps: atRecall(r, target), ratios: rivals.map((v) => ratioAtRecall(r, v, target)) })));
  console.log(`${table(['engine', 'recall@10', 'QPS', ...rivals.map(({ name }) => `this / ${name}`)], equal.map(({ target, r, qps, ratios }) => [r.name, target.toFixed(2), qps === null ? 'not reached' : number(qps), ...ratios.map(ratio)]))}\n`);
  return {
    set: set.name,
    rows: set.base.rows,
    dim: set.base.dim,
    queries: set.queries.rows,
    engines: report,
    equalRecall: equal.map(({ target, r, qps, ratios }) => ({ engine: r.name, recall: target, qps, ratios: Object.fromEntries(rivals.map((v, i) => [v.name, ratios[i]])) })),
  };
}

/** A round's curve: the upper edge of what was measured in it. @param {{ points: { recall: number, rounds: number[] }[] }} of @param {number} round */
function curve(of, round) {
  return upperEdge(of.points.map((p) => ({ recall: p.recall, qps: p.rounds[round] })));
}

/** @param {{ points: { recall: number, rounds: number[] }[] }} of @param {number} target */
function atRecall(of, target) {
  const each = Array.from({ length: rounds }, (_, round) => qpsAtRecall(curve(of, round), target));
  return each.includes(null) ? null : median(/** @type {number[]} */ (each));
}

/**
 * Median over rounds of the ratio within a round.
 * @param {{ points: { recall: number, rounds: number[] }[] }} of @param {{ points: { recall: number, rounds: number[] }[] }} to @param {number} target
 */
function ratioAtRecall(of, to, target) {
  const each = Array.from({ length: rounds }, (_, round) => {
    const a = qpsAtRecall(curve(of, round), target);
    const b = qpsAtRecall(curve(to, round), target);
    return a === null || b === null ? null : a / b;
  });
  return each.includes(null) ? null : median(/** @type {number[]} */ (each));
}

/** Installs the rivals into this folder when its lock file says otherwise than what lies there. */
function installRivals() {
  const packages = (/** @type {string} */ file) => {
    if (!existsSync(join(HERE, file))) return '';
    const entries = Object.entries(JSON.parse(readFileSync(join(HERE, file), 'utf8')).packages ?? {}).filter(([path]) => path !== '');
    return JSON.stringify(entries.map(([path, entry]) => [path, entry.version]).sort());
  };
  if (packages('package-lock.json') === packages('node_modules/.package-lock.json')) return;
  console.log('installing the rival libraries (bench/compare) ...');
  execFileSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund'], { cwd: HERE, stdio: 'inherit', shell: process.platform === 'win32' });
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
