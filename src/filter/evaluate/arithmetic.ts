/** Arithmetic of two cells. */
import type { ArithmeticOperator } from '../predicate.ts';
import { MISMATCH, isNumeric, type Cell } from './cell.ts';

/** Unknown (null) where an operand is, or where an integer is divided by 0; a mismatch where one is no number. */
export function calculate(type: 'int' | 'float' | 'json', operator: ArithmeticOperator, left: Cell, right: Cell): Cell {
  if (left === null || right === null) return null;
  if (!isNumeric(left) || !isNumeric(right)) return MISMATCH;
  if (type !== 'float' && typeof left === 'bigint' && typeof right === 'bigint') return calculateInt(operator, left, right);
  return type === 'int' ? MISMATCH : calculateFloat(operator, Number(left), Number(right));
}

/** In 64 bits that wrap around. A shift counts modulo 64 and keeps the sign. null: divided by 0. */
export function calculateInt(operator: ArithmeticOperator, left: bigint, right: bigint): bigint | null {
  if (right === 0n && (operator === '/' || operator === '%')) return null;
  return BigInt.asIntN(64, INTEGER_OPERATIONS[operator](left, right));
}

/** Without the wrapping. REQUIRES a divisor that is not 0. */
export const INTEGER_OPERATIONS: Readonly<Record<ArithmeticOperator, (left: bigint, right: bigint) => bigint>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '&': (left, right) => left & right,
  '|': (left, right) => left | right,
  '^': (left, right) => left ^ right,
  '<<': (left, right) => left << (right & 63n),
  '>>': (left, right) => left >> (right & 63n),
};

/** In doubles. What is defined of integers alone is a mismatch. */
export function calculateFloat(operator: ArithmeticOperator, left: number, right: number): Cell {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return MISMATCH;
  }
}
