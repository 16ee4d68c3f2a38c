/**
 * The library opens what earlier ones wrote, for good: `fixtures/*.database.gz` are databases that released versions have written, each
 * with everything in it that there was. `npm run fixture` writes the one of this version anew, which is to be done only as long as
 * that is not released.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkDatabase } from '../../src/check/check.ts';
import { inspectDatabase, type Inventory } from '../../src/check/inspect.ts';
import type { Database } from '../../src/api/database.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { encodePreamble, KIND_NAME, readPreamble, type PreambleKind } from '../../src/storage/preamble.ts';
import { connectTo, copyOf } from '../check/support.ts';
import { testKernels } from '../support/kernels.ts';
import { itemOf, itemsAt, itemsSchema, ROWS, TENANTS, tenantsSchema, TTL_SECONDS, wordOf, wordsNow, wordsSchema, writeDatabase, type Row, type Written } from './fixtures/database.ts';
import { pack, unpack } from './fixtures/pack.ts';

const folder = join(import.meta.dirname, 'fixtures');
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const pathOf = (of: string, what: string): string => join(folder, `${of}.${what}`);

/** Reads of the past are answered however old the fixture is. */
const FOR_GOOD = { mode: 'inline', retentionSeconds: 3_000_000_000 } as const;

async function makeNow(): Promise<{ medium: MemoryMedium; written: Written }> {
  const medium = new MemoryMedium();
  return writeDatabase(connectTo(medium), () => copyOf(medium));
}

if (process.env['WRITE_FIXTURE']) {
  const { medium, written } = await makeNow();
  writeFileSync(pathOf(version, 'database.gz'), pack(medium));
  writeFileSync(pathOf(version, 'written.json'), `${JSON.stringify(written, null, 2)}\n`);
}

const versions = readdirSync(folder).flatMap((name) => (name.endsWith('.database.gz') ? [name.slice(0, -'.database.gz'.length)] : []));

/** What was read, in a form that what was written shares. */
const plain = (value: unknown): unknown =>
  value === null || typeof value !== 'object' ? (typeof value === 'bigint' ? String(value) : value) : ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : Array.isArray(value) ? value.map(plain) : Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));

describe('a fixture of this version', () => {
  it('is there: npm run fixture writes it', () => {
    expect(existsSync(pathOf(version, 'database.gz'))).toBe(true);
  });
});

describe.each(versions)('the database that %s wrote', (of) => {
  let medium: MemoryMedium;
  let written: Written;
  beforeAll(() => {
    medium = unpack(readFileSync(pathOf(of, 'database.gz')));
    written = JSON.parse(readFileSync(pathOf(of, 'written.json'), 'utf8')) as Written;
  });

  const opened = async (use: (db: Database) => Promise<void>, readOnly = false): Promise<MemoryMedium> => {
    const copy = copyOf(medium);
    const db = await connectTo(copy)('memory:', { ...FOR_GOOD, readOnly });
    try {
      await use(db);
    } finally {
      await db.close();
    }
    return copy;
  };

  it('is whole', async () => {
    expect((await checkDatabase(openMemoryStore({ medium: copyOf(medium) }), await testKernels('simd'))).findings).toEqual([]);
  });

  it('has everything in it', async () => {
    const inventory: Inventory = await inspectDatabase(openMemoryStore({ medium: copyOf(medium) }));
    const { collections, databases, aliases, snapshots } = inventory;
    expect(snapshots).toMatchObject([{ database: 'default', collection: 'items', name: 'before', rows: itemsAt('changed').size }]);
    expect(databases.map(({ name }) => name)).toEqual(['default', 'second']);
    expect(aliases).toEqual([{ database: 'default', name: 'things', collection: 'items' }]);
    expect(collections.map(({ name }) => name)).toEqual(['items', 'restored', 'words', 'tenants']);
    expect(collections[3]!.properties).toEqual({ ttlSeconds: TTL_SECONDS });
    expect(new Set(collections.flatMap(({ segments }) => segments.flatMap(({ indexes }) => indexes.map(({ type }) => type))))).toEqual(
      new Set(['HNSW_SQ', 'IVF_SQ8', 'HNSW', 'BIN_IVF_FLAT', 'DISKANN', 'IVF_FLAT', 'SPARSE_INVERTED_INDEX']),
    );
    expect(collections[0]!.partitions.map(({ name, rows }) => [name, rows > 0])).toEqual([['_default', true], ['left', true]]);
    expect(collections[0]!.segments.some(({ deletes }) => deletes !== null)).toBe(true);
    expect(collections.map(({ logs }) => logs.map(({ isEnded, records }) => [isEnded, records! > 0]))).toEqual([[[false, true]], [[true, true]], [[false, true]], [[true, true]]]);
    expect(new Set([...medium.files.values(), ...[...medium.logs.values()].map(([bytes]) => bytes!), medium.root!].map((bytes) => KIND_NAME.get(readPreamble(bytes)!.kind)))).toEqual(new Set(['manifest', 'log', 'segment', 'index', 'deletes']));
  });

  it.each([true, false])('holds what was written (readOnly: %s)', async (readOnly) => {
    await opened(async (db) => {
      const items = await db.collection('things', itemsSchema);
      const ids = [...Array.from({ length: ROWS }, (_, i) => i), ...Array.from({ length: 10 }, (_, i) => 2_000 + i), ...Array.from({ length: 5 }, (_, i) => 3_000 + i)];
      for (const moment of ['first', 'changed', 'now'] as const) {
        const at = moment === 'now' ? {} : { at: BigInt(written.moments[moment]!) };
        const expected = itemsAt(moment);
        expect(await items.count(undefined, at)).toBe(expected.size);
        const found = new Map((await items.get(ids, { outputFields: '*', ...at })).map((row) => [row.id, row as Row]));
        expect([...found.keys()].sort((a, b) => a - b)).toEqual([...expected.keys()].sort((a, b) => a - b));
        for (const [id, row] of expected) if (JSON.stringify(plain(found.get(id))) !== JSON.stringify(plain(row))) expect(plain(found.get(id)), `${moment} ${id}`).toEqual(plain(row));
      }
      expect(await items.count(undefined, { partitions: ['left'] })).toBe(20);
      const snapshot = await db.openSnapshot('before', itemsSchema);
      expect(await snapshot.count()).toBe(itemsAt('changed').size);
      expect((await snapshot.get([30, 100, 200], { outputFields: '*' })).map(plain)).toEqual([30, 200].map((id) => plain(itemsAt('changed').get(id)!)));
      const restored = await db.collection('restored', itemsSchema);
      expect(await restored.count()).toBe(itemsAt('changed').size - 1);
      expect((await restored.get([0, 30])).map(({ id }) => id)).toEqual([30]);

      const words = await db.collection('words', wordsSchema);
      const expected = wordsNow();
      expect(await words.count()).toBe(expected.size);
      for (const row of await words.get([...expected.keys()], { outputFields: '*' })) expect(plain(row)).toEqual(plain(expected.get(row.word)));

      const tenants = await (await db.useDatabase('second')).collection('tenants');
      expect(tenants.schema.fields.map(({ name }) => name)).toEqual([...tenantsSchema.fields.map(({ name }) => name), 'note']);
      expect((await tenants.get([1, 2, 3, 4])).map(plain)).toEqual([...TENANTS.map((tenant, i) => ({ id: String(i + 1), tenant, note: 'none yet' })), { id: '4', tenant: 'dora', note: 'came later' }]);
    }, readOnly);
  });

  it('is searched by its indexes', async () => {
    await opened(async (db) => {
      const items = await db.collection('items', itemsSchema);
      for (const field of ['dense', 'half', 'bytes', 'bits'] as const) {
        expect((await items.describeIndex(field)).serving.map(({ type }) => type)).toContain(itemsSchema.fields.find(({ name }) => name === field)!.index!.type);
        for (const id of [0, 500, ROWS - 1, 2_003, 3_001]) {
          const [hit] = await items.search({ field, vector: itemsAt('now').get(id)![field] as Float32Array, limit: 1, params: field === 'dense' || field === 'bytes' ? { ef: 200 } : { nprobe: 8 } });
          expect(hit!.id, `${field} ${id}`).toBe(id);
        }
      }
      const words = await db.collection('words', wordsSchema);
      for (const number of [0, 700, 12, 5_001]) {
        const row = wordsNow().get(wordOf(number, 1)['word'] as string)!;
        expect((await words.search({ field: 'disk', vector: row['disk'] as Float32Array, limit: 1, params: { search_list: 200 } }))[0]!.id).toBe(row['word']);
        expect((await words.search({ field: 'weights', sparse: row['weights'] as never, limit: 40 })).map(({ id }) => id)).toContain(row['word']);
        expect((await words.search({ field: 'brain', vector: row['brain'] as Float32Array, limit: 40, params: { nprobe: 8 } })).map(({ id }) => id)).toContain(row['word']);
      }
    });
  });

  it('is written to and compacted like any other', { timeout: 120_000 }, async () => {
    const copy = await opened(async (db) => {
      const items = await db.collection('items', itemsSchema);
      await items.insert([itemOf(9_000, 1) as never]);
      await items.compact();
      expect(await items.count()).toBe(itemsAt('now').size + 1);
      const tenants = await (await db.useDatabase('second')).collection('tenants');
      expect((await tenants.insert([{ tenant: 'emil', v: [4, 1] }] as never)).ids).toEqual([5n]);
    });
    expect((await checkDatabase(openMemoryStore({ medium: copy }), await testKernels('simd'))).isDamaged).toBe(false);
  });

  it('of formats that are older or newer than what is read is FORMAT_UNSUPPORTED, with advice', async () => {
    /** A file of each kind says another version, with a checksum that matches. */
    const withVersion = (kind: PreambleKind, change: (known: number) => number): MemoryMedium => {
      const copy = copyOf(medium);
      const all = [copy.root!, ...copy.files.values(), ...[...copy.logs.values()].map(([bytes]) => bytes!)];
      for (const bytes of all) {
        const preamble = readPreamble(bytes)!;
        if (KIND_NAME.get(preamble.kind) === kind) bytes.set(encodePreamble(kind, change(preamble.version)));
      }
      return copy;
    };
    for (const kind of ['manifest', 'log', 'segment', 'deletes'] as const) {
      for (const [change, advice] of [[() => 1, 'older'], [(known: number) => known + 50, 'upgrade']] as const) {
        await expect(connectTo(withVersion(kind, change))('memory:', FOR_GOOD), `${kind} ${advice}`).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED', detail: { advice: expect.stringContaining(advice) } });
      }
    }
  });
});
