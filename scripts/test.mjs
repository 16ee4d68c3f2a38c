/**
 * `npm test`: builds the package, compiles the type tests, and runs the suite in Node and in a real browser. Arguments
 * go to vitest (`npm test -- storage`). The long visits of the demo page are a project of their own, `npm run test:page`. With `ELANUS_SKIP_BUILD` set it takes what was built before.
 *
 * The last lines are the runner's totals; where a step before it failed, a line behind them says so. The totals are also
 * in `build/test-totals.json`, for machines.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { HOW_TO_GET_ONE, findBrowser } from './find-browser.mjs';
import { TOTALS } from './totals-reporter.mjs';
import { ROOT } from './virtual-modules.mjs';

/** Runs a program of this project with this Node; answers whether it succeeded. @param {string} what @param {string[]} args */
function step(what, args) {
  console.log(`\n> ${what}`);
  const run = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (run.error) console.error(run.error.message);
  return run.status === 0;
}

/** @param {string} file */
const tool = (file) => join(ROOT, 'node_modules', file);

rmSync(TOTALS, { force: true });

const browser = await findBrowser();
if (browser === null && process.env.CI) {
  console.error(`No browser to test in, and CI is set.\n${HOW_TO_GET_ONE}`);
  process.exit(1);
}

const args = process.argv.slice(2);
// A project that is left out, because there is no browser, must not be named.
const projects = args.includes('--project') ? [] : ['node', ...(browser === null ? [] : ['browser'])].flatMap((name) => ['--project', name]);

const failed = [];
if (!process.env.ELANUS_SKIP_BUILD) {
  if (!step('build: wasm', ['scripts/build-wasm.mjs'])) failed.push('build: wasm');
  else if (!step('build: package', ['scripts/build.mjs'])) failed.push('build: package');
}
if (!step('compile: sources and type tests', [tool('typescript/bin/tsc'), '-b', 'test'])) failed.push('compile');

const tests = step(`test: Node ${process.version}${browser ? ` and ${browser}` : ', no browser'}`, [
  tool('vitest/vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=./scripts/totals-reporter.mjs',
  ...projects,
  ...args,
]);
if (!tests) failed.push('test');

if (failed.some((what) => what !== 'test')) console.log(`\nFailed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
