/**
 * Code that the package does not export, for benches below the public API: modules of `src/` bundled on the fly, and
 * small AssemblyScript programs compiled on the fly.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cpuMs } from './measure.mjs';
import { REPOSITORY } from './setup.mjs';

const CACHE = join(REPOSITORY, 'bench', '.cache');

/**
 * Imports what an entry written here exports; it may import from `../src/...`.
 * @param {string} name @param {string} code
 */
export async function importSource(name, code) {
  const { build } = await import('esbuild');
  mkdirSync(CACHE, { recursive: true });
  const outfile = join(CACHE, `${name}-${process.pid}.mjs`);
  await build({
    stdin: { contents: code, resolveDir: join(REPOSITORY, 'bench'), loader: 'ts', sourcefile: `${name}.ts` },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2023',
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}

/**
 * Compiles one AssemblyScript file of `bench/lib` with SIMD.
 * @param {string} file @param {boolean} [isRelaxed] with relaxed SIMD, too @returns {Promise<Uint8Array>}
 */
export async function compileKernel(file, isRelaxed = false) {
  const { main } = await import('assemblyscript/asc');
  /** @type {Uint8Array | undefined} */
  let wasm;
  const { error, stderr } = await main([file, '--outFile', 'out.wasm', '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', ...(isRelaxed ? ['--enable', 'relaxed-simd'] : []), '--importMemory'], {
    readFile: (/** @type {string} */ name) => (name === file ? readFileSync(join(REPOSITORY, 'bench', 'lib', file), 'utf8') : null),
    writeFile: (/** @type {string} */ name, /** @type {Uint8Array} */ bytes) => {
      if (name === 'out.wasm') wasm = bytes;
    },
    listFiles: () => [],
  });
  if (error || wasm === undefined) throw new Error(`${file} does not compile: ${stderr.toString()}`, { cause: error });
  return wasm;
}

/**
 * A memory of `byteLength` bytes (a multiple of 256) and the plain sum over it, in GB/s on demand.
 * @param {number} byteLength
 */
export async function sumYardstick(byteLength) {
  const bytes = Math.ceil(byteLength / 256) * 256;
  const base = 65536;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((base + bytes) / 65536) });
  const wasm = await compileKernel('sum.as.ts');
  const { instance } = await WebAssembly.instantiate(/** @type {BufferSource} */ (wasm), { env: { memory, abort() {} } });
  new Float32Array(memory.buffer, base, bytes / 4).fill(1);
  const sum = /** @type {(ptr: number, byteLength: number) => number} */ (instance.exports.sum);
  return () => {
    const start = performance.now();
    const total = sum(base, bytes);
    const seconds = (performance.now() - start) / 1000;
    if (!(total > 0)) throw new Error('the sum is wrong');
    return bytes / seconds / 1e9;
  };
}

/**
 * Vectors per second that multiply-adds in registers alone would come to, on demand: a loop that reads no memory, by
 * processor time.
 * @param {boolean} isRelaxed fused, as relaxed SIMD has it @param {number} dim
 */
export async function peakYardstick(isRelaxed, dim) {
  const at = 65536;
  const memory = new WebAssembly.Memory({ initial: 2 });
  const wasm = await compileKernel('peak.as.ts', isRelaxed);
  const { instance } = await WebAssembly.instantiate(/** @type {BufferSource} */ (wasm), { env: { memory, abort() {} } });
  new Float32Array(memory.buffer, at, 8).fill(1e-3);
  const multiplyAdds = /** @type {(n: number, at: number) => number} */ (instance.exports.multiplyAdds);
  multiplyAdds(1e5, at);
  return () => {
    const turns = 4e6;
    const start = cpuMs();
    const sum = multiplyAdds(turns, at);
    const seconds = (cpuMs() - start) / 1000;
    if (!(sum > 0)) throw new Error('the sum is wrong');
    return (turns * 24 * 4) / dim / seconds;
  };
}
