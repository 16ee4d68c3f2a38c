/** Whether an index could answer a leaf, by what it is over alone: so that one is read only where that may be of use. */
import type { Leaf, Ref, Value } from '../filter/predicate.ts';
import type { ScalarIndexSpec } from '../schema/types.ts';
import { isOver, type Target } from './index.ts';

/** The place that a leaf is about; null where it is about none alone, or about what an index never has. */
export function refOf(leaf: Leaf): Ref | null {
  const place = leaf.kind === 'compare' ? (leaf.right.kind === 'literal' ? leaf.left : null) : leaf.kind === 'range' || leaf.kind === 'in' ? leaf.value : leaf.ref;
  return place && isPlace(place) ? place : null;
}

const isPlace = (value: Value): value is Ref => value.kind === 'field' || value.kind === 'path';

/** True where an index of that spec over the target may answer; that it does not is found out when it is read. */
export function mayAnswer(spec: ScalarIndexSpec, target: Target, leaf: Leaf): boolean {
  const ref = refOf(leaf);
  if (!ref || !isOver(target, ref)) return false;
  if (spec.type === 'NGRAM') return (leaf.kind === 'like' || (leaf.kind === 'regex' && !leaf.isNegated)) && isLong(leaf, spec.params['min_gram'] as number);
  if (leaf.kind === 'isNull') return true;
  if (leaf.kind === 'exists') return target.path !== null;
  const isOfElements = target.field.type === 'Array' || (target.cast?.startsWith('array_') ?? false);
  return leaf.kind !== 'equalsArray' && (leaf.kind === 'contains') === isOfElements;
}

/** Every match has a run of so many characters that is known. */
const isLong = ({ pattern }: Leaf & { readonly kind: 'like' | 'regex' }, least: number): boolean => [pattern.prefix, ...pattern.required].some((text) => Array.from(text).length >= least);
