/** NumPy against bytes written by hand, Arrow against apache-arrow, Parquet against hyparquet and its writer, and text; what is no such file. */
import * as arrow from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeEach, describe, expect, it } from 'vitest';
import { defineSchema } from '../../src/schema/define.ts';
import { inferSchema } from '../../src/io/infer-schema.ts';
import { passages } from '../../src/io/text.ts';
import type { Table } from '../../src/io/table.ts';
import { npyHeader } from '../../src/io/write-npy.ts';
import { random } from '../support/random.ts';
import { VECTORS, connect, connectAsPage, io, pageIo, vectorRows } from './support.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
async function rowsOf(table: Table, options: object = {}): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const batch of table.batches(options)) for (let row = 0; row < batch.rows; row++) rows.push(Object.fromEntries([...batch.columns].map(([name, values]) => [name, values[row]])));
  return rows;
}

describe('NumPy', () => {
  /** As `numpy.save` writes it, version 1: the header is padded to 64 bytes. */
  const npy = (descr: string, shape: string, bytes: Uint8Array, order = 'False'): Uint8Array => {
    const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`.padEnd(117, ' ');
    return joined(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0), ascii(`${text}\n`), bytes);
  };
  const raw = (values: ArrayBufferView): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

  it.each([
    ['<f4', '(2, 2)', raw(Float32Array.of(1, -0.5, 3, 4)), 'FloatVector', [Float32Array.of(1, -0.5), Float32Array.of(3, 4)]],
    ['>f4', '(1, 2)', Uint8Array.of(0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0), 'FloatVector', [Float32Array.of(1, -2)]],
    ['<f8', '(1, 2)', raw(Float64Array.of(0.1, 2)), 'FloatVector', [Float64Array.of(0.1, 2)]],
    ['<f2', '(1, 2)', Uint8Array.of(0, 0x3c, 0, 0xc0), 'Float16Vector', [Float32Array.of(1, -2)]],
    ['|i1', '(1, 3)', raw(Int8Array.of(1, -128, 127)), 'Int8Vector', [Int8Array.of(1, -128, 127)]],
    ['|u1', '(1, 2)', Uint8Array.of(0, 255), 'FloatVector', [[0, 255]]],
    ['<i8', '(2,)', raw(BigInt64Array.of(2n ** 62n, -1n)), 'Int64', [2n ** 62n, -1n]],
    ['<u8', '(1,)', raw(BigUint64Array.of(5n)), 'Int64', [5n]],
    ['<i4', '(2,)', raw(Int32Array.of(-7, 7)), 'Int64', [-7, 7]],
    ['<u2', '(1, 2)', raw(Uint16Array.of(1, 65535)), 'FloatVector', [[1, 65535]]],
    ['<f8', '(2,)', raw(Float64Array.of(0.5, 1)), 'Double', [0.5, 1]],
    ['|b1', '(2,)', Uint8Array.of(1, 0), 'Bool', [true, false]],
  ])('%s of shape %s', async (descr, shape, bytes, type, expected) => {
    const table = await io.openTable({ name: 'folder/x.npy', bytes: npy(descr, shape, bytes) });
    expect(table).toMatchObject({ format: 'numpy', rows: expected.length, columns: [{ name: 'x', type }] });
    expect((await rowsOf(table)).map((row) => row['x'])).toEqual(expected);
  });

  it('several files are the columns of one source, as in Milvus', async () => {
    const files = [
      { name: 'id.npy', bytes: npy('<i8', '(3,)', raw(BigInt64Array.of(1n, 2n, 3n))) },
      { name: 'v.npy', bytes: npy('<f4', '(3, 2)', raw(Float32Array.of(1, 2, 3, 4, 5, 6))) },
    ];
    const db = await connect('memory:');
    const table = await io.openTable(files);
    const docs = await db.createCollection('docs', inferSchema(table, { primaryKey: 'id' }).schema);
    expect(await docs.import(files, { batchRows: 2 })).toMatchObject({ count: 3, batches: 2, format: 'numpy' });
    expect(await docs.get([3], { outputFields: ['v'] as never })).toEqual([{ id: 3n, v: Float32Array.of(5, 6) }]);
    await expect(io.openTable([files[0]!, { name: 'v.npy', bytes: npy('<f4', '(2, 2)', raw(new Float32Array(4))) }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'v.npy', got: '2' } });
    await db.close();
  });

  it.each([
    ['cut off', npy('<f4', '(2, 2)', new Uint8Array(15))],
    ['too long', npy('<f4', '(2, 2)', new Uint8Array(17))],
    ['of more bytes than there can be', npy('<f4', '(99999999999999999999, 2)', new Uint8Array(16))],
    ['of a negative shape', npy('<f4', '(-2, 2)', new Uint8Array(16))],
    ['with a header that is longer than the file', joined(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 255, 255, 255, 255), ascii('{}'))],
    ['of Python objects', npy('|O', '(1,)', new Uint8Array(8))],
    ['of three dimensions', npy('<f4', '(1, 2, 2)', new Uint8Array(16))],
    ['in Fortran order', npy('<f4', '(2, 2)', new Uint8Array(16), 'True')],
    ['of version 9', joined(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 9, 0, 0, 0), new Uint8Array(10))],
    ['without a shape', joined(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 2, 0), ascii('{}'))],
  ])('a file %s is refused', async (_, bytes) => {
    await expect(io.openTable({ name: 'x.npy', bytes })).rejects.toMatchObject({ code: expect.stringMatching(/INVALID_ARGUMENT|NOT_SUPPORTED/) as string, detail: { file: 'x.npy' } });
  });

  it.each([['FloatVector', '<f4'], ['Float16Vector', '<f2'], ['BFloat16Vector', '<f4'], ['Int8Vector', '|i1']])('the vectors of a %s field are written as %s', async (name, descr) => {
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', VECTORS[0]);
    const rows = vectorRows(random(3), 50, VECTORS[0]);
    await docs.insert(rows as never);
    const { blob, count } = await docs.export({ format: 'numpy', outputFields: [name] as never });
    const bytes = new Uint8Array(await blob!.arrayBuffer());
    expect(count).toBe(50);
    expect(bytes.subarray(0, npyHeader(descr, [50, 16]).length)).toEqual(npyHeader(descr, [50, 16]));
    const table = await io.openTable({ name: 'v.npy', bytes });
    const sorted = rows.toSorted((a, b) => Buffer.compare(Buffer.from(a['key'] as string), Buffer.from(b['key'] as string)));
    expect((await rowsOf(table)).map((row) => Array.from(row['v'] as Iterable<number>))).toEqual(sorted.map((row) => Array.from(row[name] as Iterable<number>)));
    await expect(docs.export({ format: 'numpy' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await db.close();
  });
});

describe('Arrow', () => {
  const schema = new arrow.Schema([
    new arrow.Field('n', new arrow.Int32(), true), new arrow.Field('big', new arrow.Int64()), new arrow.Field('text', new arrow.Utf8(), true), new arrow.Field('word', new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 7)),
    new arrow.Field('v', new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Float32()))), new arrow.Field('tags', new arrow.List(new arrow.Field('item', new arrow.Utf8()))),
    new arrow.Field('when', new arrow.TimestampMillisecond()), new arrow.Field('small', new arrow.Uint16()), new arrow.Field('s', new arrow.Struct([new arrow.Field('a', new arrow.Int8())])),
  ]);
  const EXPECTED = [
    { n: 1, big: 2n ** 60n, text: 'a', word: 'x', v: Float32Array.of(1, 2), tags: ['p', 'q'], when: '1970-01-01T00:00:01.000Z', small: 65535, s: { a: -1 } },
    { n: null, big: -1n, text: null, word: 'y', v: Float32Array.of(3, 4), tags: [], when: '2001-09-09T01:46:40.000Z', small: 0, s: { a: 5 } },
  ];
  function table(): arrow.Table {
    const { makeData } = arrow;
    const types = Object.fromEntries(schema.fields.map((field) => [field.name, field.type])) as Record<string, never>;
    const utf8 = (texts: readonly string[]): arrow.Data => makeData({ type: new arrow.Utf8(), length: texts.length, nullCount: 0, valueOffsets: Int32Array.from([0, ...texts].map((_, i) => texts.slice(0, i).join('').length)), data: ascii(texts.join('')) });
    const children = [
      makeData({ type: types['n']!, length: 2, nullBitmap: Uint8Array.of(1), data: Int32Array.of(1, 99) } as never),
      makeData({ type: types['big']!, length: 2, data: BigInt64Array.of(2n ** 60n, -1n) } as never),
      makeData({ type: types['text']!, length: 2, nullBitmap: Uint8Array.of(1), valueOffsets: Int32Array.of(0, 1, 1), data: ascii('a') } as never),
      makeData({ type: types['word']!, length: 2, data: Int32Array.of(0, 1), dictionary: new arrow.Vector([utf8(['x', 'y'])]) } as never),
      makeData({ type: types['v']!, length: 2, child: makeData({ type: new arrow.Float32(), length: 4, data: Float32Array.of(1, 2, 3, 4) }) } as never),
      makeData({ type: types['tags']!, length: 2, valueOffsets: Int32Array.of(0, 2, 2), child: utf8(['p', 'q']) } as never),
      makeData({ type: types['when']!, length: 2, data: BigInt64Array.of(1000n, 1_000_000_000_000n) } as never),
      makeData({ type: types['small']!, length: 2, data: Uint16Array.of(65535, 0) } as never),
      makeData({ type: types['s']!, length: 2, children: [makeData({ type: new arrow.Int8(), length: 2, data: Int8Array.of(-1, 5) })] } as never),
    ];
    const batch = new arrow.RecordBatch(schema, makeData({ type: new arrow.Struct(schema.fields), length: 2, nullCount: 0, children } as never) as never);
    return new arrow.Table([batch, batch]);
  }

  it.each(['stream', 'file'] as const)('a %s of apache-arrow', async (kind) => {
    const opened = await io.openTable(arrow.tableToIPC(table(), kind));
    expect(opened).toMatchObject({ format: 'arrow', rows: 4 });
    expect(Object.fromEntries(opened.columns.map(({ name, type }) => [name, type]))).toEqual({ n: 'Int64', big: 'Int64', text: 'VarChar', word: 'VarChar', v: 'FloatVector', tags: 'Array', when: 'VarChar', small: 'Int64', s: 'JSON' });
    expect(await rowsOf(opened)).toEqual([...EXPECTED, ...EXPECTED]);
    expect(await rowsOf(opened, { columns: ['word'] })).toEqual([...EXPECTED, ...EXPECTED].map(({ word }) => ({ word })));
  });

  it.each(['arrow', 'arrow-file'] as const)('apache-arrow reads what is exported as %s', async (format) => {
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', VECTORS[0]);
    const rows = vectorRows(random(4), 20, VECTORS[0]);
    await docs.insert(rows as never);
    const read = arrow.tableFromIPC(new Uint8Array(await (await docs.export({ format })).blob!.arrayBuffer()));
    expect(read.numRows).toBe(20);
    // Others' decoders leave a byte order mark out.
    const byKey = new Map(rows.map((row) => [(row['key'] as string).replace(/^\uFEFF/, ''), row]));
    for (const row of read) expect(Array.from((row!['FloatVector'] as arrow.Vector).toArray() as Float32Array)).toEqual(Array.from(byKey.get(row!['key'] as string)!['FloatVector'] as Float32Array));
    await db.close();
  });

  it('needs apache-arrow, and says so', async () => {
    const bytes = arrow.tableToIPC(table());
    await expect(pageIo.openTable(bytes)).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringContaining("import('apache-arrow')") as string });
    await expect(pageIo.openTable(bytes, { arrow: () => Promise.reject(new Error('no such module')) })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    await expect(pageIo.openTable(bytes, { arrow: async () => ({}) })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect((await pageIo.openTable(bytes, { arrow: () => import('apache-arrow') })).rows).toBe(4);
    const page = await connectAsPage('memory:', { mode: 'inline' });
    const docs = await page.createCollection('docs', VECTORS[1]);
    await expect(docs.export({ format: 'arrow' })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect((await docs.export({ format: 'arrow', arrow: () => import('apache-arrow') })).count).toBe(0);
    await page.close();
  });
});

describe('Parquet', () => {
  let bytes: Uint8Array;
  const n = 500;
  beforeEach(() => {
    bytes = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'id', data: Array.from({ length: n }, (_, i) => BigInt(i) + 2n ** 60n), type: 'INT64' },
          { name: 'text', data: Array.from({ length: n }, (_, i) => (i % 7 === 0 ? null : `text ${i % 13}`)), type: 'STRING', nullable: true },
          { name: 'x', data: Float64Array.from({ length: n }, (_, i) => i / 4) as never, type: 'DOUBLE' },
          { name: 'flag', data: Array.from({ length: n }, (_, i) => i % 3 === 0), type: 'BOOLEAN' },
          { name: 'meta', data: Array.from({ length: n }, (_, i) => ({ i, deep: [i] })), type: 'JSON' },
          { name: 'when', data: Array.from({ length: n }, (_, i) => new Date(i * 1000)), type: 'TIMESTAMP' },
        ],
        rowGroupSize: 200,
      }),
    );
  });

  it('of another writer, a row group at a time', async () => {
    const reads: [number, number][] = [];
    const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
    const watched = { name: 'x.parquet', bytes: Object.assign(Object.create(Blob.prototype) as Blob, { slice: (from: number, to: number) => (reads.push([from, to]), blob.slice(from, to)), arrayBuffer: () => blob.arrayBuffer() }) };
    Object.defineProperty(watched.bytes, 'size', { value: blob.size });
    const table = await io.openTable(watched, { sampleRows: 100 });
    expect(table).toMatchObject({ format: 'parquet', rows: n, sampledRows: 100 });
    expect(Object.fromEntries(table.columns.map(({ name, type }) => [name, type]))).toEqual({ id: 'Int64', text: 'VarChar', x: 'Double', flag: 'Bool', meta: 'JSON', when: 'VarChar' });
    const rows = await rowsOf(table, { batchRows: 64 });
    expect(rows).toEqual(Array.from({ length: n }, (_, i) => ({ id: BigInt(i) + 2n ** 60n, text: i % 7 === 0 ? null : `text ${i % 13}`, x: i / 4, flag: i % 3 === 0, meta: { i, deep: [i] }, when: new Date(i * 1000).toISOString() })));
    const progress: number[] = [];
    await rowsOf(table, { batchRows: 64, onProgress: ({ done }: { readonly done: number }) => progress.push(done) });
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(blob.size);
    reads.length = 0;
    await rowsOf(table, { columns: ['flag'] });
    // One range for each row group, of the one column.
    expect(reads).toHaveLength(3);
    expect(reads.reduce((sum, [from, to]) => sum + to - from, 0)).toBeLessThan(blob.size / 4);
  });

  it('a column of bytes that are no text is a column as any other, which need not be read', async () => {
    const images = [Uint8Array.of(0x89, 0x50, 0xff), Uint8Array.of(0xff, 0xd8)];
    const pictures = {
      name: 'pictures.parquet',
      bytes: new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'id', data: [1n, 2n], type: 'INT64' }, { name: 'v', data: [[1, 2], [3, 4]], type: 'JSON' }, { name: 'image', data: images, type: 'BYTE_ARRAY' }, { name: 'name', data: ['a', 'b'], type: 'BYTE_ARRAY' }] })),
    };
    const table = await io.openTable(pictures);
    expect(table.columns.map(({ name, type }) => [name, type])).toEqual([['id', 'Int64'], ['v', 'JSON'], ['image', 'Array'], ['name', 'VarChar']]);
    expect(await rowsOf(table, { columns: ['id', 'image', 'name'] })).toEqual([{ id: 1n, image: [0x89, 0x50, 0xff], name: 'a' }, { id: 2n, image: [0xff, 0xd8], name: 'b' }]);
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, text: { type: 'VarChar', maxLength: 10 }, v: { type: 'FloatVector', dim: 2 } } }));
    await expect(docs.import(pictures, { fields: { id: 'id', v: 'v', text: 'image' } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { row: 0, column: 'image', expected: 'text' } });
    expect(await docs.import(pictures, { fields: { id: 'id', v: 'v', text: 'name' } })).toMatchObject({ count: 2, ignored: ['image'] });
    await db.close();
  });

  it('decimals are the numbers nearest to them', async () => {
    const prices = Array.from({ length: 500 }, (_, i) => (i % 7 === 0 ? null : (i * 37 - 5_000) / 100));
    for (const leaf of [{ type: 'INT32', precision: 9 }, { type: 'INT64', precision: 18 }, { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 8, precision: 18 }] as const) {
      const schema = [{ name: 'schema', num_children: 1 }, { name: 'price', repetition_type: 'OPTIONAL', converted_type: 'DECIMAL', scale: 2, ...leaf }] as const;
      const table = await io.openTable({ name: 'x.parquet', bytes: new Uint8Array(parquetWriteBuffer({ schema: [...schema], columnData: [{ name: 'price', data: prices }] })) });
      expect(table.columns).toMatchObject([{ name: 'price', type: 'Double' }]);
      expect((await rowsOf(table)).map(({ price }) => price)).toEqual(prices);
    }
  });

  it('hyparquet reads what is exported, in the types of Milvus', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', VECTORS[0]);
    const rows = vectorRows(random(5), 20, VECTORS[0]);
    await docs.insert(rows as never);
    const buffer = await (await docs.export({ format: 'parquet' })).blob!.arrayBuffer();
    const read = (await parquetReadObjects({ file: buffer })) as Record<string, unknown>[];
    expect(read).toHaveLength(20);
    // Others' decoders leave a byte order mark out.
    const byKey = new Map(rows.map((row) => [(row['key'] as string).replace(/^\uFEFF/, ''), row]));
    for (const row of read) {
      const expected = byKey.get(row['key'] as string)!;
      expect(row['FloatVector']).toEqual(Array.from(expected['FloatVector'] as Float32Array));
      expect(row['Int8Vector']).toEqual(Array.from(expected['Int8Vector'] as Int8Array));
      expect(row['Float16Vector']).toHaveLength(32);
    }
    await db.close();
  });

  it.each([
    ['cut off', (file: Uint8Array) => file.subarray(0, file.length - 100)],
    ['without its beginning', (file: Uint8Array) => file.subarray(1)],
    ['with a footer longer than itself', (file: Uint8Array) => { const copy = file.slice(); copy.set([255, 255, 255, 127], file.length - 8); return copy; }],
    ['that is nothing else', () => ascii('PAR1')],
    ['that is encrypted', (file: Uint8Array) => { const copy = file.slice(); copy.set(ascii('PARE'), file.length - 4); return copy; }],
  ])('a file %s is refused', async (_, damage) => {
    await expect(io.openTable({ name: 'x.parquet', bytes: damage(bytes) })).rejects.toMatchObject({ code: expect.stringMatching(/INVALID_ARGUMENT|NOT_SUPPORTED/) as string, detail: { file: 'x.parquet' } });
  });

  it('a page that would unpack to far more than it is, or has more values than its column, is refused before it is read', async () => {
    // The header of the first page: unpacked and packed size are zigzag numbers behind its type.
    const copy = bytes.slice();
    const at = copy.findIndex((byte, i) => i >= 4 && byte === 0x15 && copy[i + 2] === 0x15);
    expect(at).toBeGreaterThan(0);
    copy[at + 3] = 0xff;
    await expect(io.openTable({ name: 'x.parquet', bytes: copy })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.parquet', column: 'id' } });
  });
});

describe('text', () => {
  const MARKDOWN = `---\ntags: x\n---\n# The *Kite* [home](x.html)\n\nOne.\n\nTwo.\n\n## Wings\n${'A sentence of the wings. '.repeat(20)}\n\n\`\`\`\n# no heading\n\`\`\`\n\nTail\n----\nThree.\n`;

  it('in passages, with titles and headings', async () => {
    const table = await io.openTable([{ name: 'a/kite.md', bytes: ascii(MARKDOWN) }, { name: 'b.txt', bytes: ascii('First line\r\n\r\nRest.') }], { passageLength: 200 });
    expect(table).toMatchObject({ format: 'text', columns: [{ name: 'path' }, { name: 'title' }, { name: 'heading' }, { name: 'passage', type: 'Int64' }, { name: 'text' }] });
    const rows = await rowsOf(table);
    expect(rows.filter(({ heading }) => heading !== 'Wings')).toEqual([
      { path: 'a/kite.md', title: 'The Kite home', heading: 'The Kite home', passage: 0, text: 'One.\n\nTwo.' },
      { path: 'a/kite.md', title: 'The Kite home', heading: 'Tail', passage: rows.length - 2, text: 'Three.' },
      { path: 'b.txt', title: 'First line', heading: '', passage: 0, text: 'First line\n\nRest.' },
    ]);
    const wings = rows.filter(({ heading }) => heading === 'Wings').map(({ text }) => text as string);
    expect(wings.join(' ')).toContain('# no heading');
    expect(Math.max(...wings.map(({ length }) => length))).toBeLessThanOrEqual(200);
    expect(wings.slice(0, -1).every((text) => text.endsWith('.'))).toBe(true);
  });

  it('a row a file', async () => {
    const table = await io.openTable({ name: 'kite.md', bytes: ascii(MARKDOWN) }, { split: 'file' });
    expect(await rowsOf(table)).toEqual([{ path: 'kite.md', title: 'The Kite home', text: MARKDOWN }]);
    await expect(io.openTable({ name: 'x.txt', bytes: ascii('x'.repeat(70_000)) }, { split: 'file' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.txt' } });
  });

  it('loses no word, whatever the length', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const next = random(seed);
      const words = Array.from({ length: 200 }, () => ['kite', 'a', '\u{1f98a}\u{1f98a}', 'end.', 'x'.repeat(1 + Math.floor(next() * 50)), '\n\n', '\n'][Math.floor(next() * 7)]!);
      const text = words.join(' ');
      const length = 20 + Math.floor(next() * 200);
      const found = passages(text, next() < 0.5, length);
      expect(found.every((passage) => passage.text.length <= length && passage.text.length > 0), `seed ${seed}`).toBe(true);
      expect(found.map((passage) => passage.text).join('').replace(/\s/g, ''), `seed ${seed}`).toBe(text.replace(/\s/g, ''));
      expect(found.some((passage) => /^[\udc00-\udfff]|[\ud800-\udbff]$/.test(passage.text)), `seed ${seed}`).toBe(false);
    }
  });
});
