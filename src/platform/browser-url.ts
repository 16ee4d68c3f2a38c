/** What connection strings mean in a browser. Apart from the stores, which the main thread does not load. */
import type { StoreUrl } from './platform.ts';
import { checkScheme } from './url.ts';

export const BROWSER_SCHEMES = ['local', 'idb', 'opfs', 'memory'] as const;

export function resolveBrowserUrl(url: StoreUrl): StoreUrl {
  checkScheme(url, 'a browser', BROWSER_SCHEMES);
  return url;
}
