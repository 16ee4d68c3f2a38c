/**
 * Arrays, dynamic fields, zone maps and scalar indexes that earlier versions wrote are read for good: `fixtures/*.values.gz`. `npm run fixture` writes
 * the one of this version, as long as it is not released.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDatabase } from '../../src/check/check.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { connectTo, copyOf } from '../check/support.ts';
import { testKernels } from '../support/kernels.ts';
import { pack, unpack } from './fixtures/pack.ts';
import { ROWS, SEALED, rowOf, valuesSchema, writeValues } from './fixtures/values.ts';

const folder = join(import.meta.dirname, 'fixtures');
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const pathOf = (of: string): string => join(folder, `${of}.values.gz`);

if (process.env['WRITE_FIXTURE']) {
  const medium = new MemoryMedium();
  writeFileSync(pathOf(version), pack(await writeValues(connectTo(medium), () => copyOf(medium))));
}

const versions = readdirSync(folder).flatMap((name) => (name.endsWith('.values.gz') ? [name.slice(0, -'.values.gz'.length)] : []));

type Row = Record<string, any>;
/** Filters with what each stands for, and the index that answers it in the segment; null: none does. */
const FILTERS: [string, (row: Row) => boolean, string | null][] = [
  ['flag == true', ({ flag }) => flag === true, null],
  ['year < 1903', ({ year }) => year !== null && year < 1903, 'year'],
  ['price in [1, 2.5, 137]', ({ price }) => [1, 2.5, 137].includes(price), 'price'],
  ['name == "nämé 7 🪁"', ({ name }) => name === 'nämé 7 🪁', 'name'],
  ['text like "%99th%"', ({ text }) => text.includes('99th'), 'text'],
  ['array_contains(tags, "tag 3")', ({ tags }) => tags?.includes('tag 3') === true, 'tags'],
  ['meta["color"] == "red"', ({ meta }) => meta?.color === 'red', 'meta["color"]'],
  ['rank == 4', ({ rank }) => rank === 4, '$meta["rank"]'],
  ['place["city"] == "city 5"', ({ place }) => place?.city === 'city 5', null],
  ['array_contains(i64, 1099511627776) or i8[1] == -100', ({ i64, i8 }) => i64.includes(1099511627776n) || i8[1] === -100, null],
  ['bools[0] == true and array_length(d) == 3', ({ bools, d }) => bools[0] === true && d.length === 3, null],
  ['id > 2000', ({ id }) => id > 2000, null],
];

it('a fixture of this version is there: npm run fixture writes it', () => {
  expect(existsSync(pathOf(version))).toBe(true);
});

describe.each(versions)('the values that %s wrote', (of) => {
  const medium = unpack(readFileSync(pathOf(of)));

  it('are whole', async () => {
    expect((await checkDatabase(openMemoryStore({ medium: copyOf(medium) }), await testKernels('simd'))).findings).toEqual([]);
  });

  it('are all there, and found by filters', async () => {
    const db = await connectTo(copyOf(medium))('memory:', { mode: 'inline' });
    const rows = await db.collection('values', valuesSchema);
    const expected: Row[] = Array.from({ length: ROWS }, (_, id) => rowOf(id));
    // As long as no column is in memory, an index is the shorter way.
    for (const [filter, matches, index] of FILTERS) {
      const { segments } = await rows.explain({ filter, limit: 1 });
      if (index !== null) expect(segments.find(({ rows: n }) => n === SEALED)?.indexes, filter).toEqual([index]);
      expect(await rows.count(filter), filter).toBe(expected.filter(matches).length);
    }
    expect(await rows.get(expected.map(({ id }) => id), { outputFields: '*' })).toEqual(expected);
    const { segments } = await rows.explain({ filter: 'id > 3000', limit: 1 });
    expect(segments.find(({ rows: n }) => n === SEALED)?.filteredBy).toBe('zones');
    await db.close();
  });
});
