/** What holds in every view of every collection: accessible, fits a phone, in both themes, and nothing in the console. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/serve.mjs';
import { seriousFaults } from './accessibility.ts';
import { executablePath, visitDemo } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';

const FILL_MS = 180_000;

describe.skipIf(executablePath === null)('every view of every collection', () => {
  let host: Served;
  let demo: DemoVisit;
  let visitor: Visitor;
  let page: Page;
  let paths: string[];

  beforeAll(async () => {
    demo = await visitDemo();
    ({ host, visitor, page } = demo);
    await page.goto(host.url);
    await page.locator('.header .views a').first().waitFor();
    const names = (selector: string) => page.locator(selector).evaluateAll((links) => links.map((link) => link.getAttribute('href')!.replace(/\?.*/, '')));
    const collections = await names('.header .collections a');
    for (const collection of collections) {
      await page.goto(`${host.url}${collection}`);
      await page.locator('.status .phase.is-ready').waitFor({ timeout: FILL_MS });
    }
    // The search has the collection's own path, the other views have theirs behind it.
    const views = (await names('.header .views a')).map((href) => href.split('/').at(2) ?? '');
    paths = collections.flatMap((collection) => views.map((view) => (view === '' ? collection : `${collection}/${view}`)));
  }, FILL_MS * 2);

  afterAll(() => demo?.leave());

  /** Shows a view, by its link as it were, until what it loads is there. */
  async function show(path: string): Promise<void> {
    await page.evaluate((hash) => (location.hash = hash), path);
    // The header's link to the shown view is that path, with what the view has put behind it.
    await expect.poll(() => page.locator('.header .views [aria-current]').getAttribute('href'), { timeout: 20_000 }).toMatch(new RegExp(`^${path}(\\?|$)`));
    await page.locator('main > *:not(.waiting)').first().waitFor({ timeout: 20_000 });
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  }

  it.each(['light', 'dark'] as const)('has no serious fault of accessibility (%s)', { timeout: FILL_MS }, async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const found: string[] = [];
    for (const path of paths) {
      await show(path);
      for (const fault of await seriousFaults(page)) found.push(`${path}: ${fault}`);
    }
    expect(found).toEqual([]);
  });

  it('fits a phone', { timeout: FILL_MS }, async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const found: string[] = [];
    for (const path of paths) {
      await show(path);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) found.push(`${path} sticks out by ${over} pixels`);
      for (const fault of await seriousFaults(page)) found.push(`${path}: ${fault}`);
    }
    expect(found).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it('logs no error', () => {
    expect(visitor.faults).toEqual([]);
  });
});
