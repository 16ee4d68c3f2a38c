/** Leaves on whole arrays: conditions are put to all elements at once, then gathered row by row. */
import type { Column } from '../../schema/column.ts';
import { viewRows } from '../../schema/column-ops.ts';
import type { Field } from '../../schema/types.ts';
import type { JsonLiteral, Literal, Truth } from '../predicate.ts';
import type { Condition } from './condition.ts';
import { rowOf } from './offsets.ts';
import type { Scope } from './scope.ts';
import { columnView, scanView } from './view.ts';
import { allRows, intersect } from './words.ts';

export function arrayContains(field: Field, mode: 'any' | 'all', values: readonly JsonLiteral[], scope: Scope, undecided: Uint32Array): Truth {
  const column = scope.column(field);
  const offsets = column.offsets as Int32Array;
  let found: Uint32Array;
  if (mode === 'any') {
    found = withAny(offsets, elementsAmong(field, column, values), undecided);
  } else {
    found = undecided.slice();
    for (const value of values) intersect(found, withAny(offsets, elementsAmong(field, column, [value]), found));
  }
  return scope.answer(found, null, false, scope.nulls(field));
}

/** A bitset of the elements of some rows: element i of the column is bit i - base. */
interface Elements {
  readonly bits: Uint32Array;
  readonly base: number;
}

/** Which of the rows' elements are among some values, none of which is null or a list. */
function elementsAmong(field: Field, { elements, offsets }: Column, values: readonly JsonLiteral[]): Elements {
  const literals = values as readonly Literal[];
  const condition: Condition = literals.length === 1 ? { kind: 'equals', value: literals[0] } : { kind: 'among', values: literals };
  // The rows may be some of those whose elements the column has.
  const base = offsets![0] & ~31;
  const of = viewRows(elements!, base, offsets![offsets!.length - 1]);
  return { bits: scanView(columnView(field, of), of.length, condition, allRows(of.length)), base };
}

/** Rows of `mask` of whose elements one is set. Goes from element to element, so that rows without one cost nothing. */
function withAny(offsets: Int32Array, { bits, base }: Elements, mask: Uint32Array): Uint32Array {
  const out = new Uint32Array(mask.length);
  let row = 0;
  for (let w = 0; w < bits.length; w++) {
    for (let rest = bits[w]; rest !== 0; rest &= rest - 1) {
      const element = base + (w << 5) + 31 - Math.clz32(rest & -rest);
      if (element < offsets[0]) continue;
      if (offsets[row + 1] <= element) row = rowOf(offsets, element, row + 1);
      out[row >>> 5] |= 1 << (row & 31);
    }
  }
  return intersect(out, mask);
}

export function arrayEquals(field: Field, values: readonly JsonLiteral[], isNegated: boolean, scope: Scope, undecided: Uint32Array): Truth {
  const column = scope.column(field);
  const offsets = column.offsets as Int32Array;
  const found = undecided.slice();
  keep(found, (row) => offsets[row + 1] - offsets[row] === values.length);
  values.forEach((value, i) => {
    const { bits, base } = elementsAmong(field, column, [value]);
    keep(found, (row) => {
      const at = offsets[row] + i - base;
      return ((bits[at >>> 5] >>> (at & 31)) & 1) === 1;
    });
  });
  return scope.answer(found, null, isNegated, scope.nulls(field));
}

/** Of the rows that are set those stay which pass. */
function keep(rows: Uint32Array, passes: (row: number) => boolean): void {
  for (let w = 0; w < rows.length; w++) {
    for (let rest = rows[w]; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      if (!passes((w << 5) + bit)) rows[w] &= ~(1 << bit);
    }
  }
}
