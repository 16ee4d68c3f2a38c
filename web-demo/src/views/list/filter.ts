/** Conditions that the controls of the search make: values go through templates, so that none can end a text. */
import type { FilterParams } from 'elanus';
import type { Dataset, FieldInfo } from '../../collections/dataset.ts';

export interface Filter {
  readonly filter: string;
  readonly filterParams: FilterParams;
}

/** The parameter of a field in the URL. */
export const paramOf = (field: FieldInfo, bound?: 'from' | 'to'): string => `f.${field.name}${bound === undefined ? '' : `.${bound}`}`;

/** What the facets of a link ask for; null where they ask for nothing. */
export function facetsOf(dataset: Dataset, params: URLSearchParams): Filter | null {
  return allOf(dataset.fields.map((field, i) => facetOf(field, `v${i}`, params)));
}

function facetOf(field: FieldInfo, slot: string, params: URLSearchParams): Filter | null {
  const { name, kind, names } = field;
  if (kind === 'number') {
    const bounds = (['from', 'to'] as const).map((bound) => {
      const text = params.get(paramOf(field, bound));
      const value = Number(text);
      if (text === null || text === '' || !Number.isFinite(value)) return null;
      return { filter: `${name} ${bound === 'from' ? '>=' : '<='} {${slot}${bound}}`, filterParams: { [`${slot}${bound}`]: value } };
    });
    return allOf(bounds);
  }
  const text = params.get(paramOf(field));
  if (text === null || text === '') return null;
  if (kind === 'flag') return { filter: `${name} == {${slot}}`, filterParams: { [slot]: text === 'true' } };
  if (kind === 'tags') return { filter: `array_contains(${name}, {${slot}})`, filterParams: { [slot]: text } };
  if (kind === 'category') {
    const value = names === undefined ? text : Number(text);
    return typeof value === 'number' && !Number.isInteger(value) ? null : { filter: `${name} == {${slot}}`, filterParams: { [slot]: value } };
  }
  return null;
}

/** Rows whose field has every one of the words, in any case and as a part of a word too. */
export function wordsFilter(field: string, words: string): Filter | null {
  // Everything but letters and digits of the languages has a meaning in a pattern, or may get one.
  const quoted = [...new Set(words.split(/\s+/).filter(Boolean))].map((word) => word.replace(/[^\p{L}\p{N}]/gu, (sign) => `\\x{${sign.codePointAt(0)!.toString(16)}}`));
  return allOf(quoted.map((word, i) => ({ filter: `${field} =~ {w${i}}`, filterParams: { [`w${i}`]: `(?i)${word}` } })));
}

/** All of some conditions; null where there is none. */
export function allOf(conditions: readonly (Filter | null)[]): Filter | null {
  const there = conditions.filter((condition) => condition !== null);
  if (there.length === 0) return null;
  return { filter: there.map(({ filter }) => filter).join(' and '), filterParams: Object.assign({}, ...there.map(({ filterParams }) => filterParams)) as FilterParams };
}

/** What was written in the filter view, together with what the controls ask for. */
export function within(written: string, conditions: Filter | null): Filter | null {
  if (written.trim() === '') return conditions;
  // `random_sample` stands last, and not in parentheses.
  return conditions === null ? { filter: written, filterParams: {} } : { filter: `${conditions.filter} and (${written})`, filterParams: conditions.filterParams };
}
