/**
 * Open files to read from. Where the browser lets several threads read a file through handles, one is kept open per file
 * last used, and reads answer at once; elsewhere a handle would shut the other threads out, so reads go through a Blob of the
 * file. Files are immutable, so either sees the same bytes.
 *
 * A file that any thread has open cannot be removed. Whoever is about to remove one asks the other threads over a
 * channel to close theirs.
 */
import { hasSharedHandles, isInUse, readFully, type FileEntry, type Folder, type SyncFile } from './file-system.ts';

const OPEN_MAX = 64;

export class ReadHandles {
  readonly #folder: Folder;
  readonly #channel: BroadcastChannel;
  readonly #isShared = hasSharedHandles();
  /** In order of last use, oldest first. */
  readonly #files = new Map<string, Promise<OpenFile>>();
  /** Those of `#files` that are open by now. */
  readonly #opened = new Map<string, OpenFile>();

  /** `channelName`: the same for all who read this folder. */
  constructor(folder: Folder, channelName: string) {
    this.#folder = folder;
    this.#channel = new BroadcastChannel(channelName);
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') this.close(data);
    };
  }

  /** Fails as the browser does: with NotFoundError when there is no such file. */
  async open(name: string): Promise<OpenFile> {
    const known = this.#files.get(name);
    if (known) {
      this.#files.delete(name);
      this.#files.set(name, known);
      return known;
    }
    const opening = this.#open(name);
    this.#files.set(name, opening);
    try {
      const file = await opening;
      if (this.#files.get(name) === opening) this.#opened.set(name, file);
      // Closed while it was opened.
      else file.close();
      this.#shrink();
      return file;
    } catch (error) {
      if (this.#files.get(name) === opening) this.#files.delete(name);
      throw error;
    }
  }

  /** The file if it is open: to be used before anything else runs. */
  opened(name: string): OpenFile | null {
    return this.#opened.get(name) ?? null;
  }

  close(name: string): void {
    this.#files.delete(name);
    this.#opened.get(name)?.close();
    this.#opened.delete(name);
  }

  /** Closes the file here and asks for it everywhere else. */
  closeEverywhere(name: string): void {
    this.close(name);
    this.#channel.postMessage(name);
  }

  closeAll(): void {
    for (const name of [...this.#files.keys()]) this.close(name);
    this.#channel.close();
  }

  async #open(name: string): Promise<OpenFile> {
    const entry = await this.#folder.getFileHandle(name);
    if (this.#isShared) {
      try {
        const handle = await entry.createSyncAccessHandle({ mode: 'read-only' });
        return new OpenFile(entry, handle, handle.getSize());
      } catch (error) {
        // Just being moved to its place, or away.
        if (!isInUse(error)) throw error;
      }
    }
    return new OpenFile(entry, null, (await entry.getFile()).size);
  }

  #shrink(): void {
    for (const name of this.#files.keys()) {
      if (this.#files.size <= OPEN_MAX) return;
      if (this.#opened.has(name)) this.close(name);
    }
  }
}

/** A file to read from. Whoever has one may go on reading after it was closed, more slowly. */
export class OpenFile {
  readonly size: number;
  readonly #entry: FileEntry;
  #handle: SyncFile | null;
  #blob: Promise<Blob> | null = null;

  constructor(entry: FileEntry, handle: SyncFile | null, size: number) {
    this.#entry = entry;
    this.#handle = handle;
    this.size = size;
  }

  /** Fills the target from byte `at` on; answers how many bytes there were. */
  async read(target: Uint8Array, at: number): Promise<number> {
    if (this.#handle) return readFully(this.#handle, target, at);
    this.#blob ??= this.#entry.getFile();
    const blob = await this.#blob;
    const bytes = new Uint8Array(await blob.slice(at, at + target.length).arrayBuffer());
    target.set(bytes);
    return bytes.length;
  }

  /** As `read`, at once; -1 where that cannot be. */
  readNow(target: Uint8Array, at: number): number {
    return this.#handle ? readFully(this.#handle, target, at) : -1;
  }

  close(): void {
    this.#handle?.close();
    this.#handle = null;
  }
}
