/** Constants in the form of the column that they are compared with. */
import type { Constant } from './ast.ts';
import type { Numeric } from './constants.ts';
import type { ComparisonOperator, JsonLiteral, Literal } from './predicate.ts';

export type IntegerType = 'Int8' | 'Int16' | 'Int32' | 'Int64';

const HIGHEST: Readonly<Record<IntegerType, bigint>> = { Int8: 2n ** 7n - 1n, Int16: 2n ** 15n - 1n, Int32: 2n ** 31n - 1n, Int64: 2n ** 63n - 1n };

export const isIntegerType = (type: string): type is IntegerType => Object.hasOwn(HIGHEST, type);
export const isFloatType = (type: string): type is 'Float' | 'Double' => type === 'Float' || type === 'Double';
export const isNumericType = (type: string): boolean => isIntegerType(type) || isFloatType(type);

export const lowest = (type: IntegerType): bigint => -HIGHEST[type] - 1n;

/** REQUIRES an integer within the type. */
export const integerLiteral = (type: IntegerType, value: bigint): Literal => (type === 'Int64' ? value : Number(value));

/** What a comparison of every integer of a type with a number comes to: the same for all of them, or one with an integer of that type. */
export type IntegerFit = { readonly always: boolean } | { readonly operator: ComparisonOperator; readonly value: bigint };

/** Exact, whatever the number is: a fraction is never rounded into an answer. */
export function fitInteger(type: IntegerType, operator: ComparisonOperator, number: Numeric): IntegerFit {
  if (typeof number === 'number' && !Number.isInteger(number)) {
    if (operator === '==' || operator === '!=') return { always: operator === '!=' };
    const isBelow = operator === '<' || operator === '<=';
    return fitInteger(type, isBelow ? '<=' : '>=', BigInt(isBelow ? Math.floor(number) : Math.ceil(number)));
  }
  const value = BigInt(number);
  if (value < lowest(type)) return { always: operator === '>' || operator === '>=' || operator === '!=' };
  if (value > HIGHEST[type]) return { always: operator === '<' || operator === '<=' || operator === '!=' };
  return { operator, value };
}

/** The integer of a type that equals a number; null: there is none. */
export function exactInteger(type: IntegerType, number: Numeric): Literal | null {
  const fit = fitInteger(type, '==', number);
  return 'always' in fit ? null : integerLiteral(type, fit.value);
}

/** Within JSON integers are numbers while a double tells them apart: 2^53 is what 2^53 + 1 is rounded to. */
export function jsonLiteral(value: Constant): Literal {
  return typeof value === 'bigint' && value > -(2n ** 53n) && value < 2n ** 53n ? Number(value) : value;
}

/** A constant or a list of them. */
export type ListValue = Constant | readonly ListValue[];

export function jsonListValue(value: ListValue): JsonLiteral {
  return Array.isArray(value) ? (value as readonly ListValue[]).map(jsonListValue) : jsonLiteral(value as Constant);
}

/** Each value once, in the order of their first appearance. A list of JSON is never the same as another. */
export const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
