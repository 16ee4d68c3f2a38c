/** `and`, `or` and `not` of checked predicates: constants are taken out, and what is nested comes to lie side by side. */
import type { ComparisonOperator, Predicate, Ref, Value } from './predicate.ts';

export const constant = (value: boolean): Predicate => ({ kind: 'constant', value });

export function conjunction(parts: readonly Predicate[]): Predicate {
  return join('and', parts);
}

export function disjunction(parts: readonly Predicate[]): Predicate {
  return join('or', parts);
}

/** Kleene's: false decides `and` and true decides `or`, whatever is unknown. */
function join(kind: 'and' | 'or', parts: readonly Predicate[]): Predicate {
  const decides = kind === 'or';
  const flat: Predicate[] = [];
  for (const part of parts) {
    if (part.kind === 'constant') {
      if (part.value === decides) return part;
    } else if (part.kind === kind) {
      for (const inner of part.parts) flat.push(inner);
    } else {
      flat.push(part);
    }
  }
  return flat.length === 0 ? constant(!decides) : flat.length === 1 ? flat[0] : { kind, parts: flat };
}

const OPPOSITE: Readonly<Record<ComparisonOperator, ComparisonOperator>> = { '<': '>=', '>=': '<', '>': '<=', '<=': '>', '==': '!=', '!=': '==' };

/** A leaf is turned around where its opposite is one, of mismatches too, and is what its text says; a `not` stays before all others. */
export function negation(part: Predicate): Predicate {
  switch (part.kind) {
    case 'constant':
    case 'fixed':
      return { ...part, value: !part.value };
    case 'not':
      return part.part;
    case 'isNull':
    case 'equalsArray':
      return { ...part, isNegated: !part.isNegated };
    case 'in':
      return isPlain(part.value) ? { ...part, isNegated: !part.isNegated } : { kind: 'not', part };
    case 'regex':
      return isPlain(part.ref) ? { ...part, isNegated: !part.isNegated } : { kind: 'not', part };
    case 'compare': {
      const isEquality = part.operator === '==' || part.operator === '!=';
      // An order has no opposite where a value may be missing, or no number.
      const canTurn = part.right.kind === 'literal' && isPlain(part.left) && (isEquality || part.left.field.type !== 'JSON');
      return canTurn ? { ...part, operator: OPPOSITE[part.operator] } : { kind: 'not', part };
    }
    default:
      return { kind: 'not', part };
  }
}

/** Whether `!=` of it means the same in a text and in a predicate (`guards.ts`). */
const isPlain = (value: Value): value is Exclude<Ref, { kind: 'element' }> => value.kind === 'field' || value.kind === 'path';
