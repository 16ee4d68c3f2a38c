/**
 * The page's state in the URL's hash, `#/images/map?pic=12&k=10`: a link shows what its sender saw. The first part names
 * a collection, the second a view (without it: the search), the rest belongs to the view.
 */
import { createStore } from './store.ts';

export interface Route {
  readonly collection: string;
  readonly view: string;
  readonly params: URLSearchParams;
}

export const FIRST_VIEW = 'search';

export const route = createStore<Route>(parse(location.hash));

addEventListener('hashchange', () => route.set(parse(location.hash)));
addEventListener('popstate', () => route.set(parse(location.hash)));

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [collection = '', view = FIRST_VIEW] = path.split('/', 2).map(decoded);
  return { collection, view, params: new URLSearchParams(query) };
}

/** A link may hold anything. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hashOf(collection: string, view: string, params = new URLSearchParams()): string {
  const path = view === FIRST_VIEW ? `#/${encodeURIComponent(collection)}` : `#/${encodeURIComponent(collection)}/${view}`;
  const query = params.toString();
  return query === '' ? path : `${path}?${query}`;
}

/** Changes some parameters of the shown view; null takes one away. `replace` leaves no step to go back to. */
export function changeParams(changes: Record<string, string | number | null>, { replace = false } = {}): void {
  const { collection, view, params } = route.get();
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, String(value));
  }
  go(hashOf(collection, view, next), { replace });
}

export function go(hash: string, { replace = false } = {}): void {
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
