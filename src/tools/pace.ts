/** Slices of long work: between them the host runs, progress is told and a signal is heard. */
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';

const SLICE_MS = 10;

export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

export interface PaceOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** To be called between short steps. A promise where it is time to give way, which rejects with ABORTED when the signal has fired. */
export type Pace = (phase: string, done: number, total: number) => Promise<void> | undefined;

/** INVALID_ARGUMENT for what is no signal or function; ABORTED for a signal that has fired. */
export function paceOf({ signal, onProgress }: PaceOptions): Pace {
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.aborted !== 'boolean') refuse('signal', NO_ROW, 'an AbortSignal', show(signal));
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress', NO_ROW, 'a function', show(onProgress));
  throwIfAborted(signal);
  let sliceStart = performance.now();
  return (phase, done, total) => {
    if (performance.now() - sliceStart < SLICE_MS) return undefined;
    onProgress?.({ phase, done, total });
    return yieldToHost().then(() => {
      throwIfAborted(signal);
      sliceStart = performance.now();
    });
  };
}
