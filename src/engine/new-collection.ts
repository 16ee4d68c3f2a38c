/** What the manifest says of a collection that has just been made. */
import { PARTITION_KEY_PARTITIONS } from '../schema/partition-key.ts';
import type { IndexSpec } from '../schema/types.ts';
import { DEFAULT_PARTITION_ID, DEFAULT_PARTITION_NAME, type CollectionEntry, type PartitionEntry, type ScalarIndexEntry } from '../storage/manifest/manifest.ts';
import { ElanusError } from '../util/error.ts';
import type { CreateCollectionRequest } from './client.ts';

export function newCollection(
  collectionId: number,
  databaseId: number,
  { name, schema, properties = {}, numPartitions }: CreateCollectionRequest & { readonly name: string },
  indexes: Readonly<Record<string, IndexSpec>>,
  scalarIndexes: readonly ScalarIndexEntry[],
  createdTimestamp: bigint,
): CollectionEntry {
  const isKeyed = schema.fields.some((field) => field.partitionKey);
  if (!isKeyed && numPartitions !== undefined) throw new ElanusError('INVALID_ARGUMENT', `"numPartitions" expected a schema with a partition key, got one without`, { collection: name });
  if (!isKeyed && properties.partitionKeyIsolation) throw new ElanusError('INVALID_ARGUMENT', `"partitionKeyIsolation" expected a schema with a partition key, got one without`, { collection: name });
  const count = isKeyed ? (numPartitions ?? PARTITION_KEY_PARTITIONS) : 1;
  // Milvus's names of the partitions of a key.
  const partitions = Array.from({ length: count }, (_, i): PartitionEntry => ({ partitionId: DEFAULT_PARTITION_ID + i, name: isKeyed ? `${DEFAULT_PARTITION_NAME}_${i}` : DEFAULT_PARTITION_NAME, createdTimestamp }));
  return {
    collectionId,
    databaseId,
    name,
    schema,
    createdTimestamp,
    indexes,
    ...(scalarIndexes.length > 0 ? { scalarIndexes } : {}),
    nextAutoId: 1n,
    firstLogGeneration: 1,
    properties,
    horizon: createdTimestamp,
    nextPartitionId: DEFAULT_PARTITION_ID + count,
    partitions,
    segments: [],
  };
}
