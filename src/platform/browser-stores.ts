/** Stores of a browser: `memory:`, `idb:` and `opfs:`; `local:NAME` is `idb:NAME`. */
import { openMemoryStore } from '../storage/memory.ts';
import { openIdbStore } from '../storage/idb.ts';
import { openOpfsStore } from '../storage/opfs.ts';
import type { Store } from '../storage/store.ts';
import { resolveBrowserUrl } from './browser-url.ts';
import { splitUrl } from './url.ts';

export async function openBrowserStore(href: string, options: { readonly readOnly: boolean }): Promise<Store> {
  const url = resolveBrowserUrl(splitUrl(href));
  if (url.scheme === 'memory') return openMemoryStore(options);
  return url.scheme === 'opfs' ? openOpfsStore(url.path, options) : openIdbStore(url.path, options);
}
