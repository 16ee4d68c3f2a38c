/**
 * The page's state in the URL's hash, `#/images?pic=12&k=10`: a link shows what its sender saw. The part before the
 * question mark names a tab, the rest belongs to that tab.
 */
import { createStore } from './store.ts';

export interface Route {
  readonly tab: string;
  readonly params: URLSearchParams;
}

export const route = createStore<Route>(parse(location.hash));

addEventListener('hashchange', () => route.set(parse(location.hash)));

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return { tab: path, params: new URLSearchParams(query) };
}

export function hashOf(tab: string, params: URLSearchParams): string {
  const query = params.toString();
  return query === '' ? `#/${tab}` : `#/${tab}?${query}`;
}

/** Changes some parameters of the shown tab; null takes one away. `replace` leaves no step to go back to. */
export function changeParams(changes: Record<string, string | number | null>, { replace = false } = {}): void {
  const { tab, params } = route.get();
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, String(value));
  }
  const hash = hashOf(tab, next);
  if (hash === location.hash) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', hash);
  route.set(parse(hash));
}

/** A whole number of the URL, or the default where it is missing, no number, or out of range. */
export function intParam(params: URLSearchParams, name: string, { min, max, otherwise }: { min: number; max: number; otherwise: number }): number {
  const text = params.get(name);
  if (text === null || !/^\d{1,9}$/.test(text)) return otherwise;
  const value = Number(text);
  return value >= min && value <= max ? value : otherwise;
}

addEventListener('popstate', () => route.set(parse(location.hash)));
