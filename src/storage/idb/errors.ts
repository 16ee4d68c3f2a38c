/** IndexedDB's errors in the library's words. */
import { ElanusError, isElanusError } from '../../util/error.ts';

/** `doing` completes "could not …". Errors that are ours already pass through. */
export function idbError(error: unknown, doing: string, database: string): ElanusError {
  if (isElanusError(error)) return error;
  const name = (error as { name?: unknown } | null)?.name;
  const message = error instanceof Error || error instanceof DOMException ? error.message : String(error);
  const detail = { database, cause: typeof name === 'string' ? name : null };
  if (name === 'QuotaExceededError') {
    return new ElanusError('QUOTA', `could not ${doing}: the browser gives "${database}" no more room; what was acknowledged is safe`, detail, { cause: error });
  }
  if (name === 'VersionError') {
    return new ElanusError('FORMAT_UNSUPPORTED', `"${database}" was made by a newer version of the library: upgrade to open it (${message})`, detail, { cause: error });
  }
  return new ElanusError('STORAGE', `could not ${doing} in IndexedDB "${database}": ${message}`, detail, { cause: error });
}
