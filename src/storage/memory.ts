/**
 * A store in the memory of this thread. It lives as long as its {@link MemoryMedium}: closing and opening it again is
 * what a process does with a disk, which is how tests reopen a database. Nothing here survives the process.
 */
import { joinBytes } from '../util/bytes.ts';
import { ElanusError } from '../util/error.ts';
import { alreadyExists, checkName, checkRange, closedStore, notFound, readOnlyStore, rootChanged, sameBytes } from './refusals.ts';
import type { Store, StoreEstimate, StoreLock, StoreLogs, StoreRoot } from './store.ts';

/** What a memory store keeps: the disk, as it were. */
export class MemoryMedium {
  readonly files = new Map<string, Uint8Array>();
  /** Appended pieces of each log in order. */
  readonly logs = new Map<string, Uint8Array[]>();
  root: Uint8Array | null = null;
  lockedBy: symbol | null = null;

  clear(): void {
    this.files.clear();
    this.logs.clear();
    this.root = null;
  }
}

export interface MemoryStoreOptions {
  /** What to open. Default: a new and empty one. */
  readonly medium?: MemoryMedium;
  readonly readOnly?: boolean;
}

export function openMemoryStore(options: MemoryStoreOptions = {}): Store {
  return new MemoryStore(options.medium ?? new MemoryMedium(), options.readOnly ?? false);
}

class MemoryStore implements Store {
  readonly sharedUrl = null;
  readonly logs: StoreLogs;
  readonly root: StoreRoot;
  readonly shared = null;
  readonly #medium: MemoryMedium;
  readonly #readOnly: boolean;
  readonly #writing = new Set<string>();
  #lock: symbol | null = null;
  #isClosed = false;

  constructor(medium: MemoryMedium, readOnly: boolean) {
    this.#medium = medium;
    this.#readOnly = readOnly;
    this.logs = {
      append: async (name, bytes) => {
        this.#checkWritable(name);
        const pieces = medium.logs.get(name);
        if (pieces) pieces.push(bytes.slice());
        else medium.logs.set(name, [bytes.slice()]);
      },
      sync: async (name) => this.#checkWritable(name),
      read: async (name) => {
        this.#checkOpen(name);
        return joinBytes(medium.logs.get(name) ?? []);
      },
      drop: async (name) => {
        this.#checkWritable(name);
        medium.logs.delete(name);
      },
      list: async () => {
        this.#checkOpen();
        return [...medium.logs.keys()];
      },
    };
    this.root = {
      read: async () => {
        this.#checkOpen();
        return medium.root?.slice() ?? null;
      },
      swap: async (expected, next) => {
        this.#checkWritable();
        if (!sameBytes(medium.root, expected)) throw rootChanged();
        medium.root = next.slice();
      },
    };
  }

  async read(name: string, from?: number, to?: number): Promise<Uint8Array> {
    this.#checkOpen(name);
    const bytes = this.#medium.files.get(name);
    if (!bytes) throw notFound(name);
    const range = checkRange(name, bytes.length, from, to);
    return bytes.slice(range.from, range.to);
  }

  readNow(name: string, offsets: ArrayLike<number>, byteLength: number, target: Uint8Array): boolean {
    this.#checkOpen(name);
    const bytes = this.#medium.files.get(name);
    if (!bytes) throw notFound(name);
    for (let i = 0; i < offsets.length; i++) {
      const range = checkRange(name, bytes.length, offsets[i]!, offsets[i]! + byteLength);
      target.set(bytes.subarray(range.from, range.to), i * byteLength);
    }
    return true;
  }

  async size(name: string): Promise<number> {
    this.#checkOpen(name);
    const bytes = this.#medium.files.get(name);
    if (!bytes) throw notFound(name);
    return bytes.length;
  }

  async write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    this.#checkWritable(name);
    if (this.#writing.has(name) || this.#medium.files.has(name)) throw alreadyExists(name);
    this.#writing.add(name);
    try {
      const pieces: Uint8Array[] = [];
      for await (const chunk of chunks) pieces.push(chunk.slice());
      this.#checkWritable(name);
      this.#medium.files.set(name, joinBytes(pieces));
    } finally {
      this.#writing.delete(name);
    }
  }

  async remove(name: string): Promise<void> {
    this.#checkWritable(name);
    this.#medium.files.delete(name);
  }

  async list(): Promise<string[]> {
    this.#checkOpen();
    return [...this.#medium.files.keys()];
  }

  async lock(): Promise<StoreLock> {
    this.#checkWritable();
    if (this.#medium.lockedBy) throw new ElanusError('LOCKED', 'the database is open for writing elsewhere in this thread; close it there first', { holder: 'this thread' });
    const mine = Symbol('lock');
    this.#medium.lockedBy = mine;
    this.#lock = mine;
    return { release: async () => this.#unlock(mine) };
  }

  async estimate(): Promise<StoreEstimate> {
    this.#checkOpen();
    let usage = this.#medium.root?.length ?? 0;
    for (const bytes of this.#medium.files.values()) usage += bytes.length;
    for (const pieces of this.#medium.logs.values()) for (const piece of pieces) usage += piece.length;
    return { usage, quota: null, persisted: null };
  }

  async close(): Promise<void> {
    if (this.#lock) this.#unlock(this.#lock);
    this.#isClosed = true;
  }

  async destroy(): Promise<void> {
    this.#checkWritable();
    this.#medium.clear();
    await this.close();
  }

  #unlock(mine: symbol): void {
    if (this.#medium.lockedBy === mine) this.#medium.lockedBy = null;
    if (this.#lock === mine) this.#lock = null;
  }

  #checkOpen(name?: string): void {
    if (this.#isClosed) throw closedStore();
    if (name !== undefined) checkName(name);
  }

  #checkWritable(name?: string): void {
    this.#checkOpen(name);
    if (this.#readOnly) throw readOnlyStore();
  }
}
