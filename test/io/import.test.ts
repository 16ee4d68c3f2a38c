/** `collection.import` and `collection.export`: which column goes where, what is refused with which place, how to go on, where files go. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { Database } from '../../src/api/database.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { inferSchema } from '../../src/io/infer-schema.ts';
import { connect, connectAsPage, io } from './support.ts';

const SCHEMA = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true, as: 'number' },
    title: { type: 'VarChar', maxLength: 10 },
    price: { type: 'Float', nullable: true },
    v: { type: 'FloatVector', dim: 2 },
  },
});
const file = (text: string, name = 'x.csv'): { name: string; bytes: Uint8Array } => ({ name, bytes: new TextEncoder().encode(text) });
const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => `${from + i},t${from + i},${from + i}.5,"[${from + i},1]"\n`).join('');
const HEADER = 'id,title,price,v\n';

let db: Database;
let docs: Collection<typeof SCHEMA>;
beforeEach(async () => {
  db = await connect('memory:');
  docs = await db.createCollection('docs', SCHEMA);
});
afterEach(() => db.close());

describe('import', () => {
  it('writes the rows in batches, and says how far it is', async () => {
    const seen: unknown[] = [];
    const source = file(HEADER + lines(0, 250));
    const result = await docs.import(source, { batchRows: 100, onProgress: ({ phase, rows }) => seen.push([phase, rows]) });
    expect(result).toEqual({ count: 250, batches: 3, format: 'csv', ignored: [] });
    expect(seen).toEqual([['import', 0], ['import', 100], ['import', 200], ['import', 250]]);
    expect(await docs.get([77], { outputFields: ['*'] as never })).toEqual([{ id: 77, title: 't77', price: 77.5, v: Float32Array.of(77, 1) }]);
    const progress: [number, number][] = [];
    await docs.import(source, { batchRows: 100, onProgress: ({ done, total }) => progress.push([done, total]) });
    expect(progress.at(-1)).toEqual([source.bytes.length, source.bytes.length]);
  });

  it.each(['csv', 'json', 'jsonl', 'parquet', 'arrow', 'arrow-file'] as const)('says how much of %s it has read, forward to the end', async (format) => {
    await docs.import(file(HEADER + lines(0, 1_000)));
    const parts = await Promise.all(['id < 300', 'id >= 300'].map(async (filter, i) => ({ name: `${i}.${format.replace('-file', '')}`, bytes: (await docs.export({ format, filter })).blob! })));
    const progress: number[] = [];
    let bytes = 0;
    await docs.import(parts, { batchRows: 90, upsert: true, onProgress: ({ done, total }) => { progress.push(done); bytes = total; } });
    expect(bytes).toBe(parts[0]!.bytes.size + parts[1]!.bytes.size);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect([progress[0], progress.at(-1)]).toEqual([0, bytes]);
  });

  it('takes the columns that `fields` names, and no others', async () => {
    const source = file('key,name,other,vector\n1,a,x,"[1,2]"\n');
    expect(await docs.import(source, { fields: { id: 'key', title: 'name', v: 'vector' } })).toMatchObject({ count: 1, ignored: ['other'] });
    expect(await docs.get([1])).toEqual([{ id: 1, title: 'a', price: null }]);
    await expect(docs.import(source, { fields: { id: 'key', title: 'Name', v: 'vector' } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { column: 'Name', field: 'title' } });
    await expect(docs.import(source, { fields: { none: 'key' } as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { field: 'none' } });
    await expect(docs.import(source, { fields: { id: 'key' } })).rejects.toMatchObject({ detail: { field: 'title' } });
  });

  it('refuses columns that no field has', async () => {
    await expect(docs.import(file('id,title,v,more\n1,a,"[1,2]",x\n'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.csv', column: 'more' } });
    await expect(docs.import(file('id,title\n1,a\n'))).rejects.toMatchObject({ detail: { field: 'v' } });
    await expect(docs.import([{ id: 1, title: 'a', v: [1, 2], more: 1 }] as never)).rejects.toMatchObject({ detail: { column: 'more' } });
    expect(await docs.count()).toBe(0);
  });

  // Refused by the reader, by the conversion, and by the insert itself.
  it.each([
    ['150,t,1,"[1,1]",x\n', { row: 150, line: 152 }],
    ['x,t,1,"[1,1]"\n', { row: 150, line: 152, column: 'id', field: 'id', expected: 'an integer', got: '"x"' }],
    ['150,t,1,"[1,"\n', { row: 150, line: 152, column: 'v', field: 'v' }],
    ['150,t,1,\n', { row: 150, line: 152, column: 'v', field: 'v' }],
    ['150,a title that is too long,1,"[1,1]"\n', { row: 150, line: 152, column: 'title', field: 'title' }],
    ['150,t,1e99,"[1,1]"\n', { row: 150, line: 152, column: 'price', field: 'price' }],
  ])('of a bad row (%j) keeps the batches before, names its place, and goes on from there', async (bad, place) => {
    const failure = await docs.import(file(HEADER + lines(0, 150) + bad + lines(151, 200)), { batchRows: 60 }).then(() => expect.unreachable(), (error: unknown) => error as { detail: { count: number } });
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.csv', count: 120, ...place } });
    expect(await docs.count()).toBe(120);
    const { count } = failure.detail;
    const repaired = file(HEADER + lines(0, 200));
    expect(await docs.import(repaired, { batchRows: 60, skipRows: count })).toMatchObject({ count: 80 });
    expect(await docs.count()).toBe(200);
    await expect(docs.import(repaired, { skipRows: 201 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('of several files says of which one a row is, and which of its rows', async () => {
    const first = { name: '1.csv', bytes: file(HEADER + lines(0, 5)).bytes };
    // Refused by the conversion, by the insert, and by the reader.
    for (const bad of ['x,t,1,"[1,1]"\n', '7,t,1,"[1,1,1]"\n', '7,t,1\n']) {
      const files = [first, { name: '2.csv', bytes: file(HEADER + lines(5, 7) + bad).bytes }];
      await expect(docs.import(files, { batchRows: 2 })).rejects.toMatchObject({ detail: { file: '2.csv', row: 2, line: 4, count: 7 } });
      await expect(docs.import(files, { batchRows: 2, skipRows: 6 })).rejects.toMatchObject({ detail: { file: '2.csv', row: 2, line: 4 } });
    }
    const table = await io.openTable([first, { name: '2.csv', bytes: file(`${HEADER}5,t,x,"[1,1]"\n`).bytes }], { sampleRows: 5 });
    await expect((async () => { for await (const _ of table.batches()); })()).rejects.toMatchObject({ detail: { file: '2.csv', row: 0, line: 2, column: 'price' } });
  });

  it.each(['1. 2.', '(1,2)', '1;2', 'None'])('of a cell %j in the place of a vector says how one is written', async (cell) => {
    const lists = await db.createCollection('lists', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 2 }, tags: { type: 'Array', elementType: 'Int32', maxCapacity: 4, nullable: true }, sparse: { type: 'SparseFloatVector' } } }));
    for (const [column, example] of [['v', '[1, 2]'], ['tags', '[1, 2]'], ['sparse', '{"1": 0.5}']] as const) {
      const cells = { v: '[1,2]', tags: '', sparse: '{}', [column]: cell };
      await expect(lists.import(file(`id\tv\ttags\tsparse\n1\t${cells.v}\t${cells.tags}\t${cells.sparse}\n`, 'x.tsv'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { row: 0, line: 2, column, expected: expect.stringContaining(example) as string, got: JSON.stringify(cell) } });
    }
  });

  it('ends when it is aborted, and says how much is in', async () => {
    const gone = new AbortController();
    const run = docs.import(file(HEADER + lines(0, 300)), { batchRows: 100, signal: gone.signal, onProgress: ({ rows }) => rows === 100 && gone.abort() });
    await expect(run).rejects.toMatchObject({ code: 'ABORTED', detail: { count: 100 } });
    expect(await docs.count()).toBe(100);
  });

  it('ends when it is aborted, although the next row never comes', async () => {
    const gone = new AbortController();
    const never = (async function* () {
      yield { id: 1, title: 'a', v: [1, 2] };
      gone.abort();
      await new Promise(() => {});
    })();
    await expect(docs.import(never, { signal: gone.signal })).rejects.toMatchObject({ code: 'ABORTED', detail: { count: 0 } });
  });

  it('makes writes of rows so large that one would be too much', async () => {
    const big = await db.createCollection('big', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 32_768 } } }));
    const vector = new Float32Array(32_768).fill(1);
    expect(await big.import(Array.from({ length: 300 }, (_, id) => ({ id, v: vector })))).toMatchObject({ count: 300, batches: 2 });
  });

  it('leaves keys that the database counts to it, as Milvus does, but for an upsert', async () => {
    const auto = await db.createCollection('auto', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, v: { type: 'FloatVector', dim: 2 } } }));
    await expect(auto.import([{ id: 7, v: [1, 2] }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { column: 'id' } });
    await auto.import([{ id: 7, v: [1, 2] }], { fields: { v: 'v' } });
    await auto.import([{ id: 7, v: [1, 2] }], { upsert: true });
    expect((await auto.query({ limit: 10 })).map(({ id }) => id)).toEqual([1n, 7n]);
  });

  it('puts columns that no field has into the dynamic field', async () => {
    const dynamic = await db.createCollection('dynamic', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, v: { type: 'FloatVector', dim: 2 } }, dynamicField: true }));
    await dynamic.import(file('id,v,n,text,zip,none,list,$meta\n1,"[1,2]",5,a,007,,"[1]","{""more"":true}"\n'));
    await dynamic.import([{ id: 2, v: [1, 2], n: 2n, $meta: { more: [1] }, none: null }]);
    expect(await dynamic.get([1, 2])).toEqual([{ id: 1, n: 5, text: 'a', zip: '007', list: [1], more: true }, { id: 2, n: 2, none: null, more: [1] }]);
    await expect(dynamic.import([{ id: 3, v: [1, 2], $meta: { v: 1 } }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { row: 0, column: '$meta' } });
    await expect(dynamic.import([JSON.parse('{"id":3,"v":[1,2],"__proto__":1}') as { id: number }] as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('of a value that is deeper than JSON can be written, or goes round in circles, is refused as any other', async () => {
    const forms = await db.createCollection('forms', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 2 }, json: { type: 'JSON' } }, dynamicField: true }));
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const round: Record<string, unknown> = {};
    round['again'] = { round };
    await expect(forms.import(file(`[{"id":1,"v":[1,2],"json":${deep}}]`, 'x.json'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { row: 0, column: 'json' } });
    await expect(forms.import(file(`{"id":1,"v":[1,2],"json":1,"other":${deep}}`, 'x.jsonl'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { row: 0 } });
    await expect(forms.import([{ id: 1, v: [1, 2], json: round }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { row: 0, column: 'json' } });
    expect((await io.openTable(file(`[{"json":${deep}}]`, 'x.json'))).columns).toMatchObject([{ name: 'json', type: 'JSON' }]);
  });

  it('takes the forms of values that Milvus writes', async () => {
    const forms = await db.createCollection('forms', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'string' }, half: { type: 'Float16Vector', dim: 2 }, bits: { type: 'BinaryVector', dim: 16 }, sparse: { type: 'SparseFloatVector' }, json: { type: 'JSON' } } }));
    await forms.import(file('[{"id":"9007199254740993","half":[0,60,0,192],"bits":[1,255],"sparse":{"3":0.5,"1":2},"json":"{\\"a\\":[1]}"},{"id":9007199254740995,"half":[1,-2],"bits":[0,0],"sparse":{"indices":[1],"values":[2]},"json":"text"}]', 'x.json'));
    expect(await forms.query({ limit: 9, outputFields: ['*'] as never })).toEqual([
      { id: '9007199254740993', half: Float32Array.of(1, -2), bits: Uint8Array.of(1, 255), sparse: { indices: Uint32Array.of(1, 3), values: Float32Array.of(2, 0.5) }, json: { a: [1] } },
      { id: '9007199254740995', half: Float32Array.of(1, -2), bits: Uint8Array.of(0, 0), sparse: { indices: Uint32Array.of(1), values: Float32Array.of(2) }, json: 'text' },
    ]);
  });

  it('has an embedder make the vectors that the file has not', async () => {
    const embed = async (texts: readonly string[]): Promise<Float32Array[]> => texts.map((text) => Float32Array.of(text.length, 1));
    const own = await connect('memory:', { embedders: { lengths: embed } });
    const source = file('name,text\na,kite\nb,\nc,hawk\n');
    const { fields, schema } = inferSchema(await io.openTable(source), { embedder: { id: 'lengths', input: 'text', dim: 2 } });
    const birds = await own.createCollection('birds', schema);
    expect(await birds.import(source, { fields })).toMatchObject({ count: 3 });
    expect(await birds.query({ limit: 9, outputFields: ['text', 'embedding'] })).toEqual([
      { id: 1n, text: 'kite', embedding: Float32Array.of(4, 1) }, { id: 2n, text: '', embedding: Float32Array.of(0, 1) }, { id: 3n, text: 'hawk', embedding: Float32Array.of(4, 1) },
    ]);
    expect(await birds.import([{ name: 'd', text: null }, { name: 'e' }], { fields })).toMatchObject({ count: 2 });
    await own.close();
  });

  it.each([
    { batchRows: 0 }, { batchRows: 1.5 }, { skipRows: -1 }, { fields: {} }, { fields: [] }, { fields: { id: 3 } }, { format: 'xml' }, { delimiter: '"' }, { delimiter: ',,' }, { nullKey: 3 }, { header: 1 }, { upsert: 'yes' }, { onProgress: 1 }, { signal: 1 }, { unknown: 1 }, { arrow: 'apache-arrow' }, 7,
  ])('refuses the options %j', async (options) => {
    await expect(docs.import(file(HEADER), options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('export', () => {
  beforeEach(() => docs.import(file(HEADER + lines(0, 10_000))));

  it('writes the rows that match, and the fields asked for', async () => {
    const { blob, count, format } = await docs.export({ format: 'csv', filter: 'id < {n}', filterParams: { n: 2 }, outputFields: ['title', 'v'] });
    expect({ count, format, type: blob!.type }).toEqual({ count: 2, format: 'csv', type: 'text/csv' });
    expect(await blob!.text()).toBe('id,title,v\n0,t0,"[0,1]"\n1,t1,"[1,1]"\n');
    expect(await (await docs.export('blob', { format: 'json', filter: 'id < 2', outputFields: ['price'] })).blob!.text()).toBe('[\n{"id":0,"price":0.5},\n{"id":1,"price":1.5}\n]\n');
  });

  it('is of one moment, whatever is written meanwhile', async () => {
    let hasWritten = false;
    const { blob } = await docs.export({
      format: 'jsonl', outputFields: ['price'],
      onProgress: ({ done }) => {
        if (done === 0 || hasWritten) return;
        hasWritten = true;
        void docs.delete({ filter: 'id >= 0' });
      },
    });
    const rows = (await blob!.text()).trim().split('\n').map((line) => JSON.parse(line) as { id: number; price: number });
    expect(rows).toEqual(Array.from({ length: 10_000 }, (_, id) => ({ id, price: id + 0.5 })));
  });

  it('goes to a path, where it is whole or not at all, or to a stream', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'elanus-io-'));
    try {
      const path = join(folder, 'x.jsonl');
      const progress: [number, number][] = [];
      const result = await docs.export(path, { onProgress: ({ done, total }) => progress.push([done, total]) });
      expect(result).toEqual({ count: 10_000, bytes: readFileSync(path).length, format: 'jsonl' });
      expect(progress.at(-1)).toEqual([10_000, 10_000]);
      const gone = new AbortController();
      await expect(docs.export(join(folder, 'y.csv'), { signal: gone.signal, onProgress: ({ done }) => done > 0 && gone.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
      expect(readdirSync(folder)).toEqual(['x.jsonl']);
      await expect(docs.export(join(folder, 'none', 'y.csv'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const pages: number[] = [];
      await expect(docs.export(folder, { format: 'csv', onProgress: ({ done }) => pages.push(done) })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: folder } });
      expect([readdirSync(folder), pages.filter((done) => done > 0)]).toEqual([['x.jsonl'], []]);
      const pieces: Uint8Array[] = [];
      await docs.export(new WritableStream<Uint8Array>({ write: (piece) => void pieces.push(piece) }), { format: 'jsonl' });
      expect(Buffer.concat(pieces).equals(readFileSync(path))).toBe(true);
      expect(pieces.length).toBeLessThan(10);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends when it is aborted, although nobody reads the stream that it goes to', async () => {
    const gone = new AbortController();
    const { writable } = new TransformStream<Uint8Array, Uint8Array>();
    // All rows have been made then, and the first bytes wait for a reader.
    const run = docs.export(writable, { format: 'csv', signal: gone.signal, onProgress: ({ done }) => done === 10_000 && setTimeout(() => gone.abort(), 20) });
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each([
    [undefined, undefined], ['x.txt', undefined], ['blob', { format: 'xml' }], ['blob', { format: 'csv', outputFields: ['none'] }], [3, { format: 'csv' }], ['blob', { format: 'csv', filter: 3 }], [{ format: 'csv', unknown: 1 }, undefined],
  ])('is refused for the target %j with %j', async (target, options) => {
    await expect(docs.export(target as never, options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('has no paths in a page, and no files where the entry brings nothing that reads them', async () => {
    const page = await connectAsPage('memory:', { mode: 'inline' });
    const here = await page.createCollection('docs', SCHEMA);
    await expect(here.export('x.csv')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    await page.close();
    await expect(here.import([])).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
