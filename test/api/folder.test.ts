import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectOptions } from '../../src/api/connect.ts';
import type { Database } from '../../src/api/database.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { connectInNode } from '../support/connect-for-tests.ts';
import { codeOfAsync } from '../support/refusals.ts';

const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, autoId: true },
    title: { type: 'VarChar', maxLength: 64 },
    meta: { type: 'JSON' },
    v: { type: 'FloatVector', dim: 3, index: { type: 'HNSW', metric: 'L2', params: { M: 8 } } },
  },
});
const rows = [1, 2, 3].map((n) => ({ title: `kite ${n} 🪁`, meta: { n }, v: [n, 0, 0] }));

describe('a database in a folder', () => {
  let folder: string;
  const opened: Database[] = [];
  const open = async (options: ConnectOptions = {}): Promise<Database> => {
    const db = await connectInNode(`file:${folder}`, { mode: 'inline', durability: 'relaxed', ...options });
    opened.push(db);
    return db;
  };
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'elanus-api-')), 'db');
  });
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.close();
    await rm(join(folder, '..'), { recursive: true, force: true });
  });

  it.each([false, true])('is as it was when it is opened again (flushed: %s)', async (isFlushed) => {
    const db = await open();
    const docs = await db.createCollection('docs', schema);
    await docs.insert(rows);
    await docs.delete({ ids: [2] });
    if (isFlushed) await docs.flush();
    await db.close();

    const again = await (await open()).collection('docs', schema);
    expect(again.schema).toEqual(schema);
    expect(await again.count()).toBe(2);
    expect(await again.get([1, 2, 3], { outputFields: '*' })).toEqual([1, 3].map((n) => ({ id: BigInt(n), ...rows[n - 1], v: Float32Array.of(n, 0, 0) })));
    expect(await again.search({ vector: [0, 0, 0], outputFields: ['title'] })).toEqual([
      { id: 1n, score: 1, entity: { title: 'kite 1 🪁' } },
      { id: 3n, score: 9, entity: { title: 'kite 3 🪁' } },
    ]);
    expect((await again.insert(rows)).ids).toEqual([4n, 5n, 6n]);
  });

  it('is LOCKED for a second writer, until the first is gone', async () => {
    const db = await open();
    const docs = await db.createCollection('docs', schema);
    await docs.insert(rows);
    expect(await codeOfAsync(open())).toBe('LOCKED');
    expect(await docs.count()).toBe(3);
    await db.close();
    expect(await (await (await open()).collection('docs')).count()).toBe(3);
  });

  it('opened with readOnly answers reads and refuses writes', async () => {
    expect(await codeOfAsync(open({ readOnly: true }))).toBe('NOT_FOUND');
    const db = await open();
    await (await db.createCollection('docs', schema)).insert(rows);
    await db.close();
    const reader = await open({ readOnly: true });
    const docs = await reader.collection('docs', schema);
    expect((await docs.search({ vector: [3, 0, 0], limit: 1 }))[0].id).toBe(3n);
    const writes = [docs.insert(rows), docs.delete({ ids: [1] }), docs.flush(), docs.createIndex('v', { type: 'FLAT' }), docs.drop(), reader.createCollection('other', schema)];
    expect(await Promise.all(writes.map(codeOfAsync))).toEqual(writes.map(() => 'READ_ONLY'));
    expect(await docs.count()).toBe(3);
  });
});
