/**
 * Several real tabs of one Chromium profile over the packed package: they write at once, one maintains the database, and another takes
 * over when that one closes, crashes or is frozen.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BROWSER_ARGS } from '../../scripts/find-browser.mjs';
import { CHROME_PATH, installPacked, serve, writeFiles, type Project, type Site } from './support.ts';

if (CHROME_PATH === null) console.log('several tabs: not tested, there is no browser here');

/** What the page offers to the test. */
interface Api {
  open(url: string): Promise<boolean>;
  maintains(): Promise<boolean>;
  /** Pairs of rows, each pair one batch, of this writer. */
  write(writer: number, from: number, to: number): Promise<number>;
  count(consistency?: string): Promise<number>;
  /** Keys of rows whose mate is missing or has another title. */
  halves(): Promise<number[]>;
  flush(): Promise<number>;
  index(): Promise<string>;
  progress(): Promise<string>;
  search(n: number): Promise<string>;
  watch(): Promise<void>;
  told(): Promise<{ kind: string; count: number; isLocal: boolean }[]>;
  errors(): Promise<string[]>;
  drop(): Promise<string>;
  close(): Promise<void>;
}

const APP = `
import { connect, defineSchema } from './elanus/browser.js';
const schema = defineSchema({ fields: {
  key: { type: 'Int64', primaryKey: true },
  title: { type: 'VarChar', maxLength: 64 },
  v: { type: 'FloatVector', dim: 32, index: { type: 'HNSW', metric: 'L2', params: { M: 8, efConstruction: 64 } } },
} });
const vectorOf = (n) => Float32Array.from({ length: 32 }, (_, j) => Math.sin(n * (j + 1) + j));
const MATE = 1e6;
let db, docs;
const told = [], errors = [];
globalThis.api = {
  async open(url) {
    db = await connect(url);
    db.on('error', (error) => errors.push(error.code + ' ' + error.message));
    docs = await db.createCollection('docs', schema, { ifNotExists: true });
    return (await db.stats()).maintains;
  },
  maintains: async () => (await db.stats()).maintains,
  async write(writer, from, to) {
    for (let n = from; n < to; n++) {
      const key = writer * 10_000 + n;
      const title = 'pair ' + key;
      await docs.insert([key, key + MATE].map((key) => ({ key, title, v: vectorOf(n) })));
    }
    return docs.count();
  },
  count: (consistency) => docs.count(undefined, { consistency }),
  async halves() {
    const halves = [];
    for (let writer = 0; writer < 4; writer++) {
      const keys = Array.from({ length: 400 }, (_, n) => writer * 10_000 + n);
      const found = await docs.get(keys.flatMap((key) => [key, key + MATE]));
      const titles = new Map(found.map((row) => [Number(row.key), row.title]));
      for (const [key, title] of titles) if (titles.get(key >= MATE ? key - MATE : key + MATE) !== title) halves.push(key);
    }
    return halves;
  },
  flush: async () => (await docs.flush(), (await docs.stats()).segments.filter(({ state }) => state === 'sealed').length),
  index: async () => (await docs.createIndex('v', { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, efConstruction: 64, sq_type: 'SQ8' } })).type,
  progress: async () => (await docs.indexProgress('v')).state,
  search: async (n) => (await docs.search({ vector: vectorOf(n), limit: 1, outputFields: ['title'] }))[0].entity.title,
  watch: async () => void (await docs.on('change', ({ kind, count, isLocal }) => told.push({ kind, count, isLocal }))),
  told: async () => told,
  errors: async () => errors,
  drop: async () => { try { await db.dropCollection('docs'); return 'dropped'; } catch (error) { return error.code; } },
  close: () => db.close(),
};
`;

describe.skipIf(CHROME_PATH === null)('several tabs, in the packed package', () => {
  let project: Project;
  let site: Site;
  let profile: string;
  let context: BrowserContext;
  let number = 0;

  beforeAll(async () => {
    project = installPacked();
    const folder = join(project.folder, 'tabs');
    mkdirSync(folder);
    cpSync(join(project.folder, 'node_modules', 'elanus', 'dist'), join(folder, 'elanus'), { recursive: true });
    writeFiles(folder, { 'index.html': '<!doctype html><meta charset="utf-8"><title>elanus</title><link rel="icon" href="data:,"><script type="module" src="./app.js"></script>', 'app.js': APP });
    site = await serve(folder);
    profile = mkdtempSync(join(tmpdir(), 'elanus-tabs-'));
    context = await chromium.launchPersistentContext(profile, { executablePath: CHROME_PATH!, args: [...BROWSER_ARGS] });
  });
  afterAll(async () => {
    await context?.close();
    await site?.close();
    project?.remove();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  afterEach(async () => {
    for (const page of context.pages()) await page.close().catch(() => {});
  });

  const call = <M extends keyof Api>(page: Page, method: M, ...args: Parameters<Api[M]>): Promise<Awaited<ReturnType<Api[M]>>> =>
    page.evaluate(([name, values]) => (globalThis as unknown as { api: Record<string, (...values: unknown[]) => unknown> }).api[name as string]!(...(values as unknown[])), [method, args] as const) as never;

  async function tab(url: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(site.url);
    await page.waitForFunction(() => 'api' in globalThis);
    await call(page, 'open', url);
    return page;
  }
  const fresh = (scheme: string): string => `${scheme}:tabs${number++}`;
  const several = async (url: string, count: number): Promise<Page[]> => {
    const pages: Page[] = [];
    for (let i = 0; i < count; i++) pages.push(await tab(url));
    return pages;
  };
  const expectSame = async (pages: readonly Page[], rows: number): Promise<void> => {
    for (const page of pages) {
      expect(await call(page, 'count', 'Strong')).toBe(rows);
      expect(await call(page, 'halves')).toEqual([]);
      expect(await call(page, 'errors')).toEqual([]);
    }
  };

  it.each(['idb', 'local'])('%s: three write at once, nobody sees half a batch, and all hear of all', async (scheme) => {
    const pages = await several(fresh(scheme), 3);
    expect(await Promise.all(pages.map((page) => call(page, 'maintains')))).toEqual([true, false, false]);
    await call(pages[1]!, 'watch');
    let isWriting = true;
    const reading = (async () => {
      while (isWriting) expect(await call(pages[2]!, 'halves')).toEqual([]);
    })();
    await Promise.all(pages.map((page, writer) => call(page, 'write', writer, 0, 60)));
    isWriting = false;
    await reading;
    await expectSame(pages, 360);
    await expect.poll(async () => (await call(pages[1]!, 'told')).length).toBe(180);
    const told = await call(pages[1]!, 'told');
    expect(told.filter(({ isLocal }) => isLocal).length).toBe(60);
    expect(told.every(({ kind, count }) => kind === 'insert' && count === 2)).toBe(true);

    // What one asks for another does, and all have it.
    expect(await call(pages[1]!, 'flush')).toBe(1);
    await call(pages[2]!, 'write', 2, 60, 80);
    expect(await call(pages[2]!, 'index')).toBe('HNSW_SQ');
    for (const page of pages) {
      expect(await call(page, 'progress')).toBe('finished');
      expect(await call(page, 'search', 7)).toMatch(/^pair \d*7$/);
    }
    await expectSame(pages, 400);

    // A reload is a new tab.
    await pages[0]!.reload();
    await pages[0]!.waitForFunction(() => 'api' in globalThis);
    await expect.poll(async () => (await call(pages[1]!, 'maintains')) || (await call(pages[2]!, 'maintains'))).toBe(true);
    expect(await call(pages[0]!, 'open', `${scheme}:tabs${number - 1}`)).toBe(false);
    await expectSame(pages, 400);
    expect(await call(pages[0]!, 'drop')).toBe('dropped');
    await expect.poll(() => call(pages[1]!, 'count').catch((error: Error) => /NOT_FOUND|dropped/.test(error.message))).toBe(true);
  });

  it.each(['close', 'crash'] as const)('another takes over when the one that maintains it is gone (%s), while both write', async (how) => {
    const url = fresh('idb');
    let pages = await several(url, 3);
    for (let round = 0; round < 3; round++) {
      const [holder, ...others] = pages as [Page, Page, Page];
      await expect.poll(() => call(holder, 'maintains')).toBe(true);
      const lost = call(holder, 'write', 0, round * 100, round * 100 + 100).catch(() => {});
      const kept = call(others[0], 'write', 1, round * 20, round * 20 + 20);
      const flushed = call(others[1], 'flush');
      if (how === 'close') await holder.close();
      else {
        const session = await context.newCDPSession(holder);
        session.send('Page.crash' as never).catch(() => {});
        await new Promise((resolve) => holder.once('crash', resolve));
      }
      await Promise.all([lost, kept]);
      await flushed;
      await call(others[0], 'flush');
      const counts = await Promise.all(others.map((page) => call(page, 'count', 'Strong')));
      expect(counts[0]).toBe(counts[1]);
      expect(counts[0]).toBeGreaterThanOrEqual(40 * (round + 1));
      await expectSame(others, counts[0]!);
      // Those that wait do so in their order.
      const next = (await call(others[0], 'maintains')) ? others : [...others].reverse();
      pages = [...next, await tab(url)];
    }
  }, 60_000);

  it('one whose engine is stuck is robbed by who waits for it, and follows when it is free again', async () => {
    const [holder, other] = (await several(fresh('idb'), 2)) as [Page, Page];
    await call(holder, 'write', 0, 0, 20);
    // Its engine's thread, which says nothing for so long; the lock stays its own.
    const workers = holder.workers();
    expect(workers.length).toBeGreaterThan(0);
    const stuck = Promise.all(
      workers.map((worker) =>
        worker.evaluate(() => {
          const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
          Atomics.wait(new Int32Array(buffer as unknown as SharedArrayBuffer), 0, 0, 12_000);
        }),
      ),
    );
    // Not in the middle of a transaction: IndexedDB would have all tabs wait for it.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const late = call(holder, 'write', 2, 0, 5);
    const start = performance.now();
    await call(other, 'write', 1, 0, 20);
    await call(other, 'flush');
    expect(performance.now() - start).toBeLessThan(11_000);
    expect(await call(other, 'maintains')).toBe(true);
    expect(await call(other, 'count')).toBe(80);
    await stuck;
    await late;
    await expectSame([holder, other], 90);
    await expect.poll(() => call(holder, 'maintains')).toBe(false);
    await call(holder, 'flush');
    await expectSame([holder, other], 90);
    await other.close();
    await expect.poll(() => call(holder, 'maintains')).toBe(true);
    await call(holder, 'flush');
    await expectSame([holder], 90);
  }, 60_000);

  it('one that is frozen in the background keeps nobody waiting, and follows when it is shown again', async () => {
    const [holder, other] = (await several(fresh('idb'), 2)) as [Page, Page];
    await call(holder, 'write', 0, 0, 20);
    const session = await context.newCDPSession(holder);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await call(other, 'write', 1, 0, 20);
    await call(other, 'flush');
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await expectSame([holder, other], 80);
    await call(holder, 'write', 2, 0, 5);
    await call(holder, 'flush');
    await expectSame([holder, other], 90);
  }, 60_000);

  it('who deletes the database, or opens it by a newer library, closes the others with a word', async () => {
    const url = fresh('idb');
    const [one, two] = (await several(url, 2)) as [Page, Page];
    await call(one, 'write', 0, 0, 3);
    const raw = (version: number | null): Promise<string> =>
      two.evaluate(
        ([name, to]) =>
          new Promise<string>((resolve) => {
            const request = to === null ? indexedDB.deleteDatabase(name as string) : indexedDB.open(name as string, to as number);
            request.onsuccess = () => resolve('done');
            request.onerror = () => resolve(String(request.error));
            request.onblocked = () => resolve('blocked');
          }),
        [`elanus:${url.slice(4)}`, version] as const,
      );
    expect(await raw(1_000)).toBe('done');
    for (const page of [one, two]) expect(await call(page, 'write', 1, 0, 1).catch((error: Error) => error.message)).toMatch(/newer version of the library/);
  });
});
