/** The containers of an encrypted database: `docs/format/encrypted.md`. */
import type { VersionRange } from '../preamble.ts';

export const FORMAT_VERSION = 1;
export const OLDEST_READABLE_VERSION = 1;
export const VERSIONS: VersionRange = { newest: FORMAT_VERSION, oldest: OLDEST_READABLE_VERSION };
