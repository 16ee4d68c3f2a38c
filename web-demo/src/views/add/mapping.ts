/** What a visitor decides about a file: what becomes of its columns. */
import { isCategory, isNumber, isTags, isText, isVector, mayBeFilter, mayBeKey } from './column.ts';
import type { ColumnInfo } from './column.ts';
import { titleFault } from './names.ts';

export type Metric = 'COSINE' | 'IP' | 'L2';

export interface Mapping {
  /** Of the collection, for people. */
  readonly title: string;
  /** The column of keys; null: rows are counted. */
  readonly key: string | null;
  /** Where vectors come from. */
  readonly from: 'text' | 'column';
  /** The column of vectors, with `from: 'column'`. */
  readonly vector: string | null;
  /** With `from: 'column'`; vectors of texts are compared by their angle. */
  readonly metric: Metric;
  /** Columns of text that are embedded, one behind the other, with `from: 'text'`. */
  readonly embedded: readonly string[];
  /** What embeds: `latent`, or the id of a model. */
  readonly embedder: string;
  /** The column that names a row. */
  readonly label: string | null;
  readonly filters: readonly string[];
  /** Columns that are taken along at all. */
  readonly kept: readonly string[];
}

/** Fields that a collection can have, less the key and the vector. */
const KEPT_MAX = 60;
/** Different values of a text that one picks from a list. */
export const CATEGORIES_MAX = 100;

const KEY = /^_?(id|key|pk|uuid|doi|isbn|slug)$/i;
const LABEL = /^(title|name|headline|subject|label|heading|titel|titre)$/i;
const BODY = /(text|abstract|summary|description|body|content|review|comment|message|passage|question|article)/i;

/** What most visitors would choose. */
export function suggestMapping(columns: readonly ColumnInfo[], title: string, format?: string): Mapping {
  if (format === 'text') return ofPassages(columns, title);
  const texts = columns.filter(isText);
  const key = columns.find((column) => KEY.test(column.name) && mayBeKey(column)) ?? null;
  const vector = columns.find(isVector) ?? null;
  const label = texts.find(({ name, distinct }) => LABEL.test(name) && distinct !== 1) ?? texts.find((column) => column.length > 0 && column.length <= 120 && !isCategory(column, Infinity) && column !== key) ?? null;
  const others = texts.filter((column) => column !== key);
  const longest = [...others].sort((a, b) => b.length - a.length)[0] as ColumnInfo | undefined;
  const named = others.filter(({ name, length }) => BODY.test(name) && length >= 20);
  const bodies = named.length > 0 ? named : longest === undefined ? [] : [longest];
  const embedded = new Set([...(label === null ? [] : [label]), ...bodies].map(({ name }) => name));
  const isLeftOut = (column: ColumnInfo): boolean => column.type.endsWith('Vector') && column !== vector;
  const kept = columns.filter((column) => !isLeftOut(column)).slice(0, KEPT_MAX);
  return {
    title,
    key: key?.name ?? null,
    from: vector === null ? 'text' : 'column',
    vector: vector?.name ?? null,
    metric: 'COSINE',
    embedded: columns.filter(({ name }) => embedded.has(name)).map(({ name }) => name),
    embedder: 'latent',
    label: label?.name ?? null,
    filters: kept.filter((column) => column !== key && isUsefulFilter(column)).map(({ name }) => name),
    kept: kept.map(({ name }) => name),
  };
}

/** Of text and Markdown: columns `path`, `title`, `heading`, `passage` and `text`, of which some say the same of every row. */
function ofPassages(columns: readonly ColumnInfo[], title: string): Mapping {
  const telling = columns.filter(({ name, distinct }) => name === 'text' || distinct !== 1).map(({ name }) => name);
  const heading = columns.find(({ name, distinct, filled }) => name === 'heading' && filled > 0 && distinct !== 1);
  const names = telling.filter((name) => name === 'heading' || name === 'title');
  return {
    title,
    key: null,
    from: 'text',
    vector: null,
    metric: 'COSINE',
    embedded: [...names, 'text'],
    embedder: 'latent',
    label: heading?.name ?? names[0] ?? null,
    filters: columns.filter((column) => column.name === 'title' && isCategory(column, CATEGORIES_MAX)).map(({ name }) => name),
    kept: telling,
  };
}

function isUsefulFilter(column: ColumnInfo): boolean {
  if (!mayBeFilter(column)) return false;
  if (column.type === 'Bool') return true;
  if (isNumber(column)) return column.distinct === null || column.distinct > 1;
  if (isTags(column)) return true;
  return isCategory(column, CATEGORIES_MAX);
}

/** What cannot be made, by the part of the form that says so. */
export type MappingFaults = Partial<Record<'title' | 'key' | 'vector' | 'embedded' | 'kept', string>>;

/** @param taken titles of other collections */
export function mappingFaults(mapping: Mapping, columns: readonly ColumnInfo[], taken: readonly string[] = []): MappingFaults {
  const faults: MappingFaults = {};
  const title = titleFault(mapping.title, taken);
  if (title !== null) faults.title = title;
  const columnOf = (name: string) => columns.find((column) => column.name === name);
  const key = mapping.key === null ? undefined : columnOf(mapping.key);
  if (key !== undefined && !mayBeKey(key)) faults.key = `“${key.name}” cannot be the key: a key is a whole number or a short text that every row has, and no two rows share.`;
  if (mapping.from === 'column' && (mapping.vector === null || !columns.some((column) => column.name === mapping.vector && isVector(column)))) faults.vector = 'Choose the column that has the vectors.';
  if (mapping.from === 'text' && mapping.embedded.length === 0) {
    faults.embedded = columns.some(isText)
      ? 'Choose at least one column of text to search by.'
      : 'This file has neither text nor vectors, so there is nothing to search by.';
  }
  if (takenColumns(mapping).length > KEPT_MAX) faults.kept = `At most ${KEPT_MAX} columns can be taken along; these are ${takenColumns(mapping).length}.`;
  return faults;
}

/** All columns that become fields, each once. */
export function takenColumns({ kept, key, from, vector, embedded, label, filters }: Mapping): string[] {
  const vectors = from === 'column' && vector !== null ? [vector] : [];
  return [...new Set([...kept, ...(key === null ? [] : [key]), ...vectors, ...(from === 'text' ? embedded : []), ...(label === null ? [] : [label]), ...filters])];
}
