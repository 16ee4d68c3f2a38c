/** A predicate over the rows of a segment, column by column. */
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import { evaluatePart } from './evaluate/connect.ts';
import { addFields } from './evaluate/fields.ts';
import { Scope } from './evaluate/scope.ts';
import type { Leaf, Predicate, Truth } from './predicate.ts';

/** Where a predicate's rows are. */
export interface FilterSource {
  readonly rows: number;
  /** All rows of a field that a leaf looks at of which `known` knows nothing. Asked for once a field. */
  column(field: Field): Column;
  /** What an index or a zone map says of a leaf; null: nothing. Asked for once a leaf. */
  known(leaf: Leaf): Truth | null;
}

/** Fields that `evaluate` will ask for. `isKnown`: of these leaves it will not ask. */
export function fieldsOf(predicate: Predicate, isKnown: (leaf: Leaf) => boolean = () => false): Field[] {
  const fields = new Map<number, Field>();
  addFields(predicate, isKnown, fields);
  return [...fields.values()];
}

/** The three-valued answer for every row. May be what `known` answered, so it must not be written to. */
export function evaluate(predicate: Predicate, source: FilterSource): Truth {
  const scope = new Scope(source.rows, (field) => source.column(field));
  const answers = new Map<Leaf, Truth | null>();
  const known = (leaf: Leaf): Truth | null => {
    let answer = answers.get(leaf);
    if (answer === undefined) answers.set(leaf, (answer = source.known(leaf)));
    return answer;
  };
  return evaluatePart(predicate, scope, known, scope.all);
}
