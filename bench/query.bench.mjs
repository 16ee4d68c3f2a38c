/**
 * `query/*`: rows and sums without a vector, beside SQLite over the same rows in memory: no index but that of the key on either side, statements
 * prepared. SQLite's column is empty unless `npm run bench:compare -- --install` has brought better-sqlite3.
 */
import { createRequire } from 'node:module';
import { random } from './datasets.mjs';
import { cpuMs, number, ratio } from './lib/measure.mjs';

const SHELVES = Array.from({ length: 100 }, (_, i) => `shelf number ${i}`);
const BATCH = 50_000;

/** Columns of so many rows: every key once, in an order of chance. @param {number} count */
function makeColumns(count) {
  const uniform = random(1);
  const id = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [id[i], id[j]] = [id[j], id[i]];
  }
  const shelf = Array.from({ length: count }, () => SHELVES[Math.floor(uniform() * SHELVES.length)]);
  const price = Float64Array.from({ length: count }, () => uniform() * 1000);
  const pages = Int32Array.from({ length: count }, () => Math.floor(uniform() * 1_000_000));
  return { id, shelf, price, pages };
}

/** @param {any} library @param {ReturnType<typeof makeColumns>} columns */
async function openElanus({ connect, defineSchema }, columns) {
  const db = await connect('memory:', { mode: 'inline', workers: 0 });
  const docs = await db.createCollection(
    'bench',
    defineSchema({
      fields: {
        id: { type: 'Int64', primaryKey: true, as: 'number' },
        shelf: { type: 'VarChar', maxLength: 32 },
        price: { type: 'Double' },
        pages: { type: 'Int32' },
        vector: { type: 'FloatVector', dim: 2 },
      },
    }),
  );
  for (let from = 0; from < columns.id.length; from += BATCH) {
    const to = Math.min(from + BATCH, columns.id.length);
    await docs.insert({
      id: columns.id.slice(from, to),
      shelf: columns.shelf.slice(from, to),
      price: columns.price.slice(from, to),
      pages: columns.pages.slice(from, to),
      vector: new Float32Array((to - from) * 2).fill(1),
    });
  }
  await docs.compact();
  return { db, docs };
}

/** @param {ReturnType<typeof makeColumns>} columns */
function openSqlite(columns) {
  let Database;
  try {
    Database = createRequire(new URL('./compare/package.json', import.meta.url))('better-sqlite3');
  } catch {
    return null;
  }
  const db = new Database(':memory:');
  db.exec('create table docs (id integer primary key, shelf text, price real, pages integer)');
  const insert = db.prepare('insert into docs values (?, ?, ?, ?)');
  db.transaction(() => {
    for (let i = 0; i < columns.id.length; i++) insert.run(columns.id[i], columns.shelf[i], columns.price[i], columns.pages[i]);
  })();
  return db;
}

/** What both are asked, each time with another number, so that nothing is remembered but where it says so. */
const CASES = [
  {
    name: 'first 10 by key',
    elanus: (/** @type {any} */ docs) => docs.query({ limit: 10 }),
    sql: 'select id, shelf, price, pages from docs where ? is not null order by id limit 10',
  },
  {
    name: '10 by key that match, 1 in 1,000',
    elanus: (/** @type {any} */ docs, /** @type {number} */ n) => docs.query({ limit: 10, filter: 'pages < {most}', filterParams: { most: 1_000 + n } }),
    sql: 'select id, shelf, price, pages from docs where pages < 1000 + ? order by id limit 10',
  },
  {
    name: 'the same filter again',
    elanus: (/** @type {any} */ docs) => docs.query({ limit: 10, filter: 'pages < 1000' }),
    sql: 'select id, shelf, price, pages from docs where ? is not null and pages < 1000 order by id limit 10',
  },
  {
    name: '10 by price',
    elanus: (/** @type {any} */ docs, /** @type {number} */ n) => docs.query({ limit: 10, orderBy: 'price', filter: 'pages > {least}', filterParams: { least: n } }),
    sql: 'select id, shelf, price, pages from docs where pages > ? order by price, id limit 10',
  },
  {
    name: '10 by shelf, price down',
    elanus: (/** @type {any} */ docs, /** @type {number} */ n) => docs.query({ limit: 10, orderBy: ['shelf', 'price:desc'], filter: 'pages > {least}', filterParams: { least: n } }),
    sql: 'select id, shelf, price, pages from docs where pages > ? order by shelf, price desc, id limit 10',
  },
  {
    name: 'count of half',
    elanus: (/** @type {any} */ docs, /** @type {number} */ n) => docs.count('pages < {most}', { filterParams: { most: 500_000 + n } }),
    sql: 'select count(*) from docs where pages < 500000 + ?',
  },
  {
    name: 'count, sum, mean, max of all',
    elanus: (/** @type {any} */ docs) => docs.query({ outputFields: ['count(*)', 'sum(pages)', 'avg(price)', 'max(price)'] }),
    sql: 'select count(*), sum(pages), avg(price), max(price) from docs where ? is not null',
  },
  {
    name: 'the same by shelf, 100 groups',
    elanus: (/** @type {any} */ docs) => docs.query({ groupBy: 'shelf', outputFields: ['count(*)', 'sum(pages)', 'avg(price)', 'max(price)'] }),
    sql: 'select shelf, count(*), sum(pages), avg(price), max(price) from docs where ? is not null group by shelf order by shelf',
  },
];

/** Milliseconds of processor time per call. @param {() => unknown} run @param {number} budgetMs */
async function cpuPerCall(run, budgetMs) {
  await run();
  let calls = 0;
  const start = cpuMs();
  for (; calls < 3 || cpuMs() - start < budgetMs; calls++) await run();
  return (cpuMs() - start) / calls;
}

/** @param {number} count @returns {import('./run.mjs').Bench} */
function queryBench(count) {
  return {
    name: `query/${count / 1000}k`,
    about: `Milliseconds of processor time per query over ${number(count)} rows in memory, one at a time; SQLite by better-sqlite3 over the same rows.`,
    async run({ library, quick }) {
      const columns = makeColumns(count);
      const { db, docs } = await openElanus(library, columns);
      const sqlite = openSqlite(columns);
      /** @type {Record<string, { elanus: number, sqlite: number | null }>} */
      const figures = {};
      for (const { name, elanus, sql } of CASES) {
        let n = 0;
        const budgetMs = quick ? 200 : 1_500;
        const ours = await cpuPerCall(() => elanus(docs, n++), budgetMs);
        const statement = sqlite?.prepare(sql);
        const theirs = statement ? await cpuPerCall(() => statement.all(n++), budgetMs) : null;
        figures[name] = { elanus: ours, sqlite: theirs };
      }
      const started = cpuMs();
      let seen = 0;
      for await (const rows of docs.queryIterator({ batchSize: 1_000 })) seen += rows.length;
      const iterated = seen / (cpuMs() - started);
      await db.close();
      sqlite?.close();
      return {
        head: ['query', 'Elanus ms', 'SQLite ms', 'SQLite / Elanus'],
        rows: Object.entries(figures).map(([name, { elanus, sqlite: theirs }]) => [name, elanus.toFixed(3), theirs?.toFixed(3) ?? '', theirs === null ? '' : ratio(theirs / elanus)]),
        figures: { ...figures, iteratedRowsPerMs: iterated },
        notes: [`queryIterator: ${number(Math.round(iterated * 1000))} rows per second of processor time in pages of 1,000 with all scalar fields.`],
      };
    },
  };
}

export const benches = [queryBench(100_000), queryBench(1_000_000)];
