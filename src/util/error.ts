/**
 * The one error class of the library. Every failure that a user can meet is an {@link ElanusError} with a code from
 * a closed set; the README has a heading per code. Programming mistakes of our own are {@link assert}ions instead.
 */

/** Why an operation was refused or failed. Closed set: adding one is an API change and needs a README heading. */
export type ErrorCode =
  | 'INVALID_ARGUMENT'
  | 'SCHEMA_MISMATCH'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FILTER_SYNTAX'
  | 'FILTER_TYPE'
  | 'NOT_SUPPORTED'
  | 'CLOSED'
  | 'LOCKED'
  | 'READ_ONLY'
  | 'ABORTED'
  | 'TIMEOUT'
  | 'CORRUPT'
  | 'FORMAT_UNSUPPORTED'
  | 'STORAGE'
  | 'QUOTA'
  | 'POISONED'
  | 'WORKER_LOST'
  | 'OUT_OF_MEMORY'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'UNAVAILABLE'
  | 'INTERNAL';

/** Structured facts about an error; structured-cloneable, so that it crosses a worker. */
export type ErrorDetail = Readonly<Record<string, unknown>>;

/** Found on instances instead of `instanceof`, because two copies of the library may meet on one page. */
const BRAND = Symbol.for('elanus.error');

export class ElanusError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ElanusError';
    this.code = code;
    this.detail = detail;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** True for an {@link ElanusError} made by any copy of the library. */
export function isElanusError(value: unknown): value is ElanusError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** Throws `ABORTED` if the signal has fired; the signal's reason becomes the cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** The error that an aborted call rejects with: one of ours that was given as the reason, else `ABORTED`. */
export function abortError(signal: AbortSignal): ElanusError {
  return isElanusError(signal.reason) ? signal.reason : new ElanusError('ABORTED', 'the operation was aborted', {}, { cause: signal.reason });
}
