/** What becomes of a visitor's file before anything is written: names, suggestions, the schema that a mapping comes to, and the description that is kept. */
import { describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/schema/define.ts';
import { inferSchema, openTable } from '../../src/io.ts';
import { decodeDescription, encodeDescription } from '../../web-demo/src/collections/own/description.ts';
import type { Description } from '../../web-demo/src/collections/own/description.ts';
import { shownValue } from '../../web-demo/src/collections/own/shown-value.ts';
import type { ColumnInfo } from '../../web-demo/src/views/add/column.ts';
import { kindOfText } from '../../web-demo/src/views/add/files.ts';
import { mappingFaults, suggestMapping, takenColumns } from '../../web-demo/src/views/add/mapping.ts';
import type { Mapping } from '../../web-demo/src/views/add/mapping.ts';
import { freeTitle, idFor, titleFault, titleOf } from '../../web-demo/src/views/add/names.ts';
import { planOf } from '../../web-demo/src/views/add/plan.ts';
import { ColumnCount, KeyCheck } from '../../web-demo/src/views/add/tally.ts';
import type { Tally } from '../../web-demo/src/views/add/tally.ts';
import { TextSample, exampleSearches, joinTexts, latentDim } from '../../web-demo/src/views/add/texts.ts';
import { random } from '../support/random.ts';

const column = (name: string, type: string, more: Partial<ColumnInfo> = {}): ColumnInfo => ({ name, type, nullable: false, unique: false, longest: 20, distinct: null, filled: 100, length: type === 'VarChar' ? 30 : 0, ...more });

const PAPERS = [
  column('id', 'Int64', { unique: true }),
  column('title', 'VarChar', { unique: true, length: 60 }),
  column('abstract', 'VarChar', { length: 900 }),
  column('year', 'Int64', { distinct: 12 }),
  column('field', 'VarChar', { distinct: 5, length: 8 }),
  column('tags', 'Array', { elementType: 'VarChar', distinct: 40 }),
  column('open', 'Bool', { distinct: 2 }),
  column('meta', 'JSON'),
];

describe('names', () => {
  it.each([
    ['My Recipes', 'own_my_recipes'],
    ['Füße & Hände', 'own_fu_e_hande'],
    ['日本語', 'own'],
    ['__proto__', 'own_proto'],
    ['constructor', 'own_constructor'],
    ['2024 notes', 'own_2024_notes'],
    ['images', 'own_images'],
  ])('%s is known to the database as %s, and a second one of that name as another', (title, id) => {
    expect(idFor(title, new Set())).toBe(id);
    expect(idFor(title, new Set([id]))).toBe(`${id}_2`);
    expect(idFor(title, new Set([id, `${id}_2`]))).toBe(`${id}_3`);
    expect(id).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
  });

  it('says what is wrong with a title', () => {
    expect(titleFault('  ')).toMatch(/needs a name/);
    expect(titleFault('x'.repeat(41))).toMatch(/at most 40.*has 41/);
    expect(titleFault('Notes', ['Notes'])).toMatch(/of that name/);
    expect(titleFault('Notes')).toBeNull();
    expect(freeTitle('Notes', ['Papers'])).toBe('Notes');
    expect(freeTitle('Notes', ['Notes', 'Notes 2'])).toBe('Notes 3');
  });

  it.each([
    ['papers.jsonl', 'Papers'],
    ['notes/2024/my_long notes.md', 'My long notes'],
    ['.csv', 'My data'],
    ['a'.repeat(90), `A${'a'.repeat(39)}`],
  ])('the title of %s is %s', (file, title) => expect(titleOf(file)).toBe(title));
});

describe('a suggestion', () => {
  it('takes what most would choose', () => {
    const mapping = suggestMapping(PAPERS, 'Papers');
    expect(mapping).toMatchObject({ key: 'id', from: 'text', vector: null, embedded: ['title', 'abstract'], embedder: 'latent', label: 'title', filters: ['year', 'field', 'tags', 'open'] });
    expect(mapping.kept).toEqual(PAPERS.map(({ name }) => name));
    expect(mappingFaults(mapping, PAPERS)).toEqual({});
  });

  it('takes vectors that are there, and leaves further ones out', () => {
    const columns = [...PAPERS, column('vector', 'FloatVector', { dim: 8 }), column('other', 'FloatVector', { dim: 4 }), column('bits', 'BinaryVector', { dim: 16 })];
    const mapping = suggestMapping(columns, 'Papers');
    expect(mapping).toMatchObject({ from: 'column', vector: 'vector', metric: 'COSINE' });
    expect(takenColumns(mapping)).not.toContain('other');
    expect(takenColumns(mapping)).not.toContain('bits');
  });

  it('of passages leaves out what is the same everywhere', () => {
    const passages = (files: number, headings: number) => [
      column('path', 'VarChar', { distinct: files }),
      column('title', 'VarChar', { distinct: files }),
      column('heading', 'VarChar', { distinct: headings }),
      column('passage', 'Int64', { distinct: 50 }),
      column('text', 'VarChar', { length: 700 }),
    ];
    expect(suggestMapping(passages(1, 1), 'x', 'text')).toMatchObject({ label: null, embedded: ['text'], kept: ['passage', 'text'], filters: [] });
    expect(suggestMapping(passages(1, 8), 'x', 'text')).toMatchObject({ label: 'heading', embedded: ['heading', 'text'], kept: ['heading', 'passage', 'text'], filters: [] });
    expect(suggestMapping(passages(5, 8), 'x', 'text')).toMatchObject({ label: 'heading', embedded: ['title', 'heading', 'text'], filters: ['title'] });
  });

  it('counts rows where no column is a key', () => {
    expect(suggestMapping([column('id', 'Int64'), column('text', 'VarChar')], 'x').key).toBeNull();
    expect(suggestMapping([column('id', 'Int64', { unique: true, nullable: true }), column('text', 'VarChar')], 'x').key).toBeNull();
    expect(suggestMapping([column('id', 'VarChar', { unique: true, longest: 4_000 }), column('text', 'VarChar')], 'x').key).toBeNull();
  });

  it('says what is missing of a mapping', () => {
    const mapping = suggestMapping(PAPERS, 'Papers');
    const faults = (part: Partial<Mapping>, columns = PAPERS) => mappingFaults({ ...mapping, ...part }, columns);
    expect(faults({ title: '' }).title).toBeDefined();
    expect(faults({ key: 'year' }).key).toMatch(/“year”/);
    expect(faults({ embedded: [] }).embedded).toMatch(/at least one/);
    expect(faults({ embedded: [] }, [column('n', 'Double')]).embedded).toMatch(/neither text nor vectors/);
    expect(faults({ from: 'column', vector: null }).vector).toBeDefined();
    expect(faults({ from: 'column', vector: 'title' }).vector).toBeDefined();
    const many = Array.from({ length: 70 }, (_, i) => column(`c${i}`, 'VarChar'));
    expect(suggestMapping(many, 'x').kept).toHaveLength(60);
    expect(mappingFaults({ ...suggestMapping(many, 'x'), kept: many.map(({ name }) => name) }, many).kept).toMatch(/70/);
  });
});

/** A table of a file, with what is counted of it. */
async function counted(text: string, name: string): Promise<{ table: Awaited<ReturnType<typeof openTable>>; tallies: Map<string, Tally>; infos: ColumnInfo[] }> {
  const table = await openTable({ name, bytes: new TextEncoder().encode(text) });
  const counts = new Map(table.columns.map((each) => [each.name, new ColumnCount()]));
  for await (const batch of table.batches()) {
    for (const [each, values] of batch.columns) values.forEach((value) => counts.get(each)!.add(value));
  }
  const tallies = new Map([...counts].map(([each, count]) => [each, count.tally]));
  const infos = table.columns.map((each): ColumnInfo => ({ ...each, distinct: tallies.get(each.name)!.distinct, filled: tallies.get(each.name)!.filled, length: tallies.get(each.name)!.characters / Math.max(1, tallies.get(each.name)!.filled) }));
  return { table, tallies, infos };
}

const LATENT = { kind: 'latent', id: 'latent-8-00000000', dim: 8, terms: 3 } as const;
const BODY = 'A passage that is long enough to be searched by, with some words in it';

describe('a plan', () => {
  it('is a schema that the database takes, with fields to show and to filter by', async () => {
    const lines = Array.from({ length: 30 }, (_, i) => JSON.stringify({ id: i, title: `Title ${i}`, body: `${BODY} ${i}`, year: 2000 + (i % 3), kind: ['a', 'b'][i % 2], tags: ['x', `t${i % 4}`], open: i % 2 === 0, meta: { deep: i } }));
    const { table, tallies, infos } = await counted(lines.join('\n'), 'rows.jsonl');
    const mapping = suggestMapping(infos, 'Rows');
    const plan = planOf(inferSchema, table, tallies, mapping, LATENT, 8);
    const { fields } = defineSchema(plan.schema as never) as unknown as { fields: { name: string; type: string; as?: string; primaryKey: boolean; embedder?: object }[] };
    expect(fields.find(({ primaryKey }) => primaryKey)).toMatchObject({ name: 'id', type: 'Int64', as: 'number' });
    expect(fields.find(({ name }) => name === plan.vector.field)).toMatchObject({ type: 'FloatVector', dim: 8, embedder: { id: LATENT.id, input: 'title' } });
    expect(fields.find(({ name }) => name === 'year')).toMatchObject({ type: 'Int64', as: 'number' });
    expect(plan).toMatchObject({ key: 'id', keyType: 'number', vector: { field: 'embedding', dim: 8, metric: 'COSINE' }, embedded: ['title', 'body'], label: 'title', texts: ['body'], asText: [] });
    expect(plan.fields).toEqual([
      { name: 'year', title: 'year', kind: 'number' },
      { name: 'kind', title: 'kind', kind: 'category' },
      { name: 'tags', title: 'tags', kind: 'tags' },
      { name: 'open', title: 'open', kind: 'flag' },
    ]);
    expect(plan.facts.map(([field]) => field)).toEqual(['year', 'kind', 'tags', 'open', 'meta']);
    // Structured clones and JSON keep it: it crosses a worker and is stored.
    expect(JSON.parse(JSON.stringify(plan))).toEqual(structuredClone(plan));
  });

  it('counts rows, and takes vectors of the file with the metric that was chosen', async () => {
    const lines = Array.from({ length: 12 }, (_, i) => JSON.stringify({ name: `n${i}`, v: [i + 0.5, 1, 2, 3] }));
    const { table, tallies, infos } = await counted(lines.join('\n'), 'rows.jsonl');
    const mapping = { ...suggestMapping(infos, 'Rows'), key: null, metric: 'L2' as const };
    const plan = planOf(inferSchema, table, tallies, mapping, { kind: 'file' }, 0);
    expect(plan).toMatchObject({ key: 'id', keyType: 'number', vector: { field: 'v', dim: 4, metric: 'L2' }, embedded: [] });
    const { fields } = plan.schema as { fields: Record<string, object> };
    expect(fields['id']).toMatchObject({ type: 'Int64', autoId: true, as: 'number' });
    expect(fields['v']).not.toHaveProperty('embedder');
  });

  it('writes keys as text that no number holds, and filters by no such column', async () => {
    const big = 9_007_199_254_740_993n;
    const lines = Array.from({ length: 5 }, (_, i) => `${big + BigInt(i)},${big * 2n + BigInt(i)},"${BODY} ${i}"`);
    const { table, tallies, infos } = await counted(`id,other,text\n${lines.join('\n')}\n`, 'rows.csv');
    const mapping = { ...suggestMapping(infos, 'Rows'), filters: ['other'] };
    expect(mapping.key).toBe('id');
    const plan = planOf(inferSchema, table, tallies, mapping, LATENT, 8);
    expect(plan).toMatchObject({ key: 'id', keyType: 'string', asText: ['id'], fields: [] });
    const { fields } = plan.schema as { fields: Record<string, object> };
    expect(fields['id']).toMatchObject({ type: 'VarChar', primaryKey: true });
    expect(fields['other']).toMatchObject({ type: 'Int64' });
    expect(fields['other']).not.toHaveProperty('as');
  });

  it('columns named as what every object has are columns like any others', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'über uns', 'a b', 'a_b', '1st'];
    const lines = Array.from({ length: 6 }, (_, i) => names.map((name) => `${name} says ${BODY} ${i}`).join(';'));
    const { table, tallies, infos } = await counted(`${names.join(';')}\n${lines.join('\n')}\n`, 'rows.csv');
    const mapping = { ...suggestMapping(infos, 'Rows'), label: '__proto__', embedded: ['constructor'], filters: ['toString'] };
    const plan = planOf(inferSchema, table, tallies, mapping, LATENT, 8);
    defineSchema(plan.schema as never);
    expect(plan.columns.map(([, name]) => name).sort()).toEqual([...names].sort());
    expect(new Set(plan.columns.map(([field]) => field)).size).toBe(names.length);
    expect(plan.columns.every(([field]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(field) && field !== '__proto__')).toBe(true);
    expect(plan.columns.find(([field]) => field === plan.label)![1]).toBe('__proto__');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe('a description', () => {
  const description: Description = {
    id: 'own_notes', title: 'Notes “é”', state: 'whole', made: 1_700_000_000_000, source: { name: 'notes.csv', bytes: 12 }, reading: { format: null, header: true, split: 'passage' }, rows: 3,
    schema: { fields: { id: { type: 'Int64', primaryKey: true, autoId: true, as: 'number' }, text: { type: 'VarChar', maxLength: 10 }, embedding: { type: 'FloatVector', dim: 4 } } },
    columns: [['text', 'text']], asText: [], key: 'id', keyType: 'number', vector: { field: 'embedding', dim: 4, metric: 'COSINE' }, embedder: LATENT, embedded: ['text'],
    fields: [{ name: 'text', title: 'text', kind: 'text' }], texts: ['text'], facts: [], examples: ['two words'],
  };

  it('is the same after it was written and read', () => {
    for (const one of [description, { ...description, label: 'text', state: 'making' as const, embedder: { kind: 'file' as const } }, { ...description, embedder: { kind: 'model' as const, id: 'm' } }]) {
      expect(decodeDescription(encodeDescription(one))).toEqual(one);
    }
  });

  it('is refused with any part missing or of another kind, and whatever else the text is', () => {
    for (const name of Object.keys(description)) {
      for (const value of [undefined, 7, 'x', null, [7], { x: 1 }]) {
        const spoilt = { version: 1, ...description, [name]: value };
        const answer = decodeDescription(JSON.stringify(spoilt));
        // Some kinds are right for some parts.
        if (answer !== null) expect(encodeDescription(answer)).toBe(JSON.stringify(spoilt));
        else expect(answer).toBeNull();
        if (value === undefined) expect(answer, name).toBeNull();
      }
    }
    for (const text of ['', '{', '[]', 'null', '7', '{}', JSON.stringify({ ...description, version: 2 })]) expect(decodeDescription(text)).toBeNull();
  });
});

describe('what is counted', () => {
  it('is what a plain count says', () => {
    const seed = Number(process.env['SEED'] ?? 7);
    const next = random(seed);
    for (let round = 0; round < 20; round++) {
      const kinds = Math.ceil(next() * 300);
      const values = Array.from({ length: 400 }, () => (next() < 0.1 ? null : next() < 0.5 ? `v${Math.floor(next() * kinds)}` : BigInt(Math.floor(next() * kinds))));
      const count = new ColumnCount();
      for (const value of values) count.add(value);
      const there = values.filter((value) => value !== null);
      const distinct = new Set(there).size;
      expect(count.tally, `seed ${seed}`).toEqual({ filled: there.length, distinct: distinct > 200 ? null : distinct, isSafe: true, characters: there.reduce((sum: number, value) => sum + (typeof value === 'string' ? value.length : 0), 0) });
    }
  });

  it('knows integers that no number holds', () => {
    for (const [value, isSafe] of [[2n ** 53n - 1n, true], [-(2n ** 53n) + 1n, true], [2n ** 53n, false], [-(2n ** 60n), false]] as const) {
      const count = new ColumnCount();
      count.add(value);
      expect(count.tally.isSafe, String(value)).toBe(isSafe);
    }
  });

  it('names the rows of a key that comes twice or not at all', () => {
    const keys = new KeyCheck('id');
    keys.add('__proto__', 0);
    keys.add(5n, 1);
    expect(() => keys.add('__proto__', 2)).toThrow('rows 0 and 2 have the same key in the column “id”: __proto__');
    expect(() => keys.add('5', 3)).toThrow('rows 1 and 3');
    expect(() => keys.add(null, 4)).toThrow('row 4 has no key');
    expect(() => keys.add('', 5)).toThrow('row 5 has no key');
  });
});

describe('texts', () => {
  it('are joined without what is missing', () => {
    expect(joinTexts(['a', null, '', 'b'])).toBe('a\nb');
    expect(joinTexts([null])).toBe('');
  });

  it('of many rows evenly spread ones are kept, within the budget', () => {
    const sample = new TextSample(1_000);
    for (let row = 0; row < 10_000; row++) sample.add(String(row).padStart(10, '0'));
    const rows = sample.texts.map(Number);
    const step = rows[1] - rows[0];
    expect(rows.length * 10).toBeLessThanOrEqual(1_000);
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.every((row, i) => row === i * step)).toBe(true);
    expect(rows.at(-1)!).toBeGreaterThan(10_000 - 2 * step);
  });

  it('fewer have fewer dimensions', () => {
    expect([1, 4, 9, 100, 127, 128, 50_000].map(latentDim)).toEqual([4, 4, 8, 100, 124, 128, 128]);
  });

  it('searches to try are pairs of words of some of the texts, not of all', () => {
    const texts = Array.from({ length: 40 }, (_, i) => `common words everywhere ${i % 10 === 0 ? 'neural networks' : i % 10 === 1 ? 'protein folding' : `single${i} thing${i}`}`);
    expect(exampleSearches(texts)).toEqual(['neural networks', 'protein folding']);
    expect(exampleSearches([])).toEqual([]);
  });

  it.each([
    ['[{"a":1},{"a":2}]', 'json'],
    ['{"a":[1,2],"b":["x","y"]}', 'json'],
    ['{"a":1}\n{"a":2}\n', 'jsonl'],
    ['a,b\n1,2\n3,4', 'csv'],
    ['a;b\n"x;y";2\n3;4', 'csv'],
    ['a\tb\n1\t2', 'tsv'],
    ['Once, long ago, there was a kite.\nIt flew, and then, and then, it was gone.', 'txt'],
    ['One line, with commas, only', 'txt'],
    ['{not json', 'txt'],
    ['[not json', 'txt'],
  ])('pasted %j looks like %s', (text, kind) => expect(kindOfText(text)).toBe(kind));
});

it('any value is shown as text', () => {
  expect([null, undefined, 'a', 0.1 + 0.2, 3, 12345678901234567890n, true, ['a', 'b'], { a: [1, 2n] }, new Float32Array(3), '<b>x</b>'].map(shownValue)).toEqual(['', '', 'a', '0.3', '3', '12345678901234567890', 'yes', 'a, b', '{"a":[1,"2"]}', '3 numbers', '<b>x</b>']);
});
