/** Writes a file of sections as a stream of chunks; the sections' own buffers are passed on, not copied. */
import { assert } from '../../util/assert.ts';
import { ByteWriter } from '../../util/bytes.ts';
import { crc32c } from '../../util/crc32c.ts';
import { encodePreamble, PREAMBLE_BYTES } from '../preamble.ts';
import { ALIGNMENT, align, BLOCK_BYTES, FORMAT_VERSION, nameChecksum, SECTION_NAME_BYTES_MAX, TRAILER_BYTES, type FileKind, type SectionExtent } from './format.ts';

export interface SectionInput {
  readonly name: string;
  /** One buffer, or several that follow one another. Not to be changed until the file is written. */
  readonly bytes: Uint8Array | readonly Uint8Array[];
}

/** The chunks of the file `name` in order. Takes the sections as they are when a chunk is asked for. */
export function* encodeSections(kind: FileKind, name: string, sections: readonly SectionInput[]): Iterable<Uint8Array> {
  const { extents, dataBytes } = layout(sections);
  const checksums = new BlockChecksums();
  let at = 0;
  const emit = (bytes: Uint8Array): Uint8Array => {
    checksums.add(bytes);
    at += bytes.length;
    return bytes;
  };
  yield emit(encodePreamble(kind, FORMAT_VERSION));
  for (let i = 0; i < sections.length; i++) {
    if (at < extents[i].offset) yield emit(new Uint8Array(extents[i].offset - at));
    for (const piece of pieces(sections[i])) if (piece.length > 0) yield emit(piece);
    assert(at === extents[i].offset + extents[i].byteLength, `section "${sections[i].name}" keeps its length while it is written`);
  }
  if (at < dataBytes) yield emit(new Uint8Array(dataBytes - at));
  yield encodeDirectory(name, extents, dataBytes, checksums.finish());
}

/** Length in bytes of the file that {@link encodeSections} makes. */
export function sectionsByteLength(_kind: FileKind, sections: readonly SectionInput[]): number {
  const { extents, dataBytes } = layout(sections);
  return dataBytes + directoryByteLength(extents, dataBytes) + TRAILER_BYTES;
}

function layout(sections: readonly SectionInput[]): { extents: SectionExtent[]; dataBytes: number } {
  const extents: SectionExtent[] = [];
  const names = new Set<string>();
  let at = align(PREAMBLE_BYTES);
  for (const section of sections) {
    const nameBytes = new TextEncoder().encode(section.name).length;
    assert(nameBytes >= 1 && nameBytes <= SECTION_NAME_BYTES_MAX, `a section's name has 1 to ${SECTION_NAME_BYTES_MAX} bytes`);
    assert(!names.has(section.name), `section "${section.name}" is there once`);
    names.add(section.name);
    let byteLength = 0;
    for (const piece of pieces(section)) byteLength += piece.length;
    extents.push({ name: section.name, offset: at, byteLength });
    at = align(at + byteLength);
  }
  return { extents, dataBytes: at };
}

function directoryByteLength(extents: readonly SectionExtent[], dataBytes: number): number {
  let length = 4 + 8 + 4 + Math.ceil(dataBytes / BLOCK_BYTES) * 4;
  for (const extent of extents) length += 4 + new TextEncoder().encode(extent.name).length + 8 + 8;
  return align(length + TRAILER_BYTES) - TRAILER_BYTES;
}

function encodeDirectory(name: string, extents: readonly SectionExtent[], dataBytes: number, checksums: readonly number[]): Uint8Array {
  const directoryBytes = directoryByteLength(extents, dataBytes);
  const writer = new ByteWriter(directoryBytes + TRAILER_BYTES);
  writer.u64(BigInt(dataBytes)).u32(extents.length);
  for (const extent of extents) writer.utf8(extent.name).u64(BigInt(extent.offset)).u64(BigInt(extent.byteLength));
  writer.u32(checksums.length);
  for (const checksum of checksums) writer.u32(checksum);
  writer.bytes(new Uint8Array(directoryBytes - writer.length));
  writer.u32(directoryBytes).u32(nameChecksum(name)).u64(BigInt(dataBytes + directoryBytes + TRAILER_BYTES)).u32(0);
  writer.u32(crc32c(writer.finish()));
  assert(writer.length % ALIGNMENT === 0, 'a file of sections is a multiple of 64 bytes long');
  return writer.finish();
}

const pieces = (section: SectionInput): readonly Uint8Array[] => (section.bytes instanceof Uint8Array ? [section.bytes] : section.bytes);

/** CRC32C of each 64 KiB of a stream of chunks of any size. */
class BlockChecksums {
  readonly #finished: number[] = [];
  #crc = 0;
  #held = 0;

  add(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const count = Math.min(BLOCK_BYTES - this.#held, bytes.length - at);
      this.#crc = crc32c(bytes, at, at + count, this.#crc);
      this.#held += count;
      at += count;
      if (this.#held === BLOCK_BYTES) this.#end();
    }
  }

  finish(): readonly number[] {
    if (this.#held > 0) this.#end();
    return this.#finished;
  }

  #end(): void {
    this.#finished.push(this.#crc);
    this.#crc = 0;
    this.#held = 0;
  }
}
