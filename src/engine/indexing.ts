/**
 * Index builds: one at a time per collection, behind the user's back or waited for by `createIndex`. A build that
 * fails or is stopped leaves what was there before; what is missing is taken up again at the next open.
 */
import { readSections } from '../exec/load.ts';
import { DEFAULT_METRIC } from '../exec/plan.ts';
import { getIndexType } from '../index/registry.ts';
import type { BuildJob, IndexSection } from '../index/index.ts';
import type { Field, IndexSpec, MetricType } from '../schema/types.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import { vectorSection } from '../segment/segment-file.ts';
import { indexFileName } from '../storage/names.ts';
import { encodeSections, sectionsByteLength } from '../storage/sections/index.ts';
import { ElanusError, isElanusError, throwIfAborted } from '../util/error.ts';
import { withEntry } from './catalog.ts';
import type { CallContext, IndexProgress } from './client.ts';
import type { CollectionState } from './collection.ts';
import { mergeSealed } from './merge.ts';
import { applyEntries, seal } from './seal.ts';

/** A segment with fewer bytes of vectors is scanned as fast as its graph would be walked. */
const GRAPH_FROM_BYTES = 1 << 20;
/** As many rows in a segment as this many bytes of index hold. */
const SEGMENT_INDEX_BYTES_MAX = 1 << 30;
/** And no more than this many bytes of vectors, which a build has in one kernel memory beside the index. */
const SEGMENT_VECTOR_BYTES_MAX = 2 ** 31;
/** Any fixed number: equal rows give an equal graph. */
const BUILD_SEED = 20_031;

export interface RawIndexSpec {
  readonly type: string;
  readonly metric?: MetricType;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Completes and checks what a user asked for. Without a metric the field keeps the one it has. */
export function resolveSpec(field: Field, raw: RawIndexSpec, present?: IndexSpec): IndexSpec {
  const metric = raw.metric ?? present?.metric ?? DEFAULT_METRIC;
  const type = getIndexType(raw.type);
  return { type: type.name, metric, params: type.parseBuild(raw.params ?? {}, { metric, dim: field.dim! }) };
}

export function sameSpec(a: IndexSpec, b: IndexSpec): boolean {
  const keys = Object.keys(a.params);
  return a.type === b.type && a.metric === b.metric && keys.length === Object.keys(b.params).length && keys.every((key) => a.params[key] === b.params[key]);
}

export class Indexing {
  readonly #state: CollectionState;
  /** Never rejects. */
  #queue: Promise<void> = Promise.resolve();
  #current: { readonly fieldId: number; readonly segment: SealedSegment; done: number; total: number } | null = null;
  /** Stops the one build under way, because its index is not wanted any more; the job goes on to what is. */
  #stale: { readonly fieldId: number; readonly abort: AbortController } | null = null;
  readonly #abort = new AbortController();
  /** Why there are no more builds; null while there are. */
  #closed: ElanusError | null = null;
  readonly #failures = new Map<number, ElanusError>();
  /** Fields that some job, waiting or under way, is about. */
  readonly #pending = new Map<number, number>();

  constructor(state: CollectionState) {
    this.#state = state;
  }

  /** `createIndex`: seals, merges, builds. Resolves with the spec when it is in force; with `wait`, when all is built. */
  async create(field: Field, raw: RawIndexSpec, wait: boolean, context: CallContext | undefined): Promise<IndexSpec> {
    const state = this.#state;
    const known = state.indexSpec(field.fieldId);
    const spec = resolveSpec(field, raw, known);
    throwIfAborted(context?.signal);
    if (!known || !sameSpec(known, spec)) {
      // What is being built for the old parameters is of no use any more.
      this.#stopCurrent(field.fieldId);
      await state.parts.catalog.commit(state.parts.clock, (manifest) =>
        withEntry(manifest, state.collectionId, (entry) => ({ ...entry, indexes: { ...entry.indexes, [field.fieldId]: spec } })),
      );
      state.segmentsChanged();
    }
    const job = this.#enqueue(field.fieldId, async (signal) => {
      await seal(state);
      context?.onProgress?.({ phase: 'merge', done: 0, total: state.sealed.length });
      await mergeSealed(state, segmentRowsMax(field, spec), signal);
      await this.#buildMissing(signal, context);
      const now = state.indexSpec(field.fieldId);
      if (!now || !sameSpec(now, spec)) throw new ElanusError('ABORTED', `the index of field "${field.name}" was changed or dropped while it was being built`);
    }, context?.signal);
    if (wait) await job;
    else job.catch((error: unknown) => this.#report(error, field));
    return spec;
  }

  /** Builds what is missing, in the background. */
  schedule(): void {
    if (this.#closed || this.#state.parts.options.readOnly) return;
    for (const field of this.#state.schema.fields) {
      if (!this.#missing(field.fieldId).length) continue;
      this.#enqueue(field.fieldId, (signal) => this.#buildMissing(signal, undefined), undefined).catch((error: unknown) => this.#report(error, field));
    }
  }

  #enqueue(fieldId: number, work: (signal: AbortSignal) => Promise<void>, userSignal: AbortSignal | undefined): Promise<void> {
    this.#pending.set(fieldId, (this.#pending.get(fieldId) ?? 0) + 1);
    const run = this.#queue.then(async () => {
      if (this.#closed) throw this.#closed;
      const signal = userSignal ? AbortSignal.any([this.#abort.signal, userSignal]) : this.#abort.signal;
      try {
        throwIfAborted(userSignal);
        this.#failures.delete(fieldId);
        await work(signal);
      } catch (error) {
        if (this.#closed && !userSignal?.aborted) throw this.#closed;
        const wrapped = isElanusError(error) ? error : new ElanusError('INTERNAL', `index build failed: ${String(error)}`, {}, { cause: error });
        if (wrapped.code !== 'ABORTED' || userSignal?.aborted) this.#failures.set(fieldId, wrapped);
        throw wrapped;
      }
    }).finally(() => {
      this.#pending.set(fieldId, this.#pending.get(fieldId)! - 1);
    });
    this.#queue = run.catch(() => {});
    return run;
  }

  #report(error: unknown, field: Field): void {
    const failure = error as ElanusError;
    if (this.#closed || failure.code === 'ABORTED') return;
    this.#state.parts.onEvent({
      type: 'error',
      code: failure.code,
      message: `building the index of field "${field.name}": ${failure.message}`,
      detail: failure.detail,
      collection: this.#state.name,
    });
  }

  #stopCurrent(fieldId: number): void {
    if (this.#stale?.fieldId === fieldId) this.#stale.abort.abort();
  }

  /** Segments whose index is not the one asked for and which are worth one. */
  #missing(fieldId: number): SealedSegment[] {
    const spec = this.#state.indexSpec(fieldId);
    if (!spec) return [];
    return this.#state.sealed.filter((segment) => !isIndexed(segment, fieldId, spec, this.#state.field(fieldId).dim!));
  }

  async #buildMissing(signal: AbortSignal, context: CallContext | undefined): Promise<void> {
    for (const field of this.#state.schema.fields) {
      for (let segment = this.#missing(field.fieldId)[0]; segment; segment = this.#missing(field.fieldId)[0]) {
        throwIfAborted(signal);
        const stale = new AbortController();
        this.#stale = { fieldId: field.fieldId, abort: stale };
        try {
          await this.#buildOne(field, segment, this.#state.indexSpec(field.fieldId)!, AbortSignal.any([signal, stale.signal]), context);
        } catch (error) {
          if (!stale.signal.aborted || signal.aborted || !isElanusError(error) || error.code !== 'ABORTED') throw error;
        } finally {
          this.#stale = null;
        }
      }
    }
  }

  async #buildOne(field: Field, segment: SealedSegment, spec: IndexSpec, signal: AbortSignal, context: CallContext | undefined): Promise<void> {
    const state = this.#state;
    const { builds, catalog, clock, store } = state.parts;
    const vectors = segment.vectors(field.fieldId);
    const obsolete = segment.entry.indexes.filter((index) => index.fieldId === field.fieldId).map((index) => index.file);
    segment.pins.pin();
    try {
      let sections: IndexSection[] | null = null;
      if (needsBuild(spec)) {
        this.#current = { fieldId: field.fieldId, segment, done: 0, total: segment.rows };
        sections = await builds.build(await this.#job(field, segment, spec), {
          signal,
          onProgress: (done, total) => {
            this.#current = { fieldId: field.fieldId, segment, done, total };
            context?.onProgress?.({ phase: 'build', done, total });
          },
        });
        throwIfAborted(signal);
      }
      const file = indexFileName(segment.entry.segmentId, field.fieldId, catalog.takeFileId());
      if (sections) await store.write(file, encodeSections('index', sections));
      const isCurrent = (): boolean => {
        const now = state.indexSpec(field.fieldId);
        return now !== undefined && sameSpec(now, spec) && state.sealed.includes(segment);
      };
      if (!isCurrent()) {
        await store.remove(file);
        return;
      }
      const added = sections ? [{ fieldId: field.fieldId, spec, file, fileBytes: sectionsByteLength('index', sections) }] : [];
      await catalog.commit(clock, (manifest) =>
        withEntry(manifest, state.collectionId, (entry) => ({
          ...entry,
          segments: entry.segments.map((known) =>
            known.segmentId === segment.entry.segmentId ? { ...known, indexes: [...known.indexes.filter((index) => index.fieldId !== field.fieldId), ...added] } : known,
          ),
        })),
      );
      applyEntries(state);
      if (sections) {
        if (getIndexType(spec.type).needsVectors) await vectors.load(segment.file);
        vectors.setIndex(spec, await readSections(store, file));
      } else vectors.dropIndex();
      state.segmentsChanged();
    } finally {
      this.#current = null;
      segment.pins.unpin();
    }
    for (const file of obsolete) await store.remove(file);
    if (this.#missing(field.fieldId).length === 0) state.parts.onEvent({ type: 'indexed', collection: state.name, field: field.name });
  }

  async #job(field: Field, segment: SealedSegment, spec: IndexSpec): Promise<BuildJob> {
    const { builds, store } = this.#state.parts;
    const like = { typeName: spec.type, params: spec.params, metric: spec.metric, dim: field.dim!, rows: segment.rows, seed: BUILD_SEED };
    if (store.sharedUrl !== null && builds.thread === 'worker') {
      return { ...like, vectors: { kind: 'store', url: store.sharedUrl, file: segment.entry.file, section: vectorSection(field.fieldId) } };
    }
    const vectors = segment.vectors(field.fieldId);
    await vectors.load(segment.file);
    return { ...like, vectors: { kind: 'bytes', values: vectors.copyAll() } };
  }

  progress(field: Field): IndexProgress {
    const spec = this.#state.indexSpec(field.fieldId);
    const sealedRows = this.#state.sealed.reduce((sum, segment) => sum + segment.rows, 0);
    const totalRows = sealedRows + this.#state.unsealedRows;
    if (!spec) return { state: 'none', indexedRows: 0, totalRows };
    const missing = this.#missing(field.fieldId);
    const missingRows = missing.reduce((sum, segment) => sum + segment.rows, 0);
    const current = this.#current?.fieldId === field.fieldId && missing.includes(this.#current.segment) ? Math.min(this.#current.done, this.#current.segment.rows) : 0;
    const indexedRows = sealedRows - missingRows + current;
    const pending = (this.#pending.get(field.fieldId) ?? 0) > 0;
    const failure = this.#failures.get(field.fieldId);
    if (pending) return { state: 'building', indexedRows, totalRows };
    if (failure) return { state: 'failed', indexedRows, totalRows, error: { code: failure.code, message: failure.message } };
    return { state: missing.length > 0 ? 'building' : 'finished', indexedRows, totalRows };
  }

  /** Stops what runs; who waits for it is told the reason. Resolved: nothing runs. */
  async close(reason: ElanusError): Promise<void> {
    this.#closed ??= reason;
    this.#abort.abort(reason);
    await this.#queue;
  }
}

const needsBuild = (spec: IndexSpec): boolean => spec.type !== 'FLAT';

function isIndexed(segment: SealedSegment, fieldId: number, spec: IndexSpec, dim: number): boolean {
  const known = segment.entry.indexes.find((index) => index.fieldId === fieldId);
  if (known && sameSpec(known.spec, spec)) return true;
  if (known) return false;
  return !needsBuild(spec) || segment.rows * dim * 4 < GRAPH_FROM_BYTES;
}

function segmentRowsMax(field: Field, spec: IndexSpec): number {
  const bytesPerRow = Math.max(getIndexType(spec.type).estimateBytes(1 << 16, field.dim!, spec.params) / (1 << 16), 1);
  const vectorBytes = field.dim! * 4;
  const rowsOfIndex = Math.floor(SEGMENT_INDEX_BYTES_MAX / (spec.type === 'FLAT' ? vectorBytes : bytesPerRow));
  return Math.min(rowsOfIndex, Math.floor(SEGMENT_VECTOR_BYTES_MAX / vectorBytes));
}
