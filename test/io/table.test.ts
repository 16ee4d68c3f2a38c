/** Sources of every kind, their formats, the types of their columns, and the schema made of them. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inferSchema } from '../../src/io/infer-schema.ts';
import type { Table } from '../../src/io/table.ts';
import { connect, io, pageIo } from './support.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const csv = (text: string): { name: string; bytes: Uint8Array } => ({ name: 'x.csv', bytes: bytes(text) });
const typesOf = (table: Table): unknown => Object.fromEntries(table.columns.map(({ dim, elementType, name, type }) => [name, dim === undefined ? (elementType === undefined ? type : `${elementType}[]`) : `${type}(${dim})`]));
async function rowsOf(table: Table): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const batch of table.batches()) for (let row = 0; row < batch.rows; row++) rows.push(Object.fromEntries([...batch.columns].map(([name, values]) => [name, values[row]])));
  return rows;
}

describe('a source', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'elanus-io-'));
    mkdirSync(join(folder, 'in'));
    writeFileSync(join(folder, 'a.csv'), 'x\n1\n');
    writeFileSync(join(folder, 'in', 'b.csv'), 'x\n2\n');
    writeFileSync(join(folder, 'in', '.hidden.md'), 'no');
    writeFileSync(join(folder, 'in', 'photo.jpg'), 'no');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const text = 'x\n1\n2\n';
  const expected = [{ x: 1 }, { x: 2 }];
  it.each([
    ['a File', () => new File([text], 'x.csv')],
    ['bytes under a name', () => csv(text)],
    ['a Blob under a name', () => ({ name: 'x.csv', bytes: new Blob([text]) })],
    ['several files', () => [new File(['x\n1\n'], 'a.csv'), csv('x\n2\n')]],
    ['a folder by its path', () => folder],
    ['rows', () => expected],
    ['an iterable of rows', async function* () { yield expected[0]!; yield expected[1]!; }],
    ['an iterable of arrays of rows', async function* () { yield expected; }],
  ])('may be %s', async (_, make) => {
    const table = await io.openTable(make() as never);
    expect(typesOf(table)).toEqual({ x: 'Int64' });
    expect(await rowsOf(table)).toEqual(expected);
  });

  it('may be a path', async () => {
    expect(await rowsOf(await io.openTable(join(folder, 'a.csv')))).toEqual([{ x: 1 }]);
    await expect(io.openTable(join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    // It would be looked for in the working directory.
    for (const open of [io, pageIo]) await expect(open.openTable('https://example.com/a.csv')).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringContaining('fetch') as string });
    await expect(pageIo.openTable(join(folder, 'a.csv'))).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  it.each([undefined, null, 3, {}, [], { name: 'x' }, [3]])('may not be %j', async (source) => {
    await expect(io.openTable(source as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('an iterable is read once', async () => {
    const table = await io.openTable((async function* () { yield { x: 1 }; })());
    await rowsOf(table);
    await expect(rowsOf(table)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each([
    ['x,y\n1,2\n', 'csv'], ['[{"x":1}]', 'json'], ['{"rows":[{"x":1}]}', 'json'], ['{"x":[1]}', 'json'], ['{"x":1}\n{"x":2}\n', 'jsonl'], ['{"x":1}', 'jsonl'],
  ] as const)('%j without a name is %s', async (content, format) => {
    expect((await io.openTable(bytes(content))).format).toBe(format);
  });

  it.each([['PK\u0003\u0004', 'NOT_SUPPORTED'], ['a word', 'INVALID_ARGUMENT'], ['', 'INVALID_ARGUMENT'], ['\0\0', 'INVALID_ARGUMENT']])('%j is none', async (content, code) => {
    await expect(io.openTable(bytes(content))).rejects.toMatchObject({ code });
  });

  it('of another format than its name says is refused', async () => {
    await expect(io.openTable({ name: 'x.parquet', bytes: bytes('ARROW1\0\0') })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.parquet' } });
    await expect(io.openTable([csv('x\n1\n'), { name: 'y.json', bytes: bytes('[]') }])).rejects.toMatchObject({ detail: { file: 'y.json' } });
  });
});

it('an iterable of rows is ended with the loop that reads it', async () => {
  for (const rows of [0, 30]) {
    let isEnded = false;
    const table = await io.openTable(
      (async function* () {
        try {
          for (let x = 0; x < 1_000; x++) yield { x };
        } finally {
          isEnded = true;
        }
      })(),
      { sampleRows: 10 },
    );
    for await (const { firstRow } of table.batches({ batchRows: 5 })) if (firstRow >= rows) break;
    expect(isEnded).toBe(true);
  }
});

describe('types', () => {
  it('of cells of CSV', async () => {
    const table = await io.openTable(csv(
      'int,float,bool,text,zip,wide,vector,tags,json,mixed,none,numbers\n' +
      '1,1.5,true,a,01234,9223372036854775808,"[1,2.5]","[""a""]","{""a"":1}",1,,[1]\n' +
      '-2,2,FALSE,b,99999,1,"[3,4]","[]","[1,""a""]",x,,"[1,2]"\n',
    ));
    expect(typesOf(table)).toEqual({ int: 'Int64', float: 'Double', bool: 'Bool', text: 'VarChar', zip: 'VarChar', wide: 'VarChar', vector: 'FloatVector(2)', tags: 'VarChar[]', json: 'JSON', mixed: 'VarChar', none: 'VarChar', numbers: 'Int64[]' });
    expect(table.columns[0]).toEqual({ name: 'int', type: 'Int64', nullable: false, unique: true, longest: 2, samples: [1, -2] });
    expect(table.columns[6]!.samples).toEqual([[1, 2.5], [3, 4]]);
  });

  it('of values', async () => {
    const table = await io.openTable([
      { int: 1, big: 2n ** 60n, double: 0.5, text: 'a', v: new Float32Array([1, 2]), i8: new Int8Array(3), sparse: { indices: [1], values: [0.5] }, flags: [true], object: { a: 1 }, mixed: 1, some: 'x' },
      { int: 2, big: 1, double: 1, text: 'b', v: [3, 4], i8: new Int8Array(3), sparse: { indices: [], values: [] }, flags: [], object: [{}], mixed: 'x' },
    ]);
    expect(typesOf(table)).toEqual({ int: 'Int64', big: 'Int64', double: 'Double', text: 'VarChar', v: 'FloatVector(2)', i8: 'Int8Vector(3)', sparse: 'SparseFloatVector', flags: 'Bool[]', object: 'JSON', mixed: 'JSON', some: 'VarChar' });
    expect(table.columns.find(({ name }) => name === 'some')).toMatchObject({ nullable: true });
  });

  it('are kept by later rows, or these are refused with their place', async () => {
    const table = await io.openTable(csv('n\n1\n2\nx\n'), { sampleRows: 2 });
    await expect(rowsOf(table)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.csv', row: 2, line: 4, column: 'n', expected: 'an integer', got: '"x"' } });
  });

  it('progress comes to its end, and a signal ends the reading', async () => {
    const table = await io.openTable(csv(`n\n${'1\n'.repeat(5000)}`));
    const seen: number[] = [];
    const gone = new AbortController();
    for await (const _ of table.batches({ onProgress: ({ done }) => seen.push(done) }));
    expect(seen.at(-1)).toBe(table.bytes);
    expect(seen).toHaveLength(5);
    gone.abort();
    await expect(table.batches({ signal: gone.signal }).next()).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('a schema', () => {
  it('of names that no field may have, with the columns that they are of', async () => {
    const table = await io.openTable([{ 'Größe (cm)': 1, '2nd': 'a', '': 'b', '日本': 'c', id: 7, 'grosse cm': 1, constructor: 'x', v: [1, 2] }, JSON.parse('{"__proto__": 1, "id": 8, "v": [3, 4]}') as object] as never);
    const { fields, primaryKey, schema, vectors } = inferSchema(table);
    expect(fields).toEqual({ id: 'id', Gro_e_cm_: 'Größe (cm)', _2nd: '2nd', column: '', column_2: '日本', grosse_cm: 'grosse cm', constructor: 'constructor', v: 'v', column_3: '__proto__' });
    expect({ primaryKey, vectors }).toEqual({ primaryKey: 'id', vectors: ['v'] });
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', schema);
    expect(await docs.import([{ id: 1, 'Größe (cm)': 3, v: [1, 2], constructor: 'x' }, { id: 2, v: [1, 2], '日本': 'c' }], { fields })).toMatchObject({ count: 2 });
    expect(await docs.query({ filter: 'Gro_e_cm_ == 3', outputFields: ['constructor'] })).toEqual([{ id: 1n, constructor: 'x' }]);
    await db.close();
  });

  it('counts keys where no column has them', async () => {
    const table = await io.openTable([{ id: 1, v: [1, 2] }, { id: 1, v: [3, 4] }]);
    expect(inferSchema(table)).toMatchObject({ primaryKey: 'id', fields: { id_2: 'id', v: 'v' }, input: { fields: { id: { type: 'Int64', autoId: true }, id_2: { type: 'Int64', nullable: true } } } });
    expect(inferSchema(table, { primaryKey: null, columns: ['v'] }).fields).toEqual({ v: 'v' });
  });

  it('has a vector field that is made elsewhere, or by an embedder', async () => {
    const table = await io.openTable([{ key: 'a', text: 'x' }, { key: 'b', text: 'y' }]);
    expect(() => inferSchema(table)).toThrow(/vector/);
    expect(inferSchema(table, { vector: { dim: 8, index: { type: 'HNSW' } } })).toMatchObject({ vectors: ['embedding'], input: { fields: { key: { type: 'VarChar', primaryKey: true }, embedding: { type: 'FloatVector', dim: 8, index: { type: 'HNSW' } } } } });
    expect(inferSchema(table, { embedder: { id: 'e', input: 'text', dim: 8 } }).input.fields['embedding']).toEqual({ type: 'FloatVector', dim: 8, embedder: { id: 'e', input: 'text' } });
  });

  it('takes types that are given', async () => {
    const table = await io.openTable([{ id: 1, v: [1, 2], n: 5 }]);
    expect(inferSchema(table, { types: { v: 'Float16Vector', n: { type: 'Int32', defaultValue: 3 }, id: 'Int64' } }).input.fields).toMatchObject({ v: { type: 'Float16Vector', dim: 2 }, n: { type: 'Int32', defaultValue: 3 } });
    expect(inferSchema(await io.openTable([{ v: [1, 255] }]), { types: { v: 'BinaryVector' } }).input.fields).toMatchObject({ v: { type: 'BinaryVector', dim: 16 } });
    expect(() => inferSchema(table, { types: { none: 'Int64' } })).toThrow(/types/);
  });

  it.each([{ columns: 'v' }, { columns: { v: 1 } }, { types: { v: null } }, { types: { v: 4 } }, { types: { v: { dim: 2 } } }, { types: { v: 'Vector' } }, { vector: 4 }, { embedder: 'e' }])('is refused the options %j, which are named', async (options) => {
    const table = await io.openTable([{ id: 1, v: [1, 2] }]);
    const [name] = Object.keys(options);
    expect(() => inferSchema(table, options as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(name!) as string }));
  });

  it('of more columns than fields has the last as keys', async () => {
    const row = Object.fromEntries([['v', [1, 2]], ...Array.from({ length: 80 }, (_, i) => [`c${i}`, i])]) as Record<string, unknown>;
    const { input, schema } = inferSchema(await io.openTable([row]));
    expect(Object.keys(input.fields)).toHaveLength(64);
    expect(input.dynamicField).toBe(true);
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', schema);
    await docs.import([row]);
    expect(await docs.query({ filter: 'c79 == 79', outputFields: ['c1', 'c79'] })).toEqual([{ id: 1n, c1: 1n, c79: 79 }]);
    await db.close();
  });
});
