/**
 * What is done behind the user's back, or at length before his eyes, on one collection: merges and index builds, one at a
 * time, in order. A job can be stopped by who waits for it, by what makes it useless, and by the end of the collection.
 */
import { unlessAborted } from '../util/abort.ts';
import { ElanusError, isElanusError, throwIfAborted } from '../util/error.ts';

export class JobQueue {
  /** Never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  #running: { readonly subject: unknown; readonly abort: AbortController } | null = null;
  /** Why there are no more jobs; null while there are. */
  #closed: ElanusError | null = null;

  get closed(): ElanusError | null {
    return this.#closed;
  }

  /** Nothing runs, nothing waits. */
  idle(): Promise<unknown> {
    return this.#tail;
  }

  /** Runs `work` when all before it is done. Rejects with the reason why it was stopped, where it was. */
  run<T>(subject: unknown, work: (signal: AbortSignal) => Promise<T>, userSignal?: AbortSignal): Promise<T> {
    let hasStarted = false;
    const run = this.#tail.then(async () => {
      hasStarted = true;
      if (this.#closed) throw this.#closed;
      const abort = new AbortController();
      this.#running = { subject, abort };
      try {
        throwIfAborted(userSignal);
        return await work(userSignal ? AbortSignal.any([abort.signal, userSignal]) : abort.signal);
      } catch (error) {
        if (isElanusError(abort.signal.reason)) throw abort.signal.reason;
        throw isElanusError(error) ? error : new ElanusError('INTERNAL', `background work failed: ${String(error)}`, {}, { cause: error });
      } finally {
        this.#running = null;
      }
    });
    this.#tail = run.catch(() => {});
    // One that waits its turn ends when its user's signal fires; one that has begun stops by itself.
    return unlessAborted(run, userSignal, () => hasStarted);
  }

  /** Stops the job that runs, if it is about this. */
  stop(subject: unknown, reason: ElanusError): void {
    const running = this.#running;
    if (running?.subject === subject) running?.abort.abort(reason);
  }

  /** Stops what runs and what waits; who waits for it is told the reason. Resolved: nothing runs. */
  async close(reason: ElanusError): Promise<void> {
    this.#closed ??= reason;
    this.#running?.abort.abort(this.#closed);
    await this.#tail;
  }
}
