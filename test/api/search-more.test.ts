/** Searches that answer groups and searches by the rows' own keys, as users meet them. */
import { describe, expect, it } from 'vitest';
import { searchTable } from '../../src/arrow.ts';
import { handlePlan } from '../../src/api/field-code.ts';
import { moreRequest } from '../../src/api/search-more.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { isElanusError } from '../../src/util/error.ts';
import { engines } from '../support/connect-for-tests.ts';
import { random } from '../support/random.ts';
import { codeOfAsync } from '../support/refusals.ts';

const birds = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    kind: { type: 'VarChar', maxLength: 32, nullable: true },
    rank: { type: 'Int64' },
    price: { type: 'Float' },
    meta: { type: 'JSON' },
    embedding: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } },
  },
});
const row = (id: number, kind: string | null) => ({ id, kind, rank: 2n ** 60n + BigInt(id % 2), price: id, meta: {}, embedding: [id, 0] });
const kinds = ['owl', 'owl', null, 'kite', 'owl', null, 'wren'];

async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (isElanusError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('expected a refusal');
}

it('a search by keys gives the engine buffers that no other request has', async () => {
  const plan = await handlePlan(birds);
  const [one, other] = [moreRequest(plan, 1, { ids: [1] }), moreRequest(plan, 1, { ids: [2] })];
  expect((one.queries as Float32Array).buffer).not.toBe((other.queries as Float32Array).buffer);
});

describe.each(engines)('over $name', ({ connect }) => {
  it('a search answers groups, those of NULL among them', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds);
    await docs.insert(kinds.slice(0, 4).map((kind, id) => row(id, kind)));
    await docs.flush();
    await docs.insert(kinds.slice(4).map((kind, i) => row(4 + i, kind)));
    const groups = async (options: object) => (await docs.search({ vector: [0, 0], ...options } as { vector: number[] })).map(({ id, group }) => [id, group]);
    const bykind = { field: 'kind' };
    expect(await groups({ groupBy: bykind })).toEqual([[0, 'owl'], [2, null], [3, 'kite'], [6, 'wren']]);
    expect(await groups({ groupBy: bykind, limit: 2 })).toEqual([[0, 'owl'], [2, null]]);
    expect(await groups({ groupBy: bykind, limit: 2, offset: 1 })).toEqual([[2, null], [3, 'kite']]);
    expect(await groups({ groupBy: bykind, limit: 2, offset: 4 })).toEqual([]);
    // Of the last group the best hit alone; with `strict` as many as there are.
    expect(await groups({ groupBy: { ...bykind, size: 2 }, limit: 2 })).toEqual([[0, 'owl'], [1, 'owl'], [2, null]]);
    expect(await groups({ groupBy: { ...bykind, size: 2, strict: true }, limit: 2 })).toEqual([[0, 'owl'], [1, 'owl'], [2, null], [5, null]]);
    expect(await groups({ groupBy: { ...bykind, size: 2 }, limit: 3 })).toEqual([[0, 'owl'], [1, 'owl'], [2, null], [3, 'kite']]);
    expect(await groups({ groupBy: { field: 'rank' } })).toEqual([[0, 2n ** 60n], [1, 2n ** 60n + 1n]]);
    expect(await groups({ groupBy: { field: 'id', size: 10 }, limit: 3 })).toEqual([[0, 0], [1, 1], [2, 2]]);
    expect(await groups({ groupBy: bykind, params: { radius: 36, range_filter: 4 } })).toEqual([[2, null], [3, 'kite'], [4, 'owl']]);
    const lists = await docs.search({ vectors: [[6, 0], [3, 0]], groupBy: { field: 'kind' }, limit: 2, outputFields: ['price'] });
    expect(lists).toEqual([[{ id: 6, score: 0, entity: { price: 6 }, group: 'wren' }, { id: 5, score: 1, entity: { price: 5 }, group: null }], [{ id: 3, score: 0, entity: { price: 3 }, group: 'kite' }, { id: 2, score: 1, entity: { price: 2 }, group: null }]]);
    const table = await searchTable(docs, { ids: [6, 3], groupBy: { field: 'kind' }, limit: 2 });
    expect(table.toArray().map((hit) => ({ ...hit.toJSON() }))).toEqual([
      { $query: 0, id: 6n, $score: 0, $group: 'wren' }, { $query: 0, id: 5n, $score: 1, $group: null },
      { $query: 1, id: 3n, $score: 0, $group: 'kite' }, { $query: 1, id: 2n, $score: 1, $group: null },
    ]);
    const then = await db.now();
    await docs.delete({ ids: [0, 6] });
    expect(await groups({ groupBy: bykind })).toEqual([[1, 'owl'], [2, null], [3, 'kite']]);
    expect(await groups({ groupBy: bykind, at: then })).toEqual([[0, 'owl'], [2, null], [3, 'kite'], [6, 'wren']]);
    expect((await docs.explain({ vector: [0, 0], groupBy: { field: 'kind' } })).hits).toBe(3);
    // A field that came later: rows from before have its default.
    const more = await docs.addField('place', { type: 'Int8', defaultValue: 7 });
    await more.insert([{ ...row(9, 'owl'), place: 3 }]);
    expect((await more.search({ vector: [0, 0], groupBy: { field: 'place' } })).map(({ id, group }) => [id, group])).toEqual([[1, 7], [9, 3]]);
    await db.close();
  });

  it('a search takes its queries from rows', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds);
    await docs.insert(kinds.slice(0, 4).map((kind, id) => row(id, kind)));
    await docs.flush();
    await docs.insert(kinds.slice(4).map((kind, i) => row(4 + i, kind)));
    const ids = [5, 0, 5];
    expect(await docs.search({ ids, limit: 3, outputFields: ['kind'] })).toEqual(await docs.search({ vectors: ids.map((id) => [id, 0]), limit: 3, outputFields: ['kind'] }));
    expect((await docs.search({ ids: [6], limit: 1 }))[0]).toEqual([{ id: 6, score: 0, entity: {} }]);
    expect(await docs.search({ ids: BigInt64Array.of(3n), limit: 2, offset: 1, params: { radius: 2 } })).toEqual([[{ id: 2, score: 1, entity: {} }, { id: 4, score: 1, entity: {} }]]);
    const then = await db.now();
    await docs.upsert([{ ...row(1, 'owl'), embedding: [100, 0] }]);
    await docs.delete({ ids: [6] });
    expect((await docs.search({ ids: [1], limit: 1 }))[0]).toEqual([{ id: 1, score: 0, entity: {} }]);
    expect((await docs.search({ ids: [1], at: then, limit: 3 }))[0].map(({ id, score }) => [id, score])).toEqual([[1, 0], [0, 1], [2, 1]]);
    expect(await messageOf(docs.search({ ids: [1, 6, 2, 77] }))).toBe('NOT_FOUND: "ids" expected keys of rows of "birds", got 6, 77, of which there is no row');
    expect((await docs.search({ ids: [6], at: then, limit: 1 }))[0][0].id).toBe(6);
    await db.close();
  });

  it('rows of every vector type are queries, and are grouped', async () => {
    const next = random(5);
    const db = await connect('memory:');
    const dim = 16;
    const index = (type: string, metric: string) => ({ type, metric }) as never;
    for (const vector of [
      { type: 'Float16Vector', dim, index: index('FLAT', 'L2') }, { type: 'BFloat16Vector', dim, index: index('FLAT', 'IP') }, { type: 'Int8Vector', dim, index: index('FLAT', 'COSINE') },
      { type: 'BinaryVector', dim, index: index('BIN_FLAT', 'HAMMING') }, { type: 'SparseFloatVector', index: index('SPARSE_INVERTED_INDEX', 'IP') },
    ] as const) {
      const docs = await db.createCollection(vector.type, defineSchema({ fields: { id: { type: 'VarChar', maxLength: 8, primaryKey: true }, group: { type: 'Int16' }, vector } }));
      const of = (): unknown => {
        if (vector.type === 'SparseFloatVector') return Object.fromEntries(Array.from({ length: 4 }, () => [Math.floor(next() * 12), Math.floor(next() * 5) + 1]));
        return Array.from({ length: vector.type === 'BinaryVector' ? dim / 8 : dim }, () => Math.floor(next() * (vector.type === 'BinaryVector' ? 256 : 8)));
      };
      const rows = Array.from({ length: 120 }, (_, i) => ({ id: `k${i}`, group: Math.floor(next() * 20), vector: of() }));
      await docs.insert(rows.slice(0, 90) as never);
      await docs.flush();
      await docs.insert(rows.slice(90) as never);
      const ids = ['k3', 'k100', 'k7'];
      const vectors = ids.map((id) => rows.find((one) => one.id === id)!.vector);
      const everything = await docs.search({ vectors: vectors as never, limit: 120, outputFields: ['group'] });
      const byIds = await docs.search({ ids, limit: 120, outputFields: ['group'] });
      expect(byIds).toEqual(everything);
      if (vector.type === 'BinaryVector') {
        expect(await codeOfAsync(docs.search({ ids, groupBy: { field: 'group' } }))).toBe('NOT_SUPPORTED');
        continue;
      }
      const grouped = await docs.search({ ids, groupBy: { field: 'group', size: 2, strict: true }, limit: 6 });
      grouped.forEach((hits, q) => {
        const wanted = new Map<unknown, unknown[]>();
        for (const { id, entity } of everything[q]) {
          if (!wanted.has(entity.group) && wanted.size < 6) wanted.set(entity.group, []);
          const members = wanted.get(entity.group);
          if (members && members.length < 2) members.push(id);
        }
        expect(hits.map(({ id }) => id)).toEqual([...wanted.values()].flat());
      });
    }
    await db.close();
  });

  it('hits have the keys of a dynamic field that were asked for', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('loose', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, kind: { type: 'Int8' }, v: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } } }, dynamicField: true }));
    await docs.insert(Array.from({ length: 6 }, (_, id) => ({ id, kind: id % 2, v: [id, 0], colour: `c${id}` })) as never);
    const options = { outputFields: ['colour'], filter: 'colour != "c0"' } as never as { outputFields: never };
    expect(await docs.search({ vector: [0, 0], groupBy: { field: 'kind' }, ...options })).toEqual([{ id: 1, score: 1, entity: { colour: 'c1' }, group: 1 }, { id: 2, score: 4, entity: { colour: 'c2' }, group: 0 }]);
    expect((await docs.search({ ids: [4], limit: 1, ...options }))[0]).toEqual([{ id: 4, score: 0, entity: { colour: 'c4' } }]);
    const entities: unknown[] = [];
    for await (const page of docs.searchIterator({ vector: [0, 0], batchSize: 2, ...options })) entities.push(...page.map(({ entity }) => entity));
    expect(entities).toEqual([1, 2, 3, 4, 5].map((id) => ({ colour: `c${id}` })));
    expect(await messageOf(docs.search({ vector: [0, 0], groupBy: { field: 'colour' } } as never))).toContain('"groupBy.field" expected a field of the schema');
    await db.close();
  });

  it('says what is wrong with them', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('birds', birds);
    await docs.insert([row(1, 'owl')]);
    const refused = async (options: object): Promise<string> => messageOf(docs.search(options as never));
    const grouped = (groupBy: unknown): Promise<string> => refused({ vector: [0, 0], groupBy });
    expect(await grouped('kind')).toBe('INVALID_ARGUMENT: "groupBy" expected an object with the name of a field, got "kind"');
    expect(await grouped(null)).toBe('INVALID_ARGUMENT: "groupBy" expected an object with the name of a field, got null');
    expect(await grouped({})).toBe('INVALID_ARGUMENT: "groupBy.field" expected a field of the schema (id, kind, rank, price, meta, embedding), got undefined');
    expect(await grouped({ field: 'colour' })).toContain('got "colour"');
    expect(await grouped({ field: 'price' })).toBe('INVALID_ARGUMENT: "groupBy.field" expected a Bool, integer or VarChar field, got "price" of type Float');
    expect(await grouped({ field: 'embedding' })).toBe('INVALID_ARGUMENT: "groupBy.field" expected a Bool, integer or VarChar field, got "embedding" of type FloatVector');
    expect(await grouped({ field: 'meta' })).toContain('NOT_SUPPORTED: "groupBy.field": grouping by values inside a JSON field');
    for (const size of [0, 11, 1.5, '2', null]) expect(await grouped({ field: 'kind', size })).toContain('"groupBy.size" expected an integer from 1 to 10');
    expect(await grouped({ field: 'kind', strict: 1 })).toBe('INVALID_ARGUMENT: "groupBy.strict" expected true or false, got 1');
    expect(await grouped({ field: 'kind', group_size: 1 })).toContain('"group_size" expected an option of groupBy (field, size, strict), got an unknown one');
    expect(await refused({ vector: [0], groupBy: { field: 'kind' } })).toContain('"vector"');
    expect(await refused({ vector: [0, 0], groupBy: { field: 'kind' }, params: { ef: 3 } })).toContain('"ef"');
    expect(await refused({ vector: [0, 0], topk: 3, groupBy: { field: 'kind' } })).toContain('"topk"');
    expect(await refused({ ids: [1], vector: [0, 0] })).toBe('INVALID_ARGUMENT: "ids" expected either ids or vectors to search for, got ids and vector');
    expect(await refused({ ids: 1 })).toBe('INVALID_ARGUMENT: "ids" expected an array of keys, got 1');
    expect(await refused({ ids: null })).toBe('INVALID_ARGUMENT: "ids" expected an array of keys, got null');
    expect(await refused({ ids: [] })).toBe('INVALID_ARGUMENT: "ids" expected 1 to 16384 keys, got 0');
    expect(await refused({ ids: ['x'] })).toContain('INVALID_ARGUMENT: "id"');
    expect(await refused({ ids: [1], params: { ef: 3 } })).toContain('"ef"');
    expect(await refused({ ids: [1], field: 'kind' })).toContain('"field"');
    expect(await docs.search({ vector: [1, 0], groupBy: undefined, ids: undefined } as never)).toEqual([{ id: 1, score: 0, entity: {} }]);
    const stop = new AbortController();
    stop.abort();
    expect(await codeOfAsync(docs.search({ ids: [1], signal: stop.signal }))).toBe('ABORTED');
    await db.close();
  });
});
