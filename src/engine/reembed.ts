/**
 * Moving a collection to another embedder. Its segments are written anew, as those of a collection with a number of its own, with other vectors in the place of one field's; rows keep
 * their keys, partitions and times. Searches and writes go on meanwhile: what is written is caught up with, and waits only for the last of it. One commit then puts the new
 * collection in the place of the old one, with its name and all that is said of it. Before it nothing names the new files: they are garbage after a crash.
 *
 * The history stays behind: reads of the past are answered from the commit on.
 *
 * Imported when the first move is asked for; what it needs of the engine it is given, because the engine is in another file then.
 */
import type { Column } from '../schema/column.ts';
import type { Field, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, type DenseValues } from '../schema/vector-types/index.ts';
import type { RowTimes } from '../segment/row-times.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import { ElanusError, abortError, throwIfAborted } from '../util/error.ts';
import type { ReembedReply, ReembedRequest } from './client.ts';
import type { CollectionState } from './collection.ts';
import type { resolveSpec } from './indexing.ts';
import type { applyEntries, carryDeletes, discard, saveDeletes, seal, sealNow, writeSegment, SavedDeletes } from './seal.ts';

/** Rows of one segment that is written. */
const SEGMENT_ROWS = 65_536;
/** Rows of one question. */
const PAGE_ROWS = 512;
/** Rows that are left to be embedded while writers wait; more are caught up with before, so many times. */
const LAST_ROWS = 512;
const ROUNDS_MAX = 8;
/** Who asks for it and says nothing for so long is gone. */
const SILENCE_MS = 10 * 60_000;

/** A segment of the new collection, and where the rows of an old one are in it; -1: elsewhere. */
interface Part {
  readonly segment: SealedSegment;
  readonly rowsTo: Int32Array;
}

export type Embed = (page: Required<Pick<ReembedReply, 'texts'>> & Pick<ReembedReply, 'done' | 'total'>) => Promise<DenseValues>;

export interface EngineTools {
  readonly CollectionState: typeof CollectionState;
  readonly RowTimes: typeof RowTimes;
  readonly SealedSegment: typeof SealedSegment;
  readonly applyEntries: typeof applyEntries;
  readonly carryDeletes: typeof carryDeletes;
  readonly discard: typeof discard;
  readonly resolveSpec: typeof resolveSpec;
  readonly saveDeletes: typeof saveDeletes;
  readonly seal: typeof seal;
  readonly sealNow: typeof sealNow;
  readonly writeSegment: typeof writeSegment;
}

/** Answers what the manifest said of the old collection: the new one is there. `adopt` is told of it as soon as the manifest names it; from then on the old one refuses what is asked of it. */
export async function reembed(tools: EngineTools, state: CollectionState, field: Field, embed: Embed, signal: AbortSignal, adopt: (target: CollectionState) => void): Promise<CollectionEntry> {
  const { applyEntries, carryDeletes, discard, resolveSpec, saveDeletes, seal, sealNow, writeSegment } = tools;
  const { catalog, clock, pool, store, tabs } = state.parts;
  const { fieldId } = field;
  const asked = state.indexSpec(fieldId);
  // Parameters of an index may not go with another dimension.
  if (asked) resolveSpec(field, asked);
  let collectionId = 0;
  await catalog.commit(clock, (manifest) => {
    collectionId = manifest.nextCollectionId;
    return { ...manifest, nextCollectionId: collectionId + 1 };
  });
  const moved = (entry: CollectionEntry): CollectionEntry => {
    const { schema } = entry;
    return { ...entry, collectionId, schema: { ...schema, fields: schema.fields.map((known) => (known.fieldId === fieldId ? field : known)) } };
  };
  const target = new tools.CollectionState(state.parts, moved(state.entry));
  target.followed = moved(state.entry);
  /** By the segment whose rows they have. */
  const made = new Map<SealedSegment, readonly Part[]>();
  const parts = (): Part[] => [...made.values()].flat();
  const left = (): SealedSegment[] => state.sealed.filter((segment) => !made.has(segment));
  let done = 0;
  let old: CollectionEntry | undefined;
  let isCommitted = false;

  const vectorsOf = async (segment: SealedSegment, rows: Uint32Array): Promise<Column> => {
    const { dim = 1, type } = field;
    const input = state.schema.fields.find(({ name }) => name === field.embedder!.input)!;
    const info = VECTOR_TYPES[type as VectorType];
    const byteLength = rows.length * info.elements(dim) * info.bytesPerElement;
    const values = info.view(new ArrayBuffer(byteLength), 0, byteLength) as Float32Array;
    for (let from = 0; from < rows.length; from += PAGE_ROWS) {
      throwIfAborted(signal);
      const page = rows.subarray(from, from + PAGE_ROWS);
      const texts = await segment.take(input, page);
      const without = texts.validity ? page.findIndex((_, i) => (texts.validity![i >> 3]! & (1 << (i & 7))) === 0) : -1;
      if (without >= 0) throw new ElanusError('INVALID_ARGUMENT', `"${input.name}" expected a text in every row, got null in that of the key ${segment.keys.at(page[without]!)}: write one, or delete the row`, { collection: state.name, field: input.name });
      const { growing, sealed } = state.view;
      const total = [...growing, ...sealed].reduce((sum, known) => sum + known.rows - known.deletedRows, 0);
      const vectors = await embed({ texts, done, total: Math.max(total, done) });
      throwIfAborted(signal);
      if (vectors.constructor !== values.constructor || vectors.length !== page.length * info.elements(dim)) throw new ElanusError('INTERNAL', 'vectors do not fit the texts that they are of');
      values.set(vectors as Float32Array, from * info.elements(dim));
      done += page.length;
    }
    return { fieldId, type, length: rows.length, dim, validity: null, values, offsets: null };
  };

  const rewrite = async (segment: SealedSegment): Promise<void> => {
    const written: Part[] = [];
    segment.pins.pin();
    try {
      const living = Uint32Array.from({ length: segment.rows }, (_, row) => row).filter((row) => !segment.deletes.has(row));
      for (let from = 0; from < living.length; from += SEGMENT_ROWS) {
        const rows = living.subarray(from, from + SEGMENT_ROWS);
        const vectors = await vectorsOf(segment, rows);
        // Fields may have been added.
        target.followed = moved(state.entry);
        const { schema } = target;
        const columns: Column[] = [];
        for (const known of schema.fields) columns.push(known === field ? vectors : await segment.take(known, rows));
        const times = new tools.RowTimes();
        for (const row of rows) times.append(1, segment.times.at(row));
        const entry = await writeSegment(target, { schema, rows: rows.length, columns, times }, segment.entry.partitionId);
        const rowsTo = new Int32Array(segment.rows).fill(-1);
        rows.forEach((row, i) => void (rowsTo[row] = i));
        written.push({ segment: await tools.SealedSegment.open(store, entry, schema, pool), rowsTo });
      }
    } finally {
      segment.pins.unpin();
      made.set(segment, written);
    }
  };

  /** Begun with the turn of a seal and the write gate. */
  const finish = async (): Promise<void> => {
    const catchUp = async (): Promise<void> => {
      await sealNow(state);
      for (const segment of left()) await rewrite(segment);
      throwIfAborted(signal);
    };
    await catchUp();
    let saved: SavedDeletes | undefined;
    let named: Part[] = [];
    let entry: CollectionEntry | undefined;
    try {
      if (tabs) {
        // Other tabs do not know of the gate: what they write from now on waits, too.
        await tabs.logs.hold(state.collectionId, { generation: state.entry.firstLogGeneration, nextAutoId: state.log.nextAutoId });
        await catchUp();
      }
      await catalog.commit(clock, async (manifest) => {
        // Dropped with their partitions, or by a truncate.
        named = state.sealed.flatMap((segment) => made.get(segment) ?? []);
        for (const [{ deletes }, written] of made) for (const { segment, rowsTo } of written) carryDeletes(deletes, segment, rowsTo);
        saved = await saveDeletes(target, named.map(({ segment }) => segment));
        const { entryOf } = saved;
        old = catalog.entry(state.collectionId);
        const timestamp = clock.next();
        entry = { ...moved(old), nextAutoId: state.log.nextAutoId, firstLogGeneration: 1, horizon: timestamp, segments: named.map(({ segment }) => entryOf(segment.entry)) };
        const isOld = ({ collectionId: id }: { readonly collectionId: number }): boolean => id === state.collectionId;
        return {
          ...manifest,
          collections: manifest.collections.map((other) => (isOld(other) ? entry! : other)),
          aliases: manifest.aliases.map((alias) => (isOld(alias) ? { ...alias, collectionId } : alias)),
        };
      }, () => {
        isCommitted = true;
        target.followed = null;
        target.openSegments(named.map(({ segment }) => segment));
        applyEntries(target);
        saved!.noteSaved();
        const { nextAutoId } = entry!;
        if (tabs) target.openSharedLog(tabs, { generation: 1, sequence: 0, nextAutoId, byteLengths: new Map() });
        else target.openLog({ generation: 1, nextAutoId, byteLength: 0 });
        state.end(new ElanusError('NOT_FOUND', `collection "${entry!.name}" has been moved to the embedder "${field.embedder!.id}": open it again by its name`, { collection: entry!.name }));
        adopt(target);
      });
    } catch (error) {
      if (!isCommitted && !catalog.isSwapInDoubt) {
        await tabs?.logs.letGo(state.collectionId);
        for (const file of saved?.written ?? []) await store.remove(file).catch(() => {});
      }
      throw error;
    }
    for (const part of parts()) if (!named.includes(part)) await discard(target, part.segment);
  };

  try {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      await seal(state);
      const segments = left();
      if (segments.reduce((sum, { rows, deletedRows }) => sum + rows - deletedRows, 0) <= LAST_ROWS) break;
      for (const segment of segments) await rewrite(segment);
    }
    const run = state.sealQueue.then(() => state.gate.hold(finish));
    state.sealQueue = run.catch(() => {});
    await run;
    return old!;
  } catch (error) {
    if (!isCommitted) for (const { segment } of parts()) await discard(target, segment);
    throw error;
  }
}

/** A move under way: the work asks for vectors, and who has asked for the move answers. */
export class Dialogue {
  readonly #end = new AbortController();
  #question = deferred<ReembedReply>();
  #answer = deferred<DenseValues>();

  /** `work`: asks as it goes, and answers the last reply. */
  constructor(work: (ask: Embed, dialogue: Dialogue) => Promise<ReembedReply>) {
    work((page) => this.#ask(page), this).then(
      (reply) => this.#question.resolve(reply),
      (error: unknown) => this.#question.reject(error),
    );
  }

  /** Fires when who has asked for the move gives it up. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** The next question, or the end. */
  get next(): Promise<ReembedReply> {
    return this.#question.promise;
  }

  take({ isEnd, vectors }: ReembedRequest): void {
    this.#question = deferred();
    if (isEnd || !vectors) this.#end.abort();
    else this.#answer.resolve(vectors);
  }

  /** Nobody is asked any more. */
  stop(signal: AbortSignal): void {
    this.#answer.reject(abortError(signal));
  }

  async #ask(page: ReembedReply): Promise<DenseValues> {
    throwIfAborted(this.#end.signal);
    const answer = (this.#answer = deferred());
    this.#question.resolve(page);
    const silence = setTimeout(() => answer.reject(new ElanusError('TIMEOUT', `no vectors came for ${SILENCE_MS / 60_000} minutes: the collection stays with its embedder`)), SILENCE_MS);
    (silence as { unref?: () => void }).unref?.();
    return answer.promise.finally(() => clearTimeout(silence));
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
