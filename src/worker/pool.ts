/**
 * Builds on threads. Workers are started when there is something to build, at most `workers` of them, and ended after
 * a while without work: their WebAssembly memory never shrinks while they live. A build that can be shared gets all the
 * workers that are free when it begins. A worker that dies rejects its build with `WORKER_LOST`; the next build starts a
 * fresh one.
 */
import type { BuildJob, BuildService, IndexSection } from '../index/index.ts';
import type { KernelModule } from '../kernels/load.ts';
import type { WorkerHandle } from '../platform/platform.ts';
import { ElanusError, abortError, throwIfAborted } from '../util/error.ts';
import type { RunBuild } from './inline.ts';
import type { RpcContext, ThreadSetup } from './protocol.ts';
import type { Remote } from './rpc.ts';
import { makeSeats, takeSeat, type TeamSeat } from './team.ts';
import { startRole } from './thread.ts';

export interface BuildPoolOptions {
  /** Starts a thread, or rejects where there are none to be had. */
  readonly spawn: () => Promise<WorkerHandle>;
  /** Given to each worker when it starts. */
  readonly kernels: KernelModule;
  /** Opens the stores that vectors lie in; given to each worker, too. */
  readonly encryptionKey?: CryptoKey;
  /** Most workers at a time, at least 1. */
  readonly workers: number;
  /** The most workers that may share a job. */
  readonly teamSizeMax: (job: BuildJob) => number;
  /** Serves instead, from the first time that a worker cannot be started; told why. */
  readonly fallback: (cause: unknown) => BuildService;
  /** How long a worker without work is kept. */
  readonly idleMs?: number;
}

/** Setup of the role `build`. */
export interface BuildSetup extends ThreadSetup {
  readonly role: 'build';
  readonly kernels: KernelModule;
  readonly encryptionKey?: CryptoKey;
}

export interface BuildRequest {
  readonly job: BuildJob;
  /** Where the thread sits in a team; null: it builds alone. */
  readonly seat: TeamSeat | null;
}

/** What a build thread can do. */
export interface BuildThread {
  build(request: BuildRequest, context?: RpcContext): Promise<IndexSection[]>;
}

interface BuildProgress {
  readonly done: number;
  readonly total: number;
}

/** Answers for the role `build` inside a thread. */
export function buildThread(runBuild: RunBuild): BuildThread {
  return {
    build: async ({ job, seat }, context) => {
      const report = context?.onProgress;
      const team = seat ? takeSeat(seat) : undefined;
      try {
        return await runBuild(job, { signal: context?.signal, onProgress: report && ((done, total) => report({ done, total } satisfies BuildProgress)), team });
      } finally {
        team?.close();
      }
    },
  };
}

export const BUILD_METHODS = ['build'] as const satisfies readonly (keyof BuildThread)[];

const IDLE_MS = 5_000;

export function workerBuildService(options: BuildPoolOptions): BuildService {
  const gate = makeGate(Math.max(1, options.workers));
  const idle: { remote: Remote<BuildThread>; timer: ReturnType<typeof setTimeout> }[] = [];
  const all = new Set<Remote<BuildThread>>();
  let inline: BuildService | null = null;
  let closed = false;

  const start = async (): Promise<Remote<BuildThread> | null> => {
    if (inline !== null) return null;
    let handle: WorkerHandle;
    try {
      handle = await options.spawn();
    } catch (cause) {
      inline ??= options.fallback(cause);
      return null;
    }
    const setup: BuildSetup = { role: 'build', kernels: options.kernels, encryptionKey: options.encryptionKey };
    const remote = await startRole<BuildThread>(handle, setup, BUILD_METHODS, { what: 'build' });
    all.add(remote);
    return remote;
  };

  const rest = (remote: Remote<BuildThread>): void => {
    const timer = setTimeout(() => {
      idle.splice(idle.findIndex((entry) => entry.remote === remote), 1);
      all.delete(remote);
      remote.end().catch(() => {});
    }, options.idleMs ?? IDLE_MS);
    // Node: a worker at rest keeps nobody waiting.
    (timer as { unref?: () => void }).unref?.();
    idle.push({ remote, timer });
  };

  /** A worker at rest that is still alive. */
  const wake = (): Remote<BuildThread> | null => {
    for (let entry = idle.pop(); entry !== undefined; entry = idle.pop()) {
      clearTimeout(entry.timer);
      if (!entry.remote.isLost) return entry.remote;
      all.delete(entry.remote);
    }
    return null;
  };

  return {
    get thread() {
      return inline === null ? 'worker' : 'calling';
    },

    async build(job, context) {
      throwIfAborted(context.signal);
      await gate.enter(context.signal);
      let places = 1 + gate.enterMore(options.teamSizeMax(job) - 1);
      const team: Remote<BuildThread>[] = [];
      try {
        if (closed) throw closedError();
        const first = wake() ?? (await start());
        if (first !== null) team.push(first);
        if (closed) throw closedError();
        throwIfAborted(context.signal);
        if (first === null) return await inline!.build(job, context);
        // Whatever more can be had is welcome, and none is missed.
        const more = await Promise.allSettled(Array.from({ length: places - 1 }, async () => wake() ?? (await start())));
        for (const result of more) if (result.status === 'fulfilled' && result.value !== null) team.push(result.value);
        if (closed) throw closedError();
        return await buildTogether(team.map(({ client }) => client), job, context);
      } finally {
        for (const remote of team) {
          if (remote.isLost) all.delete(remote);
          else if (closed) await remote.end();
          else rest(remote);
        }
        for (; places > 0; places--) gate.leave();
      }
    },

    async close() {
      closed = true;
      for (const entry of idle.splice(0)) clearTimeout(entry.timer);
      const ending = [...all].map((remote) => remote.end());
      all.clear();
      gate.close(closedError());
      await Promise.allSettled([...ending, inline?.close()]);
    },
  };
}

/** Has a job built by all of these threads; if one fails, the others stop. */
async function buildTogether(threads: readonly BuildThread[], job: BuildJob, context: Parameters<BuildService['build']>[1]): Promise<IndexSection[]> {
  const failing = new AbortController();
  const signal = threads.length === 1 ? context.signal : context.signal ? AbortSignal.any([context.signal, failing.signal]) : failing.signal;
  const report = context.onProgress;
  const onProgress = report && ((progress: unknown) => report((progress as BuildProgress).done, (progress as BuildProgress).total));
  const seats = threads.length === 1 ? [null] : makeSeats(threads.length);
  // What is sent is given away: every thread but the first gets a copy of the job.
  const requests = seats.map((seat, i): BuildRequest => ({ job: i === 0 ? job : structuredClone(job), seat }));
  let failure: unknown;
  const building = threads.map((thread, i) =>
    thread.build(requests[i]!, { signal, onProgress: i === 0 ? onProgress : undefined }).catch((error: unknown) => {
      failure ??= error;
      failing.abort();
      return null;
    }),
  );
  const [sections] = await Promise.all(building);
  if (failure !== undefined) throw failure;
  return sections!;
}

const closedError = (): ElanusError => new ElanusError('CLOSED', 'the build service has been closed');

interface Gate {
  enter(signal: AbortSignal | undefined): Promise<void>;
  /** Takes up to `places` more that are free now; answers how many. */
  enterMore(places: number): number;
  leave(): void;
  close(error: ElanusError): void;
}

/** Lets `places` callers in at a time, the others in the order in which they came. */
function makeGate(places: number): Gate {
  let free = places;
  const waiting: { admit: () => void; refuse: (error: unknown) => void }[] = [];
  return {
    enter(signal) {
      if (free > 0) {
        free--;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(abortError(signal!));
        };
        const settle = <T>(next: (value: T) => void) => (value: T): void => {
          signal?.removeEventListener('abort', onAbort);
          next(value);
        };
        const entry = { admit: settle(() => resolve()) as () => void, refuse: settle(reject) };
        signal?.addEventListener('abort', onAbort);
        waiting.push(entry);
      });
    },
    enterMore(places) {
      const taken = Math.min(places, free);
      free -= taken;
      return taken;
    },
    leave() {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next.admit();
    },
    close(error) {
      for (const entry of waiting.splice(0)) entry.refuse(error);
    },
  };
}
