/**
 * What the compiler knows of a schema: the user's form of fields, and from it the types of rows, columns, keys and
 * entities. Types alone; nothing here exists at run time.
 */
import type { MetricType, Schema } from './types.ts';

/** The index of a vector field as a user writes it. The engine checks type and params against the indexes there are. */
export interface IndexInput {
  /** Milvus's name, any case. */
  readonly type: 'FLAT' | 'HNSW' | 'HNSW_SQ' | 'IVF_FLAT' | 'IVF_SQ8' | 'IVF_PQ' | 'SCANN' | 'IVF_RABITQ' | (string & {});
  /** Default COSINE. */
  readonly metric?: MetricType | Lowercase<MetricType>;
  readonly params?: Readonly<Record<string, number | string | boolean>>;
}

interface FieldOptions {
  readonly nullable?: false;
}

export interface PlainFieldInput extends FieldOptions {
  readonly type: 'Bool' | 'Int8' | 'Int16' | 'Int32' | 'Float' | 'Double' | 'JSON';
  readonly primaryKey?: false;
}

export interface Int64FieldInput extends FieldOptions {
  readonly type: 'Int64';
  readonly primaryKey?: boolean;
  /** The database counts keys from 1; rows then come without one. */
  readonly autoId?: boolean;
  /** What reads return instead of a bigint. With `'number'` values beyond 2^53 - 1 are refused. */
  readonly as?: 'number' | 'string';
}

export interface VarCharFieldInput extends FieldOptions {
  readonly type: 'VarChar';
  readonly primaryKey?: boolean;
  /** Most UTF-8 bytes of a value, 1 to 65,535. */
  readonly maxLength: number;
}

export interface FloatVectorFieldInput extends FieldOptions {
  readonly type: 'FloatVector';
  readonly primaryKey?: false;
  /** 2 to 32,768. */
  readonly dim: number;
  readonly index?: IndexInput;
}

export type FieldInput = PlainFieldInput | Int64FieldInput | VarCharFieldInput | FloatVectorFieldInput;
export type FieldsInput = Readonly<Record<string, FieldInput>>;

export interface SchemaInput<F extends FieldsInput = FieldsInput> {
  readonly fields: F;
  readonly description?: string;
  readonly dynamicField?: false;
}

/** Names of the options that a field of type T has. */
type OptionName<I, T> = I extends { readonly type: infer U } ? (T extends U ? keyof I : never) : never;

/** Makes options that a field's type does not have a compile error. */
export type OnlyKnown<F extends FieldsInput> = {
  readonly [K in keyof F]: { readonly [P in Exclude<keyof F[K], OptionName<FieldInput, F[K]['type']>>]?: never };
};

declare const FIELDS: unique symbol;

/** A schema that remembers its fields' types. Made by `defineSchema`. */
export interface TypedSchema<F extends FieldsInput = FieldsInput> extends Schema {
  readonly [FIELDS]?: F;
}

/** Any schema; what a collection opened without one is typed by. */
export type AnySchema = TypedSchema<any>;

type FieldsOf<S> = S extends TypedSchema<infer F> ? F : never;
/** True for a schema whose fields are not known to the compiler. */
type IsUntyped<S> = string extends keyof FieldsOf<S> ? true : false;
type Show<T> = { [K in keyof T]: T[K] } & {};

export type VectorInput = Float32Array | Float64Array | readonly number[];
/** What `JSON.stringify` accepts, null apart: that is SQL's NULL. */
export type JsonInput = string | number | boolean | object;
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What a row may hold in a field. */
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
          : T extends { type: 'FloatVector' }
            ? VectorInput
            : never;

/** What a field's column may be. */
type ColumnInput<T> = T extends { type: 'Int8' | 'Int16' | 'Int32' | 'Float' | 'Double' }
  ? readonly number[] | Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array
  : T extends { type: 'Int64' }
    ? readonly ValueInput<T>[] | BigInt64Array | Int32Array | Uint32Array | Float64Array
    : T extends { type: 'FloatVector' }
      ? /* shape (n, dim), flat */ Float32Array | Float64Array | readonly VectorInput[]
      : readonly ValueInput<T>[];

/** What reading a field returns. */
type ValueOutput<T> = T extends { type: 'Bool' }
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
          : T extends { type: 'FloatVector' }
            ? Float32Array
            : never;

type AutoName<F> = { [K in keyof F]: F[K] extends { autoId: true } ? K : never }[keyof F];
type KeyName<F> = { [K in keyof F]: F[K] extends { primaryKey: true } ? K : never }[keyof F];
type VectorName<F> = { [K in keyof F]: F[K] extends { type: 'FloatVector' } ? K : never }[keyof F];

/** Names of all fields. */
export type FieldName<S> = IsUntyped<S> extends true ? string : Extract<keyof FieldsOf<S>, string>;
/** Names of the vector fields. */
export type VectorFieldName<S> = IsUntyped<S> extends true ? string : Extract<VectorName<FieldsOf<S>>, string>;

/** A row for `insert`. An auto id is left out. */
export type Row<S> = IsUntyped<S> extends true
  ? Readonly<Record<string, unknown>>
  : Show<
      { readonly [K in Exclude<keyof FieldsOf<S>, AutoName<FieldsOf<S>>>]: ValueInput<FieldsOf<S>[K]> } & {
        readonly [K in AutoName<FieldsOf<S>>]?: undefined;
      }
    >;

/** Columns for `insert`, all of the same number of rows. An auto id is left out. */
export type Columns<S> = IsUntyped<S> extends true
  ? Readonly<Record<string, ArrayLike<unknown>>>
  : Show<
      { readonly [K in Exclude<keyof FieldsOf<S>, AutoName<FieldsOf<S>>>]: ColumnInput<FieldsOf<S>[K]> } & {
        readonly [K in AutoName<FieldsOf<S>>]?: undefined;
      }
    >;

/** A primary key as reads return it. */
export type Key<S> = IsUntyped<S> extends true ? bigint | number | string : ValueOutput<FieldsOf<S>[KeyName<FieldsOf<S>>]>;
/** A primary key as `get` and `delete` take it. */
export type KeyInput<S> = IsUntyped<S> extends true ? bigint | number | string : ValueInput<FieldsOf<S>[KeyName<FieldsOf<S>>]>;
export type KeysInput<S> = readonly KeyInput<S>[] | (bigint extends KeyInput<S> ? BigInt64Array : never);

/** `'*'` or names of fields. */
export type OutputFields<S> = '*' | readonly FieldName<S>[];

/** The fields asked for. A tuple of names narrows; a `string[]` made elsewhere leaves every field optional. */
export type Entity<S, O> = IsUntyped<S> extends true
  ? Record<string, unknown>
  : O extends '*'
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
    ? { -readonly [K in Exclude<keyof FieldsOf<S>, VectorName<FieldsOf<S>>>]: ValueOutput<FieldsOf<S>[K]> }
    : Show<Entity<S, O> & { -readonly [K in KeyName<FieldsOf<S>>]: ValueOutput<FieldsOf<S>[K]> }>;

export interface Hit<S = AnySchema, O = readonly []> {
  readonly id: Key<S>;
  /** L2: squared, smaller is closer. IP and COSINE: larger is closer. */
  readonly score: number;
  /** The fields asked for with `outputFields`; `{}` without. */
  readonly entity: Entity<S, O>;
}
