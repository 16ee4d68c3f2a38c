/**
 * A filter after it was checked against a schema: what `check.ts` makes of an expression, and what the evaluator, the
 * scalar indexes and the zone maps work from. Literals have been turned into the form of what they are compared with, and
 * names are fields.
 *
 * Each predicate is true, false or unknown for a row (SQL's three values). Unknown comes from NULL alone: what is not in a
 * JSON value, or not of the type asked for, is a *mismatch*, for which a predicate is false, but `!=`, `not in` and `!~` are true.
 */
import type { Field } from '../schema/types.ts';
import type { TextPattern } from './patterns/pattern.ts';

/**
 * Of an Int64 or of a JSON integer beyond 2^53: bigint; of all other numbers: number. Of a Float field: a double that is
 * compared with the float's exact value.
 */
export type Literal = boolean | number | bigint | string;
export type JsonLiteral = Literal | null | readonly JsonLiteral[];

/** A place in a row. */
export type Ref =
  /** A scalar field; an Array or JSON field as a whole. */
  | { readonly kind: 'field'; readonly field: Field }
  /** Of an Array field; a mismatch where the array is shorter. */
  | { readonly kind: 'element'; readonly field: Field; readonly index: number }
  /** Inside a JSON field: keys and positions, at least one. */
  | { readonly kind: 'path'; readonly field: Field; readonly path: JsonPath };

export type JsonPath = readonly (string | number)[];

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';
export type ComparisonOperator = '<' | '<=' | '>' | '>=' | '==' | '!=';

/** What is compared. */
export type Value =
  | Ref
  | { readonly kind: 'literal'; readonly value: Literal }
  /** Elements of an Array field, or of an array in JSON: an integer. */
  | { readonly kind: 'length'; readonly of: Ref }
  /**
   * `int`: of integers, in 64 bits that wrap around; `/` truncates, `/` and `%` by 0 are unknown. `float`: in doubles. Operands of
   * JSON decide row by row (both integers: `int`), and are a mismatch where they are no numbers.
   */
  | { readonly kind: 'arithmetic'; readonly type: 'int' | 'float' | 'json'; readonly operator: ArithmeticOperator; readonly left: Value; readonly right: Value };

export type Predicate =
  | { readonly kind: 'constant'; readonly value: boolean }
  /** The value where the ref is not NULL, unknown where it is: what a comparison comes to that no value of the type can change. */
  | { readonly kind: 'fixed'; readonly ref: Ref; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Predicate[] }
  | { readonly kind: 'not'; readonly part: Predicate }
  | Leaf;

/** A predicate that looks at the rows themselves. A literal is never on the left. */
export type Leaf =
  | { readonly kind: 'compare'; readonly operator: ComparisonOperator; readonly left: Value; readonly right: Value }
  /** `low < value < high`; `includesLow`: `low <= value`. */
  | { readonly kind: 'range'; readonly value: Value; readonly low: Literal; readonly high: Literal; readonly includesLow: boolean; readonly includesHigh: boolean }
  /** Each value once. */
  | { readonly kind: 'in'; readonly value: Value; readonly values: readonly Literal[]; readonly isNegated: boolean }
  | { readonly kind: 'like'; readonly ref: Ref; readonly pattern: TextPattern }
  | { readonly kind: 'regex'; readonly ref: Ref; readonly pattern: TextPattern; readonly isNegated: boolean }
  /** Never unknown. Of a path: the key is absent, or null. */
  | { readonly kind: 'isNull'; readonly ref: Ref; readonly isNegated: boolean }
  /** The path is there, and not null. Unknown where the JSON field is NULL. */
  | { readonly kind: 'exists'; readonly ref: Ref }
  /** Elements of an Array field, or of an array in JSON: `any` one of the values, or `all` of them, is among them. */
  | { readonly kind: 'contains'; readonly ref: Ref; readonly mode: 'any' | 'all'; readonly values: readonly JsonLiteral[] }
  /** A whole array, element by element in order. */
  | { readonly kind: 'equalsArray'; readonly ref: Ref; readonly values: readonly JsonLiteral[]; readonly isNegated: boolean };

/** A filter of one collection at one version of its schema. Immutable: it may be kept and used again. */
export interface Filter {
  readonly predicate: Predicate;
  /** `random_sample(p)`: of the rows that match keep each by this chance, above 0 and below 1; null: all. */
  readonly sample: number | null;
}

/** Values of templates by name, as a user gives them: `{name}` stands for one. */
export type TemplateValues = Readonly<Record<string, unknown>>;

/** What every row of a segment comes to: two bitsets in whole 64-bit words, whose bits beyond the rows are 0. No row is in both. */
export interface Truth {
  readonly isTrue: Uint32Array;
  /** null: of no row. */
  readonly isUnknown: Uint32Array | null;
}

/** 32-bit words of a bitset over so many rows: whole 64-bit words. */
export const truthWords = (rows: number): number => ((rows + 63) >>> 6) << 1;
