/**
 * The general way to compare: row by row, over the rows that are not decided yet. Slow, and able to do everything; what is
 * common has ways of its own.
 */
import type { Leaf, Truth } from '../predicate.ts';
import type { Cell } from './cell.ts';
import { readerOf } from './cells.ts';
import { compareCells, meetsCondition } from './compare-cells.ts';
import { askedBy } from './condition.ts';
import type { Scope } from './scope.ts';
import { isEmpty } from './words.ts';

export function byRows(leaf: Leaf & { kind: 'compare' | 'range' | 'in' }, scope: Scope, undecided: Uint32Array): Truth {
  const test = testOf(leaf, scope);
  const isTrue = new Uint32Array(undecided.length);
  const isUnknown = new Uint32Array(undecided.length);
  for (let w = 0; w < undecided.length; w++) {
    let yes = 0;
    let unknown = 0;
    for (let rest = undecided[w]; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const answer = test((w << 5) + bit);
      if (answer === true) yes |= 1 << bit;
      else if (answer === null) unknown |= 1 << bit;
    }
    isTrue[w] = yes;
    isUnknown[w] = unknown;
  }
  return { isTrue, isUnknown: isEmpty(isUnknown) ? null : isUnknown };
}

/** Of a row; null: unknown. */
function testOf(leaf: Leaf & { kind: 'compare' | 'range' | 'in' }, scope: Scope): (row: number) => boolean | null {
  const asked = askedBy(leaf);
  if (asked !== null) {
    const { condition, isNegated } = asked;
    const read = readerOf(asked.value, scope);
    return (row) => {
      const cell: Cell = read(row);
      return cell === null ? null : meetsCondition(cell, condition) !== isNegated;
    };
  }
  const { operator, left, right } = leaf as Leaf & { kind: 'compare' };
  const readLeft = readerOf(left, scope);
  const readRight = readerOf(right, scope);
  return (row) => compareCells(operator, readLeft(row), readRight(row));
}
