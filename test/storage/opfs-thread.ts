/** Started as a worker by the browser's tests: stores of the origin private file system, driven from the page. */
import { expose } from 'comlink';
import { openOpfsStore } from '../../src/storage/opfs.ts';
import type { Store } from '../../src/storage/store.ts';
import { installErrorHandler } from '../../src/worker/errors.ts';

/** Answers the next chunk, or null when there are no more. */
export type ChunkSource = () => Promise<Uint8Array | null>;

let store: Store;
const locks: { release(): Promise<void> }[] = [];

const thread = {
  async open(name: string, readOnly: boolean): Promise<string | null> {
    store = await openOpfsStore(name, { readOnly });
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
  /** What `readNow` answers and leaves in the target. */
  async readNow(name: string, offsets: number[], byteLength: number): Promise<{ isThere: boolean; target: Uint8Array }> {
    const target = new Uint8Array(offsets.length * byteLength);
    return { isThere: store.readNow(name, offsets, byteLength, target), target };
  },
};

export type OpfsThread = typeof thread;

installErrorHandler();
expose(thread);
