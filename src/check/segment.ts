/** Checks the files of one segment: checksums, lengths, and what its rows must be. */
import type { KernelPool } from '../segment/kernel-pool.ts';
import { compareKeys, SealedKeys } from '../segment/keys.ts';
import type { RowTimes } from '../segment/row-times.ts';
import { SealedVectors } from '../segment/sealed-vectors.ts';
import { readColumn, readDeletes, readRowTimes, readSegmentMeta, readVectors, readZones, vectorBytes } from '../segment/segment-file.ts';
import { isSameZone, zoneOf } from '../filter/zones.ts';
import { getIndexType } from '../index/registry.ts';
import { openScalarIndex } from '../scalar-index/build.ts';
import { targetOf } from '../scalar-index/registry.ts';
import { isFieldOf } from '../schema/absent.ts';
import type { Field, Schema, VectorType } from '../schema/types.ts';
import { isVectorType, VECTOR_TYPES } from '../schema/vector-types/index.ts';
import type { SegmentEntry, SegmentIndexEntry, SegmentScalarIndexEntry } from '../storage/manifest/manifest.ts';
import { openSections, type FileKind, type SectionFile } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import type { Findings } from './findings.ts';
import { firstWrongValue } from './values.ts';

/** What a check of a segment needs beside the segment. */
export interface SegmentContext {
  readonly store: Store;
  readonly pool: KernelPool;
  readonly findings: Findings;
  readonly collection: string;
  readonly schema: Schema;
  /** Bytes of a file that were read. */
  readonly onBytes: (bytes: number) => void;
}

/** The rows of a segment as far as keys go. */
export interface SegmentKeys {
  readonly entry: SegmentEntry;
  readonly keys: SealedKeys;
  readonly times: RowTimes;
  /** Row to the time of its delete. */
  readonly deleted: ReadonlyMap<number, bigint>;
}

/** Opens a file and verifies each of its blocks; null where it cannot be opened. */
export async function checkBlocks(context: Omit<SegmentContext, 'pool' | 'schema'>, name: string, kind: FileKind, fileBytes: number | null): Promise<SectionFile | null> {
  const { store, findings, collection } = context;
  const place = { file: name, collection };
  return findings.attempt(place, async () => {
    const file = await openSections(store, name, kind);
    if (fileBytes !== null && file.fileBytes !== fileBytes) findings.damage(`"${name}" expected ${fileBytes} bytes, as the manifest has it, got ${file.fileBytes}`, place);
    const blocks: number[] = [];
    let before = 0;
    await file.verify(
      (done) => {
        context.onBytes(done - before);
        before = done;
      },
      (damage) => blocks.push(damage.detail['block'] as number),
    );
    if (blocks.length > 0) findings.damagedBlocks(blocks, place);
    return file;
  });
}

/** Checks the rows of a segment, not what is deleted of them. null: not even its keys can be read. */
export async function checkSegmentFile(context: SegmentContext, entry: SegmentEntry): Promise<Omit<SegmentKeys, 'deleted'> | null> {
  const { findings, collection, schema } = context;
  const place = { file: entry.file, collection };
  const file = await checkBlocks(context, entry.file, 'segment', entry.fileBytes);
  if (!file) return null;
  const rows = await findings.attempt(place, async () => {
    const meta = await readSegmentMeta(file);
    for (const what of ['rows', 'schemaVersion', 'partitionId'] as const) {
      if (meta[what] !== entry[what]) findings.damage(`"${entry.file}" expected ${what} ${entry[what]}, as the manifest has it, got ${meta[what]}`, place);
    }
    return meta.rows;
  });
  if (rows === null) return null;
  const times = await findings.attempt(place, async () => {
    const found = await readRowTimes(file, rows);
    if (rows > 0 && (found.min !== entry.minTimestamp || found.max !== entry.maxTimestamp)) {
      findings.damage(`"${entry.file}" expected inserts of ${entry.minTimestamp} to ${entry.maxTimestamp}, as the manifest has it, got ${found.min} to ${found.max}`, place);
    }
    return found;
  });
  const zones = await findings.attempt(place, () => readZones(file, rows, schema.fields));
  let keys: SealedKeys | null = null;
  for (const field of schema.fields) {
    if (!isFieldOf(field, entry.schemaVersion)) continue;
    if (isVectorType(field.type)) await findings.attempt(place, () => checkVectors(context, file, field, rows));
    else {
      const column = await findings.attempt(place, () => readColumn(file, field, rows));
      const wrong = column && firstWrongValue(field, column);
      if (wrong) findings.damage(`"${entry.file}" has a value of field "${field.name}" that cannot be: ${wrong}`, place);
      const zone = zones?.get(field.fieldId);
      if (column && zone && !isSameZone(zone, zoneOf(column))) findings.damage(`"${entry.file}" has bounds of field "${field.name}" that are not those of its values`, place);
      if (column && field.primaryKey) keys = new SealedKeys(column);
    }
  }
  if (!keys || !times) return null;
  const row = firstOutOfOrder(keys, times);
  if (row >= 0) findings.damage(`"${entry.file}" has rows that are not in the order of their keys, from row ${row} on`, place);
  return row >= 0 ? null : { entry, keys, times };
}

async function checkVectors({ findings, collection }: SegmentContext, file: SectionFile, field: Field, rows: number): Promise<void> {
  const vectors = await readVectors(file, field.type as VectorType, field.fieldId, rows, field.dim ?? 1);
  const like = { fieldId: field.fieldId, type: field.type, length: rows, dim: field.dim ?? 1, validity: null };
  const wrong = firstWrongValue(field, 'offsets' in vectors ? { ...like, ...vectors } : { ...like, values: vectors, offsets: null });
  if (wrong) findings.damage(`"${file.name}" has a vector of field "${field.name}" that cannot be: ${wrong}`, { file: file.name, collection });
}

/** Rows ascend by key, versions of one key by their insert. -1 where they do. */
function firstOutOfOrder(keys: SealedKeys, times: RowTimes): number {
  for (let row = 1; row < keys.rows; row++) {
    const order = compareKeys(keys.at(row - 1), keys.at(row));
    if (order > 0 || (order === 0 && times.at(row - 1) >= times.at(row))) return row;
  }
  return -1;
}

/** Checks a deletes file against the segment that it is of; null where it cannot be read. */
export async function checkDeletes(context: SegmentContext, entry: SegmentEntry, times: RowTimes | null): Promise<ReadonlyMap<number, bigint> | null> {
  const { findings, collection } = context;
  const name = entry.deletesFile!;
  const place = { file: name, collection };
  const file = await checkBlocks(context, name, 'deletes', null);
  if (!file) return null;
  return findings.attempt(place, async () => {
    const deleted = await readDeletes(file, entry.rows);
    if (deleted.size !== file.byteLength('rows') / 4) findings.damage(`"${name}" names a row twice`, place);
    if (deleted.size !== entry.deletedRows) findings.damage(`"${name}" expected ${entry.deletedRows} deleted rows, as the manifest has it, got ${deleted.size}`, place);
    let before = -1;
    for (const [row, timestamp] of deleted) {
      if (row < before) findings.damage(`"${name}" has rows that do not ascend`, place);
      before = row;
      // 0: deleted for every time.
      if (!times || timestamp === 0n || timestamp > times.at(row)) continue;
      findings.damage(`"${name}" deletes row ${row} at ${timestamp}, which was inserted at ${times.at(row)}`, place);
      break;
    }
    return deleted;
  });
}

/**
 * Checks an index file: its blocks, and where the segment is sound (what is wrong with it has been said), that the index can be
 * loaded over its vectors, which looks at every link and list.
 */
export async function checkIndex(context: SegmentContext, entry: SegmentEntry, index: SegmentIndexEntry, isSound: boolean): Promise<void> {
  const { store, pool, findings, collection, schema } = context;
  const place = { file: index.file, collection };
  const file = await checkBlocks(context, index.file, 'index', index.fileBytes);
  if (!file || !isSound) return;
  await findings.attempt(place, async () => {
    const field = schema.fields.find(({ fieldId }) => fieldId === index.fieldId);
    if (!field || !isVectorType(field.type)) return findings.damage(`"${index.file}" is an index of field ${index.fieldId}, which is no vector field of "${collection}"`, place);
    const type = getIndexType(index.spec.type);
    if (!type.families.includes(VECTOR_TYPES[field.type].family)) return findings.damage(`"${index.file}" is an index of type ${index.spec.type}, which is not for ${field.type}`, place);
    type.parseBuild(index.spec.params, { metric: index.spec.metric, dim: field.dim ?? 1 });
    const sections = new Map<string, Uint8Array>();
    for (const name of file.sectionNames) sections.set(name, await file.read(name));
    if (type.needsVectors && findings.hasDamagedBlocks(entry.file)) return;
    const rows = await openSections(store, entry.file, 'segment');
    const vectors = new SealedVectors(field, entry.rows, vectorBytes(rows, field.fieldId), pool);
    try {
      if (type.needsVectors) await vectors.load(rows);
      vectors.setIndex(index.spec, sections);
    } finally {
      vectors.free();
    }
  });
}

/** Checks the file of a scalar index: its blocks, and that it can be opened over so many rows. */
export async function checkScalarIndex(context: SegmentContext, entry: SegmentEntry, index: SegmentScalarIndexEntry): Promise<void> {
  const { findings, collection, schema } = context;
  const place = { file: index.file, collection };
  const file = await checkBlocks(context, index.file, 'index', index.fileBytes);
  if (!file) return;
  await findings.attempt(place, async () => {
    const field = schema.fields.find(({ fieldId }) => fieldId === index.fieldId);
    if (!field || isVectorType(field.type)) return findings.damage(`"${index.file}" is an index of field ${index.fieldId}, which is no scalar field of "${collection}"`, place);
    const sections = new Map<string, Uint8Array>();
    for (const name of file.sectionNames) sections.set(name, await file.read(name));
    openScalarIndex(sections, targetOf(field, index.path ?? null, index.spec), entry.rows);
  });
}
