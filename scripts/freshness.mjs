/** Whether what was built is older than what it was built from. Imports only `node:` modules. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const PACKAGE_INPUTS = ['src', 'assembly', 'asconfig.json', 'package.json', 'scripts/build.mjs', 'scripts/build-wasm.mjs'];
const PACKAGE_OUTPUTS = ['dist/node.js', 'dist/browser.js'];
const DEMO_INPUTS = ['web-demo/src', 'web-demo/sample', 'web-demo/public', 'web-demo/index.html', 'web-demo/vite.config.mjs', 'web-demo/plugins', ...PACKAGE_OUTPUTS];
const DEMO_OUTPUTS = ['web-demo/dist/index.html'];

const LOCK_MS_MAX = 120_000;

export const packageIsStale = () => isStale(PACKAGE_INPUTS, PACKAGE_OUTPUTS);
export const demoIsStale = () => isStale(DEMO_INPUTS, DEMO_OUTPUTS);

/** @param {string[]} inputs @param {string[]} outputs paths below the root of the project */
function isStale(inputs, outputs) {
  let oldest = Infinity;
  for (const output of outputs) {
    if (!existsSync(join(ROOT, output))) return true;
    oldest = Math.min(oldest, statSync(join(ROOT, output)).mtimeMs);
  }
  return inputs.some((input) => newest(join(ROOT, input)) > oldest);
}

/** Latest change below a path; a folder's own time tells of removed files. */
function newest(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), found.mtimeMs);
}

/** Builds wasm and package as `npm run build` does. */
export async function buildPackage() {
  await run('scripts/build-wasm.mjs');
  await run('scripts/build.mjs');
}

/**
 * Builds the demo page into `web-demo/dist`, from the built package, if it is stale. Two programs may ask at once: the
 * second waits for the first.
 */
export async function buildDemo() {
  const lock = join(ROOT, 'build', 'demo.lock');
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  while (!takeLock(lock)) await new Promise((resolve) => setTimeout(resolve, 200));
  try {
    if (demoIsStale()) await run('node_modules/vite/bin/vite.js', 'build', 'web-demo', '--logLevel', 'warn');
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** A folder is made by one only. One that was left behind by a killed build is taken over after a while. */
function takeLock(path) {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const made = statSync(path, { throwIfNoEntry: false });
    if (made && Date.now() - made.mtimeMs > LOCK_MS_MAX) rmSync(path, { recursive: true, force: true });
    return false;
  }
}

/** Runs a program of this project with this Node; rejects with the last lines of its output when it fails. */
function run(program, ...args) {
  return new Promise((resolve, reject) => {
    // As users get it: a test runner's NODE_ENV would make another page, one without its service worker.
    const env = { ...process.env, NODE_ENV: 'production' };
    const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output = (output + bytes).slice(-8000)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(undefined);
      else reject(new Error(`\`node ${[program, ...args].join(' ')}\` failed:\n\n${output.trim()}`));
    });
  });
}
