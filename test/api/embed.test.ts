/** Rows and searches in words: the vectors that are written and searched for are those that the embedder makes of the texts, whatever form they come in. */
import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { searchTable } from '../../src/arrow.ts';
import type { Collection } from '../../src/api/collection.ts';
import type { Embedder } from '../../src/api/embedder.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { isElanusError, type ElanusError } from '../../src/util/error.ts';
import { engines } from '../support/connect-for-tests.ts';
import { fakeEmbedder, hashedWords } from '../support/fake-embedder.ts';
import { random } from '../support/random.ts';
import { codeOfAsync } from '../support/refusals.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 2);
const DIM = 24;
const MODEL = 'hashed-words';

const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    text: { type: 'VarChar', maxLength: 200 },
    stars: { type: 'Int32', nullable: true },
    embedding: { type: 'FloatVector', dim: DIM, embedder: { id: MODEL, input: 'text' }, index: { type: 'FLAT', metric: 'COSINE' } },
  },
});
const WORDS = ['kite', 'owl', 'river', 'stone', 'red', 'blue', 'flies', 'sleeps', 'over', 'under'];
const textOf = (next: () => number): string => Array.from({ length: Math.floor(next() * 5) }, () => WORDS[Math.floor(next() * WORDS.length)]!).join(' ');

async function failureOf(promise: Promise<unknown>): Promise<ElanusError> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (!isElanusError(error)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

describe.each(engines)('embedders, over $name', ({ connect }) => {
  async function open<S>(schemaOf: S, embedders: Record<string, Embedder> | undefined): Promise<{ docs: Collection<S & typeof schema>; close: () => Promise<void> }> {
    const db = await connect('memory:', { embedders });
    return { docs: (await db.createCollection('docs', schemaOf as never)) as never, close: () => db.close() };
  }

  it('a row has the vector of its text, or the one that it came with, through inserts and upserts of rows and columns', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const next = random(seed);
      const { embed, calls } = fakeEmbedder(DIM, { isFlat: seed % 2 === 0 });
      const { docs, close } = await open(schema, { [MODEL]: embed });
      const model = new Map<number, { text: string; stars: number | null; embedding: Float32Array }>();
      for (let step = 0; step < 24; step++) {
        const ids = [...new Set(Array.from({ length: 1 + Math.floor(next() * 6) }, () => Math.floor(next() * 30)))];
        const given = Float32Array.from({ length: DIM }, () => Math.fround(next()));
        const kind = Math.floor(next() * 5);
        const call = next() < 0.5 ? 'insert' : 'upsert';
        if (kind <= 1) {
          const vectorOf = (): { embedding?: Float32Array | null } => (next() < 0.3 ? { embedding: given } : next() < 0.3 ? { embedding: null } : {});
          const rows = ids.map((id) => ({ id, text: textOf(next), stars: Math.floor(next() * 5), ...vectorOf() }));
          await docs[call](rows);
          for (const { id, text, stars, embedding } of rows) model.set(id, { text, stars, embedding: embedding ?? hashedWords(text, DIM) });
        } else if (kind === 2) {
          const texts = ids.map(() => textOf(next));
          const embedding = next() < 0.5 ? undefined : ids.map((id) => (id % 2 === 0 ? given : undefined));
          await docs[call]({ id: ids, text: texts, ...(embedding === undefined ? {} : { embedding }) });
          ids.forEach((id, i) => model.set(id, { text: texts[i]!, stars: null, embedding: embedding?.[i] ?? hashedWords(texts[i]!, DIM) }));
        } else {
          const known = ids.filter((id) => model.has(id));
          if (known.length === 0) continue;
          const before = calls.length;
          // Of some fields: the text alone makes the vector anew, other fields do not.
          if (kind === 3) {
            const rows = known.map((id) => ({ id, text: textOf(next), ...(id % 3 === 0 ? { embedding: given } : {}) }));
            await docs.upsert(rows, { partial: true });
            for (const { id, text, embedding } of rows) model.set(id, { ...model.get(id)!, text, embedding: embedding ?? hashedWords(text, DIM) });
          } else {
            await docs.upsert({ id: known, stars: known.map((id) => id) }, { partial: true });
            for (const id of known) model.set(id, { ...model.get(id)!, stars: id });
            expect(calls.length, `seed ${seed}`).toBe(before);
          }
        }
        if (step === 12) await docs.flush();
      }
      const found = await docs.query({ filter: 'id >= 0', outputFields: '*' });
      expect(found, `seed ${seed}`).toEqual([...model].sort(([a], [b]) => a - b).map(([id, row]) => ({ id, ...row })));
      await close();
    }
  });

  it('texts go to the embedder in calls of at most 128, equal ones once', async () => {
    const { embed, calls } = fakeEmbedder(DIM);
    const { docs, close } = await open(schema, { [MODEL]: embed });
    const texts = Array.from({ length: 700 }, (_, i) => `kite ${i % 300}`);
    await docs.insert(texts.map((text, id) => ({ id, text })));
    expect(calls.map(({ length }) => length)).toEqual([128, 128, 44]);
    expect(new Set(calls.flat()).size).toBe(300);
    const rows = await docs.query({ filter: 'id >= 0', outputFields: ['text', 'embedding'] });
    for (const row of rows) expect(row.embedding).toEqual(hashedWords(row.text, DIM));
    calls.length = 0;
    await docs.insert([{ id: 1, text: '' }]);
    expect(calls).toEqual([['']]);
    await close();
  });

  it('a search in words is a search for the vector of the words', async () => {
    const { embed, calls } = fakeEmbedder(DIM);
    const { docs, close } = await open(schema, { [MODEL]: embed });
    const next = random(7);
    await docs.insert(Array.from({ length: 60 }, (_, id) => ({ id, text: textOf(next), stars: id % 4 })));
    calls.length = 0;
    const shared = { limit: 7, outputFields: ['text', 'stars'], filter: 'stars > 0' } as const;
    const [kite, owl] = ['a kite over the river', 'owl sleeps'].map((text) => hashedWords(text, DIM));
    const one = await docs.search({ text: 'a kite over the river', ...shared });
    expect(one).toEqual(await docs.search({ vector: kite, ...shared }));
    expect(one).toHaveLength(7);
    expect(await docs.search({ texts: ['a kite over the river', 'owl sleeps', 'owl sleeps'], field: 'embedding', ...shared })).toEqual(await docs.search({ vectors: [kite, owl, owl], ...shared }));
    expect(calls).toEqual([['a kite over the river'], ['a kite over the river', 'owl sleeps']]);
    expect(await docs.search({ text: 'owl sleeps', groupBy: { field: 'stars', size: 2 } })).toEqual(await docs.search({ vector: owl, groupBy: { field: 'stars', size: 2 } }));
    const pages: unknown[] = [];
    for await (const page of docs.searchIterator({ text: 'owl sleeps', batchSize: 11, limit: 40 })) pages.push(...page);
    expect(pages).toEqual(await docs.search({ vector: owl, limit: 40 }));
    expect(await docs.explain({ text: 'owl sleeps' })).toMatchObject({ segments: (await docs.explain({ vector: owl })).segments.map(({ rows }) => ({ rows })) });
    const table = await searchTable(docs, { texts: ['owl sleeps', 'a kite over the river'], limit: 3 });
    expect(Array.from(table.getChild('id')!.toArray() as ArrayLike<bigint>, Number)).toEqual((await docs.search({ vectors: [owl, kite], limit: 3 })).flat().map(({ id }) => id));
    await close();
  });

  it('takes Arrow tables without the vectors, and rows with keys of their own', async () => {
    const { embed } = fakeEmbedder(DIM);
    const dynamic = defineSchema({ fields: schemaFields(), dynamicField: true });
    const { docs, close } = await open(dynamic, { [MODEL]: embed });
    const table = tableFromIPC(tableToIPC(tableFromArrays({ id: BigInt64Array.of(1n, 2n), text: ['red kite', 'blue owl'], stars: Int32Array.of(4, 5) })));
    await docs.insert(table as never);
    await docs.insert([{ id: 3, text: 'stone', colour: 'grey' }] as never);
    const rows = await docs.query({ filter: 'id > 0', outputFields: '*' });
    expect(rows.map(({ id, embedding }) => [id, embedding])).toEqual(['red kite', 'blue owl', 'stone'].map((text, i) => [i + 1, hashedWords(text, DIM)]));
    expect(rows[2]).toMatchObject({ colour: 'grey' });
    await close();
  });

  it.each(['Float16Vector', 'BFloat16Vector'] as const)('makes vectors of a %s field', async (type) => {
    const { embed } = fakeEmbedder(DIM);
    const fields = { ...schemaFields(), embedding: { ...schemaFields().embedding, type } };
    const { docs, close } = await open(defineSchema({ fields }), { [MODEL]: embed });
    await docs.insert([{ id: 1, text: 'red kite' }, { id: 2, text: 'owl' }]);
    // Halves, wholes and an eighth are exact in 16 bits.
    expect((await docs.get([1], { outputFields: ['embedding'] }))[0]!.embedding).toEqual(hashedWords('red kite', DIM));
    expect((await docs.search({ text: 'owl', limit: 1 }))[0]!.id).toBe(2);
    await close();
  });

  it('a row without vector and text is refused by its number, before anything is embedded or written', async () => {
    const { embed, calls } = fakeEmbedder(DIM);
    const fields = { ...schemaFields(), text: { ...schemaFields().text, nullable: true } };
    const { docs, close } = await open(defineSchema({ fields }), { [MODEL]: embed });
    const vector = new Float32Array(DIM).fill(1);
    for (const rows of [[{ id: 1, text: 'a' }, { id: 2, text: null }], [{ id: 1, text: 'a' }, { id: 2 }], { id: [1, 2], text: ['a', null] }] as never[]) {
      expect(await failureOf(docs.insert(rows))).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { field: 'text', row: 1 } });
    }
    // Whatever else is wrong is found first.
    expect(await codeOfAsync(docs.insert([{ id: 1, text: 'a' }, { id: 1, text: 'b' }]))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.insert([{ id: 1, text: 'a' }, { id: 2, text: 'b', embedding: [1] }] as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(docs.insert([{ id: 1, text: 'a' }, { id: 2, text: 'x'.repeat(201) }]))).toBe('INVALID_ARGUMENT');
    expect(calls).toEqual([]);
    await docs.insert([{ id: 1, embedding: vector } as never, { id: 2, text: 'owl' }]);
    expect(await failureOf(docs.upsert([{ id: 2, embedding: vector }, { id: 1 }] as never, { partial: true }))).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { row: 1 } });
    expect(await failureOf(docs.upsert([{ id: 1, text: null }] as never, { partial: true }))).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { field: 'text', row: 0 } });
    expect(await docs.count()).toBe(2);
    expect(calls).toEqual([['owl']]);
    await close();
  });

  const ok = (n: number) => Array.from({ length: n }, () => new Float32Array(DIM).fill(0.5));
  it.each<[string, (texts: readonly string[]) => unknown]>([
    ['too few vectors', (texts) => ok(texts.length - 1)],
    ['too many vectors', (texts) => ok(texts.length + 1)],
    ['a flat matrix of another length', (texts) => new Float32Array(texts.length * DIM + 1)],
    ['vectors of another length', (texts) => [...ok(texts.length - 1), new Float32Array(DIM + 1)]],
    ['plain arrays', (texts) => ok(texts.length).map((vector) => [...vector])],
    ['doubles', (texts) => new Float64Array(texts.length * DIM)],
    ['NaN', (texts) => [...ok(texts.length - 1), new Float32Array(DIM).fill(NaN)]],
    ['Infinity in a matrix', (texts) => new Float32Array(texts.length * DIM).fill(Infinity)],
    ['a hole', (texts) => [...ok(texts.length - 1), undefined]],
    ['nothing', () => undefined],
    ['a tensor', (texts) => ({ data: new Float32Array(texts.length * DIM), dims: [texts.length, DIM] })],
    ['a getter that throws', (texts) => Object.defineProperty(ok(texts.length), '0', { get: () => { throw new Error('boom'); } })],
    ['a rejection', () => Promise.reject(new Error('boom'))],
    ['a failure at once', () => { throw new Error('boom'); }],
    ['a rejection with no error', () => Promise.reject('boom')],
  ])('refuses an embedder that answers %s, and writes nothing', async (_, answer) => {
    let isBroken = true;
    const embed = ((texts: readonly string[]) => (isBroken ? answer(texts) : Promise.resolve(ok(texts.length)))) as Embedder;
    const { docs, close } = await open(schema, { [MODEL]: embed });
    for (const attempt of [() => docs.insert([{ id: 1, text: 'a' }, { id: 2, text: 'b' }]), () => docs.search({ texts: ['a', 'b'] })]) {
      const error = await failureOf(attempt());
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { embedder: MODEL, field: 'embedding' } });
      expect(error.message).toContain(MODEL);
      expect(error.message).toMatch(/expected .+, got .+/);
      if (error.message.includes('boom')) expect([error.cause, (error.cause as Error).message]).toContain('boom');
    }
    expect(await docs.count()).toBe(0);
    isBroken = false;
    await docs.insert([{ id: 1, text: 'a' }]);
    expect(await docs.count()).toBe(1);
    await close();
  });

  it('a signal ends an insert and a search that wait for an embedder which never answers', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const { docs, close } = await open(schema, { [MODEL]: (_, { signal }) => (signals.push(signal), new Promise(() => {})) });
    for (const attempt of [(signal: AbortSignal) => docs.insert([{ id: 1, text: 'a' }], { signal }), (signal: AbortSignal) => docs.search({ text: 'a', signal })]) {
      const abort = new AbortController();
      const waiting = failureOf(attempt(abort.signal));
      await new Promise((resolve) => setTimeout(resolve, 5));
      abort.abort(new Error('enough'));
      expect(await waiting).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } });
      expect(signals.pop()).toBe(abort.signal);
    }
    expect(await docs.count()).toBe(0);
    await close();
  });

  it('without a function for the model rows with vectors are written and found; what needs it says how to give one', async () => {
    const { docs, close } = await open(schema, { other: fakeEmbedder(DIM).embed });
    await docs.insert([{ id: 1, text: 'kite', embedding: hashedWords('kite', DIM) }]);
    expect(await docs.search({ vector: hashedWords('kite', DIM), outputFields: ['text'] })).toMatchObject([{ id: 1, entity: { text: 'kite' } }]);
    await docs.upsert([{ id: 1, stars: 3 }], { partial: true });
    for (const attempt of [() => docs.insert([{ id: 2, text: 'a' }]), () => docs.search({ text: 'a' }), () => docs.upsert([{ id: 1, text: 'b' }], { partial: true })]) {
      const error = await failureOf(attempt());
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { embedder: MODEL, registered: ['other'] } });
      expect(error.message).toContain('embedders: {');
    }
    expect(await docs.count()).toBe(1);
    await close();
  });

  it('refuses texts that are none, several kinds of queries, and fields without an embedder', async () => {
    const { embed, calls } = fakeEmbedder(DIM);
    const vector = { type: 'FloatVector', dim: DIM, index: { type: 'FLAT', metric: 'IP' } } as const;
    const { docs, close } = await open(defineSchema({ fields: { ...schemaFields(), plain: vector } }), { [MODEL]: embed });
    await docs.insert([{ id: 1, text: 'a', plain: new Float32Array(DIM) } as never]);
    calls.length = 0;
    for (const options of [
      { text: 1 }, { text: null }, { texts: 'a' }, { texts: [] }, { texts: ['a', null] }, { texts: new Array(2) }, { text: 'a', texts: ['b'] }, { text: 'a', vector: new Float32Array(DIM) },
      { text: 'a', ids: [1] }, { text: 'a', field: 'plain' }, { text: 'a', field: 'text' }, { texts: ['a'], field: 4 }, { text: 'a', signal: {} },
    ]) expect(await codeOfAsync(docs.search(options as never)), JSON.stringify(options)).toBe('INVALID_ARGUMENT');
    await expect(docs.searchIterator({ texts: ['a'] } as never).next()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(calls).toEqual([]);
    // The only one with an embedder needs no name.
    expect(await docs.search({ text: 'a' })).toHaveLength(1);
    await close();
    const plain = await open(defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, vector } }), { [MODEL]: embed });
    expect((await failureOf(plain.docs.search({ text: 'a' } as never))).message).toContain('embedder: { id, input }');
    await plain.close();
  });
});

function schemaFields() {
  return {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    text: { type: 'VarChar', maxLength: 200 },
    stars: { type: 'Int32', nullable: true },
    embedding: { type: 'FloatVector', dim: DIM, embedder: { id: MODEL, input: 'text' }, index: { type: 'FLAT', metric: 'COSINE' } },
  } as const;
}

describe('the model of a field', () => {
  const { connect } = engines[0]!;

  it('is stored with the schema, and another one is refused with both names', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', schema);
    expect((await docs.describe()).schema.fields.find(({ name }) => name === 'embedding')).toMatchObject({ dim: DIM, embedder: { id: MODEL, input: 'text' } });
    // What describe answers opens it.
    await db.collection('docs', docs.schema as never);
    const withEmbedding = (change: object) => defineSchema({ fields: { ...schemaFields(), embedding: { ...schemaFields().embedding, ...change } } } as never);
    for (const [change, words] of [
      [{ embedder: { id: 'other', input: 'text' } }, [MODEL, 'other']],
      [{ embedder: { id: 'other', input: 'text' }, dim: 32 }, [MODEL, 'other', '24', '32']],
      [{ dim: 32 }, [MODEL, '24', '32']],
      [{ embedder: undefined }, [MODEL, 'without an embedder']],
    ] as const) {
      for (const attempt of [() => db.collection('docs', withEmbedding(change)), () => db.createCollection('docs', withEmbedding(change), { ifNotExists: true })]) {
        const error = await failureOf(attempt());
        expect(error.code).toBe('SCHEMA_MISMATCH');
        for (const word of [...words, 'reembed']) expect(error.message).toContain(word);
        expect(error.detail['differences']).toHaveLength(1);
      }
    }
    await db.close();
  });

  it.each<[string, Record<string, object>]>([
    ['an input that is no field', { embedding: { type: 'FloatVector', dim: 4, embedder: { id: 'm', input: 'body' } } }],
    ['an input that is no text', { embedding: { type: 'FloatVector', dim: 4, embedder: { id: 'm', input: 'id' } } }],
    ['an empty id', { embedding: { type: 'FloatVector', dim: 4, embedder: { id: '', input: 'text' } } }],
    ['a long id', { embedding: { type: 'FloatVector', dim: 4, embedder: { id: 'x'.repeat(256), input: 'text' } } }],
    ['an id alone', { embedding: { type: 'FloatVector', dim: 4, embedder: 'm' } }],
    ['an unknown option', { embedding: { type: 'FloatVector', dim: 4, embedder: { id: 'm', input: 'text', pooling: 'mean' } } }],
  ])('refuses %s', (_, fields) => {
    expect(() => defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, text: { type: 'VarChar', maxLength: 9 }, ...fields } } as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', detail: expect.objectContaining({ field: 'embedding' }) as never }));
  });

  it.each(['Int8Vector', 'BinaryVector', 'SparseFloatVector', 'JSON'])('is of no %s field', (type) => {
    const field = { type, ...(type.endsWith('8Vector') || type === 'BinaryVector' ? { dim: 8 } : {}), embedder: { id: 'm', input: 'text' } };
    expect(() => defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, text: { type: 'VarChar', maxLength: 9 }, field } } as never)).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }));
  });

  it('a Map is asked whenever an embedder is needed, so that one can come later', async () => {
    const embedders = new Map<string, Embedder>();
    const db = await connect('memory:', { embedders });
    const docs = (await db.createCollection('docs', schema)) as Collection<typeof schema>;
    const early = await failureOf(docs.insert([{ id: 1, text: 'red kite' }]));
    expect(early.code).toBe('INVALID_ARGUMENT');
    expect(early.detail['registered']).toEqual([]);
    embedders.set(MODEL, fakeEmbedder(DIM).embed);
    await docs.insert([{ id: 1, text: 'red kite' }, { id: 2, text: 'blue river' }]);
    expect((await docs.search({ text: 'kite', limit: 1 }))[0]!.id).toBe(1);
    embedders.set(MODEL, 'no function' as never);
    const late = await failureOf(docs.search({ text: 'kite', limit: 1 }));
    expect(late.code).toBe('INVALID_ARGUMENT');
    expect(late.message).toContain(MODEL);
    await db.close();
    expect(await codeOfAsync(connect('memory:', { embedders: new Map([[MODEL, 'no function']]) as never }))).toBe('INVALID_ARGUMENT');
  });

  it.each<[string, unknown]>([['no object', 'm'], ['an array', []], ['a model that is no function', { m: {} }]])('connect refuses embedders that are %s', async (_, embedders) => {
    expect(await codeOfAsync(connect('memory:', { embedders: embedders as never }))).toBe('INVALID_ARGUMENT');
  });
});
