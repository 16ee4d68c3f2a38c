/** Predicates of predicates, by Kleene's logic: a word of 32 rows at a time. */
import type { Leaf, Predicate, Truth } from '../predicate.ts';
import { costOf } from './cost.ts';
import { evaluateLeaf } from './leaves.ts';
import type { Scope } from './scope.ts';
import { complement, isEmpty, subtract } from './words.ts';

type Known = (leaf: Leaf) => Truth | null;

/** As {@link evaluateLeaf}. What is answered may be shared, and must not be written to. */
export function evaluatePart(predicate: Predicate, scope: Scope, known: Known, undecided: Uint32Array): Truth {
  switch (predicate.kind) {
    case 'constant':
      return { isTrue: predicate.value ? scope.all : new Uint32Array(scope.all.length), isUnknown: null };
    case 'fixed':
      return scope.answer(scope.all.slice(), null, !predicate.value, scope.nulls(predicate.ref.field));
    case 'and':
      return evaluateAnd(predicate.parts, scope, known, undecided);
    case 'or':
      return evaluateOr(predicate.parts, scope, known, undecided);
    case 'not': {
      const { isTrue, isUnknown } = evaluatePart(predicate.part, scope, known, undecided);
      const others = complement(isTrue.slice(), scope.rows);
      return { isTrue: isUnknown === null ? others : subtract(others, isUnknown), isUnknown };
    }
    default:
      return known(predicate) ?? evaluateLeaf(predicate, scope, undecided);
  }
}

/** True where all parts are, false where one is. A part is asked about the rows for which no part before it was false. */
function evaluateAnd(parts: readonly Predicate[], scope: Scope, known: Known, undecided: Uint32Array): Truth {
  const open = undecided.slice();
  const isTrue = open.slice();
  for (const part of cheapFirst(parts, known)) {
    if (isEmpty(open)) break;
    const truth = evaluatePart(part, scope, known, open);
    if (truth.isUnknown === null) {
      for (let w = 0; w < open.length; w++) {
        isTrue[w] &= truth.isTrue[w];
        open[w] &= truth.isTrue[w];
      }
    } else {
      for (let w = 0; w < open.length; w++) {
        isTrue[w] &= truth.isTrue[w];
        open[w] &= truth.isTrue[w] | truth.isUnknown[w];
      }
    }
  }
  return { isTrue, isUnknown: orNull(subtract(open, isTrue)) };
}

/** True where one part is, false where all are. A part is asked about the rows for which no part before it was true. */
function evaluateOr(parts: readonly Predicate[], scope: Scope, known: Known, undecided: Uint32Array): Truth {
  const open = undecided.slice();
  const isTrue = new Uint32Array(open.length);
  let isUnknown: Uint32Array | null = null;
  for (const part of cheapFirst(parts, known)) {
    if (isEmpty(open)) break;
    const truth = evaluatePart(part, scope, known, open);
    for (let w = 0; w < open.length; w++) {
      isTrue[w] |= truth.isTrue[w];
      open[w] &= ~truth.isTrue[w];
    }
    if (truth.isUnknown === null) continue;
    isUnknown ??= new Uint32Array(open.length);
    for (let w = 0; w < open.length; w++) isUnknown[w] |= truth.isUnknown[w];
  }
  return { isTrue, isUnknown: isUnknown === null ? null : orNull(subtract(isUnknown, isTrue)) };
}

function cheapFirst(parts: readonly Predicate[], known: Known): Predicate[] {
  const isKnown = (leaf: Leaf): boolean => known(leaf) !== null;
  const costs = new Map(parts.map((part) => [part, costOf(part, isKnown)]));
  return parts.toSorted((a, b) => costs.get(a)! - costs.get(b)!);
}

const orNull = (bits: Uint32Array): Uint32Array | null => (isEmpty(bits) ? null : bits);
