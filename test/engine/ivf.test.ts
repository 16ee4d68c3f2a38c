/** The IVF family through the public API: built, searched, changed, reopened. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/api/index.ts';
import { connectInNode } from '../support/connect-for-tests.ts';
import { randomVectors } from '../support/vectors.ts';

const rows = 4000, dim = 80, nlist = 20;
const values = randomVectors(rows, dim, 1);
const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, vector: { type: 'FloatVector', dim } } });
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

describe.each([
  ['IVF_FLAT', {}, { nprobe: nlist }],
  ['IVF_SQ8', { refine: true }, { nprobe: nlist, refine_k: 20 }],
  ['IVF_PQ', { m: 16, refine: true }, { nprobe: nlist, refine_k: 400 }],
  ['SCANN', {}, { nprobe: nlist, reorder_k: rows }],
  ['IVF_RABITQ', { refine: true }, { nprobe: nlist, refine_k: 400 }],
])('%s through a collection', (type, build, exact) => {
  it('finds what FLAT finds, without what was deleted, before and after it is reopened', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'elanus-ivf-'));
    folders.push(folder);
    const open = () => connectInNode(`file:${join(folder, 'db')}`, { mode: 'inline', durability: 'relaxed' });
    let db = await open();
    let docs = await db.createCollection('docs', schema);
    await docs.insert({ id: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i)), vector: values });
    await docs.createIndex('vector', { type: 'FLAT', metric: 'COSINE' });
    await docs.delete({ ids: Array.from({ length: 500 }, (_, i) => i * 3) });
    const queries = Array.from({ length: 5 }, (_, q) => randomVectors(1, dim, 100 + q));
    const ask = (params: Record<string, number>) => Promise.all(queries.map((vector) => docs.search({ vector, limit: 10, params })));
    const expected = await ask({});
    const range = { radius: expected[0][9].score, range_filter: expected[0][3].score };
    const within = await ask(range);
    expect(within[0].length).toBeGreaterThan(3);

    expect(await docs.createIndex('vector', { type, params: { nlist, ...build } })).toMatchObject({ type, metric: 'COSINE' });
    expect((await docs.stats()).segments).toMatchObject([{ indexes: { vector: type } }]);
    expect(await docs.indexProgress('vector')).toMatchObject({ state: 'finished' });
    expect(await ask(exact as Record<string, number>)).toEqual(expected);
    expect(await ask({ ...(exact as Record<string, number>), ...range })).toEqual(within);
    const tuned = await docs.tune({ queries, limit: 10, targetRecall: 0.9 });
    expect(tuned).toMatchObject({ index: type, isReached: true });
    expect(tuned.params['nprobe']).toBeLessThanOrEqual(nlist);
    const few = await ask({ nprobe: 1 });
    expect(few.every((hits) => hits.length === 10)).toBe(true);
    await expect(docs.search({ vector: queries[0], limit: 10, params: { nprobe: nlist + 1 } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(docs.search({ vector: queries[0], limit: 10, params: { ef: 100 } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await db.close();

    db = await open();
    docs = await db.collection('docs', schema);
    const scores = (all: readonly (readonly { id: bigint; score: number }[])[]) => all.map((hits) => hits.map(({ id, score }) => [id, score.toFixed(5)]));
    expect(scores(await ask(exact as Record<string, number>))).toEqual(scores(expected));
    await docs.insert({ id: [900_000n], vector: queries[0] });
    expect((await docs.search({ vector: queries[0], limit: 1, params: { nprobe: 1 } }))[0].id).toBe(900_000n);
    await db.close();
  });
});
