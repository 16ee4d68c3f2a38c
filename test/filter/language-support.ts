/** A schema with a field of every kind, and short words for what tests of the language do. */
import { compileFilter } from '../../src/filter/compile.ts';
import type { Filter, TemplateValues } from '../../src/filter/predicate.ts';
import { printPredicate } from '../../src/filter/print.ts';
import type { Field, Schema } from '../../src/schema/types.ts';
import { isElanusError } from '../../src/util/error.ts';

const field = (name: string, type: Field['type'], rest: Partial<Field> = {}): Omit<Field, 'fieldId'> => ({ name, type, primaryKey: false, autoId: false, nullable: false, ...rest });

/** A field of the hidden kind, for keys that no field has. */
export const META = field('$meta', 'JSON', { isDynamic: true });

export const schemaOf = (...fields: readonly Omit<Field, 'fieldId'>[]): Schema => ({ version: 1, fields: fields.map((each, fieldId) => ({ fieldId, ...each })) });

const FIELDS = [
  field('id', 'Int64', { primaryKey: true }),
  field('flag', 'Bool'),
  field('i8', 'Int8', { nullable: true }),
  field('i16', 'Int16'),
  field('i32', 'Int32'),
  field('i64', 'Int64', { nullable: true }),
  field('f32', 'Float', { nullable: true }),
  field('f64', 'Double'),
  field('name', 'VarChar', { maxLength: 100, nullable: true }),
  field('title', 'VarChar', { maxLength: 100 }),
  field('meta', 'JSON', { nullable: true }),
  field('tags', 'Array', { elementType: 'VarChar', maxCapacity: 10, maxLength: 20 }),
  field('nums', 'Array', { elementType: 'Int8', maxCapacity: 10, nullable: true }),
  field('bigs', 'Array', { elementType: 'Int64', maxCapacity: 10 }),
  field('v', 'FloatVector', { dim: 4 }),
];

export const SCHEMA = schemaOf(...FIELDS);
export const DYNAMIC = schemaOf(...FIELDS, META);

export const compile = (text: string, values?: TemplateValues, schema: Schema = SCHEMA): Filter => compileFilter(text, values, schema);
/** A predicate in words: fully parenthesised. */
export const printed = (text: string, values?: TemplateValues, schema: Schema = SCHEMA): string => {
  const { predicate, sample } = compile(text, values, schema);
  return printPredicate(predicate) + (sample === null ? '' : ` sampled ${sample}`);
};

/** Code and message of a refusal. Fails where there is none. */
export function refusal(text: string, values?: TemplateValues, schema: Schema = SCHEMA): { readonly code: string; readonly message: string; readonly detail: Readonly<Record<string, unknown>> } {
  try {
    compile(text, values, schema);
  } catch (error) {
    if (isElanusError(error)) return { code: error.code, message: error.message, detail: error.detail };
    throw error;
  }
  throw new Error(`${text} was accepted`);
}
