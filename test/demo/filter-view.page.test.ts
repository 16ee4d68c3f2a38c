/** The filter view of the built page in a real browser: conditions, text, mistakes, the plan before and after an index, by mouse and by keyboard. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/serve.mjs';
import { CLASSES } from '../../web-demo/sample/collections.mjs';
import { fileReader } from '../../web-demo/sample/files.mjs';
import { openSource } from '../../web-demo/sample/source.mjs';
import { executablePath, visitDemo } from './browser.ts';
import type { DemoVisit, Visitor } from './browser.ts';

const VISIT_MS = 120_000;
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 50 });

describe.skipIf(executablePath === null)('the filter view', () => {
  let host: Served;
  let demo: DemoVisit;
  let visitor: Visitor;
  let page: Page;
  let labels: Uint8Array;

  beforeAll(async () => {
    const source = await openSource(fileReader);
    const blocks = await Promise.all(source.description.images.blocks.map((_, index) => source.imageBlock(index)));
    labels = Uint8Array.from(blocks.flatMap((block) => [...block.labels]));
    demo = await visitDemo('#/images/filter');
    ({ host, visitor, page } = demo);
  }, VISIT_MS);

  afterAll(() => demo?.leave());

  const expression = () => page.getByRole('textbox', { name: 'Expression' });
  const count = async () => Number((await page.locator('[data-metric=count]').innerText()).replaceAll(',', ''));
  const rowsOf = (wanted: (label: number) => boolean) => labels.reduce((sum, label) => sum + Number(wanted(label)), 0);
  const [bag, boot] = [CLASSES.indexOf('Bag'), CLASSES.indexOf('Ankle boot')];
  const show = async (hash: string) => {
    await page.goto('about:blank');
    await page.goto(`${host.url}${hash}`);
    await page.locator('.matches').waitFor();
  };

  it('writes conditions as they are chosen, and counts what matches', { timeout: VISIT_MS }, async () => {
    await soon(count).toBe(labels.length);
    await page.getByRole('button', { name: 'Add a condition' }).click();
    // The first field but the key, ready to be asked.
    expect(await page.getByLabel('Condition 1: field').evaluate((select) => select === document.activeElement)).toBe(true);
    await page.getByLabel('Condition 1: value').selectOption({ label: 'Bag' });
    await soon(() => expression().inputValue()).toBe(`label == ${bag}`);
    await soon(count).toBe(rowsOf((label) => label === bag));
    await page.getByRole('button', { name: 'Add a group' }).click();
    await page.getByLabel('Condition 2.1: comparison').selectOption({ label: 'is one of' });
    await page.getByLabel('Condition 2.1: values, one more').selectOption({ label: 'Ankle boot' });
    await page.getByLabel('Condition 2.1: values, one more').selectOption({ label: 'Bag' });
    await page.getByLabel('Group: how').selectOption({ label: 'none of these' });
    await soon(() => expression().inputValue()).toBe(`not (label == ${bag} or label in [${boot}, ${bag}])`);
    await soon(count).toBe(rowsOf((label) => label !== bag && label !== boot));
    await page.getByRole('button', { name: 'Condition 1: remove' }).click();
    await soon(() => expression().inputValue()).toBe(`not (label in [${boot}, ${bag}])`);
  });

  it('keeps all of it in the link', { timeout: VISIT_MS }, async () => {
    const text = await expression().inputValue();
    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link);
    await soon(() => expression().inputValue()).toBe(text);
    await soon(count).toBe(rowsOf((label) => label !== bag && label !== boot));
    expect(await page.getByLabel('Group: how').inputValue()).toBe('none');
    expect(await page.getByRole('button', { name: 'Take away Ankle boot' }).count()).toBe(1);
    expect(await page.locator('.hits li').count()).toBe(24);
  });

  it('tells how it was done', async () => {
    const plan = page.getByRole('region', { name: 'How it was done' });
    await soon(() => plan.innerText()).toContain(`${rowsOf((label) => label !== bag && label !== boot).toLocaleString('en')} of 10,000 rows`);
    expect(await plan.innerText()).toContain('0 skipped');
    expect(await plan.locator('.table tbody tr').innerText()).toMatch(/10,000\s+reading columns\s+label/);
  });

  it('searches near a row among what matches', { timeout: VISIT_MS }, async () => {
    await page.getByRole('button', { name: 'Search near a random picture' }).click();
    await soon(() => page.locator('.hits li').count()).toBe(10);
    await soon(() => page.locator('.plan .table tbody').innerText()).toMatch(/walk of the graph|scan of the matching rows/);
    expect(await page.locator('.plan .times').innerText()).toContain('Finding the nearest of them');
    const captions = await page.locator('.hits figcaption').allInnerTexts();
    expect(captions.some((caption) => /Bag|Ankle boot/.test(caption))).toBe(false);
    // A hit is the next query.
    const [, id] = /(\d+)$/.exec(captions[3])!;
    await page.locator('.hits button').nth(3).click();
    await soon(() => page.locator('.near').innerText()).toContain(id);
    // Of few rows that match, all are compared.
    await show(`#/images/filter?filter=id+<+40&near=${id}`);
    await soon(() => page.locator('.plan .facts').innerText()).toContain('40 of 10,000');
    await soon(() => page.locator('.plan .table tbody').innerText()).toMatch(/scan of the matching rows \(HNSW_SQ\)\s+40$/);
    // Of all rows, a graph is walked.
    await show(`#/images/filter?near=${id}`);
    await soon(() => page.locator('.plan .table tbody').innerText()).toMatch(/walk of the graph \(HNSW_SQ\)\s+\d{2,3}$|walk of the graph \(HNSW_SQ\)\s+1,\d{3}$/);
  });

  it('shows the plan before and after an index is made', { timeout: VISIT_MS }, async () => {
    await show(`#/images/filter?filter=label+==+${bag}`);
    await soon(() => page.locator('.plan .table tbody').innerText()).toContain('reading columns');
    await page.getByLabel('Type of an index of label').selectOption('BITMAP');
    await page.getByRole('button', { name: 'Make an index of label' }).click();
    await soon(() => page.locator('.indexes').innerText()).toContain('BITMAP made in');
    await soon(() => page.locator('.plan .table tbody').innerText()).toMatch(/10,000\s+index\s+label\s+1,00\d|10,000\s+index\s+label\s+9\d\d/);
    await soon(() => page.locator('.plan .times thead').innerText()).toContain('Before');
    // What an index knows is how many rows it has to expect.
    const [expected, matched] = await page.locator('.plan .table tbody td').evaluateAll((cells) => cells.slice(2, 4).map((cell) => cell.textContent));
    expect(expected).toBe(matched);
    await page.getByRole('button', { name: 'Remove the index of label' }).click();
    await soon(() => page.locator('.plan .table tbody').innerText()).toContain('reading columns');
  });

  it('points at a mistake in what is written by hand, and goes back to the builder', { timeout: VISIT_MS }, async () => {
    await show('#/images/filter');
    await page.getByRole('button', { name: 'Add a condition' }).click();
    await page.getByLabel('Condition 1: value').selectOption({ label: 'Bag' });
    await expression().fill(`label == ${bag} and lable == "x"`);
    await page.locator('.mistake pre').waitFor();
    expect(await page.locator('.mistake').innerText()).toContain('did you mean "label"?');
    const [line, carets] = (await page.locator('.mistake pre').innerText()).split('\n');
    expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('lable');
    expect(await page.locator('.mistake .expected').innerText()).toContain('the name of a field');
    await page.getByRole('button', { name: 'Go there' }).click();
    expect(await expression().evaluate((area) => (area as HTMLTextAreaElement).selectionStart)).toBe(`label == ${bag} and `.length);
    expect(await page.getByLabel('Condition 1: field').count()).toBe(0);
    await expression().fill(`label == ${bag} or label == ${boot}`);
    await soon(count).toBe(rowsOf((label) => label === bag || label === boot));
    expect(await page.locator('.mistake').count()).toBe(0);
    await page.getByRole('button', { name: 'Back to the builder' }).click();
    await soon(() => expression().inputValue()).toBe(`label == ${bag}`);
    await soon(count).toBe(rowsOf((label) => label === bag));
  });

  it('shows it as code', async () => {
    const code = page.getByRole('region', { name: 'As code' });
    expect(await code.locator('pre').innerText()).toContain(`filterParams: { v0: ${bag} }`);
    await code.getByRole('button', { name: 'elanus/filter' }).click();
    expect(await code.locator('pre').innerText()).toContain(`f("label").eq(${bag})`);
  });

  it('is used by keyboard', { timeout: VISIT_MS }, async () => {
    await show('#/art/filter');
    await page.locator('.status .phase.is-ready').waitFor({ timeout: VISIT_MS });
    await page.getByRole('button', { name: 'Add a condition' }).focus();
    await page.keyboard.press('Enter');
    await soon(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Condition 1: field');
    await page.getByLabel('Condition 1: field').selectOption('["department"]');
    await page.keyboard.press('Tab');
    await page.getByLabel('Condition 1: comparison').selectOption({ label: 'is one of' });
    await page.keyboard.press('Tab');
    await page.keyboard.type('Asian Art');
    await page.keyboard.press('Enter');
    await page.keyboard.type('say "no"');
    await page.keyboard.press('Enter');
    await soon(() => expression().inputValue()).toBe('department in ["Asian Art", "say \\"no\\""]');
    // Until then it is the count of all that is shown.
    await soon(count).toBeLessThan(1_499);
    expect(await count()).toBeGreaterThan(10);
    // To its end by the tab key: the focus is caught nowhere.
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.textContent)) === 'Copy') return;
    }
    expect.fail('the copy button was never reached');
  });

  it('hands its filter to the search, which can be rid of it', { timeout: VISIT_MS }, async () => {
    const matching = await count();
    await page.getByRole('link', { name: 'Search within these works' }).click();
    await soon(() => page.locator('.filter-chip').innerText()).toContain('department in');
    await soon(() => page.locator('.found').innerText()).toMatch(new RegExp(`^${matching} works`));
    await page.getByRole('button', { name: 'Search without this filter' }).click();
    await soon(() => page.locator('.found').innerText()).toMatch(/^1,499 works/);
    expect(page.url()).not.toContain('filter');
  });

  it("filters a visitor's own rows: lists, what lies in JSON, hostile texts", { timeout: 2 * VISIT_MS }, async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({
      title: i === 7 ? '" or true or "' : `note ${i} about kites and herons`,
      tags: i % 3 === 0 ? ['bird', 'a "quoted" tag'] : ['other'],
      meta: { shelf: { row: i % 5 }, color: i % 2 === 0 ? 'red' : 'blue', sold: i % 4 === 0 },
    }));
    await page.goto('about:blank');
    await page.goto(`${host.url}#/papers/add`);
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Choose a file' }).click();
    await (await chooser).setFiles({ name: 'birds.jsonl', mimeType: 'application/octet-stream', buffer: Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')) });
    await page.locator('.mapping button[type=submit]').click({ timeout: VISIT_MS });
    await page.getByRole('heading', { name: /is ready$/ }).waitFor({ timeout: VISIT_MS });
    await page.getByRole('link', { name: 'Search it' }).click();
    await page.getByRole('link', { name: 'Filter' }).click();
    const matching = (wanted: (row: (typeof rows)[number]) => boolean) => soon(count).toBe(rows.filter(wanted).length);
    await matching(() => true);
    await page.getByRole('button', { name: 'Add a condition' }).click();
    await page.getByLabel('Condition 1: field').selectOption('["tags"]');
    await page.getByLabel('Condition 1: value').fill('a "quoted" tag');
    await matching(({ tags }) => tags.length === 2);
    await page.getByLabel('Condition 1: field').selectOption('["meta","color"]');
    await page.getByLabel('Condition 1: value').fill('red');
    await matching(({ meta }) => meta.color === 'red');
    expect(await expression().inputValue()).toBe('meta["color"] == "red"');
    // A place that is typed, read as a number.
    await page.getByRole('button', { name: 'Add a condition' }).click();
    await page.getByLabel('Condition 2: field').selectOption('["meta"]');
    await page.getByLabel('Condition 2: place inside').fill('shelf.row');
    await page.getByLabel('Condition 2: what is there').selectOption('number');
    await page.getByLabel('Condition 2: comparison').selectOption({ label: 'is at most' });
    await page.getByLabel('Condition 2: value').fill('1');
    await matching(({ meta }) => meta.color === 'red' && meta.shelf.row <= 1);
    // An index over a place inside.
    await page.getByRole('button', { name: 'Make an index of meta["color"]' }).click();
    await soon(() => page.locator('.indexes').innerText()).toContain('INVERTED made in');
    await matching(({ meta }) => meta.color === 'red' && meta.shelf.row <= 1);
    await page.getByRole('button', { name: 'Condition 2: remove' }).click();
    await page.getByLabel('Condition 1: field').selectOption('["title"]');
    await page.getByLabel('Condition 1: value').fill('" or true or "');
    await matching(({ title }) => title.startsWith('"'));
    expect(await page.locator('.hits li').innerText()).toContain('" or true or "');
  });

  it('logged no error in all that', () => {
    expect(visitor.faults).toEqual([]);
  });
});
