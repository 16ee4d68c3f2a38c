/**
 * The log: `docs/format/log.md`. Fixed blocks of 32 KiB hold fragments of records, after LevelDB's
 * (`doc/log_format.md` there), with three changes: the fragment's head has its own checksum, so that a damaged length
 * is damage and not a torn tail; head and fragment each end in a byte that is not zero, so that a tail which the file
 * system left zero after a power loss is told from data that happens to end in zeros; and both checksums are seeded
 * with the fragment's position, so that a lost or moved block is found.
 *
 *     0        4     6    7                   7 + length     + 4    + 1
 *     | crc32c | u16 | u8 | length bytes … …  | crc32c       | 0xE1 |
 *     | of 4-7 |length|type| of the record    | of 4-7 and data | mark |
 *
 * The file begins with the preamble; block 0 counts it among its bytes. A fragment does not cross a block's end; when
 * fewer than 12 bytes are left in a block they are zero and the next fragment begins the next block.
 */
import type { VersionRange } from '../preamble.ts';

export const FORMAT_VERSION = 2;
export const OLDEST_READABLE_VERSION = 2;
export const VERSIONS: VersionRange = { newest: FORMAT_VERSION, oldest: OLDEST_READABLE_VERSION };

export const BLOCK_BYTES = 32_768;
/** Checksum of length and type (u32) | length (u16) | type (u8). */
export const HEAD_BYTES = 7;
/** Checksum of length, type and data (u32) | mark (u8). */
export const TAIL_BYTES = 5;
export const FRAGMENT_OVERHEAD = HEAD_BYTES + TAIL_BYTES;
export const MARK = 0xe1;

export const RECORD_BYTES_MAX = 256 * 1024 * 1024;

/** Added to the type of a fragment before which, when it was written, everything in the log was durable. Persisted. */
export const SYNCED_BEFORE = 0x80;

/** What a disk writes in one piece, at least: a power loss keeps or loses whole ones. */
export const SECTOR_BYTES = 512;

/** Persisted: never renumber. */
export const FRAGMENT = {
  /** A whole record. */
  full: 1,
  first: 2,
  middle: 3,
  last: 4,
  /** The log was closed: nothing follows. No data. */
  end: 5,
} as const;
