/**
 * `kernels/*`: the kernel builds below everything else, one against another in the same run. No package, no rivals.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSet, random, recall } from './datasets.mjs';
import { number } from './lib/measure.mjs';
import { REPOSITORY } from './lib/setup.mjs';
import { importSource, sumYardstick } from './lib/source.mjs';

const SOURCE = `
export { instantiateKernels } from '../src/kernels/kernels.ts';
export { loadKernels, supportedVariants } from '../src/kernels/load.ts';
export { getIndexType } from '../src/index/registry.ts';
export { CodeBlock, codeQueryBytes } from '../src/quant/sq/codes.ts';
`;

/** @type {Promise<any> | null} */
let source = null;

/** Kernels of every build that runs here, each with a memory of its own. */
async function allBuilds() {
  source ??= importSource('kernels', SOURCE);
  const library = await source;
  const bytes = (/** @type {string} */ variant) => () => readFileSync(join(REPOSITORY, 'build', 'kernels', `${variant}.wasm`));
  const builds = [];
  for (const variant of library.supportedVariants()) {
    if (variant === 'scalar') continue;
    builds.push({ variant, module: await library.loadKernels({ simd: bytes('simd'), relaxed: bytes('relaxed'), prefer: variant }) });
  }
  return { library, builds };
}

/** Least milliseconds of `rounds` runs of each, taken in turns: a busy machine disturbs all alike. @param {(() => void)[]} runs @param {number} rounds */
function leastMs(runs, rounds) {
  const least = runs.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    runs.forEach((run, i) => {
      const start = performance.now();
      run();
      least[i] = Math.min(least[i], performance.now() - start);
    });
  }
  return least;
}

/** Whole numbers 0-255. @param {any} kernels @param {number} rows @param {number} dim */
function fill(kernels, rows, dim) {
  const uniform = random(1);
  const ptr = kernels.arena.alloc(rows * dim * 4);
  const values = kernels.arena.f32(ptr, rows * dim);
  for (let i = 0; i < values.length; i++) values[i] = Math.floor(uniform() * 256);
  return ptr;
}

/** @type {import('./run.mjs').Bench} */
const scan = {
  name: 'kernels/scan',
  about: 'One query against all rows, k 10, L2: f32 and 7-bit codes, in cache and beyond, beside a plain SIMD sum of the f32 bytes. Exact within what is stored; recall does not apply.',
  needsDist: false,
  async run({ quick }) {
    const { library, builds } = await allBuilds();
    const rows = [];
    for (const [count, dim] of quick ? [[1_000, 128], [100_000, 128]] : [[1_000, 128], [1_000, 784], [400_000, 128], [66_000, 784]]) {
      const sum = await sumYardstick(count * dim * 4);
      const repeat = Math.max(1, Math.round(4e6 / (count * dim)));
      const times = (/** @type {() => void} */ run) => () => {
        for (let i = 0; i < repeat; i++) run();
      };
      const runs = [times(() => void sum())];
      for (const { module } of builds) {
        const kernels = library.instantiateKernels(module);
        const ptr = fill(kernels, count, dim);
        const block = library.CodeBlock.train({ kernels, metric: 'L2', dim, rows: count, vectors: { ptr, inverseNormsPtr: 0 } });
        block.encode(0, count);
        kernels.setQuery(kernels.arena.f32(ptr, dim).slice(), 0, dim, 'L2');
        const query = kernels.arena.alloc(library.codeQueryBytes(dim));
        kernels.exports.codesQuery(block.ptr, kernels.queryPtr, query);
        runs.push(
          times(() => {
            kernels.beginTopK(10);
            kernels.scanF32('L2', ptr, dim, 0, count, 0, 0, 0);
            kernels.endTopK();
          }),
          times(() => {
            kernels.beginTopK(10);
            kernels.exports.scanCodes(kernels.topPtr, block.ptr, query, 0, count, 0);
            kernels.endTopK();
          }),
        );
      }
      const [sumMs, ...least] = leastMs(runs, quick ? 20 : 40).map((ms) => ms / repeat);
      builds.forEach(({ variant }, i) => {
        for (const [what, ms, width] of /** @type {[string, number, number][]} */ ([['f32', least[2 * i], 4], ['codes', least[2 * i + 1], 1]])) {
          const share = what === 'f32' ? `${((100 * sumMs) / ms).toFixed(0)} %` : '-';
          rows.push([`${count.toLocaleString('en')} x ${dim}, ${what}, ${variant}`, number(count / ms / 1000), number((count * dim * width) / ms / 1e6), share]);
        }
      });
    }
    return { head: ['what', 'M rows/s', 'GB/s', 'of the sum'], rows, figures: rows };
  },
};

/** @type {import('./run.mjs').Bench} */
const hnsw = {
  name: 'kernels/hnsw',
  about: 'HNSW and HNSW_SQ (refine_k 2, f32), M 16, efConstruction 200, k 10: bare index calls, one thread; searches of the builds taken in turns.',
  needsDist: false,
  async run({ quick }) {
    const { library, builds } = await allBuilds();
    const rows = [];
    for (const name of quick ? ['siftsmall'] : ['siftsmall', 'fashion-mnist', 'synthetic']) {
      const set = loadSet(name, { queries: 1000 });
      if (set === null) {
        rows.push([`${name}: not on this machine`, '-', '-', '-', '-']);
        continue;
      }
      const { values, dim, rows: count } = set.base;
      for (const typeName of ['HNSW_SQ', 'HNSW']) {
        const type = library.getIndexType(typeName);
        const isCoded = typeName === 'HNSW_SQ';
        const params = type.parseBuild({ M: 16, efConstruction: 200, ...(isCoded ? { refine: true } : {}) }, { metric: 'L2', dim });
        const searchers = builds.map(({ variant, module }) => {
          const kernels = library.instantiateKernels(module);
          const ptr = kernels.arena.alloc(values.byteLength);
          kernels.arena.f32(ptr, values.length).set(values);
          const context = { kernels, metric: 'L2', dim, rows: count, vectors: { ptr, rows: count, inverseNormsPtr: 0 } };
          const start = performance.now();
          const builder = type.builder(context, params, 1);
          while (builder.done < builder.total) builder.step(10);
          const buildSeconds = (performance.now() - start) / 1000;
          const index = type.open(context, params, new Map(builder.finish().map((/** @type {any} */ s) => [s.name, s.bytes])));
          builder.free();
          /** @param {number} ef @param {Uint32Array[]} [out] */
          const searchAll = (ef, out) => {
            const plan = type.parseSearch({ ef, ...(isCoded ? { refine_k: 2 } : {}) }, 10, params);
            for (let q = 0; q < set.queries.rows; q++) {
              kernels.setQuery(set.queries.values, q * dim, dim, 'L2');
              const n = index.search(plan, 0);
              if (plan.refine) kernels.rescoreF32('L2', ptr, dim, 0, n);
              if (out) out[q] = kernels.hitRows(Math.min(n, 10)).slice();
            }
          };
          return { variant, buildSeconds, searchAll };
        });
        for (const ef of [20, 30, 80]) {
          const least = leastMs(searchers.map(({ searchAll }) => () => searchAll(ef)), quick ? 10 : 20);
          searchers.forEach(({ variant, buildSeconds, searchAll }, i) => {
            /** @type {Uint32Array[]} */
            const found = [];
            searchAll(ef, found);
            rows.push([`${name}, ${typeName}, ${variant}, ef ${ef}`, buildSeconds.toFixed(2), recall(set, (q) => found[q]).toFixed(4), number((set.queries.rows / least[i]) * 1000), ((1000 * least[i]) / set.queries.rows).toFixed(1)]);
          });
        }
      }
    }
    return { head: ['what', 'build s', 'recall', 'QPS', 'µs'], rows, figures: rows };
  },
};

export const benches = [scan, hnsw];
