/** An invariant of ours. A failure is a bug in the library, never the user's mistake. */
import { ElanusError } from './error.ts';

export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new ElanusError('INTERNAL', `invariant broken: ${invariant}`);
}
