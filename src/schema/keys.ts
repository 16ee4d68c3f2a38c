/** Primary keys: what users write, what the engine is told, what users read. */
import type { Column, Keys } from './column.ts';
import { NO_ROW, refuse, show } from './refuse.ts';
import type { Field } from './types.ts';
import { readUtf8 } from './utf8.ts';
import { int64Values } from './values.ts';

/** Ids as given to `get` and `delete`, as keys; copied. INVALID_ARGUMENT for an id that the key's type cannot hold. */
export function toKeys(ids: unknown, key: Field): Keys {
  const isList = Array.isArray(ids) || (ArrayBuffer.isView(ids) && !(ids instanceof DataView));
  if (!isList) refuse('ids', NO_ROW, 'an array of keys', show(ids));
  const list = ids as ArrayLike<unknown>;
  if (key.type === 'Int64') return int64Values(key, list);
  const keys = new Array<string>(list.length);
  for (let i = 0; i < keys.length; i++) {
    const id = list[i];
    if (typeof id !== 'string') refuse('ids', i, 'a string', show(id));
    keys[i] = id;
  }
  return keys;
}

/** The key at `i` as a user reads it: bigint or what the field's `as` says, or string. */
export function keyAt(keys: Keys | readonly bigint[], i: number, key: Field): bigint | number | string {
  const value = keys[i];
  return key.as === undefined ? value : key.as === 'number' ? Number(value) : String(value);
}

/** All keys as a user reads them. */
export function keyValues(keys: Keys, key: Field): (bigint | number | string)[] {
  const out = new Array<bigint | number | string>(keys.length);
  for (let i = 0; i < out.length; i++) out[i] = keyAt(keys, i, key);
  return out;
}

/** The keys in a key column. Int64: a view of its values, not a copy. */
export function columnKeys(column: Column): Keys {
  if (column.type === 'Int64') return (column.values as BigInt64Array).subarray(0, column.length);
  const offsets = column.offsets as Int32Array;
  const keys = new Array<string>(column.length);
  for (let row = 0; row < keys.length; row++) keys[row] = readUtf8(column.values as Uint8Array, offsets[row], offsets[row + 1]);
  return keys;
}

/** Index of the first key that stands earlier in the list too, or -1. */
export function firstDuplicate(keys: Keys): number {
  if (keys instanceof BigInt64Array) {
    if (isAscending(keys)) return -1;
    const sorted = keys.slice().sort();
    if (isAscending(sorted)) return -1;
  }
  const seen = new Set<bigint | string>();
  for (let i = 0; i < keys.length; i++) {
    seen.add(keys[i]);
    if (seen.size === i) return i;
  }
  return -1;
}

function isAscending(keys: BigInt64Array): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1] >= keys[i]) return false;
  return true;
}
