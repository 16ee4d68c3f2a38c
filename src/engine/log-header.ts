/**
 * The first record of a log: whose it is, and what of the manifest is needed to know its rows again when that is lost.
 *
 *     collection id u32 | generation u32 | 8 bytes zero | manifest of this collection alone: storage/manifest/excerpt.ts
 */
import { ElanusError } from '../util/error.ts';

const HEAD_BYTES = 16;

export interface LogHeader {
  readonly collectionId: number;
  readonly generation: number;
  readonly manifest: Uint8Array;
}

export function encodeLogHeader({ collectionId, generation, manifest }: LogHeader): Uint8Array {
  const header = new Uint8Array(HEAD_BYTES + manifest.length);
  const view = new DataView(header.buffer);
  view.setUint32(0, collectionId, true);
  view.setUint32(4, generation, true);
  header.set(manifest, HEAD_BYTES);
  return header;
}

/** CORRUPT for what {@link encodeLogHeader} has not made. The manifest is not looked at. */
export function decodeLogHeader(name: string, header: Uint8Array): LogHeader {
  if (header.length < HEAD_BYTES) throw new ElanusError('CORRUPT', `log "${name}" expected a header of at least ${HEAD_BYTES} bytes, got ${header.length}`, { log: name });
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  return { collectionId: view.getUint32(0, true), generation: view.getUint32(4, true), manifest: header.subarray(HEAD_BYTES) };
}

/** CORRUPT for a log that is another's than its name says. */
export function checkLogHeader(name: string, header: Uint8Array, collectionId: number, generation: number): void {
  const found = decodeLogHeader(name, header);
  if (found.collectionId === collectionId && found.generation === generation) return;
  throw new ElanusError('CORRUPT', `log "${name}" says that it belongs to another collection or generation`, { log: name, found: [found.collectionId, found.generation] });
}
