/**
 * Runs `npm ci --include=dev` when `node_modules` is not what `package-lock.json` says, so that `npm start` and
 * `npm test` need no step before them. Imports only `node:` modules: nothing else is there on a fresh clone.
 *
 * npm writes `node_modules/.package-lock.json` after every install. It has the same `packages` as the lock file, less
 * the root and less the optional packages of other platforms; so the tree is fresh when every package in it is in the
 * lock at that version, and every package of the lock that is not optional is in it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Why the packages under `root` have to be installed, or null when they need not be.
 * @param {string} root folder of package.json
 * @returns {string | null}
 */
export function staleReason(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  if (wanted === null) return 'package-lock.json cannot be read';
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'node_modules is missing or incomplete';

  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined) {
      if (entry.optional || entry.devOptional || entry.peer || entry.extraneous) continue;
      return `${path} is not installed`;
    }
    if (found.version !== entry.version) return `${path} is ${found.version}, the lock file says ${entry.version}`;
    if (found.integrity !== entry.integrity) return `${path} is not the file that the lock file names`;
    if (!entry.link && !existsSync(join(root, path, 'package.json'))) return `${path} has been removed`;
  }
  for (const path of Object.keys(installed)) {
    if (path !== '' && wanted[path] === undefined) return `${path} is installed but not in the lock file`;
  }
  return null;
}

/** @param {string} file @returns {Record<string, any> | null} */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

/** @param {string} root */
export function ensureInstalled(root) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Elanus needs Node 20.19 or newer; this is ${process.version}.`);
    return 1;
  }
  const reason = staleReason(root);
  if (reason === null) return 0;
  console.log(`Installing packages (${reason}) ...`);
  // npm tells its scripts where it is; running that file with this Node needs no shell, on Windows either.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const run = npm && /\.c?js$/.test(npm) ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (run.status !== 0) {
    console.error('`npm ci` failed; see its messages above. Once it succeeds by hand, run this command again.');
    return run.status ?? 1;
  }
  const still = staleReason(root);
  if (still !== null) console.warn(`After \`npm ci\` the packages still differ from the lock file: ${still}.`);
  return 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = ensureInstalled(dirname(dirname(fileURLToPath(import.meta.url))));
}
