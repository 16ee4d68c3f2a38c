/**
 * Values as the plain interpreter has them, and what Milvus's language says of two of them: NULL is unknown, what is not in a JSON
 * value or an Array is missing, integers are exact in 64 bits, all other numbers are doubles, texts are ordered by their UTF-8.
 */

/** What is not there, or not of the kind that is asked for. */
export const MISSING: unique symbol = Symbol('missing');

/** An object of JSON. */
export interface JsonObject {
  readonly [key: string]: Json;
}
/** An integer of 64 bits is a bigint. */
export type Json = null | boolean | bigint | number | string | readonly Json[] | JsonObject;
/** null: NULL. */
export type Cell = Json | typeof MISSING;
/** null: unknown. */
export type Truth = boolean | null;

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!=';

export const isNumber = (cell: Cell): cell is bigint | number => typeof cell === 'bigint' || typeof cell === 'number';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

/** -1, 0 or 1 of two that can be compared; NaN of others, and of NaN. `isExact`: an integer and a double are not compared as doubles. */
export function order(left: Cell, right: Cell, isExact = false): number {
  if (typeof left === 'string' && typeof right === 'string') return Buffer.compare(bytesOf(left), bytesOf(right));
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (!isNumber(left) || !isNumber(right)) return Number.NaN;
  const [a, b] = isExact || typeof left === typeof right ? [left, right] : [Number(left), Number(right)];
  return a < b ? -1 : a > b ? 1 : Number.isNaN(Number(a)) || Number.isNaN(Number(b)) ? Number.NaN : 0;
}

export function compare(operator: Comparison, left: Cell, right: Cell, isExact = false): Truth {
  if (left === null || right === null) return null;
  const sign = order(left, right, isExact);
  switch (operator) {
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    case '>':
      return sign > 0;
    case '>=':
      return sign >= 0;
    case '==':
      return sign === 0;
    case '!=':
      return sign !== 0;
  }
}

export const not = (truth: Truth): Truth => (truth === null ? null : !truth);

export function and(truths: readonly Truth[]): Truth {
  return truths.includes(false) ? false : truths.includes(null) ? null : true;
}

export function or(truths: readonly Truth[]): Truth {
  return truths.includes(true) ? true : truths.includes(null) ? null : false;
}

/** Elements of JSON or of an Array: null equals null, lists are compared element by element, objects equal nothing. */
export function isEqual(cell: Cell, literal: Json): boolean {
  if (literal === null || cell === null) return literal === cell;
  if (Array.isArray(literal)) return Array.isArray(cell) && cell.length === literal.length && literal.every((part, i) => isEqual(cell[i], part));
  return order(cell, literal) === 0;
}

export function at(value: Json, path: readonly (string | number)[]): Cell {
  let cell: Json = value;
  for (const step of path) {
    if (typeof cell !== 'object' || cell === null || Array.isArray(cell) !== (typeof step === 'number') || !Object.hasOwn(cell, step)) return MISSING;
    cell = (cell as Record<string | number, Json>)[step];
  }
  // A null in JSON is nothing.
  return cell === null ? MISSING : cell;
}

export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';

export function calculate(operator: Arithmetic, left: Cell, right: Cell): Cell {
  if (left === null || right === null) return null;
  if (!isNumber(left) || !isNumber(right)) return MISSING;
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    const value = ofIntegers(operator, left, right);
    return value === null ? null : BigInt.asIntN(64, value);
  }
  const [a, b] = [Number(left), Number(right)];
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return MISSING;
  }
}

function ofIntegers(operator: Arithmetic, a: bigint, b: bigint): bigint | null {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? null : a / b;
    case '%':
      return b === 0n ? null : a % b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
      return a << BigInt.asUintN(6, b);
    case '>>':
      return a >> BigInt.asUintN(6, b);
  }
}
