/**
 * Checks a database without changing it and without its lock: the checksum of every block of every file, every record of every
 * log, and what `docs/architecture.md` says that holds everywhere.
 */
import type { CallContext } from '../engine/client.ts';
import { namedFiles } from '../engine/garbage.ts';
import { KernelPool } from '../segment/kernel-pool.ts';
import { VectorCache } from '../segment/vector-cache.ts';
import type { KernelModule } from '../kernels/load.ts';
import { decodeManifest } from '../storage/manifest/codec.ts';
import type { CollectionEntry, Manifest, SegmentEntry } from '../storage/manifest/manifest.ts';
import { parseFileName, parseLogName } from '../storage/names.ts';
import { sameBytes } from '../storage/refusals.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError, isElanusError, throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';
import { Findings, type Finding } from './findings.ts';
import { LiveKeys } from './live-keys.ts';
import { checkLog, logsOf } from './logs.ts';
import { checkManifest } from './manifest.ts';
import { checkBlocks, checkDeletes, checkIndex, checkScalarIndex, checkSegmentFile, type SegmentContext, type SegmentKeys } from './segment.ts';

export interface CheckReport {
  readonly findings: readonly Finding[];
  readonly isDamaged: boolean;
  readonly files: number;
  readonly logs: number;
  /** Bytes that were read. */
  readonly bytes: number;
  /** A writer changed the database in each of several attempts, so that some of what was found may be its doing. */
  readonly wasChanged: boolean;
}

/** Attempts at a database that is being written. */
const ATTEMPTS_MAX = 5;

/**
 * NOT_FOUND where there is no database, FORMAT_UNSUPPORTED where another version of the library wrote it; whatever else is
 * wrong is in the report. Beside a writer it may see files go: what it finds then counts only if the manifest is still the same.
 */
export async function checkDatabase(store: Store, kernels: KernelModule, context?: CallContext): Promise<CheckReport> {
  for (let attempt = 1; ; attempt++) {
    const root = await store.root.read();
    const check = new Check(store, kernels, context);
    await check.run(root);
    if (check.findings.list.length === 0 || sameBytes(root, await store.root.read())) return check.report(false);
    if (attempt === ATTEMPTS_MAX) return check.report(true);
  }
}

class Check {
  readonly findings = new Findings();
  readonly #store: Store;
  readonly #kernels: KernelModule;
  readonly #context: CallContext | undefined;
  #files: readonly string[] = [];
  #logs: readonly string[] = [];
  #done = 0;
  #total = 0;

  constructor(store: Store, kernels: KernelModule, context: CallContext | undefined) {
    this.#store = store;
    this.#kernels = kernels;
    this.#context = context;
  }

  async run(root: Uint8Array | null): Promise<void> {
    const store = this.#store;
    this.#files = await store.list();
    this.#logs = await store.logs.list();
    if (root === null && this.#files.length === 0 && this.#logs.length === 0) throw new ElanusError('NOT_FOUND', 'there is no database here', { store: store.sharedUrl });
    for (const name of this.#files) this.#total += parseFileName(name) ? await store.size(name).catch(() => 0) : 0;
    const manifest = await this.#readManifest(root);
    if (manifest === null) return this.#checkUnnamed(this.#files);
    checkManifest(manifest, this.findings);
    const named = namedFiles(manifest);
    const missing = new Set([...named].filter((name) => !this.#files.includes(name)));
    for (const owner of ownersOf(manifest)) await this.#checkCollection(owner.entry, owner.isLive, missing);
    this.#findGarbage(manifest, named);
  }

  async #readManifest(root: Uint8Array | null): Promise<Manifest | null> {
    const place = { file: 'root', collection: null };
    if (root === null) {
      this.findings.add('damage', 'NOT_FOUND', 'there is no manifest, but there are files: what they belong to is not known', place);
      return null;
    }
    try {
      return decodeManifest(root);
    } catch (error) {
      if (!isElanusError(error) || ['FORMAT_UNSUPPORTED', 'UNAUTHENTICATED'].includes(error.code)) throw error;
      this.findings.damage(`${error.message}; without it nothing says what the files belong to`, place);
      return null;
    }
  }

  /** Without a manifest: at least the checksums. */
  async #checkUnnamed(files: readonly string[]): Promise<void> {
    for (const name of files) {
      const kind = parseFileName(name)?.kind;
      if (kind) await checkBlocks({ ...this.#contextOf(''), collection: '' }, name, kind, null);
    }
  }

  #contextOf(collection: string): Omit<SegmentContext, 'pool' | 'schema'> {
    return {
      store: this.#store,
      findings: this.findings,
      collection,
      onBytes: (bytes) => {
        this.#done += bytes;
        throwIfAborted(this.#context?.signal);
        this.#context?.onProgress?.({ phase: 'check', done: Math.min(this.#done, this.#total), total: this.#total });
      },
    };
  }

  readonly #segments = new Map<string, Omit<SegmentKeys, 'deleted'> | null>();
  readonly #checked = new Set<string>();

  async #checkCollection(entry: CollectionEntry, isLive: boolean, missing: ReadonlySet<string>): Promise<void> {
    const { findings } = this;
    const context: SegmentContext = { ...this.#contextOf(entry.name), schema: entry.schema, pool: new KernelPool(this.#kernels, new VectorCache(0)) };
    const isThere = (file: string): boolean => {
      if (!missing.has(file)) return true;
      if (!this.#checked.has(file)) findings.add('damage', 'NOT_FOUND', `"${file}" is named by the manifest and is not there`, { file, collection: entry.name });
      this.#checked.add(file);
      return false;
    };
    const segments: SegmentKeys[] = [];
    let isComplete = true;
    for (const segment of entry.segments) {
      const found = await this.#checkSegment(context, segment, isThere);
      if (found) segments.push(found);
      else isComplete = false;
      await yieldToHost();
    }
    const keyField = entry.schema.fields.find(({ primaryKey }) => primaryKey);
    if (!keyField) return;
    if (keyField.autoId) this.#checkAutoIds(entry, segments);
    const live = new LiveKeys(entry, keyField, segments, findings);
    if (isLive) {
      for (const log of logsOf(entry, this.#logs)) {
        await checkLog({ store: this.#store, findings, onBytes: context.onBytes }, entry, log, (record) => live.apply(record, log.name));
      }
    }
    // Of rows that cannot be read nobody knows which others they hide.
    if (isComplete) live.finish();
  }

  async #checkSegment(context: SegmentContext, segment: SegmentEntry, isThere: (file: string) => boolean): Promise<SegmentKeys | null> {
    let rows = this.#segments.get(segment.file);
    if (rows === undefined) {
      rows = isThere(segment.file) ? await checkSegmentFile(context, segment) : null;
      this.#segments.set(segment.file, rows);
    }
    let deleted: ReadonlyMap<number, bigint> | null = new Map();
    if (segment.deletesFile !== null) {
      deleted = isThere(segment.deletesFile) ? await checkDeletes(context, segment, rows?.times ?? null) : null;
    } else if (segment.deletedRows > 0) {
      this.findings.damage(`segment ${segment.segmentId} has ${segment.deletedRows} deleted rows and no deletes file`, { file: segment.file, collection: context.collection });
    }
    for (const index of segment.indexes) {
      if (this.#checked.has(index.file) || !isThere(index.file)) continue;
      this.#checked.add(index.file);
      await checkIndex(context, segment, index, rows?.keys.rows === segment.rows);
    }
    for (const index of segment.scalarIndexes ?? []) {
      if (this.#checked.has(index.file) || !isThere(index.file)) continue;
      this.#checked.add(index.file);
      await checkScalarIndex(context, segment, index);
    }
    return rows && deleted ? { ...rows, entry: segment, deleted } : null;
  }

  #checkAutoIds(entry: CollectionEntry, segments: readonly SegmentKeys[]): void {
    for (const { keys, entry: segment } of segments) {
      if (keys.rows === 0 || (keys.at(keys.rows - 1) as bigint) < entry.nextAutoId) continue;
      this.findings.damage(`"${segment.file}" has the id ${keys.at(keys.rows - 1)}, which is to be given out again: the next one is ${entry.nextAutoId}`, { file: segment.file, collection: entry.name });
    }
  }

  #findGarbage(manifest: Manifest, named: ReadonlySet<string>): void {
    const garbage = (what: string, file: string): void => this.findings.add('garbage', 'NOT_FOUND', `"${file}" ${what}`, { file, collection: null });
    for (const file of this.#files) {
      if (!parseFileName(file)) this.findings.add('notice', 'NOT_FOUND', `"${file}" is no file of Elanus; it is left alone`, { file, collection: null });
      else if (!named.has(file)) garbage('is named by nothing; the next opening for writing removes it', file);
    }
    for (const name of this.#logs) {
      const log = parseLogName(name);
      const owner = log && manifest.collections.find(({ collectionId }) => collectionId === log.collectionId);
      if (log && (!owner || log.generation < owner.firstLogGeneration)) garbage('is a log that was sealed or whose collection is gone; the next opening for writing removes it', name);
    }
  }

  report(wasChanged: boolean): CheckReport {
    return { findings: this.findings.list, isDamaged: this.findings.isDamaged, files: this.#files.length, logs: this.#logs.length, bytes: this.#done, wasChanged };
  }
}

/** What names files: collections, and snapshots of them, which have no logs. */
function ownersOf({ collections, snapshots }: Manifest): { readonly entry: CollectionEntry; readonly isLive: boolean }[] {
  return [...collections.map((entry) => ({ entry, isLive: true })), ...snapshots.map(({ collection }) => ({ entry: collection, isLive: false }))];
}
