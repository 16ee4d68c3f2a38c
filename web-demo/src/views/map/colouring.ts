/** Which rows have which colour, and what the legend says of it; apart from the colours themselves, which the theme sets. */
import type { FieldInfo } from '../../collections/dataset.ts';
import { rampAt, rgbOf, type Palette, type Rgb } from './palette.ts';

export interface LegendEntry {
  readonly label: string;
  readonly count: number;
  /** What the rows have in `codes`. */
  readonly code: number;
}

export type Colouring =
  | { readonly kind: 'plain'; readonly codes: Uint8Array }
  | { readonly kind: 'category'; readonly codes: Uint8Array; readonly entries: readonly LegendEntry[] }
  | { readonly kind: 'number'; readonly codes: Uint8Array; readonly low: number; readonly high: number; readonly isCut: boolean; readonly isLog: boolean; readonly missing: number };

/** Categories that have a colour of their own. */
export const CATEGORIES_MAX = 12;
const OTHER = 254;
const NONE = 255;
/** Steps of a ramp: codes 0 to 253. */
const STEPS = 254;
/** Numbers beyond these shares of the rows take the colours of the ends: a few far ones would leave the others one colour. */
const TAIL = 0.01;
/** Where half of the numbers lie within this share of their span, at its beginning, the ramp goes by their logarithms. */
const SKEWED = 0.05;

/** @param rows of the map @param values of the field, by row */
export function colouringOf(field: FieldInfo | undefined, rows: number, values: readonly unknown[] | undefined): Colouring {
  if (field === undefined || values === undefined) return { kind: 'plain', codes: new Uint8Array(rows) };
  return field.kind === 'number' ? numbers(values) : categories(values, field);
}

function categories(values: readonly unknown[], { names, kind }: FieldInfo): Colouring {
  const counts = new Map<string, number>();
  const labels = values.map((value) => {
    const label = labelOf(value, names, kind);
    if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
    return label;
  });
  // Names that are given have their order; else the most frequent come first.
  const given = names && names.length <= CATEGORIES_MAX ? names.filter((name) => counts.has(name)) : [];
  const frequent = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([label]) => label);
  const order = [...new Set([...given, ...frequent])];
  const own = order.slice(0, order.length > CATEGORIES_MAX ? CATEGORIES_MAX - 1 : CATEGORIES_MAX);
  const codeOf = new Map(own.map((label, code) => [label, code]));
  const codes = Uint8Array.from(labels, (label) => (label === undefined ? NONE : (codeOf.get(label) ?? OTHER)));
  const entries: LegendEntry[] = own.map((label, code) => ({ label, code, count: counts.get(label)! }));
  const owned = entries.reduce((sum, { count }) => sum + count, 0);
  const missing = codes.reduce((sum, code) => sum + (code === NONE ? 1 : 0), 0);
  const others = values.length - owned - missing;
  const rest = order.length - own.length;
  if (others > 0) entries.push({ label: rest === 1 ? '1 other' : `${rest} others`, code: OTHER, count: others });
  if (missing > 0) entries.push({ label: 'no value', code: NONE, count: missing });
  return { kind: 'category', codes, entries };
}

/** Of a list of tags the first counts. */
function labelOf(value: unknown, names: readonly string[] | undefined, kind: FieldInfo['kind']): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (Array.isArray(value)) return labelOf(value[0], names, kind);
  if (typeof value === 'boolean' || kind === 'flag') return value ? 'yes' : 'no';
  if (names && (typeof value === 'number' || typeof value === 'bigint')) return names[Number(value)] ?? String(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function numbers(values: readonly unknown[]): Colouring {
  const all = Float64Array.from(values, (value) => (typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN));
  const sorted = all.filter(Number.isFinite).sort();
  const missing = all.length - sorted.length;
  const codes = new Uint8Array(all.length).fill(NONE);
  if (sorted.length === 0) return { kind: 'number', codes, low: 0, high: 0, isCut: false, isLog: false, missing };
  let low = sorted[Math.floor(TAIL * (sorted.length - 1))];
  let high = sorted[Math.ceil((1 - TAIL) * (sorted.length - 1))];
  if (low === high) [low, high] = [sorted[0], sorted.at(-1)!];
  // Sizes and counts: most of them would be one colour.
  const isLog = low >= 0 && sorted[sorted.length >> 1] - low < SKEWED * (high - low);
  const along = (value: number): number => (isLog ? Math.log1p(value) : value);
  const width = along(high) - along(low);
  all.forEach((value, row) => {
    if (!Number.isFinite(value)) return;
    const share = width === 0 ? 0.5 : (along(Math.min(Math.max(value, low), high)) - along(low)) / width;
    codes[row] = Math.round(share * (STEPS - 1));
  });
  return { kind: 'number', codes, low, high, isCut: low > sorted[0] || high < sorted.at(-1)!, isLog, missing };
}

/** The colour of a code in a theme. */
export function colourOf(colouring: Colouring, code: number, palette: Palette): Rgb {
  if (code === NONE) return rgbOf(palette.none);
  if (colouring.kind === 'plain') return rgbOf(palette.plain);
  if (colouring.kind === 'number') return rampAt(palette.ramp, code / (STEPS - 1));
  return rgbOf(code === OTHER ? palette.other : palette.categories[code]);
}

/** All colours by code, RGB, shape (256, 3). */
export function colourTable(colouring: Colouring, palette: Palette): Uint8Array {
  const table = new Uint8Array(256 * 3);
  const isFull = colouring.kind !== 'category';
  const codes = isFull ? Array.from({ length: STEPS }, (_, code) => code) : colouring.entries.map(({ code }) => code);
  for (const code of [...codes, NONE]) table.set(colourOf(colouring, code, palette), code * 3);
  return table;
}
