/** What the search of a list asks the database for: words as they are typed, and facets, whatever stands in them. */
import { describe, expect, it } from 'vitest';
import { connect, defineSchema } from '../../src/node.ts';
import type { Dataset } from '../../web-demo/src/collections/dataset.ts';
import { allOf, facetsOf, wordsFilter } from '../../web-demo/src/views/list/filter.ts';
import type { Filter } from '../../web-demo/src/views/list/filter.ts';

const TITLES = ['Gaussian processes', 'GAUSSIAN mixture (EM)', 'f(x) = x^2', 'C++ and C#', 'a.b.c', 'axbxc', '100 % "quoted" \\d', 'Ångström {v0}', '<b>bold</b>', 'plain'];
const PLACES = ['a "b"', "it's", 'x\\y', '{v0}', 'plain', 'a "b"', '', 'a', 'b', 'c'];

async function idsOf(filter: Filter | null): Promise<number[]> {
  const database = await connect('memory:');
  const rows = await database.createCollection('rows', defineSchema({ fields: {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    title: { type: 'VarChar', maxLength: 100 },
    place: { type: 'VarChar', maxLength: 100 },
    size: { type: 'Int32' },
    vector: { type: 'FloatVector', dim: 2 },
  } }));
  await rows.insert(TITLES.map((title, id) => ({ id, title, place: PLACES[id]!, size: 10 * id, vector: [id, 1] })));
  const found = await rows.query({ filter: filter?.filter ?? '', filterParams: filter?.filterParams, limit: 100, outputFields: ['id'] });
  await database.close();
  return found.map(({ id }) => id);
}

describe('words', () => {
  it.each(['gaussian', 'GAUSS proc', 'f(x)', 'c++', '.', 'a.b', '^2', '"quoted" %', '\\d', 'ångström', '{v0}', '<b>', '[a-z]', '$', 'plain|bold', '*', '(?i)'])('%s: are found where they stand, in any case', async (words) => {
    const wanted = words.toLowerCase().split(/\s+/);
    const expected = TITLES.flatMap((title, id) => (wanted.every((word) => title.toLowerCase().includes(word)) ? [id] : []));
    expect(await idsOf(wordsFilter('title', words))).toEqual(expected);
  });

  it('that are none ask for nothing', () => {
    expect(wordsFilter('title', '  ')).toBeNull();
  });
});

describe('facets', () => {
  const dataset = { fields: [{ name: 'place', title: 'Place', kind: 'category' }, { name: 'size', title: 'Size', kind: 'number' }] } as unknown as Dataset;

  it.each([...new Set(PLACES)].filter((place) => place !== ''))('of a category have the rows of %s', async (place) => {
    expect(await idsOf(facetsOf(dataset, new URLSearchParams({ 'f.place': place })))).toEqual(PLACES.flatMap((each, id) => (each === place ? [id] : [])));
  });

  it('of numbers have both bounds, and go with words', async () => {
    expect(await idsOf(facetsOf(dataset, new URLSearchParams({ 'f.size.from': '20', 'f.size.to': '40' })))).toEqual([2, 3, 4]);
    expect(await idsOf(allOf([facetsOf(dataset, new URLSearchParams({ 'f.size.from': '10' })), wordsFilter('title', 'gauss')]))).toEqual([1]);
    expect(facetsOf(dataset, new URLSearchParams({ 'f.size.from': 'many' }))).toBeNull();
  });
});
