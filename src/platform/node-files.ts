/** The user's files in Node, for imports and exports. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { ElanusError } from '../util/error.ts';
import type { FileAccess, ReadableFile, WritableFile } from './platform.ts';

export const nodeFiles: FileAccess = {
  async open(path) {
    const full = resolve(path);
    const info = await stat(full).catch((cause: NodeJS.ErrnoException) => refused(path, cause));
    if (!info.isDirectory()) return [fileAt(full, path, info.size)];
    const entries = await readdir(full, { recursive: true, withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => refused(path, cause));
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
    return Promise.all(paths.map(async (file) => fileAt(file, relative(full, file).split(sep).join('/'), (await stat(file)).size)));
  },

  async create(path): Promise<WritableFile> {
    const full = resolve(path);
    const info = await stat(full).catch(() => undefined);
    if (info?.isDirectory()) throw new ElanusError('INVALID_ARGUMENT', `"${path}" expected to be a file, or not to be there, got a folder`, { file: path });
    const part = join(dirname(full), `.${randomUUID()}.part`);
    const stream = createWriteStream(part, { flags: 'wx' });
    let failure: NodeJS.ErrnoException | undefined;
    stream.on('error', (error) => (failure = error));
    await new Promise<void>((done) => stream.once('open', () => done()).once('error', () => done()));
    if (failure) refused(path, failure);
    const end = (): Promise<void> => new Promise((done) => (stream.closed ? done() : stream.once('close', done)));
    return {
      async write(bytes) {
        await new Promise<void>((done) => stream.write(bytes, () => done()));
        if (failure) refused(path, failure);
      },
      async close() {
        stream.end();
        await end();
        if (failure) refused(path, failure);
        await rename(part, full).catch((cause: NodeJS.ErrnoException) => refused(path, cause));
      },
      async abort() {
        stream.destroy();
        await end();
        await rm(part, { force: true });
      },
    };
  },
};

function fileAt(path: string, name: string, size: number): ReadableFile {
  return {
    name,
    size,
    async read(from, to) {
      // Opened for each range: a reader need not be closed then.
      const handle = await open(path).catch((cause: NodeJS.ErrnoException) => refused(name, cause));
      try {
        const bytes = new Uint8Array(to - from);
        let done = 0;
        while (done < bytes.length) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done);
          if (bytesRead === 0) throw new ElanusError('INVALID_ARGUMENT', `${name} expected to have ${size} bytes, got ${from + done}: it has become shorter`, { file: name });
          done += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}

function refused(file: string, cause: NodeJS.ErrnoException): never {
  const code = cause.code === 'ENOENT' ? 'NOT_FOUND' : cause.code === 'EACCES' || cause.code === 'EPERM' ? 'FORBIDDEN' : cause.code === 'ENOSPC' || cause.code === 'EDQUOT' ? 'QUOTA' : 'STORAGE';
  throw new ElanusError(code, `"${file}": ${cause.message}`, { file }, { cause });
}
