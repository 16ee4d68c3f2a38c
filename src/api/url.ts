/** Connection strings: which there are, which will be, what each needs behind the colon. */
import type { StoreUrl } from '../platform/platform.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { ElanusError } from '../util/error.ts';

/** Becomes a folder, a lock and a database of the browser. */
const NAME = { pattern: /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, expected: 'a name of letters, digits and ._-' };
const PATH = { pattern: /^[^\0]+$/, expected: 'a path or name' };
/** What each may have behind its colon. */
const SCHEMES: Readonly<Record<string, { readonly pattern: RegExp; readonly expected: string }>> = {
  local: NAME, memory: { pattern: /^$/, expected: 'nothing, for it has no name,' }, file: PATH, idb: PATH, opfs: NAME,
};
const SCHEMES_TO_COME: readonly string[] = ['http', 'https', 's3', 'milvus', 'milvus+https'];

/**
 * Takes a connection string apart. INVALID_ARGUMENT for a scheme that does not exist or a path that the scheme cannot
 * have, NOT_SUPPORTED for a scheme that is designed. Whether this platform has the store is the launcher's to say.
 */
export function parseUrl(url: unknown): StoreUrl {
  if (typeof url !== 'string') refuse('url', NO_ROW, 'a string such as "local:NAME"', show(url));
  const match = /^([A-Za-z0-9+.-]*):(.*)$/s.exec(url);
  const scheme = match?.[1] ?? '';
  const path = match?.[2] ?? '';
  if (SCHEMES_TO_COME.includes(scheme)) throw new ElanusError('NOT_SUPPORTED', `"${scheme}:" is not supported yet; there are ${list()}`, { scheme });
  if (!Object.hasOwn(SCHEMES, scheme)) refuse('url', NO_ROW, `one of ${list()} before the path`, show(url));
  const { pattern, expected } = SCHEMES[scheme];
  if (!pattern.test(path)) refuse('url', NO_ROW, `${expected} behind "${scheme}:"`, show(url));
  return { scheme, path, href: url };
}

const list = (): string => Object.keys(SCHEMES).map((scheme) => `${scheme}:`).join(', ');
