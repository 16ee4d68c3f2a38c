/** `orderBy`: by what rows are to be put in order. */
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { wordOption } from './options.ts';

export interface NamedOrder {
  readonly name: string;
  readonly isDescending: boolean;
}

/** Of one term, Milvus's list of them in a string, or an array. INVALID_ARGUMENT for what is none, and for a name that comes twice. */
export function orderTerms(orderBy: unknown): NamedOrder[] {
  const terms = (Array.isArray(orderBy) ? orderBy : typeof orderBy === 'string' ? orderBy.split(',') : [orderBy]).map(orderTerm);
  if (terms.length === 0) refuse('orderBy', NO_ROW, 'a field', 'none');
  const names = new Set<string>();
  for (const { name } of terms) {
    if (names.has(name)) refuse('orderBy', NO_ROW, 'each field once', `${show(name)} again`);
    names.add(name);
  }
  return terms;
}

/** `'name'`, `'name:desc'` or `{ field, order }`. */
function orderTerm(term: unknown): NamedOrder {
  if (typeof term === 'string') {
    const [name, order, ...rest] = term.split(':').map((part) => part.trim());
    if (rest.length > 0 || (order !== undefined && order !== 'asc' && order !== 'desc')) refuse('orderBy', NO_ROW, 'a field with asc or desc, such as "price:desc"', show(term));
    return { name, isDescending: order === 'desc' };
  }
  if (!isRecord(term)) refuse('orderBy', NO_ROW, 'fields by name, or as { field, order }', show(term));
  for (const key in term) if (key !== 'field' && key !== 'order') refuse('orderBy', NO_ROW, 'fields by name, or as { field, order }', `one with ${show(key)}`);
  if (typeof term.field !== 'string') refuse('orderBy', NO_ROW, 'the name of a field', show(term.field));
  return { name: term.field, isDescending: wordOption('orderBy', term.order, ['asc', 'desc']) === 'desc' };
}
