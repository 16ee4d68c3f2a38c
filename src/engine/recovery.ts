/**
 * Opening a collection: its segments as the manifest names them, then its logs in order of generation. Replay takes the
 * same path as a write, so a batch is there whole or not at all.
 */
import { isFieldOf } from '../schema/absent.ts';
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import { SealedSegment } from '../segment/sealed.ts';
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import { parseLogName } from '../storage/names.ts';
import { readLog } from '../storage/wal/index.ts';
import { ElanusError } from '../util/error.ts';
import { CollectionState, type EngineParts } from './collection.ts';
import { checkLogHeader } from './log-header.ts';
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

export async function recoverCollection(parts: EngineParts, entry: CollectionEntry, logNames: readonly string[], count: RecoveryCount, onStep: () => void): Promise<Recovered> {
  const damages: ElanusError[] = [];
  const state = new CollectionState(parts, entry);
  const found = { generation: entry.firstLogGeneration, nextAutoId: entry.nextAutoId, byteLength: 0 };
  const opened = entry.segments.map(async (segment) => {
    const sealed = await SealedSegment.open(parts.store, segment, entry.schema, parts.pool);
    onStep();
    return sealed;
  });
  state.openSegments(await Promise.all(opened));
  for (const { name, log } of logsOf(entry, logNames)) {
    onStep();
    const bytes = await parts.store.logs.read(name);
    const contents = readLog(name, bytes, { recover: parts.options.recover });
    found.generation = log!.generation + 1;
    found.byteLength += bytes.length;
    if (!contents) {
      count.droppedBytes += bytes.length;
      continue;
    }
    if (contents.damage) damages.push(contents.damage);
    // Without a header nothing of the log could be read.
    if (contents.header.length > 0 || !contents.damage) checkLogHeader(name, contents.header, entry.collectionId, log!.generation);
    count.droppedBytes += contents.droppedBytes;
    for (const bytesOfRecord of contents.records) {
      const record = decodeLogRecord(bytesOfRecord);
      checkRecord(name, record, entry);
      parts.clock.observe(record.timestamp);
      state.apply(record);
      count.replayedRecords++;
      if (record.kind === 'insert') {
        count.replayedRows += record.batch.rows;
        const next = nextAutoIdAfter(state.keyField, record.batch.columns);
        if (next > found.nextAutoId) found.nextAutoId = next;
      }
    }
  }
  state.segmentsChanged();
  state.openLog(found);
  return { state, damages };
}

/** The logs that are to be replayed, in order. */
function logsOf(entry: CollectionEntry, logNames: readonly string[]): { readonly name: string; readonly log: ReturnType<typeof parseLogName> }[] {
  return logNames
    .map((name) => ({ name, log: parseLogName(name) }))
    .filter(({ log }) => log?.collectionId === entry.collectionId && log.generation >= entry.firstLogGeneration)
    .sort((a, b) => a.log!.generation - b.log!.generation);
}

/** Steps of opening a collection, as `recoverCollection` counts them. */
export const recoverySteps = (entry: CollectionEntry, logNames: readonly string[]): number => entry.segments.length + logsOf(entry, logNames).length;

/** A record that passes its checksum may still be of another schema, if files were mixed up by hand. */
export function checkRecord(name: string, record: LogRecord, entry: CollectionEntry): void {
  const keyField = entry.schema.fields.find((field) => field.primaryKey)!;
  const corrupt = (what: string): ElanusError => new ElanusError('CORRUPT', `log "${name}" holds a record that does not fit the schema of "${entry.name}": ${what}`, { log: name });
  if (record.kind === 'delete') {
    if (record.keys instanceof BigInt64Array !== (keyField.type === 'Int64')) throw corrupt('keys of another type');
    return;
  }
  const { columns } = record.batch;
  if (record.schemaVersion > entry.schema.version) throw corrupt(`version ${record.schemaVersion} of it, beyond ${entry.schema.version}`);
  const fields = entry.schema.fields.filter((field) => isFieldOf(field, record.schemaVersion));
  if (columns.length !== fields.length) throw corrupt(`${columns.length} columns for ${fields.length} fields`);
  fields.forEach((field, i) => {
    const column = columns[i]!;
    if (column.fieldId !== field.fieldId || column.type !== field.type || column.dim !== (field.dim ?? 1) || column.elements?.type !== field.elementType) throw corrupt(`column of field "${field.name}"`);
  });
}

/** The first auto id that a batch leaves free. */
function nextAutoIdAfter(keyField: Field, columns: readonly Column[]): bigint {
  if (!keyField.autoId) return 0n;
  const keys = columns.find((column) => column.fieldId === keyField.fieldId)!.values as BigInt64Array;
  return keys.reduce((most, key) => (key >= most ? key + 1n : most), 0n);
}
