/** What each kind of leaf comes to. */
import type { Leaf, Truth } from '../predicate.ts';
import { byRows } from './rows.ts';
import type { Scope } from './scope.ts';

/** Of the rows of `undecided` (null: all); in the others it may say anything, but never both true and unknown. */
export function evaluateLeaf(leaf: Leaf, scope: Scope, undecided: Uint32Array | null): Truth {
  return byRows(leaf, scope, undecided);
}
