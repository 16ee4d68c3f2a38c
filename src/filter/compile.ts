/** From the text of a filter to a checked predicate. */
import type { Schema } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import { Checker } from './check.ts';
import { FilterMistake, toError } from './errors.ts';
import { parse } from './parse.ts';
import type { Filter, TemplateValues } from './predicate.ts';

/** UTF-16 units of a filter's text. */
export const MAX_FILTER_LENGTH = 1024 * 1024;

/**
 * FILTER_SYNTAX where the text is none of the language, FILTER_TYPE where it does not fit the schema, NOT_SUPPORTED for what Milvus
 * has and is not there. An empty text is true of every row.
 */
export function compileFilter(text: string, values: TemplateValues | undefined, schema: Schema): Filter {
  if (typeof text !== 'string') throw new ElanusError('INVALID_ARGUMENT', `"filter" expected a text, got ${text === null ? 'null' : `a value of type ${typeof text}`}`, { field: 'filter' });
  if (text.length > MAX_FILTER_LENGTH) {
    throw new ElanusError('INVALID_ARGUMENT', `"filter" expected at most ${MAX_FILTER_LENGTH} characters, got ${text.length}; long lists are better given as templates ({name})`, { field: 'filter' });
  }
  if (values !== undefined && (typeof values !== 'object' || values === null)) {
    throw new ElanusError('INVALID_ARGUMENT', `"filterParams" expected an object of values by name, got ${values === null ? 'null' : `a value of type ${typeof values}`}`, { field: 'filterParams' });
  }
  try {
    return new Checker(schema, values).filter(parse(text));
  } catch (error) {
    if (error instanceof FilterMistake) throw toError(error, text);
    throw error;
  }
}
