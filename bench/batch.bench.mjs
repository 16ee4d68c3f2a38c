/**
 * `flat/batch`, `ivf/batch`: many queries in one call, through the public API, beside the same queries one by one, the
 * arithmetic peak of the processor and, where it is installed, Faiss. By processor time, taken in turns.
 */
import { faiss } from './compare/engines/faiss.mjs';
import { loadSet, random } from './datasets.mjs';
import { cpuMs, median, number, ratio } from './lib/measure.mjs';
import { peakYardstick } from './lib/source.mjs';

const K = 10;

/** @param {() => Promise<unknown>} run */
async function seconds(run) {
  const start = cpuMs();
  await run();
  return (cpuMs() - start) / 1000;
}

/** Rows of a type from f32 ones of 0-255, as a batch of columns takes them. @type {Record<string, (values: Float32Array) => ArrayBufferView>} */
const CONVERT = {
  FloatVector: (values) => values,
  Float16Vector: (values) => values,
  Int8Vector: (values) => Int8Array.from(values, (x) => x - 128),
  BinaryVector: (values) => {
    const bits = new Uint8Array(values.length / 8);
    values.forEach((x, i) => (bits[i >> 3] |= (x > 127 ? 1 : 0) << (i & 7)));
    return bits;
  },
};

/**
 * @param {any} library @param {string} type @param {ArrayBufferView} values @param {number} dim @param {Record<string, unknown>} index
 */
async function collectionOf({ connect, defineSchema }, type, values, dim, index) {
  const db = await connect('memory:', { mode: 'inline', workers: 0 });
  const collection = await db.createCollection('bench', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type, dim } } }));
  const all = /** @type {any} */ (values);
  const perRow = type === 'BinaryVector' ? dim / 8 : dim;
  const step = Math.floor(2 ** 22 / dim) * perRow;
  for (let from = 0; from < all.length; from += step) await collection.insert({ vector: all.subarray(from, Math.min(all.length, from + step)) });
  await collection.createIndex('vector', index);
  /** @param {any} queries @param {number} nq @param {Record<string, unknown>} [params] */
  const vectorsOf = (queries, nq) => Array.from({ length: nq }, (_, q) => queries.subarray(q * perRow, (q + 1) * perRow));
  return { db, collection, vectorsOf };
}

/** Hits of a batch must be those of one search per query. @param {any} batch @param {any} alone */
function mustEqual(batch, alone) {
  const text = (/** @type {any} */ hits) => hits.map((/** @type {any} */ { id, score }) => `${id} ${score}`).join();
  if (text(batch) !== text(alone)) throw new Error('a batch answers something else than its queries one by one');
}

/** @type {import('./run.mjs').Bench[]} */
export const benches = [
  {
    name: 'flat/batch',
    about: 'FLAT, 1,000 queries in one search(), k 10: QPS, vectors compared per second, share of a register-only multiply-add loop, the same queries one by one.',
    async run({ library, quick, folder }) {
      const rows = [];
      const figures = [];
      const notes = [];
      const shapes = quick ? [['FloatVector', 20_000, 128]] : [['FloatVector', 100_000, 128], ['FloatVector', 30_000, 768], ['Float16Vector', 100_000, 128], ['Int8Vector', 100_000, 128], ['BinaryVector', 100_000, 1024]];
      for (const [type, count, dim] of /** @type {[string, number, number][]} */ (shapes)) {
        const uniform = random(1);
        const draw = (/** @type {number} */ n) => CONVERT[type](Float32Array.from({ length: n * dim }, () => Math.floor(uniform() * 256)));
        const set = dim === 128 && type !== 'BinaryVector' ? loadSet('synthetic', { rows: count, queries: 1000, k: K }) : null;
        const values = set ? CONVERT[type](set.base.values) : draw(count);
        const nq = dim === 128 ? 1000 : 200;
        const { db, collection, vectorsOf } = await collectionOf(library, type, values, dim, { type: type === 'BinaryVector' ? 'BIN_FLAT' : 'FLAT', metric: type === 'BinaryVector' ? 'HAMMING' : 'L2' });
        const { kernels } = await db.stats();
        const vectors = vectorsOf(set ? CONVERT[type](set.queries.values) : draw(nq), nq);
        const one = vectors.slice(0, 50);
        const peak = await peakYardstick(kernels === 'relaxed', dim);
        let rival = null;
        if (type === 'FloatVector' && set) {
          try {
            rival = faiss('Flat');
            await rival.build({ ...set, metric: 'L2', k: K }, { M: 16, efConstruction: 200, nlist: 1, seed: 1, folder, clock: 'cpu' });
          } catch (error) {
            rival = null;
            notes.push(`Faiss is left out: ${/** @type {Error} */ (error).message}`);
          }
        }
        const batch = await collection.search({ vectors, limit: K });
        for (let q = 0; q < 5; q++) mustEqual(batch[q], await collection.search({ vector: vectors[q], limit: K }));
        const runs = [];
        for (let round = 0; round < (quick ? 3 : 7); round++) {
          const together = nq / (await seconds(() => collection.search({ vectors, limit: K })));
          const alone = one.length / (await seconds(async () => {
            for (const vector of one) await collection.search({ vector, limit: K });
          }));
          const other = rival ? (nq * 1000) / (await rival.pass({ label: 'batch', batch: true }, nq)) : NaN;
          runs.push({ together, alone, peak: peak(), other });
        }
        await rival?.close();
        await db.close();
        const of = (/** @type {(run: any) => number} */ f) => median(runs.map(f));
        rows.push([
          `${type} ${count.toLocaleString('en')} x ${dim} (${kernels})`, number(of((r) => r.together)), number(of((r) => r.alone)), ratio(of((r) => r.together / r.alone)),
          number(of((r) => (r.together * count) / 1e6)), number(of((r) => r.peak / 1e6)), `${(100 * of((r) => (r.together * count) / r.peak)).toFixed(0)} %`, number(of((r) => r.other)), ratio(of((r) => r.together / r.other)),
        ]);
        figures.push({ type, rows: count, dim, kernels, runs });
      }
      return { head: ['what', 'QPS', 'one by one', 'x', 'M vectors/s', 'f32 peak M/s', 'of it', 'Faiss QPS', 'x Faiss'], rows, figures, notes: [...new Set(notes)] };
    },
  },
  {
    name: 'ivf/batch',
    about: 'IVF over 100,000 x 128, nlist 512, 1,000 queries in one search() against one by one, k 10; equal hits.',
    async run({ library, quick }) {
      const rows = [];
      const figures = [];
      const set = loadSet('synthetic', { rows: quick ? 20_000 : 100_000, queries: 1000, k: K });
      if (!set) throw new Error('the synthetic set can always be made');
      const { values, dim } = set.base;
      for (const [type, search] of /** @type {[string, Record<string, unknown>][]} */ ([['IVF_FLAT', {}], ['IVF_SQ8', {}], ['IVF_SQ8', { refine_k: 2 }]])) {
        const { db, collection, vectorsOf } = await collectionOf(library, 'FloatVector', values, dim, { type, metric: 'L2', params: { nlist: 512, ...('refine_k' in search && { refine: true }) } });
        const vectors = vectorsOf(set.queries.values, 1000);
        for (const nprobe of [4, 16, 64]) {
          const params = { nprobe, ...search };
          const batch = await collection.search({ vectors, limit: K, params });
          for (let q = 0; q < 100; q++) mustEqual(batch[q], await collection.search({ vector: vectors[q], limit: K, params }));
          const runs = [];
          for (let round = 0; round < (quick ? 3 : 9); round++) {
            const together = vectors.length / (await seconds(() => collection.search({ vectors, limit: K, params })));
            const alone = vectors.length / (await seconds(async () => {
              for (const vector of vectors) await collection.search({ vector, limit: K, params });
            }));
            runs.push({ together, alone });
          }
          const of = (/** @type {(run: any) => number} */ f) => median(runs.map(f));
          rows.push([`${type}${'refine_k' in search ? ' refined' : ''}`, nprobe, number(of((r) => r.together)), number(of((r) => r.alone)), ratio(of((r) => r.together / r.alone))]);
          figures.push({ type, params, runs });
        }
        await db.close();
      }
      return { head: ['index', 'nprobe', 'QPS', 'one by one', 'x'], rows, figures };
    },
  },
];
