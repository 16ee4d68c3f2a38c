/** A browser for the tests of the demo page, with its stored data on disk so that it can be closed and opened again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import type { BrowserContext, Page } from 'playwright';
import { BROWSER_ARGS, findBrowser } from '../../scripts/find-browser.mjs';

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
