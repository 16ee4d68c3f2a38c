/**
 * Writes what can be saved of a damaged database to an empty store, and says what is lost. The damaged one is read and never
 * changed. What is written passes a check, or the repair has failed.
 */
import type { CallContext } from '../engine/client.ts';
import { filesOf } from '../engine/garbage.ts';
import type { KernelModule } from '../kernels/load.ts';
import type { Field } from '../schema/types.ts';
import { KernelPool } from '../segment/kernel-pool.ts';
import { SealedKeys } from '../segment/keys.ts';
import { deletesSections, readSegmentMeta, segmentSections } from '../segment/segment-file.ts';
import { VectorCache } from '../segment/vector-cache.ts';
import { decodeManifest, encodeManifest } from '../storage/manifest/codec.ts';
import { encodeExcerpt } from '../storage/manifest/excerpt.ts';
import type { CollectionEntry, Manifest, SegmentEntry } from '../storage/manifest/manifest.ts';
import { deletesFileName, parseFileName, segmentFileName } from '../storage/names.ts';
import { encodeSections, openSections, sectionsByteLength } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError, isElanusError, throwIfAborted } from '../util/error.ts';
import { checkDatabase } from './check.ts';
import { Findings } from './findings.ts';
import { doubledKeys, liveKeysOf, versionsOf } from './live-keys.ts';
import { findLogs, repairLog, type FoundLog } from './repair-log.ts';
import { Losses, type Loss } from './losses.ts';
import { findMisplaced, inPlace } from './misplaced.ts';
import { rebuildManifest } from './rebuild.ts';
import { salvageDeletes, salvageSegment } from './salvage-segment.ts';
import { checkDeletes, checkIndex, checkScalarIndex, checkSegmentFile, type SegmentContext, type SegmentKeys } from './segment.ts';

export interface RepairReport {
  /** What could not be saved. Empty: all there was is in the new database. */
  readonly losses: readonly Loss[];
  /** What is different in the new database and is no loss, such as indexes that are to be built again. */
  readonly notices: readonly string[];
  readonly collections: readonly { readonly database: string; readonly name: string; readonly segments: number; readonly rows: number; readonly logs: number }[];
}

/** A segment as it is in the new database, deletes and indexes apart; null: nothing of it could be read. */
interface Saved {
  readonly entry: SegmentEntry;
  readonly rows: Omit<SegmentKeys, 'entry' | 'deleted'>;
  /** Row of the old file to row of the new one; null where the file is the same. */
  readonly newRows: ReadonlyMap<number, number> | null;
  /** Rows of the old file that are lost, with their keys as far as these are known. */
  readonly lost: ReadonlyMap<number, bigint | string | null>;
}

/** NOT_FOUND where there is no database, FORMAT_UNSUPPORTED where another version of the library wrote it, UNAUTHENTICATED where it is encrypted. */
export async function repairDatabase(source: Store, target: Store, kernels: KernelModule, context?: CallContext): Promise<RepairReport> {
  if ((await target.root.read()) !== null || (await target.list()).length > 0) {
    throw new ElanusError('ALREADY_EXISTS', `"${target.sharedUrl ?? 'memory:'}" expected to be empty, got a database: what is saved goes to a new one`, { store: target.sharedUrl });
  }
  const report = await new Repair(source, target, kernels, context).run();
  const { findings, isDamaged } = await checkDatabase(target, kernels, context);
  if (isDamaged) throw new ElanusError('INTERNAL', `what was saved is not whole: ${findings.map(({ message }) => message).join('; ')}`, { findings });
  return report;
}

class Repair {
  #source: Store;
  readonly #target: Store;
  readonly #kernels: KernelModule;
  readonly #context: CallContext | undefined;
  readonly #losses = new Losses();
  /** What has been said of each file, once. */
  readonly #saved = new Map<string, Saved | null>();
  readonly #copied = new Set<string>();
  #nextFileId = 1;
  #done = 0;
  #total = 0;

  constructor(source: Store, target: Store, kernels: KernelModule, context: CallContext | undefined) {
    this.#source = source;
    this.#target = target;
    this.#kernels = kernels;
    this.#context = context;
  }

  async run(): Promise<RepairReport> {
    const root = await this.#source.root.read();
    const files = await this.#source.list();
    const logs = await findLogs(this.#source, this.#losses);
    if (root === null && files.length === 0 && logs.length === 0) throw new ElanusError('NOT_FOUND', 'there is no database here', { store: this.#source.sharedUrl });
    for (const name of files) this.#total += parseFileName(name) ? await this.#source.size(name) : 0;

    const manifest = readRoot(root, this.#losses) ?? (await this.#rebuild(files, logs));
    await this.#findFiles(manifest.collections.concat(manifest.snapshots.map(({ collection }) => collection)).flatMap(filesOf));
    this.#nextFileId = Math.max(manifest.nextFileId, ...files.map((name) => nextNumberAfter(name)));

    const collections: CollectionEntry[] = [];
    const counts: { entry: CollectionEntry; logs: number }[] = [];
    let lastTimestamp = manifest.lastTimestamp;
    for (const entry of manifest.collections) {
      const { repaired, segments } = await this.#repairSegments(manifest, entry, `"${entry.name}"`);
      let nextAutoId = repaired.nextAutoId;
      let count = 0;
      for (const log of logs.filter(({ collectionId, generation }) => collectionId === entry.collectionId && generation >= entry.firstLogGeneration)) {
        const { newest, isThere } = await repairLog({ target: this.#target, losses: this.#losses, manifest }, repaired, log, segments);
        if (newest > lastTimestamp) lastTimestamp = newest;
        if (isThere) count++;
      }
      nextAutoId = this.#autoIdAfter(entry, nextAutoId);
      collections.push({ ...repaired, nextAutoId });
      counts.push({ entry: repaired, logs: count });
    }
    const snapshots = [];
    for (const snapshot of manifest.snapshots) {
      const { repaired } = await this.#repairSegments(manifest, snapshot.collection, `snapshot "${snapshot.name}" of "${snapshot.collection.name}"`);
      snapshots.push({ ...snapshot, collection: repaired });
    }
    const newest = [...collections, ...snapshots.map(({ collection }) => collection)].flatMap(({ segments }) => segments.map(({ maxTimestamp }) => maxTimestamp));
    for (const timestamp of newest) if (timestamp > lastTimestamp) lastTimestamp = timestamp;
    await this.#target.root.swap(null, encodeManifest({ ...manifest, version: manifest.version + 1, lastTimestamp, nextFileId: this.#nextFileId, collections, snapshots }));
    return {
      losses: this.#losses.list,
      notices: this.#losses.notices,
      collections: counts.map(({ entry, logs: logCount }) => ({
        database: manifest.databases.find(({ databaseId }) => databaseId === entry.databaseId)?.name ?? '',
        name: entry.name,
        segments: entry.segments.length,
        rows: entry.segments.reduce((sum, { rows, deletedRows }) => sum + rows - deletedRows, 0),
        logs: logCount,
      })),
    };
  }

  async #rebuild(files: readonly string[], logs: readonly FoundLog[]): Promise<Manifest> {
    await this.#findFiles(files.filter((name) => parseFileName(name)));
    return rebuildManifest(this.#source, logs, this.#losses);
  }

  /** From here on reads files that lie under each other's names as if they lay under their own. */
  async #findFiles(names: readonly string[]): Promise<void> {
    const places = await findMisplaced(this.#source, names);
    for (const [name, place] of places) this.#losses.notice(`"${name}" was found under the name "${place}"`);
    this.#source = inPlace(this.#source, places);
  }

  async #repairSegments(manifest: Manifest, entry: CollectionEntry, about: string): Promise<{ repaired: CollectionEntry; segments: readonly SegmentKeys[] }> {
    const context: SegmentContext = {
      store: this.#source,
      pool: new KernelPool(this.#kernels, new VectorCache(0)),
      findings: new Findings(),
      collection: entry.name,
      schema: entry.schema,
      onBytes: (bytes) => {
        this.#done += bytes;
        throwIfAborted(this.#context?.signal);
        this.#context?.onProgress?.({ phase: 'repair', done: Math.min(this.#done, this.#total), total: this.#total });
      },
    };
    const kept: { readonly before: SegmentEntry; readonly saved: Saved; readonly deleted: Map<number, bigint>; readonly isSame: boolean }[] = [];
    for (const before of entry.segments) {
      const saved = await this.#saveSegment(context, manifest, entry, before);
      const oldDeletes = await this.#readDeletes(context, before, saved, about);
      const lostRows = saved ? [...saved.lost].filter(([row]) => !oldDeletes.deleted.has(row)) : [];
      if (!saved) this.#losses.rows(about, before.file, before.rows - before.deletedRows, [], 'nothing of the segment can be read');
      else if (lostRows.length > 0) this.#losses.rows(about, before.file, lostRows.length, lostRows.flatMap(([, key]) => (key === null ? [] : [key])), 'rows in damaged blocks');
      if (!saved) continue;
      const deleted = new Map<number, bigint>();
      for (const [row, timestamp] of oldDeletes.deleted) {
        const newRow = saved.newRows ? saved.newRows.get(row) : row;
        if (newRow !== undefined) deleted.set(newRow, timestamp);
      }
      kept.push({ before, saved, deleted, isSame: saved.newRows === null && oldDeletes.isWhole });
    }

    const segments: SegmentKeys[] = kept.map(({ saved, deleted }) => ({ ...saved.rows, entry: saved.entry, deleted }));
    const touched = this.#hideDoubles(segments, keyFieldOf(entry), about);
    const entries: SegmentEntry[] = [];
    for (const [i, { before, saved, deleted, isSame }] of kept.entries()) {
      const isUnchanged = isSame && !touched.has(i);
      const deletesFile = isUnchanged ? before.deletesFile : deleted.size > 0 ? await this.#writeDeletes(saved.entry.segmentId, deleted) : null;
      if (isUnchanged && deletesFile !== null) await this.#copy(deletesFile);
      entries.push({ ...saved.entry, deletesFile, deletedRows: deleted.size, indexes: await this.#saveIndexes(before.indexes, (shared, index) => checkIndex(shared, before, index, true), context, saved, about), ...(before.scalarIndexes ? { scalarIndexes: await this.#saveIndexes(before.scalarIndexes, (shared, index) => checkScalarIndex(shared, before, index), context, saved, about) } : {}) });
    }
    return { repaired: { ...entry, segments: entries }, segments: segments.map((segment, i) => ({ ...segment, entry: entries[i]! })) };
  }

  /** Copies a segment that is whole, and writes what is whole of another anew. */
  async #saveSegment(shared: SegmentContext, manifest: Manifest, collection: CollectionEntry, before: SegmentEntry): Promise<Saved | null> {
    const known = this.#saved.get(before.file);
    if (known !== undefined) return known;
    const saved = await this.#saveSegmentAnew({ ...shared, findings: new Findings() }, manifest, collection, before).catch((error: unknown) => {
      if (!isElanusError(error) || !['CORRUPT', 'NOT_FOUND', 'FORMAT_UNSUPPORTED', 'STORAGE'].includes(error.code)) throw error;
      return null;
    });
    this.#saved.set(before.file, saved);
    return saved;
  }

  async #saveSegmentAnew(context: SegmentContext, manifest: Manifest, collection: CollectionEntry, before: SegmentEntry): Promise<Saved | null> {
    const whole = await checkSegmentFile(context, before);
    if (whole && !context.findings.isDamaged) {
      await this.#copy(before.file);
      return { entry: { ...before, deletesFile: null, deletedRows: 0, indexes: [] }, rows: whole, newRows: null, lost: new Map() };
    }
    const rows = await openSections(this.#source, before.file, 'segment', { salvage: true })
      .then(readSegmentMeta)
      .then((meta) => meta.rows, () => before.rows);
    // A file that holds so many rows has a byte for each of their keys at least.
    const there = { ...before, rows: rows <= (await this.#source.size(before.file)) ? rows : before.rows };
    const salvaged = await salvageSegment(this.#source, there, collection.schema);
    if (!salvaged.hasTimes) this.#losses.notice(`"${before.file}": when its rows were inserted is lost; they count as inserted at the first insert of the segment`);
    for (const [field, count] of salvaged.lostValues) this.#losses.values(`"${collection.name}"`, before.file, field, count);
    if (salvaged.rows.length === 0) return null;
    const segmentId = this.#nextFileId++;
    const file = segmentFileName(segmentId);
    const meta = { rows: salvaged.rows.length, schemaVersion: collection.schema.version, partitionId: before.partitionId };
    const sections = segmentSections(meta, encodeExcerpt(manifest, collection, before.partitionId), salvaged.times, salvaged.columns);
    await this.#target.write(file, encodeSections('segment', file, sections));
    const key = keyFieldOf(collection);
    return {
      entry: {
        segmentId,
        partitionId: before.partitionId,
        schemaVersion: meta.schemaVersion,
        rows: meta.rows,
        minTimestamp: salvaged.times.min,
        maxTimestamp: salvaged.times.max,
        file,
        fileBytes: sectionsByteLength('segment', sections),
        deletesFile: null,
        deletedRows: 0,
        indexes: [],
      },
      rows: { keys: new SealedKeys(salvaged.columns.find(({ fieldId }) => fieldId === key.fieldId)!), times: salvaged.times },
      newRows: new Map(salvaged.rows.map((row, i) => [row, i])),
      lost: new Map(salvaged.lost.map((row) => [row, salvaged.lostKeys.get(row) ?? null])),
    };
  }

  /** Deletes by row of the old file. */
  async #readDeletes(shared: SegmentContext, before: SegmentEntry, saved: Saved | null, about: string): Promise<{ deleted: ReadonlyMap<number, bigint>; isWhole: boolean }> {
    if (before.deletesFile === null) return { deleted: new Map(), isWhole: true };
    const context = { ...shared, findings: new Findings() };
    const whole = await checkDeletes(context, before, saved?.newRows === null ? saved.rows.times : null);
    if (whole && !context.findings.isDamaged) return { deleted: whole, isWhole: true };
    const { deleted, lost } = await salvageDeletes(this.#source, before.deletesFile, before);
    // A row cannot have been deleted before it was there.
    if (saved) for (const [row, timestamp] of deleted) if (timestamp !== 0n && timestamp <= insertOf(saved, row)) deleted.delete(row);
    if (lost > 0) this.#losses.deletes(about, before.deletesFile, lost);
    return { deleted, isWhole: false };
  }

  /**
   * Of rows of one key the newest stays; older ones were replaced by it, whatever became of the record that said so. Answers
   * the segments whose deletes it added to.
   */
  #hideDoubles(segments: readonly SegmentKeys[], keyField: Field, about: string): Set<number> {
    const touched = new Set<number>();
    for (const key of doubledKeys(liveKeysOf(segments, keyField))) {
      const rows = segments.flatMap(({ keys, times, deleted, entry }, at) => versionsOf(keys, key).filter((row) => !deleted.has(row)).map((row) => ({ at, row, time: times.at(row), segmentId: entry.segmentId })));
      rows.sort((a, b) => (a.time === b.time ? b.segmentId - a.segmentId : a.time < b.time ? 1 : -1));
      for (const { at, row, time } of rows.slice(1)) {
        // 0: the same row twice, of which one never was.
        (segments[at]!.deleted as Map<number, bigint>).set(row, time < rows[0]!.time ? rows[0]!.time : 0n);
        touched.add(at);
      }
    }
    if (touched.size > 0) this.#losses.notice(`${about}: of keys that had several rows the newest was kept`);
    return touched;
  }

  async #writeDeletes(segmentId: number, deleted: ReadonlyMap<number, bigint>): Promise<string> {
    const file = deletesFileName(segmentId, this.#nextFileId++);
    await this.#target.write(file, encodeSections('deletes', file, deletesSections(deleted)));
    return file;
  }

  /** Indexes name rows by their number: only those of a segment that is the same are of use. */
  async #saveIndexes<I extends { readonly file: string }>(before: readonly I[], check: (context: SegmentContext, index: I) => Promise<void>, shared: SegmentContext, saved: Saved, about: string): Promise<I[]> {
    const indexes: I[] = [];
    for (const index of before) {
      const context = { ...shared, findings: new Findings() };
      if (saved.newRows === null && !this.#copied.has(index.file)) await check(context, index);
      if (saved.newRows === null && !context.findings.isDamaged) {
        await this.#copy(index.file);
        indexes.push(index);
      } else this.#losses.notice(`${about}: the index "${index.file}" is left out; it is built again when the database is opened`);
    }
    return indexes;
  }

  /** Ids of rows that are lost are not given out again. */
  #autoIdAfter(entry: CollectionEntry, next: bigint): bigint {
    if (!keyFieldOf(entry).autoId) return next;
    for (const { file } of entry.segments) {
      const saved = this.#saved.get(file);
      if (!saved) continue;
      const { keys } = saved.rows;
      const ids = [...saved.lost.values(), ...(keys.rows > 0 ? [keys.at(keys.rows - 1)] : [])];
      for (const id of ids) if (typeof id === 'bigint' && id >= next) next = id + 1n;
    }
    return next;
  }

  async #copy(file: string): Promise<void> {
    if (this.#copied.has(file)) return;
    this.#copied.add(file);
    await this.#target.write(file, readInSteps(this.#source, file));
  }
}

const COPY_BYTES = 4 << 20;

async function* readInSteps(store: Store, file: string): AsyncIterable<Uint8Array> {
  const size = await store.size(file);
  for (let from = 0; from < size; from += COPY_BYTES) yield store.read(file, from, Math.min(size, from + COPY_BYTES));
}

function readRoot(root: Uint8Array | null, losses: Losses): Manifest | null {
  if (root === null) {
    losses.manifest('there is no manifest');
    return null;
  }
  try {
    return decodeManifest(root);
  } catch (error) {
    if (!isElanusError(error) || ['FORMAT_UNSUPPORTED', 'UNAUTHENTICATED'].includes(error.code)) throw error;
    losses.manifest(error.message);
    return null;
  }
}

const keyFieldOf = ({ schema }: CollectionEntry): Field => schema.fields.find(({ primaryKey }) => primaryKey)!;

function insertOf(saved: Saved, row: number): bigint {
  const newRow = saved.newRows ? saved.newRows.get(row) : row;
  return newRow === undefined ? 0n : saved.rows.times.at(newRow);
}

function nextNumberAfter(file: string): number {
  const name = parseFileName(file);
  return name ? Math.max(name.segmentId, name.kind === 'segment' ? 0 : name.generation) + 1 : 0;
}

