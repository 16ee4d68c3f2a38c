/**
 * The tabs of one database: Web Locks, which the browser gives back when a tab or worker dies, say who maintains it and which
 * versions are in use; a BroadcastChannel carries messages. Where there are no Web Locks there is one tab, as far as can be told.
 */
import { ElanusError, throwIfAborted } from '../../util/error.ts';
import type { Lease, Peers } from '../shared/shared.ts';
import { threadLock } from './lock.ts';

export function openPeers(name: string, warn: (message: string) => void): Peers & { close(): void } {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks ? new Tabs(name, locks) : new OneTab(name, warn);
}

class Tabs implements Peers {
  readonly areSeveral = true;
  readonly #name: string;
  readonly #locks: LockManager;
  readonly #channel: BroadcastChannel;
  readonly #versionLocks: string;

  constructor(name: string, locks: LockManager) {
    this.#name = name;
    this.#locks = locks;
    this.#channel = new BroadcastChannel(`elanus:${name}`);
    this.#versionLocks = `elanus:${name}:version:`;
  }

  async lead({ ifAvailable = false, steal = false, signal }: { ifAvailable?: boolean; steal?: boolean; signal?: AbortSignal } = {}): Promise<Lease | null> {
    throwIfAborted(signal);
    const options: LockOptions = steal ? { steal } : ifAvailable ? { ifAvailable } : { signal };
    return new Promise((resolve, reject) => {
      let isGranted = false;
      let release: () => void = () => undefined;
      const held = new Promise<void>((done) => (release = done));
      const ended: Promise<unknown> = this.#locks.request(`elanus:${this.#name}:maintenance`, options, (lock) => {
        if (lock === null) return resolve(null);
        isGranted = true;
        const lost = ended.then(
          () => undefined,
          () => undefined,
        );
        resolve({
          lost,
          release: async () => {
            release();
            await lost;
          },
        });
        return held;
      });
      ended.catch((cause: unknown) => {
        if (isGranted) return;
        reject(signal?.aborted ? new ElanusError('ABORTED', 'no longer waiting for the lock', {}, { cause }) : this.#failed(cause));
      });
    });
  }

  async holdVersion(version: number): Promise<() => void> {
    return new Promise((resolve, reject) => {
      this.#locks
        .request(`${this.#versionLocks}${version}`, { mode: 'shared' }, () => new Promise<void>((release) => resolve(release)))
        .catch((cause: unknown) => reject(this.#failed(cause)));
    });
  }

  async oldestVersion(): Promise<number> {
    const { held = [], pending = [] } = await this.#locks.query().catch((cause: unknown) => {
      throw this.#failed(cause);
    });
    let oldest = Infinity;
    for (const { name } of [...held, ...pending]) {
      if (name?.startsWith(this.#versionLocks)) oldest = Math.min(oldest, Number(name.slice(this.#versionLocks.length)));
    }
    return oldest;
  }

  post(message: unknown): void {
    this.#channel.postMessage(message);
  }

  onMessage(listener: (message: unknown) => void): () => void {
    const onEvent = (event: MessageEvent<unknown>): void => listener(event.data);
    this.#channel.addEventListener('message', onEvent);
    return () => this.#channel.removeEventListener('message', onEvent);
  }

  close(): void {
    this.#channel.close();
  }

  #failed(cause: unknown): ElanusError {
    return new ElanusError('STORAGE', `could not ask for a lock of "${this.#name}"`, { database: this.#name }, { cause });
  }
}

/** An insecure page. */
class OneTab implements Peers {
  readonly areSeveral = false;
  readonly #name: string;
  readonly #warn: (message: string) => void;

  constructor(name: string, warn: (message: string) => void) {
    this.#name = name;
    this.#warn = warn;
  }

  async lead(): Promise<Lease> {
    const lock = threadLock(this.#name, this.#warn);
    return { lost: new Promise(() => {}), release: () => lock.release() };
  }

  async holdVersion(): Promise<() => void> {
    return () => undefined;
  }

  async oldestVersion(): Promise<number> {
    return Infinity;
  }

  post(): void {}

  onMessage(): () => void {
    return () => undefined;
  }

  close(): void {}
}
