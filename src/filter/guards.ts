/**
 * Where an Array field has no element at a position, or what should be an array has no length, Milvus says false to every comparison,
 * also to `!=`, `not in` and `!~`. Those of a predicate are true of such a mismatch, so each is joined with a comparison that is false
 * there and true otherwise: a guard.
 */
import type { Leaf, Predicate, Value } from './predicate.ts';
import { conjunction } from './simplify.ts';

/** `isNegative`: the leaf would be true where an element or an array is missing. */
export function guarded(leaf: Leaf, isNegative: boolean): Predicate {
  const guards = isNegative ? guardsOf(leaf) : [];
  return guards.length === 0 ? leaf : conjunction([...guards, leaf]);
}

function guardsOf(leaf: Leaf): Predicate[] {
  const guards: Predicate[] = [];
  if (leaf.kind === 'compare') {
    addGuards(leaf.left, guards);
    addGuards(leaf.right, guards);
  } else if (leaf.kind === 'in') {
    addGuards(leaf.value, guards);
  } else if (leaf.kind === 'regex') {
    addGuards(leaf.ref, guards);
  }
  return guards;
}

function addGuards(value: Value, guards: Predicate[]): void {
  if (value.kind === 'arithmetic') {
    addGuards(value.left, guards);
    addGuards(value.right, guards);
  } else if (value.kind === 'element') {
    guards.push({ kind: 'compare', operator: '>', left: { kind: 'length', of: { kind: 'field', field: value.field } }, right: { kind: 'literal', value: value.index } });
  } else if (value.kind === 'length' && (value.of.kind === 'path' || value.of.field.type === 'JSON')) {
    guards.push({ kind: 'compare', operator: '>=', left: value, right: { kind: 'literal', value: 0 } });
  }
}
