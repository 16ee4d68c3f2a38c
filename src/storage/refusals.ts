/** What every store checks and refuses in the same words. */
import { ElanusError } from '../util/error.ts';

/** Names are flat, so that no store can be led out of its folder. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

export function checkName(name: string): void {
  if (!NAME.test(name)) {
    throw new ElanusError('INVALID_ARGUMENT', `"name" expected 1 to 128 of A-Z a-z 0-9 . _ - and no leading dot, got ${JSON.stringify(name)}`, { name });
  }
}

/** Checks a range against the file's length and returns it complete. */
export function checkRange(name: string, size: number, from: number | undefined, to: number | undefined): { from: number; to: number } {
  const start = from ?? 0;
  const end = to ?? size;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new ElanusError('INVALID_ARGUMENT', `"from" and "to" expected 0 <= from <= to, got ${start} and ${end}`, { name, from: start, to: end });
  }
  if (end > size) {
    throw new ElanusError('CORRUPT', `"${name}" expected at least ${end} bytes, got ${size}: the file was cut`, { file: name, expected: end, size });
  }
  return { from: start, to: end };
}

export const notFound = (name: string, cause?: unknown): ElanusError =>
  new ElanusError('NOT_FOUND', `"${name}" expected to be a file of the store, got none`, { name }, { cause });

export const alreadyExists = (name: string): ElanusError =>
  new ElanusError('ALREADY_EXISTS', `"${name}" expected to be a new name, got one that is taken: files are immutable`, { name });

export const readOnlyStore = (): ElanusError => new ElanusError('READ_ONLY', 'the store was opened with "readOnly": true and cannot be written');

export const closedStore = (): ElanusError => new ElanusError('CLOSED', 'the store was closed');

export const rootChanged = (): ElanusError =>
  new ElanusError('LOCKED', 'the root expected to be as this writer left it, got another one: another writer was here');

/** Byte for byte; null stands for a root that was never written. */
export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
