/**
 * Builds of scalar indexes: on the engine's own thread in steps, one at a time with merges and the builds of vector indexes. What
 * filters find by an older index of the same place they go on finding by it, until the new one is built.
 */
import type { BuiltScalarIndex } from '../scalar-index/build.ts';
import { isSamePath, sameScalarSpec } from '../scalar-index/index.ts';
import type { ScalarIndexParts } from '../scalar-index/parts.ts';
import type { RawScalarSpec } from '../scalar-index/registry.ts';
import type { Column } from '../schema/column.ts';
import type { Field, ScalarIndexSpec, Schema } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import type { SealedSegment } from '../segment/sealed.ts';
import type { CollectionEntry, ScalarIndexEntry, SegmentScalarIndexEntry } from '../storage/manifest/manifest.ts';
import { indexFileName } from '../storage/names.ts';
import { encodeSections, sectionsByteLength } from '../storage/sections/index.ts';
import { ElanusError, isElanusError, throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';
import { withEntry } from './catalog.ts';
import type { CallContext, IndexProgress, ScalarIndexDescription } from './client.ts';
import type { CollectionState } from './collection.ts';
import { removeUnnamed } from './garbage.ts';
import type { JobQueue } from './job-queue.ts';
import type { OnDemand } from './on-demand.ts';
import { applyEntries, seal } from './seal.ts';

/** A segment of fewer rows is scanned as fast as its index would be looked up. */
export const SCALAR_INDEX_ROWS_MIN = 1_024;

/** Steps of a build take as long together before others have their turn. */
const SLICE_MS = 10;

/** The entries of the indexes that a schema asks for. INVALID_ARGUMENT for one that cannot be. */
export async function scalarIndexesOf(fields: readonly Field[], onDemand: OnDemand): Promise<ScalarIndexEntry[]> {
  const indexed = fields.filter((field) => field.index && !isVectorType(field.type));
  if (indexed.length === 0) return [];
  const { scalarIndexes } = await onDemand.load();
  return indexed.map((field) => entryOf(field, field.index!, undefined, scalarIndexes));
}

function entryOf(field: Field, raw: RawScalarSpec, name: string | undefined, { completeScalarSpec, formatJsonPath }: ScalarIndexParts): ScalarIndexEntry {
  const { spec, path } = completeScalarSpec(field, raw);
  return { name: name ?? (path ? formatJsonPath(field.name, path) : field.name), fieldId: field.fieldId, ...(path ? { path } : {}), spec };
}

const isOfSamePlace = (a: ScalarIndexEntry, b: ScalarIndexEntry): boolean => a.fieldId === b.fieldId && (a.path && b.path ? isSamePath(a.path, b.path) : a.path === b.path);
const isSame = (a: ScalarIndexEntry, b: ScalarIndexEntry): boolean => a.name === b.name && isOfSamePlace(a, b) && sameScalarSpec(a.spec, b.spec);

export class ScalarIndexing {
  readonly #state: CollectionState;
  readonly #jobs: JobQueue;
  /** By name: how many jobs, waiting or under way, are about it; why the last one failed; rows done of the segment under way. */
  readonly #pending = new Map<string, number>();
  readonly #failures = new Map<string, ElanusError>();
  readonly #onSealed: () => void;
  #isScheduled = false;
  /** Asked for anew while it was: what has been sealed meanwhile may be missing in an index that is done. */
  #isWanted = false;

  /** `onSealed`: told when a call that seals is done. */
  constructor(state: CollectionState, jobs: JobQueue, onSealed: () => void) {
    this.#state = state;
    this.#jobs = jobs;
    this.#onSealed = onSealed;
  }

  async #parts(): Promise<ScalarIndexParts> {
    return (await this.#state.parts.onDemand.load()).scalarIndexes;
  }

  get #entries(): readonly ScalarIndexEntry[] {
    return this.#state.entry.scalarIndexes ?? [];
  }

  /** Seals and builds, as `Indexing.create` does; another index of the same place is replaced. Answers the spec, complete. ALREADY_EXISTS where the name is that of another. */
  async create(field: Field, raw: RawScalarSpec, name: string | undefined, wait: boolean, context: CallContext | undefined): Promise<ScalarIndexSpec> {
    const state = this.#state;
    throwIfAborted(context?.signal);
    const parts = await this.#parts();
    const given = entryOf(field, raw, name, parts);
    const present = this.#entries.find((entry) => isOfSamePlace(entry, given));
    const asked = name === undefined && present ? { ...given, name: present.name } : given;
    if (!this.#isAskedFor(asked)) {
      await state.parts.catalog.commit(state.parts.clock, (manifest) =>
        withEntry(manifest, state.collectionId, (entry) => ({ ...entry, ...withIndex(entry, asked) })),
      );
      if (present) this.#stop(present.name);
      applyEntries(state);
      state.segmentsChanged();
    }
    const job = this.#enqueue(asked, async (signal) => {
      const assertAskedFor = (): void => {
        if (!this.#isAskedFor(asked)) throw superseded();
      };
      assertAskedFor();
      await seal(state);
      await this.#buildMissing(asked, signal, context);
      assertAskedFor();
    }, context?.signal);
    // The seal may have left other indexes to do, too.
    job.then(() => this.schedule(), () => this.schedule(asked.name)).finally(this.#onSealed);
    if (wait) await job;
    else job.catch((error: unknown) => this.#report(error, asked));
    return asked.spec;
  }

  /** Takes an index away by its name or by what it is over. NOT_FOUND where there is none; a build under way for it stops. */
  async drop(which: string, context: CallContext | undefined): Promise<void> {
    const state = this.#state;
    const { catalog, clock, store } = state.parts;
    throwIfAborted(context?.signal);
    const { name } = this.#find(which);
    let obsolete: string[] = [];
    await catalog.commit(clock, (manifest) =>
      withEntry(manifest, state.collectionId, (entry) => {
        const isIt = (index: ScalarIndexEntry): boolean => index.name === name;
        if (!entry.scalarIndexes?.some(isIt)) throw this.#noIndex(which);
        obsolete = entry.segments.flatMap(({ scalarIndexes = [] }) => scalarIndexes.filter(isIt).map(({ file }) => file));
        const segments = entry.segments.map((segment) => (segment.scalarIndexes?.some(isIt) ? { ...segment, scalarIndexes: segment.scalarIndexes.filter((index) => !isIt(index)) } : segment));
        return { ...entry, scalarIndexes: entry.scalarIndexes.filter((index) => !isIt(index)), segments };
      }),
    );
    this.#stop(name);
    this.#failures.delete(name);
    applyEntries(state);
    state.segmentsChanged();
    await removeUnnamed(store, catalog, obsolete);
  }

  /** Builds what is missing, in the background; `except`: not of this name. */
  schedule(except?: string): void {
    if (this.#jobs.closed || !this.#state.parts.maintains()) return;
    if (this.#isScheduled) return void (this.#isWanted = true);
    const missing = this.#entries.filter((entry) => entry.name !== except && this.#missing(entry).length > 0);
    if (missing.length === 0) return;
    this.#isScheduled = true;
    const jobs = missing.map((entry) => this.#enqueue(entry, (signal) => this.#buildMissing(entry, signal, undefined), undefined).catch((error: unknown) => this.#report(error, entry)));
    void Promise.all(jobs).finally(() => {
      this.#isScheduled = false;
      if (!this.#isWanted) return;
      this.#isWanted = false;
      this.schedule();
    });
  }

  /** All of them, or one by its name or by what it is over. NOT_FOUND where there is none. */
  async describe(which: string | undefined): Promise<ScalarIndexDescription[]> {
    if (which === undefined && this.#entries.length === 0) return [];
    const { whyScalar } = await this.#parts();
    const { schema } = this.#state;
    return (which === undefined ? this.#entries : [this.#find(which)]).map((entry) => {
      const { name, fieldId, path, spec } = entry;
      const why = whyScalar(spec);
      return {
        field: schema.fields.find((field) => field.fieldId === fieldId)!.name,
        name,
        ...(path ? { path } : {}),
        spec,
        ...(why === undefined ? {} : { why }),
        serving: this.#serving(entry),
        ...this.#progress(entry),
      };
    });
  }

  #serving(entry: ScalarIndexEntry): ScalarIndexDescription['serving'] {
    const rows = new Map<string, number>();
    const add = (type: string, count: number): void => void (count > 0 && rows.set(type, (rows.get(type) ?? 0) + count));
    for (const segment of this.#state.sealed) add(segment.entry.scalarIndexes?.find((index) => index.name === entry.name)?.type ?? 'scan', segment.rows - segment.deletedRows);
    for (const segment of this.#state.view.growing) add('scan', segment.rows - segment.deletedRows);
    return Array.from(rows, ([type, count]) => ({ type, rows: count }));
  }

  #progress(entry: ScalarIndexEntry): IndexProgress {
    const { sealed, unsealedRows } = this.#state;
    const sum = (segments: readonly SealedSegment[]): number => segments.reduce((rows, segment) => rows + segment.rows, 0);
    const missing = this.#missing(entry);
    const progress = { indexedRows: sum(sealed) - sum(missing), totalRows: sum(sealed) + unsealedRows };
    const failure = this.#failures.get(entry.name);
    if ((this.#pending.get(entry.name) ?? 0) > 0) return { state: 'building', ...progress };
    if (failure) return { state: 'failed', ...progress, error: { code: failure.code, message: failure.message } };
    return { state: missing.length > 0 ? 'building' : 'finished', ...progress };
  }

  /** By its name, by the field that has one alone, or by a key of the dynamic field. */
  #find(which: string): ScalarIndexEntry {
    const entries = this.#entries;
    const named = entries.find(({ name }) => name === which);
    if (named) return named;
    const { fields } = this.#state.schema;
    const field = fields.find(({ name }) => name === which);
    const dynamic = fields.find(({ isDynamic }) => isDynamic);
    const found = entries.filter(({ fieldId, path }) => (field ? fieldId === field.fieldId : fieldId === dynamic?.fieldId && path?.length === 1 && path[0] === which));
    if (found.length > 1) {
      const names = found.map(({ name }) => name);
      throw new ElanusError('INVALID_ARGUMENT', `"${which}" of "${this.#state.name}" has several indexes: name one of ${names.join(', ')}`, { collection: this.#state.name, indexes: names });
    }
    if (!found[0]) throw this.#noIndex(which);
    return found[0];
  }

  #noIndex(which: string): ElanusError {
    const { name } = this.#state;
    return new ElanusError('NOT_FOUND', `"${name}" has no index "${which}", and none of a field of that name`, { collection: name, index: which, indexes: this.#entries.map((entry) => entry.name) });
  }

  #enqueue(entry: ScalarIndexEntry, work: (signal: AbortSignal) => Promise<void>, userSignal: AbortSignal | undefined): Promise<void> {
    const { name } = entry;
    this.#pending.set(name, (this.#pending.get(name) ?? 0) + 1);
    const run = this.#jobs.run(subjectOf(name), async (signal) => {
      this.#failures.delete(name);
      await work(signal);
    }, userSignal);
    return run.catch((error: ElanusError) => {
      if (!this.#jobs.closed && (error.code !== 'ABORTED' || userSignal?.aborted)) this.#failures.set(name, error);
      throw error;
    }).finally(() => void this.#pending.set(name, this.#pending.get(name)! - 1));
  }

  #stop(name: string): void {
    this.#jobs.stop(subjectOf(name), superseded());
  }

  #report(error: unknown, { name }: ScalarIndexEntry): void {
    const { code, message, detail } = error as ElanusError;
    if (this.#jobs.closed || code === 'ABORTED') return;
    this.#state.parts.onEvent({ type: 'error', code, message: `building the index "${name}": ${message}`, detail, collection: this.#state.name });
  }

  #isAskedFor(asked: ScalarIndexEntry): boolean {
    return this.#entries.some((entry) => isSame(entry, asked));
  }

  /** Segments that have not the index that is asked for. */
  #missing(asked: ScalarIndexEntry): SealedSegment[] {
    // What holds nothing but history is scanned, by reads of the past.
    const wants = (segment: SealedSegment): boolean => segment.rows >= SCALAR_INDEX_ROWS_MIN && !segment.isHistory;
    return this.#state.sealed.filter((segment) => wants(segment) && !segment.entry.scalarIndexes?.some((built) => isSame(built, asked)));
  }

  async #buildMissing(asked: ScalarIndexEntry, signal: AbortSignal, context: CallContext | undefined): Promise<void> {
    let before = 0;
    for (let missing = this.#missing(asked); missing.length > 0 && this.#isAskedFor(asked); missing = this.#missing(asked)) {
      throwIfAborted(signal);
      const total = before + missing.reduce((sum, { rows }) => sum + rows, 0);
      const segment = missing[0]!;
      context?.onProgress?.({ phase: 'build', done: before, total });
      await this.#buildOne(asked, segment, signal);
      before += segment.rows;
      context?.onProgress?.({ phase: 'build', done: before, total });
    }
  }

  async #buildOne(asked: ScalarIndexEntry, segment: SealedSegment, signal: AbortSignal): Promise<void> {
    const state = this.#state;
    const { catalog, clock, store } = state.parts;
    const field = state.field(asked.fieldId);
    let obsolete: string[] = [];
    segment.pins.pin();
    try {
      const { type, sections } = await buildInSlices(await this.#parts(), await segment.loadColumn(field), field, asked, signal);
      const file = indexFileName(segment.entry.segmentId, field.fieldId, catalog.takeFileId());
      await store.write(file, encodeSections('index', file, sections));
      const built: SegmentScalarIndexEntry = { ...asked, type, file, fileBytes: sectionsByteLength('index', sections) };
      try {
        await catalog.commit(clock, (manifest) =>
          withEntry(manifest, state.collectionId, (entry) => {
            const known = entry.segments.find(({ segmentId }) => segmentId === segment.entry.segmentId);
            if (!known || !entry.scalarIndexes?.some((index) => isSame(index, asked))) throw superseded();
            const others = (known.scalarIndexes ?? []).filter((index) => index.name !== asked.name);
            obsolete = (known.scalarIndexes ?? []).filter((index) => index.name === asked.name).map((index) => index.file);
            return { ...entry, segments: entry.segments.map((other) => (other === known ? { ...known, scalarIndexes: [...others, built] } : other)) };
          }),
        );
      } catch (error) {
        if (isSuperseded(error)) await store.remove(file);
        throw error;
      }
      applyEntries(state);
      state.segmentsChanged();
    } finally {
      segment.pins.unpin();
    }
    await removeUnnamed(store, catalog, obsolete);
    if (this.#missing(asked).length === 0) state.parts.onEvent({ type: 'indexed', collection: state.name, field: asked.name });
  }
}

/** The collection with the index, in the place of the one that there was. Files of that stay until the new ones are built, where they answer the same. */
function withIndex(entry: CollectionEntry, asked: ScalarIndexEntry): Pick<CollectionEntry, 'scalarIndexes' | 'segments'> {
  const others = (entry.scalarIndexes ?? []).filter((index) => !isOfSamePlace(index, asked));
  if (others.some(({ name }) => name === asked.name) || isNameOfAnother(entry.schema, asked)) {
    throw new ElanusError('ALREADY_EXISTS', `"${entry.name}" has an index "${asked.name}" of something else, or a field of that name`, { collection: entry.name, index: asked.name });
  }
  const renamed = (index: SegmentScalarIndexEntry): SegmentScalarIndexEntry => (isOfSamePlace(index, asked) ? { ...index, name: asked.name } : index);
  return { scalarIndexes: [...others, asked], segments: entry.segments.map((segment) => (segment.scalarIndexes ? { ...segment, scalarIndexes: segment.scalarIndexes.map(renamed) } : segment)) };
}

const isNameOfAnother = ({ fields }: Schema, { name, fieldId }: ScalarIndexEntry): boolean => fields.some((field) => field.name === name && field.fieldId !== fieldId);

/** What a job is about. */
const subjectOf = (name: string): string => `scalar index ${name}`;

const superseded = (): ElanusError => new ElanusError('ABORTED', 'the index was changed or dropped while it was being built', { superseded: true });
const isSuperseded = (error: unknown): boolean => isElanusError(error) && error.detail['superseded'] === true;

async function buildInSlices({ buildScalarIndex, targetOf }: ScalarIndexParts, column: Column, field: Field, { path, spec }: ScalarIndexEntry, signal: AbortSignal): Promise<BuiltScalarIndex> {
  const steps = buildScalarIndex(column, targetOf(field, path ?? null, spec), spec);
  for (;;) {
    const start = performance.now();
    while (performance.now() - start < SLICE_MS) {
      const { done, value } = steps.next();
      if (done) return value;
    }
    await yieldToHost();
    throwIfAborted(signal);
  }
}
