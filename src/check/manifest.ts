/** What the manifest says that its codec does not look at: numbers that were given out, and what entries refer to. */
import { indexTypeNames } from '../index/registry.ts';
import { isScalarIndexName } from '../scalar-index/registry.ts';
import { isVectorType } from '../schema/vector-types/index.ts';
import type { CollectionEntry, Manifest } from '../storage/manifest/manifest.ts';
import { parseFileName } from '../storage/names.ts';
import type { Findings } from './findings.ts';

export function checkManifest(manifest: Manifest, findings: Findings): void {
  const entries = [...manifest.collections, ...manifest.snapshots.map(({ collection }) => collection)];
  for (const entry of entries) checkCollection(manifest, entry, findings);
  for (const { name, timestamp } of manifest.snapshots) {
    if (timestamp > manifest.lastTimestamp) findings.damage(`snapshot "${name}" is newer than the newest timestamp of the manifest`, { file: 'root', collection: null });
  }
}

function checkCollection(manifest: Manifest, entry: CollectionEntry, findings: Findings): void {
  const wrong = (message: string): void => findings.damage(`collection "${entry.name}" ${message}`, { file: 'root', collection: entry.name });
  const { fields, version } = entry.schema;
  if (fields.filter(({ primaryKey }) => primaryKey).length !== 1) wrong('has no primary key of one field');
  if (entry.collectionId >= manifest.nextCollectionId) wrong(`has the number ${entry.collectionId}, which is to be given out again`);
  for (const { partitionId, name } of entry.partitions) if (partitionId >= entry.nextPartitionId) wrong(`has a partition "${name}" with the number ${partitionId}, which is to be given out again`);
  for (const [fieldId, { type }] of Object.entries(entry.indexes)) {
    const field = fields.find((known) => known.fieldId === Number(fieldId));
    if (!field || !isVectorType(field.type)) wrong(`has an index of field ${fieldId}, which is no vector field of it`);
    if (!indexTypeNames.includes(type)) wrong(`has an index of the unknown type ${type}`);
  }
  for (const { name, fieldId, spec } of [...(entry.scalarIndexes ?? []), ...entry.segments.flatMap((segment) => segment.scalarIndexes ?? [])]) {
    const field = fields.find((known) => known.fieldId === fieldId);
    if (!field || isVectorType(field.type)) wrong(`has an index "${name}" of field ${fieldId}, which is no scalar field of it`);
    if (!isScalarIndexName(spec.type)) wrong(`has an index "${name}" of the unknown type ${spec.type}`);
  }
  for (const segment of entry.segments) {
    const indexes = [...segment.indexes, ...(segment.scalarIndexes ?? [])];
    const is = `has a segment ${segment.segmentId}`;
    if (segment.schemaVersion > version || segment.schemaVersion < 1) wrong(`${is} of schema version ${segment.schemaVersion}; the newest is ${version}`);
    if (segment.maxTimestamp > manifest.lastTimestamp) wrong(`${is} with rows newer than the newest timestamp of the manifest`);
    for (const file of [segment.file, segment.deletesFile, ...indexes.map((index) => index.file)]) {
      if (file === null) continue;
      const name = parseFileName(file);
      if (!name || name.segmentId !== segment.segmentId) wrong(`${is} with the file "${file}", whose name is of something else`);
      else if (Math.max(name.segmentId, name.kind === 'segment' ? 0 : name.generation) >= manifest.nextFileId) wrong(`${is} with the file "${file}", whose number is to be given out again`);
    }
    for (const { fieldId, file } of indexes) {
      const name = parseFileName(file);
      if (name?.kind !== 'index' || name.fieldId !== fieldId) wrong(`${is} whose index of field ${fieldId} is "${file}"`);
    }
  }
}
