/** The indexes of scalar fields by the names users know. Adding one is a line here. */
import type { JsonPath } from '../filter/predicate.ts';
import type { ElementType, Field, ScalarIndexSpec } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import type { Structure } from './head.ts';
import { CASTS, type Cast, type Target } from './index.ts';
import { formatJsonPath, parseJsonPath } from './json-path.ts';

/** What an index may be over: a field or a cast by its type, elements of an Array as `Array<…>`. */
type OverType = Exclude<ElementType, never> | `Array<${ElementType}>`;

interface ScalarIndexType {
  /** Milvus's. */
  readonly name: string;
  /** Null: what is built depends on the values. */
  readonly structure: Structure | null;
  readonly isFor: (over: OverType) => boolean;
  readonly params: readonly string[];
}

const isFloat = (over: OverType): boolean => over.includes('Float') || over.includes('Double');
const isArray = (over: OverType): boolean => over.startsWith('Array');

const TYPES: readonly ScalarIndexType[] = [
  { name: 'INVERTED', structure: 'postings', isFor: () => true, params: [] },
  { name: 'BITMAP', structure: 'bitmaps', isFor: (over) => !isFloat(over), params: [] },
  { name: 'STL_SORT', structure: 'sorted', isFor: (over) => !isArray(over) && over !== 'Bool', params: [] },
  { name: 'Trie', structure: 'postings', isFor: (over) => over === 'VarChar', params: [] },
  { name: 'NGRAM', structure: 'ngrams', isFor: (over) => over === 'VarChar', params: ['min_gram', 'max_gram'] },
  { name: 'AUTOINDEX', structure: null, isFor: () => true, params: ['bitmap_cardinality_limit'] },
];

const PATH_PARAMS = ['json_path', 'json_cast_type', 'json_cast_function'];
const CAST_TYPES: Readonly<Record<Cast, OverType>> = { bool: 'Bool', double: 'Double', varchar: 'VarChar', array_bool: 'Array<Bool>', array_double: 'Array<Double>', array_varchar: 'Array<VarChar>' };
const BITMAP_VALUES_MAX = 1_000;
/** So many distinct values at most get a bit for every row each, unless AUTOINDEX was asked otherwise. */
const AUTO_BITMAP_VALUES = 100;

export const scalarIndexNames: readonly string[] = TYPES.map(({ name }) => name);

export const isScalarIndexName = (name: string): boolean => TYPES.some((type) => type.name === name);

export const structureOf = (name: string): Structure | null => TYPES.find((type) => type.name === name)!.structure;

export interface RawScalarSpec {
  readonly type: string;
  /** There must be none. */
  readonly metric?: unknown;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** What a user asked for, complete, and where. */
export interface AskedIndex {
  readonly spec: ScalarIndexSpec;
  readonly path: JsonPath | null;
}

const invalid = (message: string, detail: Record<string, unknown>): ElanusError => new ElanusError('INVALID_ARGUMENT', message, detail);

/** Checks and completes an index that was asked for. INVALID_ARGUMENT for a type that is not for the field, a parameter that is unknown, missing or out of range. */
export function completeScalarSpec(field: Field, raw: RawScalarSpec): AskedIndex {
  const type = TYPES.find(({ name }) => name.toUpperCase() === String(raw.type).toUpperCase());
  const about = { field: field.name, index: raw.type };
  if (!type) throw invalid(`"type" of an index of "${field.name}" expected one of ${scalarIndexNames.join(', ')}, got ${JSON.stringify(raw.type)}`, about);
  if (raw.metric !== undefined) throw invalid(`"metric" of an index of "${field.name}" expected nothing: a ${field.type} field has no metric, got ${JSON.stringify(raw.metric)}`, about);
  const given = raw.params ?? {};
  const isPath = field.type === 'JSON';
  const known = [...type.params, ...(isPath ? PATH_PARAMS : [])];
  for (const key of Object.keys(given)) {
    if (given[key] !== undefined && !known.includes(key)) throw invalid(`"params" of ${type.name} on "${field.name}" expected ${known.length > 0 ? known.join(', ') : 'none'}, got "${key}"`, { ...about, param: key });
  }
  const path = isPath ? parseJsonPath(given['json_path'], field.name, field.isDynamic ?? false) : null;
  const cast = isPath ? castOf(field, given['json_cast_type']) : null;
  const over = cast ? CAST_TYPES[cast] : overOf(field);
  if (type.name === 'BITMAP' && field.primaryKey) throw invalid(`"type" of an index of "${field.name}" expected another than BITMAP: a primary key has as many values as rows`, about);
  if (!type.isFor(over)) {
    const fitting = TYPES.filter(({ isFor }) => isFor(over)).map(({ name }) => name);
    const what = cast ? `values of ${cast}` : over;
    throw invalid(`"type" of an index of "${field.name}" expected one of ${fitting.join(', ')} (for ${what}), got ${type.name}`, about);
  }
  if (isPath && type.name === 'AUTOINDEX' && isArray(over)) throw invalid(`"json_cast_type" of AUTOINDEX on "${field.name}" expected bool, double or varchar, got ${cast}`, about);
  const params: Record<string, number | string | boolean> = {};
  if (type.name === 'NGRAM') {
    params['min_gram'] = integer(field, given, 'min_gram', 1, 64, undefined);
    params['max_gram'] = integer(field, given, 'max_gram', params['min_gram'], 64, undefined);
  }
  if (type.name === 'AUTOINDEX' && given['bitmap_cardinality_limit'] !== undefined) params['bitmap_cardinality_limit'] = integer(field, given, 'bitmap_cardinality_limit', 1, BITMAP_VALUES_MAX, AUTO_BITMAP_VALUES);
  if (isPath) {
    params['json_path'] = formatJsonPath(field.name, path!);
    params['json_cast_type'] = cast!;
    const convert = given['json_cast_function'];
    if (convert !== undefined) params['json_cast_function'] = castFunction(field, cast!, convert);
  }
  return { spec: { type: type.name, params }, path };
}

function overOf({ type, elementType }: Field): OverType {
  return type === 'Array' ? `Array<${elementType!}>` : (type as OverType);
}

function castOf(field: Field, given: unknown): Cast {
  const name = typeof given === 'string' ? given.toLowerCase() : '';
  if ((CASTS as readonly string[]).includes(name)) return name as Cast;
  throw invalid(`"json_cast_type" of an index of "${field.name}" expected one of ${CASTS.join(', ')}, got ${typeof given === 'string' ? JSON.stringify(given) : given === undefined ? 'nothing' : typeof given}`, { field: field.name, param: 'json_cast_type' });
}

function castFunction(field: Field, cast: Cast, given: unknown): string {
  if (typeof given === 'string' && given.toUpperCase() === 'STRING_TO_DOUBLE' && cast === 'double') return 'STRING_TO_DOUBLE';
  throw invalid(`"json_cast_function" of an index of "${field.name}" expected STRING_TO_DOUBLE with json_cast_type double, got ${JSON.stringify(given)} with ${cast}`, { field: field.name, param: 'json_cast_function' });
}

function integer(field: Field, given: Readonly<Record<string, unknown>>, name: string, min: number, max: number, initial: number | undefined): number {
  const value = given[name] ?? initial;
  const number = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;
  if (Number.isInteger(number) && (number as number) >= min && (number as number) <= max) return number as number;
  throw invalid(`"${name}" of an index of "${field.name}" expected an integer from ${min} to ${max}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`, { field: field.name, param: name });
}

/** What an index of a spec is over. */
export const targetOf = (field: Field, path: JsonPath | null, { params }: ScalarIndexSpec): Target => ({ field, path, cast: path === null ? null : (params['json_cast_type'] as Cast) });

/** What AUTOINDEX builds over so many entries of so many distinct values, and why. */
export function chosenFor({ field, cast }: Target, { params }: ScalarIndexSpec, entries: number, distinct: number): string {
  const over = cast ? CAST_TYPES[cast] : overOf(field);
  const limit = (params['bitmap_cardinality_limit'] as number | undefined) ?? AUTO_BITMAP_VALUES;
  if (distinct <= limit && !isFloat(over) && !field.primaryKey) return 'BITMAP';
  // A list of one row each takes more than the value again.
  return !isArray(over) && over !== 'Bool' && distinct > entries / 2 ? 'STL_SORT' : 'INVERTED';
}

/** Why AUTOINDEX and a cast function do what they do; undefined where there is nothing to say. */
export function whyScalar({ type, params }: ScalarIndexSpec): string | undefined {
  if (type === 'AUTOINDEX') return `by segment: BITMAP up to ${params['bitmap_cardinality_limit'] ?? AUTO_BITMAP_VALUES} distinct values that are no floats, STL_SORT where most values are different, INVERTED otherwise`;
  return params['json_cast_function'] === undefined ? undefined : 'numbers written as text are not in it: an index changes nothing of what a filter means, and there text is no number';
}
