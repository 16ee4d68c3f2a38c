/**
 * What tabs say to each other. That something has moved is said without what: it is read from the store. Requests to the tab that
 * maintains the database, and its answers, are plain data of our own making; what does not look like it is passed over.
 */
import type { WireError } from '../worker/errors.ts';
import type { Progress } from './client.ts';

export type TabMessage =
  /** A log has grown. */
  | { readonly kind: 'log'; readonly collectionId: number }
  /** There is a newer manifest. */
  | { readonly kind: 'manifest' }
  /** Another tab maintains from now on: what was asked of the one before is to be asked again. */
  | { readonly kind: 'holder' }
  /** A version is no longer in use. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'ask'; readonly id: string; readonly method: string; readonly request: unknown }
  /** It is being done. Comes again and again while it is. */
  | { readonly kind: 'heard'; readonly id: string }
  | { readonly kind: 'progress'; readonly id: string; readonly progress: Progress }
  | { readonly kind: 'abort'; readonly id: string }
  | { readonly kind: 'answer'; readonly id: string; readonly reply: unknown }
  | { readonly kind: 'failure'; readonly id: string; readonly error: WireError };

const isId = (value: unknown): boolean => typeof value === 'string' && value.length <= 64;

export function parseTabMessage(value: unknown): TabMessage | null {
  if (typeof value !== 'object' || value === null) return null;
  const message = value as Record<string, unknown>;
  switch (message['kind']) {
    case 'log':
      return Number.isSafeInteger(message['collectionId']) ? (message as unknown as TabMessage) : null;
    case 'manifest':
    case 'holder':
    case 'moved':
      return message as unknown as TabMessage;
    case 'ask':
      return isId(message['id']) && typeof message['method'] === 'string' ? (message as unknown as TabMessage) : null;
    case 'heard':
    case 'abort':
    case 'answer':
      return isId(message['id']) ? (message as unknown as TabMessage) : null;
    case 'progress': {
      const progress = message['progress'] as Partial<Progress> | null;
      return isId(message['id']) && typeof progress?.phase === 'string' && Number.isFinite(progress.done) && Number.isFinite(progress.total) ? (message as unknown as TabMessage) : null;
    }
    case 'failure': {
      const error = message['error'] as Partial<WireError> | null;
      return isId(message['id']) && typeof error?.code === 'string' && typeof error.message === 'string' && typeof error.detail === 'object' && error.detail !== null ? (message as unknown as TabMessage) : null;
    }
    default:
      return null;
  }
}
