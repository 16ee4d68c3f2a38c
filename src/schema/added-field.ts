/** A field that comes to a collection which has rows already. Apart from `define.ts`, because few need it. */
import { normaliseField } from './define.ts';
import { NO_ROW, notSupported, refuse } from './refuse.ts';
import { mayBeMissing } from './rows.ts';
import type { Field } from './types.ts';
import { isVectorType } from './vector-types/kinds.ts';

/** INVALID_ARGUMENT where old rows would have no value, NOT_SUPPORTED for vectors. Its number is the engine's to give. */
export function toAddedField(name: string, input: unknown): Omit<Field, 'fieldId'> {
  const { fieldId: _, ...field } = normaliseField(name, 0, input);
  if (isVectorType(field.type)) notSupported(name, 'adding a vector field', 'make a collection that has it');
  if (field.primaryKey || field.partitionKey) refuse(name, NO_ROW, 'a field that is no key', 'one');
  if (!mayBeMissing(field)) refuse(name, NO_ROW, 'nullable: true or a defaultValue: the rows that are there have no value', 'neither');
  return field;
}
