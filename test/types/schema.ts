/** Types of rows, columns, keys and entities. Compiled, never run: what should not compile is marked as an error. */
import { defineSchema } from '../../src/schema/define.ts';
import type { AnySchema, Columns, Entity, FieldName, Found, Hit, Int8VectorInput, JsonInput, JsonValue, Key, KeyInput, PartialRow, QueryInput, Row, SparseVector, SparseVectorInput, TextInput, VectorFieldName, VectorInput } from '../../src/schema/infer.ts';
import { type Equal, expectType } from './expect.ts';

const schema = defineSchema({
  description: 'every type there is',
  fields: {
    id: { type: 'Int64', primaryKey: true, autoId: true },
    flag: { type: 'Bool' },
    small: { type: 'Int8' },
    medium: { type: 'Int16' },
    large: { type: 'Int32' },
    big: { type: 'Int64' },
    count: { type: 'Int64', as: 'number' },
    serial: { type: 'Int64', as: 'string' },
    ratio: { type: 'Float' },
    price: { type: 'Double' },
    title: { type: 'VarChar', maxLength: 512 },
    meta: { type: 'JSON' },
    embedding: { type: 'FloatVector', dim: 384, index: { type: 'HNSW', metric: 'COSINE', params: { M: 16, efConstruction: 200 } } },
  },
});
type S = typeof schema;

expectType<Equal<
  Row<S>,
  {
    readonly id?: undefined;
    readonly flag: boolean;
    readonly small: number;
    readonly medium: number;
    readonly large: number;
    readonly big: bigint | number;
    readonly count: bigint | number;
    readonly serial: bigint | number | string;
    readonly ratio: number;
    readonly price: number;
    readonly title: string;
    readonly meta: JsonInput;
    readonly embedding: VectorInput;
  }
>>(true);

expectType<Equal<Columns<S>['flag'], readonly boolean[]>>(true);
expectType<Equal<Columns<S>['title'], readonly string[]>>(true);
expectType<Equal<Columns<S>['embedding'], Float32Array | Float64Array | readonly VectorInput[]>>(true);
expectType<Equal<Columns<S>['id'], undefined>>(true);
const columns: Pick<Columns<S>, 'small' | 'big' | 'price'> = { small: Int8Array.of(1), big: BigInt64Array.of(1n), price: Float32Array.of(1) };
export const moreColumns: Pick<Columns<S>, 'small' | 'big' | 'price'> = { ...columns, small: [1], big: [1, 2n], price: [1] };

expectType<Equal<
  Entity<S, '*'>,
  {
    id: bigint;
    flag: boolean;
    small: number;
    medium: number;
    large: number;
    big: bigint;
    count: number;
    serial: string;
    ratio: number;
    price: number;
    title: string;
    meta: JsonValue;
    embedding: Float32Array;
  }
>>(true);
expectType<Equal<Entity<S, readonly ['title', 'count']>, { count: number; title: string }>>(true);
expectType<Equal<Entity<S, readonly []>, {}>>(true);
expectType<Equal<Entity<S, ('title' | 'count')[]>, { count?: number; title?: string }>>(true);
expectType<Equal<keyof Found<S, undefined>, Exclude<FieldName<S>, 'embedding'>>>(true);
expectType<Equal<Found<S, readonly ['title']>, { title: string; id: bigint }>>(true);

expectType<Equal<Key<S>, bigint>>(true);
expectType<Equal<KeyInput<S>, bigint | number>>(true);
expectType<Equal<VectorFieldName<S>, 'embedding'>>(true);
expectType<Equal<Hit<S, readonly ['title']>, { id: bigint; score: number; entity: { title: string } }>>(false);
expectType<Equal<Hit<S>['entity'], {}>>(true);

const byNumber = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, v: { type: 'FloatVector', dim: 2 } } });
const byString = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'string' }, v: { type: 'FloatVector', dim: 2 } } });
const byText = defineSchema({ fields: { id: { type: 'VarChar', primaryKey: true, maxLength: 9 }, a: { type: 'FloatVector', dim: 2 }, b: { type: 'FloatVector', dim: 3 } } });
expectType<Equal<Key<typeof byNumber>, number>>(true);
expectType<Equal<Key<typeof byString>, string>>(true);
expectType<Equal<KeyInput<typeof byString>, bigint | number | string>>(true);
expectType<Equal<Key<typeof byText>, string>>(true);
expectType<Equal<KeyInput<typeof byText>, string>>(true);
expectType<Equal<VectorFieldName<typeof byText>, 'a' | 'b'>>(true);
expectType<Equal<Row<typeof byNumber>['id'], bigint | number>>(true);

expectType<Equal<Key<AnySchema>, bigint | number | string>>(true);
expectType<Equal<Row<AnySchema>, Readonly<Record<string, unknown>>>>(true);
expectType<Equal<Entity<AnySchema, '*'>, Record<string, unknown>>>(true);

const id = { type: 'Int64', primaryKey: true } as const;

const everyVector = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    half: { type: 'Float16Vector', dim: 4 },
    brain: { type: 'BFloat16Vector', dim: 4, index: { type: 'FLAT', metric: 'L2' } },
    int8: { type: 'Int8Vector', dim: 4, index: { type: 'HNSW', metric: 'ip' } },
  },
});
const bitsAndPairs = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    bits: { type: 'BinaryVector', dim: 16, index: { type: 'BIN_FLAT', metric: 'JACCARD' } },
    pairs: { type: 'SparseFloatVector', index: { type: 'FLAT', metric: 'IP' } },
  },
});
expectType<Equal<Omit<Entity<typeof everyVector, '*'>, 'id'>, { half: Float32Array; brain: Float32Array; int8: Int8Array }>>(true);
expectType<Equal<Omit<Entity<typeof bitsAndPairs, '*'>, 'id'>, { bits: Uint8Array; pairs: SparseVector }>>(true);
expectType<Equal<VectorFieldName<typeof bitsAndPairs>, 'bits' | 'pairs'>>(true);
expectType<Equal<Row<typeof everyVector>['half'], VectorInput | Uint16Array>>(true);
expectType<Equal<Columns<typeof everyVector>['int8'], Int8Array | readonly Int8VectorInput[]>>(true);
expectType<Equal<Columns<typeof bitsAndPairs>['pairs'], readonly SparseVectorInput[]>>(true);
expectType<Equal<QueryInput<typeof everyVector>, VectorInput | Uint16Array | Int8Array>>(true);
expectType<Equal<QueryInput<typeof bitsAndPairs>, Uint8Array | readonly number[] | SparseVectorInput>>(true);
export const rowsOfBoth: Row<typeof bitsAndPairs>[] = [
  { id: 1, bits: Uint8Array.of(1, 2), pairs: { indices: [1, 4], values: [0.5, 1] } },
  { id: 2, bits: [1, 2], pairs: { 7: 1, 12: 0.5 } },
  { id: 3, bits: [1, 2], pairs: new Map([[3, 1]]) },
  { id: 4, bits: [1, 2], pairs: { indices: Uint32Array.of(1), values: Float32Array.of(1) } },
];
// @ts-expect-error floats are no bits
export const noBits: Row<typeof bitsAndPairs>['bits'] = Float32Array.of(1, 2);
// @ts-expect-error patterns are not of integers
export const noIntegers: Row<typeof everyVector>['int8'] = Uint16Array.of(1, 2);
// @ts-expect-error a list is not sparse
export const notSparse: Row<typeof bitsAndPairs>['pairs'] = 'text';
// @ts-expect-error a binary vector needs dim
defineSchema({ fields: { id, v: { type: 'BinaryVector' } } });
// @ts-expect-error a sparse one has none
defineSchema({ fields: { id, v: { type: 'SparseFloatVector', dim: 3 } } });
// @ts-expect-error no metric of bits
defineSchema({ fields: { id, v: { type: 'BinaryVector', dim: 8, index: { type: 'BIN_FLAT', metric: 'L2' } } } });
// @ts-expect-error no metric of sparse vectors
defineSchema({ fields: { id, v: { type: 'SparseFloatVector', index: { type: 'FLAT', metric: 'COSINE' } } } });
// @ts-expect-error no such type
defineSchema({ fields: { id, v: { type: 'Vector', dim: 3 } } });
// @ts-expect-error a VarChar needs maxLength
defineSchema({ fields: { id, s: { type: 'VarChar' } } });
// @ts-expect-error a vector needs dim
defineSchema({ fields: { id, v: { type: 'FloatVector' } } });
// @ts-expect-error an option of another type
defineSchema({ fields: { id, s: { type: 'Bool', maxLength: 3 } } });
// @ts-expect-error an option that is misspelt
defineSchema({ fields: { id: { type: 'Int64', primarykey: true } } });
// @ts-expect-error a key of a type that cannot be one
defineSchema({ fields: { id: { type: 'Double', primaryKey: true } } });
const sparseRows = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    note: { type: 'VarChar', maxLength: 8, nullable: true },
    stars: { type: 'Int8', defaultValue: 3 },
    seen: { type: 'Int64', as: 'number', nullable: true, defaultValue: 0n },
    v: { type: 'FloatVector', dim: 2 },
  },
});
expectType<Equal<
  Row<typeof sparseRows>,
  { readonly id: bigint | number; readonly v: VectorInput; readonly note?: string | null; readonly stars?: number | null; readonly seen?: bigint | number | null }
>>(true);
expectType<Equal<Found<typeof sparseRows, undefined>, { id: bigint; note: string | null; stars: number; seen: number }>>(true);
export const columnsWithNulls: Columns<typeof sparseRows>[] = [{ id: [1], v: [[1, 2]] }, { id: [1], v: [[1, 2]], note: [null], stars: Int8Array.of(1), seen: [undefined] }];

// @ts-expect-error vectors are never NULL
defineSchema({ fields: { id, w: { type: 'FloatVector', dim: 4, nullable: true } } });
// @ts-expect-error JSON has no default
defineSchema({ fields: { id, j: { type: 'JSON', defaultValue: '{}' } } });
// @ts-expect-error a default of another type
defineSchema({ fields: { id, f: { type: 'Float', defaultValue: 'x' } } });
// @ts-expect-error yes or no
defineSchema({ fields: { id }, dynamicField: 'yes' });

const lists = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    flags: { type: 'Array', elementType: 'Bool', maxCapacity: 4 },
    numbers: { type: 'Array', elementType: 'Float', maxCapacity: 4 },
    longs: { type: 'Array', elementType: 'Int64', maxCapacity: 4, nullable: true },
    words: { type: 'Array', elementType: 'VarChar', maxCapacity: 4, maxLength: 8 },
    v: { type: 'FloatVector', dim: 2 },
  },
});
expectType<Equal<Found<typeof lists, undefined>, { id: bigint; flags: boolean[]; numbers: number[]; longs: bigint[] | null; words: string[] }>>(true);
export const listRows: Row<typeof lists>[] = [
  { id: 1, flags: [true], numbers: [1], words: ['a'], v: [1, 2] },
  { id: 1, flags: [], numbers: Float32Array.of(1), longs: [1n, 2], words: [], v: [1, 2] },
  { id: 1, flags: [], numbers: [], longs: BigInt64Array.of(1n), words: [], v: [1, 2] },
  { id: 1, flags: [], numbers: [], longs: null, words: [], v: [1, 2] },
  // @ts-expect-error elements of another type
  { id: 1, flags: [1], numbers: [1], words: ['a'], v: [1, 2] },
  // @ts-expect-error a null among the elements
  { id: 1, flags: [], numbers: [null], words: ['a'], v: [1, 2] },
];
// @ts-expect-error no capacity
defineSchema({ fields: { id, a: { type: 'Array', elementType: 'Int8' } } });
// @ts-expect-error text without a length
defineSchema({ fields: { id, a: { type: 'Array', elementType: 'VarChar', maxCapacity: 4 } } });
// @ts-expect-error a length of numbers
defineSchema({ fields: { id, a: { type: 'Array', elementType: 'Int8', maxCapacity: 4, maxLength: 4 } } });
// @ts-expect-error arrays of arrays
defineSchema({ fields: { id, a: { type: 'Array', elementType: 'Array', maxCapacity: 4 } } });

const open = defineSchema({ dynamicField: true, fields: { id: { type: 'Int64', primaryKey: true }, note: { type: 'VarChar', maxLength: 8 }, v: { type: 'FloatVector', dim: 2 } } });
export const openRows: Row<typeof open>[] = [
  { id: 1, note: 'a', v: [1, 2] },
  { id: 1, note: 'a', v: [1, 2], color: 'red', size: { x: 1 } },
  // @ts-expect-error a field of another type
  { id: 1, note: 5, v: [1, 2], color: 'red' },
  // @ts-expect-error a field that is missing
  { id: 1, v: [1, 2], color: 'red' },
];
interface Thing {
  readonly id: number;
  readonly note: string;
  readonly v: readonly number[];
  readonly color?: string;
}
declare const thing: Thing;
export const openThing: Row<typeof open> = thing;
export const openColumns: Columns<typeof open> = { id: [1], note: ['a'], v: [[1, 2]], color: ['red'], size: Float32Array.of(1) };
export const openPart: PartialRow<typeof open> = { id: 1, color: 'red' };
declare const found: Found<typeof open, undefined>;
expectType<Equal<typeof found.note, string>>(true);
expectType<Equal<(typeof found)['color'], unknown>>(true);
declare const some: Entity<typeof open, readonly ['note', 'color']>;
expectType<Equal<typeof some.note, string>>(true);
expectType<Equal<typeof some.color, JsonValue | undefined>>(true);
// @ts-expect-error was not asked for
export const notAsked = some.size;
declare const hidden: Entity<typeof open, readonly ['note', '$meta']>;
expectType<Equal<(typeof hidden)['size'], unknown>>(true);
declare const all: Entity<typeof open, '*'>;
expectType<Equal<(typeof all)['size'], unknown>>(true);
// @ts-expect-error no key of its own without a dynamic field
export const closedRow: Row<typeof lists> = { id: 1, flags: [true], numbers: [1], words: ['a'], v: [1, 2], color: 'red' };
// @ts-expect-error no such output type
defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'float' } } });
// @ts-expect-error no such metric
defineSchema({ fields: { id, v: { type: 'FloatVector', dim: 3, index: { type: 'FLAT', metric: 'HAMMING' } } } });

// Embedders
const embedded = defineSchema({
  fields: {
    id: { type: 'Int64', primaryKey: true },
    text: { type: 'VarChar', maxLength: 9 },
    embedding: { type: 'FloatVector', dim: 4, embedder: { id: 'm', input: 'text' } },
    plain: { type: 'FloatVector', dim: 4 },
  },
});
type E = typeof embedded;
expectType<Equal<Row<E>, { readonly id: bigint | number; readonly text: string; readonly plain: VectorInput; readonly embedding?: VectorInput | null }>>(true);
expectType<readonly Row<E>[]>([{ id: 1, text: 'a', plain: [1] }, { id: 1, text: 'a', plain: [1], embedding: [2] }]);
expectType<Columns<E>>({ id: [1], text: ['a'], plain: [[1]] });
expectType<Columns<E>>({ id: [1, 2], text: ['a', 'b'], plain: [[1], [2]], embedding: [[1], undefined] });
// @ts-expect-error without an embedder there must be a vector
expectType<Row<E>>({ id: 1, text: 'a', embedding: [1] });
expectType<Equal<Found<E, readonly ['embedding']>, { id: bigint; embedding: Float32Array }>>(true);
expectType<Equal<TextInput<E>, string>>(true);
expectType<Equal<TextInput<S>, never>>(true);
expectType<Equal<TextInput<AnySchema>, string>>(true);
// @ts-expect-error an input that is no VarChar field
defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 4, embedder: { id: 'm', input: 'id' } } } });
// @ts-expect-error an input that is no field
defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, v: { type: 'FloatVector', dim: 4, embedder: { id: 'm', input: 'body' } } } });
// @ts-expect-error bytes are no floats
defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, text: { type: 'VarChar', maxLength: 9 }, v: { type: 'Int8Vector', dim: 4, embedder: { id: 'm', input: 'text' } } } });
