/** Conditions on Bool columns: the bitmap or its complement, all rows or none. false comes before true. */
import type { Condition } from './condition.ts';
import { meetsCondition } from './compare-cells.ts';
import { allRows, complement, toWords } from './words.ts';

export function scanBool(values: Uint8Array, rows: number, condition: Condition, mask: Uint32Array): Uint32Array {
  const whenTrue = meetsCondition(true, condition);
  const whenFalse = meetsCondition(false, condition);
  if (whenTrue === whenFalse) return whenTrue ? allRows(rows) : new Uint32Array(mask.length);
  const bits = toWords(values, rows);
  return whenTrue ? bits : complement(bits, rows);
}
