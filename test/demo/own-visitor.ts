/** What the tests of a visitor's own files do in the page. */
import type { Locator, Page } from 'playwright';
import { expect } from 'vitest';

export const MAKE_MS = 60_000;

export interface GivenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export const fileOf = (name: string, content: string | Uint8Array): GivenFile => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content as string) });

/** Polls for longer than the runner's second: the machine may be busy. */
export const soon = <T>(read: () => T): ReturnType<typeof expect.poll<T>> => expect.poll(read, { timeout: 20_000, interval: 50 });

/** To the view, with nothing begun. */
export async function begin(page: Page, url: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${url}#/papers/add`);
  await page.getByRole('heading', { name: 'Add your own data' }).waitFor();
  await page.locator('.status .phase.is-ready').waitFor({ timeout: MAKE_MS });
}

export async function choose(page: Page, files: GivenFile | GivenFile[] | string, button: string | Locator = 'Choose a file'): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await (typeof button === 'string' ? page.getByRole('button', { name: button }) : button).click();
  await (await chooser).setFiles(files as GivenFile);
}

/** Presses the button that makes the collection, and waits for what comes of it: true when it is ready, else what is said. */
export async function make(page: Page): Promise<true | string> {
  await page.locator('.mapping button[type=submit]').click();
  return outcome(page);
}

export async function outcome(page: Page): Promise<true | string> {
  const ready = page.getByRole('heading', { name: /is ready$/ });
  const refused = page.locator('.mapping .notice, .panel [role=alert]');
  await ready.or(refused).first().waitFor({ timeout: MAKE_MS });
  return (await ready.count()) > 0 ? true : refused.first().innerText();
}

export const found = (page: Page): Promise<string[]> => page.locator('.browse .found-list .title').allInnerTexts();
export const collections = (page: Page): Promise<string> => page.getByRole('navigation', { name: 'Collections' }).innerText();
export const ownItem = (page: Page, title: string): Locator => page.locator('.own-list li').filter({ has: page.locator('.what', { hasText: title }) });
