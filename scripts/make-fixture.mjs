/**
 * `npm run fixture`: writes what this version of the library makes and later ones must open (a database, what is encrypted) to `test/storage/fixtures/`, and
 * runs its tests. To be done when a format has changed, as long as this version is not released; never afterwards.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { ROOT } from './virtual-modules.mjs';

const run = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'node', 'test/storage/database-fixture.test.ts', 'test/storage/encrypted-fixture.test.ts', 'test/storage/values-fixture.test.ts'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, WRITE_FIXTURE: '1' },
});
process.exitCode = run.status ?? 1;
