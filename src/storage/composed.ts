/**
 * One store of two: files lie in the one, root and logs in the other, which also has the lock and whatever tabs share. It promises
 * for each what that one does; the root names files, and they are durable before it does.
 */
import type { SharedAccess } from './shared/shared.ts';
import { sweepingPeers } from './shared/sweeping-peers.ts';
import type { Store, StoreEstimate, StoreLock, StoreLogs, StoreRoot } from './store.ts';

/** A store whose half-written files are swept by whoever may write. */
export interface SweepableStore extends Store {
  /** Removes what writers left half-written. Nobody else may be writing. */
  sweep(): Promise<void>;
}

export interface ComposedParts {
  /** What another thread opens it by. */
  readonly sharedUrl: string;
  /** Root, logs, lock and what tabs share. */
  readonly base: Store;
  readonly files: SweepableStore;
}

/** Both stores belong to the composed one from now on. */
export function composeStores(parts: ComposedParts): Store {
  return new ComposedStore(parts);
}

class ComposedStore implements Store {
  readonly sharedUrl: string;
  readonly logs: StoreLogs;
  readonly root: StoreRoot;
  readonly shared: SharedAccess | null;
  readonly #base: Store;
  readonly #files: SweepableStore;

  constructor({ sharedUrl, base, files }: ComposedParts) {
    this.sharedUrl = sharedUrl;
    this.logs = base.logs;
    this.root = base.root;
    this.shared = base.shared && { logs: base.shared.logs, peers: sweepingPeers(base.shared.peers, files) };
    this.#base = base;
    this.#files = files;
  }

  read(name: string, from?: number, to?: number): Promise<Uint8Array> {
    return this.#files.read(name, from, to);
  }

  readNow(name: string, offsets: ArrayLike<number>, byteLength: number, target: Uint8Array): boolean {
    return this.#files.readNow(name, offsets, byteLength, target);
  }

  size(name: string): Promise<number> {
    return this.#files.size(name);
  }

  write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    return this.#files.write(name, chunks);
  }

  remove(name: string): Promise<void> {
    return this.#files.remove(name);
  }

  list(): Promise<string[]> {
    return this.#files.list();
  }

  async lock(): Promise<StoreLock> {
    const lock = await this.#base.lock();
    try {
      await this.#files.sweep();
    } catch (error) {
      await lock.release();
      throw error;
    }
    return lock;
  }

  estimate(): Promise<StoreEstimate> {
    return this.#base.estimate();
  }

  async close(): Promise<void> {
    // The lock last: it goes with the base.
    await this.#files.close();
    await this.#base.close();
  }

  async destroy(): Promise<void> {
    // The root first: what is left after a crash in between is garbage, not a database with holes.
    await this.#base.destroy();
    await this.#files.destroy();
  }
}
