/**
 * What differs between a browser and Node, as types for all. The implementations are imported by the entries alone,
 * which inject them: nothing else touches `node:*`, `window`, `navigator`, `indexedDB` or `Worker`.
 */
import type { Endpoint } from 'comlink';
import type { KernelModule, KernelVariant } from '../kernels/load.ts';
import type { Store } from '../storage/store.ts';

/** A connection string, parsed: `idb:my-app` is { scheme: 'idb', path: 'my-app' }. */
export interface StoreUrl {
  readonly scheme: string;
  readonly path: string;
  /** As the user gave it. */
  readonly href: string;
}

/** What the thread behind a worker is for. */
export type WorkerRole = 'engine' | 'build';

/** A thread of ours, from its owner's side. */
export interface WorkerHandle {
  readonly endpoint: Endpoint;
  /** Calls back once when the thread is gone for any reason but `terminate`, with what is known of the cause. */
  onDeath(listener: (cause: unknown) => void): void;
  /**
   * Whether the thread keeps a Node process alive; a fresh one does not. Held while calls are pending: an unsettled
   * promise alone would let the process end under its caller.
   */
  keepAlive(on: boolean): void;
  /** Ends the thread. Resolved: it is gone. */
  terminate(): Promise<void>;
}

export interface Platform {
  readonly name: 'browser' | 'node';
  /** Schemes of `openStore`; `local:` is resolved to one of them before. */
  readonly schemes: readonly string[];
  resolveUrl(url: StoreUrl): StoreUrl;
  openStore(url: StoreUrl, options: { readonly readOnly: boolean }): Promise<Store>;
  /** Compiles the fastest kernels this engine accepts. `prefer` forces one, for tests and benches. */
  loadKernels(options: { readonly prefer?: KernelVariant; readonly wasm?: WebAssembly.Module | BufferSource }): Promise<KernelModule>;
  /** Starts a thread, `isFull` with what only few need (the scalar kernels, encryption), or rejects where threads are not to be had. Does not keep a Node process alive. */
  spawnWorker(role: WorkerRole, isFull: boolean): Promise<WorkerHandle>;
  /** Asks the host not to remove what is stored; nobody waits for the answer, which may be a user's. */
  askToPersist(): void;
  readonly hardwareConcurrency: number;
  /** Where `mode: 'auto'` puts the engine. */
  readonly engineThread: 'calling' | 'worker';
}

/** A file that is there, read in ranges. */
export interface ReadableFile {
  /** For messages, and for what its ending says: a path, or one from the folder that was opened. */
  readonly name: string;
  readonly size: number;
  /** Bytes [from, to), which lie within the file. */
  read(from: number, to: number): Promise<Uint8Array>;
}

/** A file that is being written, and is not there under its name before `close`. */
export interface WritableFile {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  /** Nothing is left of it. */
  abort(): Promise<void>;
}

/** The user's files by their paths, where there is a file system. */
export interface FileAccess {
  /** The file, or all files of the folder, whatever depth, in the order of their names. NOT_FOUND. */
  open(path: string): Promise<ReadableFile[]>;
  create(path: string): Promise<WritableFile>;
}
