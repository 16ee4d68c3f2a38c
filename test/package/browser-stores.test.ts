/** The stores of a browser through the packed package: real tabs of one profile, which keep what a reload or another tab then finds. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROWSER_ARGS } from '../../scripts/find-browser.mjs';
import { random } from '../support/random.ts';
import { CHROME_PATH, installPacked, serve, writeFiles, type Project, type Site } from './support.ts';

if (CHROME_PATH === null) console.log('stores in a browser: not tested, there is no browser here');

/** What the page offers to the test. */
interface Api {
  open(url: string, options?: Record<string, unknown>): Promise<Record<string, unknown>>;
  fill(count: number): Promise<number>;
  search(n: number): Promise<{ id: string; title: string }>;
  count(): Promise<number>;
  writeForever(first: number): Promise<void>;
  readBatches(end: number): Promise<number[]>;
  close(): Promise<void>;
}

const APP = `
import { connect, defineSchema } from './elanus/browser.js';
const index = { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, efConstruction: 64, sq_type: 'SQ8', refine: true, refine_type: 'FP32' } };
const schema = defineSchema({ fields: {
  id: { type: 'Int64', primaryKey: true, autoId: true },
  title: { type: 'VarChar', maxLength: 64 },
  v: { type: 'FloatVector', dim: 64, index },
} });
const vectorOf = (n) => Float32Array.from({ length: 64 }, (_, j) => Math.sin(n * (j + 1) + j));
let db, docs;
globalThis.api = {
  async open(url, options) {
    if (options?.encryptionKey) options = { ...options, encryptionKey: new Uint8Array(32).fill(options.encryptionKey) };
    try {
      db = await connect(url, options);
      docs = options?.readOnly ? await db.collection('docs', schema) : await db.createCollection('docs', schema, { ifNotExists: true });
      const { store, isEncrypted, persisted, engineThread, buildThread, usage, quota } = await db.stats();
      return { store, isEncrypted, persisted, engineThread, buildThread, usage, quota };
    } catch (error) {
      return { code: error.code, message: error.message };
    }
  },
  /** Rows that are indexed, and one more in the log. */
  async fill(count) {
    await docs.insert(Array.from({ length: count }, (_, n) => ({ title: 'the secret of row ' + n, v: vectorOf(n) })));
    await docs.createIndex('v', index);
    await docs.insert([{ title: 'the secret in the log', v: vectorOf(count) }]);
    return docs.count();
  },
  async search(n) {
    const [hit] = await docs.search({ vector: vectorOf(n), limit: 1, outputFields: ['title'] });
    return { id: String(hit.id), title: hit.entity.title };
  },
  /** Batches of ten rows, each told of before and after, until the tab ends. */
  async writeForever(first) {
    const rows = await db.createCollection('batches', defineSchema({ fields: {
      key: { type: 'Int64', primaryKey: true },
      title: { type: 'VarChar', maxLength: 64 },
      v: { type: 'FloatVector', dim: 64, index },
    } }), { ifNotExists: true });
    for (let batch = first; ; batch++) {
      tell('try', batch);
      await rows.insert(Array.from({ length: 10 }, (_, i) => ({ key: batch * 10 + i, title: 'batch ' + batch, v: vectorOf(batch) })));
      tell('ack', batch);
      if (batch % 12 === 0) rows.flush().catch((error) => tell('error', String(error)));
    }
  },
  /** How many rows there are of each batch before this one; -1 where one has another title. */
  async readBatches(end) {
    const rows = await db.collection('batches');
    const counts = [];
    for (let batch = 0; batch < end; batch++) {
      const found = await rows.get(Array.from({ length: 10 }, (_, i) => batch * 10 + i), { outputFields: '*' });
      counts.push(found.every((row) => row.title === 'batch ' + batch && row.v[3] === vectorOf(batch)[3]) ? found.length : -1);
    }
    return counts;
  },
  count: () => docs.count(),
  close: () => db.close(),
};
`;

const ROWS = 5_000;
/** Tabs crashed per store. */
const CRASHES = Number(process.env.CRASHES ?? 4);

describe.skipIf(CHROME_PATH === null)('stores of a browser, in the packed package', () => {
  let project: Project;
  let site: Site;
  let profile: string;
  let context: BrowserContext;
  const console: string[] = [];

  beforeAll(async () => {
    project = installPacked();
    const folder = join(project.folder, 'stores');
    mkdirSync(folder);
    cpSync(join(project.folder, 'node_modules', 'elanus', 'dist'), join(folder, 'elanus'), { recursive: true });
    writeFiles(folder, { 'index.html': '<!doctype html><meta charset="utf-8"><title>elanus</title><link rel="icon" href="data:,"><script type="module" src="./app.js"></script>', 'app.js': APP });
    site = await serve(folder);
    profile = mkdtempSync(join(tmpdir(), 'elanus-profile-'));
    context = await launch();
  });
  afterAll(async () => {
    await context?.close();
    await site?.close();
    project?.remove();
    rmSync(profile, { recursive: true, force: true });
  });

  const launch = (): Promise<BrowserContext> => chromium.launchPersistentContext(profile, { executablePath: CHROME_PATH!, args: [...BROWSER_ARGS] });

  async function tab(): Promise<Page> {
    const page = await context.newPage();
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type())) console.push(message.text());
    });
    await load(page);
    return page;
  }
  async function load(page: Page): Promise<void> {
    await page.goto(site.url);
    await page.waitForFunction(() => 'api' in globalThis);
  }
  /** One call of the page's `api`. */
  const call = <M extends keyof Api>(page: Page, method: M, ...args: Parameters<Api[M]>): Promise<Awaited<ReturnType<Api[M]>>> =>
    page.evaluate(([name, values]) => (globalThis as unknown as { api: Record<string, (...values: unknown[]) => unknown> }).api[name as string]!(...(values as unknown[])), [method, args] as const) as never;

  /** What is in the origin private file system and in IndexedDB, as text. */
  const stored = (page: Page): Promise<string> =>
    page.evaluate(async () => {
      const parts: string[] = [];
      const decoder = new TextDecoder('latin1');
      const walk = async (folder: FileSystemDirectoryHandle): Promise<void> => {
        for await (const [name, handle] of folder.entries()) {
          parts.push(name);
          if (handle.kind === 'directory') await walk(handle as FileSystemDirectoryHandle);
          else parts.push(decoder.decode(await (await (handle as FileSystemFileHandle).getFile()).arrayBuffer()));
        }
      };
      await walk(await navigator.storage.getDirectory());
      for (const { name } of await indexedDB.databases()) {
        parts.push(name!);
        const db = await new Promise<IDBDatabase>((resolve, reject) => {
          const request = indexedDB.open(name!);
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        for (const store of db.objectStoreNames) {
          const values = await new Promise<unknown[]>((resolve, reject) => {
            const request = db.transaction(store).objectStore(store).getAll();
            request.onsuccess = () => resolve(request.result as unknown[]);
            request.onerror = () => reject(request.error);
          });
          for (const value of values) parts.push(value instanceof Uint8Array ? decoder.decode(value) : JSON.stringify(value));
        }
        db.close();
      }
      return parts.join('\n');
    });

  it.each([
    ['local:', 'local:shop', {}],
    ['opfs:', 'opfs:shop', {}],
    ['idb:', 'idb:depot', {}],
    ['local:, encrypted', 'local:vault', { encryptionKey: 1 }],
    ['opfs:, encrypted', 'opfs:vault', { encryptionKey: 1 }],
    ['idb:, encrypted', 'idb:strongroom', { encryptionKey: 1 }],
  ])('%s keeps a database over a reload and the browser\'s end, and builds in workers over it', async (_, url, options) => {
    let page = await tab();
    expect(await call(page, 'open', url, options)).toMatchObject({ store: url, isEncrypted: 'encryptionKey' in options, persisted: false, engineThread: 'worker', buildThread: 'worker', quota: expect.any(Number) });
    expect(await call(page, 'fill', ROWS)).toBe(ROWS + 1);
    const readAll = async (): Promise<void> => {
      expect(await call(page, 'count')).toBe(ROWS + 1);
      expect(await call(page, 'search', 7)).toEqual({ id: '8', title: 'the secret of row 7' });
      expect(await call(page, 'search', ROWS)).toEqual({ id: String(ROWS + 1), title: 'the secret in the log' });
    };
    await readAll();
    // Without a word to the database: the page is gone.
    await load(page);
    expect(await call(page, 'open', url, { ...options, cacheBytes: 0 })).toMatchObject({ store: url });
    await readAll();
    await call(page, 'close');
    await context.close();
    context = await launch();
    page = await tab();
    expect(await call(page, 'open', url, options)).toMatchObject({ store: url });
    await readAll();
    await call(page, 'close');
    await page.close();
    expect(console).toEqual([]);
  });

  it('an encrypted database leaves no word of it in the profile, and opens with its key alone', async () => {
    const page = await tab();
    for (const url of ['local:secret', 'opfs:secret', 'idb:secret2']) {
      expect(await call(page, 'open', url, { encryptionKey: 3 })).toMatchObject({ store: url });
      await call(page, 'fill', 100);
      await call(page, 'close');
      for (const options of [{}, { encryptionKey: 4 }]) expect(await call(page, 'open', url, options)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    const before = await stored(page);
    // Not `toContain`, which would print all of it.
    expect(before.includes('elanus:secret2')).toBe(true);
    expect(before.includes('the secret of row 7'), 'the plain ones of the test before').toBe(true);
    for (const url of ['local:shop', 'opfs:shop', 'idb:depot']) expect(await call(page, 'open', url, { encryptionKey: 4 })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      for (const [parent, name] of [['elanus', 'shop'], ['elanus.local', 'shop']]) await (await root.getDirectoryHandle(parent!)).removeEntry(name!, { recursive: true });
      for (const name of ['elanus:shop', 'elanus:depot']) indexedDB.deleteDatabase(name);
    });
    const after = await stored(page);
    expect(after.includes('elanus:secret2')).toBe(true);
    expect(after.includes('the secret')).toBe(false);
    await page.close();
  });

  it('a reader in another tab reads the files that the writer and its build workers have open', async () => {
    for (const url of ['local:beside', 'opfs:beside']) {
      const writer = await tab();
      await call(writer, 'open', url);
      await call(writer, 'fill', ROWS);
      const readers = [await tab(), await tab()];
      for (const reader of readers) {
        expect(await call(reader, 'open', url, { readOnly: true, cacheBytes: 0 })).toMatchObject({ store: url });
        expect(await call(reader, 'search', 7)).toEqual({ id: '8', title: 'the secret of row 7' });
      }
      // The writer replaces the files that the readers have open.
      expect(await call(writer, 'fill', ROWS)).toBe(2 * (ROWS + 1));
      // Tabs that share their log see what others write; a reader of the private file system alone sees what was there.
      if (url.startsWith('local:')) await expect.poll(() => call(readers[0]!, 'count')).toBe(2 * (ROWS + 1));
      else expect(await call(readers[0]!, 'count')).toBe(ROWS + 1);
      await call(readers[1]!, 'close');
      expect(await call(readers[1]!, 'open', url, { readOnly: true })).toMatchObject({ store: url });
      expect(await call(readers[1]!, 'count')).toBe(2 * (ROWS + 1));
      for (const page of [writer, ...readers]) await page.close();
    }
  });

  it.each([
    ['local:', 'local:tabs', {}],
    ['local:, encrypted', 'local:tabs2', { encryptionKey: 6 }],
    ['idb:, encrypted', 'idb:tabs3', { encryptionKey: 6 }],
  ])('%s is written by several tabs at once, each seeing what the others write, and files that are replaced go away', async (_, url, options) => {
    const tabs = [await tab(), await tab(), await tab()];
    for (const page of tabs) expect(await call(page, 'open', url, { ...options, cacheBytes: 0 })).toMatchObject({ store: url });
    let total = 0;
    for (const [i, page] of tabs.entries()) {
      const count = i === 0 ? ROWS : 300;
      total += count + 1;
      expect(await call(page, 'fill', count)).toBeGreaterThanOrEqual(count + 1);
      for (const other of tabs) {
        await expect.poll(() => call(other, 'count'), { timeout: 10_000 }).toBe(total);
        expect((await call(other, 'search', 7)).title).toBe('the secret of row 7');
      }
    }
    // One goes without a word, whoever it was that maintains.
    await tabs[0]!.close();
    expect(await call(tabs[1]!, 'fill', 300)).toBe(total + 301);
    await expect.poll(() => call(tabs[2]!, 'count'), { timeout: 10_000 }).toBe(total + 301);
    for (const page of tabs.slice(1)) await call(page, 'close');
    expect(await call(tabs[1]!, 'open', url, options)).toMatchObject({ store: url });
    expect(await call(tabs[1]!, 'count')).toBe(total + 301);
    // Opening removed what the merges left, and no file of them is kept by a handle.
    if (url.startsWith('local:')) {
      const name = url.slice('local:'.length);
      const segments = () => tabs[1]!.evaluate(async (database) => {
        let folder = await navigator.storage.getDirectory();
        for (const part of ['elanus.local', database, 'files']) folder = await folder.getDirectoryHandle(part);
        let count = 0;
        for await (const file of folder.keys()) if (file.endsWith('.seg')) count++;
        return count;
      }, name);
      await expect.poll(segments, { timeout: 15_000 }).toBe(1);
    }
    for (const page of tabs.slice(1)) await page.close();
    expect(console).toEqual([]);
  });

  it('opfs: has one writer; local: falls back to IndexedDB where there are no workers, once with a word, and hides nothing', async () => {
    const page = await tab();
    const other = await tab();
    await call(page, 'open', 'opfs:one');
    expect(await call(other, 'open', 'opfs:one')).toMatchObject({ code: 'LOCKED' });
    expect(await call(other, 'open', 'opfs:two', { mode: 'inline' })).toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringContaining('"mode"') });
    await call(page, 'close');
    expect(console.splice(0)).toEqual([]);

    for (const name of ['inline1', 'inline2']) {
      expect(await call(page, 'open', `local:${name}`, { mode: 'inline' })).toMatchObject({ store: `idb:${name}`, engineThread: 'calling' });
      await call(page, 'close');
    }
    expect(console.splice(0)).toEqual([expect.stringMatching(/^elanus: "local:inline1" is kept in IndexedDB/)]);
    expect(await call(page, 'open', 'local:inline1')).toMatchObject({ store: 'idb:inline1', engineThread: 'worker' });
    await call(page, 'close');
    expect(await call(page, 'open', 'local:beside', { mode: 'inline' })).toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringContaining('"mode"') });
    expect(await call(page, 'open', 'idb:beside')).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('local:') });
    await page.close();
    await other.close();
  });

  it('persist asks the browser, and stats() has its answer', async () => {
    const page = await tab();
    await page.evaluate(() => {
      let granted = false;
      navigator.storage.persist = async () => (granted = true);
      (globalThis as unknown as { asked: () => boolean }).asked = () => granted;
    });
    const asked = (): Promise<boolean> => page.evaluate(() => (globalThis as unknown as { asked: () => boolean }).asked());
    await call(page, 'open', 'local:kept');
    expect(await asked()).toBe(false);
    await call(page, 'close');
    await call(page, 'open', 'local:kept', { persist: true });
    expect(await asked()).toBe(true);
    await page.close();

    // And truly: Chromium grants it to whom it may.
    const granted = await tab();
    const cdp = await context.newCDPSession(granted);
    await cdp.send('Browser.grantPermissions', { origin: new URL(site.url).origin, permissions: ['durableStorage'] });
    expect(await call(granted, 'open', 'local:kept', { persist: true })).not.toHaveProperty('code');
    await call(granted, 'close');
    await expect.poll(async () => (await call(granted, 'open', 'local:kept')).persisted).toBe(true);
    await granted.close();
  });

  it.each([
    ['idb:', 'idb:crash', {}],
    ['local:', 'local:crash', {}],
    ['opfs:', 'opfs:crash', {}],
    ['local:, encrypted', 'local:crash2', { encryptionKey: 5 }],
    ['opfs:, encrypted', 'opfs:crash2', { encryptionKey: 5 }],
  ])('%s loses nothing that was acknowledged when its tab crashes, and shows no half batch', { timeout: 120_000 }, async (_, url, options) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e6);
    const next = random(seed);
    const tried = new Set<number>();
    const acknowledged = new Set<number>();
    const errors: unknown[] = [];
    for (let round = 0; round <= CRASHES; round++) {
      const page = await tab();
      await page.exposeFunction('tell', (word: string, value: unknown) => void (word === 'error' ? errors.push(value) : (word === 'ack' ? acknowledged : tried).add(value as number)));
      // The browser gives back the lock of a tab that crashed, which takes a moment.
      await expect.poll(async () => (await call(page, 'open', url, options)).code ?? 'open', { timeout: 10_000 }).toBe('open');
      const end = Math.max(-1, ...tried) + 1;
      const about = `seed ${seed}, round ${round}`;
      if (round > 0) {
        for (const [batch, count] of (await call(page, 'readBatches', end)).entries()) {
          expect(acknowledged.has(batch) ? [10] : [0, 10], `${about}: batch ${batch}`).toContain(count);
          if (count === 0) tried.delete(batch);
        }
      }
      if (round === CRASHES) {
        await call(page, 'close');
        await page.close();
        break;
      }
      const before = acknowledged.size;
      call(page, 'writeForever', end).catch(() => {});
      await expect.poll(() => acknowledged.size, { timeout: 10_000, interval: 5 }).toBeGreaterThan(before + next() * 30);
      const cdp = await context.newCDPSession(page);
      const crashed = new Promise((resolve) => page.once('crash', resolve));
      cdp.send('Page.crash').catch(() => {});
      await crashed;
      await page.close();
    }
    expect(errors).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(CRASHES);
  });

  it('a full disk is QUOTA, what was acknowledged stays, and goes on when there is room', async () => {
    for (const url of ['local:full', 'opfs:full']) {
      const page = await tab();
      await call(page, 'open', url);
      await call(page, 'fill', 500);
      const cdp = await context.newCDPSession(page);
      const { usage } = await cdp.send('Storage.getUsageAndQuota', { origin: new URL(site.url).origin });
      await cdp.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin, quotaSize: usage + 100_000 });
      const failure = await call(page, 'fill', 40_000).then(() => 'none', (error: Error) => error.message);
      expect(failure).toMatch(/no more room|QUOTA/);
      expect(await call(page, 'count')).toBeGreaterThanOrEqual(501);
      await cdp.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin });
      await load(page);
      await call(page, 'open', url);
      const count = await call(page, 'count');
      expect([501, 40_501]).toContain(count);
      expect(await call(page, 'search', 7)).toEqual({ id: '8', title: 'the secret of row 7' });
      await call(page, 'fill', 500);
      expect(await call(page, 'count')).toBe(count + 501);
      await page.close();
    }
  });
});
