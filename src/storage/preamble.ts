/**
 * The first sixteen bytes of everything we write: `docs/format/preamble.md`. They are the same in every version to
 * come, so that any version of the library can tell a newer file from a damaged one.
 *
 *     0        4       6      8          12       16
 *     | ELNS   | u16   | u16  | u32 zero | crc32c |
 *     | magic  | version kind | reserved | of 0-12|
 */
import { crc32c } from '../util/crc32c.ts';
import { ElanusError } from '../util/error.ts';

export const PREAMBLE_BYTES = 16;

/** `ELNS`. */
const MAGIC = [0x45, 0x4c, 0x4e, 0x53] as const;

/** What a file is. Persisted: never renumber. */
export const KIND_CODE = { manifest: 1, log: 2, segment: 3, index: 4, deletes: 5, sharedRecord: 6, sharedHead: 7, sharedClock: 8, encrypted: 9, slot: 10 } as const;
export type PreambleKind = keyof typeof KIND_CODE;

/** What the numbers of kinds mean. */
export const KIND_NAME: ReadonlyMap<number, string> = new Map(Object.entries(KIND_CODE).map(([name, code]) => [code, name]));

/** Which versions of a kind are read; writers write the newest. */
export interface VersionRange {
  readonly newest: number;
  readonly oldest: number;
}

export function encodePreamble(kind: PreambleKind, version: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PREAMBLE_BYTES);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint16(4, version, true);
  view.setUint16(6, KIND_CODE[kind], true);
  view.setUint32(12, crc32c(bytes, 0, 12), true);
  return bytes;
}

/** What a file says that it is, whatever its version; null where its head is no preamble, or damaged. */
export function readPreamble(bytes: Uint8Array): { readonly kind: number; readonly version: number } | null {
  if (bytes.length < PREAMBLE_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, PREAMBLE_BYTES);
  return view.getUint32(12, true) === crc32c(bytes, 0, 12) ? { kind: view.getUint16(6, true), version: view.getUint16(4, true) } : null;
}

/** Checks the preamble at the head of `bytes` and returns its version. CORRUPT or FORMAT_UNSUPPORTED. */
export function checkPreamble(title: string, bytes: Uint8Array, kind: PreambleKind, versions: VersionRange): number {
  const corrupt = (message: string): ElanusError => new ElanusError('CORRUPT', `"${title}" ${message}`, { file: title, from: 0, to: PREAMBLE_BYTES });
  if (bytes.length < PREAMBLE_BYTES) throw corrupt(`expected at least ${PREAMBLE_BYTES} bytes, got ${bytes.length}`);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw corrupt('expected to begin with "ELNS": this is not a file of Elanus, or its head is damaged');
  const view = new DataView(bytes.buffer, bytes.byteOffset, PREAMBLE_BYTES);
  if (view.getUint32(12, true) !== crc32c(bytes, 0, 12)) throw corrupt('has a damaged head: its checksum does not match');
  const version = view.getUint16(4, true);
  const kindCode = view.getUint16(6, true);
  if (kindCode === KIND_CODE.encrypted && kind !== 'encrypted') throw new ElanusError('UNAUTHENTICATED', `the database is encrypted: pass its "encryptionKey"`, { file: title });
  if (kindCode !== KIND_CODE[kind]) throw corrupt(`expected a ${kind} (kind ${KIND_CODE[kind]}), got kind ${kindCode}`);
  if (version > versions.newest || version < versions.oldest) {
    const advice =
      version > versions.newest
        ? 'it was written by a newer version of the library: upgrade to open it'
        : 'it was written by an older version of the library: open it with one that still reads it, and compact';
    throw new ElanusError('FORMAT_UNSUPPORTED', `"${title}" expected ${kind} format ${versions.oldest} to ${versions.newest}, got ${version}; ${advice}`, {
      file: title,
      found: version,
      oldestSupported: versions.oldest,
      newestSupported: versions.newest,
      advice,
    });
  }
  if (view.getUint32(8, true) !== 0) throw corrupt('has a head with reserved bytes set');
  return version;
}
