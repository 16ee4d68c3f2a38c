/**
 * `local:NAME` in a browser: log and root in IndexedDB, where several tabs write in one order, files in the origin private file
 * system, where they are read at once. On threads without synchronous handles all is in IndexedDB. Which of the two a database is was decided when
 * it was made, and is written down in it: a page may have handles today and none tomorrow.
 */
import { ElanusError } from '../util/error.ts';
import { composeStores } from './composed.ts';
import { openIdbStoreOf } from './idb.ts';
import { opfsRoot, whyNoOpfs } from './opfs/file-system.ts';
import { openOpfsStore } from './opfs.ts';
import type { Store } from './store.ts';

export interface LocalStoreOptions {
  readonly readOnly?: boolean;
  /** Hears, once per page, of what this page cannot promise. Default: `console.warn`. */
  readonly onWarning?: (message: string) => void;
}

/** Apart from databases of `opfs:`. */
const PARENT = 'elanus.local';

let hasWarned = false;

export async function openLocalStore(name: string, options: LocalStoreOptions = {}): Promise<Store> {
  const { readOnly = false, onWarning = (message: string) => console.warn(message) } = options;
  const reason = whyNoOpfs() ?? (await whyNoRoot());
  const { store: base, filesIn } = await openIdbStoreOf(name, { readOnly, onWarning, filesOfNew: reason === null ? 'opfs' : 'idb' });
  if (filesIn === 'idb') {
    if (reason !== null && !hasWarned) {
      hasWarned = true;
      onWarning(`elanus: "local:${name}" is kept in IndexedDB as a whole, which is slower: ${reason}`);
    }
    return base;
  }
  try {
    if (reason !== null) {
      throw new ElanusError('NOT_SUPPORTED', `"local:${name}" has its files in the origin private file system, and cannot be opened here: ${reason}; let the engine run in a worker ("mode": 'auto' or 'worker')`, { reason });
    }
    return composeStores({ sharedUrl: `local:${name}`, base, files: await openOpfsStore(name, { readOnly, parent: PARENT }) });
  } catch (error) {
    await base.close();
    throw error;
  }
}

async function whyNoRoot(): Promise<string | null> {
  try {
    await opfsRoot();
    return null;
  } catch (error) {
    return (error as ElanusError).message;
  }
}
