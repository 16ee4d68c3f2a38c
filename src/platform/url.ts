/** Connection strings, once the API has checked their form: takes them apart and says which kinds a platform has. */
import { ElanusError } from '../util/error.ts';
import type { StoreUrl } from './platform.ts';

/** Splits at the first colon. */
export function splitUrl(href: string): StoreUrl {
  const colon = href.indexOf(':');
  return { scheme: href.slice(0, Math.max(colon, 0)), path: href.slice(colon + 1), href };
}

/** NOT_SUPPORTED unless the platform has stores of that kind. */
export function checkScheme(url: StoreUrl, platform: string, schemes: readonly string[]): void {
  if (schemes.includes(url.scheme)) return;
  const there = schemes.map((scheme) => `${scheme}:`).join(', ');
  throw new ElanusError('NOT_SUPPORTED', `"url" expected one of ${there} in ${platform}, got ${url.scheme}:`, { scheme: url.scheme, schemes });
}
