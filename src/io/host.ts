/** What of the place where it runs the room needs; entries give it. */
import type { FileAccess } from '../platform/platform.ts';

export interface IoHost {
  /** The user's files by their paths. */
  readonly files?: FileAccess;
  /** Imports apache-arrow where it is found without the user's help. */
  readonly arrow?: () => Promise<unknown>;
}
