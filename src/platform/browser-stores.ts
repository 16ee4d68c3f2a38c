/** Stores of a browser: `memory:` and `idb:`; `local:NAME` is `idb:NAME`. */
import { openMemoryStore } from '../storage/memory.ts';
import { openIdbStore } from '../storage/idb.ts';
import type { Store } from '../storage/store.ts';
import { resolveBrowserUrl } from './browser-url.ts';
import { splitUrl } from './url.ts';

export async function openBrowserStore(href: string, options: { readonly readOnly: boolean }): Promise<Store> {
  const url = resolveBrowserUrl(splitUrl(href));
  return url.scheme === 'memory' ? openMemoryStore(options) : openIdbStore(url.path, options);
}
