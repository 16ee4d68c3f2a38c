/** What each kind of leaf comes to: which way of evaluation takes it. */
import type { Leaf, Ref, Truth } from '../predicate.ts';
import { arrayContains, arrayEquals } from './arrays.ts';
import { numbersOf } from './blocks.ts';
import { calculatedCompare, calculatedMeets } from './calculated.ts';
import { askedBy } from './condition.ts';
import { jsonContains, jsonEqualsArray, jsonExists, jsonLength, jsonMatches, jsonMeets, jsonPresent } from './json.ts';
import { byRows } from './rows.ts';
import type { Scope } from './scope.ts';
import { scanPattern } from './texts.ts';
import { scanView, viewOf, type View } from './view.ts';
import { complement } from './words.ts';

type Evaluator<K extends Leaf['kind']> = (leaf: Leaf & { kind: K }, scope: Scope, undecided: Uint32Array) => Truth;

/** Of the rows of `undecided`; in the others it may say anything, but never both true and unknown. */
export function evaluateLeaf(leaf: Leaf, scope: Scope, undecided: Uint32Array): Truth {
  return (EVALUATORS[leaf.kind] as Evaluator<Leaf['kind']>)(leaf, scope, undecided);
}

const EVALUATORS: { readonly [K in Leaf['kind']]: Evaluator<K> } = {
  compare: (leaf, scope, undecided) => {
    if (leaf.right.kind === 'literal') return meets(leaf, scope, undecided);
    const left = numbersOf(leaf.left, scope);
    const right = left && numbersOf(leaf.right, scope);
    return left !== null && right !== null ? calculatedCompare(left, leaf.operator, right, scope, undecided) : byRows(leaf, scope, undecided);
  },
  range: meets,
  in: meets,
  like: (leaf, scope, undecided) => matches(leaf, false, scope, undecided),
  regex: (leaf, scope, undecided) => matches(leaf, leaf.isNegated, scope, undecided),
  isNull: ({ ref, isNegated }, scope, undecided) => {
    const present = presentOf(ref, scope, undecided);
    return { isTrue: isNegated ? present : complement(present, scope.rows), isUnknown: null };
  },
  exists: ({ ref }, scope, undecided) => jsonExists(ref, scope, undecided),
  contains: ({ ref, mode, values }, scope, undecided) =>
    ref.field.type === 'Array' ? arrayContains(ref.field, mode, values, scope, undecided) : jsonContains(ref, mode, values, scope, undecided),
  equalsArray: ({ ref, values, isNegated }, scope, undecided) =>
    ref.field.type === 'Array' ? arrayEquals(ref.field, values, isNegated, scope, undecided) : jsonEqualsArray(ref, values, isNegated, scope, undecided),
};

/** One value and a condition. */
function meets(leaf: Leaf & { kind: 'compare' | 'range' | 'in' }, scope: Scope, undecided: Uint32Array): Truth {
  const { value, condition, isNegated } = askedBy(leaf)!;
  if (value.kind !== 'arithmetic' && value.kind !== 'literal') {
    const ref = value.kind === 'length' ? value.of : value;
    if (ref.field.type === 'JSON') return (value.kind === 'length' ? jsonLength : jsonMeets)(ref, condition, isNegated, scope, undecided);
    const view = viewOf(value, scope);
    if (view !== null) return answer(view, scanView(view, scope.rows, condition, undecided), isNegated, scope);
  }
  const numbers = numbersOf(value, scope);
  return numbers !== null ? calculatedMeets(numbers, condition, isNegated, scope, undecided) : byRows(leaf, scope, undecided);
}

const answer = ({ field, absent }: View, found: Uint32Array, isNegated: boolean, scope: Scope): Truth => scope.answer(found, absent, isNegated, scope.nulls(field));

function matches(leaf: Leaf & { kind: 'like' | 'regex' }, isNegated: boolean, scope: Scope, undecided: Uint32Array): Truth {
  const { ref, pattern } = leaf;
  if (ref.field.type === 'JSON') return jsonMatches(ref, pattern, isNegated, scope, undecided);
  const view = viewOf(ref, scope)!;
  return answer(view, scanPattern(view.texts!, pattern, leaf.kind === 'regex', scope.present(ref.field, undecided)), isNegated, scope);
}

/** Rows in which there is a value. */
function presentOf(ref: Ref, scope: Scope, undecided: Uint32Array): Uint32Array {
  if (ref.kind === 'path') return jsonPresent(ref, scope, undecided);
  const absent = ref.kind === 'element' ? viewOf(ref, scope)!.absent : null;
  return scope.answer(scope.all.slice(), absent, false, scope.nulls(ref.field)).isTrue;
}
