/** Reads the logs of a collection: every fragment's checksum, every record against the schema. */
import { checkLogHeader } from '../engine/log-header.ts';
import { ANY_PARTITION, decodeLogRecord, type LogRecord } from '../engine/log-record.ts';
import { checkRecord } from '../engine/recovery.ts';
import type { CollectionEntry } from '../storage/manifest/manifest.ts';
import { parseLogName } from '../storage/names.ts';
import { readLog } from '../storage/wal/index.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError, isElanusError } from '../util/error.ts';
import type { Findings } from './findings.ts';
import { firstWrongValue } from './values.ts';

export interface LogContext {
  readonly store: Store;
  readonly findings: Findings;
  /** Bytes of a log that were read. */
  readonly onBytes: (bytes: number) => void;
}

export interface LogId {
  readonly name: string;
  readonly generation: number;
}

/** The collection's logs that are to be replayed, of all names there are, oldest first. */
export function logsOf({ collectionId, firstLogGeneration }: Pick<CollectionEntry, 'collectionId' | 'firstLogGeneration'>, names: readonly string[]): LogId[] {
  return names
    .map((name) => ({ name, log: parseLogName(name) }))
    .filter(({ log }) => log?.collectionId === collectionId && log.generation >= firstLogGeneration)
    .map(({ name, log }) => ({ name, generation: log!.generation }))
    .sort((a, b) => a.generation - b.generation);
}

/** Checks a log and hands on the records in it that are good. */
export async function checkLog({ store, findings, onBytes }: LogContext, entry: CollectionEntry, log: LogId, onRecord: (record: LogRecord) => void): Promise<void> {
  const bytes = await findings.attempt({ file: log.name, collection: entry.name }, () => store.logs.read(log.name));
  if (!bytes) return;
  onBytes(bytes.length);
  await findings.attempt({ file: log.name, collection: entry.name }, () => checkLogBytes(findings, entry, log, bytes, onRecord));
}

/** The same for a log's bytes. CORRUPT where it is not the log that its name says. */
export function checkLogBytes(findings: Findings, entry: CollectionEntry, { name, generation }: LogId, bytes: Uint8Array, onRecord: (record: LogRecord) => void): void {
  const place = { file: name, collection: entry.name };
  const contents = readLog(name, bytes, { recover: 'truncate' });
  if (!contents) {
    if (bytes.length > 0) findings.add('notice', 'CORRUPT', `"${name}" was cut off by a crash before its first write was acknowledged`, place);
    return;
  }
  if (contents.damage) findings.damage(`${contents.damage.message}; ${contents.droppedBytes} bytes from there on`, place);
  else if (contents.droppedBytes > 0) findings.add('notice', 'CORRUPT', `"${name}" ends in ${contents.droppedBytes} bytes of a write that a crash cut off before it was acknowledged`, place);
  if (contents.header.length > 0 || !contents.damage) checkLogHeader(name, contents.header, entry.collectionId, generation);
  let last = 0n;
  for (const [i, recordBytes] of contents.records.entries()) {
    const record = readRecord(name, recordBytes, entry);
    if (isElanusError(record)) {
      findings.add('damage', record.code, `"${name}" has a record ${i} that cannot be: ${record.message}`, place);
      continue;
    }
    if (record.timestamp <= last) findings.damage(`"${name}" has a record ${i} that is not newer than the one before it`, place);
    last = record.timestamp;
    onRecord(record);
  }
}

/** A record, if it is one that the engine could have written to a log of the collection. */
export function readRecord(log: string, bytes: Uint8Array, entry: CollectionEntry): LogRecord | ElanusError {
  const corrupt = (message: string): ElanusError => new ElanusError('CORRUPT', message, { log });
  try {
    const record = decodeLogRecord(bytes);
    checkRecord(log, record, entry);
    if (record.partitionId !== ANY_PARTITION && record.partitionId >= entry.nextPartitionId) return corrupt(`it is of partition ${record.partitionId}, which has never been`);
    const wrong = record.kind === 'insert' ? wrongValueOf(record, entry) : null;
    return wrong === null ? record : corrupt(wrong);
  } catch (error) {
    if (isElanusError(error)) return error;
    throw error;
  }
}

function wrongValueOf(record: Extract<LogRecord, { kind: 'insert' }>, { schema }: CollectionEntry): string | null {
  for (const column of record.batch.columns) {
    const field = schema.fields.find(({ fieldId }) => fieldId === column.fieldId)!;
    const wrong = firstWrongValue(field, column);
    if (wrong !== null) return `field "${field.name}", ${wrong}`;
  }
  return null;
}
