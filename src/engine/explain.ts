/** Does a read and tells how: what the filter came to, what was done in each segment, and how long it took. */
import { Trace } from '../exec/trace.ts';
import type { CallContext, ExplainRequest, Explanation } from './client.ts';
import type { CollectionState } from './collection.ts';

export async function explain(state: CollectionState, asked: ExplainRequest, context: CallContext | undefined): Promise<Explanation> {
  const request = asked.search ?? asked.query ?? asked.aggregate;
  const start = performance.now();
  const filter = await state.reads.filter(request.filter);
  const compiled = performance.now();
  const trace = new Trace();
  const hits = await resultsOf(state, asked, context, trace);
  const done = performance.now();
  const segments = trace.segments.sort((a, b) => (a.segmentId ?? Infinity) - (b.segmentId ?? Infinity));
  const { partitions } = state.entry;
  const matchedRows = segments.reduce((sum, segment) => sum + segment.matchedRows, 0);
  const seenRows = state.reads.countRows(request.partitions, request.at);
  return {
    filter: filter && String(filter),
    index: (asked.search && state.indexSpec(asked.search.fieldId)) ?? null,
    hits,
    seenRows,
    matchedRows,
    selectivity: seenRows === 0 ? 0 : matchedRows / seenRows,
    skippedSegments: state.viewOf(request.partitions).sealed.length - segments.filter(({ segmentId }) => segmentId !== null).length,
    segments: segments.map((segment) => ({ ...segment, partition: partitions.find(({ partitionId }) => partitionId === segment.partitionId)?.name ?? '' })),
    compileMs: compiled - start,
    totalMs: done - start,
  };
}

/** How many hits, rows or groups the read answers. */
async function resultsOf({ reads }: CollectionState, { search, query, aggregate }: ExplainRequest, context: CallContext | undefined, trace: Trace): Promise<number> {
  if (search) return (await reads.search(search, context, trace)).keys.length;
  if (query) return (await reads.query(query, context?.signal, trace)).rows;
  return (await reads.aggregate(aggregate!, context?.signal, trace)).length;
}
