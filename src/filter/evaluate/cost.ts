/** About how long a predicate takes for a row, in units of comparing two numbers: `and` and `or` begin with what is cheap. */
import type { Leaf, Predicate, Value } from '../predicate.ts';

export function costOf(predicate: Predicate, isKnown: (leaf: Leaf) => boolean): number {
  switch (predicate.kind) {
    case 'constant':
    case 'fixed':
      return 0;
    case 'and':
    case 'or':
      return predicate.parts.reduce((sum, part) => sum + costOf(part, isKnown), 0);
    case 'not':
      return costOf(predicate.part, isKnown);
    default:
      return isKnown(predicate) ? 0 : leafCost(predicate);
  }
}

const JSON_VALUE = 100;

function leafCost(leaf: Leaf): number {
  switch (leaf.kind) {
    case 'compare':
      return valueCost(leaf.left) + valueCost(leaf.right);
    case 'range':
    case 'in':
      return valueCost(leaf.value);
    case 'like':
      return valueCost(leaf.ref) + 20;
    case 'regex':
      return valueCost(leaf.ref) + 60;
    case 'isNull':
      return leaf.ref.kind === 'field' ? 0 : valueCost(leaf.ref);
    case 'exists':
      return valueCost(leaf.ref);
    case 'contains':
    case 'equalsArray':
      return valueCost(leaf.ref) + 10 * leaf.values.length;
  }
}

function valueCost(value: Value): number {
  switch (value.kind) {
    case 'literal':
      return 0;
    case 'length':
      return valueCost(value.of);
    case 'arithmetic':
      return 5 + valueCost(value.left) + valueCost(value.right);
    case 'path':
      return JSON_VALUE;
    case 'element':
      return 4;
    case 'field':
      return value.field.type === 'JSON' ? JSON_VALUE : value.field.type === 'VarChar' ? 10 : value.field.type === 'Bool' ? 0.1 : 1;
  }
}
