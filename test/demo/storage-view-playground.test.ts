/** What the storage view does with rows: copies, replacements, deletes, and the way back through the past, against plain maps. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, defineSchema } from '../../src/node.ts';
import type { Collection, Database } from '../../src/node.ts';
import { historyOf, mark, timeOf } from '../../web-demo/src/views/storage/history.ts';
import { backTo, deleteSome, dropPlayground, insertCopies, makePlayground, playgroundName, PLAYGROUND_ROWS, replaceRow, restoreSnapshot, snapshotsOf } from '../../web-demo/src/views/storage/playground.ts';
import { drawer, rowsOf, SCHEMA } from './filter-view-draw.ts';

const SEEDS = Number(process.env.SEEDS ?? 3);
const first = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));

type Rows = ReadonlyMap<unknown, unknown>;

/** The page is built with its own copy of the types. */
type PageCollection = Parameters<typeof insertCopies>[0];
type PageDatabase = Parameters<typeof makePlayground>[0];

async function allRows(collection: PageCollection): Promise<Rows> {
  const rows = (await collection.query({ filter: '', limit: 16_384, outputFields: '*' } as never)) as unknown as Record<string, unknown>[];
  const { name } = collection.schema.fields.find(({ primaryKey }) => primaryKey)!;
  return new Map(rows.map((row) => [row[name], row]));
}

describe('the playground of the storage view', () => {
  let database: Database;
  const page = () => database as unknown as PageDatabase;
  beforeAll(async () => {
    database = await connect('memory:');
  });
  afterAll(() => database.close());

  const makeSource = async (name: string, schema: object, rows: unknown): Promise<PageCollection> => {
    const source = (await database.createCollection(name, defineSchema(schema as never))) as unknown as Collection;
    await source.insert(rows as never);
    return source as unknown as PageCollection;
  };

  it('has the first rows of its source, and is made once', async () => {
    const source = await makeSource('many', SCHEMA, rowsOf(drawer(1), 300));
    const playground = await makePlayground(page(), source, playgroundName('many'));
    const expected = new Map([...(await allRows(source))].slice(0, PLAYGROUND_ROWS));
    expect(await allRows(playground)).toEqual(expected);
    await deleteSome(playground, 10);
    expect(await (await makePlayground(page(), source, playgroundName('many'))).count()).toBe(PLAYGROUND_ROWS - 10);
    expect(await source.count()).toBe(300);
    await database.createSnapshot({ collection: playgroundName('many'), name: `${playgroundName('many')}_1` });
    await database.createSnapshot({ collection: 'many', name: 'of_another' });
    await dropPlayground(page(), playgroundName('many'));
    expect([await database.listCollections(), (await database.listSnapshots()).map(({ name }) => name)]).toEqual([['many'], ['of_another']]);
    await dropPlayground(page(), playgroundName('many'));
  });

  it.each([
    ['numbers', { type: 'Int64', primaryKey: true, as: 'number' }, (i: number) => i * 3],
    ['texts of digits', { type: 'Int64', primaryKey: true, as: 'string' }, (i: number) => String(2n ** 60n + BigInt(i))],
    ['bigints', { type: 'Int64', primaryKey: true }, (i: number) => 2n ** 60n + BigInt(i)],
    ['short texts', { type: 'VarChar', primaryKey: true, maxLength: 6 }, (i: number) => `é${i}`],
    ['given by the database', { type: 'Int64', primaryKey: true, autoId: true }, null],
  ] as const)('copies rows under fresh keys: %s', async (label, key, keyAt) => {
    const name = `keys_${label.replaceAll(' ', '_')}`;
    const rows = Array.from({ length: 12 }, (_, i) => ({ ...(keyAt === null ? {} : { key: keyAt(i) }), vector: [i, 1], color: `c${i}` }));
    const source = await makeSource(name, { dynamicField: true, fields: { key, vector: { type: 'FloatVector', dim: 2 } } }, rows);
    const playground = await makePlayground(page(), source, playgroundName(name));
    // All rows differ, so whichever takes its place is another.
    const whole = await allRows(playground);
    const [id] = [...whole.keys()] as number[];
    await replaceRow(playground, id);
    const before = await allRows(playground);
    expect(before.size).toBe(whole.size);
    expect(before.get(id)).not.toEqual(whole.get(id));
    expect([await insertCopies(playground, 1), await insertCopies(playground, 5)].every((count, i) => count >= 1 && count <= [1, 5][i])).toBe(true);
    const after = await allRows(playground);
    for (const [each, row] of before) expect(after.get(each)).toEqual(row);
    const colors = new Set([...before.values()].map((row) => (row as { color: string }).color));
    const copies = [...after].filter(([each]) => !before.has(each));
    expect(copies.length).toBeGreaterThanOrEqual(2);
    for (const [, row] of copies) expect(colors).toContain((row as { color: string }).color);
  });

  it('goes back to any moment, row by row', { timeout: 60_000 }, async () => {
    for (let seed = first; seed < first + SEEDS; seed++) {
      const draw = drawer(seed);
      const random = () => draw.below(2 ** 30) / 2 ** 30;
      const name = `back_${seed}`;
      const source = await makeSource(name, SCHEMA, rowsOf(draw, 40));
      const playground = await makePlayground(page(), source, playgroundName(name));
      const moments: { at: bigint; rows: Rows }[] = [];
      for (let i = 0; i < 25; i++) {
        moments.push({ at: await database.now(), rows: await allRows(playground) });
        const kind = draw.below(6);
        if (kind === 0) await insertCopies(playground, 1 + draw.below(5), random);
        else if (kind === 1) await deleteSome(playground, draw.below(4), random);
        else if (kind === 2) await replaceRow(playground, draw.pick([...(await allRows(playground)).keys()]) as number, random);
        else if (kind === 3) await playground.flush();
        else if (kind === 4) await playground.compact();
        else {
          const { at, rows } = draw.pick(moments);
          const { deleted, written } = await backTo(playground, at);
          const now = await allRows(playground);
          expect(now, `SEED=${seed} step ${i}`).toEqual(rows);
          // What is so already is not touched.
          expect(await backTo(playground, at), `SEED=${seed} step ${i}`).toEqual({ deleted: 0, written: 0 });
          expect(deleted + written).toBeLessThan(now.size + 60);
        }
      }
      await database.dropCollection(playgroundName(name));
    }
  });

  it('is put back to a snapshot', async () => {
    const source = await makeSource('snapped', SCHEMA, rowsOf(drawer(2), 30));
    const name = playgroundName('snapped');
    const playground = await makePlayground(page(), source, name);
    const before = await allRows(playground);
    await database.createSnapshot({ collection: name, name: `${name}_1` });
    await deleteSome(playground, 7);
    await insertCopies(playground, 3);
    await restoreSnapshot(page(), `${name}_1`, name);
    const restored = (await database.collection(name)) as unknown as PageCollection;
    expect(await allRows(restored)).toEqual(before);
    // Also where the playground is gone.
    await database.dropCollection(name);
    await restoreSnapshot(page(), `${name}_1`, name);
    expect(await database.hasCollection(name)).toBe(true);
    expect((await snapshotsOf(page(), name)).map((snapshot) => snapshot.rows)).toEqual([30]);
  });

  it('notes what changes, in the order of time, with a moment to read each at', async () => {
    const source = await makeSource('noted', SCHEMA, rowsOf(drawer(3), 10));
    const abort = new AbortController();
    let told = 0;
    const history = historyOf(page(), source, abort.signal, () => told++);
    await expect.poll(() => history.get().moments.length).toBe(1);
    await source.delete({ ids: [0, 1] as never });
    await mark(page(), history);
    await insertCopies(source, 1, () => 0);
    await deleteSome(source, 5);
    await expect.poll(() => told).toBe(3);
    const { moments } = history.get();
    expect(moments.map(({ what, by, isHere }) => [what, by, isHere])).toEqual([['you came here', 'mark', true], ['2 rows deleted', 'change', true], ['a mark of yours', 'mark', true], ['1 row written', 'change', true], ['5 rows deleted', 'change', true]]);
    expect(moments[1].ids).toEqual([0, 1]);
    expect(moments[4].ids).toEqual([]);
    expect(await Promise.all(moments.map(({ at }) => source.count(undefined, { at })))).toEqual([10, 8, 8, 9, 4]);
    for (const { at } of moments) expect(Math.abs(timeOf(at) - Date.now())).toBeLessThan(60_000);
    expect(historyOf(page(), source, abort.signal, () => {})).toBe(history);
    abort.abort();
    await source.delete({ ids: [5] as never });
    await source.flush();
    expect(history.get().moments).toEqual(moments);
  });
});
