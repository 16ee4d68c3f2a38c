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

/** @param {string} script of package.json */
function npmRun(script) {
  console.log(`\n=== npm run ${script}`);
  const started = Date.now();
  const run = spawnSync('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  console.log(`=== ${script}: ${run.status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return run.status === 0;
}

/** What vitest counted, or null when it did not get that far. @returns {import('./totals-reporter.mjs').Totals | null} */
const totals = () => (existsSync(TOTALS) ? JSON.parse(readFileSync(TOTALS, 'utf8')) : null);

if (ensureInstalled(root) !== 0) {
  failedSteps++;
} else {
  for (const script of ['lint', 'typecheck']) if (!npmRun(script)) failedSteps++;
  const testsPassed = npmRun('test');
  if (!testsPassed && (totals()?.failed ?? 0) === 0) failedSteps++;
  for (const script of ['size', 'check:package']) if (!npmRun(script)) failedSteps++;
}

const { passed, failed } = totals() ?? { passed: 0, failed: 0 };
console.log(`\n${passed} passed, ${failed + failedSteps} failed`);
process.exitCode = failed + failedSteps > 0 ? 1 : 0;
