/** Errors of the origin private file system in the library's words. */
import { ElanusError, isElanusError } from '../../util/error.ts';

/** `doing` completes "could not …". Errors that are ours already pass through. */
export function opfsError(error: unknown, doing: string, file: string): ElanusError {
  if (isElanusError(error)) return error;
  const name = (error as { name?: unknown } | null)?.name;
  const message = error instanceof Error || error instanceof DOMException ? error.message : String(error);
  const detail = { file, cause: typeof name === 'string' ? name : null };
  if (name === 'QuotaExceededError') return new ElanusError('QUOTA', `could not ${doing} "${file}": the browser gives this origin no more room; what was acknowledged is safe`, detail, { cause: error });
  return new ElanusError('STORAGE', `could not ${doing} "${file}" in the origin private file system: ${message}`, detail, { cause: error });
}
