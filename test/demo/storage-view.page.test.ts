/** The storage view of the built page in a real browser: two tabs, files, the past, snapshots, and what is asked before all is erased. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, visitDemo } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';

const VISIT_MS = 120_000;
const ROWS = 200;
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 50 });

describe.skipIf(executablePath === null)('the storage view', () => {
  let demo: DemoVisit;
  let visitor: Visitor;
  let page: Page;
  let second: Page;

  beforeAll(async () => {
    demo = await visitDemo('#/papers/storage');
    ({ visitor, page } = demo);
  }, VISIT_MS);

  afterAll(() => demo?.leave());

  const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
  const region = (name: string, of = page) => of.getByRole('region', { name, exact: true });
  /** Of a row of the table of collections: rows, deleted, segments, … */
  const cells = async (name: string, of = page) => (await region('Collections', of).locator('tbody tr', { hasText: name }).locator('td').allInnerTexts()) ?? [];
  const playgroundRows = async (of = page) => (await cells('Playground of Papers', of))[0];
  const then = (of = page) => of.locator('[data-metric=then]').innerText();
  const report = () => region('Files and log').getByRole('status').innerText();

  it('shows what lies there, and what the browser gives', { timeout: VISIT_MS }, async () => {
    await soon(() => cells('Papers')).toEqual(['1,000', '0', '1', expect.stringMatching(/^\d.*MB$/), '0 B', expect.stringMatching(/MB$/)]);
    expect(await region('Files and log').innerText()).toMatch(/Index of embedding\s+HNSW, built/);
    expect(await region('In this browser').innerText()).toMatch(/MB of .* that the browser gives/);
    await press('Keep for good');
    await soon(() => region('In this browser').getByRole('status').innerText()).toMatch(/^The browser (agreed|refused)/);
    // Nothing there changes what the page shows.
    expect(await page.getByRole('button', { name: /Insert|Replace|Delete/ }).count()).toBe(0);
  });

  it('makes a playground, whose changes another tab sees by itself', { timeout: VISIT_MS }, async () => {
    await press('Make a playground');
    await soon(() => playgroundRows()).toBe(String(ROWS));
    expect(page.url()).toContain('of=playground');
    second = await visitor.newPage();
    await second.goto(page.url());
    await soon(() => then(second)).toBe(String(ROWS));
    await press('Insert a copy');
    await soon(() => playgroundRows(second)).toBe(String(ROWS + 1));
    await soon(() => then(second)).toBe(String(ROWS + 1));
    await soon(() => region('Changes', second).innerText()).toMatch(/1 row written.*by another tab/);
    expect(await region('Changes').innerText()).toMatch(/1 row written.*here/);
    // And the other way round.
    await second.getByRole('button', { name: 'Delete 50' }).click();
    await soon(() => playgroundRows()).toBe(String(ROWS + 1 - 50));
    await soon(() => region('Changes').innerText()).toMatch(/50 rows deleted by another tab/);
  });

  it('puts fresh rows into a segment, and merges segments', { timeout: VISIT_MS }, async () => {
    const files = region('Files and log');
    expect(await files.innerText()).toContain('rows since the last flush');
    await press('Flush');
    await soon(report).toContain('Flushed in');
    await soon(() => files.innerText()).toContain('no fresh rows');
    await soon(() => files.locator('tbody tr').count()).toBeGreaterThan(0);
    await press('Insert 50');
    await soon(() => files.innerText()).toMatch(/with \d+ rows since the last flush/);
    await press('Flush');
    await soon(async () => Number((await cells('Playground of Papers'))[2])).toBeGreaterThan(1);
    // The other tab learns of it, too.
    await soon(async () => Number((await cells('Playground of Papers', second))[2])).toBeGreaterThan(1);
    await press('Compact');
    await soon(report).toMatch(/^\d+ → \d+ segments?, 0 dead rows gone/);
  });

  it('shows the past by a slider, and goes back to it', { timeout: VISIT_MS }, async () => {
    const slider = page.getByRole('slider');
    const now = Number(await then());
    await press('Mark this moment');
    await soon(async () => Number(await slider.getAttribute('max'))).toBeGreaterThan(3);
    // A row that a search finds is picked and deleted.
    await region('Time travel').locator('.hits button').nth(1).click();
    const titles = () => region('Time travel').locator('.hits button').evaluateAll((buttons) => buttons.map((button) => (button as HTMLElement).title));
    const title = (await titles())[1];
    expect(title).toMatch(/^paper \d+$/);
    await press('Delete it');
    await soon(() => then()).toBe(String(now - 1));
    await soon(titles).not.toContain(title);
    await slider.focus();
    await page.keyboard.press('ArrowLeft');
    await soon(() => slider.getAttribute('aria-valuetext')).toMatch(/1 row deleted/);
    await page.keyboard.press('ArrowLeft');
    await soon(() => slider.getAttribute('aria-valuetext')).toMatch(/a mark of yours/);
    await soon(() => then()).toBe(String(now));
    await soon(titles).toContain(title);
    expect(await region('Time travel').locator('.gone').count()).toBe(1);
    await page.keyboard.press('Home');
    await soon(() => then()).toBe(String(ROWS));
    await page.keyboard.press('End');
    await soon(() => then()).toBe(String(now - 1));
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await soon(() => then()).toBe(String(now));
    await press('Make it as it was then');
    await soon(() => region('Time travel').innerText()).toContain('1 written again, 0 deleted');
    await soon(() => playgroundRows()).toBe(String(now));
    await soon(titles).toContain(title);
  });

  it('refuses a past that is forgotten, in words', { timeout: VISIT_MS }, async () => {
    await page.getByLabel('and forget the past').check();
    await press('Compact');
    await soon(report).toMatch(/[1-9]\d* dead rows gone/);
    await soon(async () => (await cells('Playground of Papers'))[1]).toBe('0');
    await page.getByRole('slider').focus();
    await page.keyboard.press('Home');
    await soon(() => region('Time travel').getByRole('alert').innerText()).toMatch(/at.*expected/);
    await page.keyboard.press('End');
  });

  it('takes snapshots and puts the playground back to one, for the other tab as well', { timeout: VISIT_MS }, async () => {
    const rows = await playgroundRows();
    await press('Take one');
    await soon(() => page.locator('.snapshots li').count()).toBe(1);
    await press('Delete 50');
    await soon(() => playgroundRows(second)).toBe(String(Number(rows) - 50));
    await press('Restore');
    await soon(() => playgroundRows()).toBe(rows);
    await soon(() => playgroundRows(second)).toBe(rows);
    // The second tab shows the new collection of the name, and follows it.
    await press('Insert a copy');
    await soon(() => then(second)).toBe(String(Number(rows) + 1));
    await press('Drop');
    await soon(() => page.locator('.snapshots li').count()).toBe(0);
  });

  it('removes the playground when asked twice', { timeout: VISIT_MS }, async () => {
    await press('Remove the playground');
    const asking = page.getByRole('alertdialog');
    // What keeps it has the focus.
    await soon(() => asking.getByRole('button', { name: 'Keep it' }).evaluate((button) => button === document.activeElement)).toBe(true);
    await page.keyboard.press('Escape');
    await soon(() => asking.count()).toBe(0);
    expect(await playgroundRows()).toBeDefined();
    await press('Remove the playground');
    await asking.getByRole('button', { name: 'Remove' }).click();
    await soon(() => playgroundRows()).toBeUndefined();
    await soon(() => playgroundRows(second)).toBeUndefined();
    await soon(() => page.getByRole('button', { name: 'Make a playground' }).count()).toBe(1);
    // The papers are what they were.
    expect((await cells('Papers'))[0]).toBe('1,000');
    await second.close();
  });

  it('erases everything, and makes it again', { timeout: VISIT_MS }, async () => {
    await press('Make a playground');
    await soon(() => playgroundRows()).toBe(String(ROWS));
    await press('Erase everything');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Erase' }).click();
    await soon(async () => [await cells('Papers').then(([rows]) => rows), await playgroundRows()]).toEqual(['1,000', undefined]);
    await page.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
    // A second visit finds what was made again.
    await page.reload();
    await soon(async () => (await cells('Papers'))[0]).toBe('1,000');
  });

  it('erases what another tab has open, which says so and goes on', { timeout: VISIT_MS }, async () => {
    const other = await visitor.newPage();
    await other.goto(`${demo.host.url}#/papers`);
    await other.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
    // The tab that looks after the files, and the one beside it.
    for (const [erasing, told] of [[page, other], [other, page]] as const) {
      await erasing.evaluate(() => (location.hash = '#/papers/storage'));
      await erasing.getByRole('button', { name: 'Erase everything' }).click();
      await erasing.getByRole('alertdialog').getByRole('button', { name: 'Erase' }).click();
      await told.getByRole('heading', { name: 'Everything was erased in another tab' }).waitFor({ timeout: VISIT_MS });
      await erasing.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
      await told.getByRole('button', { name: 'Try again' }).click();
      await told.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
    }
    await other.close();
  });

  it('begins anew where nothing may be stored', { timeout: VISIT_MS }, async () => {
    const other = await visitor.newPage();
    await other.addInitScript(() => {
      Object.defineProperty(globalThis, 'indexedDB', {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    });
    await other.goto(`${demo.host.url}#/papers/storage`);
    await other.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
    await other.getByRole('button', { name: 'Erase everything' }).click();
    await other.getByRole('alertdialog').getByRole('button', { name: 'Erase' }).click();
    await other.locator('.status .phase.is-filling, .status .phase.is-opening').waitFor({ timeout: VISIT_MS });
    await other.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
    await other.close();
  });

  it('logged no error in all that', () => {
    expect(visitor.faults).toEqual([]);
  });
});
