/**
 * `merge/*`: what an index costs that is there all the while: rows come in many seals, segments are merged behind them, every merged one has
 * its index before it serves. A merge that begins with the graph of its largest part against one that builds anew, over the same loads.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSet, random } from './datasets.mjs';
import { kernelIndex, kernelScan } from './lib/kernel.mjs';
import { cpuMs, number, ratio } from './lib/measure.mjs';
import { DIST } from './lib/setup.mjs';
import { importSource } from './lib/source.mjs';

const SPEC = { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, efConstruction: 200, refine: true } };
const K = 10;
const EF = 32;
const QUERIES = 200;
/** Nothing was written and nothing built for so long: it is at rest. */
const REST_MS = 100;

const engineLibrary = () =>
  importSource(
    'engine',
    `export { openEngine } from '../src/engine/engine.ts';
    export { parts } from '../src/on-demand.ts';
     export { runBuild } from '../src/index/build.ts';
     export { carriedRows } from '../src/index/base.ts';
     export { loadKernels } from '../src/kernels/load.ts';
     export { toBatch } from '../src/schema/batch.ts';
     export { toSchema } from '../src/schema/define.ts';
     export { planOf } from '../src/schema/plan.ts';
     export { openMemoryStore, MemoryMedium } from '../src/storage/memory.ts';
     export { inlineBuildService } from '../src/worker/inline.ts';`,
  );

/**
 * An engine over memory with an index from the start, and what it has done. `isAnew`: every build is told to begin with nothing.
 * @param {any} source @param {number} dim @param {boolean} isAnew
 */
async function openLoaded(source, dim, isAnew) {
  const kernels = await source.loadKernels({ simd: () => readFileSync(join(DIST, 'core.wasm')), relaxed: () => readFileSync(join(DIST, 'core-relaxed.wasm')) });
  const store = source.openMemoryStore({ medium: new source.MemoryMedium() });
  const done = { buildMs: 0, linked: 0, segmentBytes: 0, indexBytes: 0 };
  let lastWork = performance.now(), building = 0;
  const write = store.write.bind(store);
  store.write = (/** @type {string} */ name, /** @type {AsyncIterable<Uint8Array>} */ chunks) => {
    lastWork = performance.now();
    async function* counted() {
      for await (const chunk of chunks) {
        done[name.endsWith('.idx') ? 'indexBytes' : 'segmentBytes'] += chunk.byteLength;
        yield chunk;
      }
    }
    return write(name, counted());
  };
  const builds = source.inlineBuildService(async (/** @type {any} */ job, /** @type {any} */ context) => {
    building++;
    const start = cpuMs();
    try {
      const base = isAnew ? null : job.base;
      done.linked += job.rows - (base ? source.carriedRows(base) : 0);
      return await source.runBuild(kernels, { ...job, base }, job.vectors.values, context);
    } finally {
      done.buildMs += cpuMs() - start;
      building--;
      lastWork = performance.now();
    }
  });
  const options = { durability: 'relaxed', readOnly: false, retentionSeconds: 0, cacheBytes: 2 ** 30 };
  const client = await source.openEngine({ store, kernels, builds, onDemand: async () => source.parts, options, onEvent: () => {} });
  const schema = source.toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim } } });
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
  const { fieldId } = schema.fields.find((/** @type {any} */ field) => field.name === 'vector');
  await client.createIndex({ collectionId, fieldId, spec: SPEC, wait: true });
  return {
    client, collectionId, fieldId, done,
    /** Writes rows and seals them. @param {readonly number[]} keys @param {(key: number) => Float32Array} vectorOf */
    async add(keys, vectorOf) {
      await client.upsert({ collectionId, batch: source.toBatch(source.planOf(schema), keys.map((key) => ({ key: BigInt(key), vector: vectorOf(key) }))), isPartial: false });
      await client.flush({ collectionId });
    },
    /** Until merges and builds are done. */
    async rest() {
      while (building > 0 || performance.now() - lastWork < REST_MS || (await client.indexProgress({ collectionId, fieldId })).state === 'building') await new Promise((next) => setTimeout(next, 5));
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof openLoaded>>} Loaded */

const range = (/** @type {number} */ from, /** @type {number} */ to) => Array.from({ length: to - from }, (_, i) => from + i);

/**
 * @typedef {object} Load
 * @property {string} name
 * @property {number} rows how many are written; all vectors come from a set of so many
 * @property {(loaded: Loaded, vectorOf: (key: number) => Float32Array) => Promise<void>} run
 */

/** Seals, merged in tiers behind them, and `compact` at the end. @param {number} rows @param {number} perSeal @returns {Load} */
const tiers = (rows, perSeal) => ({
  name: `seals of ${perSeal.toLocaleString('en')} rows, merged in tiers; compact() at the end`,
  rows,
  async run({ client, collectionId, add, rest }, vectorOf) {
    for (let from = 0; from < rows; from += perSeal) {
      await add(range(from, from + perSeal), vectorOf);
      await rest();
    }
    await client.compact({ collectionId });
  },
});

/** `compact` after each of many small seals. @param {number} large @param {number} rounds @param {number} perSeal @returns {Load} */
const additions = (large, rounds, perSeal) => ({
  name: `${large.toLocaleString('en')} rows, then ${rounds} times ${perSeal.toLocaleString('en')} more and compact()`,
  rows: large + rounds * perSeal,
  async run({ client, collectionId, add, rest }, vectorOf) {
    await add(range(0, large), vectorOf);
    await rest();
    for (let round = 0; round < rounds; round++) {
      await add(range(large + round * perSeal, large + (round + 1) * perSeal), vectorOf);
      await client.compact({ collectionId });
    }
  },
});

/** Rows are replaced: what they were is cut out of the graph. @param {number} rows @param {number} rounds @param {number} share @returns {Load} */
const replacements = (rows, rounds, share) => ({
  name: `${rows.toLocaleString('en')} rows, of which ${rounds} times ${100 * share} % are replaced, and compact()`,
  rows: rows + rounds * Math.round(rows * share),
  async run({ client, collectionId, add, rest }, vectorOf) {
    await add(range(0, rows), vectorOf);
    await rest();
    const each = Math.round(rows * share);
    for (let round = 0; round < rounds; round++) {
      // Keys all over the segment; vectors that were not there before.
      const keys = Array.from({ length: each }, (_, i) => Math.floor(((i + (round + 0.5) / rounds) * rows) / each));
      const numbers = new Map(keys.map((key, i) => [key, rows + round * each + i]));
      await add(keys, (key) => vectorOf(numbers.get(key) ?? key));
      await client.compact({ collectionId });
    }
  },
});

/** @param {any} source @param {Load} load @param {boolean} isAnew */
async function measure(source, { rows, run }, isAnew) {
  const set = loadSet('synthetic', { rows, queries: QUERIES, k: K });
  if (set === null) throw new Error('the synthetic set is always there');
  const { values, dim } = set.base;
  const start = cpuMs();
  const loaded = await openLoaded(source, dim, isAnew);
  await run(loaded, (key) => values.subarray(key * dim, (key + 1) * dim));
  const allMs = cpuMs() - start;
  const { client, collectionId, fieldId, done } = loaded;
  const find = async (/** @type {number} */ q, /** @type {object} */ how) =>
    (await client.search({ collectionId, fieldId, queries: set.queries.values.slice(q * dim, (q + 1) * dim), nq: 1, limit: K, offset: 0, outputFieldIds: [], ...how })).keys;
  let good = 0;
  for (let q = 0; q < QUERIES; q++) {
    const truth = new Set(await find(q, { exact: true }));
    for (const key of await find(q, { params: { ef: EF, refine_k: 2 } })) if (truth.has(key)) good++;
  }
  const { segments } = await client.collectionStats({ collectionId });
  await client.close();
  return { rows, linked: done.linked, buildMs: done.buildMs, allMs, segmentBytes: done.segmentBytes, indexBytes: done.indexBytes, recall: good / (QUERIES * K), segments: segments.length };
}

/** @type {import('./run.mjs').Bench} */
const merge = {
  name: 'merge/index',
  about: `An HNSW_SQ index (M 16, efConstruction 200) that is there from the start, over the synthetic set of 128 dimensions, in memory, on one thread: merges that begin with the graph of the largest part against merges that build anew. Processor time and bytes for each row that was written; recall@${K} at ef ${EF} at the end.`,
  async run({ quick }) {
    const source = await engineLibrary();
    const loads = quick ? [tiers(32_768, 4_096), additions(16_384, 4, 2_048), replacements(16_384, 2, 0.1)] : [tiers(65_536, 4_096), additions(32_768, 8, 2_048), replacements(32_768, 4, 0.1)];
    const rows = [];
    const figures = [];
    for (const load of loads) {
      const begun = await measure(source, load, false), anew = await measure(source, load, true);
      for (const [how, of] of /** @type {const} */ ([['begun', begun], ['anew', anew]])) {
        rows.push([`${load.name}: ${how}`, number(of.linked / of.rows), number((1000 * of.buildMs) / of.rows), number((1000 * of.allMs) / of.rows), number(of.segmentBytes / of.rows), number(of.indexBytes / of.rows), of.recall.toFixed(4)]);
      }
      rows.push(['', ratio(begun.linked / anew.linked), ratio(begun.buildMs / anew.buildMs), ratio(begun.allMs / anew.allMs), ratio(begun.segmentBytes / anew.segmentBytes), ratio(begun.indexBytes / anew.indexBytes), '']);
      figures.push({ load: load.name, begun, anew });
    }
    return { head: ['load', 'times a row is linked', 'µs a row, builds', 'µs a row, all', 'bytes a row, segments', 'bytes a row, indexes', 'recall'], rows, figures };
  },
};

/** Rows of a set by number. @param {Float32Array} values @param {number} dim @param {ArrayLike<number>} rows */
function take(values, dim, rows) {
  const taken = new Float32Array(rows.length * dim);
  for (let i = 0; i < rows.length; i++) taken.set(values.subarray(rows[i] * dim, (rows[i] + 1) * dim), i * dim);
  return taken;
}

/** @type {import('./run.mjs').Bench} */
const graph = {
  name: 'merge/graph',
  about: `Where it pays: an HNSW_SQ index (M 16, efConstruction 200, synthetic, 128 dimensions) over the same rows that begins with one over a share of them, or over all of them and others that were left out, against one built anew. Processor time of the build; recall@${K} without refinement.`,
  async run({ quick }) {
    const all = quick ? 8_000 : 20_000;
    const rows = [];
    const figures = [];
    const set = loadSet('synthetic', { rows: all, queries: 500, k: K });
    if (set === null) throw new Error('the synthetic set is always there');
    const { values, dim } = set.base;
    const uniform = random(7);
    /** @type {[string, (row: number) => boolean, (row: number) => boolean][]} of the set: in the base, in the segment */
    const cases = [
      ...[1 / 8, 1 / 4, 1 / 2, 3 / 4].map((share) => /** @type {any} */ ([`${100 * share} % of the rows carried over`, (/** @type {number} */ row) => row < all * share, () => true])),
      ...[0, 0.02, 0.1, 0.2, 0.4].map((share) => {
        const isLeft = Uint8Array.from({ length: all }, () => (uniform() < share ? 1 : 0));
        return /** @type {any} */ ([`all rows carried over, of a base with ${100 * share} % left out`, () => true, (/** @type {number} */ row) => isLeft[row] === 0]);
      }),
    ];
    for (const [name, isBase, isKept] of cases) {
      const numbers = range(0, all);
      const based = numbers.filter(isBase), kept = numbers.filter(isKept);
      const at = new Map(kept.map((row, i) => [row, i]));
      const segment = take(values, dim, kept);
      const options = { type: SPEC.type, metric: 'L2', build: { M: 16, efConstruction: 200 }, seed: 1 };
      const base = await kernelIndex(take(values, dim, based), dim, options);
      const begun = await kernelIndex(segment, dim, { ...options, base: { rowsTo: Int32Array.from(based, (row) => at.get(row) ?? -1), sections: base.sections } });
      const anew = await kernelIndex(segment, dim, options);
      const { scan, rows: rowsOf } = await kernelScan(segment, dim);
      /** @param {typeof anew} index @param {number} ef */
      const recallOf = (index, ef) => {
        const plan = index.plan({ ef }, K);
        let good = 0;
        for (let q = 0; q < set.queries.rows; q++) {
          const query = set.queries.values.slice(q * dim, (q + 1) * dim);
          const truth = new Set(rowsOf(scan(query, K)));
          for (const row of index.rows(index.search(query, plan))) if (truth.has(row)) good++;
        }
        return good / (set.queries.rows * K);
      };
      const recalls = [16, 32, 64].map((ef) => ({ ef, begun: recallOf(begun, ef), anew: recallOf(anew, ef) }));
      figures.push({ name, begunMs: begun.buildCpuMs, anewMs: anew.buildCpuMs, recalls });
      rows.push([name, ratio(begun.buildCpuMs / anew.buildCpuMs), ...recalls.map((of) => `${of.begun.toFixed(4)} / ${of.anew.toFixed(4)}`)]);
    }
    return { head: ['base', 'time', 'recall at ef 16, begun / anew', 'ef 32', 'ef 64'], rows, figures };
  },
};

export const benches = [merge, graph];
