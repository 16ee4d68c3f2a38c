/**
 * `npm start`: builds what is stale, loads the sample into an embedded database below `.elanus/`, searches it, and
 * serves the demo page. `npm start -- --once` ends after the searches. `--port N` sets the first port to try, `--folder F`
 * the folder of the database. With `ELANUS_SKIP_BUILD` set it takes the package that was built before.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exactCosine, exactL2, recallCosine, recallL2 } from '../web-demo/sample/exact.mjs';
import { CLASSES, fillCollections, IMAGE_DIM, isComplete, openCollections, readPictures, ROWS, TEXT_DIM } from '../web-demo/sample/collections.mjs';
import { fileReader } from '../web-demo/sample/files.mjs';
import { openSource } from '../web-demo/sample/source.mjs';
import { buildDemo, buildPackage, demoIsStale, packageIsStale, ROOT } from './freshness.mjs';
import { serve } from './serve.mjs';
import { accent, bad, bold, count, cut, dim, duration, line, step } from './terminal.mjs';

const PORT = 4173;
const K = 10;
const EF = 48;

/** What is open and must be closed on Ctrl-C. */
let database = null;
let server = null;
let folder = join(ROOT, '.elanus', 'sample');
let isEnding = false;

try {
  const options = readOptions();
  process.once('SIGINT', () => void end(130));
  process.once('SIGTERM', () => void end(143));
  await main(options);
} catch (error) {
  // What was running when the end came fails: that is no news.
  if (!isEnding) {
    line();
    line(bad(explain(error)));
    await end(1);
  }
}

async function main({ once, port }) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  line();
  line(`${bold('Elanus')} ${version} ${dim(`on Node ${process.versions.node}`)}`);
  line();
  await build('package', () => !process.env.ELANUS_SKIP_BUILD && packageIsStale(), buildPackage);
  // As a user's program gets it: from the built package.
  const { connect, defineSchema } = await import('elanus');

  const begin = performance.now();
  const existed = existsSync(folder);
  database = await connect(`file:${folder}`);
  const collections = await openCollections(database, defineSchema);
  if (await isComplete(collections)) {
    line(`  ${'Database'.padEnd(22)} reopened in ${duration(performance.now() - begin)} ${dim(`from ${shown(folder)}`)}`);
  } else {
    await load(collections, existed);
  }
  const stats = await database.stats();
  line(`  ${'First search'.padEnd(22)} ${duration(await firstSearch(collections))}`);
  line(`  ${'Engine'.padEnd(22)} ${stats.kernels} kernels, index builds in ${stats.buildThread === 'worker' ? 'a worker thread' : 'this thread'}`);

  await searchImages(collections);
  await searchText(collections);
  // What was loaded is on disk: the page has its own copy in the browser, so nothing here stays open for it.
  await database.close();
  database = null;

  if (once) return;
  line();
  await build('demo page', demoIsStale, buildDemo);
  server = await serve(join(ROOT, 'web-demo', 'dist'), { port });
  line();
  if (port !== 0 && server.port !== port) line(dim(`  Port ${port} is taken, so it is ${server.port}.`));
  line(`  The demo page: ${bold(accent(server.url))}`);
  line(dim('  Ctrl-C ends.'));
}

function readOptions() {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false }, port: { type: 'string', default: String(PORT) }, folder: { type: 'string' } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`"--port" expected a number from 0 to 65535, got ${values.port}`);
  if (values.folder) folder = resolve(values.folder);
  return { once: values.once, port };
}

/** @param {string} what @param {() => boolean} isStale @param {() => Promise<void>} make */
async function build(what, isStale, make) {
  const building = step(`Build of the ${what}`);
  if (!isStale()) {
    building.done(dim('up to date'));
    return;
  }
  await make();
  building.done();
}

async function load(collections, existed) {
  const rows = await collections.images.count();
  if (existed && rows > 0) line(dim(`  An earlier start was interrupted: ${count(rows)} of ${count(ROWS.images)} pictures are there, the rest follows.`));
  let current = null;
  await fillCollections(collections, () => openSource(fileReader), {
    onProgress: ({ step: name, label, done, total }) => {
      if (current?.name !== name) {
        current?.bar.done();
        current = { name, bar: step(label) };
      }
      current.bar.tick(done, total);
    },
  });
  current?.bar.done();
}

/** Time of the first search for pictures, which reads from the disk what it needs; abstracts are woken, too. */
async function firstSearch({ images, papers }) {
  const begin = performance.now();
  await images.search({ vector: new Float32Array(IMAGE_DIM), limit: 1 });
  const ms = performance.now() - begin;
  await papers.search({ vector: new Float32Array(TEXT_DIM).fill(1), limit: 1 });
  return ms;
}

/** Searches with the test pictures, which are not in the database. */
async function searchImages({ images, unseen }) {
  const stored = await readAll(images, ROWS.images);
  const queries = await readAll(unseen, ROWS.unseen);
  line();
  line(bold(`Image search: pictures that are not in the database, ${K} nearest of ${count(ROWS.images)}`) + dim(`  HNSW_SQ, L2, ef ${EF}`));
  line();
  line(dim(`  ${'query'.padEnd(12)} ${'latency'.padEnd(9)} ${'recall'.padEnd(7)} nearest, with squared distances`));
  const printed = [0, 1, 4, 11, 18];
  const times = [];
  let totalRecall = 0;
  let rightClass = 0;
  for (let query = 0; query < ROWS.unseen; query++) {
    const vector = Float32Array.from(queries.pixels.subarray(query * IMAGE_DIM, (query + 1) * IMAGE_DIM));
    const begin = performance.now();
    const hits = await images.search({ vector, limit: K, params: { ef: EF }, outputFields: ['label'] });
    const ms = performance.now() - begin;
    const exact = exactL2(stored.pixels, ROWS.images, IMAGE_DIM, vector, K);
    const recall = recallL2(
      hits.map(({ id }) => id),
      exact,
      stored.pixels,
      IMAGE_DIM,
      vector,
    );
    times.push(ms);
    totalRecall += recall;
    if (hits[0].entity.label === queries.labels[query]) rightClass++;
    if (!printed.includes(query)) continue;
    const nearest = hits.slice(0, 4).map(({ score, entity }) => `${CLASSES[entity.label]} ${dim(count(Math.round(score)))}`);
    line(`  ${CLASSES[queries.labels[query]].padEnd(12)} ${duration(ms).padEnd(9)} ${recall.toFixed(2).padEnd(7)} ${nearest.join('  ')}`);
  }
  line();
  line(
    `  All ${ROWS.unseen}: median ${bold(duration(times.sort((a, b) => a - b)[ROWS.unseen / 2]))}, recall@${K} ${bold((totalRecall / ROWS.unseen).toFixed(3))} against exact search;` +
      ` the nearest has the query's class ${((100 * rightClass) / ROWS.unseen).toFixed(0)} % of the time.`,
  );
}

async function searchText({ papers }) {
  const ids = Array.from({ length: ROWS.papers }, (_, id) => id);
  const rows = await papers.get(ids, { outputFields: ['embedding', 'title'] });
  const vectors = new Float32Array(rows.length * TEXT_DIM);
  for (const [row, { embedding }] of rows.entries()) vectors.set(embedding, row * TEXT_DIM);
  const query = 7;
  const vector = vectors.slice(query * TEXT_DIM, (query + 1) * TEXT_DIM);
  const begin = performance.now();
  const hits = await papers.search({ vector, limit: 6, params: { ef: EF }, outputFields: ['title'] });
  const ms = performance.now() - begin;
  const exact = exactCosine(vectors, ROWS.papers, TEXT_DIM, vector, 6);
  const recall = recallCosine(
    hits.map(({ id }) => id),
    exact,
    vectors,
    TEXT_DIM,
    vector,
  );
  line();
  line(bold('Text search: abstracts like') + ` “${rows[query].title}”` + dim('  HNSW, COSINE'));
  line();
  for (const { id, score, entity } of hits) {
    if (id !== query) line(`  ${score.toFixed(3)}  ${cut(entity.title, 90).trimEnd()}`);
  }
  line();
  line(`  ${bold(duration(ms))}, recall ${bold(recall.toFixed(2))} against exact search over ${count(ROWS.papers)} abstracts.`);
}

/** All pictures of a collection. */
async function readAll(collection, rows) {
  const labels = new Uint8Array(rows);
  const pixels = new Uint8Array(rows * IMAGE_DIM);
  await readPictures(collection, rows, (block) => {
    labels.set(block.labels, block.firstId);
    pixels.set(block.pixels, block.firstId * IMAGE_DIM);
  });
  return { labels, pixels };
}

/** The folder as one would type it. */
function shown(path) {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}

/** The error in words, with what its reader can do. */
function explain(error) {
  const message = error instanceof Error ? error.message : String(error);
  const where = shown(folder);
  switch (error?.code) {
    case 'LOCKED':
      return `The sample database in ${where} is in use: another \`npm start\` is loading it. Wait for it, or end it.\n${message}`;
    case 'CORRUPT':
    case 'FORMAT_UNSUPPORTED':
    case 'SCHEMA_MISMATCH':
      return `The sample database in ${where} cannot be used. Delete that folder and start again: it is made anew.\n${message}`;
    case 'EADDRINUSE':
      return `All ports from ${PORT} on are taken. Choose another with \`npm start -- --port 5000\`.`;
    case 'QUOTA':
      return `There is no room on the disk: the sample database takes about 70 MB.\n${message}`;
    case 'ERR_MODULE_NOT_FOUND':
      return `Something is not installed or not built. Run \`npm ci\`, then \`npm start\` again.\n${message}`;
    case undefined:
      return message;
    default:
      return `${error.code}: ${message}`;
  }
}

async function end(code) {
  isEnding = true;
  // A close waits for what is being written; whoever presses Ctrl-C twice does not want to.
  process.once('SIGINT', () => process.exit(code));
  if (code === 130) line();
  const closing = [database?.close(), server?.close()].map((promise) => promise?.catch(() => {}));
  await Promise.race([Promise.all(closing), new Promise((resolve) => setTimeout(resolve, 5000))]);
  process.exit(server !== null && code === 130 ? 0 : code);
}
