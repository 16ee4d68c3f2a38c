/** Connection strings. Says which kinds of store there are, and refuses those that there are not with the reason. */
import { ElanusError } from '../util/error.ts';
import type { StoreUrl } from './platform.ts';

/** Kinds that the API names and no platform has yet. */
const PLANNED = new Set(['opfs', 'http', 'https', 's3', 'milvus', 'milvus+https']);

/** Splits a connection string at its first colon. INVALID_ARGUMENT without one. */
export function parseStoreUrl(href: string): StoreUrl {
  const match = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(href);
  if (!match) throw new ElanusError('INVALID_ARGUMENT', `"url" expected scheme:path, such as local:my-app or memory:, got ${JSON.stringify(href)}`);
  return { scheme: match[1]!.toLowerCase(), path: match[2]!, href };
}

/** Throws unless the platform has stores of that kind. */
export function checkScheme(url: StoreUrl, platform: string, schemes: readonly string[]): void {
  if (schemes.includes(url.scheme)) return;
  const there = schemes.map((scheme) => `${scheme}:`).join(', ');
  if (PLANNED.has(url.scheme) || ['file', 'idb'].includes(url.scheme)) {
    throw new ElanusError('NOT_SUPPORTED', `"url" expected one of ${there} in ${platform}, got ${url.scheme}:`, { scheme: url.scheme, schemes });
  }
  throw new ElanusError('INVALID_ARGUMENT', `"url" expected one of ${there}, got ${url.scheme}:`, { scheme: url.scheme, schemes });
}

/** The NAME of `local:NAME` or `idb:NAME`: letters, digits, dot, dash and underscore, at most 128, not starting with a dot. */
export function checkDatabaseName(url: StoreUrl): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(url.path)) return url.path;
  throw new ElanusError('INVALID_ARGUMENT', `"url" expected ${url.scheme}:NAME with a name of letters, digits, ".", "-" and "_", got ${JSON.stringify(url.href)}`);
}
