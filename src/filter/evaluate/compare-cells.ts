/** How cells compare, and which meet a condition. */
import type { ComparisonOperator } from '../predicate.ts';
import { isNumeric, type Cell } from './cell.ts';
import type { Condition } from './condition.ts';

/** Integers compare exactly, all other numbers as doubles, text by its UTF-8 bytes. null: unknown. */
export function compareCells(operator: ComparisonOperator, left: Cell, right: Cell): boolean | null {
  if (left === null || right === null) return null;
  if (isNumeric(left) && isNumeric(right)) {
    const areInts = typeof left === 'bigint' && typeof right === 'bigint';
    return areInts ? ordered(operator, left, right) : ordered(operator, Number(left), Number(right));
  }
  if (typeof left === 'string' && typeof right === 'string') return ordered(operator, compareText(left, right), 0);
  if (typeof left === 'boolean' && typeof right === 'boolean') return ordered(operator, left, right);
  return operator === '!=';
}

function ordered<T extends number | bigint | boolean>(operator: ComparisonOperator, left: T, right: T): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '==':
      return left === right;
    case '!=':
      return left !== right;
  }
}

/** By code points, which is the order of UTF-8 bytes; that of UTF-16 units puts surrogates before U+E000 … U+FFFF. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return a >= 0xd800 && b >= 0xd800 ? rank(a) - rank(b) : a - b;
  }
  return left.length - right.length;
}

/** Surrogates, which stand for the largest code points, behind all other units. */
const rank = (unit: number): number => (unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Whether a cell that is there meets a condition. */
export function meetsCondition(cell: Cell, condition: Condition): boolean {
  switch (condition.kind) {
    case 'equals':
      return compareCells('==', cell, condition.value) === true;
    case 'between': {
      const { low, high, includesLow, includesHigh } = condition;
      return (low === null || compareCells(includesLow ? '>=' : '>', cell, low) === true) && (high === null || compareCells(includesHigh ? '<=' : '<', cell, high) === true);
    }
    case 'among':
      return condition.values.some((value) => compareCells('==', cell, value) === true);
  }
}
