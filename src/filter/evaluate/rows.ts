/**
 * The general way to evaluate a leaf: row by row, over the rows that are not decided yet. Slow, and able to do
 * everything; what is common has ways of its own.
 */
import type { Column } from '../../schema/column.ts';
import type { JsonLiteral, Leaf, Ref, Truth } from '../predicate.ts';
import type { TextPattern } from '../patterns/pattern.ts';
import { MISMATCH, elementReader, isNull, readerOf, refReader, type Cell, type Reader } from './cells.ts';
import { compareCells, equalsLiteral } from './compare-cells.ts';
import type { Scope } from './scope.ts';
import { allRows, isEmpty } from './words.ts';

/** null: unknown. */
type Test = (row: number) => boolean | null;

/** What a leaf comes to in the rows of `undecided` (null: all), whatever in the others. */
export function byRows(leaf: Leaf, scope: Scope, undecided: Uint32Array | null): Truth {
  const test = testOf(leaf, scope);
  const rows = undecided ?? allRows(scope.rows);
  const isTrue = new Uint32Array(rows.length);
  const isUnknown = new Uint32Array(rows.length);
  for (let w = 0; w < rows.length; w++) {
    let yes = 0;
    let unknown = 0;
    for (let rest = rows[w]; rest !== 0; rest &= rest - 1) {
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

function testOf(leaf: Leaf, scope: Scope): Test {
  switch (leaf.kind) {
    case 'compare': {
      const { operator } = leaf;
      const left = readerOf(leaf.left, scope);
      const right = readerOf(leaf.right, scope);
      return (row) => compareCells(operator, left(row), right(row));
    }
    case 'range': {
      const { low, high } = leaf;
      const read = readerOf(leaf.value, scope);
      const below = leaf.includesLow ? '>=' : '>';
      const above = leaf.includesHigh ? '<=' : '<';
      return known(read, (cell) => compareCells(below, cell, low) === true && compareCells(above, cell, high) === true);
    }
    case 'in': {
      const { values, isNegated } = leaf;
      return known(readerOf(leaf.value, scope), (cell) => values.some((value) => equalsLiteral(cell, value)) !== isNegated);
    }
    case 'like':
      return matching(leaf.ref, leaf.pattern, false, scope);
    case 'regex':
      return matching(leaf.ref, leaf.pattern, leaf.isNegated, scope);
    case 'isNull': {
      const { isNegated, ref } = leaf;
      if (ref.kind === 'field') {
        const column = scope.column(ref.field);
        return (row) => isNull(column, row) !== isNegated;
      }
      const read = refReader(ref, scope);
      return (row) => {
        const cell = read(row);
        return (cell === null || cell === MISMATCH) !== isNegated;
      };
    }
    case 'exists':
      return known(refReader(leaf.ref, scope), (cell) => cell !== MISMATCH);
    case 'contains': {
      const { values, mode } = leaf;
      return known(arrayReader(leaf.ref, scope), (cell) => {
        if (!Array.isArray(cell)) return false;
        const holds = (value: JsonLiteral): boolean => cell.some((element) => equalsLiteral(element, value));
        return mode === 'any' ? values.some(holds) : values.every(holds);
      });
    }
    case 'equalsArray': {
      const { values, isNegated } = leaf;
      return known(arrayReader(leaf.ref, scope), (cell) => equalsLiteral(cell, values) !== isNegated);
    }
  }
}

/** Unknown where the cell is. */
function known(read: Reader, test: (cell: Cell) => boolean): Test {
  return (row) => {
    const cell = read(row);
    return cell === null ? null : test(cell);
  };
}

const encoder = new TextEncoder();

function matching(ref: Ref, pattern: TextPattern, isNegated: boolean, scope: Scope): Test {
  return known(refReader(ref, scope), (cell) => {
    if (typeof cell !== 'string') return isNegated;
    const bytes = encoder.encode(cell);
    return pattern.test(bytes, 0, bytes.length) !== isNegated;
  });
}

/** Arrays of cells. */
function arrayReader(ref: Ref, scope: Scope): Reader {
  if (ref.kind !== 'field' || ref.field.type !== 'Array') return refReader(ref, scope);
  const column = scope.column(ref.field);
  const offsets = column.offsets as Int32Array;
  const element = elementReader(column.elements as Column);
  return (row) => {
    if (isNull(column, row)) return null;
    const cells: Cell[] = [];
    for (let i = offsets[row]; i < offsets[row + 1]; i++) cells.push(element(i));
    return cells;
  };
}
