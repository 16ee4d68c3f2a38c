/** Files of every format in the built page, in and out; and a page that is used by keyboard alone, looked at by axe, on a phone, with no more storage. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Field, FixedSizeList, Float32, makeData, Table, tableFromIPC, tableToIPC, Vector, vectorFromArray } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/serve.mjs';
import { random } from '../support/random.ts';
import { seriousFaults } from './accessibility.ts';
import { executablePath, visit, visitDemo, withProfile } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';
import { MAKE_MS, begin, choose, collections, fileOf, found, make, outcome, ownItem, soon } from './own-visitor.ts';

const SEED = Number(process.env['SEED'] ?? 3);
const DIM = 8;
const next = random(SEED);
const ROWS = Array.from({ length: 120 }, (_, i) => ({ name: `item ${i}`, size: i % 7, vector: Float32Array.from({ length: DIM }, () => next() - 0.5) }));
const cosine = (a: Float32Array, b: Float32Array): number => {
  let dot = 0, aa = 0, bb = 0;
  for (let d = 0; d < a.length; d++) {
    dot += a[d]! * b[d]!;
    aa += a[d]! ** 2;
    bb += b[d]! ** 2;
  }
  return dot / Math.sqrt(aa * bb);
};
/** The scores of the ten rows most like one, by plain arithmetic. */
const expectedScores = (row: number): string[] => ROWS.map(({ vector }, i) => ({ i, score: cosine(vector, ROWS[row]!.vector) })).filter(({ i }) => i !== row).sort((a, b) => b.score - a.score).slice(0, 10).map(({ score }) => score.toFixed(3));

function npy(rows: readonly Float32Array[]): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${rows[0]!.length}), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11, ' ') + '\n';
  const head = Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY'), Buffer.from([1, 0, padded.length & 255, padded.length >> 8]), Buffer.from(padded)]);
  return Buffer.concat([head, ...rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength))]);
}

function arrowFile(): Uint8Array {
  const child = makeData({ type: new Float32(), data: Float32Array.from(ROWS.flatMap(({ vector }) => [...vector])) });
  const list = makeData({ type: new FixedSizeList(DIM, new Field('item', new Float32(), false)), length: ROWS.length, child });
  return tableToIPC(new Table({ name: vectorFromArray(ROWS.map(({ name }) => name)), size: vectorFromArray(Int32Array.from(ROWS, ({ size }) => size)), vector: new Vector([list]) }), 'file');
}

const parquetFile = (): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 3 },
        { name: 'name', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
        { name: 'size', type: 'INT32', repetition_type: 'REQUIRED' },
        { name: 'vector', repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
      ],
      columnData: [
        { name: 'name', data: ROWS.map(({ name }) => name) },
        { name: 'size', data: Int32Array.from(ROWS, ({ size }) => size) },
        { name: 'vector', data: ROWS.map(({ vector }) => [...vector]) },
      ],
    }),
  );

describe.skipIf(executablePath === null)('files of a visitor', () => {
  let host: Served;
  let demo: DemoVisit;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    demo = await visitDemo(null, { acceptDownloads: true });
    ({ host, visitor, page } = demo);
  }, 120_000);

  afterAll(() => demo?.leave());

  it.each<[string, () => Uint8Array]>([
    ['parquet', parquetFile],
    ['arrow', arrowFile],
  ])('%s: its vectors are compared as plain arithmetic does', { timeout: MAKE_MS }, async (format, bytes) => {
    await begin(page, host.url);
    await choose(page, fileOf(`From ${format}.${format}`, bytes()));
    await page.locator('.preview').waitFor();
    expect(await page.getByLabel('Column of vectors').inputValue()).toBe('vector');
    expect(await make(page)).toBe(true);
    // Rows were counted from 1.
    await page.goto(`${host.url}#/own_from_${format}?pick=8`);
    await soon(() => page.locator('.picked h1').innerText()).toBe('item 7');
    await soon(() => page.locator('.result .score').allInnerTexts()).toEqual(expectedScores(7));
  });

  it('numpy: vectors alone can be looked through, though nothing can be typed', { timeout: MAKE_MS }, async () => {
    await begin(page, host.url);
    await choose(page, fileOf('Only vectors.npy', npy(ROWS.map(({ vector }) => vector))));
    await page.locator('.preview').waitFor();
    expect(await page.getByLabel('Title of a row').locator('option').count()).toBe(1);
    expect(await make(page)).toBe(true);
    await page.goto(`${host.url}#/own_only_vectors?pick=8`);
    await soon(() => page.locator('.result .score').allInnerTexts()).toEqual(expectedScores(7));
    expect(await page.getByRole('searchbox').count()).toBe(0);
  });

  it('saves as Parquet, Arrow and NumPy what other programs read', { timeout: MAKE_MS }, async () => {
    await begin(page, host.url);
    const item = ownItem(page, 'From parquet');
    const save = async (format: string, withVectors: boolean): Promise<Buffer> => {
      await item.getByLabel(/Format/).selectOption({ label: format });
      if (withVectors) await item.getByLabel('with vectors').check();
      const download = page.waitForEvent('download');
      await item.getByRole('button', { name: /^Save/ }).click();
      return readFile((await (await download).path())!);
    };
    const plain = ROWS.map(({ name, size }, i) => ({ id: i + 1, name, size }));
    const parquet = await save('Parquet', true);
    const rows = (await parquetReadObjects({ file: parquet.buffer.slice(parquet.byteOffset, parquet.byteOffset + parquet.length) as ArrayBuffer })) as { id: bigint; name: string; size: bigint; vector: ArrayLike<number> }[];
    expect(rows.map(({ id, name, size }) => ({ id: Number(id), name, size: Number(size) }))).toEqual(plain);
    expect(rows.map(({ vector }) => Float32Array.from(vector))).toEqual(ROWS.map(({ vector }) => vector));
    const arrow = tableFromIPC(await save('Arrow', true));
    expect(arrow.toArray().map((row) => ({ id: Number(row!['id']), name: row!['name'] as string, size: Number(row!['size']) }))).toEqual(plain);
    expect(arrow.toArray().map((row) => Float32Array.from(row!['vector'] as Iterable<number>))).toEqual(ROWS.map(({ vector }) => vector));
    const bytes = await save('NumPy, the vectors', false);
    const size = ROWS.length * DIM * 4;
    expect(new Float32Array(bytes.buffer.slice(bytes.byteOffset + bytes.length - size, bytes.byteOffset + bytes.length))).toEqual(Float32Array.from(ROWS.flatMap(({ vector }) => [...vector])));
  });

  it('a folder of Markdown is split into passages under their headings', { timeout: MAKE_MS }, async () => {
    const folder = join(demo.profile, 'garden book');
    await mkdir(join(folder, 'deep', 'er'), { recursive: true });
    await writeFile(join(folder, 'roses.md'), '# Roses\n\nRoses like sun.\n\n## Pruning\n\nPrune them in March, above an eye that looks outward.\n\n## Feeding\n\nCompost in spring does them good.\n');
    await writeFile(join(folder, 'deep', 'er', 'beans.md'), '# Beans\n\n## Sowing\n\nSow beans when the soil is warm, four to a pole.\n');
    await writeFile(join(folder, 'deep', 'notes.txt'), 'Slugs come at night after rain.\n');
    await writeFile(join(folder, 'picture.png'), Buffer.from([0x89, 0x50]));
    await begin(page, host.url);
    await choose(page, folder, 'Choose a folder');
    await page.locator('.preview').waitFor();
    expect(await page.getByLabel('Name of the collection').inputValue()).toBe('Garden book');
    expect((await page.locator('.preview tbody tr').allInnerTexts()).length).toBeGreaterThanOrEqual(5);
    expect(await make(page)).toBe(true);
    await page.goto(`${host.url}#/own_garden_book?q=where%20to%20prune`);
    await soon(async () => (await found(page))[0]).toBe('Pruning');
    await soon(() => page.locator('.picked .passage').first().innerText()).toMatch(/^Prune them in March/);
    await page.getByRole('searchbox').fill('slugs rain');
    await soon(() => page.locator('.browse .found-list .snippet').first().innerText()).toMatch(/^Slugs come at night/);
  });

  it('a folder that is dropped anywhere on the page is read', { timeout: MAKE_MS }, async () => {
    await page.goto('about:blank');
    await page.goto(`${host.url}#/papers`);
    await page.locator('.status .phase.is-ready').waitFor({ timeout: MAKE_MS });
    await page.evaluate(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['word,meaning\nkite,a bird of prey that hovers\nowl,a bird of prey of the night\n'], 'birds.csv'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    });
    await page.locator('.preview').waitFor();
    expect(page.url()).toContain('#/papers/add');
    expect(await page.locator('.preview tbody tr').count()).toBe(2);
  });

  /** Serious faults of accessibility, in both themes, and what sticks out on a phone. */
  async function faults(where: string): Promise<string[]> {
    const all: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) all.push(`${where}, ${width}: sticks out by ${over}`);
        for (const fault of await seriousFaults(page)) all.push(`${where}, ${colorScheme}, ${width}: ${fault}`);
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 860 });
    return all;
  }

  it('is used by keyboard alone, from a pasted text to a search, and axe finds nothing on the way', { timeout: 3 * MAKE_MS }, async () => {
    await begin(page, host.url);
    const all: string[] = await faults('begin');
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '');
    const tabTo = async (name: RegExp) => {
      for (let presses = 0; presses < 60; presses++) {
        if (name.test(await focused())) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`${name} cannot be reached, at ${await focused()}`);
    };
    const tabToText = async () => {
      for (let presses = 0; presses < 60; presses++) {
        if (await page.evaluate(() => document.activeElement?.id === 'pasted')) return;
        await page.keyboard.press('Tab');
      }
      throw new Error('the field for a text cannot be reached');
    };
    await tabToText();
    // What is typed into a field of many lines; Enter ends none of it.
    await page.keyboard.insertText('# Harbour\n\nThe ferry leaves at nine, and the gulls follow it out to the lighthouse.\n\n# Mountain\n\nSnow lies on the pass until May, and the hut is closed.\n\n# Market\n\nCheese, olives and bread are sold in the square on Fridays.\n');
    await tabTo(/^Use this text$/);
    await page.keyboard.press('Enter');
    await soon(focused).toBe('Pasted text.txt');
    all.push(...(await faults('mapping')));
    await page.locator('h1').first().focus();
    await tabTo(/^Add \d rows?$/);
    await page.keyboard.press('Enter');
    await soon(focused).toBe('“Pasted text” is ready');
    all.push(...(await faults('done')));
    await page.locator('#done-title').focus();
    await tabTo(/^Search it$/);
    await page.keyboard.press('Enter');
    await page.getByRole('searchbox').focus();
    await page.keyboard.insertText('ferry lighthouse');
    await soon(() => page.locator('.browse .snippet').first().innerText()).toMatch(/^The ferry leaves|^# Harbour/);
    all.push(...(await faults('search')));
    expect(all).toEqual([]);
  });

  it('logged no error in all that', () => {
    expect(visitor.faults, `seed ${SEED}`).toEqual([]);
  });

  it('says so when the browser gives no more storage, and what was begun can be removed', { timeout: 3 * MAKE_MS }, () =>
    withProfile(async (other) => {
      // Its cache of the page's files would take the room that is measured out here for rows.
      const guest = await visit(other, { serviceWorkers: 'block' });
      try {
        const tab = await guest.newPage();
        const devtools = await guest.context.newCDPSession(tab);
        // Before the page is there: later it would be heard late.
        await devtools.send('Storage.overrideQuotaForOrigin', { origin: new URL(host.url).origin, quotaSize: 6_000_000 });
        await begin(tab, host.url);
        const letters = random(9);
        // A text to search by, and what no store makes smaller.
        const text = () => Array.from({ length: 60 }, () => `w${Math.floor(letters() * 3_000).toString(36)}`).join(' ');
        const noise = () => Array.from({ length: 360 }, () => Math.floor(letters() * 2 ** 31).toString(36)).join('');
        await choose(tab, fileOf('Large.jsonl', Array.from({ length: 3_000 }, (_, i) => JSON.stringify({ title: `part ${i}`, text: text(), noise: noise() })).join('\n')));
        await tab.locator('.preview').waitFor();
        await tab.getByRole('checkbox', { name: 'noise', exact: true }).uncheck();
        await tab.getByRole('checkbox', { name: 'text', exact: true }).check();
        expect(await make(tab)).toMatch(/no more storage/);
        expect(await collections(tab)).not.toContain('Large');
        await tab.getByRole('button', { name: 'Remove it' }).click();
        await tab.getByRole('heading', { name: 'Add your own data' }).waitFor();
        await soon(() => ownItem(tab, 'Large').count()).toBe(0);
        // The page goes on: a small one is made.
        await choose(tab, fileOf('Small.jsonl', ROWS.map(({ name }) => JSON.stringify({ text: `${name} of a small file` })).join('\n')));
        await tab.locator('.preview').waitFor();
        expect(await make(tab)).toBe(true);
        expect(await outcome(tab)).toBe(true);
      } finally {
        await guest.leave();
      }
    }));
});
