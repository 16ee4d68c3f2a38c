/** `encryptionKey`, through the API, over a folder. */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectOptions } from '../../src/api/connect.ts';
import type { Database } from '../../src/api/database.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { aesKey } from '../support/aes-key.ts';
import { connectInNode } from '../support/connect-for-tests.ts';
import { codeOfAsync } from '../support/refusals.ts';

const INDEX = { type: 'HNSW_SQ', metric: 'L2', params: { M: 8, sq_type: 'SQ8', refine: true, refine_type: 'FP32' } } as const;
const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, autoId: true },
    title: { type: 'VarChar', maxLength: 64 },
    v: { type: 'FloatVector', dim: 64, index: INDEX },
  },
});
const SECRET = 'the kite nests in the old oak';
const vectorOf = (n: number): number[] => Array.from({ length: 64 }, (_, j) => Math.sin(n * (j + 1) + j));
const rows = Array.from({ length: 6_000 }, (_, n) => ({ title: `${SECRET} ${n}`, v: vectorOf(n) }));

describe('an encrypted database', () => {
  let folder: string;
  const opened: Database[] = [];
  const open = async (options: ConnectOptions = {}): Promise<Database> => {
    const db = await connectInNode(`file:${folder}`, { mode: 'inline', durability: 'relaxed', ...options });
    opened.push(db);
    return db;
  };
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'elanus-encrypted-')), 'db');
  });
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.close();
    await rm(join(folder, '..'), { recursive: true, force: true });
  });

  /** Every file of the folder but the lock, by its path. */
  async function snapshot(): Promise<Map<string, Buffer>> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && entry.name !== 'lock').map((entry) => join(entry.parentPath, entry.name));
    return new Map(await Promise.all(files.sort().map(async (path) => [path, await readFile(path)] as const)));
  }

  it('answers as any other, opened again too, and leaves no word of it in the folder', async () => {
    const encryptionKey = await aesKey(1);
    const db = await open({ encryptionKey });
    const docs = await db.createCollection('docs', schema);
    await docs.insert(rows);
    await docs.flush();
    await docs.insert([{ title: `${SECRET} in the log`, v: vectorOf(9_999) }]);
    await docs.createIndex('v', INDEX);
    await docs.delete({ ids: [1] });
    await docs.insert([{ title: `${SECRET} again`, v: vectorOf(10_000) }]);
    expect(await db.stats()).toMatchObject({ isEncrypted: true, persisted: true });
    expect((await docs.stats()).segments).toContainEqual(expect.objectContaining({ indexes: { v: 'HNSW_SQ' } }));
    await db.close();

    const found = await snapshot();
    expect([...found.keys()].filter((path) => /files|logs|root/.test(path)).length).toBeGreaterThan(3);
    for (const [path, bytes] of found) for (const word of [SECRET, 'kite', 'docs', 'title', 'HNSW']) expect(bytes.includes(word), path).toBe(false);

    // The same key as bytes, and nothing resident: rows are read from the store again, through a promise each.
    const again = await (await open({ encryptionKey: new Uint8Array(32).fill(1), cacheBytes: 0 })).collection('docs', schema);
    expect(await again.count()).toBe(6_001);
    const [hit] = await again.search({ vector: vectorOf(7), limit: 1, outputFields: ['title'] });
    expect(hit).toMatchObject({ id: 8n, entity: { title: `${SECRET} 7` } });
    expect((await again.get([1, 6_001, 6_002])).map(({ title }) => title)).toEqual([`${SECRET} in the log`, `${SECRET} again`]);
  });

  it('is UNAUTHENTICATED for another key and for none, and changes nothing of it', async () => {
    const db = await open({ encryptionKey: await aesKey(1) });
    await (await db.createCollection('docs', schema)).insert(rows.slice(0, 10));
    await db.close();
    const before = await snapshot();
    for (const options of [{}, { encryptionKey: await aesKey(2) }, { readOnly: true }, { readOnly: true, encryptionKey: await aesKey(2) }, { encryptionKey: new Uint8Array(32) }]) {
      expect(await codeOfAsync(open(options))).toBe('UNAUTHENTICATED');
    }
    expect(await snapshot()).toEqual(before);
    expect(await (await (await open({ encryptionKey: await aesKey(1) })).collection('docs')).count()).toBe(10);
  });

  it('cannot be made of a plain one: a key for that is INVALID_ARGUMENT, and changes nothing', async () => {
    const db = await open();
    await (await db.createCollection('docs', schema)).insert(rows.slice(0, 10));
    expect((await db.stats()).isEncrypted).toBe(false);
    await db.close();
    const before = await snapshot();
    expect(await codeOfAsync(open({ encryptionKey: await aesKey(1) }))).toBe('INVALID_ARGUMENT');
    expect(await snapshot()).toEqual(before);
    expect(await (await (await open()).collection('docs')).count()).toBe(10);
  });

  it('is read beside its writer', async () => {
    const encryptionKey = await aesKey(1);
    const docs = await (await open({ encryptionKey })).createCollection('docs', schema);
    await docs.insert(rows.slice(0, 10));
    const reader = await open({ encryptionKey, readOnly: true });
    expect(await (await reader.collection('docs')).count()).toBe(10);
  });

  it('says CORRUPT for each of its files that was changed, whichever byte it is', async () => {
    const encryptionKey = await aesKey(1);
    const db = await open({ encryptionKey });
    const docs = await db.createCollection('docs', schema);
    await docs.insert(rows.slice(0, 2_000));
    await docs.createIndex('v', INDEX);
    await docs.insert(rows.slice(0, 10));
    await db.close();
    const found = await snapshot();
    /** Opens it and reads everything there is. */
    const readAll = async (): Promise<void> => {
      const reader = await open({ encryptionKey, readOnly: true });
      try {
        const all = await reader.collection('docs', schema);
        await all.get(Array.from({ length: 2_010 }, (_, i) => i + 1), { outputFields: '*' });
        await all.search({ vector: vectorOf(7), limit: 10 });
      } finally {
        await reader.close();
      }
    };
    await readAll();
    for (const [path, bytes] of found) {
      for (const at of [0, 20, 60, Math.floor(bytes.length / 2), bytes.length - 40, bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 4;
        await writeFile(path, changed);
        expect(await codeOfAsync(readAll()), `byte ${at} of ${path}`).toBe('CORRUPT');
      }
      await writeFile(path, bytes);
    }
    await readAll();
  });

  it('opened with an older copy of its root is CORRUPT as long as the log of after it is there', async () => {
    const encryptionKey = await aesKey(1);
    const first = await open({ encryptionKey });
    const docs = await first.createCollection('docs', schema);
    await docs.insert(rows.slice(0, 10));
    await first.close();
    const root = join(folder, 'root');
    const older = await readFile(root);
    const second = await open({ encryptionKey });
    await (await second.collection('docs', schema)).insert(rows.slice(10, 20));
    await second.close();
    await writeFile(root, older);
    expect(await codeOfAsync(open({ encryptionKey }))).toBe('CORRUPT');
  });
});
