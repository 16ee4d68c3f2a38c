import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import type { Field, FieldType } from '../schema/types.ts';

/** A field of one of some types, by its name. `what`: what such fields are. INVALID_ARGUMENT for others. */
export function namedField(plan: SchemaPlan, option: string, name: unknown, types: ReadonlySet<FieldType>, what: string): Field {
  const field = typeof name === 'string' ? plan.byName.get(name) : undefined;
  const names = plan.schema.fields.filter(({ type }) => types.has(type)).map((known) => known.name).join(', ');
  if (field === undefined) refuse(option, NO_ROW, `a field ${what} (${names})`, show(name));
  if (!types.has(field.type)) refuse(option, NO_ROW, `a field ${what} (${names})`, `"${field.name}", which is of type ${field.type}`);
  return field;
}
