/**
 * Opening a collection: its segments as the manifest names them, then its logs in order of generation. Replay takes the
 * same path as a write, so a batch is there whole or not at all.
 */
import type { Column } from '../schema/column.ts';
import { SealedSegment } from '../segment/sealed.ts';
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import { parseFileName, parseLogName } from '../storage/names.ts';
import { readLog } from '../storage/wal/index.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError } from '../util/error.ts';
import type { Catalog } from './catalog.ts';
import { CollectionState, type EngineParts } from './collection.ts';
import { decodeLogRecord, type LogRecord } from './log-record.ts';

/** A collection as recovery left it. */
export interface Recovered {
  readonly state: CollectionState;
  /** What `recover: 'truncate'` put up with, log by log. Such a log is to be sealed away before it is read again. */
  readonly damages: readonly ElanusError[];
}

/** What replay did; added up over all collections. */
export interface RecoveryCount {
  replayedRecords: number;
  replayedRows: number;
  droppedBytes: number;
}

export async function recoverCollection(parts: EngineParts, entry: CollectionEntry, logNames: readonly string[], count: RecoveryCount): Promise<Recovered> {
  const damages: ElanusError[] = [];
  const state = new CollectionState(parts, entry);
  state.sealed = await Promise.all(entry.segments.map((segment) => SealedSegment.open(parts.store, segment, entry.schema, parts.pool)));
  const logs = logNames
    .map((name) => ({ name, log: parseLogName(name) }))
    .filter(({ log }) => log?.collectionId === entry.collectionId && log.generation >= entry.firstLogGeneration)
    .sort((a, b) => a.log!.generation - b.log!.generation);
  for (const { name, log } of logs) {
    const bytes = await parts.store.logs.read(name);
    const contents = readLog(name, bytes, { recover: parts.options.recover });
    state.logGeneration = log!.generation + 1;
    state.recoveredLogBytes += bytes.length;
    if (!contents) {
      count.droppedBytes += bytes.length;
      continue;
    }
    if (contents.damage) damages.push(contents.damage);
    // Without a header nothing of the log could be read.
    if (contents.header.length > 0 || !contents.damage) checkHeader(name, contents.header, entry.collectionId, log!.generation);
    count.droppedBytes += contents.droppedBytes;
    for (const bytesOfRecord of contents.records) {
      const record = decodeLogRecord(bytesOfRecord);
      checkRecord(name, record, entry);
      parts.clock.observe(record.timestamp);
      state.apply(record);
      count.replayedRecords++;
      if (record.kind === 'insert') {
        count.replayedRows += record.batch.rows;
        observeAutoIds(state, record.batch.columns);
      }
    }
  }
  state.segmentsChanged();
  return { state, damages };
}

function checkHeader(name: string, header: Uint8Array, collectionId: number, generation: number): void {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  if (header.length !== 16 || view.getUint32(0, true) !== collectionId || view.getUint32(4, true) !== generation) {
    throw new ElanusError('CORRUPT', `log "${name}" says that it belongs to another collection or generation`, { log: name });
  }
}

/** A record that passes its checksum may still be of another schema, if files were mixed up by hand. */
function checkRecord(name: string, record: LogRecord, entry: CollectionEntry): void {
  const keyField = entry.schema.fields.find((field) => field.primaryKey)!;
  const corrupt = (what: string): ElanusError => new ElanusError('CORRUPT', `log "${name}" holds a record that does not fit the schema of "${entry.name}": ${what}`, { log: name });
  if (record.kind === 'delete') {
    if (record.keys instanceof BigInt64Array !== (keyField.type === 'Int64')) throw corrupt('keys of another type');
    return;
  }
  const { columns } = record.batch;
  if (columns.length !== entry.schema.fields.length) throw corrupt(`${columns.length} columns for ${entry.schema.fields.length} fields`);
  entry.schema.fields.forEach((field, i) => {
    const column = columns[i]!;
    if (column.fieldId !== field.fieldId || column.type !== field.type || column.dim !== (field.dim ?? 1)) throw corrupt(`column of field "${field.name}"`);
  });
}

function observeAutoIds(state: CollectionState, columns: readonly Column[]): void {
  if (!state.keyField.autoId) return;
  const keys = columns.find((column) => column.fieldId === state.keyField.fieldId)!.values as BigInt64Array;
  if (keys.length > 0) state.observeAutoId(keys[keys.length - 1]!);
}

/** Removes files and logs that no manifest names: leftovers of what a crash interrupted. */
export async function collectGarbage(store: Store, catalog: Catalog): Promise<void> {
  const { collections } = catalog.manifest;
  const named = new Set(
    collections.flatMap((entry) =>
      entry.segments.flatMap((segment) => [segment.file, ...(segment.deletesFile ? [segment.deletesFile] : []), ...segment.indexes.map((index) => index.file)]),
    ),
  );
  for (const name of await store.list()) if (parseFileName(name) && !named.has(name)) await store.remove(name);
  for (const name of await store.logs.list()) {
    const log = parseLogName(name);
    const owner = log && collections.find((entry) => entry.collectionId === log.collectionId);
    if (log && (!owner || log.generation < owner.firstLogGeneration)) await store.logs.drop(name);
  }
}
