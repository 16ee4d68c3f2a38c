/**
 * One index in a process of its own, so that memory readings are its alone: `node growth-child.mjs build|serve`, the task
 * as JSON on standard input, figures as JSON on standard output. Times are of this process's processor time.
 */
import { readFileSync } from 'node:fs';
import { cpuMs, median, residentBytes } from './measure.mjs';

/**
 * @typedef {object} Task
 * @property {string} library url of `dist/node.js` @property {string} database
 * @property {string} base file of f32, shape (rows, dim) @property {string} queries the same, shape (nq, dim)
 * @property {number} rows @property {number} nq @property {number} dim @property {number} k
 * @property {string} type @property {Record<string, unknown>} params
 * @property {Record<string, unknown>[]} settings search parameters to try @property {number} rounds @property {number} passMs
 */

/** @type {Task} */
const task = JSON.parse(readFileSync(0, 'utf8'));
const { connect, defineSchema } = await import(task.library);
const { dim, k } = task;

/** @param {string} file */
function floats(file) {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** @param {string} url @param {number} size */
async function makeCollection(url, size) {
  const db = await connect(url, { mode: 'inline', workers: 0, durability: 'relaxed' });
  const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim: size } } });
  return { db, collection: await db.createCollection('bench', schema) };
}

const tasks = {
  async build() {
    const values = floats(task.base);
    const start = cpuMs();
    const { db, collection } = await makeCollection(task.database, dim);
    const batch = Math.max(1, Math.min(10_000, Math.floor(2 ** 24 / (4 * dim))));
    for (let from = 0; from < task.rows; from += batch) await collection.insert({ vector: values.subarray(from * dim, Math.min(task.rows, from + batch) * dim) });
    const inserted = cpuMs();
    await collection.createIndex('vector', { type: task.type, metric: 'L2', params: task.params });
    const end = cpuMs();
    const { serving } = await collection.describeIndex('vector');
    await db.close();
    return { insertSeconds: (inserted - start) / 1000, indexSeconds: (end - inserted) / 1000, serving };
  },

  async serve() {
    const matrix = floats(task.queries);
    const queries = Array.from({ length: task.nq }, (_, q) => matrix.slice(q * dim, (q + 1) * dim));
    const ask = (/** @type {any} */ of, /** @type {Float32Array} */ vector, /** @type {Record<string, unknown>} */ params) => of.search({ vector, limit: k, params });
    // Code, kernels and as much heap as searching takes are there before the first reading: they do not grow with the rows.
    const warm = await makeCollection('memory:', dim);
    await warm.collection.insert({ vector: matrix.subarray(0, task.nq * dim) });
    for (let i = 0; i < 5_000; i++) await ask(warm.collection, queries[i % task.nq], {});
    await warm.db.close();
    const before = await residentBytes();
    const db = await connect(task.database, { mode: 'inline', workers: 0 });
    const collection = await db.collection('bench');
    for (const vector of queries) await ask(collection, vector, task.settings[task.settings.length - 1]);
    // What is read behind the first searches gets there only while this thread waits.
    await new Promise((done) => setTimeout(done, 1_000));
    const after = await residentBytes();
    // Compilers take thousands of searches to reach their best.
    const [first] = task.settings;
    for (const until = cpuMs() + 1_000; cpuMs() < until; ) for (let q = 0; q < 20; q++) await ask(collection, queries[q % task.nq], first);
    const points = [];
    for (const params of task.settings) {
      const rows = [];
      for (const vector of queries) rows.push((await ask(collection, vector, params)).map((/** @type {{ id: bigint }} */ hit) => Number(hit.id) - 1));
      const pass = async (/** @type {number} */ count) => {
        const start = cpuMs();
        for (let q = 0; q < count; q++) await ask(collection, queries[q % task.nq], params);
        return cpuMs() - start;
      };
      const probe = Math.max(0.5, await pass(20)) / 20;
      const count = Math.max(10, Math.ceil(task.passMs / probe));
      const times = [];
      for (let round = 0; round < task.rounds; round++) times.push(await pass(count));
      points.push({ params, rows, qps: (1000 * count) / median(times) });
    }
    const { memoryBytes, segments } = await collection.stats();
    await db.close();
    return { points, residentBytes: after - before, memoryBytes, segments: segments.length };
  },
};

try {
  console.log(JSON.stringify(await tasks[/** @type {'build' | 'serve'} */ (process.argv[2])]()));
} catch (error) {
  // Without the line of bundled code that Node would print with it.
  console.error(/** @type {Error} */ (error).stack);
  process.exitCode = 1;
}
