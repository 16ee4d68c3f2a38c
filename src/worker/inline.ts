/** The same builds on the calling thread: where there are no workers, or none are wanted. */
import type { BuildJob, BuildService, IndexSection } from '../index/index.ts';
import { ElanusError } from '../util/error.ts';
import type { TeamLink } from './team.ts';

/** Runs one build in slices, yielding between them. Given by the entry: this room knows no index. */
export type RunBuild = (job: BuildJob, context: BuildContext) => Promise<IndexSection[]>;

export interface BuildContext {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  readonly team?: TeamLink;
}

export function inlineBuildService(runBuild: RunBuild): BuildService {
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  return {
    thread: 'calling',
    async build(job, context) {
      if (closing.signal.aborted) throw closedError();
      const signal = context.signal ? AbortSignal.any([context.signal, closing.signal]) : closing.signal;
      const build = runBuild(job, { ...context, signal });
      running.add(build);
      try {
        return await build;
      } catch (error) {
        if (closing.signal.aborted && !context.signal?.aborted) throw closedError();
        throw error;
      } finally {
        running.delete(build);
      }
    },
    async close() {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}

const closedError = (): ElanusError => new ElanusError('CLOSED', 'the build service has been closed');
