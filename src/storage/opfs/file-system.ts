/**
 * The origin private file system, as far as it is used here, and what of it this thread has. `mode` and `move` are in no
 * standard's text yet: Chromium has both, Firefox and Safari have `move` alone.
 */
import { ElanusError } from '../../util/error.ts';
import { opfsError } from './errors.ts';

/** An open file. All of its methods answer at once. */
export interface SyncFile {
  read(target: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

export interface FileEntry {
  createSyncAccessHandle(options?: { readonly mode: 'read-only' | 'readwrite' }): Promise<SyncFile>;
  getFile(): Promise<Blob>;
  move(folder: Folder, name: string): Promise<void>;
}

export interface Folder {
  getFileHandle(name: string, options?: { readonly create: boolean }): Promise<FileEntry>;
  getDirectoryHandle(name: string, options?: { readonly create: boolean }): Promise<Folder>;
  removeEntry(name: string, options?: { readonly recursive: boolean }): Promise<void>;
  keys(): AsyncIterableIterator<string>;
}

/** Why there is no store in the origin private file system on this thread; null: there may be. */
export function whyNoOpfs(): string | null {
  const prototype = (globalThis as { FileSystemFileHandle?: { prototype: object } }).FileSystemFileHandle?.prototype;
  if (!prototype || !globalThis.navigator?.storage?.getDirectory) return 'there is no origin private file system here (the page is not a secure context, or the browser is an old one)';
  if (!('createSyncAccessHandle' in prototype)) return 'this thread has no synchronous file handles, which browsers give to dedicated workers alone';
  if (!('move' in prototype)) return 'this browser cannot move a file within the origin private file system';
  return null;
}

/** Whether several threads may read a file through handles at once; without, a handle shuts all others out. */
export const hasSharedHandles = (): boolean => 'mode' in ((globalThis as { FileSystemSyncAccessHandle?: { prototype: object } }).FileSystemSyncAccessHandle?.prototype ?? {});

/** NOT_SUPPORTED where the browser gives this page none: in some private windows. */
export async function opfsRoot(): Promise<Folder> {
  try {
    return (await navigator.storage.getDirectory()) as unknown as Folder;
  } catch (cause) {
    throw new ElanusError('NOT_SUPPORTED', 'the browser gives this page no origin private file system (a private window, or storage is switched off): use "idb:NAME" or "memory:"', {}, { cause });
  }
}

/** Pauses while a handle that another thread has closed, or that died with its tab, is still thought to be open. */
const PAUSES_MS = [5, 20, 50, 100, 200, 400];

/** Repeats what another thread's open handle stands in the way of, for less than a second. */
export async function whenFree<T>(attempt: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isInUse(error) || i === PAUSES_MS.length) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[i]));
  }
}

export const isInUse = (error: unknown): boolean => nameOf(error) === 'NoModificationAllowedError' || nameOf(error) === 'InvalidStateError';
export const isMissing = (error: unknown): boolean => nameOf(error) === 'NotFoundError';

const nameOf = (error: unknown): unknown => (error as { name?: unknown } | null)?.name;

/** Writes all of it, or throws. */
export function writeFully(file: SyncFile, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = file.write(bytes.subarray(done), { at: at + done });
    // Where room ends, some browsers write what fits instead of throwing.
    if (count <= 0) throw new DOMException('the browser wrote nothing', 'QuotaExceededError');
    done += count;
  }
}

/** Reads until the target is full or the file ends; answers how many bytes. */
export function readFully(file: SyncFile, target: Uint8Array, at: number): number {
  let done = 0;
  while (done < target.length) {
    const count = file.read(target.subarray(done), { at: at + done });
    if (count <= 0) break;
    done += count;
  }
  return done;
}

/** A file's bytes at one moment, while another thread may write it; null when there is none. */
export async function readWhole(folder: Folder, name: string): Promise<Uint8Array | null> {
  // What was taken of a file cannot be read any more once the file has changed: take it again.
  for (let attempt = 0; ; attempt++) {
    try {
      return new Uint8Array(await (await (await folder.getFileHandle(name)).getFile()).arrayBuffer());
    } catch (error) {
      if (isMissing(error)) return null;
      if (nameOf(error) !== 'NotReadableError' || attempt === 50) throw opfsError(error, 'read', name);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(attempt, 10)));
  }
}

export async function namesIn(folder: Folder): Promise<string[]> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}

export async function removeIfThere(folder: Folder, name: string): Promise<void> {
  try {
    await folder.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
