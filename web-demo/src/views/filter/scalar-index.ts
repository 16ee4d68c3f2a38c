/** Indexes of the places that a filter looks at: which there are, and which there could be. */
import type { Collection, Explanation, IndexDescription, ScalarIndexDescription } from 'elanus';
import { placeText } from './subject.ts';
import type { Path, Subject, ValueKind } from './subject.ts';
import { conditionsOf } from './tree.ts';
import type { Group } from './tree.ts';

export interface UsedPlace {
  readonly subject: Subject;
  readonly path: Path;
  /** Of JSON: as what its values are indexed. */
  readonly as: ValueKind;
  /** Of JSON: conditions ask for elements. */
  readonly isList: boolean;
  /** As the filter language writes it. */
  readonly text: string;
}

/** What the conditions are about, or where they were written by hand, the fields whose columns or indexes were looked at. */
export function usedPlaces(tree: Group | null, explanation: Explanation | null, subjects: readonly Subject[]): UsedPlace[] {
  const places = new Map<string, UsedPlace>();
  const add = (field: string, path: Path, as: ValueKind, isList: boolean): void => {
    const subject = subjects.find((each) => each.field === field);
    // An index of JSON is over a place inside.
    if (subject === undefined || (subject.kind === 'json') !== path.length > 0) return;
    const text = placeText(field, path);
    if (!places.has(text)) places.set(text, { subject, path, as, isList, text });
  };
  if (tree !== null) for (const { field, path, as, operator } of conditionsOf(tree)) add(field, path, as, operator.startsWith('has'));
  else for (const { indexes, scannedFields } of explanation?.segments ?? []) for (const field of [...indexes, ...scannedFields]) add(field, [], 'text', false);
  return [...places.values()];
}

const TYPES: Readonly<Record<Subject['kind'], readonly string[]>> = {
  text: ['AUTOINDEX', 'INVERTED', 'BITMAP', 'STL_SORT', 'Trie', 'NGRAM'],
  integer: ['AUTOINDEX', 'INVERTED', 'STL_SORT', 'BITMAP'],
  number: ['AUTOINDEX', 'INVERTED', 'STL_SORT'],
  flag: ['BITMAP', 'INVERTED', 'AUTOINDEX'],
  list: ['INVERTED', 'BITMAP', 'AUTOINDEX'],
  json: ['INVERTED', 'AUTOINDEX'],
};

/** `isKey`: it is the primary key, which has a value of its own in every row. */
export function typesFor({ subject, isList }: UsedPlace, isKey: boolean): readonly string[] {
  if (subject.kind === 'json' && isList) return ['INVERTED'];
  return isKey ? TYPES[subject.kind].filter((type) => type !== 'BITMAP') : TYPES[subject.kind];
}

const CAST: Readonly<Record<ValueKind, string>> = { text: 'varchar', number: 'double', integer: 'double', flag: 'bool' };

/** What `createIndex` is called with. */
export function indexRequest({ subject, path, as, isList, text }: UsedPlace, type: string): { readonly field: string; readonly spec: { readonly type: string; readonly params?: Readonly<Record<string, unknown>> } } {
  if (subject.kind !== 'json') return { field: subject.field, spec: type === 'NGRAM' ? { type, params: { min_gram: 2, max_gram: 3 } } : { type } };
  return { field: subject.isDynamic ? String(path[0]) : subject.field, spec: { type, params: { json_path: text, json_cast_type: `${isList ? 'array_' : ''}${CAST[as]}` } } };
}

export async function scalarIndexes(collection: Collection): Promise<ScalarIndexDescription[]> {
  return (await collection.listIndexes()).filter(isScalar);
}

const isScalar = (index: IndexDescription | ScalarIndexDescription): index is ScalarIndexDescription => 'name' in index;

export const indexOf = (indexes: readonly ScalarIndexDescription[], { subject, path }: UsedPlace): ScalarIndexDescription | undefined =>
  indexes.find((index) => index.field === subject.field && JSON.stringify(index.path ?? []) === JSON.stringify(path));
