/**
 * The engine of one database over one store: the catalog and a state per collection. It decides who does what; how it
 * is done is in the parts beside it.
 */
import type { BuildService } from '../index/index.ts';
import type { RawIndexSpec } from '../index/spec.ts';
import type { KernelModule } from '../kernels/load.ts';
import type { ColumnBatch } from '../schema/column.ts';
import type { Field, IndexSpec, ScalarIndexSpec } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import { KernelPool } from '../segment/kernel-pool.ts';
import { RowTimes } from '../segment/row-times.ts';
import { SealedSegment } from '../segment/sealed.ts';
import { VectorCache } from '../segment/vector-cache.ts';
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import type { SharedAccess } from '../storage/shared/shared.ts';
import type { Store, StoreLock } from '../storage/store.ts';
import { unlessAborted } from '../util/abort.ts';
import { ElanusError, throwIfAborted } from '../util/error.ts';
import { Catalog } from './catalog.ts';
import type {
  AggregateReply,
  AggregateRequest,
  AliasInfo,
  AlterCollectionRequest,
  CallContext,
  CollectionInfo,
  CollectionName,
  CollectionStats,
  CompactReply,
  CountRequest,
  CreateCollectionRequest,
  DatabaseStats,
  DeleteReply,
  DeleteRequest,
  EngineClient,
  EngineEvent,
  EngineOptions,
  ExplainRequest,
  Explanation,
  GetReply,
  GetRequest,
  HoldMomentRequest,
  IndexDescription,
  IndexProgress,
  InsertReply,
  LoadState,
  PartitionInfo,
  QueryRequest,
  ReembedReply,
  ReembedRequest,
  RecoveryReport,
  ScalarIndexDescription,
  SearchReply,
  SearchRequest,
  SnapshotInfo,
} from './client.ts';
import { Clock } from './clock.ts';
import { checkConsistency } from './consistency.ts';
import { CollectionState, type EngineParts } from './collection.ts';
import { Compaction } from './compaction.ts';
import { Indexing, resolveSpec } from './indexing.ts';
import { ScalarIndexing, scalarIndexesOf } from './scalar-indexing.ts';
import { JobQueue } from './job-queue.ts';
import { History } from './history.ts';
import { collectGarbage, filesOf, removeLogs, removeUnnamed } from './garbage.ts';
import { assertFree, collectionNames, findCollection, findDatabase, lookUp } from './names.ts';
import { assertNoAliases, Namespaces } from './namespaces.ts';
import { newCollection } from './new-collection.ts';
import { addField } from './add-field.ts';
import { explain } from './explain.ts';
import { alterCollection } from './properties.ts';
import { OnDemand, type OnDemandParts } from './on-demand.ts';
import { createPartition, dropPartition, listPartitions } from './partitions.ts';
import type { Dialogue, EngineTools } from './reembed.ts';
import { recoverCollection, recoverySteps } from './recovery.ts';
import { applyEntries, carryDeletes, discard, saveDeletes, seal, sealNow, truncate, writeSegment } from './seal.ts';
import { shareEngine } from './shared-engine.ts';
import { createSnapshot, describeSnapshot, listSnapshots, OpenSnapshots, restoreSnapshot, type NamedSnapshot } from './snapshots.ts';
import { collectionStats } from './stats.ts';
import { Ticker } from './ticker.ts';
import { isSuperseded } from './superseded.ts';
import { SILENCE_MS, Tabs, type Rooms } from './tabs.ts';

export interface EngineDeps {
  readonly store: Store;
  readonly kernels: KernelModule;
  readonly builds: BuildService;
  /** Imports what not every database uses. */
  readonly onDemand: () => Promise<OnDemandParts>;
  readonly options: EngineOptions;
  readonly onEvent: (event: EngineEvent) => void;
  /** Which thread this is, as `stats` tells it. */
  readonly thread?: 'calling' | 'worker';
  /** Of several tabs: so long the one that maintains may be silent. */
  readonly silenceMs?: number;
  /** Whether the store encrypts, as `stats` tells it. */
  readonly isEncrypted?: boolean;
  readonly context?: CallContext;
  /** The wall clock, in milliseconds. */
  readonly now?: () => number;
}

interface OpenCollection {
  readonly state: CollectionState;
  jobs: JobQueue;
  indexing: Indexing;
  scalars: ScalarIndexing;
  compaction: Compaction;
}

/** Opens the database in a store, or makes one there. On failure the store is closed and its lock given back. */
export async function openEngine(deps: EngineDeps): Promise<EngineClient> {
  const started = performance.now();
  const { store, options } = deps;
  let lock: StoreLock | null = null;
  try {
    if (store.shared) return await openShared(deps, store.shared, started);
    if (options.readOnly) return await openForReading(deps, started);
    lock = await store.lock();
    const catalog = await Catalog.open(store);
    const engine = new Engine(deps, partsOf(deps, catalog, deps.onEvent), lock);
    const { clock } = engine.parts;
    await collectGarbage(store, catalog);
    await catalog.commit(clock, (manifest) => ({ ...manifest, epoch: manifest.epoch + 1 }));
    await engine.recover(started, deps.context);
    return engine;
  } catch (error) {
    await deps.builds.close();
    await lock?.release();
    await store.close();
    throw error;
  }
}

/** All that collections share, but for the history, which is theirs together. */
function partsOf({ builds, kernels, now, onDemand, options, store }: EngineDeps, catalog: Catalog, onEvent: EngineDeps['onEvent'], tabs: Tabs | null = null): Omit<EngineParts, 'history'> {
  const maintains = (): boolean => (tabs ? tabs.mayCommit() : !options.readOnly);
  return { store, catalog, clock: new Clock(catalog.manifest.lastTimestamp, now), pool: new KernelPool(kernels, new VectorCache(options.cacheBytes)), builds, onDemand: new OnDemand(onDemand), options, onEvent, maintains, tabs };
}

/** A writer beside us that commits faster than this many openings is not waited out. */
const READ_ATTEMPTS_MAX = 50;

/**
 * Opens without the lock. A writer may commit meanwhile, and then drop logs and files that we were about to read: what
 * was found counts only if the manifest is still the same afterwards.
 */
async function openForReading(deps: EngineDeps, started: number): Promise<EngineClient> {
  const { store } = deps;
  for (let attempt = 1; ; attempt++) {
    const catalog = await Catalog.open(store);
    if (!catalog.exists) throw new ElanusError('NOT_FOUND', 'there is no database to open with readOnly', { store: store.sharedUrl });
    const events: EngineEvent[] = [];
    let isOpen = false;
    const engine = new Engine(deps, partsOf(deps, catalog, (event) => void (isOpen ? deps.onEvent(event) : events.push(event))), null);
    try {
      await engine.recover(started, deps.context);
    } catch (error) {
      if (attempt < READ_ATTEMPTS_MAX && (await catalog.isOutdated())) continue;
      throw error;
    }
    if (await catalog.isOutdated()) {
      if (attempt < READ_ATTEMPTS_MAX) continue;
      throw new ElanusError('LOCKED', `the writer changed the database during each of ${attempt} attempts to open it for reading: try again`, { store: store.sharedUrl });
    }
    isOpen = true;
    for (const event of events) deps.onEvent(event);
    return engine;
  }
}

/** Opens one of several tabs. It waits for nobody: another one may maintain the database. */
async function openShared(deps: EngineDeps, shared: SharedAccess, started: number): Promise<EngineClient> {
  const { store, options } = deps;
  const catalog = Catalog.empty(store);
  const tabs = new Tabs(shared, catalog, deps.silenceMs ?? SILENCE_MS);
  catalog.rights = tabs;
  const engine = new Engine(deps, partsOf(deps, catalog, deps.onEvent, tabs), tabs);
  try {
    await engine.join(tabs, started);
    if (!catalog.exists) throw new ElanusError('NOT_FOUND', 'there is no database to open with readOnly', { store: store.sharedUrl });
  } catch (error) {
    await tabs.stop();
    await tabs.close();
    throw error;
  }
  return shareEngine(engine, tabs, options.readOnly);
}

/** Rows that have not been sealed for so long are, so that the log does not grow old: logs are replayed at each opening. */
const GROWING_AGE_MS = 10 * 60_000;
const TICK_MS = 30_000;

/** For what is imported on demand. */
const TOOLS: EngineTools = { CollectionState, RowTimes, SealedSegment, applyEntries, carryDeletes, discard, resolveSpec, saveDeletes, seal, sealNow, writeSegment };

/** Of a number that no collection has (any more). */
const GONE = 'the collection has been dropped, or moved to another embedder: then it is there by its name';

/** What maintains a collection, ready to begin. */
function makeJobs(state: CollectionState): Omit<OpenCollection, 'state'> {
  const jobs = new JobQueue();
  const indexing = new Indexing(state, jobs);
  const scalars = new ScalarIndexing(state, jobs, () => indexing.schedule());
  state.onMerged = () => scalars.schedule();
  return { jobs, indexing, scalars, compaction: new Compaction(state, jobs, indexing) };
}

/** Looks what is to be done behind the user's back. */
function schedule({ compaction, indexing, scalars }: OpenCollection): void {
  compaction.schedule();
  indexing.schedule();
  scalars.schedule();
}

class Engine implements EngineClient, Rooms {
  readonly #deps: EngineDeps;
  readonly #parts: EngineParts;
  readonly #lock: StoreLock | Tabs | null;
  readonly #namespaces: Namespaces;
  readonly collections = new Map<number, OpenCollection>();
  readonly #snapshots: OpenSnapshots;
  /** Snapshots that are being read, by the numbers that they have for so long. */
  readonly #readOnly = new Map<number, OpenCollection>();
  /** Moves to another embedder, by their ids. */
  readonly #moves = new Map<string, Dialogue>();
  #recovery: RecoveryReport = { openMs: 0, replayedRecords: 0, replayedRows: 0, droppedBytes: 0 };
  #closing: Promise<void> | null = null;
  #ticker: Ticker | null = null;

  constructor(deps: EngineDeps, parts: Omit<EngineParts, 'history'>, lock: StoreLock | Tabs | null) {
    this.#deps = deps;
    this.#parts = { ...parts, history: new History(parts.options, parts.clock, () => this.#states()) };
    this.#snapshots = new OpenSnapshots(this.#parts);
    this.#lock = lock;
    this.#namespaces = new Namespaces(parts.catalog, parts.clock);
  }

  async recover(started: number, context: CallContext | undefined): Promise<void> {
    const { catalog, store } = this.#parts;
    const count = { replayedRecords: 0, replayedRows: 0, droppedBytes: 0 };
    const logs = await store.logs.list();
    const entries = catalog.manifest.collections;
    const total = entries.reduce((sum, entry) => sum + recoverySteps(entry, logs), 0);
    let done = 0;
    const onStep = (): void => {
      throwIfAborted(context?.signal);
      context?.onProgress?.({ phase: 'recover', done: done++, total });
    };
    for (const entry of entries) {
      const { state, damages } = await recoverCollection(this.#parts, entry, logs, count, onStep);
      this.adopt(state);
      for (const { code, message, detail } of damages) this.#parts.onEvent({ type: 'error', code, message: `opened without what is damaged: ${message}`, detail, collection: entry.name });
      // What could be read goes into a segment, so that the damaged log is not met again.
      if (damages.length > 0 && !this.#parts.options.readOnly) await seal(state);
    }
    this.#recovery = { openMs: performance.now() - started, ...count };
    for (const open of this.collections.values()) schedule(open);
    this.#ticker = new Ticker(TICK_MS, () => this.#tick());
  }

  get client(): EngineClient {
    return this;
  }

  /** As `recover`, where several tabs have the database open. */
  async join(tabs: Tabs, started: number): Promise<void> {
    const count = { replayedRecords: 0, replayedRows: 0, droppedBytes: 0 };
    await tabs.open(this.#parts, this, count, !this.#parts.options.readOnly);
    this.#recovery = { openMs: performance.now() - started, ...count };
    this.#ticker = new Ticker(TICK_MS, () => this.#tick());
  }

  async forget(collectionId: number): Promise<void> {
    const { state, jobs } = this.collections.get(collectionId)!;
    const reason = new ElanusError('NOT_FOUND', GONE, { collectionId });
    this.collections.delete(collectionId);
    this.#parts.history.moments.forget(collectionId);
    await jobs.close(reason);
    await state.close(reason);
    await state.free();
  }

  async interrupt(collectionId: number, reason: ElanusError): Promise<void> {
    const open = this.collections.get(collectionId)!;
    await open.jobs.close(reason);
    await open.state.sealQueue;
    Object.assign(open, makeJobs(open.state));
  }

  schedule(collectionId: number): void {
    const open = this.collections.get(collectionId);
    if (open) schedule(open);
  }

  get parts(): EngineParts {
    return this.#parts;
  }

  *#states(): Generator<CollectionState> {
    for (const { state } of this.collections.values()) yield state;
  }

  #tick(): void {
    this.#parts.pool.cache.tick();
    if (!this.#parts.maintains()) return;
    for (const open of this.collections.values()) {
      if (open.state.unsealedMs >= GROWING_AGE_MS) open.state.onGrowingFull();
      // What was kept for reads of the past may have grown too old.
      else open.compaction.schedule();
    }
  }

  adopt(state: CollectionState): OpenCollection {
    const open: OpenCollection = { state, ...makeJobs(state) };
    state.onGrowingFull = () => {
      seal(state).then(
        () => schedule(open),
        (error: ElanusError) => {
          if (!isSuperseded(error)) this.#parts.onEvent({ type: 'error', code: error.code ?? 'INTERNAL', message: `sealing failed: ${error.message}`, detail: error.detail ?? {}, collection: state.name });
        },
      );
    };
    this.collections.set(state.collectionId, open);
    return open;
  }

  #open(collectionId: number): OpenCollection {
    this.#assertOpen();
    const open = this.collections.get(collectionId) ?? this.#readOnly.get(collectionId);
    if (open?.state.snapshot) this.#snapshots.assertThere(open.state);
    if (!open) throw new ElanusError('NOT_FOUND', GONE, { collectionId });
    return open;
  }

  #openToWrite(collectionId: number): OpenCollection {
    this.#assertWritable();
    const open = this.#open(collectionId);
    open.state.assertWritable();
    return open;
  }

  #assertOpen(): void {
    if (this.#closing) throw new ElanusError('CLOSED', 'the database is closed');
  }

  #assertWritable(): void {
    this.#assertOpen();
    if (this.#parts.options.readOnly) throw new ElanusError('READ_ONLY', 'the database was opened with readOnly: open it without to write');
  }

  async createDatabase({ name }: { name: string }): Promise<void> {
    this.#assertWritable();
    await this.#namespaces.createDatabase(name);
  }

  async listDatabases(): Promise<string[]> {
    this.#assertOpen();
    return this.#namespaces.listDatabases();
  }

  async dropDatabase({ name }: { name: string }): Promise<void> {
    this.#assertWritable();
    await this.#namespaces.dropDatabase(name);
  }

  async createCollection(request: CollectionName & CreateCollectionRequest, context?: CallContext): Promise<CollectionInfo> {
    throwIfAborted(context?.signal);
    this.#assertWritable();
    const { catalog, clock } = this.#parts;
    const { ifNotExists, schema } = request;
    const existing = ifNotExists && lookUp(catalog.manifest, request);
    if (existing && this.collections.has(existing.collectionId)) return this.#open(existing.collectionId).state.info;
    const indexes: Record<string, IndexSpec> = {};
    for (const field of schema.fields) if (field.index && isVectorType(field.type)) indexes[field.fieldId] = resolveSpec(field, field.index);
    const scalarIndexes = await scalarIndexesOf(schema.fields, this.#parts.onDemand);
    let entry: CollectionEntry | undefined;
    let isKnown = false;
    await catalog.commit(clock, (manifest) => {
      entry = ifNotExists ? lookUp(manifest, request) : undefined;
      // Made by another call since we looked.
      isKnown = entry !== undefined;
      if (isKnown) return manifest;
      const { databaseId } = findDatabase(manifest, request.database);
      assertFree(manifest, databaseId, request.name);
      const made = newCollection(manifest.nextCollectionId, databaseId, request, indexes, scalarIndexes, clock.next());
      entry = made;
      return { ...manifest, nextCollectionId: manifest.nextCollectionId + 1, collections: [...manifest.collections, made] };
    });
    if (isKnown) return this.#open(entry!.collectionId).state.info;
    const state = new CollectionState(this.#parts, entry!);
    const { firstLogGeneration: generation, nextAutoId } = entry!;
    if (this.#parts.tabs) state.openSharedLog(this.#parts.tabs, { generation, sequence: 0, nextAutoId, byteLengths: new Map() });
    else state.openLog({ generation, nextAutoId, byteLength: 0 });
    return this.adopt(state).state.info;
  }

  async describeCollection(request: CollectionName | { collectionId: number }): Promise<CollectionInfo> {
    return this.#find(request).state.info;
  }

  #find(request: CollectionName | { collectionId: number }): OpenCollection {
    this.#assertOpen();
    return this.#open('collectionId' in request ? request.collectionId : findCollection(this.#parts.catalog.manifest, request).collectionId);
  }

  async listCollections({ database }: { database?: string }): Promise<string[]> {
    this.#assertOpen();
    return collectionNames(this.#parts.catalog.manifest, database);
  }

  async renameCollection(request: CollectionName & { newName: string; newDatabase?: string }): Promise<void> {
    this.#assertWritable();
    await this.#namespaces.renameCollection(request);
  }

  async dropCollection(request: CollectionName | { collectionId: number }, context?: CallContext): Promise<void> {
    throwIfAborted(context?.signal);
    this.#assertWritable();
    const { catalog, clock } = this.#parts;
    const open = this.#find(request);
    const { state, jobs } = open;
    state.assertNoSnapshot();
    const { collectionId, name } = state;
    assertNoAliases(catalog.manifest, collectionId, name, 'drop');
    const reason = new ElanusError('NOT_FOUND', `collection "${name}" was dropped`, { collection: name });
    await jobs.close(reason);
    await state.close(reason);
    let files: string[] = [];
    await catalog.commit(clock, (manifest) => {
      assertNoAliases(manifest, collectionId, name, 'drop');
      files = manifest.collections.filter((entry) => entry.collectionId === collectionId).flatMap(filesOf);
      return { ...manifest, collections: manifest.collections.filter((entry) => entry.collectionId !== collectionId) };
    });
    this.collections.delete(collectionId);
    await this.#remove(open, files, reason);
  }

  async truncateCollection({ collectionId }: { collectionId: number }, context?: CallContext): Promise<void> {
    throwIfAborted(context?.signal);
    await truncate(this.#openToWrite(collectionId).state);
  }

  async alterCollection({ collectionId, ...request }: { collectionId: number } & AlterCollectionRequest, context?: CallContext): Promise<CollectionInfo> {
    throwIfAborted(context?.signal);
    const open = this.#openToWrite(collectionId);
    try {
      await alterCollection(open.state, request);
    } finally {
      // What is growing may have been sealed.
      schedule(open);
    }
    return open.state.info;
  }

  async createSnapshot({ collectionId, name, description }: { collectionId: number; name: string; description?: string }, context?: CallContext): Promise<SnapshotInfo> {
    throwIfAborted(context?.signal);
    const open = this.#openToWrite(collectionId);
    const info = await createSnapshot(open.state, name, description);
    schedule(open);
    return info;
  }

  async listSnapshots(request: { database?: string; collection?: string }): Promise<SnapshotInfo[]> {
    this.#assertOpen();
    return listSnapshots(this.#parts.catalog.manifest, request);
  }

  async describeSnapshot(named: NamedSnapshot): Promise<SnapshotInfo> {
    this.#assertOpen();
    return describeSnapshot(this.#parts.catalog.manifest, named);
  }

  async openSnapshot(named: NamedSnapshot): Promise<CollectionInfo> {
    this.#assertOpen();
    const state = await this.#snapshots.open(named);
    if (!this.#readOnly.has(state.collectionId)) this.#readOnly.set(state.collectionId, { state, ...makeJobs(state) });
    return state.info;
  }

  async restoreSnapshot({ collection, ...named }: NamedSnapshot & { collection: string }): Promise<CollectionInfo> {
    this.#assertWritable();
    let restored: OpenCollection | undefined;
    await restoreSnapshot(this.#parts, named, collection, (state) => {
      restored = this.adopt(state);
    });
    schedule(restored!);
    return restored!.state.info;
  }

  async dropSnapshot(named: NamedSnapshot): Promise<void> {
    this.#assertWritable();
    const collectionId = await this.#snapshots.drop(named);
    if (collectionId !== null) this.#readOnly.delete(collectionId);
  }

  async now(): Promise<bigint> {
    this.#assertOpen();
    const { clock, tabs } = this.#parts;
    const timestamp = tabs ? await tabs.now() : clock.next();
    // What is being written has an earlier one: a read at this time sees it now or never.
    await Promise.all(Array.from(this.#states(), (state) => state.log.settled()));
    return timestamp;
  }

  async createAlias(request: { database?: string; alias: string; collection: string }): Promise<void> {
    this.#assertWritable();
    await this.#namespaces.createAlias(request);
  }

  async alterAlias(request: { database?: string; alias: string; collection: string }): Promise<void> {
    this.#assertWritable();
    await this.#namespaces.alterAlias(request);
  }

  async dropAlias(request: { database?: string; alias: string }): Promise<void> {
    this.#assertWritable();
    await this.#namespaces.dropAlias(request);
  }

  async listAliases(request: { database?: string; collection?: string }): Promise<AliasInfo[]> {
    this.#assertOpen();
    return this.#namespaces.listAliases(request);
  }

  async addField({ collectionId, field }: { collectionId: number; field: Omit<Field, 'fieldId'> }): Promise<CollectionInfo> {
    const open = this.#openToWrite(collectionId);
    await addField(open.state, field);
    schedule(open);
    return open.state.info;
  }

  async reembed(request: ReembedRequest, context?: CallContext): Promise<ReembedReply> {
    throwIfAborted(context?.signal);
    const { collectionId, field, id } = request;
    if (field) {
      const open = this.#openToWrite(collectionId);
      const { reembedding } = await this.#parts.onDemand.load();
      this.#moves.set(id, new reembedding.Dialogue(async (ask, dialogue) => {
        let moved: OpenCollection | undefined;
        try {
          const old = await open.jobs.run(dialogue, (signal) => {
            signal.addEventListener('abort', () => dialogue.stop(signal));
            return reembedding.reembed(TOOLS, open.state, field, ask, signal, (target) => {
              this.collections.delete(collectionId);
              moved = this.adopt(target);
            });
          }, dialogue.signal);
          await this.#remove(open, filesOf(old), new ElanusError('NOT_FOUND', GONE, { collectionId }));
        } finally {
          this.#moves.delete(id);
        }
        schedule(moved!);
        const { rows } = await collectionStats(moved!.state);
        return { done: rows, total: rows, info: moved!.state.info };
      }));
    }
    const move = this.#moves.get(id);
    if (!move) throw new ElanusError('UNAVAILABLE', 'the move to another embedder has ended, perhaps with the tab that did it, and nothing has changed: call reembed() again', { collectionId });
    if (!field) move.take(request);
    return move.next;
  }

  /** Ends what no manifest names any more. */
  async #remove({ jobs, state }: OpenCollection, files: readonly string[], reason: ElanusError): Promise<void> {
    const { catalog, history, store } = this.#parts;
    const { collectionId } = state;
    history.moments.forget(collectionId);
    await jobs.close(reason);
    await state.close(reason);
    await state.free();
    await removeUnnamed(store, catalog, files);
    await removeLogs(store, catalog, collectionId);
  }

  async createPartition({ collectionId, name }: { collectionId: number; name: string }): Promise<void> {
    await createPartition(this.#openToWrite(collectionId).state, name);
  }

  async dropPartition({ collectionId, name }: { collectionId: number; name: string }): Promise<void> {
    await dropPartition(this.#openToWrite(collectionId).state, name);
  }

  async listPartitions({ collectionId }: { collectionId: number }): Promise<PartitionInfo[]> {
    return listPartitions(this.#open(collectionId).state);
  }

  insert(request: { collectionId: number; batch: ColumnBatch; partition?: string }, context?: CallContext): Promise<InsertReply> {
    return this.#settle(() => this.#open(request.collectionId).state.insert(request, context));
  }

  upsert(request: { collectionId: number; batch: ColumnBatch; isPartial: boolean; partition?: string }, context?: CallContext): Promise<InsertReply> {
    return this.#settle(() => this.#open(request.collectionId).state.upsert(request, context));
  }

  delete(request: DeleteRequest, context?: CallContext): Promise<DeleteReply> {
    return this.#settle(() => this.#open(request.collectionId).state.delete(request, false, context));
  }

  async purge(request: DeleteRequest, context?: CallContext): Promise<DeleteReply> {
    const open = this.#openToWrite(request.collectionId);
    const reply = await open.state.delete(request, true, context);
    try {
      await seal(open.state);
      await open.compaction.rewritePurged(context);
    } finally {
      schedule(open);
    }
    return reply;
  }

  /** Makes a synchronous refusal a rejection. */
  async #settle<T>(call: () => Promise<T>): Promise<T> {
    return call();
  }

  async watch({ collectionId, isOn }: { collectionId: number; isOn: boolean }): Promise<void> {
    this.#open(collectionId).state.changes.watch(isOn);
  }

  search(request: SearchRequest, context?: CallContext): SearchReply | Promise<SearchReply> {
    if (context?.signal) throwIfAborted(context.signal);
    checkConsistency(request.consistency);
    return this.#open(request.collectionId).state.reads.search(request, context);
  }

  async explain(request: ExplainRequest, context?: CallContext): Promise<Explanation> {
    throwIfAborted(context?.signal);
    checkConsistency(request.consistency);
    return explain(this.#open(request.collectionId).state, request, context);
  }

  async get(request: GetRequest, context?: CallContext): Promise<GetReply> {
    throwIfAborted(context?.signal);
    checkConsistency(request.consistency);
    return unlessAborted(this.#open(request.collectionId).state.reads.get(request), context?.signal);
  }

  async count(request: CountRequest, context?: CallContext): Promise<number> {
    throwIfAborted(context?.signal);
    checkConsistency(request.consistency);
    return unlessAborted(this.#open(request.collectionId).state.reads.count(request), context?.signal);
  }

  async query(request: QueryRequest, context?: CallContext): Promise<ColumnBatch> {
    throwIfAborted(context?.signal);
    checkConsistency(request.consistency);
    return unlessAborted(this.#open(request.collectionId).state.reads.query(request, context?.signal), context?.signal);
  }

  async aggregate(request: AggregateRequest, context?: CallContext): Promise<AggregateReply> {
    throwIfAborted(context?.signal);
    checkConsistency(request.consistency);
    return unlessAborted(this.#open(request.collectionId).state.reads.aggregate(request, context?.signal), context?.signal);
  }

  async holdMoment({ collectionId, at, id }: HoldMomentRequest, context?: CallContext): Promise<bigint> {
    throwIfAborted(context?.signal);
    const { state } = this.#open(collectionId);
    const { moments } = this.#parts.history;
    if (state.snapshot) return state.timeOf(at) ?? state.snapshot.timestamp;
    const time = state.timeOf(at);
    // Until it is known which time is now, none is passed.
    moments.hold(collectionId, id, time ?? state.entry.horizon);
    // Either way, what is being written is seen at that time at once or never.
    const now = await this.now();
    if (time === undefined) moments.hold(collectionId, id, now);
    return time ?? now;
  }

  async releaseMoment({ collectionId, id }: { collectionId: number; id: string }): Promise<void> {
    this.#assertOpen();
    this.#parts.history.moments.release(collectionId, id);
  }

  async flush(request: { collectionId: number }, context?: CallContext): Promise<void> {
    throwIfAborted(context?.signal);
    const open = this.#openToWrite(request.collectionId);
    await unlessAborted(seal(open.state).then(() => schedule(open)), context?.signal);
  }

  async load({ collectionId, partitions }: { collectionId: number; partitions?: readonly string[] }, context?: CallContext): Promise<void> {
    await this.#open(collectionId).state.loading.load(partitions, context);
  }

  async release({ collectionId, partitions }: { collectionId: number; partitions?: readonly string[] }): Promise<void> {
    this.#open(collectionId).state.loading.release(partitions);
  }

  async loadState({ collectionId, partitions }: { collectionId: number; partitions?: readonly string[] }): Promise<LoadState> {
    return this.#open(collectionId).state.loading.stateOf(partitions);
  }

  async compact(request: { collectionId: number; retentionSeconds?: number }, context?: CallContext): Promise<CompactReply> {
    const open = this.#openToWrite(request.collectionId);
    try {
      return await open.compaction.compact(request.retentionSeconds, context);
    } finally {
      schedule(open);
    }
  }

  async createIndex(request: { collectionId: number; fieldId: number; spec: RawIndexSpec; wait: boolean }, context?: CallContext): Promise<IndexSpec> {
    const { state, indexing, compaction } = this.#openToWrite(request.collectionId);
    return indexing.create(state.field(request.fieldId), request.spec, request.wait, (signal, context) => compaction.mergeAll(signal, context, true), context);
  }

  async dropIndex(request: { collectionId: number; fieldId: number }, context?: CallContext): Promise<void> {
    const { state, indexing } = this.#openToWrite(request.collectionId);
    await indexing.drop(state.field(request.fieldId), context);
  }

  async describeIndex(request: { collectionId: number; fieldId: number }): Promise<IndexDescription> {
    const { state, indexing } = this.#open(request.collectionId);
    return indexing.describe(state.field(request.fieldId));
  }

  async indexProgress(request: { collectionId: number; fieldId: number }): Promise<IndexProgress> {
    const { state, indexing } = this.#open(request.collectionId);
    return indexing.progress(state.field(request.fieldId));
  }

  async createScalarIndex({ collectionId, fieldId, spec, name, wait }: Parameters<EngineClient['createScalarIndex']>[0], context?: CallContext): Promise<ScalarIndexSpec> {
    const { state, scalars } = this.#openToWrite(collectionId);
    return scalars.create(state.field(fieldId), spec, name, wait, context);
  }

  async dropScalarIndex(request: { collectionId: number; index: string }, context?: CallContext): Promise<void> {
    await this.#openToWrite(request.collectionId).scalars.drop(request.index, context);
  }

  async scalarIndexes(request: { collectionId: number; index?: string }): Promise<ScalarIndexDescription[]> {
    return this.#open(request.collectionId).scalars.describe(request.index);
  }

  async collectionStats(request: { collectionId: number }): Promise<CollectionStats> {
    return collectionStats(this.#open(request.collectionId).state);
  }

  async databaseStats(): Promise<DatabaseStats> {
    this.#assertOpen();
    const { kernels, builds, store, thread } = this.#deps;
    const estimate = await store.estimate();
    return {
      collections: this.#parts.catalog.manifest.collections.length,
      kernels: kernels.variant,
      ...(kernels.reason === undefined ? {} : { kernelsReason: kernels.reason }),
      engineThread: thread ?? 'calling',
      buildThread: builds.thread,
      store: store.sharedUrl ?? 'memory:',
      maintains: this.#parts.maintains(),
      memoryBytes: this.#parts.pool.memoryBytes,
      cache: { residentBytes: this.#parts.pool.cache.residentBytes, budgetBytes: this.#parts.pool.cache.budgetBytes, rowCacheBytes: this.#parts.pool.cache.rowCacheBytes },
      usage: estimate.usage,
      quota: estimate.quota,
      persisted: estimate.persisted,
      isEncrypted: this.#deps.isEncrypted ?? false,
      recovery: this.#recovery,
    };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const { store, builds, catalog } = this.#parts;
    let failure: unknown = null;
    const attempt = async (step: () => Promise<unknown>): Promise<void> => {
      try {
        await step();
      } catch (error) {
        failure ??= error;
      }
    };
    if (this.#lock instanceof Tabs) await this.#lock.stop();
    this.#ticker?.stop();
    const reason = new ElanusError('CLOSED', 'the database was closed');
    const open = [...this.collections.values()];
    await Promise.all(open.map(({ jobs }) => jobs.close(reason)));
    await builds.close();
    await attempt(() => this.#snapshots.close(reason));
    this.#readOnly.clear();
    for (const { state } of open) await attempt(() => state.close(reason));
    await catalog.idle();
    await Promise.all(open.map(({ state }) => state.free()));
    this.collections.clear();
    if (this.#lock instanceof Tabs) await attempt(() => (this.#lock as Tabs).close());
    else if (this.#lock) await attempt(() => (this.#lock as StoreLock).release());
    await attempt(() => store.close());
    if (failure) throw failure;
  }
}
