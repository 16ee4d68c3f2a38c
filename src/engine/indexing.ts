/**
 * Index builds: one at a time per collection, behind the user's back or waited for by `createIndex`. What serves goes on
 * serving until a commit puts the new index in its place: a build that fails or is stopped leaves what was there before,
 * and what is missing is taken up again by the next flush or at the next open.
 */
import { readSections } from '../exec/load.ts';
import { chooseBase } from '../index/base.ts';
import { getIndexType, scanTypeOf } from '../index/registry.ts';
import { builtSpec, completeSpec, sameSpec, whyBuilt, type RawIndexSpec } from '../index/spec.ts';
import type { BuildBase, BuildJob, IndexSection } from '../index/index.ts';
import type { Field, IndexSpec, VectorType } from '../schema/types.ts';
import { VECTOR_TYPES, defaultMetric, vectorsOf } from '../schema/vector-types/index.ts';
import type { SealedVectors } from '../segment/sealed-vectors.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { SegmentIndexEntry } from '../storage/manifest/manifest.ts';
import { indexFileName } from '../storage/names.ts';
import { encodeSections, sectionsByteLength } from '../storage/sections/index.ts';
import { ElanusError, isElanusError, throwIfAborted } from '../util/error.ts';
import { withEntry } from './catalog.ts';
import { removeUnnamed } from './garbage.ts';
import type { CallContext, IndexDescription, IndexProgress } from './client.ts';
import type { CollectionState } from './collection.ts';
import type { JobQueue } from './job-queue.ts';
import type { MergedIndexes, Origin } from './merge.ts';
import { applyEntries, seal } from './seal.ts';

/** A segment with fewer bytes of vectors is scanned as fast as its graph would be walked. */
const GRAPH_FROM_BYTES = 1 << 20;
/** Any fixed number: equal rows give an equal graph. */
const BUILD_SEED = 20_031;

/** Completes and checks what a user asked for. Without a metric the field keeps the one it has. */
export function resolveSpec(field: Field, raw: RawIndexSpec, present?: IndexSpec): IndexSpec {
  return completeSpec(field, raw, raw.metric ?? present?.metric ?? defaultMetric(field.type as VectorType));
}

/** What is under way. */
interface Running {
  readonly fieldId: number;
  /** Of the segment that is being built, and how many of its rows are done. */
  segment: SealedSegment | null;
  done: number;
}

/** Reports rows done of all that a job builds. */
type OnBuilt = (done: number) => void;

/** Merges the sealed segments into as few as may be. */
export type MergeAll = (signal: AbortSignal, context: CallContext | undefined) => Promise<void>;

/** An index that was built and written for one segment, in memory and in a file that no manifest names yet. */
interface Built {
  readonly entry: SegmentIndexEntry;
  readonly sections: readonly IndexSection[];
}

/** The index of an input that the index of a merged segment begins with. */
interface Begin {
  readonly file: string;
  readonly rowsTo: Int32Array;
}

export class Indexing {
  readonly #state: CollectionState;
  readonly #jobs: JobQueue;
  #running: Running | null = null;
  readonly #failures = new Map<number, ElanusError>();
  /** Fields that some job, waiting or under way, is about. */
  readonly #pending = new Map<number, number>();

  constructor(state: CollectionState, jobs: JobQueue) {
    this.#state = state;
    this.#jobs = jobs;
  }

  /**
   * `createIndex`: seals, merges, builds. Resolves with the spec when it is in force; with `wait`, when all is built. The
   * same spec as the field has starts nothing anew: it waits for what is missing.
   */
  async create(field: Field, raw: RawIndexSpec, wait: boolean, mergeAll: MergeAll, context: CallContext | undefined): Promise<IndexSpec> {
    const state = this.#state;
    const { fieldId } = field;
    const spec = resolveSpec(field, raw, state.indexSpec(fieldId));
    throwIfAborted(context?.signal);
    if (!this.#isAskedFor(fieldId, spec)) {
      let isNew = true;
      await state.parts.catalog.commit(state.parts.clock, (manifest) => {
        // Another call may have asked for the same a moment ago.
        isNew = !this.#isAskedFor(fieldId, spec);
        return withEntry(manifest, state.collectionId, (entry) => ({ ...entry, indexes: { ...entry.indexes, [fieldId]: spec } }));
      });
      // What is being built for the old parameters is of no use any more.
      if (isNew) this.#stop(fieldId);
      state.segmentsChanged();
    }
    const job = this.#enqueue(fieldId, async (signal) => {
      const assertAskedFor = (): void => {
        if (!this.#isAskedFor(fieldId, spec)) throw superseded();
      };
      assertAskedFor();
      await seal(state);
      assertAskedFor();
      await mergeAll(signal, context);
      await this.#buildMissing(field, signal, context);
      assertAskedFor();
    }, context?.signal);
    // The merge may have left other fields to do, too.
    job.then(() => this.schedule(), () => this.schedule(fieldId)).finally(() => state.onMerged());
    if (wait) await job;
    else job.catch((error: unknown) => this.#report(error, field));
    return spec;
  }

  /** Who builds the indexes of merged segments, inside a job. */
  ofMerges(signal: AbortSignal, context: CallContext | undefined): MergedIndexes {
    return {
      build: (merged, origins, known) => this.#buildMerged(merged, origins, known, signal, context),
      areCurrent: (merged, entries) => this.#areCurrent(merged, entries),
    };
  }

  /** `dropIndex`: rows are found by scan again, its files go, a build under way for it stops. NOT_FOUND where there is none. */
  async drop(field: Field, context: CallContext | undefined): Promise<void> {
    const state = this.#state;
    const { catalog, clock, store } = state.parts;
    const { fieldId } = field;
    throwIfAborted(context?.signal);
    let obsolete: string[] = [];
    await catalog.commit(clock, (manifest) =>
      withEntry(manifest, state.collectionId, (entry) => {
        if (!entry.indexes[fieldId]) throw new ElanusError('NOT_FOUND', `field "${field.name}" of "${state.name}" has no index`, { collection: state.name, field: field.name });
        obsolete = entry.segments.flatMap((segment) => segment.indexes.filter((index) => index.fieldId === fieldId).map((index) => index.file));
        const indexes = Object.fromEntries(Object.entries(entry.indexes).filter(([id]) => Number(id) !== fieldId));
        return { ...entry, indexes, segments: entry.segments.map((segment) => ({ ...segment, indexes: segment.indexes.filter((index) => index.fieldId !== fieldId) })) };
      }),
    );
    this.#stop(fieldId);
    this.#failures.delete(fieldId);
    applyEntries(state);
    for (const segment of state.sealed) segment.vectors(fieldId).dropIndex();
    state.segmentsChanged();
    await removeUnnamed(store, catalog, obsolete);
  }

  /** Builds what is missing, in the background; `except`: not for this field. */
  schedule(except?: number): void {
    if (this.#jobs.closed || !this.#state.parts.maintains()) return;
    for (const field of this.#state.schema.fields) {
      if (field.fieldId === except || !this.#missing(field.fieldId).length) continue;
      this.#enqueue(field.fieldId, (signal) => this.#buildMissing(field, signal, undefined), undefined).catch((error: unknown) => this.#report(error, field));
    }
  }

  #enqueue(fieldId: number, work: (signal: AbortSignal) => Promise<void>, userSignal: AbortSignal | undefined): Promise<void> {
    this.#pending.set(fieldId, (this.#pending.get(fieldId) ?? 0) + 1);
    const run = this.#jobs.run(fieldId, async (signal) => {
      this.#running = { fieldId, segment: null, done: 0 };
      this.#failures.delete(fieldId);
      try {
        await work(signal);
      } finally {
        this.#running = null;
      }
    }, userSignal);
    return run.catch((error: ElanusError) => {
      if (!this.#jobs.closed && (error.code !== 'ABORTED' || userSignal?.aborted)) this.#failures.set(fieldId, error);
      throw error;
    }).finally(() => {
      this.#pending.set(fieldId, this.#pending.get(fieldId)! - 1);
    });
  }

  #report(error: unknown, field: Field): void {
    const failure = error as ElanusError;
    if (this.#jobs.closed || failure.code === 'ABORTED') return;
    this.#state.parts.onEvent({
      type: 'error',
      code: failure.code,
      message: `building the index of field "${field.name}": ${failure.message}`,
      detail: failure.detail,
      collection: this.#state.name,
    });
  }

  #stop(fieldId: number): void {
    this.#jobs.stop(fieldId, superseded());
  }

  /** The field's spec is this one. */
  #isAskedFor(fieldId: number, spec: IndexSpec): boolean {
    const now = this.#state.indexSpec(fieldId);
    return now !== undefined && sameSpec(now, spec);
  }

  /** What is to be built over a segment for a field; null where it is scanned. */
  #wanted(segment: SealedSegment, fieldId: number): IndexSpec | null {
    const spec = this.#state.indexSpec(fieldId);
    // What holds nothing but history is scanned, by reads of the past.
    if (!spec || segment.isHistory) return null;
    const built = builtSpec(spec, this.#state.field(fieldId).dim, segment.rows);
    return needsBuild(built) && segment.vectors(fieldId).byteLength >= GRAPH_FROM_BYTES ? built : null;
  }

  /** Segments whose index is not the one asked for. */
  #missing(fieldId: number): SealedSegment[] {
    if (!this.#state.indexSpec(fieldId)) return [];
    return this.#state.sealed.filter((segment) => !isIndexed(this.#wanted(segment, fieldId), segment.entry.indexes, fieldId));
  }

  async #buildMissing(field: Field, signal: AbortSignal, context: CallContext | undefined): Promise<void> {
    let before = 0;
    for (let missing = this.#missing(field.fieldId); missing.length > 0; missing = this.#missing(field.fieldId)) {
      throwIfAborted(signal);
      const left = rowsOf(missing);
      const segment = missing[0]!;
      await this.#buildOne(field, segment, signal, (done) => context?.onProgress?.({ phase: 'build', done: before + done, total: before + left }));
      before += segment.rows;
    }
  }

  /** Gives one segment the index that is asked for, or none where it is to be scanned. */
  async #buildOne(field: Field, segment: SealedSegment, signal: AbortSignal, onBuilt: OnBuilt): Promise<void> {
    const state = this.#state;
    const { catalog, clock, store } = state.parts;
    const { fieldId } = field;
    const vectors = segment.vectors(fieldId);
    const wanted = this.#wanted(segment, fieldId);
    let obsolete: string[] = [];
    segment.pins.pin();
    const needsVectors = wanted !== null && getIndexType(wanted.type).needsVectors;
    if (needsVectors) vectors.hold();
    try {
      const built = wanted && (await this.#build(field, segment, wanted, signal, onBuilt));
      if (needsVectors) await vectors.load(segment.file);
      try {
        await catalog.commit(clock, (manifest) =>
          withEntry(manifest, state.collectionId, (entry) => {
            const now = this.#wanted(segment, fieldId);
            if (!entry.indexes[fieldId] || !state.sealed.includes(segment) || !(wanted && now ? sameSpec(wanted, now) : wanted === now)) throw superseded();
            const known = entry.segments.find(({ segmentId }) => segmentId === segment.entry.segmentId)!;
            obsolete = known.indexes.filter((index) => index.fieldId === fieldId).map((index) => index.file);
            const indexes = [...known.indexes.filter((index) => index.fieldId !== fieldId), ...(built ? [built.entry] : [])];
            return { ...entry, segments: entry.segments.map((other) => (other === known ? { ...known, indexes } : other)) };
          }),
        );
      } catch (error) {
        if (built && isSuperseded(error)) await store.remove(built.entry.file);
        throw error;
      }
      applyEntries(state);
      if (built) vectors.setIndex(built.entry.spec, sectionMap(built.sections));
      else vectors.dropIndex();
      state.segmentsChanged();
    } finally {
      if (needsVectors) vectors.release();
      segment.pins.unpin();
    }
    await removeUnnamed(store, catalog, obsolete);
    if (this.#missing(fieldId).length === 0) state.parts.onEvent({ type: 'indexed', collection: state.name, field: field.name });
  }

  /** Builds an index over a segment, beginning with another, and writes it to a file that nothing names yet. */
  async #build(field: Field, segment: SealedSegment, spec: IndexSpec, signal: AbortSignal, onBuilt: OnBuilt, begin: Begin | null = null): Promise<Built> {
    const { builds, catalog, store } = this.#state.parts;
    // Null where a merge builds.
    const running = this.#running;
    if (running) running.segment = segment;
    const sections = await builds.build(await this.#job(field, segment, spec, begin), {
      signal,
      onProgress: (done) => {
        const built = Math.min(done, segment.rows);
        if (running) running.done = built;
        onBuilt(built);
      },
    });
    throwIfAborted(signal);
    const file = indexFileName(segment.entry.segmentId, field.fieldId, catalog.takeFileId());
    await store.write(file, encodeSections('index', file, sections));
    return { entry: { fieldId: field.fieldId, spec, file, fileBytes: sectionsByteLength('index', sections) }, sections };
  }

  /**
   * The indexes of a segment that is to replace others which have some, so that no row that was found by an index is
   * scanned meanwhile. Begins with the index of one of those where that pays. `known`: what an earlier call built; kept where it is still what is asked for.
   */
  async #buildMerged(merged: SealedSegment, origins: readonly Origin[], known: readonly SegmentIndexEntry[], signal: AbortSignal, context: CallContext | undefined): Promise<SegmentIndexEntry[]> {
    const { store } = this.#state.parts;
    const entries: SegmentIndexEntry[] = [];
    const added: SegmentIndexEntry[] = [];
    try {
      for (const field of this.#state.schema.fields) {
        const present = known.find((entry) => entry.fieldId === field.fieldId);
        const wanted = this.#wanted(merged, field.fieldId);
        if (present && wanted && sameSpec(present.spec, wanted)) {
          entries.push(present);
          continue;
        }
        if (present) await store.remove(present.file);
        if (!wanted) {
          if (present) merged.vectors(field.fieldId).dropIndex();
          continue;
        }
        const onBuilt: OnBuilt = (done) => context?.onProgress?.({ phase: 'build', done, total: merged.rows });
        const begin = beginAmong(origins, field.fieldId, wanted);
        const built = await this.#build(field, merged, wanted, signal, onBuilt, begin).catch((error: unknown) => {
          // What it began with is damaged, or was dropped meanwhile: no reason not to merge.
          if (!begin || !isUnreadable(error)) throw error;
          return this.#build(field, merged, wanted, signal, onBuilt);
        });
        added.push(built.entry);
        const vectors = merged.vectors(field.fieldId);
        const set = (): void => vectors.setIndex(wanted, sectionMap(built.sections));
        if (getIndexType(wanted.type).needsVectors) await whileLoaded(merged, vectors, set);
        else set();
        entries.push(built.entry);
      }
      return entries;
    } catch (error) {
      // Nobody else knows of them.
      for (const { file } of added) await store.remove(file).catch(() => {});
      throw error;
    }
  }

  /** These are all the indexes that are asked for over a segment, and no others. */
  #areCurrent(segment: SealedSegment, entries: readonly SegmentIndexEntry[]): boolean {
    return this.#state.schema.fields.every(({ fieldId }) => isIndexed(this.#wanted(segment, fieldId), entries, fieldId));
  }

  async #job(field: Field, segment: SealedSegment, spec: IndexSpec, begin: Begin | null): Promise<BuildJob> {
    const { builds, store } = this.#state.parts;
    const url = builds.thread === 'worker' ? store.sharedUrl : null;
    const base = begin && { rowsTo: begin.rowsTo.slice(), sections: await this.#baseSections(begin, spec, url) };
    const like = { typeName: spec.type, params: spec.params, metric: spec.metric, vectorType: field.type as VectorType, dim: field.dim ?? 1, rows: segment.rows, seed: BUILD_SEED, base };
    if (url !== null) return { ...like, vectors: { kind: 'store', url, file: segment.entry.file, fieldId: field.fieldId } };
    const vectors = segment.vectors(field.fieldId);
    const values = await whileLoaded(segment, vectors, () => vectorsOf(vectors.copyAll()));
    return { ...like, vectors: { kind: 'bytes', values } };
  }

  /** `url`: of the store that a worker reads them from; null: they are read here. */
  async #baseSections({ file }: Begin, spec: IndexSpec, url: string | null): Promise<BuildBase['sections']> {
    if (url !== null) return { kind: 'store', url, file };
    const sections = await readSections(this.#state.parts.store, file, getIndexType(spec.type).baseSections);
    return { kind: 'bytes', values: Array.from(sections, ([name, bytes]) => ({ name, bytes })) };
  }

  progress(field: Field): IndexProgress {
    const { fieldId } = field;
    const sealedRows = rowsOf(this.#state.sealed);
    const totalRows = sealedRows + this.#state.unsealedRows;
    if (!this.#state.indexSpec(fieldId)) return { state: 'none', indexedRows: 0, totalRows };
    const missing = this.#missing(fieldId);
    const running = this.#running;
    const current = running?.fieldId === fieldId && running.segment && missing.includes(running.segment) ? running.done : 0;
    const indexedRows = sealedRows - rowsOf(missing) + current;
    const failure = this.#failures.get(fieldId);
    if ((this.#pending.get(fieldId) ?? 0) > 0) return { state: 'building', indexedRows, totalRows };
    if (failure) return { state: 'failed', indexedRows, totalRows, error: { code: failure.code, message: failure.message } };
    return { state: missing.length > 0 ? 'building' : 'finished', indexedRows, totalRows };
  }

  /** NOT_FOUND where the field has no index. */
  describe(field: Field): IndexDescription {
    const state = this.#state;
    const spec = state.indexSpec(field.fieldId);
    if (!spec) throw new ElanusError('NOT_FOUND', `field "${field.name}" of "${state.name}" has no index`, { collection: state.name, field: field.name });
    const serving = new Map<string, { spec: IndexSpec | null; rows: number }>();
    const add = (served: IndexSpec | null, rows: number): void => {
      if (rows === 0) return;
      const key = served ? JSON.stringify([served.type, served.metric, Object.entries(served.params).sort()]) : '';
      const known = serving.get(key);
      if (known) known.rows += rows;
      else serving.set(key, { spec: served, rows });
    };
    for (const segment of state.sealed) {
      const stored = segment.entry.indexes.find((index) => index.fieldId === field.fieldId && index.spec.metric === spec.metric);
      add(stored?.spec ?? null, segment.rows - segment.deletedRows);
    }
    for (const segment of state.view.growing) add(null, segment.rows - segment.deletedRows);
    const rows = state.reads.countRows();
    const scan = scanTypeOf(VECTOR_TYPES[field.type as VectorType].family);
    const why = whyBuilt(spec, field.dim, rows);
    return {
      field: field.name,
      spec,
      servedBy: builtSpec(spec, field.dim, rows),
      ...(why === undefined ? {} : { why }),
      serving: [...serving.values()].map((part) => ({ type: part.spec ? part.spec.type : scan.name, params: part.spec ? part.spec.params : {}, rows: part.rows })),
      ...this.progress(field),
    };
  }
}

const needsBuild = (spec: IndexSpec): boolean => !getIndexType(spec.type).isScan;
const rowsOf = (segments: readonly SealedSegment[]): number => segments.reduce((sum, segment) => sum + segment.rows, 0);
const sectionMap = (sections: readonly IndexSection[]): Map<string, Uint8Array> => new Map(sections.map(({ name, bytes }) => [name, bytes]));

/** The index to begin with among those of the inputs, which must be what is wanted. */
function beginAmong(origins: readonly Origin[], fieldId: number, wanted: IndexSpec): Begin | null {
  if (getIndexType(wanted.type).baseSections.length === 0) return null;
  return chooseBase(origins.flatMap(({ segment, rowsTo }) => {
    const present = segment.entry.indexes.find((index) => index.fieldId === fieldId);
    return present && sameSpec(present.spec, wanted) ? [{ file: present.file, rowsTo }] : [];
  }));
}

const isUnreadable = (error: unknown): boolean => isElanusError(error) && (error.code === 'CORRUPT' || error.code === 'NOT_FOUND');

function isIndexed(wanted: IndexSpec | null, entries: readonly SegmentIndexEntry[], fieldId: number): boolean {
  const known = entries.find((index) => index.fieldId === fieldId);
  return known ? wanted !== null && sameSpec(known.spec, wanted) : wanted === null;
}

const superseded = (): ElanusError => new ElanusError('ABORTED', 'the index was changed or dropped while it was being built', { superseded: true });
const isSuperseded = (error: unknown): boolean => isElanusError(error) && error.detail['superseded'] === true;

/** Does something with vectors that must be in memory for it. */
async function whileLoaded<T>(segment: SealedSegment, vectors: SealedVectors, work: () => T): Promise<T> {
  vectors.hold();
  try {
    await vectors.load(segment.file);
    return work();
  } finally {
    vectors.release();
  }
}
