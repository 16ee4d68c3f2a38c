/**
 * The rows of a segment that a filter matches, living or not. What it comes to stays the same as long as no rows come, in a sealed
 * segment for good, and is remembered for the next read by the same filter.
 */
import { evaluate, fieldsOf } from '../filter/evaluate.ts';
import { truthWords, type Filter, type Leaf, type Truth } from '../filter/predicate.ts';
import { viewRows } from '../schema/column-ops.ts';
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import type { GrowingSegment } from '../segment/growing.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import { yieldToHost } from '../util/yield.ts';
import { planFilter, type FilterPlan } from './filter-plan.ts';
import type { Segment } from './matches.ts';
import type { Trace } from './trace.ts';

/** Filters that a segment remembers the rows of. */
const REMEMBERED_MAX = 8;

/** Bitsets as words, of the first so many rows; the least recently used first. */
const remembered = new WeakMap<Segment, Map<Filter, { readonly rows: number; readonly words: Uint32Array }>>();

export function rowsOfGrowing(segment: GrowingSegment, filter: Filter, trace: Trace | undefined): Uint32Array {
  const known = recall(segment, filter, trace);
  if (known) return known;
  const start = performance.now();
  const { isTrue } = evaluate(filter.predicate, { rows: segment.rows, column: (field) => segment.column(field), known: () => null });
  if (trace) noteScan(trace, segment, filter, start);
  return remember(segment, filter, isTrue);
}

/** At once where everything is in memory that is needed. */
export function rowsOfSealed(segment: SealedSegment, filter: Filter, trace: Trace | undefined): Uint32Array | Promise<Uint32Array> {
  const known = recall(segment, filter, trace);
  if (known) return known;
  const start = performance.now();
  const plan = planFilter(segment, filter.predicate);
  return 'then' in plan ? plan.then((planned) => rowsByPlan(segment, filter, planned, trace, start)) : rowsByPlan(segment, filter, plan, trace, start);
}

function rowsByPlan(segment: SealedSegment, filter: Filter, plan: FilterPlan, trace: Trace | undefined, start: number): Uint32Array | Promise<Uint32Array> {
  const { predicate, truths } = plan;
  const columns = new Map<number, Column>();
  const pending: Promise<void>[] = [];
  const fields = fieldsOf(predicate, (leaf) => truths.has(leaf));
  for (const field of fields) {
    const cached = segment.useColumn(field.fieldId);
    if (cached) columns.set(field.fieldId, cached);
    else pending.push(segment.loadColumn(field).then((column) => void columns.set(field.fieldId, column)));
  }
  const found = (words: Uint32Array): Uint32Array => {
    if (trace) notePlan(trace, segment, plan, fields, start);
    return remember(segment, filter, words);
  };
  const scan = (): Uint32Array | Promise<Uint32Array> => {
    const words = scanInSlices(plan, segment.rows, (field) => columns.get(field.fieldId)!);
    return 'then' in words ? words.then(found) : found(words);
  };
  return pending.length === 0 ? scan() : Promise.all(pending).then(scan);
}

/** Rows of the first slice; the next are as long as what they take allows. */
const FIRST_ROWS = 8_192;
const SLICE_MS = 10;

/** Gives way to the host where it takes longer than a slice. */
function scanInSlices({ predicate, truths }: FilterPlan, rows: number, column: (field: Field) => Column): Uint32Array | Promise<Uint32Array> {
  const words = new Uint32Array(truthWords(rows));
  let from = 0;
  let step = FIRST_ROWS;
  /** Answers whether all is done. */
  const work = (): boolean => {
    const start = performance.now();
    for (let spent = 0; from < rows && spent < SLICE_MS; ) {
      const to = Math.min(from + step, rows);
      const known = (leaf: Leaf): Truth | null => viewTruth(truths.get(leaf), from, to);
      words.set(evaluate(predicate, { rows: to - from, column: (field) => viewRows(column(field), from, to), known }).isTrue, from >>> 5);
      const now = performance.now() - start;
      const stepsLeft = SLICE_MS / Math.max(now - spent, 0.05);
      // Whole words of bits; no more than eight times as many, because a clock is coarse and rows differ.
      step = Math.max(FIRST_ROWS, (Math.min(step * 8, step * stepsLeft) >>> 6) << 6);
      spent = now;
      from = to;
    }
    return from === rows;
  };
  if (work()) return words;
  return (async () => {
    do await yieldToHost();
    while (!work());
    return words;
  })();
}

/** Of rows [from, to); `from` begins a word of 64. */
function viewTruth(truth: Truth | undefined, from: number, to: number): Truth | null {
  if (!truth) return null;
  const view = (bits: Uint32Array): Uint32Array => bits.subarray(from >>> 5, (from >>> 5) + truthWords(to - from));
  return { isTrue: view(truth.isTrue), isUnknown: truth.isUnknown && view(truth.isUnknown) };
}

function notePlan(trace: Trace, segment: Segment, { predicate, indexes, estimate }: FilterPlan, fields: readonly Field[], start: number): void {
  const noted = trace.of(segment);
  noted.filteredBy = predicate.kind === 'constant' ? 'zones' : indexes.length === 0 ? 'scan' : fields.length === 0 ? 'indexes' : 'both';
  noted.indexes = indexes;
  noted.scannedFields = fields.map(({ name }) => name);
  noted.estimatedRows = estimate;
  noted.filterMs = performance.now() - start;
}

function noteScan(trace: Trace, segment: Segment, { predicate }: Filter, start: number): void {
  const noted = trace.of(segment);
  noted.filteredBy = 'scan';
  noted.scannedFields = fieldsOf(predicate).map(({ name }) => name);
  noted.filterMs = performance.now() - start;
}

function recall(segment: Segment, filter: Filter, trace: Trace | undefined): Uint32Array | null {
  const filters = remembered.get(segment);
  const known = filters?.get(filter);
  if (!known || known.rows !== segment.rows) return null;
  filters!.delete(filter);
  filters!.set(filter, known);
  if (trace) {
    const noted = trace.of(segment);
    // What this very read has found out before it had to read more is remembered as well.
    if (noted.filteredBy === 'nothing') noted.filteredBy = 'memory';
  }
  return known.words;
}

function remember(segment: Segment, filter: Filter, words: Uint32Array): Uint32Array {
  let filters = remembered.get(segment);
  if (!filters) remembered.set(segment, (filters = new Map()));
  filters.delete(filter);
  filters.set(filter, { rows: segment.rows, words });
  if (filters.size > REMEMBERED_MAX) for (const oldest of filters.keys()) { filters.delete(oldest); break; }
  return words;
}
