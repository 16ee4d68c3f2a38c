/** Leaves on whole arrays: conditions are put to all elements at once, then gathered row by row. */
import type { Column } from '../../schema/column.ts';
import type { Field } from '../../schema/types.ts';
import type { JsonLiteral, Literal, Truth } from '../predicate.ts';
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

/** Which of the elements of all rows are among some values, none of which is null or a list. */
function elementsAmong(field: Field, column: Column, values: readonly JsonLiteral[]): Uint32Array {
  const elements = column.elements as Column;
  return scanView(columnView(field, elements), elements.length, { kind: 'among', values: values as readonly Literal[] }, allRows(elements.length));
}

/** Rows of `mask` of whose elements one is set. */
function withAny(offsets: Int32Array, elements: Uint32Array, mask: Uint32Array): Uint32Array {
  const out = new Uint32Array(mask.length);
  for (let w = 0; w < mask.length; w++) {
    let bits = 0;
    for (let rest = mask[w]; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const row = (w << 5) + bit;
      const to = offsets[row + 1];
      for (let i = offsets[row]; i < to; i++) {
        if (((elements[i >>> 5] >>> (i & 31)) & 1) === 0) continue;
        bits |= 1 << bit;
        break;
      }
    }
    out[w] = bits;
  }
  return out;
}

export function arrayEquals(field: Field, values: readonly JsonLiteral[], isNegated: boolean, scope: Scope, undecided: Uint32Array): Truth {
  const column = scope.column(field);
  const offsets = column.offsets as Int32Array;
  const found = undecided.slice();
  keep(found, (row) => offsets[row + 1] - offsets[row] === values.length);
  values.forEach((value, i) => {
    const elements = elementsAmong(field, column, [value]);
    keep(found, (row) => {
      const at = offsets[row] + i;
      return ((elements[at >>> 5] >>> (at & 31)) & 1) === 1;
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
