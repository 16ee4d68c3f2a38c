/** What a collection holds, and what it costs. */
import type { CollectionStats, SegmentStats } from './client.ts';
import type { CollectionState } from './collection.ts';

export async function collectionStats(state: CollectionState): Promise<CollectionStats> {
  state.expire();
  const { partitions } = state.entry;
  const nameOf = (partitionId: number): string => partitions.find((partition) => partition.partitionId === partitionId)?.name ?? '';
  const segments: SegmentStats[] = state.sealed.map((segment) => ({
    segmentId: segment.entry.segmentId,
    partition: nameOf(segment.entry.partitionId),
    state: 'sealed',
    rows: segment.rows,
    deletedRows: segment.deletedRows,
    indexes: Object.fromEntries([
      ...segment.entry.indexes.map((index) => [state.field(index.fieldId).name, index.spec.type]),
      ...(segment.entry.scalarIndexes ?? []).map(({ name, type }) => [name, type]),
    ]),
    memoryBytes: segment.memoryBytes,
    storedBytes: segment.storedBytes,
  }));
  for (const growing of state.view.growing) {
    if (growing.rows === 0) continue;
    segments.push({ segmentId: 0, partition: nameOf(growing.partitionId), state: 'growing', rows: growing.rows, deletedRows: growing.deletedRows, indexes: {}, memoryBytes: growing.memoryBytes, storedBytes: 0 });
  }
  const sum = (pick: (segment: SegmentStats) => number): number => segments.reduce((total, segment) => total + pick(segment), 0);
  return {
    rows: sum((segment) => segment.rows - segment.deletedRows),
    deletedRows: sum((segment) => segment.deletedRows),
    ...state.parts.history.sizeOf(state),
    horizon: state.entry.horizon,
    memoryBytes: sum((segment) => segment.memoryBytes),
    storedBytes: sum((segment) => segment.storedBytes),
    logBytes: await state.log.byteLength(),
    segments,
  };
}
