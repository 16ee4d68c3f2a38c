/** `collection.reembed`: the same rows with vectors of another model, or nothing has changed. What the engine does of it is in `test/engine/reembed.test.ts`. */
import { describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { Embedder } from '../../src/api/embedder.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { engines } from '../support/connect-for-tests.ts';
import { fakeEmbedder, hashedWords } from '../support/fake-embedder.ts';
import { codeOfAsync } from '../support/refusals.ts';

const fields = {
  id: { type: 'Int64', primaryKey: true, as: 'number' },
  text: { type: 'VarChar', maxLength: 200, nullable: true },
  title: { type: 'VarChar', maxLength: 200 },
  embedding: { type: 'FloatVector', dim: 8, embedder: { id: 'one', input: 'text' }, index: { type: 'FLAT', metric: 'L2' } },
} as const;
const schema = defineSchema({ fields });
const ROWS = Array.from({ length: 700 }, (_, id) => ({ id, text: `kite ${id % 90} over`, title: `river ${id % 7}` }));

describe.each(engines)('reembed, over $name', ({ connect }) => {
  async function open(embedders: Record<string, Embedder> = {}) {
    const two = fakeEmbedder(5, { salt: 2, isFlat: true });
    const db = await connect('memory:', { embedders: { one: fakeEmbedder(8).embed, same: fakeEmbedder(8, { salt: 1 }).embed, two: two.embed, ...embedders } });
    const docs = await db.createCollection('docs', schema);
    await docs.insert(ROWS);
    return { db, docs, two };
  }
  const expectModel = async (docs: Collection<any>, dim: number, salt: number, input: 'text' | 'title' = 'text'): Promise<void> => {
    const rows = await docs.query({ filter: 'id >= 0', outputFields: '*' });
    expect(rows).toEqual(ROWS.map((row) => ({ ...row, embedding: hashedWords(row[input], dim, salt) })));
    expect(await docs.search({ text: 'kite 3', limit: 4 })).toEqual(await docs.search({ vector: hashedWords('kite 3', dim, salt), limit: 4 }));
  };

  it('moves to a model of another dimension, of the same one, and of another text', async () => {
    const { db, docs, two } = await open();
    const done: number[] = [];
    const moved = await docs.reembed({ embedder: { id: 'two' }, dim: 5, onProgress: ({ phase, done: rows, total }) => (expect([phase, total]).toEqual(['embed', 700]), done.push(rows)) });
    expect(done).toEqual([0, 512, 700]);
    expect(Math.max(...two.calls.map(({ length }) => length))).toBeLessThanOrEqual(128);
    expect((await moved.describe()).schema.fields.find(({ name }) => name === 'embedding')).toMatchObject({ dim: 5, embedder: { id: 'two', input: 'text' } });
    await expectModel(moved, 5, 2);
    // Earlier handles are of a collection that is gone; its name is that of the new one.
    expect(await codeOfAsync(docs.count())).toBe('NOT_FOUND');
    expect(await codeOfAsync(docs.insert(ROWS.slice(0, 1)))).toBe('NOT_FOUND');
    expect(await codeOfAsync(db.collection('docs', schema))).toBe('SCHEMA_MISMATCH');
    const again = await db.collection('docs', defineSchema({ fields: { ...fields, embedding: { ...fields.embedding, dim: 5, embedder: { id: 'two', input: 'text' } } } }));
    await again.insert([ROWS[3]!]);
    await expectModel(again, 5, 2);
    const third = await again.reembed({ field: 'embedding', embedder: { id: 'same', input: 'title' }, dim: 8 });
    await expectModel(third, 8, 1, 'title');
    await expectModel(await third.reembed({ embedder: { id: 'same' } }), 8, 1, 'title');
    await db.close();
  });

  it('gives an embedder to a field that had none', async () => {
    const { db } = await open();
    const plain = await db.createCollection('plain', defineSchema({ fields: { ...fields, embedding: { type: 'FloatVector', dim: 3 } } }));
    await plain.insert(ROWS.map((row) => ({ ...row, embedding: [1, 2, 3] })));
    expect(await codeOfAsync(plain.reembed({ embedder: { id: 'two' }, dim: 5 }))).toBe('INVALID_ARGUMENT');
    await expectModel(await plain.reembed({ embedder: { id: 'two', input: 'title' }, dim: 5 }), 5, 2, 'title');
    await db.close();
  });

  it.each<[string, object]>([
    ['no options', undefined as never], ['no embedder', {}], ['an embedder that is a name', { embedder: 'two' }], ['an id that is none', { embedder: { id: 2 } }], ['a model that is not registered', { embedder: { id: 'none' } }],
    ['an input that is no text', { embedder: { id: 'two', input: 'id' } }], ['an unknown option of the embedder', { embedder: { id: 'two', pooling: 'mean' } }], ['a field that is no vector', { field: 'text', embedder: { id: 'two' } }],
    ['a dimension that is none', { embedder: { id: 'two' }, dim: 1 }], ['an unknown option', { embedder: { id: 'two' }, batch: 4 }], ['a signal that is none', { embedder: { id: 'two' }, signal: {} }],
  ])('refuses %s', async (_, options) => {
    const { db, docs } = await open();
    expect(await codeOfAsync(docs.reembed(options as never))).toBe('INVALID_ARGUMENT');
    await expectModel(docs, 8, 0);
    await db.close();
  });

  it('changes nothing where the embedder fails, stops or answers wrong, a row has no text, or the signal fires', async () => {
    let count = 0;
    const abort = new AbortController();
    const { db, docs } = await open({
      failing: async (texts) => (++count > 1 ? Promise.reject(new Error('boom')) : texts.map(() => new Float32Array(5))),
      wrong: async (texts) => new Float32Array(texts.length * 6),
      stuck: () => (setTimeout(() => abort.abort(), 5), new Promise(() => {})),
    });
    await expect(docs.reembed({ embedder: { id: 'failing' }, dim: 5 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { embedder: 'failing' }, cause: { message: 'boom' } });
    expect(await codeOfAsync(docs.reembed({ embedder: { id: 'wrong' }, dim: 5 }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.reembed({ embedder: { id: 'stuck' }, dim: 5, signal: abort.signal }))).toBe('ABORTED');
    await expectModel(docs, 8, 0);
    await docs.insert([{ id: 9_000, title: 'no text', embedding: new Float32Array(8) }]);
    await expect(docs.reembed({ embedder: { id: 'two' }, dim: 5 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('9000') as string });
    await docs.delete({ ids: [9_000] });
    await expectModel(docs, 8, 0);
    await expectModel(await docs.reembed({ embedder: { id: 'two' }, dim: 5 }), 5, 2);
    await db.close();
  });

  it('is not for snapshots', async () => {
    const { db, docs } = await open();
    await db.createSnapshot({ collection: 'docs', name: 's' });
    const snapshot = await db.openSnapshot('s', schema);
    expect(await snapshot.search({ text: 'kite 3', limit: 9 })).toEqual(await docs.search({ vector: hashedWords('kite 3', 8), limit: 9 }));
    expect(await codeOfAsync(snapshot.reembed({ embedder: { id: 'two' }, dim: 5 }))).toBe('READ_ONLY');
    await db.close();
  });
});
