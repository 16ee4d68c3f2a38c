/**
 * The kernels below the public API, for rows that say "kernel": the TypeScript wrappers bundled from `src/`, the
 * WebAssembly as the package ships it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuMs } from './measure.mjs';
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
       export { runBuild } from '../src/index/build.ts';
       export { refineCodeOf, refineSections } from '../src/index/refine.ts';
       export { shapeOf } from '../src/index/hnsw/params.ts';
       export { productCode, SCALAR_CODES } from '../src/quant/row-codes.ts';`,
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
    /** @param {number} n */
    rows: (n) => Array.from(kernels.hitRows(n)),
  };
}

/**
 * An index over one block of rows in kernel memory, built as the engine builds it, and its bare search: query into
 * scratch, walk, scores again from f32.
 * @param {Float32Array} values shape (rows, dim) @param {number} dim
 * @param {{ type: string, metric: string, build: Record<string, unknown>, seed: number, base?: { rowsTo: Int32Array, sections: any[] }, built?: any[] }} options
 *   `base`: the sections of another, to begin with; `built`: its own sections, from an earlier run
 */
export async function kernelIndex(values, dim, { type, metric, build, seed, base, built }) {
  const { instantiateKernels, module, getIndexType, runBuild } = await kernelLibrary();
  const rows = values.length / dim;
  const indexType = getIndexType(type);
  const params = indexType.parseBuild(build, { metric, dim });
  const start = performance.now(), cpuStart = cpuMs();
  const begin = base && { rowsTo: base.rowsTo, sections: { kind: 'bytes', values: base.sections } };
  const sections = built ?? await runBuild(module, { typeName: indexType.name, params, metric, dim, rows, seed, vectors: { kind: 'bytes', values }, base: begin }, values);
  const buildCpuMs = cpuMs() - cpuStart;
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
    buildCpuMs,
    sections,
    memoryBytes: index.memoryBytes,
    plan: (/** @type {Record<string, unknown>} */ search, /** @type {number} */ limit) => ({ ...indexType.parseSearch(search, limit, params), keep: limit }),
    /** Rows found, in kernel memory. @param {Float32Array} query @param {any} plan @param {number} allowPtr what `allow` answered; 0: all rows */
    search(query, plan, allowPtr = 0) {
      kernels.setQuery(query, 0, dim, metric);
      const n = index.search(plan, allowPtr);
      if (plan.refine) kernels.rescoreF32(metric, ptr, dim, inverseNormsPtr, n, plan.keep);
      return plan.refine ? Math.min(n, plan.keep) : n;
    },
    /** A bitset of rows that match. @param {Iterable<number>} matching */
    allow(matching) {
      const words = Math.ceil(rows / 32);
      const allowPtr = kernels.arena.alloc(words * 4);
      const bits = kernels.arena.u32(allowPtr, words).fill(0);
      for (const row of matching) bits[row >> 5] |= 1 << (row & 31);
      return allowPtr;
    },
    /** @param {number} allowPtr */
    free: (allowPtr) => kernels.arena.free(allowPtr),
    /** Exact scan of the rows that match. @param {Float32Array} query @param {number} k @param {number} allowPtr */
    scan(query, k, allowPtr) {
      kernels.setQuery(query, 0, dim, metric);
      kernels.beginTopK(k);
      kernels.scanF32(metric, ptr, dim, 0, rows, inverseNormsPtr, allowPtr, 0);
      return kernels.endTopK();
    },
    account: () => index.lastSearch,
    /** @param {number} n */
    rows: (n) => Array.from(kernels.hitRows(n)),
  };
}

/**
 * Indexes of the HNSW family over the same rows and codes of their own. They have the same graph, which is built once; but for HNSW.
 * @param {Float32Array} values shape (rows, dim) @param {number} dim
 * @param {{ metric: string, graph: Record<string, unknown>, seed: number, indexes: { type: string, build: Record<string, unknown> }[] }} options
 */
export async function graphIndexes(values, dim, { metric, graph, seed, indexes }) {
  const { instantiateKernels, module, getIndexType, runBuild, refineCodeOf, refineSections, shapeOf, productCode, SCALAR_CODES } = await kernelLibrary();
  const rows = values.length / dim;
  const job = { typeName: 'HNSW_SQ', params: getIndexType('HNSW_SQ').parseBuild(graph, { metric, dim }), metric, dim, rows, seed, vectors: { kind: 'bytes', values } };
  const start = performance.now();
  const built = await runBuild(module, job, values);
  const graphSeconds = (performance.now() - start) / 1000;
  const kernels = instantiateKernels(module);
  const ptr = kernels.arena.alloc(values.byteLength);
  kernels.arena.f32(ptr, values.length).set(values);
  const inverseNormsPtr = kernels.arena.alloc(rows * 4);
  kernels.inverseNorms(ptr, rows, dim, inverseNormsPtr);
  const context = { kernels, metric, dim, rows, vectors: { ptr, rows, inverseNormsPtr } };
  const ownGraph = await runBuild(module, { ...job, typeName: 'HNSW', params: getIndexType('HNSW').parseBuild(graph, { metric, dim }) }, values);
  const write = (/** @type {any} */ type) => {
    const code = type.create(context, seed);
    for (const step of code.train()) void step;
    for (let from = 0; from < rows; from += 64) code.encode(from, Math.min(from + 64, rows));
    return code;
  };
  return {
    graphSeconds,
    indexes: indexes.map(({ type, build }) => {
      const indexType = getIndexType(type);
      const params = indexType.parseBuild({ ...graph, ...build }, { metric, dim });
      const began = performance.now();
      const code = type === 'HNSW' ? null : write(type === 'HNSW_SQ' ? SCALAR_CODES[params['sq_type']] : productCode(shapeOf(params)));
      const refineType = refineCodeOf(params);
      const refine = refineType ? write(refineType) : null;
      const codeSeconds = (performance.now() - began) / 1000;
      const sections = code === null ? ownGraph : [...built.filter((/** @type {any} */ { name }) => !name.startsWith('code')), ...code.sections(), ...(refine ? refineSections(refine) : [])];
      code?.free();
      refine?.free();
      const index = indexType.open(context, params, new Map(sections.map(({ name, bytes }) => [name, bytes])));
      return {
        codeSeconds,
        memoryBytes: index.memoryBytes,
        plan: (/** @type {Record<string, unknown>} */ search, /** @type {number} */ limit) => ({ ...indexType.parseSearch(search, limit, params), keep: limit }),
        /** Rows found, in kernel memory. @param {Float32Array} query @param {any} plan */
        search(query, plan) {
          kernels.setQuery(query, 0, dim, metric);
          const n = index.search(plan, 0);
          if (plan.refine) kernels.rescoreF32(metric, ptr, dim, inverseNormsPtr, n, plan.keep);
          return Math.min(n, plan.keep);
        },
        /** @param {number} n */
        rows: (n) => Array.from(kernels.hitRows(n)),
      };
    }),
  };
}
