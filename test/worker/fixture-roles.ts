/** The roles of the threads that the tests start: a stub target, and a build that is no build. */
import type { BuildJob, IndexSection } from '../../src/index/index.ts';
import { ElanusError, abortError } from '../../src/util/error.ts';
import { methodsOf, type StartRole } from '../../src/worker/host.ts';
import type { BuildContext } from '../../src/worker/inline.ts';
import { BUILD_METHODS, buildThread } from '../../src/worker/pool.ts';
import type { RpcContext, ThreadSetup } from '../../src/worker/protocol.ts';

export interface Stub {
  echo(request: unknown, context?: RpcContext): Promise<unknown>;
  byteLengths(request: { readonly parts: readonly ArrayBufferView[] }): Promise<number[]>;
  fail(request: { readonly how: 'elanus' | 'chain' | 'type-error' | 'string' | 'detail' | 'sync' }): Promise<never>;
  unserializable(): Promise<unknown>;
  /** Reports `total` times, then answers how often it did. */
  count(request: { readonly total: number }, context?: RpcContext): Promise<number>;
  untilAborted(request?: undefined, context?: RpcContext): Promise<never>;
  never(): Promise<never>;
  emit(request: { readonly event: unknown }): Promise<void>;
  /** Throws where nobody catches. */
  crash(): Promise<void>;
}

export const STUB_METHODS: readonly (keyof Stub)[] = ['echo', 'byteLengths', 'fail', 'unserializable', 'count', 'untilAborted', 'never', 'emit', 'crash'];

export interface StubSetup extends ThreadSetup {
  readonly refuse?: boolean;
}

/** How the fixture's `build` behaves, by the type name of the job. */
export const BUILD_THAT = { works: 'WORKS', crashes: 'CRASHES', hangs: 'HANGS', fails: 'FAILS', shares: 'SHARES', loses: 'LOSES' } as const;

export const fixtureRoles: Record<string, StartRole> = {
  async stub(setup, { emit }) {
    if ((setup as StubSetup).refuse) throw new ElanusError('LOCKED', 'refused to start', { holder: 7 });
    return methodsOf(stub(emit), STUB_METHODS);
  },
  async build() {
    return methodsOf(buildThread(fixtureBuild), BUILD_METHODS);
  },
};

function stub(emit: (event: unknown) => void): Stub {
  return {
    echo: async (request) => request,
    byteLengths: async ({ parts }) => parts.map((part) => part.buffer.byteLength),
    fail({ how }) {
      switch (how) {
        case 'elanus':
          throw new ElanusError('SCHEMA_MISMATCH', '"dim" expected 128, got 96', { expected: 128, got: 96n });
        case 'chain': {
          const root = new RangeError('disk on fire');
          throw new ElanusError('STORAGE', 'write failed', {}, { cause: new ElanusError('QUOTA', 'full', { free: 0 }, { cause: root }) });
        }
        case 'type-error':
          throw new TypeError('x is not a function');
        case 'string':
          // eslint-disable-next-line no-throw-literal
          throw 'just a string';
        case 'detail':
          throw new ElanusError('INTERNAL', 'detail that cannot be cloned', { keep: 1, lose: () => 1 });
        case 'sync':
          throw new ElanusError('CLOSED', 'thrown before any promise');
      }
    },
    unserializable: async () => () => 1,
    async count({ total }, context) {
      for (let done = 1; done <= total; done++) context?.onProgress?.({ done, total });
      return total;
    },
    untilAborted: (_request, context) =>
      new Promise((_resolve, reject) => context!.signal!.addEventListener('abort', () => reject(abortError(context!.signal!)))),
    never: () => new Promise(() => {}),
    async emit({ event }) {
      emit(event);
    },
    async crash() {
      setTimeout(() => {
        throw new Error('crashed on purpose');
      }, 0);
      return new Promise(() => {});
    },
  };
}

const sumOf = ({ vectors }: BuildJob): number => (vectors.kind === 'bytes' ? (vectors.values as Float32Array).reduce((sum, value) => sum + value, 0) : 0);

async function fixtureBuild(job: BuildJob, context: BuildContext): Promise<IndexSection[]> {
  switch (job.typeName) {
    case BUILD_THAT.works: {
      for (let done = 0; done <= job.rows; done++) context.onProgress?.(done, job.rows);
      return [{ name: 'sum', bytes: new TextEncoder().encode(String(sumOf(job))) }];
    }
    case BUILD_THAT.shares: {
      const { team, signal } = context;
      const heard = team ? await team.exchange(new TextEncoder().encode(String(sumOf(job))), signal) : [new TextEncoder().encode(String(sumOf(job)))];
      context.onProgress?.(job.rows, job.rows);
      const said = heard.map((bytes) => new TextDecoder().decode(bytes)).join('+');
      return [{ name: 'team', bytes: new TextEncoder().encode(`${team?.index ?? 0} of ${team?.count ?? 1} heard ${said}`) }];
    }
    // The second of a team dies while the first waits for it.
    case BUILD_THAT.loses: {
      const { team, signal } = context;
      if (team?.index === 0) await team.exchange(new Uint8Array(1), signal);
      setTimeout(() => {
        throw new Error('crashed on purpose');
      }, 0);
      return new Promise(() => {});
    }
    case BUILD_THAT.crashes:
      setTimeout(() => {
        throw new Error('crashed on purpose');
      }, 0);
      return new Promise(() => {});
    case BUILD_THAT.hangs:
      return new Promise((_resolve, reject) => context.signal?.addEventListener('abort', () => reject(abortError(context.signal!))));
    default:
      throw new ElanusError('OUT_OF_MEMORY', 'no memory for this build');
  }
}
