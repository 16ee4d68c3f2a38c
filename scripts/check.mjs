/**
 * `npm run check`, which `.ci/run` calls: everything that must hold before a change is taken, in order, all of it even
 * where something fails. The last line says how many tests passed and failed; a step that fails without tests counts
 * as one failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './ensure-installed.mjs';
import { TOTALS } from './totals-reporter.mjs';

const root = join(import.meta.dirname, '..');

let failedSteps = 0;

/** @param {string} script of package.json @param {Record<string, string>} [env] */
function npmRun(script, env = {}) {
  console.log(`\n=== npm run ${script}`);
  const started = Date.now();
  const run = spawnSync('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit', env: { ...process.env, ...env }, shell: process.platform === 'win32' });
  console.log(`=== ${script}: ${run.status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return run.status === 0;
}

const counted = { passed: 0, failed: 0 };

/** Runs a script of tests, and counts what vitest counted, if it got that far. @param {string} script @param {Record<string, string>} [env] */
function runTests(script, env) {
  const passed = npmRun(script, env);
  /** @type {import('./totals-reporter.mjs').Totals} */
  const totals = existsSync(TOTALS) ? JSON.parse(readFileSync(TOTALS, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
  counted.passed += totals.passed;
  counted.failed += totals.failed;
  if (!passed && totals.failed === 0) failedSteps++;
}

if (ensureInstalled(root) !== 0) {
  failedSteps++;
} else {
  for (const script of ['lint', 'typecheck']) if (!npmRun(script)) failedSteps++;
  runTests('test');
  // Over what the first has built.
  runTests('test:page', { ELANUS_SKIP_BUILD: '1' });
  for (const script of ['size', 'check:package']) if (!npmRun(script)) failedSteps++;
}

console.log(`\n${counted.passed} passed, ${counted.failed + failedSteps} failed`);
process.exitCode = counted.failed + failedSteps > 0 ? 1 : 0;
