/**
 * The manifest in bytes: `docs/format/manifest.md`.
 *
 *     preamble (16) | body length (u32) | body: JSON in UTF-8 | CRC32C of all before it (u32)
 *
 * JSON, because the manifest is small, rewritten whole at each commit, and the first thing that anyone mending a
 * database wants to read. Every value is checked on the way in and on the way out.
 */
import { FIELD_TYPE_CODE, type Field, type FieldEmbedder, type FieldType, type IndexSpec, type ScalarIndexSpec, type Schema } from '../../schema/types.ts';
import { ByteReader, ByteWriter } from '../../util/bytes.ts';
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError } from '../../util/error.ts';
import { checkPreamble, encodePreamble, PREAMBLE_BYTES, type VersionRange } from '../preamble.ts';
import { array, bigint, boolean, converted, either, integer, matching, nullable, object, oneOf, optional, pathStep, record, scalar, text, type Shape } from './json-shape.ts';
import { DEFAULT_DATABASE_ID, type AliasEntry, type CollectionEntry, type CollectionProperties, type DatabaseEntry, type Manifest, type PartitionEntry, type ScalarIndexEntry, type SegmentEntry, type SegmentIndexEntry, type SegmentScalarIndexEntry, type SnapshotEntry } from './manifest.ts';

export const FORMAT_VERSION = 2;
export const OLDEST_READABLE_VERSION = 2;
const VERSIONS: VersionRange = { newest: FORMAT_VERSION, oldest: OLDEST_READABLE_VERSION };

const TITLE = 'the manifest';

const count = integer(0);
const timestamp = bigint(0n, (1n << 64n) - 1n);
const fileName = matching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/, 'the name of a file');
const userName = text(1, 255);

const params = record(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, scalar);

const indexSpec = object<IndexSpec>({
  type: matching(/^[A-Z][A-Z0-9_]{0,63}$/, 'the name of an index type'),
  metric: oneOf(['L2', 'IP', 'COSINE', 'HAMMING', 'JACCARD']),
  params,
});

const scalarIndexType = matching(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'the name of an index type');

const scalarIndexSpec = object<ScalarIndexSpec>({ type: scalarIndexType, params });

const scalarIndexOf = { name: text(1, 4_096), fieldId: count, path: optional(array(pathStep)), spec: scalarIndexSpec };

const scalarIndex = object<ScalarIndexEntry>(scalarIndexOf);

const segmentScalarIndex = object<SegmentScalarIndexEntry>({ ...scalarIndexOf, type: scalarIndexType, file: fileName, fileBytes: count });

const schemaIndex: Shape<IndexSpec | ScalarIndexSpec> = either((value) => typeof value === 'object' && value !== null && 'metric' in value, indexSpec, scalarIndexSpec);

const field = object<Field>({
  fieldId: count,
  name: userName,
  type: oneOf(Object.keys(FIELD_TYPE_CODE) as FieldType[]),
  primaryKey: boolean,
  autoId: boolean,
  nullable: boolean,
  defaultValue: optional(scalar),
  addedIn: optional(integer(2)),
  maxLength: optional(integer(1, 65_535)),
  elementType: optional(oneOf(['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double', 'VarChar'])),
  maxCapacity: optional(integer(1, 4_096)),
  isDynamic: optional(boolean),
  dim: optional(integer(1, 262_144)),
  as: optional(oneOf(['number', 'string'])),
  partitionKey: optional(boolean),
  embedder: optional(object<FieldEmbedder>({ id: text(1, 255), input: userName })),
  index: optional(schemaIndex),
});

const schema = object<Schema>({ version: integer(1), fields: array(field), description: optional(text(0, 65_535)) });

const segmentIndex = object<SegmentIndexEntry>({ fieldId: count, spec: indexSpec, file: fileName, fileBytes: count });

const segment = object<SegmentEntry>({
  segmentId: count,
  partitionId: count,
  schemaVersion: count,
  rows: count,
  minTimestamp: timestamp,
  maxTimestamp: timestamp,
  file: fileName,
  fileBytes: count,
  deletesFile: nullable(fileName),
  deletedRows: count,
  indexes: array(segmentIndex),
  scalarIndexes: optional(array(segmentScalarIndex)),
});

const properties = object<CollectionProperties>({ ttlSeconds: optional(integer(1)), partitionKeyIsolation: optional(boolean) });

const partition = object<PartitionEntry>({ partitionId: count, name: userName, createdTimestamp: timestamp });

const collection = object<CollectionEntry>({
  collectionId: count,
  databaseId: count,
  name: userName,
  schema,
  createdTimestamp: timestamp,
  indexes: record(/^(0|[1-9][0-9]{0,8})$/, indexSpec),
  scalarIndexes: optional(array(scalarIndex)),
  nextAutoId: bigint(-(1n << 63n), (1n << 63n) - 1n),
  firstLogGeneration: count,
  properties,
  horizon: timestamp,
  nextPartitionId: count,
  partitions: array(partition),
  segments: array(segment),
});

const database = object<DatabaseEntry>({ databaseId: count, name: userName, createdTimestamp: timestamp });

const alias = object<AliasEntry>({ databaseId: count, name: userName, collectionId: count });

const snapshot = object<SnapshotEntry>({ name: userName, description: optional(text(0, 65_535)), timestamp, createdTimestamp: timestamp, collection });

const manifest = object<Manifest>({
  version: count,
  epoch: count,
  lastTimestamp: timestamp,
  nextDatabaseId: count,
  nextCollectionId: count,
  nextFileId: count,
  databases: array(database),
  aliases: array(alias),
  collections: array(collection),
  snapshots: array(snapshot),
});

export function encodeManifest(value: Manifest): Uint8Array {
  const json = converted('INTERNAL', 'the manifest to be written', () => manifest.encode(value, ''));
  const body = new TextEncoder().encode(JSON.stringify(json));
  const writer = new ByteWriter(PREAMBLE_BYTES + body.length + 8);
  writer.bytes(encodePreamble('manifest', FORMAT_VERSION)).u32(body.length).bytes(body);
  return writer.u32(crc32c(writer.finish())).finish();
}

/** CORRUPT for anything that {@link encodeManifest} did not write, FORMAT_UNSUPPORTED for a newer library's. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  checkPreamble(TITLE, bytes, 'manifest', VERSIONS);
  const reader = new ByteReader(bytes, TITLE);
  reader.bytes(PREAMBLE_BYTES);
  const body = reader.bytes(reader.u32());
  const checksum = reader.u32();
  reader.end();
  if (checksum !== crc32c(bytes, 0, bytes.length - 4)) throw corrupt('is damaged: its checksum does not match');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch (error) {
    throw corrupt('expected JSON, got something else', error);
  }
  const decoded = converted('CORRUPT', TITLE, () => manifest.decode(json, ''));
  checkReferences(decoded);
  return decoded;
}

/** What one value cannot show: numbers and names that must not repeat or lead nowhere, rows that must not outnumber their segment. */
function checkReferences({ databases, aliases, collections, snapshots }: Manifest): void {
  unique('database', databases.map(({ databaseId }) => databaseId));
  unique('database name', databases.map(({ name }) => name));
  if (!databases.some(({ databaseId }) => databaseId === DEFAULT_DATABASE_ID)) throw corrupt('has no default database');
  unique('collection', collections.map(({ collectionId }) => collectionId));
  for (const { databaseId } of databases) {
    const isHere = (entry: { readonly databaseId: number }): boolean => entry.databaseId === databaseId;
    unique('collection name', [...collections.filter(isHere), ...aliases.filter(isHere)].map(({ name }) => name));
    unique('snapshot name', snapshots.filter((entry) => isHere(entry.collection)).map(({ name }) => name));
  }
  for (const { name, databaseId, collectionId } of aliases) {
    if (!collections.some((entry) => entry.collectionId === collectionId && entry.databaseId === databaseId)) throw corrupt(`has an alias ${JSON.stringify(name)} of no collection`);
  }
  for (const entry of [...collections, ...snapshots.map((taken) => taken.collection)]) {
    if (!databases.some(({ databaseId }) => databaseId === entry.databaseId)) throw corrupt(`has a collection ${entry.collectionId} in no database`);
    checkCollection(entry);
  }
}

function checkCollection({ schema: { fields }, partitions, nextPartitionId, scalarIndexes = [], segments }: CollectionEntry): void {
  unique('segment', segments.map(({ segmentId }) => segmentId));
  unique('field', fields.map(({ fieldId }) => fieldId));
  unique('field name', fields.map(({ name }) => name));
  unique('partition', partitions.map(({ partitionId }) => partitionId));
  unique('scalar index', scalarIndexes.map(({ name }) => name));
  unique('place of a scalar index', scalarIndexes.map(({ fieldId, path }) => JSON.stringify([fieldId, path])));
  unique('partition name', partitions.map(({ name }) => name));
  for (const { name, embedder } of fields) if (embedder && !fields.some((known) => known.name === embedder.input && known.type === 'VarChar')) throw corrupt(`has a field ${JSON.stringify(name)} whose embedder reads no text`);
  if (partitions.some(({ partitionId }) => partitionId >= nextPartitionId)) throw corrupt('has a partition beyond the next one');
  for (const { segmentId, partitionId, rows, deletedRows, minTimestamp, maxTimestamp } of segments) {
    if (deletedRows > rows || minTimestamp > maxTimestamp) throw corrupt(`has a segment ${segmentId} that makes no sense`);
    if (!partitions.some((known) => known.partitionId === partitionId)) throw corrupt(`has a segment ${segmentId} in no partition`);
  }
}

function unique(what: string, values: readonly (number | string)[]): void {
  const seen = new Set<number | string>();
  for (const value of values) {
    if (seen.has(value)) throw corrupt(`has the ${what} ${JSON.stringify(value)} twice`);
    seen.add(value);
  }
}

const corrupt = (message: string, cause?: unknown): ElanusError => new ElanusError('CORRUPT', `${TITLE} ${message}`, { file: TITLE }, { cause });
