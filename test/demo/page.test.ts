/** The built demo page in a real browser, as a visitor meets it: a folder on a static host, no headers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/serve.mjs';
import { CLASSES, IMAGE_DIM, ROWS, TEXT_DIM } from '../../web-demo/sample/collections.mjs';
import { exactCosine, exactL2 } from '../../web-demo/sample/exact.mjs';
import { fileReader } from '../../web-demo/sample/files.mjs';
import { openSource } from '../../web-demo/sample/source.mjs';
import { PACKAGES, readPackages, textsOf } from '../../web-demo/sample/packages.mjs';
import { loadLatentSpace } from '../../src/node.ts';
import { readPapers } from './papers.ts';
import { executablePath, serveDemo, visit, withProfile } from './browser.ts';
import type { Visitor } from './browser.ts';

const BUILD_MS = 120_000;
const VISIT_MS = 90_000;

let host: Served;

beforeAll(async () => {
  if (executablePath !== null) host = await serveDemo();
}, BUILD_MS);

afterAll(() => host?.close());

/** Polls for longer than the runner's second: the machine may be busy. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 50 });

const status = (page: Page) => page.locator('.status').innerText();
const metric = (page: Page, name: string) => page.locator(`[data-metric=${name}]`).innerText();
const neighbourNames = (page: Page) => page.locator('.neighbours button').evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label')!));

async function untilReady(page: Page): Promise<void> {
  await expect.poll(() => page.locator('.status .phase').innerText(), { timeout: VISIT_MS, interval: 100 }).toBe('Ready');
}

/** Recall of the shown search, 0 to 1; NaN while it is not known. */
const recall = async (page: Page) => Number.parseFloat(await metric(page, 'recall')) / 100;

/** Nothing sticks out to the side. */
async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

describe.skipIf(executablePath === null)('the demo page', () => {
  let profile: string;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    profile = await mkdtemp(join(tmpdir(), 'elanus-demo-'));
    visitor = await visit(profile);
    page = await visitor.newPage();
  }, BUILD_MS);

  afterAll(async () => {
    await visitor?.leave();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  it('makes the database on the first visit, shows how far it is, and can be searched meanwhile', { timeout: VISIT_MS }, async () => {
    await page.goto(host.url);
    await page.locator('.progress progress').waitFor({ timeout: 30_000 });
    await page.locator('.neighbours button').first().waitFor({ timeout: 30_000 });
    expect(await page.locator('.grid .tile').count()).toBeGreaterThan(50);
    // Squared distances of pixels, also before there is an index.
    const [nearest] = await neighbourNames(page);
    expect(Number(/squared distance ([\d,]+)/.exec(nearest)![1].replaceAll(',', ''))).toBeGreaterThan(10_000);
    await untilReady(page);
    expect(await page.locator('.progress').count()).toBe(0);
    const text = await status(page);
    expect(text).toContain('10,000');
    expect(text).toContain('IndexedDB');
    expect(text).toMatch(/in a worker/);
    expect(text).toMatch(/relaxed SIMD|SIMD/);
  });

  it('draws the pictures', async () => {
    const ink = await page.locator('.grid canvas').evaluateAll((canvases) =>
      canvases.map((canvas) => {
        const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, 28, 28);
        return data.reduce((sum, value) => sum + value, 0);
      }),
    );
    expect(Math.min(...ink)).toBeGreaterThan(0);
    expect(new Set(ink).size).toBeGreaterThan(ink.length / 2);
  });

  it('shows the nearest of a picture that is clicked, with latency and recall', async () => {
    await page.locator('.grid .tile').nth(5).click();
    const name = (await page.locator('.grid .tile').nth(5).getAttribute('aria-label'))!;
    const id = Number(/picture (\d+)/.exec(name)![1]);
    await soon(() => page.url()).toContain(`pic=${id}`);
    await soon(() => page.locator('.query h1').innerText()).toBe(name.split(',')[0]);
    await soon(() => recall(page)).toBeGreaterThanOrEqual(0.9);
    expect(await metric(page, 'latency')).toMatch(/ ms$/);
    expect(await metric(page, 'exact')).toMatch(/ ms$/);
    const names = await neighbourNames(page);
    expect(names).toHaveLength(10);
    expect(names.some((neighbour) => neighbour.includes(`picture ${id},`))).toBe(false);
    // One of the neighbours is the next query.
    const next = Number(/picture (\d+)/.exec(names[2])![1]);
    await page.locator('.neighbours button').nth(2).click();
    await soon(() => page.url()).toContain(`pic=${next}`);
    await page.goBack();
    await soon(() => page.url()).toContain(`pic=${id}`);
  });

  it('finds what exact search finds, for a picture that is not in the database', async () => {
    const source = await openSource(fileReader);
    const pixels = new Uint8Array(ROWS.images * IMAGE_DIM);
    for (const index of source.description.images.blocks.keys()) {
      const block = await source.imageBlock(index);
      pixels.set(block.pixels, block.firstId * IMAGE_DIM);
    }
    const unseen = await source.unseenImages();
    const query = Float32Array.from(unseen.pixels.subarray(12 * IMAGE_DIM, 13 * IMAGE_DIM));
    const exact = exactL2(pixels, ROWS.images, IMAGE_DIM, query, 20);

    await page.goto(`${host.url}#/images?set=unseen&pic=12&k=20&ef=512`);
    await soon(() => page.locator('.query h1').innerText()).toBe(CLASSES[unseen.labels[12]]);
    await soon(() => page.locator('.neighbours button').count()).toBe(20);
    await soon(() => recall(page)).toBe(1);
    const ids = (await neighbourNames(page)).map((name) => Number(/picture (\d+)/.exec(name)![1]));
    expect(ids).toEqual(exact.rows);
    const first = (await neighbourNames(page))[0];
    expect(first).toContain(`squared distance ${exact.scores[0].toLocaleString('en')}`);
  });

  it('filters by class, shuffles, and keeps both in the link', { timeout: VISIT_MS }, async () => {
    await page.goto(`${host.url}#/images`);
    await page.locator('.toolbar select').selectOption({ label: 'Bag' });
    await soon(() => page.locator('.toolbar .count').innerText()).toMatch(/^(9|1,0)\d\d pictures$/);
    const names = () => page.locator('.grid .tile').evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute('aria-label')!));
    const before = await names();
    expect(before.every((name) => name.startsWith('Bag'))).toBe(true);
    await page.getByRole('button', { name: 'Shuffle' }).click();
    await soon(names).not.toEqual(before);
    const shuffled = await names();
    expect(shuffled.every((name) => name.startsWith('Bag'))).toBe(true);
    await page.reload();
    await untilReady(page);
    await soon(names).toEqual(shuffled);
  });

  it('is used by keyboard', { timeout: VISIT_MS }, async () => {
    // A page of its own: one that is open would draw its grid once more for the new address, and take the focus along.
    await page.goto('about:blank');
    await page.goto(`${host.url}#/images`);
    await untilReady(page);
    const focusedName = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? 'nothing');
    const first = page.locator('.grid .tile[tabindex="0"]');
    await first.focus();
    const firstName = await first.getAttribute('aria-label');
    await soon(focusedName).toBe(firstName);
    await page.keyboard.press('ArrowRight');
    await soon(focusedName).not.toBe(firstName);
    await page.keyboard.press('ArrowDown');
    const focused = await focusedName();
    expect(focused).not.toBe('nothing');
    await page.keyboard.press('Enter');
    await soon(() => page.locator('.grid .tile[aria-pressed=true]').getAttribute('aria-label')).toBe(focused);
    // One stop for the whole grid.
    expect(await page.locator('.grid .tile[tabindex="0"]').count()).toBe(1);
    await page.locator('.controls input').first().focus();
    await page.keyboard.press('ArrowLeft');
    await soon(() => page.locator('.neighbours button').count()).toBe(5);
  });

  it('finds papers by words of their titles, and what is like one', { timeout: VISIT_MS }, async () => {
    const source = await openSource(fileReader);
    const { texts, vectors } = await readPapers(source);
    await page.getByRole('link', { name: 'Papers' }).click();
    const found = page.locator('.browse .found-list .title');
    await found.first().waitFor();
    await untilReady(page);
    await page.getByRole('searchbox').fill('gaussian PROCESS');
    const expectedRows = [...texts.keys()].filter((row) => /gaussian/i.test(texts[row].title) && /process/i.test(texts[row].title));
    const plain = (title: string) => title.replace(/\s+/g, ' ').trim();
    await soon(async () => (await found.allInnerTexts()).map(plain)).toEqual(expectedRows.map((row) => plain(texts[row].title)));
    const row = expectedRows[1];
    await page.locator('.browse .found-list button').nth(1).click();
    await soon(() => page.url()).toContain(`pick=${row}`);
    await soon(async () => plain(await page.locator('.picked h1').innerText())).toBe(plain(texts[row].title));
    const exact = exactCosine(vectors, ROWS.papers, TEXT_DIM, vectors.subarray(row * TEXT_DIM, (row + 1) * TEXT_DIM), 11);
    const expected = exact.rows.filter((other) => other !== row);
    await soon(async () => plain((await page.locator('.result .found-list .title').allInnerTexts())[0])).toBe(plain(texts[expected[0]].title));
    await soon(() => page.locator('.result .score').first().innerText()).toBe(exact.scores[1].toFixed(3));
    await soon(() => recall(page)).toBeGreaterThanOrEqual(0.75);
    await page.getByRole('searchbox').fill('no title has zzzz');
    await soon(() => page.locator('.found').innerText()).toMatch(/^0 papers/);
  });

  it('finds artworks by words, tag and year, and what looks like one', { timeout: VISIT_MS }, async () => {
    const source = await openSource(fileReader);
    const { dim, blocks } = source.description.art;
    const read = await Promise.all([...blocks.keys()].map((index) => source.artBlock(index)));
    const works = read.flatMap(({ columns }) =>
      columns.id.map((id, row) => ({ id, title: columns.title[row], tags: columns.tags[row], from: columns.year_from[row], to: columns.year_to[row], department: columns.department[row] })),
    );
    await page.goto(`${host.url}#/art`);
    await untilReady(page);
    const count = () => page.locator('.found').innerText();
    await soon(count).toBe('1,499 works');
    await page.getByLabel('Department').selectOption('Arms and Armor');
    await page.getByLabel('Year, from').fill('1500');
    await page.getByLabel('Year, to').fill('1600');
    const middle = ({ from, to }: (typeof works)[number]) => (from === null ? to : to === null ? from : Math.round((from + to) / 2));
    const armor = works.filter((work) => work.department === 'Arms and Armor' && middle(work) !== null && middle(work)! >= 1500 && middle(work)! <= 1600);
    await soon(count).toMatch(new RegExp(`^${armor.length} works`));
    await page.getByRole('searchbox').fill('KUNZ horse');
    // An artist's name and a word of title or tags: of several fields.
    await soon(() => page.locator('.browse .found-list .title').allInnerTexts()).toContain('Horse Armor Made for Johann Ernst, Duke of Saxony-Coburg (1521–1553)');

    const horses = works.filter(({ tags }) => tags.includes('Horses'));
    const { id } = horses[0];
    await page.goto(`${host.url}#/art?pick=${id}`);
    await soon(() => page.getByRole('link', { name: 'See it at the museum' }).getAttribute('href')).toBe(`https://www.metmuseum.org/art/collection/search/${id}`);
    expect(await page.getByRole('link', { name: 'See it at the museum' }).getAttribute('rel')).toContain('noopener');
    const vectors = Float32Array.from(read.flatMap((block) => [...block.vectors]));
    const row = works.findIndex((work) => work.id === id);
    const exact = exactCosine(vectors, works.length, dim, vectors.subarray(row * dim, (row + 1) * dim), 11);
    await soon(async () => (await page.locator('.result .score').allInnerTexts())[0]).toBe(exact.scores[1].toFixed(3));
    await page.locator('.picked').getByRole('link', { name: 'Horses' }).click();
    await soon(count).toMatch(new RegExp(`^${horses.length} works`));
    await page.getByRole('button', { name: 'Tag Horses: show all' }).click();
    await soon(count).toBe('1,499 works');
  });

  it('finds packages by what is typed, from the first rows on', { timeout: 2 * VISIT_MS }, async () => {
    const source = await openSource(fileReader);
    const latent = await loadLatentSpace(await source.packageSpace());
    const blocks = await Promise.all([...source.description.packages.blocks.keys()].map(async (index) => source.packageBytes(index)));
    const columns = blocks.map(({ firstId, bytes }) => readPackages(bytes, firstId));
    const names = columns.flatMap(({ name }) => name);
    const vectors = latent.embed(columns.flatMap(textsOf));
    const found = page.locator('.browse .found-list .title');

    await page.goto(`${host.url}#/packages`);
    await page.getByRole('button', { name: 'play chess' }).click({ timeout: 60_000 });
    expect(await status(page)).not.toContain('Ready');
    await soon(() => found.allInnerTexts()).toContain('3dchess');
    await untilReady(page);
    await page.getByRole('searchbox').fill('recover deleted files');
    const exact = exactCosine(vectors, PACKAGES.rows, PACKAGES.dim, latent.embed(['recover deleted files']), 3);
    await soon(async () => (await found.allInnerTexts())[0]).toBe(names[exact.rows[0]]);
    await soon(() => page.locator('.browse .score').first().innerText()).toBe(exact.scores[0].toFixed(3));
    await soon(() => recall(page)).toBeGreaterThanOrEqual(0.7);
    await page.getByLabel('Section').selectOption('libs');
    await soon(async () => (await found.allInnerTexts())[0]).toMatch(/^lib/);
    await page.getByRole('searchbox').fill('zzqx');
    await soon(() => page.locator('.search-box .hint').innerText()).toContain('None of these words');
  });

  it('opens the stored database again: after a reload, and after the browser was closed', { timeout: VISIT_MS }, async () => {
    for (const how of ['reload', 'restart'] as const) {
      if (how === 'restart') {
        const { faults } = visitor;
        await visitor.leave();
        visitor = await visit(profile);
        visitor.faults.push(...faults);
        page = await visitor.newPage();
      }
      const sampleRequests: string[] = [];
      page.on('request', (request) => {
        if (request.url().includes('/sample/')) sampleRequests.push(request.url());
      });
      await page.goto(`${host.url}?${how}#/images?set=unseen&pic=12&k=20&ef=512`);
      await untilReady(page);
      await soon(() => page.locator('.neighbours button').count()).toBe(20);
      await soon(() => recall(page)).toBe(1);
      expect(await status(page)).toContain('Reopened in');
      expect(await page.locator('.progress').count()).toBe(0);
      // Nothing was fetched: the pictures, too, came from the database.
      expect(sampleRequests).toEqual([]);
    }
  });

  it('opens in a second tab', { timeout: VISIT_MS }, async () => {
    const second = await visitor.newPage();
    await second.goto(`${host.url}#/images?set=unseen&pic=12&k=20&ef=512`);
    await untilReady(second);
    await soon(() => second.locator('.neighbours button').count()).toBe(20);
    await soon(() => recall(second)).toBe(1);
    expect(await status(second)).toContain('another tab');
    await second.close();
  });

  it('fits a phone', { timeout: VISIT_MS }, async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const collection of ['images', 'art', 'papers', 'packages']) {
      await page.goto(`${host.url}#/${collection}`);
      await page.locator(collection === 'images' ? '.neighbours button' : '.result .found-list button').first().waitFor();
      expect(await overflow(page)).toBe(0);
    }
    await page.goto(`${host.url}#/images`);
    await page.locator('.grid .tile').nth(60).scrollIntoViewIfNeeded();
    await page.locator('.grid .tile').nth(60).click();
    // What was found is above the grid: the page goes there.
    await soon(() => page.locator('.query').evaluate((query) => query.getBoundingClientRect().top >= 0)).toBe(true);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it('answers a link that makes no sense with its defaults', async () => {
    await page.goto(`${host.url}#/nothing?pic=99999999999&k=-3&ef=x&class=77`);
    await page.locator('.neighbours button').first().waitFor();
    expect(await page.locator('.neighbours button').count()).toBe(10);
  });

  it('logged no error in all that', () => {
    expect(visitor.faults).toEqual([]);
  });
});

describe.skipIf(executablePath === null)('where something is missing', () => {
  it('goes on from where it was when the network comes back', { timeout: 2 * VISIT_MS }, () =>
    withProfile(async (profile) => {
      const visitor = await visit(profile);
      try {
        const page = await visitor.newPage();
        const fetched: string[] = [];
        page.on('request', (request) => fetched.push(request.url().replace(/^.*\/|\?.*$/g, '')));
        await page.route(/\/images-2\.gz/, (request) => request.abort());
        await page.goto(host.url);
        await page.locator('.failed h1').waitFor({ timeout: VISIT_MS });
        expect(await page.locator('.failed').innerText()).toContain('images-2.gz');
        await page.unroute(/\/images-2\.gz/);
        // Closed for good and opened again: what had arrived is still there.
        await page.reload();
        await untilReady(page);
        expect(await status(page)).toContain('10,000');
        await soon(() => recall(page)).toBeGreaterThanOrEqual(0.9);
        expect(fetched).toContain('images-4.gz');
      } finally {
        await visitor.leave();
      }
    }));

  it('goes on with the packages that are missing after an interruption', { timeout: 2 * VISIT_MS }, () =>
    withProfile(async (profile) => {
      const visitor = await visit(profile);
      try {
        const page = await visitor.newPage();
        await page.goto(`${host.url}#/packages`);
        const rows = async () => Number(/Rows\s*([\d,]+)/.exec(await status(page))?.[1].replaceAll(',', '') ?? 0);
        await expect.poll(rows, { timeout: VISIT_MS, interval: 50 }).toBeGreaterThan(12_000);
        const asked: string[] = [];
        page.on('request', (request) => {
          if (request.url().includes('/sample/')) asked.push(request.url().replace(/^.*\/|\?.*$/g, ''));
        });
        await page.reload();
        await untilReady(page);
        expect(await status(page)).toContain('63,436');
        // The last block, but none that was there; the first is asked for before anybody knows that it is.
        expect(asked).toContain('packages-16.gz');
        expect(asked).not.toContain('packages-1.gz');
        expect(asked).not.toContain('packages-2.gz');
        expect(visitor.faults).toEqual([]);
      } finally {
        await visitor.leave();
      }
    }));

  it('offers to make the database again where the stored one is damaged', { timeout: 2 * VISIT_MS }, () =>
    withProfile(async (profile) => {
      const visitor = await visit(profile);
      try {
        const page = await visitor.newPage();
        await page.goto(host.url);
        await untilReady(page);
        // A page of the same origin without scripts, so that nobody has the database open.
        await page.goto(`${host.url}sample/NOTICE.md`);
        await page.evaluate(async () => {
          const done = <T>(request: IDBRequest<T>) => new Promise<T>((resolve, reject) => {
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
          });
          const database = await done(indexedDB.open('elanus:elanus-demo'));
          const meta = database.transaction('meta', 'readwrite').objectStore('meta');
          for (const key of await done(meta.getAllKeys())) {
            const value = (await done(meta.get(key))) as unknown;
            if (!(value instanceof Uint8Array)) continue;
            value[value.length >> 1] ^= 1;
            await done(meta.put(value, key));
          }
          database.close();
        });
        await page.goto(host.url);
        await page.locator('.failed h1').waitFor({ timeout: VISIT_MS });
        expect(await page.locator('.failed .detail').innerText()).toMatch(/^CORRUPT/);
        await page.getByRole('button', { name: 'Delete and make again' }).click();
        await untilReady(page);
        await soon(() => recall(page)).toBeGreaterThanOrEqual(0.9);
        await page.reload();
        await untilReady(page);
        expect(await status(page)).toContain('Reopened in');
      } finally {
        await visitor.leave();
      }
    }));

  it('waits in a second tab while the first one makes the database', { timeout: 2 * VISIT_MS }, () =>
    withProfile(async (profile) => {
      const visitor = await visit(profile);
      try {
        const first = await visitor.newPage();
        const second = await visitor.newPage();
        await first.goto(host.url);
        await first.locator('.neighbours button').first().waitFor({ timeout: VISIT_MS });
        await second.goto(host.url);
        await untilReady(first);
        await untilReady(second);
        expect(await status(second)).toContain('another tab');
        await soon(() => recall(second)).toBeGreaterThanOrEqual(0.9);
        expect(visitor.faults).toEqual([]);
      } finally {
        await visitor.leave();
      }
    }));

  it('works in memory without IndexedDB and says so', { timeout: VISIT_MS }, () =>
    withProfile(async (profile) => {
      const visitor = await visit(profile);
      try {
        const page = await visitor.newPage();
        await page.addInitScript(() => {
          Object.defineProperty(globalThis, 'indexedDB', {
            get() {
              throw new DOMException('denied by a test', 'SecurityError');
            },
          });
        });
        await page.goto(host.url);
        await untilReady(page);
        expect(await status(page)).toContain('memory only');
        await soon(() => recall(page)).toBeGreaterThanOrEqual(0.9);
        expect(visitor.faults).toEqual([]);
      } finally {
        await visitor.leave();
      }
    }));

  it('says what to do when the browser gives no more storage', { timeout: 2 * VISIT_MS }, () =>
    withProfile(async (profile) => {
      const visitor = await visit(profile);
      try {
        const page = await visitor.newPage();
        const devtools = await visitor.context.newCDPSession(page);
        await devtools.send('Storage.overrideQuotaForOrigin', { origin: new URL(host.url).origin, quotaSize: 12_000_000 });
        await page.goto(host.url);
        await page.locator('.failed h1').waitFor({ timeout: VISIT_MS });
        expect(await page.locator('.failed .detail').innerText()).toMatch(/^QUOTA/);
        await page.getByRole('button', { name: 'Keep it in memory' }).click();
        await untilReady(page);
        expect(await status(page)).toContain('memory only');
      } finally {
        await visitor.leave();
      }
    }));
});
