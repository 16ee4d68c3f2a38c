/**
 * `npm test`: builds the package, compiles the type tests, and runs the suite in Node and in a real browser. Arguments
 * go to vitest (`npm test -- storage`). With `ELANUS_SKIP_BUILD` set it takes what was built before.
 *
 * The last lines are the runner's totals. `build/test-report.json` has the same for machines.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { HOW_TO_GET_ONE, findBrowser } from './find-browser.mjs';
import { ROOT } from './virtual-modules.mjs';

export const REPORT = join(ROOT, 'build', 'test-report.json');

/** Runs a program of this project with this Node; answers whether it succeeded. @param {string} what @param {string[]} args */
function step(what, args) {
  console.log(`\n> ${what}`);
  const run = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (run.error) console.error(run.error.message);
  return run.status === 0;
}

/** @param {string} file */
const tool = (file) => join(ROOT, 'node_modules', file);

rmSync(REPORT, { force: true });

const browser = await findBrowser();
if (browser === null && process.env.CI) {
  console.error(`No browser to test in, and CI is set.\n${HOW_TO_GET_ONE}`);
  process.exit(1);
}

const failed = [];
if (!process.env.ELANUS_SKIP_BUILD) {
  if (!step('build: wasm', ['scripts/build-wasm.mjs'])) failed.push('build: wasm');
  else if (!step('build: package', ['scripts/build.mjs'])) failed.push('build: package');
}
if (!step('compile: sources and type tests', [tool('typescript/bin/tsc'), '-b', 'test'])) failed.push('compile');

const started = Date.now();
const tests = step(`test: Node ${process.version}${browser ? ` and ${browser}` : ', no browser'}`, [
  tool('vitest/vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${REPORT}`,
  ...process.argv.slice(2),
]);
if (!tests) failed.push('test');

if (browser === null) console.log(`\nThe browser half was not run: there is no Chromium here.\n${HOW_TO_GET_ONE}`);
if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')} (tests took ${Math.round((Date.now() - started) / 1000)} s)`);
process.exitCode = failed.length > 0 ? 1 : 0;
