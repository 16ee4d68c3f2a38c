/** Work on each log of a folder in the order of the calls, whatever the folder is of. */
import { checkName } from './refusals.ts';

export interface LogQueuesOptions {
  /** Throws when the store is closed, or read-only and about to be written. */
  readonly check: (writing: boolean) => void;
  /** Says what the medium's failure means. */
  readonly toError: (error: unknown, doing: string, name: string) => Error;
}

export class LogQueues {
  readonly #options: LogQueuesOptions;
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(options: LogQueuesOptions) {
    this.#options = options;
  }

  async run<T>(name: string, writing: boolean, work: () => Promise<T>): Promise<T> {
    this.#options.check(writing);
    checkName(name);
    const previous = this.#queues.get(name) ?? Promise.resolve();
    const mine = previous.then(work, work);
    this.#queues.set(name, mine);
    try {
      return await mine;
    } catch (error) {
      throw this.#options.toError(error, writing ? 'write the log' : 'read the log', name);
    } finally {
      if (this.#queues.get(name) === mine) this.#queues.delete(name);
    }
  }

  /** Resolved: nothing is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#queues.values());
  }
}
