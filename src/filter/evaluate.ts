/** A predicate over the rows of a segment, column by column. */
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import type { Leaf, Predicate, Truth } from './predicate.ts';

/** Where a predicate's rows are. */
export interface FilterSource {
  readonly rows: number;
  /** All rows of a field that a leaf looks at of which `known` knows nothing. */
  column(field: Field): Column;
  /** What an index or a zone map says of a leaf; null: nothing. */
  known(leaf: Leaf): Truth | null;
}

/** Fields that `evaluate` will ask for. `isKnown`: of these leaves it will not ask. */
export function fieldsOf(_predicate: Predicate, _isKnown: (leaf: Leaf) => boolean = () => false): Field[] {
  throw new Error('not written yet');
}

/** The three-valued answer for every row. */
export function evaluate(_predicate: Predicate, _source: FilterSource): Truth {
  throw new Error('not written yet');
}
