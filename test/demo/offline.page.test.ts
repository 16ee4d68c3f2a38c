/** The built page without a network: what was there is there, a newer build replaces an older one as a whole, and a broken one does not. */
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDemo, ROOT } from '../../scripts/freshness.mjs';
import { serve } from '../../scripts/serve.mjs';
import type { Served } from '../../scripts/serve.mjs';
import { executablePath, visit, withProfile } from './browser.ts';

const VISIT_MS = 120_000;
const BUILT = join(ROOT, 'web-demo', 'dist');

const soon = <T>(read: () => T) => expect.poll(read, { timeout: 30_000, interval: 100 });
const untilReady = (page: Page) => expect.poll(() => page.locator('.status .phase').innerText(), { timeout: VISIT_MS, interval: 100 }).toBe('Ready');

/** Served by a service worker, and every file of the page is kept. */
async function untilKept(page: Page): Promise<void> {
  await soon(() => page.evaluate(() => navigator.serviceWorker.controller?.state ?? 'none')).toBe('activated');
}

const cacheNames = (page: Page) => page.evaluate(async () => (await caches.keys()).filter((name) => name.includes(':build:')));
const entryOf = (page: Page) => page.evaluate(() => document.querySelector<HTMLScriptElement>('script[type=module][src]')!.src.replace(/^.*\//, ''));

/** The build, as another one: its first script has another name, and with it all that names it. */
async function makeNewer(folder: string, build: string): Promise<void> {
  const assets = join(folder, 'assets');
  const entry = (await readdir(assets)).find((name) => /^index-[\w-]{8}\.js$/.test(name))!;
  const renamed = `index-${build.padEnd(8, 'x')}.js`;
  for (const file of [join(folder, 'index.html'), join(folder, 'sw.js'), ...(await readdir(assets)).filter((name) => name.endsWith('.js')).map((name) => join(assets, name))]) {
    const text = await readFile(file, 'utf8');
    const changed = text.replaceAll(entry, renamed).replace(/const BUILD = "\w+";/, `const BUILD = "${build}";`);
    if (changed !== text) await writeFile(file, changed);
  }
  await rename(join(assets, entry), join(assets, renamed));
}

describe.skipIf(executablePath === null)('without a network', () => {
  let folder: string;
  let host: Served;

  beforeAll(async () => {
    await buildDemo();
    folder = await mkdtemp(join(tmpdir(), 'elanus-offline-'));
  }, VISIT_MS);

  afterAll(async () => {
    await host?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A copy of the build that can change, on a host that can go away and come back. */
  async function deploy(name: string) {
    const place = join(folder, name);
    await cp(BUILT, place, { recursive: true });
    host = await serve(place, { under: '/any/folder/' });
    return { place, url: host.url, port: host.port };
  }

  it('the page opens, with what was stored, every view, and typed searches', { timeout: 3 * VISIT_MS }, () =>
    withProfile(async (profile) => {
      const { place, url, port } = await deploy('whole');
      const visitor = await visit(profile);
      try {
        const page = await visitor.newPage();
        await page.goto(`${url}#/papers`);
        await untilReady(page);
        await page.goto(`${url}#/packages`);
        await untilReady(page);
        await untilKept(page);
        const keptSample = () => page.evaluate(async () => {
          const all = await Promise.all((await caches.keys()).filter((name) => name.includes(':sample:')).map(async (name) => (await caches.open(name)).keys()));
          return all.flat().map((request) => request.url.replace(/^.*\/|\?.*$/g, ''));
        });
        await soon(keptSample).toContain('packages-space.gz');
        const manifest = await page.evaluate(async () => (await fetch(document.querySelector<HTMLLinkElement>('link[rel=manifest]')!.href)).json() as Promise<{ start_url: string }>);
        expect(manifest.start_url).toBe('./');
        await host.close();

        await page.reload();
        await untilReady(page);
        await page.getByRole('searchbox').fill('play chess');
        await soon(() => page.locator('.browse .found-list .title').allInnerTexts()).toContain('gnome-chess');
        await page.getByRole('link', { name: 'Papers' }).click();
        await untilReady(page);
        await page.locator('.browse .found-list button').first().waitFor();
        const views = await page.locator('nav.views a').all();
        for (const view of views) {
          await view.click();
          await soon(() => view.getAttribute('aria-current')).toBe('page');
          await soon(() => page.locator('main > .waiting').count()).toBe(0);
          expect(await page.getByText('This view could not be loaded').count()).toBe(0);
        }
        expect(visitor.faults).toEqual([]);

        // A collection that was never opened says what is missing, and comes when it can.
        await visitor.context.setOffline(true);
        await page.goto(`${url}#/art`);
        await page.locator('.failed h1').waitFor({ timeout: VISIT_MS });
        expect(await page.locator('.failed h1').innerText()).toContain('no network');
        expect(await page.locator('.failed .detail').innerText()).toContain('is the network there?');
        host = await serve(place, { under: '/any/folder/', port });
        await visitor.context.setOffline(false);
        await page.getByRole('button', { name: 'Try again' }).click();
        await untilReady(page);
        expect(await page.locator('.found').innerText()).toContain('1,499');
      } finally {
        await visitor.leave();
        await host.close();
      }
    }));

  it('a newer build replaces the older one as a whole, and a broken one does not', { timeout: 3 * VISIT_MS }, () =>
    withProfile(async (profile) => {
      const { place, url, port } = await deploy('newer');
      const visitor = await visit(profile);
      try {
        const page = await visitor.newPage();
        await page.goto(`${url}#/papers`);
        await untilReady(page);
        await untilKept(page);
        const [first] = await cacheNames(page);
        const firstEntry = await entryOf(page);

        // Broken: one of its files is not there.
        const whole = join(folder, 'newer-whole');
        await cp(place, whole, { recursive: true });
        await makeNewer(place, 'broken');
        await rm(join(place, 'icon.svg'));
        const update = () => page.evaluate(async () => { await (await navigator.serviceWorker.getRegistration())!.update().catch(() => {}); });
        await update();
        await soon(() => page.evaluate(async () => { const { installing, waiting } = (await navigator.serviceWorker.getRegistration())!; return (installing ?? waiting)?.state ?? 'none'; })).toBe('none');
        expect(await cacheNames(page)).toEqual([first]);
        await host.close();
        await page.reload();
        await untilReady(page);
        expect(await entryOf(page)).toBe(firstEntry);

        // Whole: it is shown at once, and its worker takes over from the older one.
        await makeNewer(whole, 'newer');
        host = await serve(whole, { under: '/any/folder/', port });
        await page.reload();
        await untilReady(page);
        expect(await entryOf(page)).toBe('index-newerxxx.js');
        await soon(() => cacheNames(page)).toEqual([expect.stringContaining(':newer:')]);
        await host.close();
        await page.reload();
        await untilReady(page);
        expect(await entryOf(page)).toBe('index-newerxxx.js');
        await page.locator('.browse .found-list button').first().waitFor();
      } finally {
        await visitor.leave();
        await host.close();
      }
    }));
});
