/**
 * The container of segment, index and delete files: `docs/format/sections.md`. What the sections mean is their
 * writers' business; a file's inner version, where it needs one, is a section's.
 *
 *     preamble | zeros to 64 | section | zeros to 64 | section | … | zeros to 64 | directory | trailer
 *     ^0                                                                         ^ dataBytes
 *
 * Blocks of 64 KiB are counted from the file's first byte to `dataBytes`; the directory has the checksum of each.
 */
import { crc32c } from '../../util/crc32c.ts';
import type { VersionRange } from '../preamble.ts';

export const FORMAT_VERSION = 2;
export const OLDEST_READABLE_VERSION = 2;
export const VERSIONS: VersionRange = { newest: FORMAT_VERSION, oldest: OLDEST_READABLE_VERSION };

export const BLOCK_BYTES = 65_536;
export const ALIGNMENT = 64;
/** Directory length (u32) | checksum of the file's name (u32) | file length (u64) | zero (u32) | CRC32C of directory and trailer up to here. */
export const TRAILER_BYTES = 24;
export const SECTION_NAME_BYTES_MAX = 255;

export type FileKind = 'segment' | 'index' | 'deletes';

export const align = (at: number): number => Math.ceil(at / ALIGNMENT) * ALIGNMENT;

/** A section as the directory has it. */
export interface SectionExtent {
  readonly name: string;
  readonly offset: number;
  readonly byteLength: number;
}

/** A file says which name it was written under, so that files mixed up by hand are noticed: to all checksums they are whole. */
export const nameChecksum = (name: string): number => crc32c(new TextEncoder().encode(name));
