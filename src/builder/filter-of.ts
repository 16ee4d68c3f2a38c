/** Builds filters from a schema's fields, so that the compiler checks names and values. */
import type { AnySchema } from '../schema/infer.ts';
import type { Field, Schema, ShownSchema } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import { Condition } from './condition.ts';
import { Operand } from './operand.ts';
import type { FilterBuilder } from './types.ts';

/** Words that the filter language does not take for names, in lower case. */
const RESERVED: ReadonlySet<string> = new Set(['and', 'or', 'not', 'true', 'false', 'null']);

/** The hidden field of keys that no field has. */
const META = '$meta';

/**
 * `const f = filterOf(schema); await docs.search({ vector, ...f.and(f('price').lt(10), f('tags').contains('bird')).toOptions() })`.
 * Values become templates, so that nothing in them is read as a part of the filter.
 */
export function filterOf<S extends AnySchema>(schema: S): FilterBuilder<S> {
  const fields = new Map<string, Field>((schema as Schema).fields.map((field) => [field.name, field]));
  // A schema that is shown to users hides the field and says that it is there.
  const hasKeys = (schema as ShownSchema).dynamicField === true || fields.has(META);
  const operandOf = (name: string): Operand => {
    const field = fields.get(name);
    if (field === undefined || field.type.endsWith('Vector')) refuse(field === undefined ? `field ${JSON.stringify(name)} does not exist; the fields are ${namesOf(schema).join(', ')}` : `field "${name}" holds vectors (${field.type}), which a filter cannot look at`, name);
    if (RESERVED.has(name.toLowerCase())) refuse(`field "${name}" has the name of a word of the filter language, which cannot ask for it`, name);
    return new Operand(field, field.type === 'VarChar', () => name);
  };
  return Object.assign(operandOf, {
    key(...path: readonly (string | number)[]): Operand {
      if (!hasKeys) refuse(`a key needs a dynamic field, which the schema does not have; the fields are ${namesOf(schema).join(', ')}`, String(path[0]));
      return new Operand({ type: 'JSON' }, false, () => META).at(...path);
    },
    and: (...conditions: readonly unknown[]) => Condition.join('and', conditions.filter((condition) => condition !== undefined && condition !== null && condition !== false) as Condition[]),
    or: (...conditions: readonly Condition[]) => Condition.join('or', conditions),
    not: (condition: Condition) => Condition.not(condition),
  }) as unknown as FilterBuilder<S>;
}

const namesOf = (schema: Schema): string[] => schema.fields.filter((field) => !field.type.endsWith('Vector') && !field.isDynamic).map((field) => field.name);

function refuse(message: string, name: string): never {
  throw new ElanusError('FILTER_TYPE', message, { field: name });
}
