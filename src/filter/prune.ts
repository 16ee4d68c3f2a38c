/** What of a filter is decided for a whole segment by what is known of its fields, before a column is read. */
import type { Field } from '../schema/types.ts';
import type { ComparisonOperator, Leaf, Literal, Predicate, Ref } from './predicate.ts';
import { compareBytes } from '../util/utf8-order.ts';
import type { TextBounds, Zone } from './zones.ts';

/** What is known of a field in a segment; null: nothing. */
export type Zones = (field: Field) => Zone | null;

/**
 * A predicate that is true for the same rows of the segment. Where it is not true it may be false instead of unknown: so it is for the
 * whole of a filter, not for a part of one. The constant false: no row matches; the constant true: all do.
 */
export const prune = (predicate: Predicate, zones: Zones): Predicate => pruned(predicate, zones, true);

/**
 * `isPositive`: under an even number of `not`s. There it only matters where a predicate is true, so that it may be false where it
 * is unknown; under an odd number only where it is false, so that it may be true instead.
 */
function pruned(predicate: Predicate, zones: Zones, isPositive: boolean): Predicate {
  switch (predicate.kind) {
    case 'constant':
      return predicate;
    case 'and':
    case 'or':
      return folded(predicate.kind, predicate.parts.map((part) => pruned(part, zones, isPositive)));
    case 'not': {
      const part = pruned(predicate.part, zones, !isPositive);
      if (part.kind === 'constant') return constant(!part.value);
      if (part.kind === 'fixed') return { ...part, value: !part.value };
      return part === predicate.part ? predicate : { kind: 'not', part };
    }
    case 'fixed':
      return decided(predicate, predicate.ref, predicate.value, zones(predicate.ref.field), isPositive);
    default:
      return prunedLeaf(predicate, zones, isPositive);
  }
}

const constant = (value: boolean): Predicate => ({ kind: 'constant', value });

function folded(kind: 'and' | 'or', parts: readonly Predicate[]): Predicate {
  // What decides it whatever else there is.
  const deciding = kind === 'or';
  if (parts.some((part) => part.kind === 'constant' && part.value === deciding)) return constant(deciding);
  const left = parts.filter((part) => part.kind !== 'constant');
  if (left.length === 0) return constant(!deciding);
  return left.length === 1 ? left[0]! : { kind, parts: left };
}

/** The predicate, or what it comes to where all rows that have a value come to `verdict`; null: not known. */
function decided(predicate: Predicate, ref: Ref, verdict: boolean | null, zone: Zone | null, isPositive: boolean): Predicate {
  if (zone !== null && zone.nulls === zone.rows) return constant(!isPositive);
  if (verdict === null) return predicate;
  // Unknown where there is no value, as good as what all others come to.
  if (zone?.nulls === 0 || verdict !== isPositive) return constant(verdict);
  return { kind: 'fixed', ref, value: verdict };
}

function prunedLeaf(leaf: Leaf, zones: Zones, isPositive: boolean): Predicate {
  const ref = refOf(leaf);
  if (ref === null) return leaf;
  const zone = zones(ref.field);
  if (zone === null) return leaf;
  if (leaf.kind === 'isNull') {
    if (zone.nulls === zone.rows) return constant(!leaf.isNegated);
    return zone.nulls === 0 && ref.kind === 'field' ? constant(leaf.isNegated) : leaf;
  }
  return decided(leaf, ref, ref.kind === 'field' ? verdictOf(leaf, zone) : null, zone, isPositive);
}

/** The place that a leaf is about, where it is about one alone: NULL there is unknown. */
function refOf(leaf: Leaf): Ref | null {
  switch (leaf.kind) {
    case 'compare':
      return leaf.right.kind === 'literal' && isRef(leaf.left) ? leaf.left : null;
    case 'range':
    case 'in':
      return isRef(leaf.value) ? leaf.value : null;
    default:
      return leaf.ref;
  }
}

const isRef = (value: { readonly kind: string }): value is Ref => value.kind === 'field' || value.kind === 'element' || value.kind === 'path';

/** What the leaf is for every value of the field. */
function verdictOf(leaf: Leaf, { bounds }: Zone): boolean | null {
  if (bounds === null) return null;
  switch (leaf.kind) {
    case 'compare':
      return leaf.right.kind === 'literal' ? compared(leaf.operator, bounds, leaf.right.value) : null;
    case 'range': {
      const low = compared(leaf.includesLow ? '>=' : '>', bounds, leaf.low);
      const high = compared(leaf.includesHigh ? '<=' : '<', bounds, leaf.high);
      return low === false || high === false ? false : low === null || high === null ? null : true;
    }
    case 'in': {
      const each = leaf.values.map((value) => compared('==', bounds, value));
      const isIn = each.includes(true) ? true : each.includes(null) ? null : false;
      return isIn === null ? null : isIn !== leaf.isNegated;
    }
    case 'like':
      return bounds.kind === 'text' ? prefixed(bounds, leaf.pattern.prefix, leaf.pattern.isPrefix) : null;
    case 'regex': {
      const matches = bounds.kind === 'text' ? prefixed(bounds, leaf.pattern.prefix, leaf.pattern.isPrefix) : null;
      return matches === null ? null : matches !== leaf.isNegated;
    }
    default:
      return null;
  }
}

/** How all values of a field stand to one. */
interface Standing {
  /** All are less. */
  readonly below: boolean;
  /** All are less or equal. */
  readonly atMost: boolean;
  readonly above: boolean;
  readonly atLeast: boolean;
  /** All are it. */
  readonly equal: boolean;
}

function compared(operator: ComparisonOperator, bounds: NonNullable<Zone['bounds']>, literal: Literal): boolean | null {
  const to = standing(bounds, literal);
  if (to === null) return null;
  const known = (isTrue: boolean, isFalse: boolean): boolean | null => (isTrue ? true : isFalse ? false : null);
  switch (operator) {
    case '<':
      return known(to.below, to.atLeast);
    case '<=':
      return known(to.atMost, to.above);
    case '>':
      return known(to.above, to.atMost);
    case '>=':
      return known(to.atLeast, to.below);
    case '==':
      return known(to.equal, to.below || to.above);
    case '!=':
      return known(to.below || to.above, to.equal);
  }
}

const encoder = new TextEncoder();

/** Null for a literal that is compared by rules of the evaluator's own. */
function standing(bounds: NonNullable<Zone['bounds']>, literal: Literal): Standing | null {
  if (bounds.kind === 'text') return typeof literal === 'string' ? textStanding(bounds, encoder.encode(literal)) : null;
  const { min, max } = bounds;
  if (typeof min !== typeof literal || literal !== literal) return null;
  return { below: max < literal, atMost: max <= literal, above: min > literal, atLeast: min >= literal, equal: min === literal && max === literal };
}

function textStanding({ min, max, isMinCut, isMaxCut }: TextBounds, text: Uint8Array): Standing {
  const least = compareBytes(min, 0, min.length, text, 0, text.length);
  const greatest = compareBytes(max, 0, max.length, text, 0, text.length);
  // What begins with a cut bound may lie on either side of the text behind it.
  const below = greatest < 0 && !(isMaxCut && beginsWith(text, max));
  const above = least > 0 || (least === 0 && isMinCut);
  return { below, atMost: below || (greatest === 0 && !isMaxCut), above, atLeast: least >= 0, equal: least === 0 && greatest === 0 && !isMinCut && !isMaxCut };
}

/** Whether all texts, or none, match a pattern that begins with `prefix`; `isPrefix`: and is nothing else. */
function prefixed(bounds: TextBounds, prefix: string, isPrefix: boolean): boolean | null {
  const bytes = encoder.encode(prefix);
  const { min, max } = bounds;
  const { below, above } = textStanding(bounds, bytes);
  if (below || (above && !beginsWith(min, bytes))) return false;
  return isPrefix && beginsWith(min, bytes) && beginsWith(max, bytes) ? true : null;
}

const beginsWith = (text: Uint8Array, prefix: Uint8Array): boolean => text.length >= prefix.length && compareBytes(text, 0, prefix.length, prefix, 0, prefix.length) === 0;
