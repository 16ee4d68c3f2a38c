/**
 * What a thread of ours can be, and how an engine is put together on whatever thread it runs. Entry-level wiring: the
 * one place that knows the engine, the indexes and the workers at once.
 */
import type { CallContext, EngineClient, EngineEvent, EngineOptions } from './engine/client.ts';
import { ENGINE_METHODS } from './engine-methods.ts';
import { openEngine } from './engine/engine.ts';
import type { OnDemandParts } from './engine/on-demand.ts';
import { readSections } from './exec/load.ts';
import { runBuild } from './index/build.ts';
import type { BuildJob, BuildService } from './index/index.ts';
import { getIndexType } from './index/registry.ts';
import { teamSizeMax } from './index/team.ts';
import type { KernelModule } from './kernels/load.ts';
import type { WorkerHandle, WorkerRole } from './platform/platform.ts';
import type { QueryVectors } from './schema/vector-types/index.ts';
import { readVectors } from './segment/segment-file.ts';
import type { openEncryptedStore } from './storage/encrypted.ts';
import { openSections } from './storage/sections/index.ts';
import type { Store } from './storage/store.ts';
import { assert } from './util/assert.ts';
import { methodsOf, type StartRole } from './worker/host.ts';
import { inlineBuildService, type RunBuild } from './worker/inline.ts';
import { BUILD_METHODS, buildThread, workerBuildService, type BuildSetup } from './worker/pool.ts';
import type { ThreadSetup } from './worker/protocol.ts';

/** What the thread's platform gives. */
export interface RoleHost {
  openStore(href: string, options: { readonly readOnly: boolean }): Promise<Store>;
  /** `openEncryptedStore`, where the script brings it: few databases are encrypted. */
  readonly encrypted?: typeof openEncryptedStore;
  /** Imports what of the engine is not in the script. */
  onDemand(): Promise<OnDemandParts>;
  /** Starts a build worker, or rejects where there are none to be had. */
  spawnBuildWorker(): Promise<WorkerHandle>;
}

export interface EngineStart {
  /** Resolved: the same in every thread. */
  readonly href: string;
  readonly kernels: KernelModule;
  /** Most build workers; 0: builds run on the engine's thread. */
  readonly workers: number;
  readonly options: EngineOptions;
  readonly encryptionKey?: CryptoKey;
}

/** Setup of the role `engine`. */
export interface EngineSetup extends ThreadSetup, EngineStart {
  readonly role: 'engine';
}

/** Opens the database on this thread. */
export async function startEngine(
  host: RoleHost,
  start: EngineStart,
  thread: 'calling' | 'worker',
  context: CallContext & { readonly onEvent: (event: EngineEvent) => void },
): Promise<EngineClient> {
  const { href, kernels, workers, options, encryptionKey } = start;
  const inline = (): BuildService => inlineBuildService(buildRunner(host, kernels, encryptionKey));
  const fallback = (cause: unknown): BuildService => {
    console.warn(`elanus: no build worker could be started, indexes are built on the engine's thread (${messageOf(cause)})`);
    return inline();
  };
  const store = await openStore(host, href, options, encryptionKey);
  const builds = workers === 0 ? inline() : workerBuildService({ spawn: () => host.spawnBuildWorker(), kernels, encryptionKey, workers, teamSizeMax, fallback });
  return openEngine({ store, kernels, builds, onDemand: () => host.onDemand(), options, onEvent: context.onEvent, thread, isEncrypted: encryptionKey !== undefined, context });
}

/** The roles that a worker script serves. */
export function threadRoles(host: RoleHost): Record<WorkerRole, StartRole> {
  return {
    async build(setup) {
      const { kernels, encryptionKey } = setup as BuildSetup;
      return methodsOf(buildThread(buildRunner(host, kernels, encryptionKey)), BUILD_METHODS);
    },
    async engine(setup, context) {
      const engine = await startEngine(host, setup as EngineSetup, 'worker', { signal: context.signal, onProgress: context.onProgress, onEvent: context.emit });
      return methodsOf(engine, ENGINE_METHODS);
    },
  };
}

/** Runs builds with these kernels; vectors that lie in a store are read from it first, and what a build begins with. */
function buildRunner(host: RoleHost, kernels: KernelModule, encryptionKey: CryptoKey | undefined): RunBuild {
  return async (job, context) => runBuild(kernels, await readBase(host, encryptionKey, job), await readJob(host, encryptionKey, job), context);
}

/** The store behind a connection string, in plain view. */
async function openStore(host: RoleHost, href: string, options: { readonly readOnly: boolean; readonly recover?: 'truncate' }, encryptionKey: CryptoKey | undefined): Promise<Store> {
  const store = await host.openStore(href, { readOnly: options.readOnly });
  if (!encryptionKey) return store;
  assert(host.encrypted !== undefined, 'a thread that is given a key can decrypt');
  return host.encrypted(store, encryptionKey, options);
}

async function readJob(host: RoleHost, encryptionKey: CryptoKey | undefined, { vectors, vectorType = 'FloatVector', rows, dim }: BuildJob): Promise<QueryVectors> {
  if (vectors.kind === 'bytes') return vectors.values;
  const store = await openStore(host, vectors.url, { readOnly: true }, encryptionKey);
  try {
    return await readVectors(await openSections(store, vectors.file, 'segment'), vectorType, vectors.fieldId, rows, dim);
  } finally {
    await store.close();
  }
}

/** The job with the sections of its base in it. */
async function readBase(host: RoleHost, encryptionKey: CryptoKey | undefined, job: BuildJob): Promise<BuildJob> {
  const { base } = job;
  if (base?.sections.kind !== 'store') return job;
  const store = await openStore(host, base.sections.url, { readOnly: true }, encryptionKey);
  try {
    const sections = await readSections(store, base.sections.file, getIndexType(job.typeName).baseSections);
    return { ...job, base: { rowsTo: base.rowsTo, sections: { kind: 'bytes', values: Array.from(sections, ([name, bytes]) => ({ name, bytes })) } } };
  } finally {
    await store.close();
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
