/** Filters as users write them find the same rows with scalar indexes as without, sealed and growing, in what lives and in the past. */
import { describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const ROWS = 1_600;
const COLORS = ['red', 'green', 'dark blue', 'grün', '漢字'];

const schema = defineSchema({
  dynamicField: true,
  fields: {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    flag: { type: 'Bool', nullable: true },
    year: { type: 'Int16', nullable: true },
    big: { type: 'Int64' },
    price: { type: 'Float' },
    title: { type: 'VarChar', maxLength: 64, nullable: true },
    tags: { type: 'Array', elementType: 'VarChar', maxCapacity: 8, maxLength: 32, nullable: true },
    meta: { type: 'JSON', nullable: true },
    v: { type: 'FloatVector', dim: 2 },
  },
});

describe.each(engines.slice(0, 2))('scalar indexes over $name', ({ connect }) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`change nothing of what filters find (seed ${seed})`, async () => {
      const next = random(seed * 4_241);
      const below = (count: number): number => Math.floor(next() * count);
      const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
      const orNull = <T>(value: T): T | null => (next() < 0.15 ? null : value);
      const rowAt = (id: number): Record<string, unknown> => ({
        id,
        flag: orNull(next() < 0.5),
        year: orNull(1900 + below(120)),
        big: BigInt(below(1_000)) * 9_000_000_000_000_007n,
        price: below(1_000) / 8,
        title: orNull(`${pick(COLORS)} house ${below(60)}`),
        tags: orNull(Array.from({ length: below(4) }, () => pick(COLORS))),
        meta: orNull(pick<unknown>([{ color: pick(COLORS) }, { color: below(50) }, { color: null }, {}, { color: [pick(COLORS), below(5)] }])),
        v: [next(), next()],
        ...(next() < 0.7 ? { size: pick<unknown>([below(100), String(below(100)), true, 1.5]) } : {}),
        ...(next() < 0.5 ? { place: { city: pick(COLORS) } } : {}),
      });
      const db = await connect('memory:');
      const plain = await db.createCollection('plain', schema);
      const indexed = await db.createCollection('indexed', schema);
      const write = async (from: number, count: number): Promise<void> => {
        const rows = Array.from({ length: count }, (_, i) => rowAt(from + i));
        for (const docs of [plain, indexed]) await docs.insert(rows as never);
      };
      await write(0, ROWS);
      await indexed.createIndex('flag', { type: 'BITMAP' });
      await indexed.createIndex('year', { type: pick(['STL_SORT', 'BITMAP', 'INVERTED'] as const) });
      await indexed.createIndex('big', { type: 'STL_SORT' });
      await indexed.createIndex('price', { type: pick(['STL_SORT', 'INVERTED'] as const) });
      await indexed.createIndex('title', seed % 2 === 0 ? { type: pick(['Trie', 'STL_SORT', 'BITMAP'] as const) } : { type: 'NGRAM', params: { min_gram: 2, max_gram: 3 } });
      await indexed.createIndex('tags', { type: pick(['INVERTED', 'BITMAP'] as const) });
      await indexed.createIndex('meta', { type: 'INVERTED', params: { json_path: 'meta["color"]', json_cast_type: pick(['varchar', 'double', 'array_varchar'] as const) } });
      await indexed.createIndex('size', { type: 'AUTOINDEX', params: { json_cast_type: pick(['varchar', 'double', 'bool'] as const) } });
      await indexed.createIndex('$meta', { type: 'INVERTED', params: { json_path: '$meta["place"]["city"]', json_cast_type: 'varchar' } });
      expect((await indexed.listIndexes()).map(({ field, state }) => [field, state])).toEqual([['flag', 'finished'], ['year', 'finished'], ['big', 'finished'], ['price', 'finished'], ['title', 'finished'], ['tags', 'finished'], ['meta', 'finished'], ['$meta', 'finished'], ['$meta', 'finished']]);
      await indexed.flush();
      await plain.flush();
      const leaf = (): string => {
        const text = JSON.stringify(pick(COLORS));
        const comparison = pick(['<', '<=', '==', '!=', '>', '>=']);
        return pick([
          () => `flag == ${next() < 0.5}`, () => `year ${comparison} ${1900 + below(130)}`, () => `${1900 + below(60)} < year <= ${1950 + below(80)}`, () => `year in [${below(2_000)}, 1950, 1951, 1977]`, () => `year not in [1950, 1960]`, () => 'year is null',
          () => `big ${comparison} ${BigInt(below(1_000)) * 9_000_000_000_000_007n}`, () => `price ${comparison} ${below(1_000) / 8}`, () => `title ${comparison} ${text}`, () => `title like "%house ${below(7)}%"`, () => 'title like "dark%"', () => `title =~ "ho[ut]se 1[0-${below(9)}]$"`,
          () => `title !~ "blue"`, () => 'title is not null', () => `array_contains(tags, ${text})`, () => `array_contains_all(tags, [${text}, "red"])`, () => `array_contains_any(tags, [${text}, "red"])`,
          () => `meta["color"] ${comparison} ${text}`, () => `meta["color"] ${comparison} ${below(50)}`, () => `meta["color"] in [${text}, "red"]`, () => `meta["color"] not in [${text}]`, () => 'exists meta["color"]', () => 'meta["color"] is null', () => `json_contains(meta["color"], ${text})`,
          () => `meta["color"] like "%e%"`, () => `size ${comparison} ${below(100)}`, () => `size == "${below(100)}"`, () => 'size == true', () => 'size != 7', () => `$meta["place"]["city"] == ${text}`, () => `exists $meta["place"]`,
        ])();
      };
      const filter = (depth: number): string => {
        const kind = depth === 0 ? 0 : below(5);
        if (kind < 2) return `(${leaf()})`;
        return kind === 2 ? `(not ${filter(depth - 1)})` : `(${filter(depth - 1)} ${kind === 3 ? 'and' : 'or'} ${filter(depth - 1)})`;
      };
      const ways = new Set<string>();
      const compare = async (count: number, at?: bigint): Promise<void> => {
        for (let i = 0; i < count; i++) {
          const text = filter(2);
          const ids = async (docs: typeof plain): Promise<number[]> => (await docs.query({ filter: text, outputFields: ['id'], at })).map(({ id }) => id);
          expect(await ids(indexed), `seed ${seed}: ${text}`).toEqual(await ids(plain));
          if (at === undefined) for (const { filteredBy } of (await indexed.explain({ vector: [0, 0], limit: 1, filter: `${text} and id >= 0` })).segments) ways.add(filteredBy);
        }
      };
      await compare(60);
      const then = await db.now();
      for (const docs of [plain, indexed]) await docs.delete({ filter: 'year < 1910 or size > 90' });
      await write(ROWS / 2, ROWS);
      await compare(20);
      await compare(10, then);
      await db.close();
      expect([...ways]).toEqual(expect.arrayContaining(['both', 'scan']));
    }, 60_000);
  }
});
