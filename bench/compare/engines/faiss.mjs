/**
 * Faiss, where Debian's `python3-faiss` is installed: native C++ in a Python child of its own, on one thread. The child
 * does one thing at a time and waits otherwise; it times its own work by its own processor time.
 */
import { execFileSync, spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { codeParts } from './engine.mjs';

const PYTHON = process.env.ELANUS_PYTHON ?? '/usr/bin/python3';
const CHILD = fileURLToPath(new URL('faiss_child.py', import.meta.url));

/** One thread everywhere, and the BLAS as it would choose its kernels by itself. */
function environment() {
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  delete env.OPENBLAS_CORETYPE;
  delete env.OPENBLAS_L2_SIZE;
  return env;
}

let version = '';
/** Version and build, once; throws where Faiss is not there. */
function probe() {
  version ||= execFileSync(PYTHON, ['-c', 'import faiss; print(faiss.__version__, faiss.get_compile_options().strip())'], { encoding: 'utf8', env: environment(), stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  return version;
}

/**
 * @param {'HNSW' | 'Flat' | 'IVFFlat' | 'IVFSQ8' | 'IVFPQ'} type
 * @returns {import('./engine.mjs').Engine}
 */
export function faiss(type) {
  try {
    probe();
  } catch {
    throw new Error(`${PYTHON} has no module "faiss" (Debian's python3-faiss; ELANUS_PYTHON names another Python)`);
  }
  /** @type {import('node:child_process').ChildProcessWithoutNullStreams | undefined} */ let child;
  /** @type {AsyncIterator<string>} */ let lines;
  /** @type {string[]} */ let files = [];
  /** @param {Record<string, unknown>} command */
  const call = async (command) => {
    child?.stdin.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`the Faiss child ended during "${command.do}"`);
    return JSON.parse(value);
  };
  const knobs = (/** @type {any} */ { ef, nprobe, refine, batch }) => ({ ef, nprobe, refine, batch: batch === true });
  return {
    name: `Faiss ${type}`,
    what: `Faiss ${probe()}, native C++ (Debian's python3-faiss), ${type}, in a Python child`,
    async build(set, { M, efConstruction, nlist, seed, folder, clock }) {
      const { values, rows, dim } = set.base;
      files = ['base', 'queries'].map((what) => join(folder, `faiss-${type}-${what}.f32`));
      writeFileSync(files[0], values);
      writeFileSync(files[1], set.queries.values);
      child = spawn(PYTHON, [CHILD], { env: environment(), stdio: ['pipe', 'pipe', 'inherit'] });
      lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const m = codeParts(dim);
      const { seconds, bytes } = await call({
        do: 'build', type, base: files[0], queries: files[1], rows, dim, nq: set.queries.rows, k: set.k, metric: set.metric, M, efConstruction, nlist, m, seed, clock,
      });
      return { buildSeconds: seconds, ownBytes: bytes, ...(type === 'IVFPQ' && { note: `m ${m}, 8 bits` }) };
    },
    settings({ efs, nprobes, candidates }, k) {
      if (type === 'Flat') return [{ label: 'one query' }, { label: 'batch', batch: true }];
      if (type === 'HNSW') return efs.map((ef) => ({ label: `ef ${ef}`, ef }));
      if (type !== 'IVFPQ') return nprobes.map((nprobe) => ({ label: `nprobe ${nprobe}`, nprobe }));
      return nprobes.flatMap((nprobe) => candidates.map((n) => ({ label: `nprobe ${nprobe}, refine ${n / k}`, nprobe, refine: n / k })));
    },
    prepare() {},
    pass: async (setting, count) => (await call({ do: 'pass', count, ...knobs(setting) })).ms,
    rows: async (setting, count) => (await call({ do: 'rows', count, ...knobs(setting) })).rows,
    async close() {
      if (child !== undefined && child.exitCode === null) {
        const ended = new Promise((done) => child?.once('exit', done));
        child.stdin.end();
        await ended;
      }
      for (const file of files) rmSync(file, { force: true });
    },
  };
}
