/** Milvus's `json_path` of an index: `meta["a"]["b"][0]`, or a JSON pointer, `/a/b/0`. */
import type { JsonPath } from '../filter/predicate.ts';
import { ElanusError } from '../util/error.ts';

const LENGTH_MAX = 1_024;
const STEP = /\[\s*(?:"((?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)"|'((?:[^'\\]|\\['\\])*)'|(0|[1-9][0-9]{0,8}))\s*\]/y;

/**
 * The keys and positions that `text` names inside of `field`; at least one. `isDynamic`: a name that is not `$meta` is a key, and `$meta` may
 * be left out. INVALID_ARGUMENT for anything else.
 */
export function parseJsonPath(text: unknown, field: string, isDynamic: boolean): JsonPath {
  const refuse = (): never => {
    const shown = typeof text === 'string' ? JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text) : typeof text;
    throw new ElanusError('INVALID_ARGUMENT', `"json_path" expected a path in the field "${field}" such as ${isDynamic ? '$meta' : field}["a"]["b"], got ${shown}`, { field });
  };
  if (typeof text !== 'string' || text.length === 0 || text.length > LENGTH_MAX) return refuse();
  if (text.startsWith('/')) return text.slice(1).split('/').map(pointerKey);
  const name = /^[^[\]"']*/.exec(text)![0].trim();
  const path: (string | number)[] = [];
  if (isDynamic ? name !== '$meta' && name !== '' : false) path.push(name);
  else if (name !== field && name !== '') return refuse();
  STEP.lastIndex = /^[^[\]"']*/.exec(text)![0].length;
  while (STEP.lastIndex < text.length) {
    const step = STEP.exec(text);
    if (!step) return refuse();
    path.push(step[1] !== undefined ? (JSON.parse(`"${step[1]}"`) as string) : step[2] !== undefined ? step[2].replaceAll(/\\(.)/g, '$1') : Number(step[3]));
  }
  return path.length === 0 ? refuse() : path;
}

const pointerKey = (key: string): string | number => (/^(0|[1-9][0-9]{0,8})$/.test(key) ? Number(key) : key.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The path as it is written in a filter. */
export const formatJsonPath = (field: string, path: JsonPath): string => field + path.map((key) => (typeof key === 'number' ? `[${key}]` : `[${JSON.stringify(key)}]`)).join('');
