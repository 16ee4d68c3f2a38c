/** An engine over a store for tests of the engine itself: plain messages, no API, no workers. */
import { parts } from '../../src/on-demand.ts';
import { openEngine } from '../../src/engine/engine.ts';
import type { CallContext, EngineClient, EngineEvent, EngineOptions } from '../../src/engine/client.ts';
import { runBuild } from '../../src/index/build.ts';
import type { BuildJob } from '../../src/index/index.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { Schema } from '../../src/schema/types.ts';
import { openMemoryStore, type MemoryMedium } from '../../src/storage/memory.ts';
import type { Store } from '../../src/storage/store.ts';
import { inlineBuildService } from '../../src/worker/inline.ts';
import { testKernels } from '../support/kernels.ts';
import type { ModelRow } from './model.ts';

export interface TestEngine {
  readonly client: EngineClient;
  readonly events: EngineEvent[];
}

interface TestDeps {
  readonly context?: CallContext;
  readonly silenceMs?: number;
  readonly now?: () => number;
  /** Told of each job before it runs; what it throws is what the build fails with. */
  readonly onBuild?: (job: BuildJob) => void;
}

export async function openTestEngine(store: Store, options: Partial<EngineOptions> = {}, limits: Pick<KernelModule, 'memoryBytesMax'> = {}, { onBuild, ...deps }: TestDeps = {}): Promise<TestEngine> {
  const kernels = { ...(await testKernels('simd')), ...limits };
  const events: EngineEvent[] = [];
  const client = await openEngine({
    onDemand: async () => parts,
    store,
    kernels,
    builds: inlineBuildService(async (job, context) => {
      onBuild?.(job);
      if (job.vectors.kind !== 'bytes') throw new Error('an engine on its own thread builds from the vectors themselves');
      return runBuild(kernels, job, job.vectors.values, context);
    }),
    options: { durability: 'strict', readOnly: false, retentionSeconds: 86_400, cacheBytes: 256 << 20, ...options },
    onEvent: (event) => void events.push(event),
    ...deps,
  });
  return { client, events };
}

/** Opens an engine over a medium, every time as after the death of the process that had it open, and of all that that one was about to do. */
export function restarts(medium: MemoryMedium, open: (store: Store) => Promise<TestEngine> = openTestEngine): () => Promise<TestEngine> {
  let store: Store | null = null;
  return async () => {
    await store?.close();
    store = openMemoryStore({ medium });
    return open(store);
  };
}

export const KEY_FIELD = 'key';
export const DIM = 8;

/** key, label, vector. */
export function testSchema(keyType: 'Int64' | 'VarChar', options: { autoId?: boolean; dim?: number } = {}): Schema {
  const key = keyType === 'Int64' ? ({ type: 'Int64', primaryKey: true, autoId: options.autoId ?? false } as const) : ({ type: 'VarChar', maxLength: 64, primaryKey: true } as const);
  return toSchema({ fields: { key, label: { type: 'VarChar', maxLength: 64 }, vector: { type: 'FloatVector', dim: options.dim ?? DIM } } });
}

export function insertRows(client: EngineClient, collectionId: number, schema: Schema, rows: readonly (Omit<ModelRow, 'key'> & { key?: ModelRow['key'] })[], partition?: string) {
  return client.insert({ collectionId, batch: toBatch(planOf(schema), rows), partition });
}

export const fieldId = (schema: Schema, name: string): number => schema.fields.find((field) => field.name === name)!.fieldId;
