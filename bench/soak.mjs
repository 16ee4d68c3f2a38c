/**
 * `npm run soak -- --minutes 30`: a mixed load on one database in a folder for so long, with memory sampled. Rows are inserted, replaced and
 * deleted at the same rate, so that their number stays; searches, reads of the past, flushes and compactions run beside. Whatever grows from
 * then on is a leak: the medians of the last third are held against those of the third before. Exits with 1 when something grew
 * by more than a tenth; runs of less than ten minutes are not judged.
 *
 *   --minutes N (30)     --rows N rows that live (20,000)     --dim N (128)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { random } from './datasets.mjs';
import { median, number, settle, table } from './lib/measure.mjs';
import { describeSetup, DIST, printSetup, saveResult } from './lib/setup.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, rows: { type: 'string', default: '20000' }, dim: { type: 'string', default: '128' } } });
const minutes = Number(values.minutes), live = Number(values.rows), dim = Number(values.dim);
if (!(minutes > 0 && live >= 1_000 && dim >= 1)) {
  console.error('--minutes expects a number above 0, --rows at least 1,000, --dim at least 1');
  process.exit(2);
}

const BATCH = 500;
const SAMPLES = 60;
const MINUTES_MIN = 10;
const GROWTH_MAX = 0.1;
/** What may grow by a tenth without anybody's minding. */
const SMALL_BYTES = 4 << 20;

const setup = describeSetup({ needsDist: true, kernels: 'see stats', datasets: `random, ${live} live rows x ${dim}`, seed: 1, threads: 1 });
printSetup(setup);
const { connect, defineSchema } = await import(pathToFileURL(join(DIST, 'node.js')).href);
const folder = mkdtempSync(join(tmpdir(), 'elanus-soak-'));
const uniform = random(1);
const vectorOf = () => Float32Array.from({ length: dim }, () => Math.floor(uniform() * 256));

/** @type {Record<string, number>[]} */
const samples = [];
const errors = [];
// History is bounded in bytes, so that it is full soon and stays as large.
const db = await connect(`file:${join(folder, 'db')}`, { retentionSeconds: 60, historyBytes: 8 << 20 });
db.on('error', (/** @type {Error} */ error) => errors.push(error));
const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, title: { type: 'VarChar', maxLength: 64 }, vector: { type: 'FloatVector', dim, index: { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, efConstruction: 60, refine: true } } } } });
const docs = await db.createCollection('soak', schema);
let first = 0, next = 0;
const rowsOf = (/** @type {number} */ from, /** @type {number} */ count) => Array.from({ length: count }, (_, i) => ({ id: from + i, title: `row ${from + i}`, vector: vectorOf() }));
const insert = async () => {
  await docs.insert(rowsOf(next, BATCH));
  next += BATCH;
};
while (next < live) await insert();

const started = performance.now();
const until = started + minutes * 60_000;
let sampleAt = started, operations = 0;
try {
  while (performance.now() < until) {
    const what = uniform();
    if (what < 0.05) {
      await insert();
      await docs.delete({ ids: Array.from({ length: BATCH }, (_, i) => first + i) });
      first += BATCH;
    } else if (what < 0.1) await docs.upsert(rowsOf(first + Math.floor(uniform() * (live - BATCH)), 100));
    else if (what < 0.12) await docs.upsert(Array.from({ length: 50 }, (_, i) => ({ id: first + i, title: `again ${operations}` })), { partial: true });
    else if (what < 0.125) await docs.flush();
    else if (what < 0.127) await docs.compact();
    else if (what < 0.2) await docs.count(undefined, { at: await db.now() });
    else if (what < 0.5) await docs.get([first, first + 7, next - 1]);
    else await docs.search({ vector: vectorOf(), limit: 10, outputFields: ['title'] });
    operations++;
    if (performance.now() < sampleAt) continue;
    sampleAt += (minutes * 60_000) / SAMPLES;
    await settle();
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const { memoryBytes } = await db.stats();
    const { storedBytes, logBytes, segments, rows } = await docs.stats();
    if (rows !== next - first) throw new Error(`expected ${next - first} rows, got ${rows}`);
    samples.push({ seconds: (performance.now() - started) / 1000, operations, rss, heapUsed, external, arrayBuffers, kernels: memoryBytes, stored: storedBytes + logBytes, segments: segments.length });
  }
  await db.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const third = Math.floor(samples.length / 3);
const before = samples.slice(third, 2 * third), after = samples.slice(2 * third);
const MEASURED = ['rss', 'heapUsed', 'external', 'arrayBuffers', 'kernels', 'stored'];
const judged = MEASURED.map((name) => {
  const of = (/** @type {typeof samples} */ part) => median(part.map((sample) => sample[name]));
  const [was, is] = [of(before), of(after)];
  return { name, was, is, grew: is - was > SMALL_BYTES && is > was * (1 + GROWTH_MAX) };
});
const megabytes = (/** @type {number} */ bytes) => number(bytes / 2 ** 20);
console.log(table(['what', 'MiB, second third', 'last third', ''], judged.map(({ name, was, is, grew }) => [name, megabytes(was), megabytes(is), grew ? 'GROWS' : 'flat'])));
console.log(`\n${operations} operations in ${number(minutes)} minutes, ${samples.length} samples, ${errors.length} errors in the background`);
for (const error of errors.slice(0, 5)) console.error(error);
saveResult('soak', { setup, minutes, live, dim, operations, judged, samples });
// Caches and the history fill up first.
if (minutes < MINUTES_MIN) console.log(`Too short to judge: from ${MINUTES_MIN} minutes on the exit status says whether something grew.`);
if (errors.length > 0 || (minutes >= MINUTES_MIN && judged.some(({ grew }) => grew))) process.exitCode = 1;
