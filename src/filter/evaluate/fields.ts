/** The fields that a predicate looks at. */
import type { Field } from '../../schema/types.ts';
import type { Leaf, Predicate, Value } from '../predicate.ts';

export function addFields(predicate: Predicate, isKnown: (leaf: Leaf) => boolean, fields: Map<number, Field>): void {
  switch (predicate.kind) {
    case 'constant':
      return;
    case 'fixed':
      return addOf(predicate.ref, fields);
    case 'and':
    case 'or':
      for (const part of predicate.parts) addFields(part, isKnown, fields);
      return;
    case 'not':
      return addFields(predicate.part, isKnown, fields);
    default:
      if (!isKnown(predicate)) for (const value of valuesOf(predicate)) addOf(value, fields);
  }
}

function valuesOf(leaf: Leaf): Value[] {
  switch (leaf.kind) {
    case 'compare':
      return [leaf.left, leaf.right];
    case 'range':
    case 'in':
      return [leaf.value];
    default:
      return [leaf.ref];
  }
}

function addOf(value: Value, fields: Map<number, Field>): void {
  switch (value.kind) {
    case 'literal':
      return;
    case 'length':
      return addOf(value.of, fields);
    case 'arithmetic':
      addOf(value.left, fields);
      return addOf(value.right, fields);
    default:
      fields.set(value.field.fieldId, value.field);
  }
}
