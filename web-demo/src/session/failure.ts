/** What went wrong, and what the visitor can do about it. */
import { isElanusError } from 'elanus';

export type Remedy = 'retry' | 'memory' | 'erase';

export interface Failure {
  readonly title: string;
  readonly advice: string;
  /** The error's own words, with its code. */
  readonly detail: string;
  readonly remedies: readonly Remedy[];
}

export const ERASED_ELSEWHERE: Failure = {
  title: 'Everything was erased in another tab',
  advice: 'The collections that come with the page can be made again.',
  detail: '',
  remedies: ['retry'],
};

export function describeFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (!isElanusError(error) && !navigator.onLine) {
    return {
      title: 'There is no network, and this collection is not here yet',
      advice: 'Open it once with a network; from then on it is kept in this browser. Collections that were opened before are there.',
      detail: message,
      remedies: ['retry'],
    };
  }
  if (!isElanusError(error)) {
    return {
      title: 'The sample could not be loaded',
      advice: 'What has arrived so far is kept; another try goes on from there.',
      detail: message,
      remedies: ['retry'],
    };
  }
  const detail = `${error.code}: ${message}`;
  switch (error.code) {
    case 'QUOTA':
      return {
        title: 'The browser gives this page no more storage',
        advice: 'Free some space and try again, or keep it in memory until the tab is closed.',
        detail,
        remedies: ['retry', 'memory'],
      };
    case 'LOCKED':
      return {
        title: 'The database is open elsewhere',
        advice: 'Another tab of this browser works on it. Close that tab and try again.',
        detail,
        remedies: ['retry', 'memory'],
      };
    case 'CORRUPT':
    case 'FORMAT_UNSUPPORTED':
    case 'SCHEMA_MISMATCH':
    case 'POISONED':
      return {
        title: 'The stored sample cannot be used',
        advice: 'It is damaged, or another version of this page made it. It can be made again from the page.',
        detail,
        remedies: ['erase', 'memory'],
      };
    case 'STORAGE':
      return {
        title: 'The browser refuses to store data for this page',
        advice: 'A private window or a setting may be the cause. The sample can be kept in memory until the tab is closed.',
        detail,
        remedies: ['memory', 'retry'],
      };
    default:
      return { title: 'The database stopped', advice: 'Another try opens it again.', detail, remedies: ['retry', 'erase'] };
  }
}
