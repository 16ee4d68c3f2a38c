/** What a condition can be about: the scalar fields of a schema, and places inside JSON. */
import type { Schema } from 'elanus';
import type { FieldInfo } from '../../collections/dataset.ts';

type Field = Schema['fields'][number];

/** How typed text is read as a value. */
export type ValueKind = 'text' | 'number' | 'integer' | 'flag';

export interface Subject {
  readonly field: string;
  /** For people. */
  readonly title: string;
  /** `json`: every row may have something else there, so a condition says as what its value is read. */
  readonly kind: ValueKind | 'list' | 'json';
  /** Of a list. */
  readonly element?: ValueKind;
  readonly isNullable: boolean;
  /** The hidden field of keys that no field has. */
  readonly isDynamic?: boolean;
  /** What the numbers of a category stand for, by number. */
  readonly names?: readonly string[];
  /** The type in the schema, for people. */
  readonly type: string;
}

export type Path = readonly (string | number)[];

export const DYNAMIC = '$meta';

/** Words that the filter language does not take for names. */
const RESERVED: ReadonlySet<string> = new Set(['and', 'or', 'not', 'true', 'false', 'null']);

export interface ShownSchema extends Pick<Schema, 'fields'> {
  readonly dynamicField?: boolean;
}

/** In the order of the schema. `known`: what the page knows of the fields beyond it. */
export function subjectsOf(schema: ShownSchema, known: readonly FieldInfo[] = []): Subject[] {
  const subjects = schema.fields.filter(({ name, type }) => !type.endsWith('Vector') && name !== DYNAMIC && !RESERVED.has(name.toLowerCase())).map((field) => subjectOf(field, known.find(({ name }) => name === field.name)));
  if (schema.dynamicField) subjects.push({ field: DYNAMIC, title: 'other keys', kind: 'json', isNullable: false, isDynamic: true, type: 'JSON' });
  return subjects;
}

function subjectOf({ name, type, nullable, elementType }: Field, known: FieldInfo | undefined): Subject {
  const base = { field: name, title: name, isNullable: nullable };
  if (type === 'JSON') return { ...base, kind: 'json', type };
  if (type === 'Array') return { ...base, kind: 'list', element: kindOf(elementType!), type: `Array of ${elementType}` };
  return { ...base, kind: kindOf(type), type, ...(known?.names ? { names: known.names } : {}) };
}

function kindOf(type: string): ValueKind {
  if (type === 'VarChar') return 'text';
  if (type === 'Bool') return 'flag';
  return type === 'Float' || type === 'Double' ? 'number' : 'integer';
}

/** A place as the filter language writes it: `meta["a"][0]`. */
export const placeText = (field: string, path: Path): string => field + path.map((step) => `[${JSON.stringify(step)}]`).join('');
