/** Where an export goes: a Blob, a stream, or a file. Small pieces are joined before they are written. */
import type { FileAccess } from '../platform/platform.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { unlessAborted } from '../util/abort.ts';
import { abortError } from '../util/error.ts';
import { refuseAt } from './place.ts';

export interface Sink {
  /** Bytes that were given to it. */
  readonly bytes: number;
  /** The bytes are not to be changed any more. Resolved: there is room for more. */
  write(piece: Uint8Array | string): Promise<void>;
  /** Resolved: all is where it should be. Answers the Blob, where it is one. */
  close(): Promise<Blob | undefined>;
  /** Nothing is to be left. */
  abort(reason: unknown): Promise<void>;
}

interface Target {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<Blob | undefined>;
  abort(reason: unknown): Promise<void>;
}

const JOINED_BYTES = 1 << 20;
/** So many bytes of a Blob become one, which a browser may keep on disk. */
const BLOB_BYTES = 16 << 20;

export async function openSink(target: unknown, mediaType: string, access: FileAccess | undefined, signal: AbortSignal | undefined): Promise<Sink> {
  return joining(await openTarget(target, mediaType, access, signal));
}

async function openTarget(target: unknown, mediaType: string, access: FileAccess | undefined, signal: AbortSignal | undefined): Promise<Target> {
  if (target === undefined || target === 'blob') return blobTarget(mediaType);
  if (typeof target === 'string') {
    if (access === undefined) refuseAt({ file: target }, "a WritableStream or 'blob': a page has no file system to take a path of", 'a path', 'NOT_SUPPORTED');
    const file = await access.create(target);
    return {
      write: (bytes) => file.write(bytes),
      close: async () => {
        await file.close();
        return undefined;
      },
      abort: () => file.abort(),
    };
  }
  if (typeof target !== 'object' || target === null || typeof (target as WritableStream).getWriter !== 'function') refuse('target', NO_ROW, "a path, a WritableStream or 'blob'", show(target));
  if ((target as WritableStream).locked) refuse('target', NO_ROW, 'a WritableStream that nobody else writes to', 'a locked one');
  const writer = (target as WritableStream<Uint8Array>).getWriter();
  // Nobody may be reading what is written: then neither a write nor, behind it, an abort ever ends.
  return {
    async write(bytes) {
      await unlessAborted(writer.ready, signal);
      await unlessAborted(writer.write(bytes), signal);
    },
    close: async () => {
      await unlessAborted(writer.close(), signal);
      return undefined;
    },
    async abort(reason) {
      const end = writer.abort(reason).catch(() => {});
      if (!signal?.aborted) await end;
    },
  };
}

function blobTarget(type: string): Target {
  let parts: BlobPart[] = [];
  let bytes = 0;
  return {
    async write(piece) {
      parts.push(piece as Uint8Array<ArrayBuffer>);
      bytes += piece.length;
      if (bytes < BLOB_BYTES) return;
      parts = [new Blob(parts)];
      bytes = 0;
    },
    close: async () => new Blob(parts, { type }),
    async abort() {
      parts = [];
    },
  };
}

function joining(target: Target): Sink {
  const encoder = new TextEncoder();
  let waiting: Uint8Array[] = [];
  let length = 0;
  let total = 0;
  const flush = async (): Promise<void> => {
    if (length === 0) return;
    const joined = waiting.length === 1 ? waiting[0] : new Uint8Array(length);
    let at = 0;
    if (waiting.length > 1) for (const piece of waiting) {
      joined.set(piece, at);
      at += piece.length;
    }
    waiting = [];
    length = 0;
    await target.write(joined);
  };
  return {
    get bytes() {
      return total;
    },
    async write(piece) {
      const bytes = typeof piece === 'string' ? encoder.encode(piece) : piece;
      waiting.push(bytes);
      length += bytes.length;
      total += bytes.length;
      if (length >= JOINED_BYTES) await flush();
    },
    async close() {
      await flush();
      return target.close();
    },
    // What is wrong with the target was said already, or is no matter any more.
    abort: (reason) => target.abort(reason ?? abortError(AbortSignal.abort())).catch(() => {}),
  };
}
