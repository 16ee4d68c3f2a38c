/** The index lab in a real browser, as a visitor meets it. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/serve.mjs';
import { ROWS } from '../../web-demo/sample/collections.mjs';
import { seriousFaults } from './accessibility.ts';
import { executablePath, visitDemo } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';

const VISIT_MS = 90_000;

describe.skipIf(executablePath === null)('the index lab', () => {
  let host: Served;
  let demo: DemoVisit;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    demo = await visitDemo('#/papers/lab');
    ({ host, visitor, page } = demo);
  }, 2 * VISIT_MS);

  afterAll(() => demo?.leave());

  const soon = <T>(read: () => T) => expect.poll(read, { timeout: VISIT_MS, interval: 50 });
  const setting = (slot: 'A' | 'B') => page.getByRole('region', { name: `Setting ${slot}` });
  const cell = (measure: string, slot: 'a' | 'b') => page.locator(`.measures td[data-measure="${measure}"][data-slot=${slot}]`).innerText();
  /** Ink of the chart: pixels that are not of the background. */
  const ink = () =>
    page.locator('.curve-chart canvas').evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
      const colours = new Set<string>();
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) colours.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
      return [...colours];
    });

  it('begins with what the library proposes, and says why', async () => {
    await soon(() => setting('A').getByLabel('Index').inputValue()).toBe('FLAT');
    expect(await setting('A').innerText()).toContain('Proposed: a scan of 1000 rows of 384 dimensions');
    expect(await page.locator('.code pre').innerText()).toContain("createIndex('vector', { type: 'FLAT', metric: 'COSINE' })");
  });

  it('builds an index, and shows recall, latency, memory, the curve and the code', { timeout: 2 * VISIT_MS }, async () => {
    await setting('A').getByLabel('Index').selectOption('HNSW');
    await setting('A').getByLabel('efConstruction').fill('100');
    await soon(() => page.url()).toContain('a=HNSW&a.efConstruction=100');
    await setting('A').getByRole('button', { name: 'Build and measure' }).click();
    await page.locator('.measures').waitFor({ timeout: VISIT_MS });
    expect(Number.parseFloat(await cell('Recall@10', 'a'))).toBeGreaterThanOrEqual(95);
    for (const measure of ['Mean', 'p50', 'p90', 'p99', 'Build']) expect(await cell(measure, 'a')).toMatch(/^[\d.]+ (ms|s)$/);
    // Vectors alone are 1.5 MB.
    for (const measure of ['Memory', 'Stored']) expect(Number.parseFloat(/^([\d.]+) MB$/.exec(await cell(measure, 'a'))![1])).toBeGreaterThan(1.5);
    const searchedWith = /^ef (\d+)$/.exec(await cell('Searched with', 'a'))![1];
    const code = await page.locator('.code pre').innerText();
    expect(code).toContain("{ type: 'HNSW', metric: 'COSINE', params: { M: 16, efConstruction: 100 } }");
    expect(code).toContain(`params: { ef: ${searchedWith} }`);
    await page.locator('.curve-chart canvas').waitFor();
    expect((await ink()).length).toBeGreaterThan(2);
    await page.getByText('The curve in numbers').click();
    const rows = await page.locator('.points tbody tr').allInnerTexts();
    expect(rows.length).toBeGreaterThanOrEqual(2);
    const recalls = rows.map((row) => Number.parseFloat(row.split('\t')[1]));
    expect(Math.max(...recalls)).toBeGreaterThanOrEqual(99);
    // The collection itself is untouched.
    expect(await page.locator('.status').innerText()).toContain(ROWS.papers.toLocaleString('en'));
  });

  it('puts a second setting beside it: a scan finds everything', { timeout: 2 * VISIT_MS }, async () => {
    await page.getByRole('button', { name: 'Compare with a second setting' }).click();
    await setting('B').getByLabel('Index').selectOption('FLAT');
    await setting('B').getByRole('button', { name: 'Build and measure' }).click();
    await page.locator('.measures td[data-slot=b]').first().waitFor({ timeout: VISIT_MS });
    expect(await cell('Searched with', 'b')).toBe('a scan');
    expect(await cell('Recall@10', 'b')).toBe('100 %');
    expect(await cell('Recall@10', 'a')).toMatch(/%$/);
    expect(await page.locator('.measures .ratio').nth(1).innerText()).toMatch(/^[\d.]+ ×$/);
    expect(await page.locator('.curve-chart .key').allInnerTexts()).toEqual(['A: HNSW, M 16, efConstruction 100', 'B: FLAT']);
    await page.getByRole('group', { name: 'Setting of the code' }).getByRole('button', { name: 'B' }).click();
    expect(await page.locator('.code pre').innerText()).toContain("type: 'FLAT'");
  });

  it.each(['light', 'dark'] as const)('has no serious fault of accessibility with its results (%s)', { timeout: VISIT_MS }, async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFaults(page)).toEqual([]);
  });

  it('keeps settings in the link and results while the view is left', { timeout: VISIT_MS }, async () => {
    const url = page.url();
    expect(url).toContain('b=FLAT');
    await page.getByRole('link', { name: 'Search' }).click();
    await page.getByRole('searchbox').waitFor();
    await page.getByRole('link', { name: 'Index lab' }).click();
    await page.locator('.measures td[data-slot=b]').first().waitFor();
    expect(page.url()).toBe(url);
    expect(await cell('Recall@10', 'b')).toBe('100 %');
    await page.reload();
    await soon(() => setting('A').getByLabel('efConstruction').inputValue()).toBe('100');
    expect(await setting('B').getByLabel('Index').inputValue()).toBe('FLAT');
  });

  it('says what a parameter expects, and keeps the last good value', { timeout: VISIT_MS }, async () => {
    await setting('A').getByLabel('efConstruction').fill('0');
    await soon(() => setting('A').getByRole('alert').innerText()).toBe('Expected a whole number from 1 to 32,768; 100 stays.');
    expect(page.url()).toContain('a.efConstruction=100');
    await setting('A').getByLabel('M', { exact: true }).focus();
    expect(await setting('A').getByLabel('efConstruction').inputValue()).toBe('100');
  });

  it('can be cancelled', { timeout: VISIT_MS }, async () => {
    await setting('A').getByLabel('Index').selectOption('DISKANN');
    await setting('A').getByLabel('search_list_size').fill('5000');
    await setting('A').getByRole('button', { name: 'Build and measure' }).click();
    await setting('A').locator('progress').waitFor();
    await setting('A').getByRole('button', { name: 'Cancel' }).click();
    await setting('A').getByRole('button', { name: 'Build and measure' }).waitFor({ timeout: VISIT_MS });
    expect(await setting('A').locator('.notice').count()).toBe(0);
  });

  it('shows what the library refuses in its own words', { timeout: VISIT_MS }, async () => {
    await page.goto(`${host.url}#/papers/lab?a=GPU_CAGRA&a.graph_degree=200`);
    await setting('A').getByRole('button', { name: 'Build and measure' }).click();
    await soon(() => setting('A').locator('.notice').allInnerTexts()).toEqual([expect.stringContaining('"graph_degree" expected at most "intermediate_graph_degree" (128), got 200')]);
  });

  it('fits a phone', { timeout: VISIT_MS }, async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${host.url}#/papers/lab?a=IVF_FLAT&b=IVF_RABITQ`);
    await setting('A').getByRole('button', { name: 'Build and measure' }).click();
    await setting('B').getByRole('button', { name: 'Build and measure' }).click();
    await page.locator('.measures td[data-slot=b]').first().waitFor({ timeout: VISIT_MS });
    await page.locator('.curve-chart canvas').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    await setting('B').getByRole('button', { name: 'Show the results' }).click();
    await soon(() => page.locator('.lab-results').evaluate((results) => Math.abs(results.getBoundingClientRect().top) < 40)).toBe(true);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it('logged no error in all that', () => {
    expect(visitor.faults).toEqual([]);
  });
});
