/**
 * What a run was measured on: commit, processor, runtime, kernels, data, seed, threads. Printed before any figure and
 * kept beside the results. A setup that would give misleading figures is refused or warned about.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const DIST = join(REPOSITORY, 'dist');

/** @param {string[]} args */
function git(...args) {
  try {
    return execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

/** Processor features that decide how fast SIMD WebAssembly is, where the system tells them. */
function cpuFeatures() {
  if (!existsSync('/proc/cpuinfo')) return [];
  const flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].split(' ') ?? [];
  return ['avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx_vnni', 'asimddp', 'i8mm'].filter((flag) => flags.includes(flag));
}

/** Newest modification time below a folder, 0 when there is none. @param {string} folder @returns {number} */
function newest(folder) {
  if (!existsSync(folder)) return 0;
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return latest;
}

/**
 * Does a module carry what only debug builds have: a "name" or "sourceMappingURL" section? The sections are walked by
 * hand, since an engine does not compile a build made for a newer one.
 * @param {Uint8Array} bytes
 */
export function isDebugWasm(bytes) {
  let at = 8;
  const leb = () => {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const id = bytes[at++];
    const length = leb();
    const end = at + length;
    if (id === 0) {
      const nameLength = leb();
      const name = new TextDecoder().decode(bytes.subarray(at, at + nameLength));
      if (name === 'name' || name === 'sourceMappingURL') return true;
    }
    at = end;
  }
  return false;
}

/**
 * Reasons to distrust a run on this checkout; a missing build is an error at once.
 * @param {{ needsDist?: boolean }} [options]
 */
export function setupWarnings({ needsDist = true } = {}) {
  const warnings = [];
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) throw new Error(`Node ${process.versions.node} is too old: Elanus needs 20.19 or newer`);
  if (needsDist) {
    if (!existsSync(join(DIST, 'node.js'))) throw new Error(`dist/ is missing: run "npm run build" first`);
    if (Math.max(newest(join(REPOSITORY, 'src')), newest(join(REPOSITORY, 'assembly'))) > newest(DIST)) {
      warnings.push('dist/ is older than src/ or assembly/: run "npm run build", or these figures are of earlier code');
    }
    for (const entry of readdirSync(DIST, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.wasm')) continue;
      if (isDebugWasm(readFileSync(join(entry.parentPath ?? entry.path, entry.name)))) warnings.push(`${entry.name} is a debug build: figures mean nothing`);
    }
  }
  if (process.execArgv.some((flag) => /inspect|--no-opt|--jitless|--liftoff-only/.test(flag))) warnings.push(`Node runs with ${process.execArgv.join(' ')}`);
  const cores = cpus().length;
  if (loadavg()[0] > cores * 0.75) warnings.push(`load average is ${loadavg()[0].toFixed(1)} on ${cores} cores: only ratios within this run mean something`);
  return warnings;
}

/**
 * @param {{ kernels?: string, datasets?: string, seed?: number | string, threads?: number | string, needsDist?: boolean }} about
 */
export function describeSetup(about = {}) {
  const dirty = git('status', '--porcelain', '--', 'src', 'assembly', 'bench') !== '';
  return {
    commit: `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${dirty ? ' with local changes' : ''}`,
    date: new Date().toISOString(),
    cpu: `${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}`,
    cpuFeatures: cpuFeatures(),
    memoryBytes: totalmem(),
    load: loadavg()[0],
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform}-${process.arch}`,
    kernels: about.kernels ?? 'unknown',
    datasets: about.datasets ?? 'none',
    seed: about.seed ?? 'none',
    threads: about.threads ?? 1,
    warnings: setupWarnings({ needsDist: about.needsDist }),
  };
}

/** @param {ReturnType<typeof describeSetup>} setup */
export function printSetup(setup) {
  console.log(`commit    ${setup.commit}, ${setup.date}`);
  console.log(`cpu       ${setup.cpu} (${setup.cpuFeatures.join(' ') || 'features unknown'}), ${(setup.memoryBytes / 2 ** 30).toFixed(0)} GiB, load ${setup.load.toFixed(1)}`);
  console.log(`runtime   Node ${setup.node}, V8 ${setup.v8}, ${setup.platform}`);
  console.log(`kernels   ${setup.kernels}`);
  console.log(`data      ${setup.datasets}`);
  console.log(`seed      ${setup.seed}`);
  console.log(`threads   ${setup.threads}`);
  for (const warning of setup.warnings) console.log(`WARNING   ${warning}`);
  console.log('');
}

/**
 * Keeps results as JSON: `bench/results/NAME-nodeMAJOR.local.json`, which git ignores; a file worth keeping is renamed.
 * @param {string} name @param {unknown} result
 */
export function saveResult(name, result) {
  const folder = join(REPOSITORY, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-node${process.versions.node.split('.')[0]}.local.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`\nresults in ${file.slice(REPOSITORY.length + 1)}`);
}
