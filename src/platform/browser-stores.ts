/** Stores of a browser: `memory:`, `idb:`, `opfs:`, and `local:` of the last two. */
import { openMemoryStore } from '../storage/memory.ts';
import { openIdbStore } from '../storage/idb.ts';
import { openLocalStore } from '../storage/local.ts';
import { openOpfsStore } from '../storage/opfs.ts';
import type { Store } from '../storage/store.ts';
import { resolveBrowserUrl } from './browser-url.ts';
import { splitUrl } from './url.ts';

export async function openBrowserStore(href: string, options: { readonly readOnly: boolean }): Promise<Store> {
  const { scheme, path } = resolveBrowserUrl(splitUrl(href));
  if (scheme === 'memory') return openMemoryStore(options);
  if (scheme === 'idb') return openIdbStore(path, options);
  return scheme === 'opfs' ? openOpfsStore(path, options) : openLocalStore(path, options);
}
