/** Node's file errors in the library's words. */
import { ElanusError, isElanusError } from '../../util/error.ts';

export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** `doing` completes "could not …". Errors that are ours already pass through. */
export function fsError(error: unknown, doing: string, path: string): ElanusError {
  if (isElanusError(error)) return error;
  const errno = errnoOf(error);
  const detail = { path, errno: errno ?? null };
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EFBIG') {
    return new ElanusError('QUOTA', `could not ${doing}: no space left for "${path}" (${errno}); what was acknowledged is safe`, detail, { cause: error });
  }
  return new ElanusError('STORAGE', `could not ${doing} "${path}": ${error instanceof Error ? error.message : String(error)}`, detail, { cause: error });
}
