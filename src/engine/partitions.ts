/** Partitions by name: made, listed and dropped. */
import { DEFAULT_PARTITION_ID, type PartitionEntry } from '../storage/manifest/manifest.ts';
import { PARTITIONS_MAX } from '../schema/partition-key.ts';
import { ElanusError } from '../util/error.ts';
import { withEntry } from './catalog.ts';
import type { CollectionState } from './collection.ts';
import { filesOf } from './garbage.ts';
import { retireSegments } from './seal.ts';

/** ALREADY_EXISTS where there is one of that name. INVALID_ARGUMENT where the partition key makes them. */
export async function createPartition(state: CollectionState, name: string): Promise<void> {
  state.assertNamedPartitions('name');
  const { catalog, clock } = state.parts;
  await catalog.commit(clock, (manifest) =>
    withEntry(manifest, state.collectionId, (entry) => {
      if (entry.partitions.some((partition) => partition.name === name)) {
        throw new ElanusError('ALREADY_EXISTS', `collection "${entry.name}" has a partition "${name}" already`, { collection: entry.name, partition: name });
      }
      if (entry.partitions.length >= PARTITIONS_MAX) throw new ElanusError('INVALID_ARGUMENT', `expected at most ${PARTITIONS_MAX} partitions, got one more`, { collection: entry.name, partition: name });
      const partition: PartitionEntry = { partitionId: entry.nextPartitionId, name, createdTimestamp: clock.next() };
      return { ...entry, nextPartitionId: entry.nextPartitionId + 1, partitions: [...entry.partitions, partition] };
    }),
  );
}

/** Removes a partition with its rows. Not between the seals of one collection, which it takes its turn with. */
export function dropPartition(state: CollectionState, name: string): Promise<void> {
  const run = state.sealQueue.then(() => state.gate.hold(async () => {
    state.assertNamedPartitions('name');
    const { partitionId } = state.partition(name);
    if (partitionId === DEFAULT_PARTITION_ID) throw new ElanusError('INVALID_ARGUMENT', `partition "${name}" is always there and cannot be dropped: truncate() removes all rows`, { partition: name });
    const { catalog, clock } = state.parts;
    let files: string[] = [];
    const dropped = (): readonly CollectionState['sealed'][number][] => state.sealed.filter((segment) => segment.entry.partitionId === partitionId);
    let segments = dropped();
    await catalog.commit(clock, (manifest) =>
      withEntry(manifest, state.collectionId, (entry) => {
        const gone = entry.segments.filter((segment) => segment.partitionId === partitionId);
        files = filesOf({ ...entry, segments: gone });
        return { ...entry, partitions: entry.partitions.filter((partition) => partition.partitionId !== partitionId), segments: entry.segments.filter((segment) => !gone.includes(segment)) };
      }), () => {
      segments = dropped();
      state.sealed = state.sealed.filter((segment) => !segments.includes(segment));
      for (const rows of [state.growing, ...state.sealing.map((frozen) => frozen.rows)]) rows.drop(partitionId);
      state.segmentsChanged();
    });
    await retireSegments(state, segments, files);
  }));
  state.sealQueue = run.catch(() => {});
  return run;
}

/** By name, with the rows that live in each. */
export function listPartitions(state: CollectionState): { name: string; rows: number; createdTimestamp: bigint }[] {
  return state.entry.partitions.map(({ partitionId, name, createdTimestamp }) => ({ name, rows: state.rowsOfPartition(partitionId), createdTimestamp }));
}
