/**
 * Where bytes come from: every kind of file as one thing that reads ranges. Nothing is read before it is asked for, so that a large file is
 * never in memory as a whole because of this.
 */
import type { NamedBytes, SourceRow } from '../api/io.ts';
import { isRecord, show } from '../schema/refuse.ts';
import type { FileAccess, ReadableFile } from '../platform/platform.ts';
import { throwIfAborted } from '../util/error.ts';
import { yieldToHost } from '../util/yield.ts';
import { refuseAt } from './place.ts';

export type ByteSource = ReadableFile;

export type RowIterable = AsyncIterable<SourceRow | readonly SourceRow[]>;

/** Files, rows in memory, or rows that come. */
export type OpenedSource = { readonly kind: 'files'; readonly files: readonly ByteSource[]; readonly isFolder: boolean } | { readonly kind: 'rows'; readonly rows: readonly SourceRow[] } | { readonly kind: 'stream'; readonly rows: RowIterable };

const EXPECTED = 'a path, a File, a Blob, bytes, { name, bytes }, a list of these, rows, or an async iterable of rows';
/** Files of one source. Milvus's limit of a job. */
const FILES_MAX = 100_000;

/** INVALID_ARGUMENT for what is none of these; NOT_FOUND for a path where nothing is; NOT_SUPPORTED for a path where there is no file system. */
export async function openSource(source: unknown, access: FileAccess | undefined): Promise<OpenedSource> {
  if (Array.isArray(source) || isFileList(source)) {
    const list = Array.from(source as ArrayLike<unknown>);
    if (list.length === 0) refuseAt({}, EXPECTED, 'an empty list');
    if (list.length > FILES_MAX && !isRow(list[0])) refuseAt({}, `at most ${FILES_MAX} files`, String(list.length));
    if (isRow(list[0])) return { kind: 'rows', rows: list as SourceRow[] };
    const files = await Promise.all(list.map((file) => openFile(file, access)));
    return { kind: 'files', files: files.flat(), isFolder: list.length > 1 };
  }
  if (isRecord(source) && Symbol.asyncIterator in source && !isBlob(source)) return { kind: 'stream', rows: source as unknown as RowIterable };
  const files = await openFile(source, access);
  if (files.length === 0) refuseAt({ file: String(source) }, 'a folder with files', 'an empty one');
  return { kind: 'files', files, isFolder: files.length > 1 };
}

async function openFile(file: unknown, access: FileAccess | undefined): Promise<ByteSource[]> {
  if (typeof file === 'string') {
    if (/^(https?|blob|data):/i.test(file)) refuseAt({ file }, 'a path, a File, a Blob or bytes', 'an address: fetch it, and give the blob() of the response', 'NOT_SUPPORTED');
    if (access === undefined) refuseAt({ file }, 'a File, a Blob or bytes: a page has no file system to take a path from', 'a path', 'NOT_SUPPORTED');
    return access.open(file);
  }
  if (isBlob(file)) return [ofBlob(nameOf(file), file)];
  const bytes = toBytes(file);
  if (bytes !== undefined) return [ofBytes('bytes', bytes)];
  if (isRecord(file) && 'bytes' in file) {
    const { bytes: content, name } = file as unknown as NamedBytes;
    if (typeof name !== 'string') refuseAt({}, 'the name of a file', show(name));
    if (isBlob(content)) return [ofBlob(name, content)];
    const inner = toBytes(content);
    if (inner !== undefined) return [ofBytes(name, inner)];
    refuseAt({ file: name }, 'bytes of a file', show(content));
  }
  refuseAt({}, EXPECTED, show(file));
}

const isBlob = (value: unknown): value is Blob => isRecord(value) && typeof value['slice'] === 'function' && typeof value['arrayBuffer'] === 'function' && typeof value['size'] === 'number';
const isFileList = (value: unknown): boolean => Object.prototype.toString.call(value) === '[object FileList]';
const isRow = (value: unknown): value is SourceRow => isRecord(value) && !isBlob(value) && toBytes(value) === undefined && !('bytes' in value && typeof value['name'] === 'string' && (isBlob(value['bytes']) || toBytes(value['bytes']) !== undefined));

function nameOf(blob: Blob): string {
  const { name, webkitRelativePath } = blob as Partial<File>;
  return webkitRelativePath || name || 'blob';
}

function toBytes(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const tag = Object.prototype.toString.call(value);
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]' ? new Uint8Array(value as ArrayBuffer) : undefined;
}

/** Bytes [from, to), which lie within the source. */
const ofBytes = (name: string, bytes: Uint8Array): ByteSource => ({ name, size: bytes.length, read: async (from, to) => bytes.subarray(from, to) });

function ofBlob(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    async read(from, to) {
      let bytes: Uint8Array;
      try {
        bytes = new Uint8Array(await blob.slice(from, to).arrayBuffer());
      } catch (cause) {
        refuseAt({ file: name }, 'a file that can be read', 'one that is gone or has changed since it was chosen', 'INVALID_ARGUMENT', cause);
      }
      if (bytes.length !== to - from) refuseAt({ file: name }, `${to - from} bytes from ${from} on`, String(bytes.length));
      return bytes;
    },
  };
}

const CHUNK_BYTES = 1 << 19;

/** So long may what is made of a piece take before the host gets its turn. */
const TURN_MS = 8;

/** All bytes in pieces of half a MiB. */
export async function* chunks(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  let began = performance.now();
  for (let from = 0; from < source.size; from += CHUNK_BYTES) {
    throwIfAborted(signal);
    if (performance.now() - began > TURN_MS) {
      await yieldToHost();
      began = performance.now();
    }
    yield await source.read(from, Math.min(source.size, from + CHUNK_BYTES));
  }
}

export interface TextChunk {
  readonly text: string;
  /** Bytes read so far. */
  readonly bytes: number;
  readonly isLast: boolean;
}

/** The text in pieces; the last may be empty, and there is always one. INVALID_ARGUMENT for bytes that are no UTF-8. A byte order mark at the front is left out. */
export async function* textChunks(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<TextChunk, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  const decode = (chunk: Uint8Array | undefined): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      const isUtf16 = bytes === 0 && chunk !== undefined && chunk.length > 1 && chunk[0] + chunk[1] === 0xff + 0xfe && chunk[0] >= 0xfe;
      const got = isUtf16 ? 'UTF-16' : `other bytes, ${chunk === undefined ? 'at the end' : `between bytes ${bytes} and ${bytes + chunk.length}`}`;
      refuseAt({ file: source.name }, 'text in UTF-8', `${got}: save it as UTF-8`, 'INVALID_ARGUMENT', cause);
    }
  };
  for await (const chunk of chunks(source, signal)) {
    const text = decode(chunk);
    bytes += chunk.length;
    yield { text, bytes, isLast: false };
  }
  yield { text: decode(undefined), bytes, isLast: true };
}

/** The whole text. INVALID_ARGUMENT beyond `maxBytes`. */
export async function wholeText(source: ByteSource, maxBytes: number, instead: string, signal: AbortSignal | undefined): Promise<string> {
  if (source.size > maxBytes) refuseAt({ file: source.name }, `at most ${maxBytes} bytes (${instead})`, String(source.size));
  const parts: string[] = [];
  for await (const { text } of textChunks(source, signal)) parts.push(text);
  return parts.join('');
}
