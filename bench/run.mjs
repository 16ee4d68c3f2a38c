/**
 * `npm run bench -- <filter>`: Elanus's own benches. A bench is an entry of the `benches` list that a `*.bench.mjs` file
 * of this folder exports; its name is `room/case`, and every bench whose name contains the filter runs. Each answers
 * a table, printed, and figures, kept in `bench/results`.
 *
 *   --quick  smaller data and fewer repetitions     --large  what takes many minutes, too     --list  names only
 *
 * @typedef {object} Context
 * @property {any} library what `dist/node.js` exports
 * @property {boolean} quick
 * @property {boolean} large
 * @property {string} folder a fresh folder of this bench, removed afterwards
 *
 * @typedef {object} Bench
 * @property {string} name
 * @property {string} about one sentence: what is compared with what
 * @property {boolean} [needsDist] false for a bench that does not call the built package
 * @property {(context: Context) => Promise<{ head: string[], rows: (string | number)[][], figures: unknown, notes?: string[] }>} run
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { describeDatasets } from './datasets.mjs';
import { table } from './lib/measure.mjs';
import { describeSetup, DIST, printSetup, saveResult } from './lib/setup.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, large: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
});
const here = dirname(fileURLToPath(import.meta.url));

/** @type {Bench[]} */
const benches = [];
for (const file of readdirSync(here).filter((name) => name.endsWith('.bench.mjs')).sort()) {
  benches.push(...((await import(pathToFileURL(join(here, file)).href)).benches ?? []));
}
const chosen = benches.filter(({ name }) => positionals.length === 0 || positionals.some((filter) => name.includes(filter)));
if (options.list || chosen.length === 0) {
  for (const { name, about } of options.list ? chosen : benches) console.log(`${name.padEnd(24)} ${about}`);
  if (chosen.length === 0) {
    console.error(`\n"filter" expected a part of one of these names, got ${positionals.join(' ')}`);
    process.exitCode = 1;
  }
} else {
  const needsDist = chosen.some((bench) => bench.needsDist !== false);
  const setup = describeSetup({ needsDist, kernels: 'see below', datasets: describeDatasets(), seed: 1, threads: 1 });
  const library = needsDist ? await import(pathToFileURL(join(DIST, 'node.js')).href) : null;
  if (library !== null) {
    const db = await library.connect('memory:', { mode: 'inline', workers: 0 });
    const { kernels, kernelsReason } = await db.stats();
    setup.kernels = kernelsReason ? `${kernels} (${kernelsReason})` : kernels;
    await db.close();
  }
  printSetup(setup);
  const results = [];
  for (const bench of chosen) {
    console.log(`## ${bench.name}\n\n${bench.about}\n`);
    const folder = mkdtempSync(join(tmpdir(), 'elanus-bench-'));
    try {
      const { head, rows, figures, notes = [] } = await bench.run({ library, quick: options.quick, large: options.large, folder });
      console.log(`${table(head, rows)}\n${notes.map((note) => `\n${note}`).join('')}`);
      results.push({ bench: bench.name, figures });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  saveResult(positionals.length ? `bench-${positionals.join('-').replaceAll('/', '-')}` : 'bench', { setup, quick: options.quick, results });
}
