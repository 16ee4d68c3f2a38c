/** What is rarely asked of a collection: its partitions, its end. A chunk of its own, loaded when the first of these is called. */
import type { CompactReply, EngineClient, PartitionInfo, Progress } from '../engine/client.ts';
import { checkName } from '../schema/define.ts';
import { checkOptions, contextOf, type CallOptions } from './options.ts';

/** Which collection of which engine. */
export interface CollectionScope {
  readonly engine: EngineClient;
  readonly collectionId: number;
}

export interface CompactOptions extends CallOptions {
  readonly onProgress?: (progress: Progress) => void;
}

const COMPACT_OPTIONS: ReadonlySet<string> = new Set(['signal', 'onProgress']);
const SIGNAL_ONLY: ReadonlySet<string> = new Set(['signal']);

export async function createPartition({ engine, collectionId }: CollectionScope, name: string): Promise<void> {
  checkName('name', name);
  await engine.createPartition({ collectionId, name });
}

export async function dropPartition({ engine, collectionId }: CollectionScope, name: string): Promise<void> {
  checkName('name', name);
  await engine.dropPartition({ collectionId, name });
}

export async function hasPartition(scope: CollectionScope, name: string): Promise<boolean> {
  checkName('name', name);
  return (await listPartitions(scope)).some((partition) => partition.name === name);
}

export async function listPartitions({ engine, collectionId }: CollectionScope): Promise<PartitionInfo[]> {
  return engine.listPartitions({ collectionId });
}

export async function truncate({ engine, collectionId }: CollectionScope, options: CallOptions = {}): Promise<void> {
  checkOptions(options, 'truncate', SIGNAL_ONLY);
  await engine.truncateCollection({ collectionId }, contextOf(options.signal));
}

export async function compact({ engine, collectionId }: CollectionScope, options: CompactOptions = {}): Promise<CompactReply> {
  checkOptions(options, 'compact', COMPACT_OPTIONS);
  return engine.compact({ collectionId }, contextOf(options.signal, options.onProgress));
}
