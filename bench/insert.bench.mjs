/**
 * `insert/*`: batches of 1,000 x 128, searchable at once, one awaited `insert` at a time. The file system rows stand
 * beside the same bytes appended to one plain file (and synced per batch for `strict`), which is what the disk allows.
 */
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { random } from './datasets.mjs';
import { median, number } from './lib/measure.mjs';

const DIM = 128;
const BATCH = 1_000;

/** Bytes that this process has handed to the system for writing, where it tells. */
function bytesWritten() {
  if (!existsSync('/proc/self/io')) return NaN;
  return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? NaN);
}

/** @param {number} batches */
function makeBatches(batches) {
  const uniform = random(1);
  return Array.from({ length: batches }, () => Float32Array.from({ length: BATCH * DIM }, () => Math.floor(uniform() * 256)));
}

/** Batches per second that one plain file takes. @param {string} file @param {Float32Array[]} batches @param {boolean} sync */
function plainFile(file, batches, sync) {
  const fd = openSync(file, 'w');
  const start = performance.now();
  for (const batch of batches) {
    writeSync(fd, new Uint8Array(batch.buffer, batch.byteOffset, batch.byteLength));
    if (sync) fdatasyncSync(fd);
  }
  const seconds = (performance.now() - start) / 1000;
  closeSync(fd);
  return (batches.length * BATCH) / seconds;
}

/**
 * @param {string} name
 * @param {'memory' | 'file'} store
 * @param {'strict' | 'relaxed'} durability
 * @returns {import('./run.mjs').Bench}
 */
function insertBench(name, store, durability) {
  return {
    name,
    about: `Rows per second into ${store === 'file' ? 'a folder' : 'memory'}, durability ${durability}, batches of ${BATCH} x ${DIM} as one Float32Array each; no index, so sealing is included and building is not.`,
    async run({ library: { connect, defineSchema }, quick, folder }) {
      const batches = makeBatches(quick ? 20 : 100);
      const rows = batches.length * BATCH;
      const runs = [];
      for (let run = 0; run < (quick ? 3 : 5); run++) {
        const plain = store === 'file' ? plainFile(join(folder, `plain-${run}`), batches, durability === 'strict') : NaN;
        const db = await connect(store === 'file' ? `file:${join(folder, `db-${run}`)}` : 'memory:', { mode: 'inline', workers: 0, durability });
        const collection = await db.createCollection(
          'bench',
          defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim: DIM } } }),
        );
        const latencies = [];
        const before = bytesWritten();
        const start = performance.now();
        let lastId = null;
        for (const vector of batches) {
          const from = performance.now();
          const { ids } = await collection.insert({ vector });
          lastId = ids[ids.length - 1];
          latencies.push(performance.now() - from);
        }
        const seconds = (performance.now() - start) / 1000;
        const written = (bytesWritten() - before) / (rows * DIM * 4);
        // Searchable at once: the last row of the last batch finds itself.
        const last = batches[batches.length - 1].subarray((BATCH - 1) * DIM);
        const [hit] = await collection.search({ vector: last, limit: 1 });
        if (hit?.id !== lastId) throw new Error('the last inserted row was not found');
        await db.close();
        runs.push({ rowsPerSecond: rows / seconds, plain, written, p50: median(latencies), max: Math.max(...latencies) });
      }
      const of = (/** @type {keyof typeof runs[0]} */ key) => median(runs.map((run) => run[key]));
      return {
        head: ['store', 'durability', 'rows/s', 'plain file rows/s', 'ratio', 'ms per batch p50', 'max', 'bytes written / row bytes'],
        rows: [[store, durability, number(of('rowsPerSecond')), number(of('plain')), number(median(runs.map((run) => run.rowsPerSecond / run.plain))), number(of('p50')), number(of('max')), store === 'file' ? number(of('written')) : '-']],
        figures: runs,
        notes: store === 'file' ? ['Bytes written count the log and the segments sealed meanwhile.'] : [],
      };
    },
  };
}

export const benches = [
  insertBench('insert/memory', 'memory', 'relaxed'),
  insertBench('insert/file-relaxed', 'file', 'relaxed'),
  insertBench('insert/file-strict', 'file', 'strict'),
];
