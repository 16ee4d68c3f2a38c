/** A browser for the tests of the demo page, with its stored data on disk so that it can be closed and opened again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import type { BrowserContext, Page } from 'playwright';
import { BROWSER_ARGS, findBrowser } from '../../scripts/find-browser.mjs';
import { buildDemo, ROOT } from '../../scripts/freshness.mjs';
import { serve } from '../../scripts/serve.mjs';
import type { Served } from '../../scripts/serve.mjs';

/** Null where there is no browser; the test configuration says so, and fails where CI is set. */
export const executablePath = await findBrowser();

export interface Visitor {
  readonly context: BrowserContext;
  /** Console errors and uncaught ones of all its pages. */
  readonly faults: string[];
  newPage(): Promise<Page>;
  /** Ends the browser and keeps what it stored. */
  leave(): Promise<void>;
}

export type VisitorOptions = Parameters<typeof chromium.launchPersistentContext>[1];

export async function visit(profile: string, options: VisitorOptions = {}): Promise<Visitor> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executablePath!,
    args: BROWSER_ARGS,
    viewport: { width: 1280, height: 860 },
    ...options,
  });
  const faults: string[] = [];
  return {
    context,
    faults,
    async newPage() {
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(`console: ${message.text()}`);
      });
      page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
      return page;
    },
    leave: () => context.close(),
  };
}

/** A folder that is removed at the end of the function. */
export async function withProfile<T>(use: (profile: string) => Promise<T>): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), 'elanus-demo-'));
  try {
    return await use(profile);
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const READY_MS = 180_000;

/** The page on a host of its own, and a visitor of it. */
export class DemoVisit {
  readonly host: Served;
  /** The folder that the browser keeps things in. */
  readonly profile: string;
  readonly #options: VisitorOptions;
  visitor!: Visitor;
  page!: Page;

  constructor(host: Served, profile: string, options: VisitorOptions) {
    this.host = host;
    this.profile = profile;
    this.#options = options;
  }

  /** Opens the browser; one that is open is closed first, and what it stored and logged stays. */
  async begin(): Promise<this> {
    const before = this.visitor as Visitor | undefined;
    await before?.leave();
    this.visitor = await visit(this.profile, this.#options);
    this.visitor.faults.push(...(before?.faults ?? []));
    this.page = await this.visitor.newPage();
    return this;
  }

  /** Ends browser and host, and forgets what was stored. */
  async leave(): Promise<void> {
    await this.visitor.leave();
    await this.host.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Builds the page if it is stale, and serves it as a folder of a plain host. */
export async function serveDemo(): Promise<Served> {
  await buildDemo();
  return serve(join(ROOT, 'web-demo', 'dist'), { under: '/any/folder/' });
}

/**
 * Serves the page, and visits it with nothing stored.
 * @param path of the page's URL: shown until its collection is ready; null shows nothing yet
 */
export async function visitDemo(path: string | null = null, options: VisitorOptions = {}): Promise<DemoVisit> {
  const demo = await new DemoVisit(await serveDemo(), await mkdtemp(join(tmpdir(), 'elanus-demo-')), options).begin();
  if (path !== null) {
    await demo.page.goto(demo.host.url + path);
    await demo.page.locator('.status .phase.is-ready').waitFor({ timeout: READY_MS });
  }
  return demo;
}
