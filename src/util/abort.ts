/** Waiting that can be given up. */
import { abortError } from './error.ts';

/**
 * As `work`, but ABORTED as soon as the signal fires: what has begun goes on, and nobody waits for it. `hearsItself`: as soon as that is
 * true, the work ends by the signal and is waited for.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, hearsItself: () => boolean = () => false): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      if (!hearsItself()) reject(abortError(signal));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
