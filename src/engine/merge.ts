/**
 * Merging sealed segments into one, because one graph over all rows is faster to search than several. Searches and
 * writes go on; the inputs serve until one commit puts the merged segment in their place.
 */
import { concatColumns, emptyColumn } from '../schema/column-ops.ts';
import type { Column, Keys } from '../schema/column.ts';
import type { Field, Schema } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import type { SegmentIndexEntry } from '../storage/manifest/manifest.ts';
import { compareKeys } from '../segment/keys.ts';
import { RowTimes } from '../segment/row-times.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import { reachableRows } from '../segment/versions.ts';
import { throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';
import { withEntry } from './catalog.ts';
import type { CollectionState } from './collection.ts';
import { filesOf } from './garbage.ts';
import { withHorizon } from './history.ts';
import { HISTORY_SHARE_MAX } from './merge-policy.ts';
import { applyEntries, carryDeletes, discard, retireSegments, saveDeletes, type SavedDeletes, type Snapshot, writeSealed } from './seal.ts';

/** Who builds the indexes of a merged segment before it replaces segments that have some. */
export interface MergedIndexes {
  /** Builds what is asked for and not among `known`, beginning with the index of an input where that pays, sets it and writes it to files; answers all entries. */
  build(merged: SealedSegment, origins: readonly Origin[], known: readonly SegmentIndexEntry[]): Promise<SegmentIndexEntry[]>;
  /** These are the indexes that are asked for now. */
  areCurrent(merged: SealedSegment, entries: readonly SegmentIndexEntry[]): boolean;
}

/** A segment that was merged. */
export interface Origin {
  readonly segment: SealedSegment;
  /** Row of the merged segment by row of this one; -1 for one that was left out. */
  readonly rowsTo: Int32Array;
}

/** A segment that a merge has written. */
interface Output {
  readonly segment: SealedSegment;
  readonly origins: readonly Origin[];
}

/**
 * Merges segments of one partition into one, or writes one anew, without what no read from the horizon on sees; the collection's horizon becomes that.
 * Where much of the rest is dead, that is put into a segment of its own: searches of what lives pass it by.
 */
export async function mergeGroup(state: CollectionState, inputs: readonly SealedSegment[], horizon: bigint, signal: AbortSignal | undefined, indexes: MergedIndexes): Promise<void> {
  const { catalog, clock, history } = state.parts;
  const { partitionId } = inputs[0]!.entry;
  for (const segment of inputs) segment.pins.pin();
  const outputs: Output[] = [];
  let entries: SegmentIndexEntry[] = [];
  let saved: SavedDeletes | undefined;
  let obsolete: string[] = [];
  let isCommitted = false;
  try {
    for (const { snapshot, origins } of await readReachable(state, inputs, horizon)) {
      throwIfAborted(signal);
      outputs.push({ segment: await writeSealed(state, snapshot, partitionId), origins });
    }
    const carry = (): void => {
      for (const output of outputs) for (const { segment, rowsTo } of output.origins) carryDeletes(segment.deletes, output.segment, rowsTo);
    };
    carry();
    // Rows that are found by an index stay so: the segment of what lives comes with its own.
    const indexed = inputs.some((segment) => segment.entry.indexes.length > 0) ? outputs[0] : undefined;
    const inputIds = new Set(inputs.map((segment) => segment.entry.segmentId));
    while (!isCommitted) {
      if (indexed) entries = await indexes.build(indexed.segment, indexed.origins, entries);
      await unlessStale(() =>
        catalog.commit(clock, async (manifest) => {
          const named = manifest.collections.find((known) => known.collectionId === state.collectionId)?.segments.filter((segment) => inputIds.has(segment.segmentId)) ?? [];
          // Before anything is written that nothing would name.
          if (named.length !== inputs.length) throw GONE;
          if (history.isHeldBefore(state, horizon)) throw HELD;
          if (indexed && !indexes.areCurrent(indexed.segment, entries)) throw STALE;
          carry();
          saved = await saveDeletes(state, outputs.map(({ segment }) => segment));
          const { entryOf } = saved;
          return withEntry(history.advance(manifest), state.collectionId, (known) => {
            const kept = known.segments.filter((segment) => !inputIds.has(segment.segmentId));
            obsolete = [...filesOf({ ...known, segments: named }), ...saved!.obsolete];
            const made = outputs.map((output) => entryOf(output === indexed ? { ...output.segment.entry, indexes: entries } : output.segment.entry));
            return { ...withHorizon(known, horizon), segments: [...kept.map(entryOf), ...made] };
          });
        }, () => {
          isCommitted = true;
          state.sealed = [...state.sealed.filter((segment) => !inputs.includes(segment)), ...outputs.map(({ segment }) => segment)];
          applyEntries(state);
          saved!.noteSaved();
          carry();
          state.segmentsChanged();
        }),
      );
    }
  } catch (error) {
    if (error !== GONE && error !== HELD) throw error;
  } finally {
    for (const segment of inputs) segment.pins.unpin();
    if (!isCommitted) {
      const files = [...entries.map(({ file }) => file), ...(saved?.written ?? [])];
      for (const { segment } of outputs) await discard(state, segment, files);
    }
  }
  if (!isCommitted) return;
  state.onMerged();
  const rows = outputs.reduce((sum, { segment }) => sum + segment.rows, 0);
  state.parts.onEvent({ type: 'compacted', collection: state.name, segments: inputs.length, rows, removedRows: inputs.reduce((sum, segment) => sum + segment.rows, 0) - rows });
  // A search that began before may still read from their files.
  await retireSegments(state, inputs, [...obsolete, ...saved!.written]);
}

/** Thrown inside a commit that an index was changed or dropped meanwhile. */
const STALE = new Error('the indexes of a merged segment are no longer those asked for');

/** Thrown inside a commit that what was merged has been dropped meanwhile, by a truncate or with its partition. */
const GONE = new Error('the inputs of a merge are gone');

/** Thrown inside a commit that a moment has been asked for meanwhile whose rows the merge has left out: it is given up. */
const HELD = new Error('a moment before the horizon of a merge is held');

async function unlessStale(commit: () => Promise<void>): Promise<void> {
  try {
    await commit();
  } catch (error) {
    if (error !== STALE) throw error;
  }
}

/** Rows of segments, in memory, that some read from the horizon on sees, as one segment or as two: what lives, what is dead. With where each input's rows are in it. */
async function readReachable(state: CollectionState, inputs: readonly SealedSegment[], horizon: bigint): Promise<{ snapshot: Snapshot; origins: Origin[] }[]> {
  const { schema } = state;
  const held = inputs.flatMap((segment) => schema.fields.filter((field) => isVectorType(field.type)).map((field) => segment.vectors(field.fieldId)));
  for (const vectors of held) vectors.hold();
  try {
    for (const field of schema.fields) {
      for (const segment of inputs) {
        if (isVectorType(field.type)) await segment.vectors(field.fieldId).load(segment.file);
        else await segment.loadColumn(field);
      }
    }
    const parts: { snapshot: Snapshot; origins: Origin[] }[] = [];
    for (const rowsOf of kindsOf(inputs, horizon)) {
      const merged = inKeyOrder(inputs, rowsOf);
      if (merged.rows.length === 0) continue;
      const origins = inputs.map((segment) => ({ segment, rowsTo: new Int32Array(segment.rows).fill(-1) }));
      const rowsToOf = merged.segments.map((segment) => origins[inputs.indexOf(segment)]!.rowsTo);
      for (let row = 0; row < merged.rows.length; row++) rowsToOf[merged.from[row]!]![merged.rows[row]!] = row;
      parts.push({ snapshot: await gather(schema, merged), origins });
    }
    return parts;
  } finally {
    for (const vectors of held) vectors.release();
  }
}

/** Which rows of a segment go together, in ascending order. */
type RowsOf = (segment: SealedSegment) => Uint32Array;

/** All that is reachable; or, where too much of it is dead, what lives and what does not. What dies meanwhile stays where it is put now. */
function kindsOf(inputs: readonly SealedSegment[], horizon: bigint): RowsOf[] {
  const reachable = new Map(inputs.map((segment) => [segment, reachableRows(segment.rows, segment.deletes, horizon)]));
  const living = new Map(inputs.map((segment) => [segment, reachable.get(segment)!.filter((row) => !segment.deletes.has(row))]));
  const dead = new Map(inputs.map((segment) => [segment, reachable.get(segment)!.filter((row) => segment.deletes.has(row))]));
  const isMuch = sumOf(dead.values()) > sumOf(reachable.values()) * HISTORY_SHARE_MAX;
  return (isMuch ? [living, dead] : [reachable]).map((rows) => (segment) => rows.get(segment)!);
}

const sumOf = (parts: Iterable<Uint32Array>): number => Array.from(parts).reduce((sum, { length }) => sum + length, 0);

/** Where the rows of the merged segment come from, in ascending order of keys and the versions of a key by age. Shape of both arrays: (rows). */
interface Places {
  readonly segments: readonly SealedSegment[];
  /** Index into `segments`. */
  readonly from: Uint32Array;
  readonly rows: Uint32Array;
}

function inKeyOrder(inputs: readonly SealedSegment[], rowsOf: RowsOf): Places {
  // Auto ids and appended keys give segments whose ranges do not overlap: put in order, they are one after another.
  const segments = [...inputs].filter((segment) => segment.rows > 0).sort((a, b) => compareKeys(a.keys.at(0), b.keys.at(0)));
  const reachable = segments.map(rowsOf);
  const count = reachable.reduce((sum, rows) => sum + rows.length, 0);
  const from = new Uint32Array(count);
  const rows = new Uint32Array(count);
  let at = 0;
  reachable.forEach((part, index) => {
    from.fill(index, at, at + part.length);
    rows.set(part, at);
    at += part.length;
  });
  const disjoint = segments.every((segment, i) => i === 0 || compareKeys(segments[i - 1]!.keys.at(segments[i - 1]!.rows - 1), segment.keys.at(0)) < 0);
  if (disjoint) return { segments, from, rows };
  const keys: Keys = segments[0]!.keys.integers ? new BigInt64Array(count) : new Array<string>(count);
  for (let i = 0; i < count; i++) (keys as (bigint | string)[])[i] = segments[from[i]!]!.keys.at(rows[i]!);
  const timeOf = (i: number): bigint => segments[from[i]!]!.times.at(rows[i]!);
  const order = new Uint32Array(count).map((_, i) => i).sort((a, b) => compareKeys(keys[a]!, keys[b]!) || (timeOf(a) < timeOf(b) ? -1 : 1));
  return { segments, from: order.map((i) => from[i]!), rows: order.map((i) => rows[i]!) };
}

async function gather(schema: Schema, places: Places): Promise<Snapshot> {
  const columns: Column[] = [];
  for (const field of schema.fields) {
    columns.push(await gatherField(field, places));
    await yieldToHost();
  }
  const times = new RowTimes();
  for (let i = 0; i < places.rows.length; i++) times.append(1, places.segments[places.from[i]!]!.times.at(places.rows[i]!));
  return { schema, rows: places.rows.length, columns, times };
}

/** Takes runs of rows that come from one segment, and puts them behind each other. */
async function gatherField(field: Field, places: Places): Promise<Column> {
  const parts: Column[] = [];
  const { from, rows, segments } = places;
  let start = 0;
  while (start < rows.length) {
    let end = start + 1;
    while (end < rows.length && from[end] === from[start]) end++;
    parts.push(await segments[from[start]!]!.take(field, rows.subarray(start, end)));
    start = end;
  }
  return parts.length === 0 ? emptyColumn(field) : concatColumns(parts);
}
