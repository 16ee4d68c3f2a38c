/** What the compiler knows of a builder: which operators each field has, and of which values. Types alone. */
import type { AnySchema, FieldName, TypedSchema } from '../schema/infer.ts';
import type { Condition } from './condition.ts';

declare const KIND: unique symbol;

/** Something of a row that can be compared. K: with what else. */
export interface Comparable<K extends string> {
  readonly [KIND]: K;
}

/** V: what a constant may be. */
export interface EqualityOperators<K extends string, V> extends Comparable<K> {
  eq(value: V | Comparable<K>): Condition;
  /** Not of a row without a value, as in SQL. */
  ne(value: V | Comparable<K>): Condition;
  in(values: readonly V[]): Condition;
  notIn(values: readonly V[]): Condition;
}

export interface OrderOperators<K extends string, V> extends EqualityOperators<K, V> {
  lt(value: V | Comparable<K>): Condition;
  le(value: V | Comparable<K>): Condition;
  gt(value: V | Comparable<K>): Condition;
  ge(value: V | Comparable<K>): Condition;
  /** Both bounds included. FILTER_TYPE where `low` is above `high`. */
  between(low: V, high: V): Condition;
}

export interface NullOperators {
  isNull(): Condition;
  isNotNull(): Condition;
}

/** Patterns. What is given to `startsWith`, `contains` and `endsWith` is text, in which `%` and `_` are themselves. */
export interface TextOperators extends OrderOperators<'text', string> {
  /** `%` stands for any run of characters, `_` for one; `\` before them for themselves (`escapeLike`). */
  like(pattern: string): Condition;
  notLike(pattern: string): Condition;
  startsWith(text: string): Condition;
  endsWith(text: string): Condition;
  contains(text: string): Condition;
  /** A regular expression in RE2's syntax, found anywhere in the text. */
  matches(expression: string): Condition;
  notMatches(expression: string): Condition;
}

type NumberValue = number | bigint;

/** V: what it is compared with. Calculating takes any number. */
export interface NumberOperators<V = NumberValue> extends OrderOperators<'number', V> {
  plus(value: NumberValue | Comparable<'number'>): NumberOperators;
  minus(value: NumberValue | Comparable<'number'>): NumberOperators;
  times(value: NumberValue | Comparable<'number'>): NumberOperators;
  /** Of integers an integer, rounded towards 0. A row in which it is divided by 0 is not found. */
  dividedBy(value: NumberValue | Comparable<'number'>): NumberOperators;
}

/** Also what is of integers alone. FILTER_TYPE where a number that was calculated with has a fraction. */
export interface IntegerOperators<V = NumberValue> extends NumberOperators<V> {
  plus(value: NumberValue | Comparable<'number'>): IntegerOperators;
  minus(value: NumberValue | Comparable<'number'>): IntegerOperators;
  times(value: NumberValue | Comparable<'number'>): IntegerOperators;
  dividedBy(value: NumberValue | Comparable<'number'>): IntegerOperators;
  /** The remainder, of the sign of what is divided. */
  modulo(value: NumberValue | Comparable<'number'>): IntegerOperators;
  bitAnd(value: NumberValue | Comparable<'number'>): IntegerOperators;
  bitOr(value: NumberValue | Comparable<'number'>): IntegerOperators;
  bitXor(value: NumberValue | Comparable<'number'>): IntegerOperators;
}

/** E: what an element is compared with. */
export interface ArrayOperators<E, Element> extends NullOperators {
  contains(value: E): Condition;
  containsAll(values: readonly E[]): Condition;
  containsAny(values: readonly E[]): Condition;
  /** All elements, in order. */
  eq(values: readonly E[]): Condition;
  ne(values: readonly E[]): Condition;
  length(): IntegerOperators;
  /** The element at a position, from 0. False of a row that has none there, whatever is asked. */
  at(index: number): Element;
}

export type JsonConstant = boolean | number | bigint | string;

/** A place in JSON. What is not there, or of another type, is not equal to anything. */
export interface JsonOperators extends NullOperators {
  /** Further in: keys of objects and positions of arrays, from 0. */
  at(...path: readonly (string | number)[]): JsonOperators;
  /** The key is there, and not null. Of a path. */
  exists(): Condition;
  eq(value: JsonConstant | readonly JsonConstant[]): Condition;
  ne(value: JsonConstant | readonly JsonConstant[]): Condition;
  in(values: readonly JsonConstant[]): Condition;
  notIn(values: readonly JsonConstant[]): Condition;
  lt(value: number | bigint | string): Condition;
  le(value: number | bigint | string): Condition;
  gt(value: number | bigint | string): Condition;
  ge(value: number | bigint | string): Condition;
  between(low: number | bigint, high: number | bigint): Condition;
  between(low: string, high: string): Condition;
  like(pattern: string): Condition;
  notLike(pattern: string): Condition;
  startsWith(text: string): Condition;
  endsWith(text: string): Condition;
  /** What `contains` is of a text field; here that asks for an element of an array. */
  containsText(text: string): Condition;
  matches(expression: string): Condition;
  notMatches(expression: string): Condition;
  contains(value: JsonConstant): Condition;
  containsAll(values: readonly JsonConstant[]): Condition;
  containsAny(values: readonly JsonConstant[]): Condition;
  length(): IntegerOperators;
  plus(value: NumberValue): JsonNumberOperators;
  minus(value: NumberValue): JsonNumberOperators;
  times(value: NumberValue): JsonNumberOperators;
  dividedBy(value: NumberValue): JsonNumberOperators;
  modulo(value: NumberValue): JsonNumberOperators;
}

/** Calculated from a number in JSON. */
export type JsonNumberOperators = Pick<JsonOperators, 'plus' | 'minus' | 'times' | 'dividedBy' | 'modulo'> & Pick<NumberOperators, 'eq' | 'ne' | 'in' | 'notIn' | 'lt' | 'le' | 'gt' | 'ge' | 'between'>;

type BoolOperators = EqualityOperators<'bool', boolean>;

/** By the type of a column's or an element's values. */
type ScalarOperators<T> = T extends 'Bool'
  ? BoolOperators
  : T extends 'VarChar'
    ? TextOperators
    : T extends 'Int8' | 'Int16' | 'Int32'
      ? IntegerOperators<number>
      : T extends 'Int64'
        ? IntegerOperators
        : T extends 'Float' | 'Double'
          ? NumberOperators<number>
          : never;

type ScalarConstant<T> = T extends 'Bool' ? boolean : T extends 'VarChar' ? string : T extends 'Int64' ? NumberValue : number;

/** What a field given as T has. */
export type FieldOperators<T> = T extends { readonly type: 'JSON' }
  ? JsonOperators
  : T extends { readonly type: 'Array'; readonly elementType: infer E }
    ? ArrayOperators<ScalarConstant<E>, ScalarOperators<E>>
    : T extends { readonly type: 'Int64'; readonly as: 'string' }
      ? IntegerOperators<NumberValue | string> & NullOperators
      : T extends { readonly type: infer U }
        ? ScalarOperators<U> & NullOperators
        : never;

/** What any field may have: of a schema that the compiler does not know. */
export type AnyOperators = {
  readonly [K in keyof TextOperators | keyof IntegerOperators | keyof ArrayOperators<unknown, unknown> | keyof JsonOperators | keyof NullOperators]: (...values: any[]) => any;
};

type FieldsOf<S> = S extends TypedSchema<infer F> ? F : never;
type IsUntyped<S> = string extends keyof FieldsOf<S> ? true : false;
/** Whether rows may have keys of their own; `never` keys where they may not. */
type DynamicKey<S> = IsUntyped<S> extends true ? string : S extends TypedSchema<any, infer D> ? (D extends true ? string : never) : never;
type IsVector<T> = T extends { readonly type: `${string}Vector` } ? true : false;

/** Names of the fields that a filter can look at. */
export type FilterFieldName<S> = IsUntyped<S> extends true ? string : Extract<{ [K in keyof FieldsOf<S>]: IsVector<FieldsOf<S>[K]> extends true ? never : K }[keyof FieldsOf<S>], FieldName<S>>;

/** A part of `and` that may be left out. */
export type OptionalCondition = Condition | false | null | undefined;

export interface FilterBuilder<S = AnySchema> {
  /** A field, for what it can be asked. FILTER_TYPE where there is none of that name, or it holds vectors. */
  <N extends FilterFieldName<S>>(field: N): IsUntyped<S> extends true ? AnyOperators : N extends keyof FieldsOf<S> ? FieldOperators<FieldsOf<S>[N]> : never;
  /** A key of the dynamic field, and what lies in it. FILTER_TYPE where the schema has no dynamic field. */
  key(...path: readonly [DynamicKey<S>, ...(string | number)[]]): JsonOperators;
  /** All of them; what is false, null or undefined is left out, and without any it is true of every row. */
  and(...conditions: readonly OptionalCondition[]): Condition;
  /** One of them at least. Without any it is true of no row. */
  or(...conditions: readonly Condition[]): Condition;
  not(condition: Condition): Condition;
}
