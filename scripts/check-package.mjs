/**
 * `npm run check:package`: looks at the package as its users get it, with publint and with attw (are the types there
 * that the conditions promise?). Wants a build.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './virtual-modules.mjs';

const CHECKS = [
  ['publint', 'node_modules/publint/src/cli.js', '--strict'],
  // ESM only; `.wasm` and package.json have no types.
  ['attw', 'node_modules/@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--profile', 'esm-only', '--exclude-entrypoints', './core.wasm', './package.json'],
];

let failed = false;
for (const [name, script, ...args] of CHECKS) {
  console.log(`> ${name}`);
  const run = spawnSync(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, stdio: 'inherit' });
  failed ||= run.status !== 0;
}
process.exitCode = failed ? 1 : 0;
