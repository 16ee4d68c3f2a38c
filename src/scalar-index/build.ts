/** From a column to the sections of an index file, and back. */
import type { Column } from '../schema/column.ts';
import type { ScalarIndexSpec } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import { makeBitmaps, openBitmaps } from './bitmaps.ts';
import { entriesOf, type Entries } from './entries.ts';
import { openHead, type Rows, type Structure } from './head.ts';
import type { IndexSection, ScalarIndex, Target } from './index.ts';
import { buildNgrams, openNgrams } from './ngrams.ts';
import type { Places, SortedEntries } from './places.ts';
import { makePostings, openPostings } from './postings.ts';
import { chosenFor, structureOf } from './registry.ts';
import { ENTRIES_PER_STEP, sortedOrder, type Steps } from './sort.ts';
import { makeSortedRows, openSortedRows } from './sorted-rows.ts';
import { ValueIndex } from './value-index.ts';
import { corrupt, isSameValue, openValues, takeValues, VALUE_KINDS, type Sections } from './values.ts';

/** How places of values are made and opened. N-grams are no values, and have a file of their own. */
const PLACES: Readonly<Record<Exclude<Structure, 'ngrams'>, { readonly make: (entries: SortedEntries) => Places; readonly open: (sections: Sections, rows: number, values: number) => Places }>> = {
  postings: { make: makePostings, open: openPostings },
  bitmaps: { make: makeBitmaps, open: openBitmaps },
  sorted: { make: makeSortedRows, open: openSortedRows },
};

/** An index that was built. */
export interface BuiltScalarIndex {
  /** What it is: that which was asked for, or what AUTOINDEX picked. */
  readonly type: string;
  readonly sections: IndexSection[];
}

/** Builds what a spec asks for over a column. Equal columns give equal bytes. */
export function* buildScalarIndex(column: Column, target: Target, spec: ScalarIndexSpec): Steps<BuiltScalarIndex> {
  const rows = column.length;
  const entries = yield* entriesOf(column, target);
  yield;
  if (spec.type === 'NGRAM') {
    const lengths = { min: spec.params['min_gram'] as number, max: spec.params['max_gram'] as number };
    return { type: spec.type, sections: yield* buildNgrams(entries, rows, lengths) };
  }
  const order = yield* sortedOrder(entries.values, entries.rows.length);
  yield;
  const sorted = yield* sortedEntries(entries, rows, order);
  const type = spec.type === 'AUTOINDEX' ? chosenFor(target, spec, sorted.entryRows.length, sorted.starts.length - 1) : spec.type;
  const structure = structureOf(type) as keyof typeof PLACES;
  yield;
  // Positions: of entries, or of distinct values.
  const values = yield* takeValues(entries.values, structure === 'sorted' ? order : sorted.firsts);
  yield;
  const about: Rows = { rows, present: entries.present, existing: entries.existing };
  return { type, sections: new ValueIndex(structure, target, about, values, PLACES[structure].make(sorted)).sections() };
}

/** Entries in the order of their values, a row at most once for each, and the first entry of each value. */
function* sortedEntries({ values, rows: entryRows, isMulti }: Entries, rows: number, order: Uint32Array): Steps<SortedEntries & { readonly firsts: Uint32Array }> {
  const starts = new Uint32Array(order.length + 1);
  const firsts = new Uint32Array(order.length);
  const sorted = new Uint32Array(order.length);
  let count = 0;
  let distinct = 0;
  for (let i = 0; i < order.length; i++) {
    if (i % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    const isNew = i === 0 || !isSameValue(values, order[i - 1]!, order[i]!);
    const row = entryRows[order[i]!]!;
    if (!isNew && isMulti && sorted[count - 1] === row) continue;
    if (isNew) {
      firsts[distinct] = order[i]!;
      starts[distinct++] = count;
    }
    sorted[count++] = row;
  }
  starts[distinct] = count;
  return { rows, starts: starts.slice(0, distinct + 1), entryRows: sorted.slice(0, count), firsts: firsts.slice(0, distinct) };
}

/** Opens what was built over so many rows of `target`. CORRUPT where the sections do not fit together. */
export function openScalarIndex(sections: Sections, target: Target, rows: number): ScalarIndex {
  const head = openHead(sections, rows);
  const isOfField = target.path === null;
  if ((head.existing === null) !== isOfField) throw corrupt('head', isOfField ? 'an index of a field' : 'an index of a path', 'the other');
  if (head.structure === 'ngrams') return openNgrams(sections, target, head, head.numbers);
  const kind = VALUE_KINDS[head.numbers[0]];
  if (kind === undefined) throw new ElanusError('CORRUPT', `"head" of a scalar index expected a kind of values, got ${head.numbers[0]}`);
  const values = openValues(sections, kind, head.numbers[1]);
  return new ValueIndex(head.structure, target, head, values, PLACES[head.structure].open(sections, rows, values.count));
}
