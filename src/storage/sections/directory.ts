/** Reads and checks a file's directory; nothing of the sections themselves is read. */
import { ByteReader } from '../../util/bytes.ts';
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError, isElanusError } from '../../util/error.ts';
import { checkPreamble, PREAMBLE_BYTES } from '../preamble.ts';
import type { Store } from '../store.ts';
import { ALIGNMENT, align, BLOCK_BYTES, nameChecksum, SECTION_NAME_BYTES_MAX, TRAILER_BYTES, VERSIONS, type FileKind, type SectionExtent } from './format.ts';

export interface Directory {
  readonly fileBytes: number;
  /** Where the directory begins: the blocks lie before it. */
  readonly dataBytes: number;
  /** In order of offset. */
  readonly extents: readonly SectionExtent[];
  /** CRC32C of block i. */
  readonly checksums: Uint32Array;
}

/** Usually holds the whole directory: one read for a file of up to about 100 MB. */
const TAIL_BYTES = 8_192;

/** `salvage`: a directory whose checksum does not match is taken where it makes sense all the same. */
export async function readDirectory(store: Store, name: string, kind: FileKind, salvage = false): Promise<Directory> {
  const fileBytes = await store.size(name);
  const head = await store.read(name, 0, Math.min(fileBytes, PREAMBLE_BYTES));
  checkPreamble(name, head, kind, VERSIONS);
  if (fileBytes < ALIGNMENT + TRAILER_BYTES || fileBytes % ALIGNMENT !== 0) throw corrupt(name, `expected a multiple of ${ALIGNMENT} bytes, got ${fileBytes}: the file was cut`);

  if (!salvage) return readTail(store, name, fileBytes);
  try {
    return await readTail(store, name, fileBytes);
  } catch (error) {
    if (!isElanusError(error) || error.detail['isMisplaced'] === true) throw error;
    return findDirectory(store, name, fileBytes);
  }
}

const wrongName = (name: string): ElanusError =>
  new ElanusError('CORRUPT', `"${name}" was written under another name: it was put in the place of another file`, { file: name, isMisplaced: true });

async function readTail(store: Store, name: string, fileBytes: number): Promise<Directory> {
  let from = Math.max(0, fileBytes - TAIL_BYTES);
  let tail = await store.read(name, from, fileBytes);
  const trailer = new ByteReader(tail.subarray(tail.length - TRAILER_BYTES), name);
  const directoryBytes = trailer.u32();
  const named = trailer.u32();
  const length = trailer.u64();
  const reserved = trailer.u32();
  const checksum = trailer.u32();
  if (length !== BigInt(fileBytes) || reserved !== 0 || directoryBytes > fileBytes - ALIGNMENT - TRAILER_BYTES) {
    throw corrupt(name, `has a damaged end: it says ${length} bytes with a directory of ${directoryBytes}, got ${fileBytes} bytes`);
  }
  const dataBytes = fileBytes - TRAILER_BYTES - directoryBytes;
  if (dataBytes < from) {
    from = dataBytes;
    tail = await store.read(name, from, fileBytes);
  }
  const directory = tail.subarray(dataBytes - from);
  if (crc32c(directory, 0, directory.length - 4) !== checksum) throw corrupt(name, 'has a damaged directory: its checksum does not match', dataBytes, fileBytes);
  if (named !== nameChecksum(name)) throw wrongName(name);
  return { fileBytes, dataBytes, ...parse(name, directory.subarray(0, directoryBytes), dataBytes) };
}

/** The checksum of the name that a file was written under, as `nameChecksum` makes it; null where its end is damaged. */
export async function storedNameChecksum(store: Store, name: string): Promise<number | null> {
  const fileBytes = await store.size(name);
  if (fileBytes < ALIGNMENT + TRAILER_BYTES) return null;
  const head = await store.read(name, fileBytes - TRAILER_BYTES, fileBytes);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const from = fileBytes - TRAILER_BYTES - view.getUint32(0, true);
  if (from < ALIGNMENT) return null;
  const directory = await store.read(name, from, fileBytes);
  return crc32c(directory, 0, directory.length - 4) === view.getUint32(TRAILER_BYTES - 4, true) ? view.getUint32(4, true) : null;
}

/** A damaged directory is looked for so far from the end. */
const SALVAGE_BYTES = 1 << 20;

/** Finds a directory by its first field, which is its own place, and by making sense: for files whose end does not match its checksum. */
async function findDirectory(store: Store, name: string, fileBytes: number): Promise<Directory> {
  const end = fileBytes - TRAILER_BYTES;
  const from = Math.max(0, Math.floor((fileBytes - SALVAGE_BYTES) / ALIGNMENT) * ALIGNMENT);
  const tail = await store.read(name, from, fileBytes);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let failure: unknown = corrupt(name, 'has no directory that could be found');
  for (let dataBytes = Math.floor(end / ALIGNMENT) * ALIGNMENT; dataBytes >= from; dataBytes -= ALIGNMENT) {
    if (dataBytes + 8 > end || view.getBigUint64(dataBytes - from, true) !== BigInt(dataBytes)) continue;
    try {
      return { fileBytes, dataBytes, ...parse(name, tail.subarray(dataBytes - from, end - from), dataBytes) };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Where the checksum matched, what fails here was written wrongly or forged; it is refused all the same. */
function parse(name: string, bytes: Uint8Array, dataBytes: number): { extents: SectionExtent[]; checksums: Uint32Array } {
  const nonsense = (what: string): ElanusError => corrupt(name, `has a directory that makes no sense: ${what}`);
  const reader = new ByteReader(bytes, name);
  if (reader.u64() !== BigInt(dataBytes)) throw nonsense('it names another place for itself');
  const count = reader.u32();
  const extents: SectionExtent[] = [];
  const names = new Set<string>();
  let end = align(PREAMBLE_BYTES);
  for (let i = 0; i < count; i++) {
    const section = reader.utf8();
    const offset = reader.count64();
    const byteLength = reader.count64();
    if (section.length === 0 || section.length > SECTION_NAME_BYTES_MAX || names.has(section)) throw nonsense(`section ${i} has no name of its own`);
    if (offset !== end || byteLength > dataBytes - offset) throw nonsense(`section "${section}" does not lie in the file`);
    names.add(section);
    extents.push({ name: section, offset, byteLength });
    end = align(offset + byteLength);
  }
  if (end !== dataBytes) throw nonsense('the sections do not fill the file');
  const blocks = reader.u32();
  if (blocks !== Math.ceil(dataBytes / BLOCK_BYTES)) throw nonsense(`it has ${blocks} checksums`);
  const checksums = new Uint32Array(reader.copy(blocks * 4).buffer);
  for (const byte of reader.bytes(reader.remaining)) if (byte !== 0) throw nonsense('its padding is not zero');
  return { extents, checksums };
}

export function corrupt(file: string, message: string, from?: number, to?: number): ElanusError {
  return new ElanusError('CORRUPT', `"${file}" ${message}`, from === undefined ? { file } : { file, from, to });
}
