/** How much of what other tabs write a read sees. Checked here and not by the API, which every page downloads first. */
import { refuse, NO_ROW, show } from '../schema/refuse.ts';
import type { Consistency } from './client.ts';

const CONSISTENCIES: readonly Consistency[] = ['Strong', 'Bounded', 'Session', 'Eventually'];

/** INVALID_ARGUMENT for anything else. */
export function checkConsistency(consistency: Consistency | undefined): void {
  if (consistency !== undefined && !CONSISTENCIES.includes(consistency)) refuse('consistency', NO_ROW, `one of ${CONSISTENCIES.join(', ')}`, show(consistency));
}
