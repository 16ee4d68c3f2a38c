/** How cells compare, and which meet a condition. */
import { compareUtf8 } from '../../util/utf8-order.ts';
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
  if (typeof left === 'string' && typeof right === 'string') return ordered(operator, compareUtf8(left, right), 0);
  if (typeof left === 'boolean' && typeof right === 'boolean') return ordered(operator, left, right);
  return operator === '!=';
}

/** What an operator says of two values. */
export function ordered<T extends number | bigint | boolean>(operator: ComparisonOperator, left: T, right: T): boolean {
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
