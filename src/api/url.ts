/** Connection strings: which there are, which will be, what each needs behind the colon. */
import type { StoreUrl } from '../platform/platform.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { ElanusError } from '../util/error.ts';

const SCHEMES: readonly string[] = ['local', 'memory', 'file', 'idb', 'opfs'];
const SCHEMES_TO_COME: readonly string[] = ['http', 'https', 's3', 'milvus', 'milvus+https'];
/** Becomes a folder, a lock and a database of the browser. */
const LOCAL_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * Takes a connection string apart. INVALID_ARGUMENT for a scheme that does not exist or a path that the scheme cannot
 * have, NOT_SUPPORTED for a scheme that is designed. Whether this platform has the store is the launcher's to say.
 */
export function parseUrl(url: unknown): StoreUrl {
  if (typeof url !== 'string') refuse('url', NO_ROW, 'a string such as "local:NAME"', show(url));
  const match = /^([A-Za-z0-9+.-]*):(.*)$/s.exec(url);
  const scheme = match?.[1] ?? '';
  const path = match?.[2] ?? '';
  if (SCHEMES_TO_COME.includes(scheme)) {
    throw new ElanusError('NOT_SUPPORTED', `"${scheme}:" is not supported yet; there are ${list(SCHEMES)}`, { scheme });
  }
  if (!SCHEMES.includes(scheme)) refuse('url', NO_ROW, `one of ${list(SCHEMES)} before the path`, show(url));
  if (scheme === 'memory' && path !== '') refuse('url', NO_ROW, '"memory:" and nothing more: it has no name', show(url));
  if ((scheme === 'local' || scheme === 'opfs') && !LOCAL_NAME.test(path)) refuse('url', NO_ROW, `a name of letters, digits and ._- behind "${scheme}:"`, show(url));
  if ((scheme === 'file' || scheme === 'idb') && (path === '' || path.includes('\0'))) refuse('url', NO_ROW, `a ${scheme === 'file' ? 'path' : 'name'} behind "${scheme}:"`, show(url));
  return { scheme, path, href: url };
}

const list = (schemes: readonly string[]): string => schemes.map((scheme) => `${scheme}:`).join(', ');
