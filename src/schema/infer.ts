/**
 * What the compiler knows of a schema: the user's form of fields, and from it the types of rows, columns, keys and
 * entities. Types alone; nothing here exists at run time.
 */
import type { ElementType, MetricType, Schema } from './types.ts';

/** The index of a vector field as a user writes it. The engine checks type and params against the indexes there are. */
export interface IndexInput<M extends MetricType = MetricType> {
  /** Milvus's name, any case. */
  readonly type: 'FLAT' | 'HNSW' | 'HNSW_SQ' | 'HNSW_PQ' | 'HNSW_PRQ' | 'IVF_FLAT' | 'IVF_SQ8' | 'IVF_PQ' | 'SCANN' | 'IVF_RABITQ' | 'BIN_FLAT' | 'BIN_IVF_FLAT' | 'SPARSE_INVERTED_INDEX' | (string & {});
  /** Of those that the field's type has. Default COSINE for dense vectors, HAMMING for binary, IP for sparse ones. */
  readonly metric?: M | Lowercase<M>;
  readonly params?: Readonly<Record<string, number | string | boolean>>;
}

/** The index of a scalar field, or of a place inside a JSON field, as a user writes it. */
export interface ScalarIndexInput {
  /** Milvus's name. Which a type has: `INVERTED` all, `BITMAP` all but floats, `STL_SORT` numbers and VarChar, `Trie` and `NGRAM` VarChar. */
  readonly type: 'INVERTED' | 'BITMAP' | 'STL_SORT' | 'Trie' | 'NGRAM' | 'AUTOINDEX';
  readonly params?: {
    /** NGRAM: shortest and longest runs of characters that are looked up, 1 to 64. */
    readonly min_gram?: number;
    readonly max_gram?: number;
    /** AUTOINDEX: most different values for a BITMAP, 1 to 1,000. Default 100. */
    readonly bitmap_cardinality_limit?: number;
    /** JSON: where the values are, such as `meta["a"]["b"]`. */
    readonly json_path?: string;
    /** JSON: what they are; others are not in the index. */
    readonly json_cast_type?: 'bool' | 'double' | 'varchar' | 'array_bool' | 'array_double' | 'array_varchar';
    readonly json_cast_function?: 'STRING_TO_DOUBLE';
  };
}

/** Of every scalar field but the primary key. */
interface ScalarOptions<D> {
  readonly index?: ScalarIndexInput;
  /** Rows may have no value. Not of a partition key. */
  readonly nullable?: boolean;
  /** What a row has whose value is missing or null. */
  readonly defaultValue?: D;
}

export interface BoolFieldInput extends ScalarOptions<boolean> {
  readonly type: 'Bool';
  readonly primaryKey?: false;
}

export interface NumberFieldInput extends ScalarOptions<number> {
  readonly type: 'Int8' | 'Int16' | 'Int32' | 'Float' | 'Double';
  readonly primaryKey?: false;
}

export interface JsonFieldInput {
  readonly type: 'JSON';
  readonly primaryKey?: false;
  readonly nullable?: boolean;
  readonly index?: ScalarIndexInput;
}

interface ArrayOptions {
  readonly type: 'Array';
  readonly index?: ScalarIndexInput;
  readonly primaryKey?: false;
  readonly nullable?: boolean;
  /** Most elements of a value, 1 to 4,096. */
  readonly maxCapacity: number;
}

export interface ArrayFieldInput extends ArrayOptions {
  /** Elements of Int64 are read as bigints. */
  readonly elementType: Exclude<ElementType, 'VarChar'>;
  readonly maxLength?: undefined;
}

export interface TextArrayFieldInput extends ArrayOptions {
  readonly elementType: 'VarChar';
  /** Most UTF-8 bytes of an element, 1 to 65,535. */
  readonly maxLength: number;
}

export interface Int64FieldInput extends ScalarOptions<bigint | number | string> {
  readonly type: 'Int64';
  readonly primaryKey?: boolean;
  /** The database counts keys from 1; rows then come without one. */
  readonly autoId?: boolean;
  /** What reads return instead of a bigint. With `'number'` values beyond 2^53 - 1 are refused. */
  readonly as?: 'number' | 'string';
  /** The values decide in which of the collection's hidden partitions a row is. At most one field. */
  readonly partitionKey?: boolean;
}

export interface VarCharFieldInput extends ScalarOptions<string> {
  readonly type: 'VarChar';
  readonly primaryKey?: boolean;
  /** Most UTF-8 bytes of a value, 1 to 65,535. */
  readonly maxLength: number;
  /** The values decide in which of the collection's hidden partitions a row is. At most one field. */
  readonly partitionKey?: boolean;
}

interface VectorOptions {
  readonly primaryKey?: false;
  readonly nullable?: false;
}

interface DenseVectorOptions extends VectorOptions {
  /** 2 to 32,768. */
  readonly dim: number;
  readonly index?: IndexInput<'L2' | 'IP' | 'COSINE'>;
}

/** What makes the vectors of rows that come without one, and of texts that are searched for. */
export interface EmbedderInput {
  /** Of the model, 1 to 255 characters: `connect` is given a function by that name. */
  readonly id: string;
  /** The VarChar field of the schema whose texts it reads. */
  readonly input: string;
}

export interface FloatVectorFieldInput extends DenseVectorOptions {
  readonly type: 'FloatVector' | 'Float16Vector' | 'BFloat16Vector';
  /** Rows may then come without a vector. */
  readonly embedder?: EmbedderInput;
}

export interface Int8VectorFieldInput extends DenseVectorOptions {
  readonly type: 'Int8Vector';
}

export interface BinaryVectorFieldInput extends VectorOptions {
  readonly type: 'BinaryVector';
  /** Bits: a multiple of 8, 8 to 262,144. */
  readonly dim: number;
  readonly index?: IndexInput<'HAMMING' | 'JACCARD'>;
}

export interface SparseVectorFieldInput extends VectorOptions {
  readonly type: 'SparseFloatVector';
  readonly index?: IndexInput<'IP'>;
}

export type FieldInput =
  | BoolFieldInput | NumberFieldInput | JsonFieldInput | ArrayFieldInput | TextArrayFieldInput | Int64FieldInput | VarCharFieldInput | FloatVectorFieldInput | Int8VectorFieldInput | BinaryVectorFieldInput | SparseVectorFieldInput;
export type FieldsInput = Readonly<Record<string, FieldInput>>;

export interface SchemaInput<F extends FieldsInput = FieldsInput, D extends boolean = boolean> {
  readonly fields: F;
  readonly description?: string;
  /**
   * Rows may have keys that no field has; each is stored as a JSON value of at most 65,536 bytes together. Default false. The compiler then
   * takes any key in a row: a field's name that is mistyped is no error where the field may be missing.
   */
  readonly dynamicField?: D;
}

/** Names of the options that a field of type T has. */
type OptionName<I, T> = I extends { readonly type: infer U } ? (T extends U ? keyof I : never) : never;

/** Makes the input of an embedder that is no VarChar field a compile error. */
type InputOf<F extends FieldsInput, T> = T extends { readonly embedder: EmbedderInput } ? { readonly embedder: { readonly input: NameOfType<F, 'VarChar'> } } : unknown;

/** Makes options that a field's type does not have a compile error. */
export type OnlyKnown<F extends FieldsInput> = {
  readonly [K in keyof F]: { readonly [P in Exclude<keyof F[K], OptionName<FieldInput, F[K]['type']>>]?: never } & InputOf<F, F[K]>;
};

declare const FIELDS: unique symbol;
declare const DYNAMIC: unique symbol;

/** A schema that remembers its fields' types, and whether rows may have keys of their own. Made by `defineSchema`. */
export interface TypedSchema<F extends FieldsInput = FieldsInput, D extends boolean = boolean> extends Schema {
  readonly [FIELDS]?: F;
  readonly [DYNAMIC]?: D;
}

/** Any schema; what a collection opened without one is typed by. */
export type AnySchema = TypedSchema<any, any>;

type FieldsOf<S> = S extends TypedSchema<infer F> ? F : never;
type IsDynamic<S> = S extends TypedSchema<any, infer D> ? (boolean extends D ? false : D) : false;
/** T, and with a dynamic field keys of any name. T itself, too: an interface has no keys of any name. */
type WithKeys<S, T, V> = IsDynamic<S> extends true ? T | (T & { readonly [key: string]: V }) : T;
/** True for a schema whose fields are not known to the compiler. */
type IsUntyped<S> = string extends keyof FieldsOf<S> ? true : false;
type Show<T> = { [K in keyof T]: T[K] } & {};

export type VectorInput = Float32Array | Float64Array | readonly number[];
/** Also bit patterns of 16 bits. */
export type HalfVectorInput = VectorInput | Uint16Array;
/** Integers from -128 to 127. */
export type Int8VectorInput = Int8Array | readonly number[];
/** dim / 8 bytes. */
export type BinaryVectorInput = Uint8Array | readonly number[];
/** Strictly ascending indices from 0 to 2^32 - 2 with their values; or values by index, in any order. */
export type SparseVectorInput =
  | { readonly indices: readonly number[] | Uint32Array | Uint16Array | Int32Array; readonly values: readonly number[] | Float32Array | Float64Array }
  | ReadonlyMap<number, number>
  | { readonly [index: number]: number };
/** A sparse vector as reads return it. */
export interface SparseVector {
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/** By vector type: what a row or a query may be, what may hold many of them flat, what reads return. */
interface VectorForms {
  FloatVector: { input: VectorInput; matrix: Float32Array | Float64Array; output: Float32Array };
  Float16Vector: { input: HalfVectorInput; matrix: Float32Array | Float64Array | Uint16Array; output: Float32Array };
  BFloat16Vector: { input: HalfVectorInput; matrix: Float32Array | Float64Array | Uint16Array; output: Float32Array };
  Int8Vector: { input: Int8VectorInput; matrix: Int8Array; output: Int8Array };
  BinaryVector: { input: BinaryVectorInput; matrix: Uint8Array; output: Uint8Array };
  SparseFloatVector: { input: SparseVectorInput; matrix: never; output: SparseVector };
}
/** The forms of a field that is a vector; never for others. */
type FormsOf<T> = T extends { type: infer U extends keyof VectorForms } ? VectorForms[U] : never;
/** What `JSON.stringify` accepts, null apart: that is SQL's NULL. */
export type JsonInput = string | number | boolean | object;
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What a row may hold in a field, NULL apart. */
type ValueInput<T> = T extends { type: 'Bool' }
  ? boolean
  : T extends { type: 'Int8' | 'Int16' | 'Int32' | 'Float' | 'Double' }
    ? number
    : T extends { type: 'Int64' }
      ? bigint | number | (T extends { as: 'string' } ? string : never)
      : T extends { type: 'VarChar' }
        ? string
        : T extends { type: 'JSON' }
          ? JsonInput
          : T extends { type: 'Array'; elementType: infer E }
            ? readonly ValueInput<{ type: E }>[] | TypedElements<E>
            : FormsOf<T>['input'];

/** Typed arrays that may be given as the elements of an Array field. */
type TypedElements<E> = E extends 'Int64'
  ? BigInt64Array | Int32Array | Uint32Array | Float64Array
  : E extends 'Int8' | 'Int16' | 'Int32' | 'Float' | 'Double'
    ? Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array
    : never;

/** What a field's column may be, NULLs apart. */
type ColumnInput<T> = T extends { type: 'Int8' | 'Int16' | 'Int32' | 'Float' | 'Double' }
  ? readonly number[] | Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array
  : T extends { type: 'Int64' }
    ? readonly ValueInput<T>[] | BigInt64Array | Int32Array | Uint32Array | Float64Array
    : T extends { type: keyof VectorForms }
      ? /* shape (n, dim), flat */ FormsOf<T>['matrix'] | readonly FormsOf<T>['input'][]
      : readonly ValueInput<T>[];

/** What reading a field returns. NULL is never read of a field with a default. */
type ValueOutput<T> = PresentOutput<T> | (T extends { nullable: true } ? (T extends { defaultValue: boolean | number | bigint | string } ? never : null) : never);

type PresentOutput<T> = T extends { type: 'Bool' }
  ? boolean
  : T extends { type: 'Int8' | 'Int16' | 'Int32' | 'Float' | 'Double' }
    ? number
    : T extends { type: 'Int64' }
      ? T extends { as: 'number' }
        ? number
        : T extends { as: 'string' }
          ? string
          : bigint
      : T extends { type: 'VarChar' }
        ? string
        : T extends { type: 'JSON' }
          ? JsonValue
          : T extends { type: 'Array'; elementType: infer E }
            ? PresentOutput<{ type: E }>[]
            : FormsOf<T>['output'];

/** Fields that a row need not have. */
type OptionalName<F> = { [K in keyof F]: F[K] extends { nullable: true } | { defaultValue: boolean | number | bigint | string } | { embedder: EmbedderInput } ? K : never }[keyof F];
type EmbeddedName<F> = { [K in keyof F]: F[K] extends { embedder: EmbedderInput } ? K : never }[keyof F];
type AutoName<F> = { [K in keyof F]: F[K] extends { autoId: true } ? K : never }[keyof F];
type KeyName<F> = { [K in keyof F]: F[K] extends { primaryKey: true } ? K : never }[keyof F];
type VectorName<F> = { [K in keyof F]: F[K] extends { type: keyof VectorForms } ? K : never }[keyof F];

/** Names of all fields. */
export type FieldName<S> = IsUntyped<S> extends true ? string : Extract<keyof FieldsOf<S>, string>;
/** Names of the fields that hold no vectors; with a dynamic field also of its keys. */
export type ScalarFieldName<S> = IsUntyped<S> extends true ? string : Exclude<FieldName<S>, VectorFieldName<S>> | (IsDynamic<S> extends true ? '$meta' | (string & {}) : never);
/** Names of the vector fields. */
export type VectorFieldName<S> = IsUntyped<S> extends true ? string : Extract<VectorName<FieldsOf<S>>, string>;

type NameOfType<F, T> = Extract<{ [K in keyof F]: F[K] extends { type: T } ? K : never }[keyof F], string>;
type IntegerType = 'Int8' | 'Int16' | 'Int32' | 'Int64';
type NumberType = IntegerType | 'Float' | 'Double';
/** Names of the fields that rows and hits can be grouped by. */
export type GroupFieldName<S> = IsUntyped<S> extends true ? string : NameOfType<FieldsOf<S>, IntegerType | 'Bool' | 'VarChar'>;
/** What can be made of rows, as a query's `outputFields` name it. */
export type AggregateName<S> = IsUntyped<S> extends true
  ? string
  : | 'count(*)'
    | `count(${Extract<Exclude<keyof FieldsOf<S>, VectorName<FieldsOf<S>>>, string>})`
    | `${'sum' | 'avg'}(${NameOfType<FieldsOf<S>, NumberType>})`
    | `${'min' | 'max'}(${NameOfType<FieldsOf<S>, NumberType | 'VarChar'>})`;

/** NULL is what is made of no value: where there may be no rows, or none that has one. */
type NullOfNone<T, G> = G extends readonly [] ? null : null extends ValueOutput<T> ? null : never;
type AggregateOutput<F, N, G> = N extends `count(${string})`
  ? number
  : N extends `avg(${infer K extends keyof F & string})`
    ? number | NullOfNone<F[K], G>
    : N extends `sum(${infer K extends keyof F & string})`
      ? (F[K] extends { type: 'Int64' } ? PresentOutput<F[K]> : number) | NullOfNone<F[K], G>
      : N extends `${'min' | 'max'}(${infer K extends keyof F & string})`
        ? PresentOutput<F[K]> | NullOfNone<F[K], G>
        : never;

/** A row of an aggregation: the fields of its group, and what was asked for. */
export type Aggregated<S, O, G> = IsUntyped<S> extends true
  ? Record<string, unknown>
  : Show<
      { -readonly [K in keyof FieldsOf<S> as K extends (G extends readonly (infer N)[] ? N : G) ? K : never]: ValueOutput<FieldsOf<S>[K]> } & {
        [N in Extract<O extends readonly (infer N)[] ? N : never, AggregateName<S>>]: AggregateOutput<FieldsOf<S>, N, G>;
      }
    >;

type OrderedName<F> = { [K in keyof F]: F[K] extends { type: 'Bool' | 'Int8' | 'Int16' | 'Int32' | 'Int64' | 'Float' | 'Double' | 'VarChar' } ? K : never }[keyof F];
/** Names of the fields that rows can be put in order by. */
export type OrderedFieldName<S> = IsUntyped<S> extends true ? string : Extract<OrderedName<FieldsOf<S>>, string>;

/** A query: of the type of one of the vector fields. */
export type QueryInput<S> = IsUntyped<S> extends true ? VectorForms[keyof VectorForms]['input'] : FormsOf<FieldsOf<S>[VectorName<FieldsOf<S>>]>['input'];
/** A query in words; never where no field has an embedder. */
export type TextInput<S> = IsUntyped<S> extends true ? string : [EmbeddedName<FieldsOf<S>>] extends [never] ? never : string;
/** Many queries: a list, or one flat matrix of shape (n, dim). */
export type QueriesInput<S> =
  | readonly QueryInput<S>[]
  | (IsUntyped<S> extends true ? VectorForms[keyof VectorForms]['matrix'] : FormsOf<FieldsOf<S>[VectorName<FieldsOf<S>>]>['matrix']);

/** A row for `insert`. An auto id is left out; what is nullable, has a default or an embedder may be. With a dynamic field any other key may be there. */
export type Row<S> = WithKeys<S, FieldsRow<S>, unknown>;

type FieldsRow<S> = IsUntyped<S> extends true
  ? Readonly<Record<string, unknown>>
  : Show<
      { readonly [K in Exclude<keyof FieldsOf<S>, AutoName<FieldsOf<S>> | OptionalName<FieldsOf<S>>>]: ValueInput<FieldsOf<S>[K]> } & {
        readonly [K in OptionalName<FieldsOf<S>>]?: ValueInput<FieldsOf<S>[K]> | null;
      } & { readonly [K in AutoName<FieldsOf<S>>]?: undefined }
    >;

/** Columns for `insert`, all of the same number of rows. An auto id is left out; what is nullable, has a default or an embedder may be. */
export type Columns<S> = WithKeys<S, FieldsColumns<S>, ArrayLike<unknown> | undefined>;

type FieldsColumns<S> = IsUntyped<S> extends true
  ? Readonly<Record<string, ArrayLike<unknown>>>
  : Show<
      { readonly [K in Exclude<keyof FieldsOf<S>, AutoName<FieldsOf<S>> | OptionalName<FieldsOf<S>>>]: ColumnInput<FieldsOf<S>[K]> } & {
        readonly [K in OptionalName<FieldsOf<S>>]?: ColumnInput<FieldsOf<S>[K]> | readonly (ValueInput<FieldsOf<S>[K]> | null | undefined)[];
      } & { readonly [K in AutoName<FieldsOf<S>>]?: undefined }
    >;

/** A `Table` or `RecordBatch` of apache-arrow, known by its shape. Its columns are checked when it is inserted. */
export interface ArrowInput {
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  readonly numRows: number;
  readonly numCols: number;
  [Symbol.iterator](): Iterator<unknown>;
}

/** A row for `upsert`: an auto id must be there. */
export type UpsertRow<S> = WithKeys<S, FieldsUpsertRow<S>, unknown>;

type FieldsUpsertRow<S> = IsUntyped<S> extends true
  ? Readonly<Record<string, unknown>>
  : Show<Omit<FieldsRow<S>, KeyName<FieldsOf<S>> & string> & { readonly [K in KeyName<FieldsOf<S>>]: ValueInput<FieldsOf<S>[K]> }>;

/** Columns for `upsert`. */
export type UpsertColumns<S> = WithKeys<S, FieldsUpsertColumns<S>, ArrayLike<unknown> | undefined>;

type FieldsUpsertColumns<S> = IsUntyped<S> extends true
  ? Readonly<Record<string, ArrayLike<unknown>>>
  : Show<Omit<FieldsColumns<S>, KeyName<FieldsOf<S>> & string> & { readonly [K in KeyName<FieldsOf<S>>]: ColumnInput<FieldsOf<S>[K]> }>;

/** A row for a partial `upsert`: the key, and some fields. */
export type PartialRow<S> = IsUntyped<S> extends true
  ? Readonly<Record<string, unknown>>
  : WithKeys<S, Show<Partial<FieldsUpsertRow<S>> & Pick<FieldsUpsertRow<S>, keyof FieldsUpsertRow<S> & KeyName<FieldsOf<S>>>>, unknown>;

export type PartialColumns<S> = IsUntyped<S> extends true
  ? Readonly<Record<string, ArrayLike<unknown>>>
  : WithKeys<S, Show<Partial<FieldsUpsertColumns<S>> & Pick<FieldsUpsertColumns<S>, keyof FieldsUpsertColumns<S> & KeyName<FieldsOf<S>>>>, ArrayLike<unknown> | undefined>;

/** A schema with a field more. */
export type WithField<S, N extends string, F extends FieldInput> = TypedSchema<IsUntyped<S> extends true ? any : Show<FieldsOf<S> & { readonly [K in N]: F }>, IsDynamic<S>>;

/** A primary key as reads return it. */
export type Key<S> = IsUntyped<S> extends true ? bigint | number | string : ValueOutput<FieldsOf<S>[KeyName<FieldsOf<S>>]>;
/** A primary key as `get` and `delete` take it. */
export type KeyInput<S> = IsUntyped<S> extends true ? bigint | number | string : ValueInput<FieldsOf<S>[KeyName<FieldsOf<S>>]>;
export type KeysInput<S> = readonly KeyInput<S>[] | (bigint extends KeyInput<S> ? BigInt64Array : never);

/** `'*'` or names of fields. With a dynamic field also names of its keys, or `'$meta'` for all of them. */
export type OutputFields<S> = '*' | readonly (IsDynamic<S> extends true ? FieldName<S> | '$meta' | (string & {}) : FieldName<S>)[];

/** Keys of rows that no field has, as they are read: those asked for by name, where a row has them, or all. */
type EntityKeys<S, O> =
  IsDynamic<S> extends true
    ? O extends readonly []
      ? {}
      : O extends readonly (infer N)[]
        ? number extends O['length']
          ? { [key: string]: unknown }
          : '$meta' extends N
            ? { [key: string]: unknown }
            : { [K in Exclude<N, keyof FieldsOf<S>> & string]?: JsonValue }
        : { [key: string]: unknown }
    : {};

/** The fields asked for. A tuple of names narrows; a `string[]` made elsewhere leaves every field optional. */
export type Entity<S, O> = IsUntyped<S> extends true ? Record<string, unknown> : IsDynamic<S> extends true ? FieldsEntity<S, O> & EntityKeys<S, O> : FieldsEntity<S, O>;

type FieldsEntity<S, O> = O extends '*'
  ? { -readonly [K in keyof FieldsOf<S>]: ValueOutput<FieldsOf<S>[K]> }
  : O extends readonly []
    ? {}
    : O extends readonly (infer N)[]
      ? number extends O['length']
        ? { -readonly [K in keyof FieldsOf<S> as K extends N ? K : never]?: ValueOutput<FieldsOf<S>[K]> }
        : { -readonly [K in keyof FieldsOf<S> as K extends N ? K : never]: ValueOutput<FieldsOf<S>[K]> }
      : {};

/** What `get` answers: all scalar fields, or the fields asked for; always with the primary key. */
export type Found<S, O> = IsUntyped<S> extends true
  ? Record<string, unknown>
  : O extends undefined
    ? { -readonly [K in Exclude<keyof FieldsOf<S>, VectorName<FieldsOf<S>>>]: ValueOutput<FieldsOf<S>[K]> } & EntityKeys<S, '*'>
    : Show<Entity<S, O> & { -readonly [K in KeyName<FieldsOf<S>>]: ValueOutput<FieldsOf<S>[K]> }>;

export interface Hit<S = AnySchema, O = readonly []> {
  readonly id: Key<S>;
  /** L2 (squared), HAMMING, JACCARD: smaller is closer. IP and COSINE: larger is closer. */
  readonly score: number;
  /** The fields asked for with `outputFields`; `{}` without. */
  readonly entity: Entity<S, O>;
  /** With `groupBy`: what the hit's row has in that field. The hits of a group are behind each other, groups in the order of their best hit. */
  readonly group?: boolean | number | bigint | string | null;
}
