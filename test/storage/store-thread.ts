/** Started as a worker by the browser's tests: a store that exists in workers alone, driven from the page. */
import { expose } from 'comlink';
import { openBrowserStore } from '../../src/platform/browser-stores.ts';
import type { Store } from '../../src/storage/store.ts';
import { installErrorHandler } from '../../src/worker/errors.ts';

/** Answers the next chunk, or null when there are no more. */
export type ChunkSource = () => Promise<Uint8Array | null>;

let store: Store;
let realWrite: unknown;
const locks: { release(): Promise<void> }[] = [];

const thread = {
  /** `isExclusive`: as in browsers whose handles shut all other threads out. */
  async open(href: string, readOnly: boolean, isExclusive: boolean): Promise<string | null> {
    if (isExclusive) delete (globalThis as unknown as { FileSystemSyncAccessHandle: { prototype: { mode?: unknown } } }).FileSystemSyncAccessHandle.prototype.mode;
    store = await openBrowserStore(href, { readOnly });
    return store.sharedUrl;
  },
  /** `path`: `read`, `logs.append`, … */
  async call(path: string, args: unknown[]): Promise<unknown> {
    const [first, second] = path.split('.') as [keyof Store, string | undefined];
    const target = second === undefined ? store : store[first];
    const method = (target as unknown as Record<string, (...args: unknown[]) => unknown>)[second ?? first]!;
    return method.apply(target, args);
  },
  async write(name: string, source: ChunkSource): Promise<void> {
    async function* chunks(): AsyncIterable<Uint8Array> {
      for (let chunk = await source(); chunk !== null; chunk = await source()) yield chunk;
    }
    await store.write(name, chunks());
  },
  async lock(): Promise<number> {
    return locks.push(await store.lock()) - 1;
  },
  async release(index: number): Promise<void> {
    await locks[index]!.release();
  },
  /** From now on the disk takes so many bytes more; null: as many as it can. */
  async limitRoom(bytes: number | null): Promise<void> {
    const { prototype } = (globalThis as unknown as { FileSystemSyncAccessHandle: { prototype: { write: Write } } }).FileSystemSyncAccessHandle;
    type Write = (this: unknown, bytes: Uint8Array, options: { at: number }) => number;
    realWrite ??= prototype.write;
    const write = realWrite as Write;
    let left = bytes ?? Infinity;
    prototype.write = function (chunk, options) {
      if (left === 0) throw new DOMException('no room', 'QuotaExceededError');
      const count = write.call(this, chunk.subarray(0, Math.min(left, chunk.length)), options);
      left -= count;
      return count;
    };
  },
  /** What `readNow` answers and leaves in the target. */
  async readNow(name: string, offsets: number[], byteLength: number): Promise<{ isThere: boolean; target: Uint8Array }> {
    const target = new Uint8Array(offsets.length * byteLength);
    return { isThere: store.readNow(name, offsets, byteLength, target), target };
  },
};

export type StoreThread = typeof thread;

installErrorHandler();
expose(thread);
