/** Files that lie under the name of another one: each says in its last bytes which name it was written under. */
import { nameChecksum, storedNameChecksum } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';

/**
 * Where each of `names` really is, of those that are missing or have another file in their place and can be found elsewhere in
 * the store.
 */
export async function findMisplaced(store: Store, names: Iterable<string>): Promise<Map<string, string>> {
  const written = new Map<number, string>();
  const found = new Map<string, number | null>();
  for (const name of await store.list()) {
    const checksum = await storedNameChecksum(store, name);
    found.set(name, checksum);
    if (checksum !== null && checksum !== nameChecksum(name)) written.set(checksum, name);
  }
  const places = new Map<string, string>();
  for (const name of names) {
    const present = found.get(name);
    // What cannot say its name is damaged, and may well be in its place.
    if (present === nameChecksum(name) || present === null) continue;
    const place = written.get(nameChecksum(name));
    if (place !== undefined) places.set(name, place);
  }
  return places;
}

/** The store as if each of those files lay in its place. For reading alone. */
export function inPlace(store: Store, places: ReadonlyMap<string, string>): Store {
  if (places.size === 0) return store;
  const placeOf = (name: string): string => places.get(name) ?? name;
  const reading: Pick<Store, 'read' | 'readNow' | 'size'> = {
    read: (name, from, to) => store.read(placeOf(name), from, to),
    readNow: (name, offsets, byteLength, target) => store.readNow(placeOf(name), offsets, byteLength, target),
    size: (name) => store.size(placeOf(name)),
  };
  return new Proxy(store, {
    get(target, key) {
      if (Object.hasOwn(reading, key)) return reading[key as keyof typeof reading];
      const member = Reflect.get(target, key, target) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
