/** What a leaf asks of one value, apart from where the value is: three forms for compare, range and in. */
import type { Leaf, Literal, Value } from '../predicate.ts';

export type Condition =
  /** null: no bound. */
  | { readonly kind: 'between'; readonly low: Literal | null; readonly high: Literal | null; readonly includesLow: boolean; readonly includesHigh: boolean }
  | { readonly kind: 'equals'; readonly value: Literal }
  | { readonly kind: 'among'; readonly values: readonly Literal[] };

export interface Asked {
  readonly value: Value;
  readonly condition: Condition;
  /** True for what does not meet the condition, a mismatch among it. */
  readonly isNegated: boolean;
}

/** null: of a comparison with something else than a literal. */
export function askedBy(leaf: Leaf & { kind: 'compare' | 'range' | 'in' }): Asked | null {
  switch (leaf.kind) {
    case 'range':
      return { value: leaf.value, condition: { kind: 'between', low: leaf.low, high: leaf.high, includesLow: leaf.includesLow, includesHigh: leaf.includesHigh }, isNegated: false };
    case 'in':
      return { value: leaf.value, condition: leaf.values.length === 1 ? { kind: 'equals', value: leaf.values[0] } : { kind: 'among', values: leaf.values }, isNegated: leaf.isNegated };
    case 'compare': {
      if (leaf.right.kind !== 'literal') return null;
      const { operator, left } = leaf;
      const { value } = leaf.right;
      if (operator === '==' || operator === '!=') return { value: left, condition: { kind: 'equals', value }, isNegated: operator === '!=' };
      const isBelow = operator === '<' || operator === '<=';
      const isIncluded = operator === '<=' || operator === '>=';
      return { value: left, condition: { kind: 'between', low: isBelow ? null : value, high: isBelow ? value : null, includesLow: isIncluded, includesHigh: isIncluded }, isNegated: false };
    }
  }
}
