/** The packed tarball in a real browser: on static pages under content security policies, and through bundlers. */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build as esbuild } from 'esbuild';
import type { Browser } from 'playwright';
import { build as viteBuild, createServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARROW_ANSWER, CHROME_PATH, INSECURE_HOST, IO_ANSWER, MERGED, PAGE, application, arrowApplication, embeddingApplication, installPacked, ioApplication, launchBrowser, mergingApplication, onPage, pageApplication, serve, visit, writeFiles, type Project, type Site } from './support.ts';

if (CHROME_PATH === null) console.log('package in a browser: not tested, there is no browser here');

const ANSWER = { count: 3000, titles: ['row 7', expect.any(String)], index: 'finished', errorCode: 'INVALID_ARGUMENT', stars: [['row 0', 5], ['row 1', null]], past: [false, true, true], filtered: ['row 10', 'row 9'], beyond: [5, 'row 0', 2999] };
const NO_WASM = "script-src 'self'; worker-src 'self'";
const IN_WORKERS = { ...ANSWER, engineThread: 'worker', buildThread: 'worker' };

describe.skipIf(CHROME_PATH === null)('the packed package in a browser', () => {
  let project: Project;
  let browser: Browser;
  const sites: Site[] = [];
  beforeAll(async () => {
    project = installPacked();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(sites.map((site) => site.close()));
    project?.remove();
  });

  const served = async (folder: string, headers?: Readonly<Record<string, string>>): Promise<string> => {
    const site = await serve(folder, headers);
    sites.push(site);
    return site.url;
  };

  /** A page with the package's files beside it, no bundler, and nothing inline. */
  const staticPage = async (policy: string | null, options: { url?: string; connect?: string; without?: string; of?: typeof application } = {}): Promise<string> => {
    const folder = join(project.folder, `static-${sites.length}`);
    mkdirSync(folder);
    cpSync(join(project.folder, 'node_modules', 'elanus', 'dist'), join(folder, 'elanus'), { recursive: true });
    for (const file of options.without ? readdirSync(join(folder, 'elanus')).filter((name) => name.startsWith(options.without!)) : []) rmSync(join(folder, 'elanus', file));
    writeFiles(folder, { 'index.html': PAGE, 'app.js': onPage((options.of ?? application)('./elanus/browser.js', options.url ?? `'local:docs'`, options.connect ?? '{}')) });
    return served(folder, policy === null ? {} : { 'content-security-policy': policy });
  };

  describe('on a static page', () => {
    it('runs in workers, without a word on the console', async () => {
      const { outcome, console, workers } = await visit(browser, await staticPage(null));
      expect(outcome).toEqual({ ok: expect.objectContaining(IN_WORKERS) });
      expect(outcome.ok!.kernels).toMatch(/^(relaxed|simd)$/);
      expect(console).toEqual([]);
      expect(workers).toEqual(['worker']);
    });

    it('merges segments in workers, the index beginning with one that is there', async () => {
      const { outcome } = await visit(browser, await staticPage(null, { url: `'idb:merged'`, of: mergingApplication }));
      expect(outcome).toEqual({ ok: expect.objectContaining({ ...MERGED, buildThread: 'worker' }) });
      expect(outcome.ok!.count).toBeGreaterThan(97);
    });

    it('embeds texts on the page, and moves them to another model', async () => {
      const { outcome, console } = await visit(browser, await staticPage(null, { url: `'idb:words'`, of: embeddingApplication }));
      expect(outcome).toEqual({ ok: { before: 'falcon', after: 'falcon', old: 'NOT_FOUND', engineThread: 'worker' } });
      expect(console).toEqual([]);
    });

    it('runs under a policy that allows its own scripts, workers and wasm', async () => {
      const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";
      const { outcome, console } = await visit(browser, await staticPage(policy));
      expect(outcome).toEqual({ ok: expect.objectContaining(IN_WORKERS) });
      expect(outcome.ok!.kernels).toMatch(/^(relaxed|simd)$/);
      expect(console).toEqual([]);
    });

    it("imports and exports a visitor's files under such a policy", async () => {
      const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";
      const { outcome, console } = await visit(browser, await staticPage(policy, { url: `'idb:io'`, of: ioApplication }));
      expect(outcome).toEqual({ ok: IO_ANSWER });
      expect(console).toEqual([]);
    });

    it('runs on the scalar kernels where the policy forbids wasm, and says why', async () => {
      const { outcome, workers } = await visit(browser, await staticPage(NO_WASM));
      expect(outcome).toEqual({ ok: expect.objectContaining({ ...IN_WORKERS, kernels: 'scalar' }) });
      expect(outcome.ok!.kernelsReason).toMatch(/Content Security Policy/i);
      expect(workers).toEqual(['worker-full']);
    });

    it('does so from a Blob, too, and on the calling thread', async () => {
      const fromBlob = await visit(browser, await staticPage(`${NO_WASM} blob:`, { without: 'worker-full.js' }));
      expect(fromBlob.outcome).toEqual({ ok: expect.objectContaining({ ...IN_WORKERS, kernels: 'scalar' }) });
      const inline = await visit(browser, await staticPage(NO_WASM, { connect: `{ mode: 'inline' }` }));
      expect(inline.outcome).toEqual({ ok: expect.objectContaining({ ...ANSWER, engineThread: 'calling', buildThread: 'calling', kernels: 'scalar' }) });
      expect(inline.workers).toEqual([]);
    });

    it('runs on the calling thread where the policy forbids workers, with one warning that names the cause', async () => {
      const policy = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'";
      const { outcome, console } = await visit(browser, await staticPage(policy, { url: `'memory:'` }));
      expect(outcome).toEqual({ ok: expect.objectContaining({ ...ANSWER, engineThread: 'calling', buildThread: 'calling' }) });
      expect(console.filter((line) => line.startsWith('elanus:'))).toEqual([expect.stringMatching(/no worker could be started.*calling thread/)]);
    });

    it('starts its workers from a Blob where their file is missing', async () => {
      const { outcome } = await visit(browser, await staticPage(null, { without: 'worker.js' }));
      expect(outcome).toEqual({ ok: expect.objectContaining(IN_WORKERS) });
    });

    it('says so when a part that is imported on demand is gone', async () => {
      const { outcome } = await visit(browser, await staticPage(null, { without: 'browser-collection-admin' }));
      expect(outcome.error).toMatch(/^UNAVAILABLE .*could not be loaded/);
      const engine = await visit(browser, await staticPage(null, { without: 'worker-on-demand' }));
      expect(engine.outcome.error).toMatch(/^UNAVAILABLE .*could not be loaded/);
    });

    it('runs on an insecure page, which has no Web Locks', async () => {
      const url = (await staticPage(null)).replace('127.0.0.1', INSECURE_HOST);
      const { outcome } = await visit(browser, url);
      expect(outcome).toEqual({ ok: expect.objectContaining(IN_WORKERS) });
    });

    it('runs wholly on the calling thread when asked to', async () => {
      const { outcome, console } = await visit(browser, await staticPage(null, { connect: `{ mode: 'inline' }` }));
      expect(outcome).toEqual({ ok: expect.objectContaining({ ...ANSWER, engineThread: 'calling', buildThread: 'calling' }) });
      // The files cannot be where a worker would have them.
      expect(console).toEqual([expect.stringMatching(/^elanus: "local:docs" is kept in IndexedDB/)]);
    });

    it(`with mode 'worker' rejects where there are none`, async () => {
      const { outcome } = await visit(browser, await staticPage("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'", { connect: `{ mode: 'worker' }` }));
      expect(outcome.error).toMatch(/^UNAVAILABLE/);
    });

    it('takes its kernels from a file, and says what HTML in its place means', async () => {
      const fetched = (file: string): string => `{ wasm: await (await fetch('./elanus/${file}')).arrayBuffer() }`;
      const good = await visit(browser, await staticPage(null, { connect: fetched('core.wasm') }));
      expect(good.outcome).toEqual({ ok: expect.objectContaining({ ...IN_WORKERS, kernels: 'simd' }) });
      const bad = await visit(browser, await staticPage(null, { connect: fetched('no-such.wasm') }));
      expect(bad.outcome.error).toMatch(/^INVALID_ARGUMENT .*HTML/);
    });
  });

  describe('through a bundler', () => {
    const app = (name: string): string => {
      const folder = join(project.folder, name);
      writeFiles(folder, { 'index.html': PAGE, 'app.js': pageApplication('elanus', `'local:docs'`, '{}'), 'package.json': '{ "type": "module" }' });
      return folder;
    };

    it('Vite, built and previewed without a line of configuration', async () => {
      const root = app('vite-app');
      await viteBuild({ root, configFile: false, logLevel: 'error' });
      const server = await preview({ root, configFile: false, logLevel: 'error', preview: { host: '127.0.0.1', port: 0 } });
      try {
        const { outcome, console, workers } = await visit(browser, server.resolvedUrls!.local[0]!);
        expect(outcome).toEqual({ ok: expect.objectContaining(IN_WORKERS) });
        expect(console).toEqual([]);
        expect(workers).toEqual(['worker']);
        const without = await visit(browser, await served(join(root, 'dist'), { 'content-security-policy': NO_WASM }));
        expect(without.outcome).toEqual({ ok: expect.objectContaining({ ...IN_WORKERS, kernels: 'scalar' }) });
        expect(without.workers).toEqual(['worker-full']);
      } finally {
        await server.close();
      }
    });

    it('Vite, its development server', async () => {
      const root = app('vite-dev');
      const server = await createServer({ root, configFile: false, logLevel: 'silent', cacheDir: join(root, '.vite'), server: { host: '127.0.0.1', port: 0 } });
      try {
        await server.listen();
        const { outcome } = await visit(browser, server.resolvedUrls!.local[0]!);
        expect(outcome).toEqual({ ok: expect.objectContaining(IN_WORKERS) });
      } finally {
        await server.close();
      }
    });

    it('with apache-arrow, under a policy that lets nobody compile code', async () => {
      const folder = join(project.folder, 'arrow-app');
      const out = join(folder, 'out');
      writeFiles(folder, { 'app.js': onPage(arrowApplication(`'idb:arrow'`, `{ mode: 'inline' }`)), 'package.json': '{ "type": "module" }' });
      await esbuild({ entryPoints: [join(folder, 'app.js')], outdir: out, bundle: true, splitting: true, format: 'esm', platform: 'browser', logLevel: 'error', absWorkingDir: folder, nodePaths: [resolve('node_modules')] });
      writeFiles(out, { 'index.html': PAGE });
      const { outcome } = await visit(browser, await served(out, { 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'" }));
      expect(outcome).toEqual({ ok: ARROW_ANSWER });
    });

    it('esbuild, which leaves the worker behind', async () => {
      const folder = app('esbuild-app');
      const out = join(folder, 'out');
      await esbuild({ entryPoints: [join(folder, 'app.js')], outdir: out, bundle: true, splitting: true, format: 'esm', platform: 'browser', logLevel: 'error', absWorkingDir: folder });
      writeFiles(out, { 'index.html': PAGE });
      const { outcome } = await visit(browser, await served(out));
      expect(outcome).toEqual({ ok: expect.objectContaining(IN_WORKERS) });
    });
  });
});
