/** What the tests of the package share: the packed tarball installed in an empty project, a server, a browser. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { chromium, type Browser } from 'playwright';
import { BROWSER_ARGS } from '../../scripts/find-browser.mjs';

/** Null where there is no browser: `vitest.config.ts` has looked, and said so. */
export const CHROME_PATH = process.env['CHROME_PATH'] ?? null;

export interface Project {
  /** An empty project with the package installed in it. */
  readonly folder: string;
  readonly tarball: string;
  remove(): void;
}

/** Packs `dist/` as `npm publish` would and installs the tarball in a folder outside of this repository. */
export function installPacked(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'elanus-package-'));
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], '.');
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))!;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  npm(['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', `./${tarball}`], folder);
  return { folder, tarball: join(folder, tarball), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function npm(args: string[], cwd: string): string {
  // The outer npm's settings (a prefix, dry-run, workspaces) are not this one's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_(config|package|lifecycle)_/.test(key)));
  const run = spawnSync('npm', args, { cwd, env, encoding: 'utf8', shell: process.platform === 'win32' });
  if (run.status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${run.stdout}\n${run.stderr}`);
  return run.stdout;
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json', '.map': 'application/json' };

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a folder. As single-page hosts do, it answers what is not there with the start page. */
export async function serve(folder: string, headers: Readonly<Record<string, string>> = {}): Promise<Site> {
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://x').pathname);
    const name = path.endsWith('/') ? `${path}index.html` : path;
    let body: Buffer;
    let type = TYPES[extname(name)] ?? 'application/octet-stream';
    try {
      body = readFileSync(join(folder, name));
    } catch {
      body = readFileSync(join(folder, 'index.html'));
      type = 'text/html';
    }
    response.writeHead(200, { 'content-type': type, ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A name for this machine that a browser does not trust as it trusts localhost. */
export const INSECURE_HOST = 'insecure.test';

export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath: CHROME_PATH!, args: [...BROWSER_ARGS, `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`] });

export interface Outcome {
  readonly ok?: Report;
  readonly error?: string;
}

/** What the application answers, in a browser or in Node. */
export interface Report {
  readonly count: number;
  readonly titles: readonly string[];
  readonly kernels: string;
  readonly kernelsReason?: string;
  readonly engineThread: string;
  readonly buildThread: string;
  readonly index: string;
  readonly errorCode: string;
  /** Title and stars of the first two rows: a field that was added, and set in one of them. */
  readonly stars: readonly (readonly [string, number | null])[];
  /** A row that was deleted is found: now, by `at`, in a snapshot. */
  readonly past: readonly boolean[];
  /** Titles of the rows that a filter leaves, by name. */
  /** Hits of a grouped search for row 0's vector, the first one's group, and rows that an iterator answered. */
  readonly beyond: readonly (number | string)[];
  readonly filtered: readonly string[];
}

export interface Visit {
  readonly outcome: Outcome;
  /** Warnings and errors on the page's console. */
  readonly console: readonly string[];
  /** The worker scripts of the package that were asked for, without the hashes of a bundler. */
  readonly workers: readonly string[];
}

/** Opens a page and waits until the application has set `outcome`. A policy forbids `waitForFunction`, so it asks again and again. */
export async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const lines: string[] = [];
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) lines.push(message.text());
  });
  const workers = new Set<string>();
  context.on('request', (request) => {
    const script = /\/(worker(-full)?)\b[^/]*\.js(\?|$)/.exec(request.url());
    if (script) workers.add(script[1]!);
  });
  page.on('pageerror', (error) => lines.push(`uncaught: ${error.message}`));
  try {
    await page.goto(url);
    for (let waited = 0; waited < 20_000; waited += 50) {
      const outcome = await page.evaluate(() => (globalThis as { outcome?: Outcome }).outcome);
      if (outcome !== undefined) return { outcome, console: lines, workers: [...workers] };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the application did not finish; its console:\n${lines.join('\n')}`);
  } finally {
    await context.close();
  }
}

/** The application: what the README promises, over what `from` exports. `url` and `options` are JavaScript expressions. */
export const application = (from: string, url: string, options: string): string => `
import { connect, defineSchema, isElanusError } from ${JSON.stringify(from)};

export async function main() {
  const db = await connect(${url}, ${options});
  const schema = defineSchema({
    fields: {
      id: { type: 'Int64', primaryKey: true, autoId: true },
      title: { type: 'VarChar', maxLength: 64 },
      embedding: { type: 'FloatVector', dim: 8, index: { type: 'HNSW', metric: 'L2', params: { M: 8, efConstruction: 64 } } },
    },
  });
  const docs = await db.createCollection('docs', schema);
  const at = (i) => Float32Array.from({ length: 8 }, (_, j) => Math.sin(i * (j + 1)));
  await docs.insert(Array.from({ length: 3000 }, (_, i) => ({ title: 'row ' + i, embedding: at(i) })));
  await docs.createIndex('embedding', { type: 'HNSW', metric: 'L2', params: { M: 8, efConstruction: 64 } });
  const hits = await docs.search({ vector: at(7), limit: 2, outputFields: ['title'] });
  const errorCode = await docs.search({ vector: new Float32Array(3), limit: 1 }).catch((error) => isElanusError(error) && error.code);
  const more = await docs.addField('stars', { type: 'Int8', nullable: true });
  await more.upsert([{ id: 1, stars: 5 }], { partial: true });
  const stars = (await more.get([1, 2])).map((row) => [row.title, row.stars]);
  const { kernels, kernelsReason, engineThread, buildThread } = await db.stats();
  const count = await docs.count();
  const then = await db.now();
  await db.createSnapshot({ collection: 'docs', name: 'before' });
  await docs.delete({ ids: [8] });
  const best = async (from, options) => (await from.search({ vector: at(7), limit: 1, outputFields: ['title'], ...options }))[0].entity.title === 'row 7';
  const past = [await best(docs), await best(docs, { at: then }), await best(await db.openSnapshot('before'))];
  const named = await docs.search({ vector: at(7), limit: 3, filter: 'title in ["row 9", "row 10"]', outputFields: ['title'] });
  const filtered = named.map((hit) => hit.entity.title).sort();
  const [alike] = await docs.search({ ids: [1], limit: 5, groupBy: { field: 'title' } });
  const ids = new Set();
  for await (const page of docs.searchIterator({ vector: at(7), batchSize: 1000 })) page.forEach((hit) => ids.add(hit.id));
  const beyond = [alike.length, alike[0].group, ids.size];
  const report = { count, filtered, past, beyond, titles: hits.map((hit) => hit.entity.title), kernels, kernelsReason, engineThread, buildThread,
    index: (await docs.indexProgress('embedding')).state, errorCode, stars };
  await db.close();
  return report;
}
`;

/** Merges segments of which the larger has an index; answers how many rows of the merged one's were done when its build first said so. */
export const mergingApplication = (from: string, url: string, options: string): string => `
import { connect, defineSchema } from '${from}';
async function main() {
  const db = await connect(${url}, ${options});
  const index = { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, efConstruction: 64, refine: true } };
  const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, embedding: { type: 'FloatVector', dim: 64, index } } });
  const rows = await db.createCollection('rows', schema);
  const embedding = Float32Array.from({ length: 5000 * 64 }, (_, i) => Math.sin(i * 12.9898) * (1 + (i % 13)));
  await rows.insert({ embedding: embedding.slice(0, 4500 * 64) });
  await rows.flush();
  while ((await rows.indexProgress('embedding')).state === 'building') await new Promise((resolve) => setTimeout(resolve, 10));
  await rows.insert({ embedding: embedding.slice(4500 * 64) });
  const builds = [];
  const { segmentsAfter } = await rows.compact({ onProgress: ({ phase, done, total }) => phase === 'build' && builds.push({ done, total }) });
  let count = 0;
  for (let row = 0; row < 5000; row += 50) count += (await rows.search({ vector: embedding.slice(row * 64, (row + 1) * 64), limit: 1, params: { ef: 64 } }))[0].score < 1 ? 1 : 0;
  const { buildThread } = await db.stats();
  await db.close();
  return { segmentsAfter, isCarried: builds[0].done >= 4500 && builds[0].total === 5000, isDone: builds.at(-1).done === 5000, count, buildThread };
}
`;

/** What the merging application answers; `count` of 100 rows find themselves. */
export const MERGED = { segmentsAfter: 1, isCarried: true, isDone: true };

/** Rows and searches in words, by two models that spell: of letters, and of letters and lengths; and a move from one to the other. */
export const embeddingApplication = (from: string, url: string, options: string): string => `
import { connect, defineSchema } from '${from}';
async function main() {
  const spell = (dim) => async (texts) => texts.map((text) => {
    const vector = new Float32Array(dim);
    for (const letter of text) vector[letter.charCodeAt(0) % 26]++;
    for (let i = 26; i < dim; i++) vector[i] = text.length;
    return vector;
  });
  const db = await connect(${url}, { ...${options}, embedders: { letters: spell(26), lengths: spell(28) } });
  const index = { type: 'FLAT', metric: 'COSINE' };
  const fields = { id: { type: 'Int64', primaryKey: true, as: 'number' }, text: { type: 'VarChar', maxLength: 64 }, embedding: { type: 'FloatVector', dim: 26, index, embedder: { id: 'letters', input: 'text' } } };
  const docs = await db.createCollection('docs', defineSchema({ fields }));
  await docs.insert(['kite', 'falcon', 'owl', 'buzzard'].map((text, id) => ({ id, text })));
  const found = async (collection) => (await collection.search({ text: 'falcons', limit: 1, outputFields: ['text'] }))[0].entity.text;
  const before = await found(docs);
  const after = await found(await docs.reembed({ embedder: { id: 'lengths' }, dim: 28 }));
  const old = await docs.count().catch(({ code }) => code);
  const { engineThread } = await db.stats();
  await db.close();
  return { before, after, old, engineThread };
}
`;

/** Runs the application in a page and leaves what came of it in `outcome`. */
export const pageApplication = (from: string, url: string, options: string): string => onPage(application(from, url, options));

export const onPage = (source: string): string => `${source}
main().then((ok) => { globalThis.outcome = { ok }; }, (error) => { globalThis.outcome = { error: (error.code ?? '') + ' ' + error.stack }; });
`;

/** Rows through Tables of apache-arrow and back. Answers as `application` does: what was copied by way of a Table, and what a search of it has. */
export const arrowApplication = (url: string, options: string): string => `
import { connect, defineSchema } from 'elanus';
import { getTable, searchTable } from 'elanus/arrow';
import { Table, tableFromIPC, tableToIPC } from 'apache-arrow';

export async function main() {
  const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, title: { type: 'VarChar', maxLength: 64, nullable: true }, v: { type: 'FloatVector', dim: 2 } } });
  const db = await connect(${url}, ${options});
  const docs = await db.createCollection('docs', schema);
  await docs.insert([{ id: 1, title: 'kite', v: [1, 2] }, { id: 2, v: [3, 4] }]);
  const table = await getTable(docs, [1, 2], { outputFields: '*' });
  const copy = await db.createCollection('copy', schema);
  await copy.insert(tableFromIPC(tableToIPC(table)));
  const hits = await searchTable(copy, { vector: [1, 2], limit: 1, outputFields: ['title'] });
  const errorCode = await getTable(docs, ['x']).catch((error) => error.code);
  const report = { isTable: table instanceof Table, rows: await copy.get([1, 2]), best: hits.getChild('title').get(0), errorCode };
  await db.close();
  return report;
}
`;

/** What `arrowApplication` reports. */
export const ARROW_ANSWER = { isTable: true, rows: [{ id: 1, title: 'kite' }, { id: 2, title: null }], best: 'kite', errorCode: 'INVALID_ARGUMENT' };

/** A file of the visitor's, looked into, imported, exported in another format, and imported again. */
export const ioApplication = (from: string, url: string, options: string): string => `
import { connect } from '${from}';
import { inferSchema, openTable } from '${from.startsWith('.') ? from.replace('browser.js', 'io.js') : 'elanus/io'}';

export async function main() {
  const file = new File(['id,title,v\\n1,kite,"[1,2]"\\n2,"a ""hawk""","[3,4]"\\n'], 'birds.csv');
  const table = await openTable(file);
  const { schema, fields } = inferSchema(table);
  const db = await connect(${url}, ${options});
  const docs = await db.createCollection('docs', schema);
  const { count } = await docs.import(file, { fields });
  const { blob } = await docs.export({ format: 'parquet' });
  const copy = await db.createCollection('copy', schema);
  const { format } = await copy.import(blob);
  const rows = (await copy.query({ limit: 9, outputFields: '*' })).map(({ id, title, v }) => [String(id), title, ...v]);
  const bad = await copy.import(new File(['id,title,v\\n3,x,none\\n'], 'bad.csv')).catch(({ code, detail }) => [code, detail.file, detail.row, detail.column]);
  const arrowCode = await copy.export({ format: 'arrow' }).catch((error) => error.code);
  await db.close();
  return { types: table.columns.map(({ type }) => type), count, format, rows, bad, arrowCode };
}
`;

/** What `ioApplication` reports where there is no apache-arrow. */
export const IO_ANSWER = { types: ['Int64', 'VarChar', 'FloatVector'], count: 2, format: 'parquet', rows: [['1', 'kite', 1, 2], ['2', 'a "hawk"', 3, 4]], bad: ['INVALID_ARGUMENT', 'bad.csv', 0, 'v'], arrowCode: 'NOT_SUPPORTED' };

export const PAGE = '<!doctype html><meta charset="utf-8"><title>elanus</title><link rel="icon" href="data:,"><script type="module" src="./app.js"></script>';
