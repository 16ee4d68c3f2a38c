/** Conditions on Bool columns: the bitmap, or its complement, as it is. */
import type { Condition } from './condition.ts';
import { compareCells } from './compare-cells.ts';
import { allRows, complement, toWords } from './words.ts';

export function scanBool(values: Uint8Array, rows: number, condition: Condition, mask: Uint32Array): Uint32Array {
  const whenTrue = meets(condition, true);
  const whenFalse = meets(condition, false);
  if (whenTrue === whenFalse) return whenTrue ? allRows(rows) : new Uint32Array(mask.length);
  const bits = toWords(values, rows);
  return whenTrue ? bits : complement(bits, rows);
}

/** false comes before true. */
function meets(condition: Condition, value: boolean): boolean {
  switch (condition.kind) {
    case 'equals':
      return condition.value === value;
    case 'among':
      return condition.values.includes(value);
    case 'between': {
      const { low, high, includesLow, includesHigh } = condition;
      return (low === null || compareCells(includesLow ? '>=' : '>', value, low) === true) && (high === null || compareCells(includesHigh ? '<=' : '<', value, high) === true);
    }
  }
}
