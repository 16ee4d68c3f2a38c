/** The operators of the builder, in the words of the page. */
import type { Subject, ValueKind } from './subject.ts';

export type OperatorId =
  | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'between' | 'in' | 'not-in'
  | 'true' | 'false'
  | 'starts' | 'contains' | 'ends' | 'like' | 'matches' | 'not-matches' | 'empty'
  | 'has' | 'has-all' | 'has-any' | 'is-list' | 'length-eq' | 'length-gt' | 'length-lt'
  | 'exists' | 'null' | 'not-null';

interface Operator {
  readonly title: string;
  /** How many values it takes; null: a list of them. */
  readonly values: 0 | 1 | 2 | null;
  /** The value is a number of elements, or a text, whatever the field holds. */
  readonly reads?: ValueKind;
}

export const OPERATORS: Readonly<Record<OperatorId, Operator>> = {
  eq: { title: 'is', values: 1 },
  ne: { title: 'is not', values: 1 },
  lt: { title: 'is below', values: 1 },
  le: { title: 'is at most', values: 1 },
  gt: { title: 'is above', values: 1 },
  ge: { title: 'is at least', values: 1 },
  between: { title: 'is between', values: 2 },
  in: { title: 'is one of', values: null },
  'not-in': { title: 'is none of', values: null },
  true: { title: 'is true', values: 0 },
  false: { title: 'is false', values: 0 },
  starts: { title: 'starts with', values: 1, reads: 'text' },
  contains: { title: 'contains', values: 1, reads: 'text' },
  ends: { title: 'ends with', values: 1, reads: 'text' },
  like: { title: 'is like (%, _)', values: 1, reads: 'text' },
  matches: { title: 'matches (regex)', values: 1, reads: 'text' },
  'not-matches': { title: 'does not match (regex)', values: 1, reads: 'text' },
  empty: { title: 'is the empty text', values: 0 },
  has: { title: 'has the element', values: 1 },
  'has-all': { title: 'has all of', values: null },
  'has-any': { title: 'has any of', values: null },
  'is-list': { title: 'is the list', values: null },
  'length-eq': { title: 'has so many elements', values: 1, reads: 'integer' },
  'length-gt': { title: 'has more elements than', values: 1, reads: 'integer' },
  'length-lt': { title: 'has fewer elements than', values: 1, reads: 'integer' },
  exists: { title: 'is there', values: 0 },
  null: { title: 'is null', values: 0 },
  'not-null': { title: 'is not null', values: 0 },
};

const ORDER: readonly OperatorId[] = ['lt', 'le', 'gt', 'ge', 'between'];
const NUMBERS: readonly OperatorId[] = ['eq', 'ne', ...ORDER, 'in', 'not-in'];
const TEXTS: readonly OperatorId[] = ['eq', 'contains', 'starts', 'ends', 'ne', 'in', 'not-in', 'like', 'matches', 'not-matches', ...ORDER, 'empty'];
const FLAGS: readonly OperatorId[] = ['true', 'false'];
const LISTS: readonly OperatorId[] = ['has', 'has-all', 'has-any', 'is-list', 'length-eq', 'length-gt', 'length-lt'];
const NULLS: readonly OperatorId[] = ['null', 'not-null'];

const BY_KIND: Readonly<Record<ValueKind, readonly OperatorId[]>> = { text: TEXTS, number: NUMBERS, integer: NUMBERS, flag: FLAGS };

/** What a subject can be asked, the most usual first. `as`: what a place in JSON is read as; `isPlace`: it is inside JSON. */
export function operatorsOf(subject: Subject, as: ValueKind, isPlace: boolean): readonly OperatorId[] {
  if (subject.kind === 'json') return [...BY_KIND[as], ...LISTS, ...(isPlace ? (['exists'] as const) : []), ...NULLS];
  const own = subject.kind === 'list' ? LISTS : BY_KIND[subject.kind];
  return subject.isNullable ? [...own, ...NULLS] : own;
}

/** As what an operator's values are read. */
export function readAs(subject: Subject, as: ValueKind, operator: OperatorId): ValueKind {
  const { reads } = OPERATORS[operator];
  if (reads !== undefined) return reads;
  if (subject.kind === 'json') return as;
  return subject.kind === 'list' ? subject.element! : subject.kind;
}
