/** Filters as users meet them: in searches, counts and deletes, over every kind of index and state of segments, against plain loops over rows. */
import { describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { random } from '../support/random.ts';
import { codeOfAsync } from '../support/refusals.ts';

const DIM = 8;
const INDEXES = [
  { type: 'FLAT' }, { type: 'HNSW', params: { M: 8, efConstruction: 60 } }, { type: 'HNSW_SQ', params: { M: 8, efConstruction: 60, refine: true } },
  { type: 'IVF_FLAT', params: { nlist: 16 } }, { type: 'IVF_SQ8', params: { nlist: 16 } }, { type: 'DISKANN' }, { type: 'AUTOINDEX' },
] as const;

const schemaOf = (index: (typeof INDEXES)[number]) =>
  defineSchema({
    fields: {
      id: { type: 'Int64', primaryKey: true, as: 'number' },
      price: { type: 'Int32', nullable: true },
      name: { type: 'VarChar', maxLength: 32 },
      v: { type: 'FloatVector', dim: DIM, index: { ...index, metric: 'L2' } },
    },
  });
type Schema = ReturnType<typeof schemaOf>;
interface Row { id: number; price: number | null; name: string; v: number[] }

/** Filters with the plain function that each stands for. */
const FILTERS: [string, (row: Row) => boolean][] = [
  ['price < 50', ({ price }) => price !== null && price < 50],
  ['price == 7', ({ price }) => price === 7],
  ['price is null', ({ price }) => price === null],
  ['not (price >= 10) and name like "a%"', ({ price, name }) => price !== null && price < 10 && name.startsWith('a')],
  ['name in ["a1", "b2", "c3"] or price > 97', ({ price, name }) => ['a1', 'b2', 'c3'].includes(name) || (price !== null && price > 97)],
  ['id in [5, 6, 7, 100000]', ({ id }) => [5, 6, 7].includes(id)],
  ['price > 1000', () => false],
  ['', () => true],
];

const distance = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);

/** Finds what plain comparing finds: as many hits, all of them matching, none farther than the k-th by more than rounding; or most of them. */
async function compare(docs: Collection<Schema>, rows: Map<number, Row>, next: () => number, about: string, at?: bigint): Promise<{ right: number; wanted: number }> {
  let right = 0;
  let wanted = 0;
  for (const [filter, matches] of FILTERS) {
    const all = [...rows.values()].filter(matches);
    expect(await docs.count(filter, { at }), `${about}: count ${filter}`).toBe(all.length);
    const q = Array.from({ length: DIM }, next);
    const byDistance = all.map((row) => ({ id: row.id, distance: distance(q, row.v) })).sort((a, b) => a.distance - b.distance);
    const k = 10;
    const nearest = byDistance.slice(0, k);
    for (const hits of [await docs.search({ vector: q, limit: k, filter, at, outputFields: ['price'] }), (await docs.search({ vectors: [q, q], limit: k, filter, at, outputFields: ['price'] }))[1]!]) {
      expect(hits.length, `${about}: hits of ${filter}`).toBe(Math.min(k, all.length));
      expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
      for (const { id, entity } of hits) {
        const row = rows.get(id)!;
        expect(row && matches(row), `${about}: ${id} matches ${filter}`).toBe(true);
        expect(entity.price).toBe(row.price);
      }
      const bound = nearest.length > 0 ? nearest[nearest.length - 1]!.distance * 1.0001 : 0;
      right += hits.filter(({ id }) => distance(q, rows.get(id)!.v) <= bound).length;
      wanted += nearest.length;
    }
  }
  return { right, wanted };
}

describe.each(engines.slice(0, 2))('filters over $name', ({ connect }) => {
  it.each(INDEXES)('find k rows whenever k match: $type', async (index) => {
    const seed = Number(process.env['SEEDS'] ?? 1) * 7919;
    const next = random(seed);
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', schemaOf(index));
    const rows = new Map<number, Row>();
    const write = async (from: number, count: number): Promise<void> => {
      const batch = Array.from({ length: count }, (_, i): Row => ({
        id: from + i, price: next() < 0.1 ? null : Math.floor(next() * 100), name: `${'abcdef'[Math.floor(next() * 6)]}${Math.floor(next() * 9)}`, v: Array.from({ length: DIM }, next).map(Math.fround),
      }));
      await docs.insert(batch);
      for (const row of batch) rows.set(row.id, row);
    };
    const totals = { right: 0, wanted: 0 };
    const check = async (about: string): Promise<void> => {
      const { right, wanted } = await compare(docs, rows, next, `${about} (seed ${seed})`);
      totals.right += right;
      totals.wanted += wanted;
    };
    await write(0, 1500);
    await check('growing');
    await docs.flush();
    await docs.createIndex('v', { ...index, metric: 'L2' } as never);
    await check('sealed');
    await write(1000, 1000);
    await check('replaced in part, growing beside sealed');
    const then = await db.now();
    const before = new Map(rows);
    const { count } = await docs.delete({ filter: 'price < {most} and id >= 300', filterParams: { most: 20 } });
    let gone = 0;
    for (const row of before.values()) if (row.price !== null && row.price < 20 && row.id >= 300) gone += Number(rows.delete(row.id));
    expect(count).toBe(gone);
    await check('after a delete by filter');
    await docs.flush();
    await check('two segments');
    await compare(docs, before, next, `the past (seed ${seed})`, then);
    expect(totals.right / totals.wanted, `recall (seed ${seed})`).toBeGreaterThanOrEqual(index.type === 'FLAT' ? 1 : 0.95);
    await db.close();
  });

  it('look through more rows than one slice', async () => {
    const db = await connect('memory:');
    const schema = defineSchema({
      fields: {
        id: { type: 'Int64', primaryKey: true, as: 'number' }, flag: { type: 'Bool', nullable: true }, name: { type: 'VarChar', maxLength: 200 }, meta: { type: 'JSON' },
        v: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } },
      },
    });
    const docs = await db.createCollection('birds', schema);
    const rows = Array.from({ length: 50_000 }, (_, id) => ({ id, flag: id % 3 === 0 ? null : id % 2 === 0, name: `${'kite '.repeat(id % 30)}${id}`, meta: { a: { b: id % 11 } }, v: [id, 0] }));
    for (let i = 0; i < rows.length; i += 10_000) await docs.insert(rows.slice(i, i + 10_000));
    await docs.flush();
    const plain: [string, (row: (typeof rows)[0]) => boolean][] = [
      ['flag == true', ({ flag }) => flag === true],
      ['not (flag == true)', ({ flag }) => flag === false],
      ['name like "%kite 4%" and meta["a"]["b"] < 3', ({ name, meta }) => name.includes('kite 4') && meta.a.b < 3],
      ['flag is null or name like "%99"', ({ flag, name }) => flag === null || name.endsWith('99')],
    ];
    for (const [filter, matches] of plain) expect(await docs.count(filter), filter).toBe(rows.filter(matches).length);
    await db.close();
  });

  it('are refused where they are none, with the place', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', schemaOf(INDEXES[0]));
    const v = new Array(DIM).fill(0);
    for (const [filter, code] of [['price <', 'FILTER_SYNTAX'], ['price < "a"', 'FILTER_TYPE'], ['prize < 3', 'FILTER_TYPE'], ['v == 3', 'FILTER_TYPE'], [3, 'INVALID_ARGUMENT']] as const) {
      expect(await codeOfAsync(docs.search({ vector: v, filter: filter as string })), String(filter)).toBe(code);
      expect(await codeOfAsync(docs.count(filter as string))).toBe(code);
      expect(await codeOfAsync(docs.delete({ filter: filter as string }))).toBe(code);
    }
    expect(await codeOfAsync(docs.search({ vector: v, filter: 'price < {x}' }))).toMatch(/^FILTER_(TYPE|SYNTAX)$/);
    expect(await codeOfAsync(docs.search({ vector: v, filterParams: { x: 3 } }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.search({ vector: v, filter: 'price < {x}', filterParams: 3 as never }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.search({ vector: v, filter: 'price < {x}', filterParams: { x: () => 3 } as never }))).toBe('INVALID_ARGUMENT');
    const endless: unknown[] = [];
    endless.push(endless);
    expect(await codeOfAsync(docs.search({ vector: v, filter: 'price in {x}', filterParams: { x: endless } as never }))).toBe('INVALID_ARGUMENT');
    await db.close();
  });

  it('tell what they came to', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', schemaOf(INDEXES[1]));
    const row = (id: number) => ({ id, price: id, name: `b${id}`, v: [id, 0, 0, 0, 0, 0, 0, 0] });
    await docs.insert(Array.from({ length: 100 }, (_, i) => row(i)));
    await docs.createIndex('v', { type: 'HNSW', metric: 'L2' });
    await docs.insert(Array.from({ length: 10 }, (_, i) => row(100 + i)));
    const options = { vector: [3, 0, 0, 0, 0, 0, 0, 0], filter: 'price < 2 * 3 or price == 105', limit: 5 };
    expect(await docs.explain(options)).toMatchObject({
      filter: '((price < 6) or (price == 105))', hits: 5, seenRows: 110, matchedRows: 7, selectivity: 7 / 110, skippedSegments: 0,
      segments: [{ rows: 100, matchedRows: 6, filteredBy: 'scan', scannedFields: ['price'], partition: '_default' }, { segmentId: null, matchedRows: 1, filteredBy: 'scan' }],
    });
    expect((await docs.explain(options)).segments.map(({ filteredBy }) => filteredBy)).toEqual(['memory', 'memory']);
    expect(await docs.explain({ vector: options.vector })).toMatchObject({ filter: null, matchedRows: 110, hits: 10 });
    expect(await docs.explain({ filter: options.filter, orderBy: 'price', limit: 3 })).toMatchObject({ index: null, hits: 3, matchedRows: 7, segments: [{ strategy: null, matchedRows: 6 }, { matchedRows: 1 }] });
    expect(await docs.explain({ filter: 'price < 50', groupBy: ['name'], outputFields: ['count(*)'] })).toMatchObject({ hits: 50, matchedRows: 50 });
    for (const wrong of [undefined, {}, { filter: 'price <' }, { vector: [1] }, { limit: 3, nearest: true }]) expect(await codeOfAsync(docs.explain(wrong as never))).toMatch(/^(INVALID_ARGUMENT|FILTER_SYNTAX)$/);
    await db.close();
  });

  it('tell how the nearest were found: by a walk, a scan or lists', async () => {
    const dim = 128;
    const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, v: { type: 'FloatVector', dim } } });
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', schema);
    const next = random(7);
    const rows = Array.from({ length: 2_500 }, (_, id) => ({ id, v: Float32Array.from({ length: dim }, () => next()) }));
    await docs.insert(rows);
    const asked = { vector: rows[0]!.v, limit: 5 };
    const [how] = (await docs.explain(asked)).segments;
    expect(how).toMatchObject({ strategy: 'FLAT', searchedBy: 'scan', comparedRows: 2_500 });
    await docs.createIndex('v', { type: 'HNSW', metric: 'L2' });
    const walk = (await docs.explain(asked)).segments[0]!;
    expect(walk).toMatchObject({ strategy: 'HNSW', searchedBy: 'walk' });
    expect(walk.comparedRows).toBeGreaterThan(5);
    expect(walk.comparedRows).toBeLessThan(2_500);
    expect((await docs.explain({ ...asked, filter: 'id < 20' })).segments).toMatchObject([{ strategy: 'HNSW', searchedBy: 'scan', comparedRows: 20, matchedRows: 20 }]);
    expect((await docs.explain({ ...asked, filter: 'id < 0' })).segments).toMatchObject([{ strategy: null, searchedBy: null, comparedRows: null }]);
    expect((await docs.explain({ ids: [0], limit: 5, at: await db.now() })).segments).toMatchObject([{ strategy: 'HNSW', searchedBy: 'walk' }]);
    // Of several queries each may have gone another way.
    expect((await docs.explain({ vectors: [rows[0]!.v, rows[1]!.v], limit: 5 })).segments).toMatchObject([{ strategy: 'HNSW', searchedBy: null, comparedRows: null }]);
    await docs.createIndex('v', { type: 'IVF_FLAT', metric: 'L2', params: { nlist: 32 } });
    const lists = (await docs.explain({ ...asked, params: { nprobe: 4 } })).segments[0]!;
    expect(lists).toMatchObject({ strategy: 'IVF_FLAT', searchedBy: 'lists' });
    expect(lists.comparedRows).toBeLessThan(2_500);
    await db.close();
  });

  it('look only where the partition key says, and must name one where its values are kept apart', async () => {
    const schema = defineSchema({
      fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, tenant: { type: 'VarChar', maxLength: 16, partitionKey: true }, v: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } } },
    });
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', schema, { partitionKeyIsolation: true });
    await docs.insert(Array.from({ length: 200 }, (_, id) => ({ id, tenant: `t${id % 20}`, v: [id, 0] })));
    for (const move of [async () => {}, () => docs.flush()]) {
      await move();
      expect((await docs.search({ vector: [0, 0], filter: 'tenant == "t3"', limit: 3 })).map(({ id }) => id)).toEqual([3, 23, 43]);
      expect(await docs.count('tenant in ["t3", "t4"] and id < 50')).toBe(6);
      for (const filter of [undefined, 'id > 3', 'tenant in ["t1", "t2"]', 'tenant == "t1" or id == 3', 'tenant != "t1"']) {
        expect(await codeOfAsync(docs.search({ vector: [0, 0], filter })), filter).toBe('INVALID_ARGUMENT');
      }
    }
    const { segments, skippedSegments } = await docs.explain({ vector: [0, 0], filter: 'tenant in ["t3"]' });
    expect(segments.length).toBe(1);
    expect(skippedSegments).toBeGreaterThan(5);
    await db.close();
  });

  it('delete what matches, whoever writes meanwhile', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', schemaOf(INDEXES[0]));
    const row = (id: number, price: number) => ({ id, price, name: 'x', v: new Array(DIM).fill(id) });
    await docs.insert(Array.from({ length: 500 }, (_, id) => row(id, 1)));
    await docs.flush();
    const [deleted] = await Promise.all([docs.delete({ filter: 'price == 1' }), ...Array.from({ length: 20 }, (_, i) => docs.insert([row(i, 2), row(1000 + i, 1)]))]);
    // Each insert came before the delete or after it: what is left has been written by one that came after, or does not match.
    const left = await docs.count('price == 1');
    expect(left).toBeLessThanOrEqual(20);
    expect(await docs.count('price == 2')).toBe(20);
    expect(deleted.count).toBeGreaterThanOrEqual(480);
    expect(await docs.delete({ filter: 'price == 1' })).toMatchObject({ count: left });
    expect(await docs.delete({ filter: 'price == 1' })).toMatchObject({ count: 0 });
    expect(await docs.delete({ filter: 'price == 2', purge: true })).toMatchObject({ count: 20 });
    expect(await docs.count()).toBe(0);
    await db.close();
  });
});
