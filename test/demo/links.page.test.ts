/** Links that name what is not there, and searches that find nothing: said in words, and nothing else is shown in its place. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/serve.mjs';
import { executablePath, visitDemo } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';
import { soon } from './own-visitor.ts';

const VISIT_MS = 120_000;

describe.skipIf(executablePath === null)('links of the demo page', { timeout: VISIT_MS }, () => {
  let demo: DemoVisit;
  let host: Served;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    demo = await visitDemo('#/papers');
    ({ host, visitor, page } = demo);
    page.on('console', (message) => {
      if (message.type() === 'warning' && message.text().includes('cannot be parsed')) visitor.faults.push(message.text());
    });
    await page.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
  }, VISIT_MS);

  afterAll(() => demo?.leave());

  async function cold(link: string): Promise<void> {
    await page.goto('about:blank');
    await page.goto(`${host.url}#/${link}`);
  }

  it('to a collection that this browser has not are told so, and lend their parameters to no other', async () => {
    await cold('own_elsewhere/filter?filter=some+%3D%3D+1');
    await page.getByText('There is no collection “own_elsewhere” in this browser').waitFor();
    await soon(() => page.url()).toBe(`${host.url}#/images/filter`);
    await page.locator('.header .views a', { hasText: 'Search' }).click();
    await soon(() => page.locator('.absent').count()).toBe(0);
    expect(await page.locator('.header .views a', { hasText: 'Filter' }).getAttribute('href')).toBe('#/images/filter');
  });

  it('near a row that is not there ask for nothing', async () => {
    await cold('papers/filter?near=99999999');
    await page.locator('.matches .notice').waitFor();
    expect(await page.locator('.matches .count').innerText()).toBe('Nothing could be asked.');
  });

  it('show no row beside a search that finds none', async () => {
    await cold('papers');
    await page.locator('.result .picked').waitFor();
    await page.locator('input[type=search]').fill('zzqqzz');
    await soon(() => page.locator('.found').innerText()).toMatch(/^0 papers/);
    await soon(() => page.locator('.result .picked, .result .found-list').count()).toBe(0);
    await page.locator('input[type=search]').fill('');
    await page.locator('.result .picked').waitFor();
  });

  it('say that texts cannot be placed, and try again', async () => {
    const context = await visitor.context.browser()!.newContext({ serviceWorkers: 'block' });
    try {
      const other = await context.newPage();
      await other.goto(`${host.url}#/packages`);
      await other.locator('.found-list li').first().waitFor({ timeout: VISIT_MS });
      await other.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
      await context.route('**/packages-space.gz*', (request) => request.abort());
      await other.reload();
      await other.getByText('What finds the place of a text could not be loaded').waitFor();
      await context.unroute('**/packages-space.gz*');
      await other.locator('input[type=search]').fill('image viewer');
      await other.getByRole('button', { name: 'Try again' }).click();
      await soon(() => other.locator('.found').innerText()).toMatch(/^30 nearest/);
      expect(await other.locator('.browse .notice').count()).toBe(0);
    } finally {
      await context.close();
    }
  });

  it('with numbers that are none leave their fields empty', async () => {
    await cold('art?f.year.from=abc&f.year.to=0x1');
    await soon(() => page.locator('.facet input[type=number]').count()).toBe(2);
    expect(await page.locator('.facet input[type=number]').evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value).join(''))).toBe('');
  });

  it('log nothing', () => {
    expect(visitor.faults).toEqual([]);
  });
});
