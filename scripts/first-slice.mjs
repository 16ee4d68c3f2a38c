/**
 * How long a first visitor waits for the demo page, and for how many bytes: a cold cache, 10 Mbit/s, 40 ms, a processor
 * slowed 4 times.
 *
 *     npm run build:demo && node scripts/first-slice.mjs [collection...]
 *
 * A collection is usable when its first rows are on the screen and one of them was searched for. (The browser slows the
 * page's own thread; workers run at full speed.)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BROWSER_ARGS, findBrowser } from './find-browser.mjs';
import { serveSlowly } from './slow-host.mjs';

const DEMO = fileURLToPath(new URL('../web-demo/dist', import.meta.url));
const WAIT_MS = 60_000;

/** What a visitor of a collection can use: rows to choose from, and what is like one of them. */
const USABLE = {
  images: ['.grid .tile', '.neighbours button'],
  art: ['.browse .found-list button', '.result .found-list button'],
  papers: ['.browse .found-list button', '.result .found-list button'],
  // And what is typed can be placed.
  packages: ['.browse .found-list button', '.result .found-list button', '.examples button'],
};

export const COLLECTIONS = Object.keys(USABLE);

/**
 * @param {string} collection
 * @param {{ bitsPerSecond?: number, latencyMs?: number, slowdown?: number, withhold?: (path: string) => boolean }} [line]
 * @returns how long it took, and the files that were sent until then, as far as they were
 */
export async function measureFirstSlice(collection, { bitsPerSecond = 10_000_000, latencyMs = 40, slowdown = 4, withhold } = {}) {
  const { chromium } = await import('playwright');
  const host = await serveSlowly(DEMO, { under: '/any/folder/', bitsPerSecond, latencyMs, withhold });
  const profile = await mkdtemp(join(tmpdir(), 'elanus-slice-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath: await findBrowser(), args: BROWSER_ARGS, viewport: { width: 1280, height: 860 } });
  try {
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    await page.goto(`${host.url}#/${collection}`, { waitUntil: 'commit' });
    await page.waitForFunction((selectors) => selectors.every((selector) => document.querySelector(selector) !== null), USABLE[collection], { polling: 'raf', timeout: WAIT_MS });
    // Since the visitor asked for the page, by the page's own clock.
    const ms = await page.evaluate(() => performance.now());
    const files = host.sent.map((file) => ({ ...file }));
    return { ms, bytes: files.reduce((sum, file) => sum + file.bytes, 0), files };
  } finally {
    await context.close();
    await host.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.slice(2);
  for (const collection of wanted.length > 0 ? wanted : COLLECTIONS) {
    const { ms, bytes, files } = await measureFirstSlice(collection);
    console.log(`${collection}: usable after ${(ms / 1000).toFixed(2)} s and ${(bytes / 1000).toFixed(0)} kB`);
    const [{ fromMs: begin }] = files;
    for (const { path, bytes: size, fromMs, toMs } of files) {
      const until = toMs === null ? 'on its way' : `${Math.round(toMs - begin)} ms`;
      console.log(`  ${String(size).padStart(8)} B  ${String(Math.round(fromMs - begin)).padStart(5)} to ${until.padEnd(10)}  ${path || '(the page)'}`);
    }
  }
}
