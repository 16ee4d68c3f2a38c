/** A filter that finds its rows: what reads are given of the filter language, which comes with it when the first filter is used. */
import { compileFilter } from '../filter/compile.ts';
import type { Filter, TemplateValues } from '../filter/predicate.ts';
import { printPredicate } from '../filter/print.ts';
import type { Schema } from '../schema/types.ts';
import { rowsOfGrowing, rowsOfSealed } from './filter-rows.ts';
import type { Segment } from './matches.ts';
import type { Trace } from './trace.ts';

export interface RowFilter extends Filter {
  /** Rows of a segment that match, living or not, as words of a bitset; at once where everything is in memory that is needed. Not to be changed. */
  rowsOf(segment: Segment, trace: Trace | undefined): Uint32Array | Promise<Uint32Array>;
  /** As text, its constants worked out. */
  toString(): string;
}

/** FILTER_SYNTAX where the text is none of the language, FILTER_TYPE where it does not fit the schema. */
export function makeFilter(text: string, values: TemplateValues | undefined, schema: Schema): RowFilter {
  const filter = compileFilter(text, values, schema);
  return {
    ...filter,
    rowsOf: (segment, trace) => ('keys' in segment ? rowsOfSealed(segment, filter, trace) : rowsOfGrowing(segment, filter, trace)),
    toString: () => printPredicate(filter.predicate),
  };
}
