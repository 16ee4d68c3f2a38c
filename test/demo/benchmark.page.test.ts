/** The benchmark in a real browser: every engine reports, or says why not. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/freshness.mjs';
import { serve } from '../../scripts/serve.mjs';
import { ROWS } from '../../web-demo/sample/collections.mjs';
import type { Report } from '../../web-demo/src/views/benchmark/report.ts';
import { seriousFaults } from './accessibility.ts';
import { executablePath, visit, visitDemo, withProfile } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';

const RUN_MS = 240_000;
const IDS = ['elanus', 'edgevec', 'orama', 'hnswlib-wasm'] as const;

const dist = join(ROOT, 'web-demo', 'dist');

async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('.status .phase.is-ready').waitFor({ timeout: RUN_MS });
}

async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run the benchmark' }).click();
  await page.locator('.bench-run').waitFor();
  await page.locator('.bench-run').waitFor({ state: 'detached', timeout: RUN_MS });
}

const statusOf = (page: Page, id: string) => page.locator(`.engines .doing td[data-engine="${id}"]`).getAttribute('data-status');
const cell = (page: Page, id: string, measure: string) => page.locator(`.engines td[data-engine="${id}"][data-measure="${measure}"]`).innerText();

/** The report, by way of the file that is saved. */
async function reportOf(page: Page): Promise<Report> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save it as a file' }).click()]);
  return JSON.parse(await readFile(await download.path(), 'utf8')) as Report;
}

describe.skipIf(executablePath === null)('the benchmark', () => {
  let demo: DemoVisit;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    demo = await visitDemo('#/papers/benchmark', { acceptDownloads: true });
    ({ visitor, page } = demo);
  }, RUN_MS);

  afterAll(() => demo?.leave());

  it('runs all engines on the same data, recall beside speed', { timeout: RUN_MS }, async () => {
    await run(page);
    expect(await page.locator('.notice').allInnerTexts()).toEqual([]);
    for (const id of IDS) {
      expect(await statusOf(page, id), id).toBe('measured');
      expect(Number.parseFloat(await cell(page, id, 'Recall@10')), id).toBeGreaterThanOrEqual(95);
      expect(Number((await cell(page, id, 'Searches a second')).replaceAll(',', '')), id).toBeGreaterThan(10);
      expect(await cell(page, id, 'Insert and build'), id).toMatch(/^[\d.]+ m?s$/);
    }
    expect(await cell(page, 'orama', 'Recall@10')).toBe('100 %');
    expect(await cell(page, 'orama', 'Breadth')).toBe('a scan');
    expect(await cell(page, 'orama', 'Memory')).toBe('not known');
    await page.locator('.curve-chart canvas').waitFor();
    expect(await page.locator('.curve-chart .key').count()).toBe(4);
  });

  it.each(['light', 'dark'] as const)('has no serious fault of accessibility with its results (%s)', { timeout: RUN_MS }, async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFaults(page)).toEqual([]);
  });

  it('gives a report of it', { timeout: RUN_MS }, async () => {
    const report = await reportOf(page);
    expect(report).toMatchObject({ format: 'elanus-device-report/1', data: { collection: 'papers', rows: ROWS.papers, metric: 'COSINE', k: 10, queries: 100 }, parameters: { M: 16, efConstruction: 200 }, seed: 1 });
    expect(report.engines.map(({ id }) => id)).toEqual(report.order);
    expect([...report.order].sort()).toEqual([...IDS].sort());
    expect(report.device.hardwareConcurrency).toBeGreaterThan(0);
    for (const engine of report.engines) {
      if (engine.status !== 'measured') throw new Error(`${engine.id}: ${engine.reason}`);
      for (const { ef, recall, queriesPerSecond, latencyMs } of engine.points) {
        expect(ef === null).toBe(engine.id === 'orama');
        expect(recall).toBeGreaterThan(0.9);
        expect(queriesPerSecond).toBeCloseTo(1000 / latencyMs.mean, -Math.floor(Math.log10(queriesPerSecond)) + 2);
        expect(latencyMs.p50).toBeLessThanOrEqual(latencyMs.p90);
        expect(latencyMs.p90).toBeLessThanOrEqual(latencyMs.p99);
      }
      if (engine.id === 'elanus') expect(engine.kernels).toMatch(/^(relaxed|simd)$/);
      if (engine.memory !== null) expect(engine.memory.bytes).toBeGreaterThan(1_500_000);
    }
  });

  it('keeps it while the view is left, and fits a phone', { timeout: RUN_MS }, async () => {
    await page.getByRole('link', { name: 'Search' }).click();
    await page.getByRole('searchbox').waitFor();
    await page.getByRole('link', { name: 'Benchmark' }).click();
    await page.locator('.curve-chart canvas').waitFor();
    expect(await statusOf(page, 'elanus')).toBe('measured');
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it('can be cancelled, and then says nothing of it', { timeout: RUN_MS }, async () => {
    await page.getByRole('button', { name: 'Another order' }).click();
    expect(page.url()).toContain('seed=2');
    await page.getByRole('button', { name: 'Run it again' }).click();
    await page.locator('.bench-run').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.bench-run').waitFor({ state: 'detached' });
    expect(await page.locator('.notice').count()).toBe(0);
    await page.getByRole('button', { name: 'Run it again' }).waitFor();
  });

  it('logged no error in all that', () => {
    expect(visitor.faults).toEqual([]);
  });
});

describe.skipIf(executablePath === null)('the benchmark where engines cannot run', () => {
  it('has a line for each that failed, and the others go on', { timeout: RUN_MS }, () =>
    withProfile(async (profile) => {
      // The policy of the page as a header: that one is the workers', too.
      const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(await readFile(join(dist, 'index.html'), 'utf8'))![1];
      const host = await serve(dist, { under: '/any/folder/', headers: { 'content-security-policy': policy } });
      const visitor = await visit(profile, { acceptDownloads: true });
      try {
        await visitor.context.route('**/edgevec_bg*.wasm', (route) => route.abort());
        const page = await visitor.newPage();
        await open(page, `${host.url}#/papers/benchmark`);
        await run(page);
        expect(await statusOf(page, 'elanus')).toBe('measured');
        expect(await statusOf(page, 'orama')).toBe('measured');
        expect(await statusOf(page, 'edgevec')).toBe('failed');
        expect(await page.locator('.notice[data-failed=edgevec]').innerText()).toMatch(/^EdgeVec did not run here: \S/);
        expect(await statusOf(page, 'hnswlib-wasm')).toBe('failed');
        expect(await page.locator('.notice[data-failed="hnswlib-wasm"]').innerText()).toContain("compiles code from text, which this host's content security policy forbids");
        const report = await reportOf(page);
        expect(report.engines.filter(({ status }) => status === 'failed').map(({ id }) => id).sort()).toEqual(['edgevec', 'hnswlib-wasm']);
      } finally {
        await visitor.leave();
        await host.close();
      }
    }));
});
