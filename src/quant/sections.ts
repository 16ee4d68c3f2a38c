/** Taking the parts of an index file: present, and of the length that the segment implies, before anything is allocated. */
import { ElanusError } from '../util/error.ts';

/** A named part of an index file. */
export interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** CORRUPT when the section is missing or not `byteLength` bytes long. */
export function takeSection(sections: ReadonlyMap<string, Uint8Array>, name: string, byteLength: number): Uint8Array {
  const bytes = sections.get(name);
  if (!bytes) throw new ElanusError('CORRUPT', `"${name}" expected a section of ${byteLength} bytes, got none`, { section: name });
  if (bytes.byteLength !== byteLength) {
    throw new ElanusError('CORRUPT', `"${name}" expected ${byteLength} bytes, got ${bytes.byteLength}`, { section: name, expected: byteLength, got: bytes.byteLength });
  }
  return bytes;
}
