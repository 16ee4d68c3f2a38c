/**
 * Carries errors across a thread. Comlink keeps only name, message and stack of what is thrown, so its `throw` handler
 * is replaced: an {@link ElanusError} arrives as one, with code, detail and cause; anything else arrives as `INTERNAL`
 * with its message, and its stack in `detail`. Our copy of Comlink is bundled with us, so nobody else's is changed.
 */
import { transferHandlers, type TransferHandler } from 'comlink';
import { ElanusError, isElanusError, type ErrorCode, type ErrorDetail } from '../util/error.ts';

/** An error in plain data. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail: ErrorDetail;
  readonly stack: string | undefined;
  readonly cause: WireCause | undefined;
}

/** What lies under an error: another of ours, any other Error, or a value as it is. */
type WireCause =
  | { readonly kind: 'elanus'; readonly error: WireError }
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly stack: string | undefined; readonly cause: WireCause | undefined }
  | { readonly kind: 'value'; readonly value: unknown };

/** Causes deeper than this are left out: a chain may be a ring. */
const CAUSE_DEPTH_MAX = 8;

export function toWireError(thrown: unknown): WireError {
  const error = isElanusError(thrown) ? thrown : internalError(thrown);
  return wireElanusError(error, 0);
}

export function fromWireError(wire: WireError): ElanusError {
  const options = wire.cause === undefined ? undefined : { cause: fromWireCause(wire.cause) };
  const error = new ElanusError(wire.code, wire.message, wire.detail, options);
  // The remote stack says where it happened; the local one would only show this file.
  if (wire.stack !== undefined) Object.defineProperty(error, 'stack', { value: wire.stack, configurable: true, writable: true });
  return error;
}

/** What an unexpected exception becomes: a bug of ours, or of the host. */
export function internalError(thrown: unknown): ElanusError {
  const isError = thrown instanceof Error;
  const message = isError ? `${thrown.name}: ${thrown.message}` : `thrown: ${describe(thrown)}`;
  return new ElanusError('INTERNAL', message, isError && thrown.stack ? { stack: thrown.stack } : {}, { cause: thrown });
}

/** Puts our handler in the place of Comlink's, in this thread. Called by whoever speaks Comlink here; twice is harmless. */
export function installErrorHandler(): void {
  const present = transferHandlers.get('throw');
  if (present === undefined || present === handler) return;
  handler.canHandle = present.canHandle as TransferHandler<Thrown, WireError>['canHandle'];
  transferHandlers.set('throw', handler);
}

interface Thrown {
  readonly value: unknown;
}

const handler: TransferHandler<Thrown, WireError> = {
  canHandle: (_value): _value is Thrown => false,
  serialize: ({ value }) => [toWireError(value), []],
  deserialize: (wire) => {
    throw fromWireError(wire);
  },
};

function wireElanusError(error: ElanusError, depth: number): WireError {
  return {
    code: error.code,
    message: error.message,
    detail: cloneable(error.detail) as ErrorDetail,
    stack: error.stack,
    cause: error.cause === undefined ? undefined : toWireCause(error.cause, depth + 1),
  };
}

function toWireCause(cause: unknown, depth: number): WireCause | undefined {
  if (depth > CAUSE_DEPTH_MAX) return undefined;
  if (isElanusError(cause)) return { kind: 'elanus', error: wireElanusError(cause, depth) };
  if (cause instanceof Error) {
    const inner = cause.cause === undefined ? undefined : toWireCause(cause.cause, depth + 1);
    return { kind: 'error', name: cause.name, message: cause.message, stack: cause.stack, cause: inner };
  }
  return { kind: 'value', value: cloneable(cause) };
}

function fromWireCause(cause: WireCause): unknown {
  switch (cause.kind) {
    case 'elanus':
      return fromWireError(cause.error);
    case 'error': {
      const error = new Error(cause.message, cause.cause === undefined ? undefined : { cause: fromWireCause(cause.cause) });
      error.name = cause.name;
      if (cause.stack !== undefined) error.stack = cause.stack;
      return error;
    }
    case 'value':
      return cause.value;
  }
}

/** The value, or what can be said of it where it cannot be cloned: an error must arrive whatever its detail holds. */
function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, typeof entry === 'object' || typeof entry === 'function' ? describe(entry) : entry]));
    }
    return describe(value);
  }
}

function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}
