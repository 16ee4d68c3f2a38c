/** Does a search and tells how: what the filter came to, what was done in each segment, and how long it took. */
import { Trace } from '../exec/trace.ts';
import type { CallContext, Explanation, SearchRequest } from './client.ts';
import type { CollectionState } from './collection.ts';

export async function explainSearch(state: CollectionState, request: SearchRequest, context: CallContext | undefined): Promise<Explanation> {
  const start = performance.now();
  const filter = await state.reads.filter(request.filter);
  const compiled = performance.now();
  const trace = new Trace();
  const reply = await state.reads.search(request, context, trace);
  const done = performance.now();
  const segments = trace.segments.sort((a, b) => (a.segmentId ?? Infinity) - (b.segmentId ?? Infinity));
  const { partitions } = state.entry;
  const matchedRows = segments.reduce((sum, segment) => sum + segment.matchedRows, 0);
  const seenRows = state.reads.countRows(request.partitions, request.at);
  return {
    filter: filter && String(filter),
    index: state.indexSpec(request.fieldId) ?? null,
    hits: reply.keys.length,
    seenRows,
    matchedRows,
    selectivity: seenRows === 0 ? 0 : matchedRows / seenRows,
    skippedSegments: state.viewOf(request.partitions).sealed.length - segments.filter(({ segmentId }) => segmentId !== null).length,
    segments: segments.map((segment) => ({ ...segment, partition: partitions.find(({ partitionId }) => partitionId === segment.partitionId)?.name ?? '' })),
    compileMs: compiled - start,
    totalMs: done - start,
  };
}
