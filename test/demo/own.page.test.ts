/** A visitor's own files in the built page: read, mapped, embedded, searched, kept, saved and deleted, and what is said of those that cannot be. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/serve.mjs';
import { random } from '../support/random.ts';
import { executablePath, visitDemo } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';
import { MAKE_MS, begin as beginAt, choose as chooseIn, collections, fileOf, found as foundIn, make as makeIn, ownItem, soon } from './own-visitor.ts';
import type { GivenFile } from './own-visitor.ts';

const BUILD_MS = 120_000;

const TOPICS = {
  kitchen: ['simmer the tomatoes with garlic and basil', 'whisk eggs and sugar until the batter is pale', 'knead the dough and let the bread rise', 'roast the carrots with thyme and honey'],
  garden: ['prune the roses before the first frost', 'sow tomatoes indoors and water the seedlings', 'rake the leaves onto the compost heap', 'plant tulip bulbs in the autumn soil'],
  workshop: ['sand the oak board and oil the grain', 'drill a pilot hole before driving the screw', 'sharpen the chisel on a wet stone', 'clamp the joint until the glue has dried'],
} as const;

const NOTES = Object.entries(TOPICS).flatMap(([place, texts]) => texts.flatMap((text, i) => [0, 1, 2, 3].map((n) => ({ title: `${place} note ${i}${n}`, text: `${text}, try ${n}`, place, minutes: 5 * (i + n + 1), done: n % 2 === 0 }))));
const cell = (value: unknown): string => `"${String(value).replaceAll('"', '""')}"`;
const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
const CSV = ['title,text,place,minutes,done', ...[...NOTES, { title: HOSTILE, text: `${HOSTILE} zanzibar`, place: 'kitchen', minutes: 1, done: true }].map((row) => Object.values(row).map(cell).join(','))].join('\r\n');

describe.skipIf(executablePath === null)("a visitor's own files", () => {
  let host: Served;
  let demo: DemoVisit;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    demo = await visitDemo(null, { acceptDownloads: true });
    ({ host, visitor, page } = demo);
  }, BUILD_MS);

  afterAll(() => demo?.leave());

  const begin = () => beginAt(page, host.url);
  const choose = (files: GivenFile | GivenFile[], button?: string) => chooseIn(page, files, button);
  const make = () => makeIn(page);
  const found = () => foundIn(page);
  const search = (words: string) => page.getByRole('searchbox').fill(words);

  it('makes a collection of a CSV file that is chosen, and searches it in words', { timeout: 2 * MAKE_MS }, async () => {
    await begin();
    await choose(fileOf('house notes.csv', CSV));
    await page.locator('.preview').waitFor();
    expect((await page.locator('.preview th').allInnerTexts()).map((text) => text.replace(/\s+/g, ' '))).toEqual(['title text', 'text text', 'place text', 'minutes whole number', 'done yes / no']);
    expect(await page.locator('.preview tbody tr').count()).toBe(5);
    expect(await page.locator('.preview tbody td').first().innerText()).toBe('kitchen note 00');
    expect(await page.getByLabel('Name of the collection').inputValue()).toBe('House notes');
    expect(await page.getByLabel('Title of a row').inputValue()).toBe('=title');
    for (const name of ['Filter by place', 'Filter by minutes', 'Filter by done', 'Keep minutes']) expect(await page.getByRole('checkbox', { name }).isChecked(), name).toBe(true);
    expect(await page.getByRole('checkbox', { name: 'Filter by text' }).isChecked()).toBe(false);
    // A name that is missing is asked for.
    await page.getByLabel('Name of the collection').fill(' ');
    expect(await page.locator('.fault').innerText()).toMatch(/needs a name/);
    expect(await page.locator('.mapping button[type=submit]').isDisabled()).toBe(true);
    await page.getByLabel('Name of the collection').fill('House notes');
    expect(await make()).toBe(true);
    expect(await page.locator('.panel').innerText()).toContain('49 rows');
    expect(await collections(page)).toContain('House notes');
    await page.getByRole('link', { name: 'Search it' }).click();
    await soon(() => page.url()).toContain('#/own_house_notes');
    await search('sharpen a chisel');
    await soon(async () => (await found()).slice(0, 4).sort()).toEqual(['workshop note 20', 'workshop note 21', 'workshop note 22', 'workshop note 23']);
    // Filters are made of the columns that were chosen.
    await search('tomatoes');
    await page.getByLabel('place').selectOption('garden');
    await soon(async () => (await found())[0]).toMatch(/^garden note 1/);
    expect((await found()).every((title) => title.startsWith('garden'))).toBe(true);
    await page.getByLabel('minutes, to').fill('10');
    await soon(found).toEqual(['garden note 10', 'garden note 00', 'garden note 01'].filter((title) => NOTES.some((note) => note.title === title && note.minutes <= 10)).concat([]));
  });

  it('shows what is in a cell as text', { timeout: MAKE_MS }, async () => {
    await page.goto(`${host.url}#/own_house_notes?q=zanzibar`);
    await soon(async () => (await found())[0]).toBe(HOSTILE);
    await soon(() => page.locator('.picked h1').innerText()).toBe(HOSTILE);
    expect(await page.locator('.picked .passage').innerText()).toBe(`${HOSTILE} zanzibar`);
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).toContain('House notes');
    expect((await page.locator('.picked dl > div').allInnerTexts()).map((text) => text.replace(/\s+/g, ' '))).toEqual(['place kitchen', 'minutes 1', 'done yes']);
  });

  it('is there after a reload and after the browser was closed, and in a second tab', { timeout: 2 * MAKE_MS }, async () => {
    const link = `${host.url}#/own_house_notes?q=prune%20the%20roses`;
    for (const how of ['reload', 'restart', 'tab'] as const) {
      if (how === 'restart') ({ visitor, page } = await demo.begin());
      const shown = how === 'tab' ? await visitor.newPage() : page;
      await shown.goto('about:blank');
      await shown.goto(link);
      await soon(async () => (await shown.locator('.browse .found-list .title').allInnerTexts()).slice(0, 4).sort()).toEqual(['garden note 00', 'garden note 01', 'garden note 02', 'garden note 03']);
      expect(await shown.getByRole('link', { name: 'House notes' }).getAttribute('aria-current')).toBe('page');
      if (how === 'tab') await shown.close();
    }
  });

  it('appears and goes in a second tab as it does in the first', { timeout: 2 * MAKE_MS }, async () => {
    const second = await visitor.newPage();
    await second.goto(`${host.url}#/papers`);
    await second.locator('.status .phase.is-ready').waitFor({ timeout: MAKE_MS });
    await begin();
    await choose(fileOf('house notes.csv', CSV));
    await page.locator('.preview').waitFor();
    // The name of the file is taken by now.
    expect(await page.getByLabel('Name of the collection').inputValue()).toBe('House notes 2');
    expect(await make()).toBe(true);
    await soon(() => collections(second)).toContain('House notes 2');
    await second.getByRole('link', { name: 'House notes 2' }).click();
    await second.getByRole('searchbox').fill('sharpen a chisel');
    await soon(async () => (await foundIn(second))[0]).toMatch(/^workshop note 2/);
    const item = ownItem(page, 'House notes 2');
    await item.getByRole('button', { name: 'Delete' }).click();
    await item.getByRole('group').getByRole('button', { name: 'Delete' }).click();
    await soon(() => collections(second)).not.toContain('House notes 2');
    await second.getByRole('link', { name: 'House notes', exact: true }).click();
    await soon(async () => (await foundIn(second)).length).toBe(30);
    await second.close();
  });

  it('compares vectors of the file as plain arithmetic does', { timeout: MAKE_MS }, async () => {
    const seed = Number(process.env['SEED'] ?? 11);
    const next = random(seed);
    const rows = Array.from({ length: 300 }, (_, i) => ({ key: `k${i}`, vector: Array.from({ length: 12 }, () => next() - 0.5) }));
    await begin();
    await choose(fileOf('vectors.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')));
    await page.locator('.preview').waitFor();
    expect(await page.getByLabel('Column of vectors').inputValue()).toBe('vector');
    await page.getByLabel('Key', { exact: true }).selectOption('=key');
    await page.getByLabel('Compare by').selectOption('L2');
    expect(await make()).toBe(true);
    await page.goto(`${host.url}#/own_vectors?pick=k7`);
    const distance = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, d) => sum + (x - b[d]!) ** 2, 0);
    const expected = [...rows].filter(({ key }) => key !== 'k7').sort((a, b) => distance(a.vector, rows[7]!.vector) - distance(b.vector, rows[7]!.vector)).slice(0, 10);
    await soon(() => page.locator('.result .found-list .title').allInnerTexts(), ).toEqual(expected.map(({ key }) => `key ${key}`));
    expect(await page.locator('.result .score').first().innerText(), `seed ${seed}`).toBe(distance(expected[0]!.vector, rows[7]!.vector).toFixed(3));
    // Words of the key find rows, because nothing else is there to find them by.
    await search('k299');
    await soon(found).toEqual(['key k299']);
  });

  it('saves a collection as a file that can be added again', { timeout: MAKE_MS }, async () => {
    await begin();
    const item = ownItem(page, 'House notes');
    for (const [format, ending] of [['CSV', 'csv'], ['JSONL', 'jsonl']] as const) {
      await item.getByLabel(/Format/).selectOption({ label: format });
      const download = page.waitForEvent('download');
      await item.getByRole('button', { name: /^Save/ }).click();
      const file = await download;
      expect(file.suggestedFilename()).toBe(`House notes.${ending}`);
      const text = await readFile((await file.path())!, 'utf8');
      if (ending === 'jsonl') {
        const rows = text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
        expect(rows.map(({ id: _, ...row }) => row)).toEqual([...NOTES, { title: HOSTILE, text: `${HOSTILE} zanzibar`, place: 'kitchen', minutes: 1, done: true }]);
      } else expect(text).toContain(cell(HOSTILE));
    }
  });

  it('asks before it deletes, and then nothing is left', { timeout: MAKE_MS }, async () => {
    await begin();
    const item = ownItem(page, 'Vectors');
    await item.getByRole('button', { name: 'Delete' }).click();
    await item.getByRole('button', { name: 'Keep' }).click();
    await item.getByRole('button', { name: 'Delete' }).click();
    await item.getByRole('group').getByRole('button', { name: 'Delete' }).click();
    await soon(() => item.count()).toBe(0);
    await soon(() => collections(page)).not.toContain('Vectors');
    await page.reload();
    await page.locator('.own-list').waitFor();
    expect(await page.locator('.own-list').innerText()).not.toContain('Vectors');
  });

  it.each<[string, GivenFile, RegExp]>([
    ['a row with a cell too many', fileOf('bad.csv', 'a,b\n1,2\n3,4,5\n'), /bad\.csv, row 1 \(line 3\)/],
    ['JSON that ends in the middle', fileOf('bad.json', '[{"a": 1}, {"a": '), /bad\.json/],
    ['a line that is no object', fileOf('bad.jsonl', '{"a": 1}\n17\n'), /bad\.jsonl.*(row 1|line 2)/],
    ['an empty file', fileOf('empty.csv', ''), /empty\.csv/],
    ['a header alone', fileOf('head.csv', 'a,b\n'), /no rows/],
    ['bytes of a picture', { name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]) }, /picture\.png/],
    ['bytes that are no UTF-8', { name: 'latin.csv', mimeType: 'text/csv', buffer: Buffer.from([0x61, 0x2c, 0x62, 0x0a, 0xe9, 0x2c, 0xe8, 0x0a]) }, /latin\.csv.*UTF-8/],
  ])('says of %s what is wrong, and goes on', { timeout: MAKE_MS }, async (_, file, words) => {
    if (!(await page.getByRole('heading', { name: 'Add your own data' }).isVisible())) await begin();
    await choose(file);
    await soon(() => page.locator('.begin .notice').innerText().catch(() => '')).toMatch(words);
    expect(await page.getByRole('button', { name: 'Choose a file' }).isEnabled()).toBe(true);
  });

  it('says which row and which column a later row is wrong in, before anything is written', { timeout: 2 * MAKE_MS }, async () => {
    await begin();
    // Types are found out of the first 10,000 rows.
    const next = random(5);
    const words = () => Array.from({ length: 9 }, () => `w${Math.floor(next() * 600)}x`).join(' ');
    const lines = Array.from({ length: 10_500 }, (_, i) => `${i === 10_250 ? 'many' : i},${words()}`);
    await choose(fileOf('late.csv', `number,words\n${lines.join('\n')}\n`));
    await page.locator('.preview').waitFor();
    const said = await make();
    expect(said).toContain('late.csv, row 10250 (line 10252), column "number"');
    expect(await collections(page)).not.toContain('Late');
    // A column that is left out cannot be wrong.
    await page.getByRole('checkbox', { name: 'Keep number' }).uncheck();
    expect(await make()).toBe(true);
  });

  it('says which rows share a key', { timeout: MAKE_MS }, async () => {
    await begin();
    const lines = Array.from({ length: 2_500 }, (_, i) => JSON.stringify({ id: i === 2_400 ? 3 : i, text: `the text of number ${i}` }));
    await choose(fileOf('keys.jsonl', lines.join('\n')));
    await page.locator('.preview').waitFor();
    // All rows of the sample are looked at, so that the page does not offer it.
    expect(await page.getByLabel('Key', { exact: true }).locator('option').allInnerTexts()).toEqual(['Count the rows', 'text']);
  });

  it('logged no error in all that', () => {
    expect(visitor.faults).toEqual([]);
  });
});
