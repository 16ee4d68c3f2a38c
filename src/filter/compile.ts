/** From the text of a filter to a checked predicate. */
import type { Schema } from '../schema/types.ts';
import type { Filter, TemplateValues } from './predicate.ts';

/** FILTER_SYNTAX where the text is none of the language, FILTER_TYPE where it does not fit the schema. */
export function compileFilter(_text: string, _values: TemplateValues | undefined, _schema: Schema): Filter {
  throw new Error('not written yet');
}
