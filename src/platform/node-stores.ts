/** Stores of Node: `memory:` and `file:`; `local:NAME` is the folder `./NAME.elanus/`. */
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openFsStore } from '../storage/fs.ts';
import { openMemoryStore } from '../storage/memory.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError } from '../util/error.ts';
import type { StoreUrl } from './platform.ts';
import { checkScheme, splitUrl } from './url.ts';

export const NODE_SCHEMES = ['local', 'file', 'memory'] as const;

/** `local:NAME` and relative paths as `file:/absolute/path`, so that it means the same in every thread. */
export function resolveNodeUrl(url: StoreUrl): StoreUrl {
  checkScheme(url, 'Node', NODE_SCHEMES);
  if (url.scheme === 'memory') return url;
  const path = url.scheme === 'local' ? resolve(`${url.path}.elanus`) : folderOf(url);
  return { scheme: 'file', path, href: `file:${path}` };
}

export async function openNodeStore(href: string, options: { readonly readOnly: boolean }): Promise<Store> {
  const url = resolveNodeUrl(splitUrl(href));
  return url.scheme === 'memory' ? openMemoryStore(options) : openFsStore(url.path, options);
}

/** The folder that `file:./data`, `file:/data` or a proper `file:///data` names. */
function folderOf(url: StoreUrl): string {
  if (!url.path.startsWith('//')) return isAbsolute(url.path) ? url.path : resolve(url.path);
  try {
    return fileURLToPath(url.href);
  } catch (cause) {
    throw new ElanusError('INVALID_ARGUMENT', `"url" expected a file: URL of this machine, got ${JSON.stringify(url.href)}`, {}, { cause });
  }
}
