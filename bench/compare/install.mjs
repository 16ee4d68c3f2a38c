/** Installs the rival libraries into this folder when its lock file says otherwise than what was installed last. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

/**
 * `npm install`, held to the lock file, and not `npm ci`: native rivals are optional, and a registry may lack the builds of one for
 * other platforms. One that does not install is skipped by the comparison, with the reason.
 */
export function installRivals() {
  const stamp = join(HERE, 'node_modules', '.installed-lock.json');
  const lock = readFileSync(join(HERE, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('installing the rival libraries (bench/compare); native ones may take minutes ...');
  const isWindows = process.platform === 'win32';
  execFileSync(isWindows ? 'npm.cmd' : 'npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: HERE, stdio: 'inherit', shell: isWindows });
  writeFileSync(stamp, lock);
}
