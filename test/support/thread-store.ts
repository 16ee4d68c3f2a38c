/** A store in a worker of its own, driven from the page that tests: each opening is another thread, as another tab would be. */
import { proxy, wrap, type Remote } from 'comlink';
import type { Store } from '../../src/storage/store.ts';
import { installErrorHandler } from '../../src/worker/errors.ts';
import type { StoreThread } from '../storage/store-thread.ts';

export interface ThreadStore extends Store {
  readonly thread: Remote<StoreThread>;
  /** Ends the thread as a crash does: nothing is closed. */
  kill(): void;
}

export async function openInThread(href: string, options: { readOnly?: boolean; isExclusive?: boolean } = {}): Promise<ThreadStore> {
  installErrorHandler();
  const worker = new Worker(new URL('../storage/store-thread.ts', import.meta.url), { type: 'module' });
  const thread = wrap<StoreThread>(worker);
  let sharedUrl: string | null;
  try {
    sharedUrl = await thread.open(href, options.readOnly ?? false, options.isExclusive ?? false);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  // Copies on the way, as a message does by itself.
  const call = (path: string) => async (...args: unknown[]): Promise<never> => (await thread.call(path, args)) as never;
  return {
    thread,
    kill: () => worker.terminate(),
    sharedUrl,
    shared: null,
    read: call('read'),
    readNow: () => false,
    size: call('size'),
    async write(file, chunks) {
      const iterator = (async function* () {
        yield* chunks;
      })();
      let failure: { readonly cause: unknown } | null = null;
      const source = async (): Promise<Uint8Array | null> => {
        try {
          const next = await iterator.next();
          return next.done ? null : next.value;
        } catch (cause) {
          failure = { cause };
          throw cause;
        }
      };
      try {
        await thread.write(file, proxy(source));
      } catch (error) {
        throw failure ? (failure as { readonly cause: unknown }).cause : error;
      }
    },
    remove: call('remove'),
    list: call('list'),
    logs: { append: call('logs.append'), sync: call('logs.sync'), read: call('logs.read'), drop: call('logs.drop'), list: call('logs.list') },
    root: { read: call('root.read'), swap: call('root.swap') },
    async lock() {
      const index = await thread.lock();
      return { release: () => thread.release(index) };
    },
    estimate: call('estimate'),
    close: call('close'),
    destroy: call('destroy'),
  };
}
