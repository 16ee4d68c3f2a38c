/**
 * Iterators while rows are written, deleted, sealed and merged between their pages, in a database that keeps nothing of the past: each gives the rows that a
 * map had when its first page was asked for, once and in order. `SEEDS` runs more of them; a failure names its seed.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { Database } from '../../src/api/database.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { connectInNode, engines } from '../support/connect-for-tests.ts';
import { random } from '../support/random.ts';
import { codeOfAsync } from '../support/refusals.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 6);

describe('iterators beside writers', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      await run(seed);
    });
  }
});

interface Reader {
  readonly pages: AsyncGenerator<Record<string, unknown>[], void, undefined>;
  readonly expected: Record<string, unknown>[];
  readonly batchSize: number;
  readonly got: Record<string, unknown>[];
}

async function run(seed: number): Promise<void> {
  const next = random(seed);
  const int = (bound: number): number => Math.floor(next() * bound);
  const isText = seed % 2 === 0;
  const schema = defineSchema({
    fields: {
      key: isText ? { type: 'VarChar', maxLength: 32, primaryKey: true } : { type: 'Int64', as: 'number', primaryKey: true },
      n: { type: 'Int32', nullable: true },
      v: { type: 'FloatVector', dim: 2 },
    },
  });
  const keyOf = (n: number): string | number => (isText ? `${['k', '\u{1f600}', '\uffee'][n % 3]}${n}` : n - 200);
  const compare = (a: unknown, b: unknown): number => (isText ? Buffer.compare(Buffer.from(a as string), Buffer.from(b as string)) : (a as number) - (b as number));
  const db = await connectInNode('memory:', { mode: 'inline', retentionSeconds: 0 });
  const docs: Collection = await db.createCollection('docs', schema);
  await docs.createPartition('p');
  const model = new Map<unknown, { n: number | null; partition: string }>();
  const readers: Reader[] = [];

  const write = async (): Promise<void> => {
    const what = next();
    if (what < 0.5) {
      const partition = next() < 0.5 ? 'p' : '_default';
      const keys = [...new Set(Array.from({ length: 1 + int(60) }, () => keyOf(int(400))))];
      const rows = keys.map((key) => ({ key, n: next() < 0.1 ? null : int(100), v: [1, 2] }));
      await docs.insert(rows, { partition });
      for (const { key, n } of rows) model.set(key, { n, partition });
    } else if (what < 0.7) {
      const ids = [...new Set(Array.from({ length: 1 + int(40) }, () => keyOf(int(400))))];
      await docs.delete({ ids: ids as string[] });
      for (const id of ids) model.delete(id);
    } else if (what < 0.85) await docs.flush();
    else await docs.compact({ retentionSeconds: 0 });
  };

  const begin = async (): Promise<void> => {
    const isFiltered = next() < 0.5;
    const partitions = next() < 0.3 ? ['p'] : undefined;
    const limit = next() < 0.3 ? 1 + int(200) : undefined;
    const batchSize = 1 + int(40);
    const expected = Array.from(model, ([key, { n, partition }]) => ({ key, n, partition }))
      .filter(({ n, partition }) => (!partitions || partition === 'p') && (!isFiltered || (n !== null && n < 50)))
      .sort((a, b) => compare(a.key, b.key))
      .slice(0, limit)
      .map(({ key, n }) => ({ key, n }));
    const pages = docs.queryIterator({ filter: isFiltered ? 'n < {most}' : undefined, filterParams: isFiltered ? { most: 50 } : undefined, outputFields: ['n', 'key'], partitions, limit, batchSize });
    const reader = { pages, expected, batchSize, got: [] };
    // The moment is that of the first page.
    if (await read(reader)) readers.push(reader);
  };

  /** Whether there may be more. */
  const read = async (reader: Reader): Promise<boolean> => {
    const page = await reader.pages.next();
    if (page.done) {
      expect(reader.got, `seed ${seed}`).toEqual(reader.expected);
      return false;
    }
    reader.got.push(...page.value);
    expect(page.value.length, `seed ${seed}: a page`).toBe(Math.min(reader.batchSize, reader.expected.length - reader.got.length + page.value.length));
    return true;
  };

  for (let step = 0; step < 80; step++) {
    if (readers.length < 4 && next() < 0.2) await begin();
    else if (readers.length > 0 && next() < 0.5) {
      const at = int(readers.length);
      if (!(await read(readers[at]!))) readers.splice(at, 1);
      // Some are left in the middle.
      else if (next() < 0.05) await readers.splice(at, 1)[0]!.pages.return();
    } else await write();
  }
  for (const reader of readers) while (await read(reader)) await write();
  // Nothing is held any more: what is dead goes.
  await docs.flush();
  await docs.compact({ retentionSeconds: 0 });
  expect((await docs.stats()).deletedRows).toBe(0);
  expect(await docs.count()).toBe(model.size);
  await db.close();
}

async function pagesOf<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const pages: T[] = [];
  for await (const page of iterator) pages.push(page);
  return pages;
}

const schema = defineSchema({
  fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, name: { type: 'VarChar', maxLength: 16 }, v: { type: 'FloatVector', dim: 2 } },
});

describe.each(engines)('an iterator of queries by $name', ({ connect }) => {
  let db: Database;
  let docs: Collection<typeof schema>;
  beforeEach(async () => {
    db = await connect('memory:', { retentionSeconds: 0 });
    docs = await db.createCollection('docs', schema);
    await docs.insert(Array.from({ length: 2_500 }, (_, i) => ({ name: `name ${i}`, v: [i, 0] })));
  });
  afterEach(() => db.close());

  it('gives pages of a thousand rows, or as many as are asked for', async () => {
    const sizes: number[] = [];
    let last = 0n;
    for await (const rows of docs.queryIterator()) {
      sizes.push(rows.length);
      expect(rows[0]).toEqual({ id: last + 1n, name: `name ${last}` });
      last = rows.at(-1)!.id;
    }
    expect(sizes).toEqual([1_000, 1_000, 500]);
    const pages = await pagesOf(docs.queryIterator({ batchSize: 2, limit: 5, filter: 'id > 10', outputFields: ['v'] }));
    expect(pages.map((rows) => rows.map(({ id, v }) => [id, v[0]]))).toEqual([[[11n, 10], [12n, 11]], [[13n, 12], [14n, 13]], [[15n, 14]]]);
    expect(await pagesOf(docs.queryIterator({ filter: 'id > 5000' }))).toEqual([]);
    expect((await pagesOf(docs.queryIterator({ batchSize: 1_250 }))).length).toBe(2);
  });

  it('reads the past', async () => {
    const then = await db.now();
    await docs.delete({ filter: 'id > 3' });
    const ids = (await pagesOf(docs.queryIterator({ at: then, filter: 'id < 6' }))).flat().map(({ id }) => id);
    expect(ids).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect((await pagesOf(docs.queryIterator())).flat()).toHaveLength(3);
  });

  it('ends with an error when its rows are taken away, it is aborted or the database is closed', async () => {
    const truncated = docs.queryIterator({ batchSize: 10 });
    await truncated.next();
    const closed = docs.queryIterator({ batchSize: 10 });
    const abort = new AbortController();
    const aborted = docs.queryIterator({ batchSize: 10, signal: abort.signal });
    await aborted.next();
    abort.abort();
    expect(await codeOfAsync(aborted.next())).toBe('ABORTED');
    await docs.truncate();
    expect(await codeOfAsync(truncated.next())).toBe('INVALID_ARGUMENT');
    expect((await truncated.next()).done).toBe(true);
    await docs.insert(Array.from({ length: 20 }, (_, i) => ({ name: `name ${i}`, v: [i, 0] })));
    await closed.next();
    await db.close();
    expect(await codeOfAsync(closed.next())).toBe('CLOSED');
  });

  it('refuses what it cannot do when the first page is asked for', async () => {
    for (const options of [7, { batchSize: 0 }, { batchSize: 16_385 }, { limit: 0 }, { offset: 1 }, { orderBy: 'name' }, { outputFields: ['colour'] }, { outputFields: ['count(*)'] }, { at: 5n }, { partitions: [] }]) {
      expect(await codeOfAsync(docs.queryIterator(options as never).next()), JSON.stringify(options, (_, value) => String(value))).toBe('INVALID_ARGUMENT');
    }
    expect(await codeOfAsync(docs.queryIterator({ partitions: ['p'] }).next())).toBe('NOT_FOUND');
    expect(await codeOfAsync(docs.queryIterator({ filter: 'colour ==' }).next())).toBe('FILTER_SYNTAX');
    // Never begun, it holds nothing.
    expect(await docs.queryIterator().return()).toEqual({ done: true, value: undefined });
  });
});
