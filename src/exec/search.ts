/**
 * A vector search over the segments of a collection: every segment gives its best, the best of those win. On the
 * common path (everything in memory, one query) it runs from start to end without a promise.
 */
import type { SearchReply } from '../engine/client.ts';
import type { DistanceRange, Kernels } from '../kernels/kernels.ts';
import { takeFrom } from '../schema/column-ops.ts';
import type { Column, ColumnBatch } from '../schema/column.ts';
import type { Field, MetricType } from '../schema/types.ts';
import type { QueryVectors } from '../schema/vector-types/index.ts';
import type { GrowingSegment } from '../segment/growing.ts';
import { compareKeys } from '../segment/keys.ts';
import type { RowQuery, SealedVectors } from '../segment/sealed-vectors.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { VectorSnapshot } from '../segment/vector-snapshot.ts';
import type { Store } from '../storage/store.ts';
import { throwIfAborted } from '../util/error.ts';
import { indexServes, isLoaded, loadForSearch } from './load.ts';
import { matchSegments, type Match, type Segment } from './matches.ts';
import { planSegment, type FieldPlan } from './plan.ts';
import type { RowFilter } from './row-filter.ts';
import { scanWithin, searchBehind, withinRange, withNearBound } from './range.ts';
import type { Trace } from './trace.ts';
import { Slices } from './slices.ts';
import { scanTile, searchTile, tileSize, type BatchPart, type TileHits } from './tile.ts';

/** The segments that a search sees. */
export interface SearchView {
  readonly store: Store;
  /** The growing segment, and those that are being sealed. */
  readonly growing: readonly GrowingSegment[];
  readonly sealed: readonly SealedSegment[];
  /** Fires when the collection is closed or dropped: what takes its time then ends with the reason. */
  readonly ending: AbortSignal;
}

export interface SearchJob {
  readonly plan: FieldPlan;
  /** In the form of the field's column. */
  readonly queries: QueryVectors;
  readonly nq: number;
  readonly offset: number;
  readonly outputFields: readonly Field[];
  readonly keyIsInt64: boolean;
  /** Only rows that match; null: all. */
  readonly filter: RowFilter | null;
  /** See the rows as they were then. */
  readonly at: bigint | undefined;
  readonly trace?: Trace | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Hits of one query from one segment, closest first; views of kernel memory until they are `kept`. */
interface Found {
  readonly segment: Segment;
  readonly rows: Uint32Array;
  readonly distances: Float32Array;
}

/** Hits of all queries, in order; one array each, so that nothing is allocated per hit. */
export interface Hits {
  readonly segments: Segment[];
  readonly rows: number[];
  readonly distances: number[];
  readonly ends: Uint32Array;
}

/** A scan of more bytes takes long enough that its host is given way to. */
const LONG_SCAN_BYTES = 256 << 20;
/** Keys of more hits than these are sent as a typed array. */
const PLAIN_KEYS_MAX = 128;

/** What holds nothing but history is for reads of the past. */
export function withoutHistory(view: SearchView, { at }: SearchJob): SearchView {
  return at === undefined && view.sealed.some((segment) => segment.isHistory) ? { ...view, sealed: view.sealed.filter((segment) => !segment.isHistory) } : view;
}

export function searchSegments(whole: SearchView, job: SearchJob): SearchReply | Promise<SearchReply> {
  const view = withoutHistory(whole, job);
  if (job.nq !== 1 || job.at !== undefined || scanBytes(view, job.plan) > LONG_SCAN_BYTES) return searchMany(view, job);
  for (const segment of view.sealed) if (!isLoaded(segment, job.plan.field.fieldId, job.plan.indexMetric)) return searchMany(view, job);
  if (job.filter || job.trace) return searchFiltered(view, job);
  const hits = emptyHits(1);
  const found: Found[] = [];
  for (const segment of view.growing) if (segment.rows > 0) found.push(kept(searchGrowing(segment, job, 0)));
  for (let i = 0; i < view.sealed.length; i++) {
    const ofSegment = searchSealed(view.sealed[i]!, job, 0);
    if (!ofSegment) return searchMany(view, job);
    // The last to be searched can be read where it lies: nothing overwrites it before it is collected.
    found.push(i === view.sealed.length - 1 ? ofSegment : kept(ofSegment));
  }
  collect(found, job, 0, hits);
  return reply(hits, job);
}

/** One query whose filter can be answered by what is in memory. */
function searchFiltered(view: SearchView, job: SearchJob): SearchReply | Promise<SearchReply> {
  const matches = matchSegments(searched(view), job);
  if ('then' in matches) return searchMany(view, job);
  const hits = emptyHits(1);
  const found: Found[] = [];
  for (const { segment, bits, count } of matches) {
    if (count === 0) continue;
    const start = job.trace ? performance.now() : 0;
    const seen = segment.vectors(job.plan.field.fieldId).snapshot(bits);
    try {
      const ofSegment = 'keys' in segment ? searchSealed(segment, job, 0, seen) : searchGrowing(segment, job, 0, seen);
      if (!ofSegment) return searchMany(view, job);
      found.push(kept(ofSegment));
      if (job.trace) noteSearch(job.trace, segment, job.plan, start, job.nq);
    } finally {
      seen.free();
    }
  }
  collect(found, job, 0, hits);
  return reply(hits, job);
}

function noteSearch(trace: Trace, segment: Segment, { field, indexMetric }: FieldPlan, start: number, nq: number): void {
  const noted = trace.of(segment);
  noted.searchMs += performance.now() - start;
  const index = 'keys' in segment && indexServes(segment, field.fieldId, indexMetric) ? segment.vectors(field.fieldId).index! : null;
  noted.strategy = index ? index.typeName : 'FLAT';
  if (!index && nq === 1) Object.assign(noted, { searchedBy: 'scan', comparedRows: noted.matchedRows });
}

/** What an index did for the one query of a search: it knows until it is asked again. */
function noteIndex({ trace, nq }: SearchJob, segment: Segment, { index }: SealedVectors): void {
  if (!trace || nq !== 1) return;
  const { strategy, compared } = index!.lastSearch;
  Object.assign(trace.of(segment), { searchedBy: strategy === 'none' ? null : strategy, comparedRows: compared });
}

const searched = (view: SearchView): Segment[] => [...view.growing.filter(({ rows }) => rows > 0), ...view.sealed];

/** Bytes of vectors that one query has to be compared with. */
function scanBytes({ growing, sealed }: SearchView, { field, indexMetric }: FieldPlan): number {
  let bytes = 0;
  for (const segment of growing) bytes += segment.vectors(field.fieldId).byteLength;
  for (const segment of sealed) if (!indexServes(segment, field.fieldId, indexMetric)) bytes += segment.vectors(field.fieldId).byteLength;
  return bytes;
}

/** Hits copied out of kernel memory, so that they outlive the next kernel call. */
function kept(found: Found): Found {
  return { segment: found.segment, rows: found.rows.slice(), distances: found.distances.slice() };
}

/** The path of several queries, of times past, of whatever has to be read first, and of scans that take long. */
function searchMany(view: SearchView, whole: SearchJob): Promise<SearchReply> {
  return whileHeld(view, whole, (reading) => searchTiles(reading, whole));
}

/** What a search that gives way needs of its segments, as long as it runs. */
export interface Reading {
  readonly store: Store;
  readonly segments: readonly Segment[];
  readonly slices: Slices;
  /** Fires when the search is to end. */
  readonly signal: AbortSignal;
  /** Vectors that are loaded or scanned for it stay until it is done. */
  hold(vectors: SealedVectors): void;
}

/** Pins the segments while they are searched. */
export async function whileHeld<T>(view: SearchView, { signal: asked }: SearchJob, use: (reading: Reading) => Promise<T>): Promise<T> {
  const signal = asked ? AbortSignal.any([asked, view.ending]) : view.ending;
  const segments = searched(view);
  for (const segment of segments) segment.pins.pin();
  const held = new Set<SealedVectors>();
  const hold = (vectors: SealedVectors): void => {
    if (held.has(vectors)) return;
    held.add(vectors);
    vectors.hold();
  };
  try {
    return await use({ store: view.store, segments, slices: new Slices(signal), signal, hold });
  } finally {
    for (const vectors of held) vectors.release();
    for (const segment of segments) segment.pins.unpin();
  }
}

async function searchTiles(reading: Reading, job: SearchJob): Promise<SearchReply> {
  const { field, k } = job.plan;
  const { segments } = reading;
  const seen: Seen[] = [];
  try {
    let matches: readonly Partial<Match>[] = [];
    if (job.filter || job.trace) {
      matches = await matchSegments(segments, job);
      throwIfAborted(reading.signal);
    }
    // All queries see the rows that are there now: a row that is replaced while the search gives way is found once.
    segments.forEach((segment, i) => {
      const { bits = job.at === undefined ? undefined : segment.rowsAt(job.at), count } = matches[i] ?? {};
      if (count !== 0) seen.push(seeing(segment, job, bits));
    });
    const hits = emptyHits(job.nq);
    const size = tileSize(field, job.nq, Math.max(k + 1, job.plan.plan.candidates));
    for (let first = 0; first < job.nq; first += size) {
      const part: BatchPart = { field, metric: job.plan.metric, queries: job.queries, first, size: Math.min(size, job.nq - first) };
      const found: Found[][] = [];
      for (const ofSegment of seen) found.push(await searchPart(reading, ofSegment, job, part));
      for (let i = 0; i < part.size; i++) collect(found.map((ofSegment) => ofSegment[i]!), job, first + i, hits);
    }
    return await reply(hits, job);
  } finally {
    for (const { vectors } of seen) vectors.free();
  }
}

/** The best of one segment for each query of a part; what has to be read is read first. */
async function searchPart(reading: Reading, ofSegment: Seen, job: SearchJob, part: BatchPart): Promise<Found[]> {
  const { segment, vectors } = ofSegment;
  const start = job.trace ? performance.now() : 0;
  const found = await ('keys' in segment ? searchSealedTile(reading, segment, vectors, job, part) : searchGrowingTile(segment, ofSegment, job, part, reading.slices));
  if (job.trace) noteSearch(job.trace, segment, job.plan, start, job.nq);
  return found;
}

/** The k best for one query, of rows of one moment, in the order of distances and keys. The bitsets are read before anything is awaited. */
export async function searchAmong(reading: Reading, among: readonly Pick<Match, 'segment' | 'bits'>[], job: SearchJob, query: number): Promise<Ranked[]> {
  const { field, metric, k } = job.plan;
  const seen = among.map(({ segment, bits }) => seeing(segment, job, bits));
  try {
    const part: BatchPart = { field, metric, queries: job.queries, first: query, size: 1 };
    const found: Found[] = [];
    for (const ofSegment of seen) found.push(...(await searchPart(reading, ofSegment, job, part)));
    return ranked(found).slice(0, k);
  } finally {
    for (const { vectors } of seen) vectors.free();
  }
}

/** A segment as all queries of a batch see it. */
interface Seen {
  readonly segment: Segment;
  readonly vectors: VectorSnapshot;
  /** A tie by row is a tie by key. */
  readonly isInKeyOrder: boolean;
}

const seeing = (segment: Segment, { plan }: SearchJob, bits: Uint8Array | undefined): Seen => ({
  segment,
  vectors: segment.vectors(plan.field.fieldId).snapshot(bits),
  isInKeyOrder: 'keys' in segment || segment.isInKeyOrder,
});

async function searchGrowingTile(segment: GrowingSegment, { vectors, isInKeyOrder }: Seen, job: SearchJob, part: BatchPart, slices: Slices): Promise<Found[]> {
  const { field, metric, k, range } = job.plan;
  const growing = segment.vectors(field.fieldId);
  const { kernels } = growing;
  const found: Found[] = [];
  if (vectors.format) {
    const wanted = isInKeyOrder ? k : k + 1;
    for (const { rows, distances } of await scanTile(kernels, vectors, part, wanted, range, slices)) {
      if (isInKeyOrder) found.push({ segment, rows, distances });
      else if (rows.length < wanted || distances[wanted - 1] !== distances[k - 1]) found.push(byKey(segment, rows, distances, k));
      else {
        growing.setQuery(job.queries, part.first + found.length, metric);
        found.push(kept(bestByKey(segment, kernels, vectors, metric, k, range)));
      }
    }
    return found;
  }
  for (let query = part.first; query < part.first + part.size; query++) {
    growing.setQuery(job.queries, query, metric);
    found.push(kept(isInKeyOrder ? foundIn(segment, kernels, scanWithin(kernels, vectors, metric, k, range)) : bestByKey(segment, kernels, vectors, metric, k, range)));
    if (slices.isOver) await slices.pause();
  }
  return found;
}

async function searchSealedTile({ store, slices, signal, hold }: Reading, segment: SealedSegment, seen: VectorSnapshot, job: SearchJob, part: BatchPart): Promise<Found[]> {
  const { field, k, range, indexMetric } = job.plan;
  const vectors = segment.vectors(field.fieldId);
  // Asked after every pause: while this search gave way to others, the index may have been dropped.
  const load = async (): Promise<void> => {
    // Before anything is awaited: what is in memory now may be released by then.
    hold(vectors);
    if (isLoaded(segment, field.fieldId, indexMetric)) return;
    await loadForSearch(store, segment, field.fieldId, indexMetric);
    throwIfAborted(signal);
  };
  for (;;) {
    await load();
    const isIndexed = indexServes(segment, field.fieldId, indexMetric);
    if (!isIndexed) {
      if (!seen.format) break;
      vectors.use(indexMetric !== null);
      hold(vectors);
      return (await scanTile(vectors.kernels, seen, part, k, range, slices)).map((hits) => ({ segment, ...hits }));
    }
    const index = vectors.index!;
    const plan = planSegment(job.plan, vectors);
    const search = range ? null : index.tileSearch(plan);
    if (!search) break;
    vectors.use(false);
    const found = await searchTile(vectors.indexKernels, search, seen, part, slices, () => vectors.index === index);
    if (found) return plan.refine ? await rescoreTile(segment, job, part, found, slices) : found.map((hits) => within(segment, hits, k, range));
  }
  const found: Found[] = [];
  for (let query = part.first; query < part.first + part.size; query++) {
    await load();
    const ofSegment = searchSealed(segment, job, query, seen);
    found.push(ofSegment ? kept(ofSegment) : await searchAndRead(store, segment, job, query, hold, seen));
    if (slices.isOver) await slices.pause();
  }
  return found;
}

/** What an index found for the queries of a tile, scored again by the vectors, in memory or in the file. */
async function rescoreTile(segment: SealedSegment, job: SearchJob, part: BatchPart, candidates: readonly TileHits[], slices: Slices): Promise<Found[]> {
  const { field, metric, k, range } = job.plan;
  const vectors = segment.vectors(field.fieldId);
  const found: Found[] = [];
  for (const { rows } of candidates) {
    const query: RowQuery = { queries: job.queries, at: part.first + found.length, metric };
    const scored = vectors.rescoreHits(segment.file, query, rows, k) ?? (await vectors.rescore(segment.file, query, rows.sort(), k));
    found.push(within(segment, scored, k, range));
    if (slices.isOver) await slices.pause();
  }
  vectors.loadAhead(segment.file);
  return found;
}

/** The first k hits that are near enough. */
function within(segment: Segment, { rows, distances }: TileHits, k: number, range: DistanceRange | null): Found {
  const n = Math.min(k, withinRange(distances, range).to);
  return n === rows.length ? { segment, rows, distances } : { segment, rows: rows.subarray(0, n), distances: distances.subarray(0, n) };
}

/** `seen`: instead of the rows that live now. */
function searchGrowing(segment: GrowingSegment, job: SearchJob, query: number, seen?: VectorSnapshot): Found {
  const { field, metric, k, range } = job.plan;
  const vectors = segment.vectors(field.fieldId);
  const { kernels } = vectors;
  vectors.setQuery(job.queries, query, metric);
  if (!segment.isInKeyOrder) return bestByKey(segment, kernels, seen ?? vectors, metric, k, range);
  return foundIn(segment, kernels, scanWithin(kernels, seen ?? vectors, metric, k, range));
}

/**
 * The best k where rows are not in key order, equal distances by key. The top-k keeps the smaller row: so more rows are
 * asked for, until the last of them is farther than row k and no row that is as close as that one is left out.
 */
function bestByKey(
  segment: GrowingSegment, kernels: Kernels, vectors: { scan(metric: MetricType): void }, metric: MetricType, k: number, range: DistanceRange | null,
): Found {
  for (let wanted = k + 1; ; wanted *= 2) {
    const n = scanWithin(kernels, vectors, metric, wanted, range).to;
    const distances = kernels.hitDistances(n);
    if (n === wanted && distances[n - 1] === distances[k - 1]) continue;
    return byKey(segment, kernels.hitRows(n), distances, k);
  }
}

/** The first k of hits in the order of distances, equal ones by key. */
function byKey(segment: GrowingSegment, rows: Uint32Array, distances: Float32Array, k: number): Found {
  const n = rows.length;
  for (let from = 0; from < Math.min(n, k); ) {
    let to = from + 1;
    while (to < n && distances[to] === distances[from]) to++;
    if (to - from > 1) rows.set(Array.from(rows.subarray(from, to)).sort((a, b) => compareKeys(segment.keyAt(a), segment.keyAt(b))), from);
    from = to;
  }
  return { segment, rows: rows.subarray(0, k), distances: distances.subarray(0, k) };
}

/** The best of a segment that is loaded; null where rows have to be read first to be scored again. `seen`: instead of the rows that live now. */
function searchSealed(segment: SealedSegment, job: SearchJob, at: number, seen?: VectorSnapshot): Found | null {
  const { field, metric, k, range, indexMetric } = job.plan;
  const vectors = segment.vectors(field.fieldId);
  const query: RowQuery = { queries: job.queries, at, metric };
  const isIndexed = indexServes(segment, field.fieldId, indexMetric);
  vectors.use(!isIndexed && indexMetric !== null);
  if (!isIndexed) {
    vectors.setQuery(vectors.kernels, query);
    return foundIn(segment, vectors.kernels, scanWithin(vectors.kernels, seen ?? vectors, metric, k, range));
  }
  vectors.setQuery(vectors.indexKernels, query);
  const plan = planSegment(job.plan, vectors);
  const behind = withNearBound(range);
  if (behind) {
    const found = searchBehind(segment, field.fieldId, plan, query, k, behind, seen);
    return found && foundIn(segment, found.kernels, found);
  }
  const candidates = vectors.search(plan, range, seen);
  noteIndex(job, segment, vectors);
  const kernels = plan.refine && candidates > 0 ? vectors.rescoreNow(segment.file, query, candidates, k) : vectors.indexKernels;
  if (!kernels) return null;
  if (plan.refine) vectors.loadAhead(segment.file);
  const n = Math.min(candidates, k);
  return foundIn(segment, kernels, { from: 0, to: range ? withinRange(kernels.hitDistances(n), range).to : n });
}

/** Hits [from, to) of the kernels' last search. */
function foundIn(segment: Segment, kernels: Kernels, { from, to }: { readonly from: number; readonly to: number }): Found {
  const rows = kernels.hitRows(to);
  const distances = kernels.hitDistances(to);
  return from === 0 ? { segment, rows, distances } : { segment, rows: rows.subarray(from), distances: distances.subarray(from) };
}

/** Searches codes, then scores the candidates by vectors read from the file; the rest of them is loaded behind, within the budget. */
async function searchAndRead(
  store: Store, segment: SealedSegment, job: SearchJob, at: number, hold: (vectors: SealedVectors) => void, seen: VectorSnapshot,
): Promise<Found> {
  const { field, metric, k, range } = job.plan;
  const vectors = segment.vectors(field.fieldId);
  if (withNearBound(range)) {
    // The number of rows to read for it has no bound.
    hold(vectors);
    for (;;) {
      await vectors.load(segment.file);
      await loadForSearch(store, segment, field.fieldId, job.plan.indexMetric);
      const found = isLoaded(segment, field.fieldId, job.plan.indexMetric) && searchSealed(segment, job, at, seen);
      if (found) return kept(found);
    }
  }
  const query: RowQuery = { queries: job.queries, at, metric };
  vectors.setQuery(vectors.indexKernels, query);
  const plan = planSegment(job.plan, vectors);
  const found = vectors.search(plan, range, seen);
  noteIndex(job, segment, vectors);
  const candidates = vectors.indexKernels.hitRows(found).slice().sort();
  const { rows, distances } = await vectors.rescore(segment.file, query, candidates, k, plan.rowsAtOnce);
  vectors.loadAhead(segment.file);
  const { to } = withinRange(distances, range);
  return { segment, rows: rows.subarray(0, to), distances: distances.subarray(0, to) };
}

/** A row among the hits of all segments. */
export interface Ranked {
  readonly segment: Segment;
  readonly row: number;
  readonly distance: number;
}

/** What the segments found, in the order of distances, equal ones by key. */
function ranked(found: readonly Found[]): Ranked[] {
  const all: Ranked[] = [];
  for (const { segment, rows, distances } of found) {
    for (let i = 0; i < rows.length; i++) all.push({ segment, row: rows[i]!, distance: distances[i]! });
  }
  return all.sort(compareRanked);
}

export const compareRanked = (a: Ranked, b: Ranked): number => a.distance - b.distance || compareKeys(keyAt(a.segment, a.row), keyAt(b.segment, b.row));

/** Merges what the segments found for one query and appends hits offset .. k - 1 of it. */
function collect(found: readonly Found[], job: SearchJob, query: number, hits: Hits): void {
  if (found.length === 1) {
    const { segment, rows, distances } = found[0]!;
    for (let i = job.offset; i < rows.length; i++) push(hits, segment, rows[i]!, distances[i]!);
  } else if (found.length > 1) {
    const all = ranked(found);
    const end = Math.min(all.length, job.plan.k);
    for (let i = job.offset; i < end; i++) push(hits, all[i]!.segment, all[i]!.row, all[i]!.distance);
  }
  hits.ends[query] = hits.rows.length;
}

export const emptyHits = (nq: number): Hits => ({ segments: [], rows: [], distances: [], ends: new Uint32Array(nq) });

export function push(hits: Hits, segment: Segment, row: number, distance: number): void {
  hits.segments.push(segment);
  hits.rows.push(row);
  hits.distances.push(distance);
}

export const keyAt = (segment: Segment, row: number): bigint | string => ('keys' in segment ? segment.keys.at(row) : segment.keyAt(row));

/** Metrics by which larger is better for the user: kernels negate them. */
const isSimilarity = (metric: MetricType): boolean => metric === 'IP' || metric === 'COSINE';

export function reply(hits: Hits, job: SearchJob): SearchReply | Promise<SearchReply> {
  const count = hits.rows.length;
  const scores = new Float32Array(count);
  const sign = isSimilarity(job.plan.metric) ? -1 : 1;
  for (let i = 0; i < count; i++) scores[i] = sign * hits.distances[i]! + 0;
  const keys = replyKeys(job.keyIsInt64 && count > PLAIN_KEYS_MAX ? new BigInt64Array(count) : [], hits);
  if (job.outputFields.length === 0) return { ends: hits.ends, keys, scores, entities: null };
  const entities = takeEntities(hits.segments, hits.rows, job.outputFields);
  if ('then' in entities) return entities.then((batch) => ({ ends: hits.ends, keys, scores, entities: batch }));
  return { ends: hits.ends, keys, scores, entities };
}

function replyKeys(keys: BigInt64Array | (bigint | string)[], { segments, rows }: Hits): SearchReply['keys'] {
  for (let i = 0; i < rows.length; i++) keys[i] = keyAt(segments[i]!, rows[i]!);
  return keys as SearchReply['keys'];
}

/** Values of fields at rows of several segments, in this order; at once where all of it is in memory. */
export function takeEntities(segments: readonly Segment[], rows: readonly number[], fields: readonly Field[]): ColumnBatch | Promise<ColumnBatch> {
  const columns: Column[] = [];
  const pending: Promise<void>[] = [];
  fields.forEach((field, i) => {
    const column = takeField(segments, rows, field);
    if ('then' in column) pending.push(column.then((loaded) => void (columns[i] = loaded)));
    else columns[i] = column;
  });
  const batch: ColumnBatch = { rows: rows.length, columns };
  return pending.length === 0 ? batch : whilePinned(segments, Promise.all(pending).then(() => batch));
}

function whilePinned<T>(segments: readonly Segment[], work: Promise<T>): Promise<T> {
  const distinct = new Set(segments);
  for (const segment of distinct) segment.pins.pin();
  return work.finally(() => {
    for (const segment of distinct) segment.pins.unpin();
  });
}

export function takeField(segments: readonly Segment[], rows: readonly number[], field: Field): Column | Promise<Column> {
  const distinct = new Set(segments);
  if (distinct.size === 1) return segments[0]!.take(field, rows);
  const parts = new Array<{ column: Column; row: number }>(rows.length);
  const pending: Promise<void>[] = [];
  for (const segment of distinct) {
    const places: number[] = [];
    for (let i = 0; i < rows.length; i++) if (segments[i] === segment) places.push(i);
    const place = (column: Column): void => places.forEach((at, i) => void (parts[at] = { column, row: i }));
    const column = segment.take(field, places.map((at) => rows[at]!));
    if ('then' in column) pending.push(column.then(place));
    else place(column);
  }
  return pending.length === 0 ? takeFrom(parts, field) : Promise.all(pending).then(() => takeFrom(parts, field));
}
