/** Logs of a damaged database: those that are whole are copied, of others the records that can be read are written anew. */
import { decodeLogHeader, encodeLogHeader } from '../engine/log-header.ts';
import { encodeLogRecord, type LogRecord } from '../engine/log-record.ts';
import { takeRows } from '../schema/column-ops.ts';
import { columnKeys } from '../schema/keys.ts';
import { encodeExcerpt } from '../storage/manifest/excerpt.ts';
import type { CollectionEntry, Manifest } from '../storage/manifest/manifest.ts';
import { logName, parseLogName } from '../storage/names.ts';
import type { Store } from '../storage/store.ts';
import { LogWriter, salvageLog } from '../storage/wal/index.ts';
import { isElanusError } from '../util/error.ts';
import { Findings } from './findings.ts';
import { timeOf } from './inspect.ts';
import { versionsOf } from './live-keys.ts';
import { checkLogBytes, readRecord } from './logs.ts';
import type { Losses } from './losses.ts';
import type { SegmentKeys } from './segment.ts';

/** A log by what its header says that it is, or by its name where the header is lost. */
export interface FoundLog {
  readonly name: string;
  readonly collectionId: number;
  readonly generation: number;
  readonly bytes: Uint8Array;
  /** Of this collection, as the log's header has it; null where that is lost. */
  readonly manifest: Uint8Array | null;
}

/** All logs there are, oldest first. Of two that say they are the same the one that has the name is taken. */
export async function findLogs(store: Store, losses: Losses): Promise<FoundLog[]> {
  const found = new Map<string, FoundLog>();
  for (const name of await store.logs.list()) {
    const named = parseLogName(name);
    if (!named) continue;
    const bytes = await store.logs.read(name).catch((error: unknown) => {
      if (!isElanusError(error) || !['CORRUPT', 'STORAGE'].includes(error.code)) throw error;
      losses.log('the database', name, `it cannot be read, and its writes are lost: ${error.message}`);
      return null;
    });
    if (!bytes) continue;
    const header = headerOf(name, bytes);
    const log: FoundLog = { name, bytes, collectionId: header?.collectionId ?? named.collectionId, generation: header?.generation ?? named.generation, manifest: header?.manifest ?? null };
    const own = logName(log.collectionId, log.generation);
    if (!found.has(own) || own === name) found.set(own, log);
  }
  return [...found.values()].sort((a, b) => a.generation - b.generation);
}

function headerOf(name: string, bytes: Uint8Array): ReturnType<typeof decodeLogHeader> | null {
  try {
    return decodeLogHeader(name, salvageLog(name, bytes).header);
  } catch (error) {
    if (!isElanusError(error) || error.code === 'FORMAT_UNSUPPORTED') throw error;
    return null;
  }
}

export interface LogRepairContext {
  readonly target: Store;
  readonly losses: Losses;
  readonly manifest: Manifest;
}

/** Answers the newest timestamp of the log, and whether there is one in the new database. */
export async function repairLog(context: LogRepairContext, entry: CollectionEntry, log: FoundLog, segments: readonly SegmentKeys[]): Promise<{ newest: bigint; isThere: boolean }> {
  const { target, losses, manifest } = context;
  const { bytes, collectionId, generation } = log;
  const name = logName(collectionId, generation);
  const findings = new Findings();
  const records: LogRecord[] = [];
  await findings.attempt({ file: name, collection: entry.name }, () => checkLogBytes(findings, entry, { name, generation }, bytes, (record) => records.push(record)));
  const kept = records.map((record) => withoutSealed(record, entry, segments));
  const newest = (list: readonly LogRecord[]): bigint => list.reduce((most, { timestamp }) => (timestamp > most ? timestamp : most), 0n);
  if (!findings.isDamaged && kept.every((record, i) => record === records[i])) {
    if (bytes.length > 0) await target.logs.append(name, bytes, true);
    return { newest: newest(records), isThere: bytes.length > 0 };
  }

  const salvaged = salvageLog(name, bytes);
  const readable: { readonly record: LogRecord; readonly end: number }[] = [];
  let unfit = 0;
  for (const { bytes: recordBytes, end } of salvaged.records) {
    const record = readRecord(name, recordBytes, entry);
    if (isElanusError(record)) unfit++;
    else readable.push({ record, end });
  }
  const of = `"${entry.name}"`;
  if (unfit > 0) losses.log(of, name, `${unfit} ${unfit === 1 ? 'write does' : 'writes do'} not fit the schema and ${unfit === 1 ? 'is' : 'are'} lost`);
  for (const { from, to } of salvaged.lost) {
    const before = readable.filter(({ end }) => end <= from).at(-1);
    const after = readable.find(({ end }) => end > to);
    const when = [before && `after ${timeOf(before.record.timestamp)}`, after && `before ${timeOf(after.record.timestamp)}`].filter(Boolean).join(' and ');
    losses.log(of, name, `bytes ${from} to ${to} cannot be read: the writes in them${when && `, made ${when},`} are lost, inserts as well as deletes`);
  }
  const rest = readable.map(({ record }) => withoutSealed(record, entry, segments)).filter((record) => record !== null);
  if (rest.length === 0) return { newest: 0n, isThere: false };
  const writer = await LogWriter.create(target, name, encodeLogHeader({ collectionId, generation, manifest: encodeExcerpt(manifest, entry) }), 'strict');
  for (const record of rest) await writer.append(encodeLogRecord(record));
  await writer.end();
  return { newest: newest(rest), isThere: true };
}

/** A record without rows that a segment has, or has a newer one of; the same one where there are none, null where nothing is left. */
function withoutSealed(record: LogRecord, { schema }: CollectionEntry, segments: readonly SegmentKeys[]): LogRecord | null {
  if (record.kind === 'delete') return record;
  const keyField = schema.fields.find(({ primaryKey }) => primaryKey)!;
  const keys = columnKeys(record.batch.columns.find(({ fieldId }) => fieldId === keyField.fieldId)!);
  const rows: number[] = [];
  for (let i = 0; i < keys.length; i++) {
    const isSealed = segments.some((segment) => versionsOf(segment.keys, keys[i]!).some((row) => segment.times.at(row) >= record.timestamp));
    if (!isSealed) rows.push(i);
  }
  if (rows.length === keys.length) return record;
  return rows.length === 0 ? null : { ...record, batch: { rows: rows.length, columns: record.batch.columns.map((column) => takeRows(column, rows)) } };
}
