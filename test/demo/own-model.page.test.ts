/** A language model that a visitor opts into: nothing is fetched before, its size is shown, its vectors are what is searched, and what happens where it cannot be had. A small module stands in for the library. */
import type { Page, Route } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/serve.mjs';
import { executablePath, visitDemo } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';
import { MAKE_MS, begin, choose, collections, fileOf, found, make, outcome, ownItem, soon } from './own-visitor.ts';

const LIBRARY = 'https://cdn.jsdelivr.net/npm/@huggingface/transformers@4.3.1/dist/transformers.min.js';
const DIM = 384;

/** Runs in the page's worker as source, and here as what is expected: words are hashed into places. */
function hashed(text: string, dim: number): Float32Array {
  const out = new Float32Array(dim);
  out[0] = 0.25;
  for (const word of text.toLowerCase().split(/\W+/)) {
    let hash = 2_166_136_261;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 16_777_619);
    if (word !== '') out[(hash >>> 8) % dim]! += 1;
  }
  const length = Math.hypot(...out);
  return out.map((value) => value / length);
}

const moduleOf = (delayMs: number): string => `
const hashed = ${hashed.toString()};
export async function pipeline(task, repository, { dtype, device, progress_callback }) {
  if (task !== 'feature-extraction' || dtype !== 'q8' || device !== 'wasm') throw new Error('unexpected options');
  progress_callback({ status: 'initiate', file: 'onnx/model_quantized.onnx' });
  for (let part = 1; part <= 4; part++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    progress_callback({ status: 'progress', file: 'onnx/model_quantized.onnx', loaded: part * 5e6, total: 2e7 });
  }
  return async (texts, { pooling, normalize }) => {
    if (pooling !== 'mean' || normalize !== true) throw new Error('unexpected options');
    await new Promise((resolve) => setTimeout(resolve, ${delayMs}));
    const data = new Float32Array(texts.length * ${DIM});
    texts.forEach((text, i) => data.set(hashed(text, ${DIM}), i * ${DIM}));
    return { data, dims: [texts.length, ${DIM}] };
  };
}`;

const answer = (delayMs: number) => (route: Route) => route.fulfill({ contentType: 'text/javascript', headers: { 'access-control-allow-origin': '*' }, body: moduleOf(delayMs) });

const WORDS = 'amber basil cedar delta ember fjord grove heron inlet jetty kelp lupin maple nettle otter poppy quill raven sedge thyme umber viola willow yarrow zephyr'.split(' ');
const ROWS = Array.from({ length: 300 }, (_, i) => ({ title: `Note ${i}`, text: [0, 1, 2, 3, 4].map((n) => WORDS[(i * (n + 1) + n * n) % WORDS.length]).join(' ') }));
const FILE = fileOf('herbarium.jsonl', ROWS.map((row) => JSON.stringify(row)).join('\n'));

describe.skipIf(executablePath === null)('a language model', () => {
  let host: Served;
  let demo: DemoVisit;
  let visitor: Visitor;
  let page: Page;
  const elsewhere: string[] = [];

  beforeAll(async () => {
    demo = await visitDemo();
    ({ host, visitor, page } = demo);
    visitor.context.on('request', (request) => {
      if (!request.url().startsWith(host.url) && /^https?:/.test(request.url())) elsewhere.push(request.url());
    });
  }, 120_000);

  afterAll(() => demo?.leave());

  it('is offered with its size, and says so where it cannot be fetched; the latent space takes its place', { timeout: 2 * MAKE_MS }, async () => {
    await visitor.context.route('https://cdn.jsdelivr.net/**', (route) => route.abort('internetdisconnected'));
    await begin(page, host.url);
    // What keeps other hosts' scripts out of the page is not loosened for the worker's sake.
    expect(await page.locator('meta[http-equiv=Content-Security-Policy]').getAttribute('content')).toBe("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self' data:; style-src 'self'");
    await choose(page, FILE);
    await page.locator('.preview').waitFor();
    const offers = await page.locator('.embedder').allInnerTexts();
    expect(offers).toHaveLength(3);
    expect(offers[0]).toMatch(/nothing is fetched/);
    expect(offers[1]).toMatch(/fetches 30\.7 MB/);
    expect(offers[2]).toMatch(/fetches 142 MB/);
    await page.getByRole('radio', { name: /all-MiniLM/ }).check();
    expect(await page.locator('.mapping button[type=submit]').innerText()).toBe('Fetch the model (30.7 MB) and add 300 rows');
    expect(elsewhere).toEqual([]);
    const said = await make(page);
    expect(said).toMatch(/all-MiniLM-L6-v2 cannot be used.*could not be fetched.*latent space needs nothing from elsewhere/s);
    expect(elsewhere).toEqual([LIBRARY]);
    expect(await page.locator('.own-list').count()).toBe(0);
    await page.getByRole('button', { name: 'Use the latent space' }).click();
    expect(await make(page)).toBe(true);
    await page.goto(`${host.url}#/own_herbarium?q=raven%20heron`);
    await soon(async () => (await found(page)).length).toBe(30);
    // That a script could not be fetched is an error that the browser logs by itself.
    expect(visitor.faults.every((fault) => /ERR_INTERNET_DISCONNECTED/.test(fault))).toBe(true);
    visitor.faults.length = 0;
    await visitor.context.unroute('https://cdn.jsdelivr.net/**');
  });

  it('embeds rows and what is typed', { timeout: 2 * MAKE_MS }, async () => {
    await visitor.context.route('https://cdn.jsdelivr.net/**', answer(0));
    await begin(page, host.url);
    await choose(page, FILE);
    await page.locator('.preview').waitFor();
    await page.getByLabel('Name of the collection').fill('Modelled');
    await page.getByRole('checkbox', { name: 'title', exact: true }).uncheck();
    await page.getByRole('radio', { name: /all-MiniLM/ }).check();
    expect(await make(page)).toBe(true);
    await page.getByRole('link', { name: 'Search it' }).click();
    await expectNearest('raven maple zephyr');
    expect(await page.locator('.download-offer').count()).toBe(0);
  });

  /** The nearest are those of plain arithmetic over what the stand-in answers. */
  async function expectNearest(query: string): Promise<void> {
    await page.getByRole('searchbox').fill(query);
    const asked = hashed(query, DIM);
    const scores = ROWS.map(({ text }) => hashed(text, DIM).reduce((sum, value, d) => sum + value * asked[d]!, 0));
    const best = [...scores].sort((a, b) => b - a).slice(0, 10);
    await soon(async () => (await page.locator('.browse .score').allInnerTexts()).slice(0, 10)).toEqual(best.map((score) => score.toFixed(3)));
    const titles = await found(page);
    titles.slice(0, 10).forEach((title, i) => expect(scores[Number(title.replace('Note ', ''))]!).toBeCloseTo(best[i]!, 5));
  }

  it('has to be asked for again after a reload; until then words are found as they are', { timeout: 2 * MAKE_MS }, async () => {
    elsewhere.length = 0;
    await page.goto('about:blank');
    await page.goto(`${host.url}#/own_modelled`);
    await soon(() => page.locator('.download-offer').innerText().catch(() => '')).toMatch(/typed text needs the language model all-MiniLM-L6-v2 \(30\.7 MB/);
    await page.getByRole('searchbox').fill('note 17');
    await soon(() => found(page)).toEqual(['Note 17', ...ROWS.map(({ title }) => title).filter((title) => /^Note 17\d$/.test(title)), 'Note 117', 'Note 217'].sort((a, b) => Number(a.slice(5)) - Number(b.slice(5))));
    expect(elsewhere).toEqual([]);
    await page.getByRole('button', { name: 'Load it' }).click();
    await soon(() => page.locator('.download-offer').count()).toBe(0);
    expect(elsewhere).toEqual([LIBRARY]);
    await expectNearest('otter thyme');
  });

  it('what is cancelled is listed nowhere as whole, and can be gone on with, after a reload too', { timeout: 3 * MAKE_MS }, async () => {
    await visitor.context.unroute('https://cdn.jsdelivr.net/**');
    await visitor.context.route('https://cdn.jsdelivr.net/**', answer(150));
    await begin(page, host.url);
    await choose(page, FILE);
    await page.locator('.preview').waitFor();
    await page.getByLabel('Name of the collection').fill('Broken off');
    await page.getByRole('radio', { name: /all-MiniLM/ }).check();
    await page.locator('.mapping button[type=submit]').click();
    await soon(() => page.locator('.steps .is-now').innerText().catch(() => '')).toMatch(/Embed and write\s+(64|128|192) of 300/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: '“Broken off” is not complete' }).waitFor();
    expect(await collections(page)).not.toContain('Broken off');
    await page.reload();
    const item = ownItem(page, 'Broken off');
    await soon(() => item.innerText().catch(() => '')).toMatch(/Not complete\. To go on, choose herbarium\.jsonl again/);
    expect(await collections(page)).not.toContain('Broken off');
    // Another file is refused.
    await choose(page, fileOf('herbarium.jsonl', '{"title":"x","text":"y"}\n'), item.getByRole('button', { name: 'Go on' }));
    expect(await outcome(page)).toMatch(/was begun with herbarium\.jsonl of \d+ bytes; this is herbarium\.jsonl of 25 bytes/);
    await page.getByRole('button', { name: 'Leave it for later' }).click();
    await choose(page, FILE, item.getByRole('button', { name: 'Go on' }));
    expect(await outcome(page)).toBe(true);
    expect(await page.locator('.panel').innerText()).toContain('300 rows');
    await page.getByRole('link', { name: 'Search it' }).click();
    await page.getByRole('searchbox').fill('quill');
    await soon(async () => (await found(page)).length).toBe(30);
    await page.goto(`${host.url}#/own_broken_off?pick=300`);
    await soon(() => page.locator('.picked h1').innerText()).toBe('Note 299');
  });

  it('what is stopped at once can be gone on with at once, or removed', { timeout: 3 * MAKE_MS }, async () => {
    await begin(page, host.url);
    await choose(page, FILE);
    await page.locator('.preview').waitFor();
    await page.getByLabel('Name of the collection').fill('Removed');
    await page.getByRole('radio', { name: /all-MiniLM/ }).check();
    await page.locator('.mapping button[type=submit]').click();
    await soon(() => page.locator('.steps .is-now').innerText().catch(() => '')).toMatch(/Embed and write\s+(64|128) of 300/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Go on' }).first().click();
    await soon(() => page.locator('.steps .is-now').innerText().catch(() => '')).toMatch(/Embed and write\s+(128|192|256) of 300/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByRole('heading', { name: 'Add your own data' }).waitFor();
    await soon(() => ownItem(page, 'Removed').count()).toBe(0);
    await page.reload();
    await page.locator('.own-list').waitFor();
    expect(await ownItem(page, 'Removed').count()).toBe(0);
  });

  it('logged no error in all that', () => {
    expect(visitor.faults).toEqual([]);
  });
});
