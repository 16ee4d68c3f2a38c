/** What the process answers its caller. Documented in `docs/cli.md`: never renumber. */
import { isElanusError, type ErrorCode } from '../util/error.ts';

export const EXIT = {
  ok: 0,
  /** Something is damaged, or was lost in a repair. */
  damaged: 1,
  /** The command line cannot be what was meant. */
  usage: 2,
  /** There is no such database, or the medium refuses. */
  unavailable: 3,
  /** Another version of the library wrote it. */
  format: 4,
  /** Another process writes it. */
  locked: 5,
  /** A mistake of ours. */
  internal: 70,
} as const;

const BY_ERROR: Partial<Record<ErrorCode, number>> = {
  CORRUPT: EXIT.damaged,
  INVALID_ARGUMENT: EXIT.usage,
  NOT_SUPPORTED: EXIT.usage,
  ALREADY_EXISTS: EXIT.usage,
  NOT_FOUND: EXIT.unavailable,
  STORAGE: EXIT.unavailable,
  QUOTA: EXIT.unavailable,
  READ_ONLY: EXIT.unavailable,
  UNAUTHENTICATED: EXIT.unavailable,
  FORMAT_UNSUPPORTED: EXIT.format,
  LOCKED: EXIT.locked,
};

export const exitCodeOf = (error: unknown): number => (isElanusError(error) ? (BY_ERROR[error.code] ?? EXIT.internal) : EXIT.internal);
