/** Tables of apache-arrow in and out. apache-arrow is the oracle: what it makes of values is written, what it reads of our buffers is compared. */
import {
  Binary, Bool, DateMillisecond, Dictionary, Field as ArrowField, Null, FixedSizeBinary, FixedSizeList, Float16, Float32, Float64, Int16, Int32, Int64, Int8, LargeUtf8, List, RecordBatch, Schema as ArrowSchema, Struct, Table,
  TimestampMicrosecond, Uint16, Uint32, Uint8, Utf8, Vector, makeData, makeVector, tableFromIPC, tableToIPC, vectorFromArray, type DataType,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { getTable, searchTable } from '../../src/arrow.ts';
import type { Collection } from '../../src/api/collection.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { connectInNode, engines } from '../support/connect-for-tests.ts';
import { random } from '../support/random.ts';
import { codeOfAsync } from '../support/refusals.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 6);
const DIM = 8;

const schema = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    flag: { type: 'Bool', nullable: true },
    i8: { type: 'Int8', nullable: true },
    i16: { type: 'Int16', nullable: true },
    i32: { type: 'Int32', nullable: true },
    i64: { type: 'Int64', nullable: true },
    f: { type: 'Float', nullable: true },
    d: { type: 'Double', nullable: true },
    s: { type: 'VarChar', maxLength: 100, nullable: true },
    j: { type: 'JSON', nullable: true },
    flags: { type: 'Array', elementType: 'Bool', maxCapacity: 20, nullable: true },
    shorts: { type: 'Array', elementType: 'Int16', maxCapacity: 20 },
    longs: { type: 'Array', elementType: 'Int64', maxCapacity: 20, nullable: true },
    words: { type: 'Array', elementType: 'VarChar', maxCapacity: 20, maxLength: 40, nullable: true },
    v: { type: 'FloatVector', dim: DIM, index: { type: 'FLAT', metric: 'L2' } },
    bits: { type: 'BinaryVector', dim: DIM * 8 },
    half: { type: 'Float16Vector', dim: DIM },
    pairs: { type: 'SparseFloatVector' },
  },
});

type Value = Record<string, unknown>;

function randomRow(next: () => number, id: number): Value {
  const whole = (range: number): number => Math.floor((next() - 0.5) * range);
  const maybe = <T>(value: T): T | null => (next() < 0.3 ? null : value);
  const list = <T>(make: () => T): T[] => Array.from({ length: DIM }, make);
  const some = <T>(make: () => T): T[] => Array.from({ length: Math.floor(next() * 6) }, make);
  const indices = [...new Set(Array.from({ length: whole(10) + 5 }, () => Math.floor(next() * 1e9)))].sort((a, b) => a - b);
  return {
    id: BigInt(id), flag: maybe(next() < 0.5), i8: maybe(whole(256)), i16: maybe(whole(65_536)), i32: maybe(whole(2 ** 32)), i64: maybe(BigInt(whole(2 ** 50)) * 1000n),
    f: maybe(Math.fround(next())), d: maybe(next()), s: maybe('äx🪁'.repeat(Math.floor(next() * 8))), j: maybe(JSON.stringify({ a: [whole(9)] })),
    flags: maybe(some(() => next() < 0.5)), shorts: some(() => whole(65_536)), longs: maybe(some(() => BigInt(whole(2 ** 50)) * 1000n)), words: maybe(some(() => 'ö🪁y'.repeat(Math.floor(next() * 5)))),
    v: list(() => Math.fround(next())), bits: list(() => Math.floor(next() * 256)), half: list(() => whole(2000) / 8), pairs: { indices, values: indices.map(() => Math.fround(next())) },
  };
}

const item = (type: DataType) => new ArrowField('item', type, true);
const TYPES: Record<string, DataType> = {
  id: new Int64(), flag: new Bool(), i8: new Int8(), i16: new Int16(), i32: new Int32(), i64: new Int64(), f: new Float32(), d: new Float64(), s: new Utf8(), j: new Utf8(),
  flags: new List(item(new Bool())), shorts: new List(item(new Int16())), longs: new List(item(new Int64())), words: new List(item(new Utf8())),
  v: new FixedSizeList(DIM, item(new Float32())), bits: new FixedSizeBinary(DIM), half: new FixedSizeList(DIM, item(new Float16())),
  pairs: new Struct([new ArrowField('indices', new List(item(new Uint32())), true), new ArrowField('values', new List(item(new Float32())), true)]),
};

/** A batch as apache-arrow makes it of values. */
function arrowBatch(rows: readonly Value[], types = TYPES): RecordBatch {
  const vectors = Object.entries(types).map(([name, type]) => [name, vectorFromArray(rows.map((row) => (name === 'bits' && type instanceof FixedSizeBinary ? Uint8Array.from(row[name] as number[]) : row[name])), type)] as const);
  const fields = vectors.map(([name, vector]) => new ArrowField(name, vector.type, true));
  const data = makeData({ type: new Struct(fields), length: rows.length, nullCount: 0, children: vectors.map(([, vector]) => vector.data[0]!) });
  return new RecordBatch(new ArrowSchema(fields), data);
}

/** What apache-arrow reads, in plain arrays. */
function plain(table: Table): Value[] {
  const list = (value: unknown): unknown => (value === null ? null : Array.from(value as Iterable<number>));
  return table.toArray().map((row: Value) => {
    const out: Value = {};
    for (const { name, type } of table.schema.fields) {
      const value = row[name] as any;
      out[name] = type instanceof Struct ? { indices: list(value.indices), values: list(value.values) } : type instanceof FixedSizeList || type instanceof FixedSizeBinary || type instanceof List ? list(value) : value;
    }
    return out;
  });
}

describe('tables', () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('come back as they were, in slices, chunks and IPC, seed %i', async (seed) => {
    const next = random(seed);
    const db = await connectInNode('memory:', { mode: 'inline' });
    const rows = await db.createCollection('rows', schema);
    const all = Array.from({ length: 60 + Math.floor(next() * 200) }, (_, i) => randomRow(next, i * 3));
    const middle = 1 + Math.floor(next() * (all.length - 2));
    const batches = [arrowBatch(all.slice(0, middle)), arrowBatch(all.slice(middle))];
    let table = new Table(batches);
    if (next() < 0.3) table = tableFromIPC(tableToIPC(table, next() < 0.5 ? 'file' : 'stream'));
    // Rows that are not written are before, behind and between the slices.
    const from = Math.floor(next() * middle);
    const to = middle + Math.floor(next() * (all.length - middle));
    const kind = next();
    if (kind < 0.5) await rows.insert(table.slice(from, to));
    else {
      await rows.insert(kind < 0.7 ? batches[0]!.slice(from, middle) : table.slice(from, middle));
      if (to > middle) await rows.upsert(table.slice(middle, to));
    }
    const part = all.slice(from, to);
    if (next() < 0.5) await rows.flush();
    const read = await getTable(rows, part.map(({ id }) => id as bigint), { outputFields: '*' });
    expect(plain(read), `seed ${seed}`).toEqual(part);
    expect(plain(tableFromIPC(tableToIPC(read, 'stream'))), `seed ${seed}`).toEqual(part);
    // What is read can be written.
    const copy = await db.createCollection('copy', schema);
    await copy.insert(read);
    expect(await copy.get(part.map(({ id }) => id as bigint), { outputFields: '*' })).toEqual(await rows.get(part.map(({ id }) => id as bigint), { outputFields: '*' }));
    await db.close();
  });

  it('take over buffers, and say of which type a column is', async () => {
    const db = await connectInNode('memory:', { mode: 'inline' });
    const rows = await db.createCollection('rows', schema);
    const next = random(7);
    await rows.insert(new Table([arrowBatch(Array.from({ length: 10 }, (_, i) => randomRow(next, i)))]));
    const table = await getTable(rows, [1, 2, 3], { outputFields: ['v', 'j'] });
    expect(table.schema.fields.map(({ name, type, nullable, metadata }) => [name, String(type), nullable, metadata.get('elanus.type')])).toEqual([
      ['id', 'Int64', false, 'Int64'], ['v', `FixedSizeList[${DIM}]<Float32>`, false, 'FloatVector'], ['j', 'Utf8', true, 'JSON'],
    ]);
    expect((await getTable(rows, [], {})).numRows).toBe(0);
    expect((await getTable(rows, [99])).numRows).toBe(0);
    await db.close();
  });
});

describe.each(engines)('hits over $name', ({ connect }) => {
  it('are as search answers them', async () => {
    const db = await connect('memory:');
    const rows = await db.createCollection('rows', schema);
    const next = random(3);
    const all = Array.from({ length: 50 }, (_, i) => randomRow(next, i));
    await rows.insert(new Table([arrowBatch(all)]));
    const vectors = [all[3]!['v'] as number[], all[4]!['v'] as number[]];
    const one = plain(await searchTable(rows, { field: 'v', vector: vectors[0]!, limit: 5, outputFields: ['s', 'id'] }));
    expect(one.map((hit) => ({ id: hit['id'], score: hit['$score'], entity: { s: hit['s'], id: hit['id'] } }))).toEqual(await rows.search({ field: 'v', vector: vectors[0]!, limit: 5, outputFields: ['s', 'id'] }));
    const many = await searchTable(rows, { field: 'v', vectors, limit: 3 });
    expect(many.schema.names).toEqual(['$query', 'id', '$score']);
    expect(plain(many).map((hit) => [hit['$query'], hit['id']])).toEqual((await rows.search({ field: 'v', vectors, limit: 3 })).flatMap((hits, query) => hits.map(({ id }) => [query, id])));
    await db.close();
  });
});

/** A collection with one field beside the key, and what is read of it. */
async function written(field: object, column: Vector, asKey = 'f'): Promise<unknown[]> {
  const db = await connectInNode('memory:', { mode: 'inline' });
  try {
    const vector = 'dim' in field || (field as { type: string }).type === 'SparseFloatVector';
    const fields = { id: { type: 'Int64', primaryKey: true, as: 'number' }, ...(vector ? {} : { v: { type: 'FloatVector', dim: 2 } }), f: field };
    const rows: Collection = await db.createCollection('rows', defineSchema({ fields } as never));
    const ids = Array.from({ length: column.length }, (_, i) => i);
    const others = vector ? {} : { v: new Vector([makeData({ type: new FixedSizeList(2, new ArrowField('item', new Float32(), false)), length: column.length, child: makeData({ type: new Float32(), length: 2 * column.length, data: new Float32Array(2 * column.length).fill(1) }) })]) };
    await rows.insert(new Table({ id: vectorFromArray(ids, new Int32()), ...others, [asKey]: column } as Record<string, Vector>));
    return (await rows.get(ids, { outputFields: ['f'] })).map((row) => row['f']);
  } finally {
    await db.close();
  }
}

const lists = (type: DataType, values: unknown[][]): Vector => vectorFromArray(values, new List(item(type)));
const fixed = (type: DataType, values: unknown[][]): Vector => vectorFromArray(values, new FixedSizeList(values[0]!.length, item(type)));

describe('columns of Arrow', () => {
  const text = { type: 'VarChar', maxLength: 20, nullable: true };
  it.each<[string, object, () => Vector, unknown[]]>([
    ['a dictionary', text, () => vectorFromArray(['a', 'b', null, 'a'], new Dictionary(new Utf8(), new Int8())), ['a', 'b', null, 'a']],
    ['a slice of a dictionary', text, () => vectorFromArray(['x', 'a', 'b', null, 'a'], new Dictionary(new Utf8(), new Int32())).slice(1, 5), ['a', 'b', null, 'a']],
    ['a dictionary of integers', { type: 'Int32' }, () => vectorFromArray([7, 8, 7], new Dictionary(new Int32(), new Int8())), [7, 8, 7]],
    ['LargeUtf8', text, () => vectorFromArray(['a', null, 'ä'], new LargeUtf8()), ['a', null, 'ä']],
    ['Null', text, () => new Vector([makeData({ type: new Null(), length: 2 })]), [null, null]],
    ['unsigned integers', { type: 'Int16' }, () => makeVector(Uint8Array.of(0, 255)), [0, 255]],
    ['floats that are integers', { type: 'Int32' }, () => makeVector(Float64Array.of(3, -4)), [3, -4]],
    ['16-bit floats', { type: 'Float' }, () => vectorFromArray([0.5, -2], new Float16()), [0.5, -2]],
    ['Uint64', { type: 'Int64' }, () => makeVector(BigUint64Array.of(5n)), [5n]],
    ['text of JSON', { type: 'JSON', nullable: true }, () => vectorFromArray(['{"a":1}', '"x"', null, 'null'], new Utf8()), [{ a: 1 }, 'x', null, null]],
    ['a slice of booleans', { type: 'Bool', nullable: true }, () => vectorFromArray([true, true, false, null, true], new Bool()).slice(1, 5), [true, false, null, true]],
    ['a slice of lists as arrays', { type: 'Array', elementType: 'Int16', maxCapacity: 3 }, () => lists(new Int32(), [[9, 9], [1, 2], [], [3]]).slice(1, 4), [[1, 2], [], [3]]],
    ['a slice of lists of booleans', { type: 'Array', elementType: 'Bool', maxCapacity: 3, nullable: true }, () => vectorFromArray([[true], [false, true], null, [true, true, false]], new List(item(new Bool()))).slice(1, 4), [[false, true], null, [true, true, false]]],
    ['lists of one length as arrays', { type: 'Array', elementType: 'Float', maxCapacity: 3 }, () => fixed(new Float64(), [[9, 9], [0.5, 2], [3, 4]]).slice(1, 3), [[0.5, 2], [3, 4]]],
    ['lists of texts', { type: 'Array', elementType: 'VarChar', maxCapacity: 3, maxLength: 9 }, () => lists(new LargeUtf8(), [['a', 'ä'], []]), [['a', 'ä'], []]],
    ['Null for arrays', { type: 'Array', elementType: 'Int8', maxCapacity: 3, nullable: true }, () => new Vector([makeData({ type: new Null(), length: 2 })]), [null, null]],
    ['a list as vector', { type: 'FloatVector', dim: 2 }, () => lists(new Float32(), [[9, 9], [1, 2], [3, 4]]).slice(1, 3), [Float32Array.of(1, 2), Float32Array.of(3, 4)]],
    ['a list of doubles', { type: 'FloatVector', dim: 2 }, () => fixed(new Float64(), [[1, 2]]), [Float32Array.of(1, 2)]],
    ['a list of 16-bit floats', { type: 'FloatVector', dim: 2 }, () => fixed(new Float16(), [[1.5, 2]]), [Float32Array.of(1.5, 2)]],
    ['a list of integers', { type: 'FloatVector', dim: 2 }, () => fixed(new Int32(), [[1, 2], [3, 4]]), [Float32Array.of(1, 2), Float32Array.of(3, 4)]],
    ['patterns', { type: 'BFloat16Vector', dim: 2 }, () => fixed(new Uint16(), [[0x3f80, 0x4000]]), [Float32Array.of(1, 2)]],
    ['bytes of patterns', { type: 'BFloat16Vector', dim: 2 }, () => vectorFromArray([Uint8Array.of(0x80, 0x3f, 0, 0x40)], new FixedSizeBinary(4)), [Float32Array.of(1, 2)]],
    ['16-bit floats for the other kind', { type: 'BFloat16Vector', dim: 2 }, () => fixed(new Float16(), [[1.5, 2]]), [Float32Array.of(1.5, 2)]],
    ['floats for 16 bits', { type: 'Float16Vector', dim: 2 }, () => fixed(new Float32(), [[1.5, 2]]), [Float32Array.of(1.5, 2)]],
    ['a list of bytes', { type: 'BinaryVector', dim: 16 }, () => lists(new Uint8(), [[1, 255]]), [Uint8Array.of(1, 255)]],
    ['wide integers for 8 bits', { type: 'Int8Vector', dim: 2 }, () => fixed(new Int32(), [[-128, 127]]), [Int8Array.of(-128, 127)]],
    ['8-bit integers', { type: 'Int8Vector', dim: 2 }, () => fixed(new Int8(), [[-128, 127]]), [Int8Array.of(-128, 127)]],
    ['text of sparse vectors', { type: 'SparseFloatVector' }, () => vectorFromArray(['{"3":0.5}', '{"indices":[1,7],"values":[1,2]}'], new Utf8()), [{ indices: Uint32Array.of(3), values: Float32Array.of(0.5) }, { indices: Uint32Array.of(1, 7), values: Float32Array.of(1, 2) }]],
  ])('may be %s', async (_, field, column, expected) => {
    expect(await written(field, column())).toEqual(expected);
  });

  it.each<[string, object, () => Vector]>([
    ['timestamps', { type: 'Int64' }, () => vectorFromArray([1], new TimestampMicrosecond())],
    ['dates', { type: 'Int64' }, () => vectorFromArray([new Date()], new DateMillisecond())],
    ['bytes for text', text, () => vectorFromArray([Uint8Array.of(1)], new Binary())],
    ['null in a field that cannot be', { type: 'Int32' }, () => vectorFromArray([1, null], new Int32())],
    ['a number beyond the type', { type: 'Int8' }, () => makeVector(Int32Array.of(128))],
    ['text for numbers', { type: 'Int8' }, () => vectorFromArray(['1'], new Utf8())],
    ['text that is no JSON', { type: 'JSON' }, () => vectorFromArray(['{'], new Utf8())],
    ['numbers for JSON', { type: 'JSON' }, () => makeVector(Int32Array.of(1))],
    ['null among the elements of an array', { type: 'Array', elementType: 'Int8', maxCapacity: 3 }, () => lists(new Int8(), [[1, null]])],
    ['too many elements', { type: 'Array', elementType: 'Int8', maxCapacity: 3 }, () => lists(new Int8(), [[1, 2, 3, 4]])],
    ['elements of another type', { type: 'Array', elementType: 'VarChar', maxCapacity: 3, maxLength: 9 }, () => lists(new Int8(), [[1]])],
    ['numbers for arrays', { type: 'Array', elementType: 'Int8', maxCapacity: 3 }, () => makeVector(Int8Array.of(1))],
    ['a vector of another length', { type: 'FloatVector', dim: 3 }, () => fixed(new Float32(), [[1, 2]])],
    ['lists of different lengths', { type: 'FloatVector', dim: 2 }, () => lists(new Float32(), [[1, 2], [1]])],
    ['null for a vector', { type: 'FloatVector', dim: 2 }, () => vectorFromArray([[1, 2], null], new FixedSizeList(2, item(new Float32())))],
    ['null in a vector', { type: 'FloatVector', dim: 2 }, () => fixed(new Float32(), [[1, null]])],
    ['NaN in a vector', { type: 'FloatVector', dim: 2 }, () => fixed(new Float32(), [[1, NaN]])],
    ['64-bit integers for vectors', { type: 'FloatVector', dim: 2 }, () => fixed(new Int64(), [[1n, 2n]])],
    ['patterns for floats', { type: 'FloatVector', dim: 2 }, () => fixed(new Uint16(), [[1, 2]])],
    ['numbers for vectors', { type: 'FloatVector', dim: 2 }, () => makeVector(Float32Array.of(1))],
    ['bytes of another length', { type: 'BinaryVector', dim: 16 }, () => vectorFromArray([Uint8Array.of(1)], new FixedSizeBinary(1))],
    ['lists for sparse vectors', { type: 'SparseFloatVector' }, () => lists(new Float32(), [[1]])],
  ])('are refused with %s', async (_, field, column) => {
    expect(await codeOfAsync(written(field, column()))).toBe('INVALID_ARGUMENT');
  });

  it('are refused by another name than the fields have', async () => {
    expect(await codeOfAsync(written({ type: 'Int8', nullable: true }, makeVector(Int8Array.of(1)), 'g'))).toBe('INVALID_ARGUMENT');
  });

  it('of no rows are refused, as are tables of something else', async () => {
    expect(await codeOfAsync(written({ type: 'Int8' }, makeVector(new Int8Array(0))))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(getTable({} as never, [1]))).toBe('INVALID_ARGUMENT');
  });
});

describe('keys that no field has', () => {
  const open = defineSchema({ dynamicField: true, fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, v: { type: 'FloatVector', dim: 2, index: { type: 'FLAT', metric: 'L2' } } } });
  const columns = { id: makeVector(BigInt64Array.of(1n, 2n)), v: vectorFromArray([[1, 2], [3, 4]], new FixedSizeList(2, item(new Float32()))) };
  const tableOf = (more: Record<string, Vector>): Table => new Table({ ...columns, ...more } as never);

  it('are columns of a table, and come back in one', async () => {
    const db = await connectInNode('memory:', { mode: 'inline' });
    const rows = await db.createCollection('rows', open);
    const table = tableOf({
      flag: vectorFromArray([true, null], new Bool()), size: makeVector(Int16Array.of(5, -6)), big: makeVector(BigInt64Array.of(2n ** 40n, -1n)), word: vectorFromArray(['ä', 'b'], new Dictionary(new Utf8(), new Int32())),
      list: vectorFromArray([[1n, 2n], []], new List(item(new Int64()))), pair: vectorFromArray([[0.5, 1], [2, 3]], new FixedSizeList(2, item(new Float64()))),
    });
    await rows.insert(table);
    const expected = [{ id: 1, flag: true, size: 5, big: 2 ** 40, word: 'ä', list: [1, 2], pair: [0.5, 1] }, { id: 2, flag: null, size: -6, big: -1, word: 'b', list: [], pair: [2, 3] }];
    expect(await rows.get([1, 2])).toEqual(expected);
    const read = await getTable(rows, [1, 2], { outputFields: ['v', 'size'] });
    expect(read.schema.fields.map(({ name }) => name)).toEqual(['id', 'v', '$meta']);
    const copy = await db.createCollection('copy', open);
    await copy.insert(read);
    expect(await copy.get([1, 2])).toEqual(expected);
    const hits = await searchTable(rows, { vector: [3, 4], limit: 1, outputFields: ['word'] });
    expect(hits.toArray().map((row: Value) => JSON.parse(row['$meta'] as string).word)).toEqual(['b']);
    await db.close();
  });

  it.each<[string, Record<string, Vector>]>([
    ['integers that JSON cannot hold', { big: makeVector(BigInt64Array.of(1n, 2n ** 60n)) }],
    ['dates', { at: vectorFromArray([new Date(0), new Date(1)], new DateMillisecond()) }],
    ['texts of the hidden field that are no objects', { $meta: vectorFromArray(['{}', '[]'], new Utf8()) }],
    ['a key in a column and in the hidden field', { $meta: vectorFromArray(['{}', '{"size":1}'], new Utf8()), size: makeVector(Int16Array.of(5, -6)) }],
    ['a key __proto__ in the hidden field', { $meta: vectorFromArray(['{}', '{"__proto__":1}'], new Utf8()) }],
  ])('are refused as %s', async (_, more) => {
    const db = await connectInNode('memory:', { mode: 'inline' });
    const rows = await db.createCollection('rows', open);
    expect(await codeOfAsync(rows.insert(tableOf(more)))).toBe('INVALID_ARGUMENT');
    expect(await rows.count()).toBe(0);
    await db.close();
  });
});
