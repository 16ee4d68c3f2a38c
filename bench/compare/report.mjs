/**
 * Results of the comparison as Markdown, so that nobody types figures by hand:
 *
 *   node bench/compare/report.mjs results.json ...            speed and build tables of every set and family
 *   node bench/compare/report.mjs results.json ... --points   every measured point, too
 *   node bench/compare/report.mjs results.json ... --summary  one short table: our best of each family against each rival
 *   --only id,id   leaves out other engines
 *
 * Of several files with the same set and family the last one counts, so that a run may be put together from parts.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildTable, merged, pointTable, skippedLines, speedTable, summaryTable, titleOf } from './tables.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { points: { type: 'boolean', default: false }, summary: { type: 'boolean', default: false }, only: { type: 'string' } },
});
if (positionals.length === 0) throw new Error('"results" expected at least one JSON file that bench:compare wrote, got none');
/** @type {import('./report.d.mts').RunReport[]} */
const runs = positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')));
const only = options.only?.split(',');
const results = merged(runs).map((of) => (only ? { ...of, engines: of.engines.filter(({ id }) => only.includes(id)) } : of));

for (const { setup, rounds } of runs) {
  const { commit, cpu, cpuFeatures, node, kernels, load, date } = setup;
  console.log(`Commit ${commit}, Node ${node}, ${kernels} kernels, ${cpu} (${cpuFeatures.join(' ')}), load ${load.toFixed(1)}, ${rounds} rounds, ${date.slice(0, 10)}.`);
}
if (options.summary) {
  console.log(`\n${summaryTable(results)}`);
} else {
  for (const of of results) {
    console.log(`\n#### ${titleOf(of)}\n`);
    if (options.points) console.log(`${pointTable(of)}\n`);
    console.log(`${speedTable(of)}\n\n${buildTable(of)}`);
    for (const line of skippedLines(of)) console.log(`\n${line}`);
  }
}
