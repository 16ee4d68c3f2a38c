/**
 * Makes the pictures of the README from the real page:
 *
 *     node scripts/make-screenshots.mjs [name …]
 *
 * It builds the page if that is stale, serves it, visits it with Chromium as a visitor does (a fresh profile; whatever
 * is shown was loaded and computed in the page) and writes `docs/images/page-<name>.png`. Without names it makes all.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { BROWSER_ARGS, findBrowser, HOW_TO_GET_ONE } from './find-browser.mjs';
import { buildDemo, ROOT } from './freshness.mjs';
import { serve } from './serve.mjs';

const READY_MS = 300_000;

/**
 * @typedef {object} Shot
 * @property {string} hash of the page's URL
 * @property {'light' | 'dark'} theme
 * @property {{ width: number, height: number }} [size]
 * @property {string[]} until selectors of what must be there
 * @property {(page: import('playwright').Page) => Promise<void>} [prepare]
 */

/** @type {Record<string, Shot>} */
const SHOTS = {
  search: { hash: '#/packages?q=edit+photos', theme: 'light', until: ['.browse .found-list button', '.result .found-list button'] },
  map: { hash: '#/images/map?colour=label', theme: 'dark', until: ['.map-canvas[data-umap=done]'] },
  lab: {
    hash: '#/packages/lab?a=HNSW_SQ&b=IVF_FLAT&recall=0.9',
    theme: 'light',
    size: { width: 1280, height: 1000 },
    until: [],
    async prepare(page) {
      for (const done of [1, 2]) {
        await page.getByRole('button', { name: 'Build and measure' }).first().click();
        await page.getByRole('button', { name: 'Measure again' }).nth(done - 1).waitFor({ timeout: READY_MS });
      }
      await page.evaluate(() => scrollTo(0, 0));
    },
  },
  filter: { hash: `#/art/filter?filter=${encodeURIComponent('department == "Asian Art" and year > 1800')}`, theme: 'dark', until: ['main table'] },
};

/** The map is drawn by WebGL, without a graphics card too. */
const ARGS = [...BROWSER_ARGS.filter((arg) => arg !== '--disable-gpu'), '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

const browserPath = await findBrowser();
if (browserPath === null) throw new Error(`No browser was found. ${HOW_TO_GET_ONE}`);
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in SHOTS));
if (unknown !== undefined) throw new Error(`there is no shot "${unknown}": ${Object.keys(SHOTS).join(', ')}`);

await buildDemo();
const folder = join(ROOT, 'docs', 'images');
mkdirSync(folder, { recursive: true });
const host = await serve(join(ROOT, 'web-demo', 'dist'));
const browser = await chromium.launch({ executablePath: browserPath, args: ARGS });
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.on('pageerror', (error) => {
    throw error;
  });
  for (const name of wanted.length === 0 ? Object.keys(SHOTS) : wanted) {
    const { hash, theme, size = { width: 1280, height: 800 }, until, prepare } = SHOTS[name];
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: theme });
    await page.goto('about:blank');
    await page.goto(host.url + hash);
    await page.locator('.status .phase.is-ready').waitFor({ timeout: READY_MS });
    for (const selector of until) await page.locator(selector).first().waitFor({ timeout: READY_MS });
    await prepare?.(page);
    // Figures that are measured behind what is shown.
    await page.waitForTimeout(1_500);
    const path = join(folder, `page-${name}.png`);
    await page.screenshot({ path });
    console.log(path);
  }
} finally {
  await browser.close();
  await host.close();
}
