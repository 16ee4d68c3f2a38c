/** What an Array field holds, as a field of its own: an array is a row of it in one column, its elements are rows of another. */
import type { Field } from './types.ts';

/** The field that the elements are values of. It has the number and the name of the array's. */
export const elementField = ({ fieldId, name, elementType, maxLength }: Field): Field => ({
  fieldId,
  name,
  type: elementType!,
  primaryKey: false,
  autoId: false,
  nullable: false,
  ...(maxLength === undefined ? {} : { maxLength }),
});
