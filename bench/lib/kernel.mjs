/**
 * The kernels below the public API, for rows that say "kernel": the TypeScript wrappers bundled from `src/`, the
 * WebAssembly as the package ships it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from './setup.mjs';
import { importSource } from './source.mjs';

/** @type {Promise<any> | null} */
let loaded = null;

/** Wrappers and compiled module, once per process. */
function kernelLibrary() {
  loaded ??= (async () => {
    const source = await importSource(
      'kernel',
      `export { instantiateKernels } from '../src/kernels/kernels.ts';
       export { loadKernels } from '../src/kernels/load.ts';
       export { getIndexType } from '../src/index/registry.ts';
       export { runBuild } from '../src/index/build.ts';`,
    );
    const module = await source.loadKernels({ simd: () => readFileSync(join(DIST, 'core.wasm')), relaxed: () => readFileSync(join(DIST, 'core-relaxed.wasm')) });
    return { ...source, module };
  })();
  return loaded;
}

/**
 * Exact L2 scan of one block of rows in kernel memory.
 * @param {Float32Array} values shape (rows, dim) @param {number} dim
 */
export async function kernelScan(values, dim) {
  const { instantiateKernels, module } = await kernelLibrary();
  const kernels = instantiateKernels(module);
  const rows = values.length / dim;
  const ptr = kernels.arena.alloc(values.byteLength);
  kernels.arena.f32(ptr, values.length).set(values);
  return {
    variant: kernels.variant,
    /** @param {Float32Array} query @param {number} k */
    scan(query, k) {
      kernels.setQuery(query, 0, dim, 'L2');
      kernels.beginTopK(k);
      kernels.scanF32('L2', ptr, dim, 0, rows, 0, 0, 0);
      return kernels.endTopK();
    },
  };
}

/**
 * An index over one block of rows in kernel memory, built as the engine builds it, and its bare search: query into
 * scratch, walk, scores again from f32.
 * @param {Float32Array} values shape (rows, dim) @param {number} dim
 * @param {{ type: string, metric: string, build: Record<string, unknown>, seed: number }} options
 */
export async function kernelIndex(values, dim, { type, metric, build, seed }) {
  const { instantiateKernels, module, getIndexType, runBuild } = await kernelLibrary();
  const rows = values.length / dim;
  const indexType = getIndexType(type);
  const params = indexType.parseBuild(build, { metric, dim });
  const start = performance.now();
  const sections = await runBuild(module, { typeName: indexType.name, params, metric, dim, rows, seed, vectors: { kind: 'bytes', values } }, values);
  const buildSeconds = (performance.now() - start) / 1000;
  const kernels = instantiateKernels(module);
  const ptr = kernels.arena.alloc(values.byteLength);
  kernels.arena.f32(ptr, values.length).set(values);
  const inverseNormsPtr = kernels.arena.alloc(rows * 4);
  kernels.inverseNorms(ptr, rows, dim, inverseNormsPtr);
  const index = indexType.open(
    { kernels, metric, dim, rows, vectors: { ptr, rows, inverseNormsPtr } },
    params,
    new Map(sections.map((/** @type {{ name: string, bytes: Uint8Array }} */ { name, bytes }) => [name, bytes])),
  );
  return {
    variant: kernels.variant,
    buildSeconds,
    memoryBytes: index.memoryBytes,
    plan: (/** @type {Record<string, unknown>} */ search, /** @type {number} */ limit) => ({ ...indexType.parseSearch(search, limit, params), keep: limit }),
    /** Rows found, in kernel memory. @param {Float32Array} query @param {any} plan */
    search(query, plan) {
      kernels.setQuery(query, 0, dim, metric);
      const n = index.search(plan, 0);
      if (plan.refine) kernels.rescoreF32(metric, ptr, dim, inverseNormsPtr, n, plan.keep);
      return plan.refine ? Math.min(n, plan.keep) : n;
    },
    /** @param {number} n */
    rows: (n) => Array.from(kernels.hitRows(n)),
  };
}
