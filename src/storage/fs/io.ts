/** Whole reads, whole writes and durable names over `node:fs/promises`, which promises none of the three by itself. */
import { readSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { errnoOf } from './errors.ts';

/** A single system call moves at most 2^31 - 1 bytes. */
const CALL_BYTES_MAX = 1 << 30;

/** Reads bytes [from, from + target.length). Returns how many there were before the end of the file. */
export async function readFully(handle: FileHandle, target: Uint8Array, from: number): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, Math.min(CALL_BYTES_MAX, target.length - done), from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** The same at once, from a file number: `byteLength` bytes to `target` from `at` on. */
export function readFullyNow(fd: number, target: Uint8Array, at: number, byteLength: number, from: number): number {
  let done = 0;
  while (done < byteLength) {
    const bytesRead = readSync(fd, target, at + done, Math.min(CALL_BYTES_MAX, byteLength - done), from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Writes all the bytes at the handle's position. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(CALL_BYTES_MAX, bytes.length - done), null);
    done += bytesWritten;
  }
}

/** Makes the names in a folder durable: a file's own fsync does not promise that its name survives. */
export async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    // Windows does not open folders; there NTFS journals names by itself.
    if (['EPERM', 'EISDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    // Some network and FUSE file systems refuse fsync of a folder: they keep names in order themselves.
    if (!['EINVAL', 'EPERM', 'ENOTSUP', 'EISDIR', 'EBADF'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** The file under `path` becomes `temporary`'s content, durably and in one step. Both lie in the same file system. */
export async function renameDurably(temporary: string, path: string, folder: string): Promise<void> {
  await rename(temporary, path);
  await syncFolder(folder);
}

/** Collects small chunks, so that a file of many paddings is not a file of many system calls. */
export class ChunkedFileWriter {
  readonly #handle: FileHandle;
  readonly #buffer = new Uint8Array(256 * 1024);
  #held = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#held + chunk.length > this.#buffer.length) await this.flush();
    if (chunk.length >= this.#buffer.length) return writeFully(this.#handle, chunk);
    this.#buffer.set(chunk, this.#held);
    this.#held += chunk.length;
  }

  async flush(): Promise<void> {
    const held = this.#held;
    this.#held = 0;
    if (held > 0) await writeFully(this.#handle, this.#buffer.subarray(0, held));
  }
}
