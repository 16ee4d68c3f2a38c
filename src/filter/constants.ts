/** Arithmetic and comparisons whose operands are all written in the text. Integers are of 64 bits; what does not fit is refused. */
import { compareUtf8 } from '../util/utf8-order.ts';
import type { Constant } from './ast.ts';
import { INTEGER_OPERATIONS, calculateFloat } from './evaluate/arithmetic.ts';
import { ordered } from './evaluate/compare-cells.ts';
import { type Span, badType, quoted } from './errors.ts';
import type { ArithmeticOperator, ComparisonOperator } from './predicate.ts';

export type Numeric = bigint | number;

export const isNumeric = (value: unknown): value is Numeric => typeof value === 'bigint' || typeof value === 'number';

/** A constant in the words of a message. */
export function describeConstant(value: Constant): string {
  return typeof value === 'string' ? `the text ${quoted(value)}` : typeof value === 'boolean' ? String(value) : `the number ${value}`;
}

/** REQUIRES integers on both sides where the operator takes only these. */
export function foldArithmetic(operator: ArithmeticOperator | '**', left: Numeric, right: Numeric, span: Span): Numeric {
  const value = operator === '**' ? power(left, right) : folded(operator, left, right, span);
  const fits = typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isFinite(value);
  if (!fits) badType(span, typeof value === 'bigint' ? 'an integer of 64 bits' : 'a finite number', String(value).slice(0, 40), `the constant comes to more than ${typeof value === 'bigint' ? '64 bits hold' : 'a double holds'}`);
  return value;
}

/** Integers are not wrapped to 64 bits, but where they are shifted out of them. */
function folded(operator: ArithmeticOperator, left: Numeric, right: Numeric, span: Span): Numeric {
  checkRight(operator, right, span);
  if (typeof left !== 'bigint' || typeof right !== 'bigint') return calculateFloat(operator, Number(left), Number(right)) as number;
  const value = INTEGER_OPERATIONS[operator](left, right);
  return operator === '<<' ? BigInt.asIntN(64, value) : value;
}

/** An integer where it is one of 64 bits, else a double. */
function power(a: Numeric, b: Numeric): Numeric {
  if (typeof a === 'bigint' && typeof b === 'bigint' && b >= 0n && (b < 64n || (a >= -1n && a <= 1n))) {
    const value = b < 64n ? a ** b : a ** (b % 2n + 2n);
    if (BigInt.asIntN(64, value) === value) return value;
  }
  return Number(a) ** Number(b);
}

/** FILTER_TYPE for a divisor that is 0, and for a shift by less than 0 or more than 63 bits. */
export function checkRight(operator: ArithmeticOperator, right: Numeric, span: Span): void {
  // oxlint-disable-next-line eqeqeq -- 0 or 0n
  if ((operator === '/' || operator === '%') && right == 0) badType(span, 'a divisor that is not 0', '0', 'division by 0');
  if ((operator === '<<' || operator === '>>') && (right < 0n || right > 63n)) badType(span, 'a shift by 0 to 63 bits', String(right));
}

/** REQUIRES two of one kind, numbers counting as one. Integers and doubles are compared exactly, texts by their bytes of UTF-8. */
export function foldComparison(operator: ComparisonOperator, left: Constant, right: Constant): boolean {
  const order = typeof left === 'string' ? compareUtf8(left, right as string) : left < right ? -1 : left > right ? 1 : 0;
  return ordered(operator, order, 0);
}
