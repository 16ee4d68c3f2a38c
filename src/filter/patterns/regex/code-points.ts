/** Sets of code points, as a regular expression's classes are. Surrogates count as code points: a JSON text may have a lone one. */

/** First and last of each range, ascending, with gaps between ranges. */
export type CodePoints = readonly number[];

export const LAST_CODE_POINT = 0x10ffff;
const SURROGATES: CodePoints = [0xd800, 0xdfff];
const PRIVATE_USE: CodePoints = [0xe000, 0xf8ff, 0xf0000, 0xffffd, 0x100000, 0x10fffd];
/** Where Unicode has characters besides, now and for years: in between, and behind it, nothing is assigned. */
const ASSIGNED: CodePoints = [0x0000, 0xd7ff, 0xe000, 0x3ffff, 0xe0000, 0xe0fff];
/** Beyond it no letter has a case. */
const LAST_CASED = 0x1ffff;

/** The same set in order: ranges may overlap before. */
export function ordered(ranges: readonly number[]): CodePoints {
  if (ranges.length <= 2) return ranges;
  const starts = Array.from({ length: ranges.length >> 1 }, (_, i) => i * 2).sort((a, b) => ranges[a] - ranges[b]);
  const out: number[] = [];
  for (const i of starts) {
    const last = out.length - 1;
    if (last > 0 && ranges[i] <= out[last] + 1) out[last] = Math.max(out[last], ranges[i + 1]);
    else out.push(ranges[i], ranges[i + 1]);
  }
  return out;
}

export function complement(points: CodePoints): CodePoints {
  const out: number[] = [];
  let from = 0;
  for (let i = 0; i < points.length; i += 2) {
    if (points[i] > from) out.push(from, points[i] - 1);
    from = points[i + 1] + 1;
  }
  if (from <= LAST_CODE_POINT) out.push(from, LAST_CODE_POINT);
  return out;
}

function contains(points: CodePoints, point: number): boolean {
  let low = 0;
  let high = points.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle * 2 + 1] < point) low = middle + 1;
    else high = middle;
  }
  return low * 2 < points.length && points[low * 2] <= point;
}

/** With every letter, the same letter in other cases: Unicode's simple case folding, as the platform knows it. */
export function withAllCases(points: CodePoints): CodePoints {
  const cases = casesOf();
  const more: number[] = [];
  if (points.length === 2 && points[0] === points[1]) for (const other of cases.get(points[0]) ?? []) more.push(other, other);
  else for (const [point, others] of cases) if (contains(points, point)) for (const other of others) if (!contains(points, other)) more.push(other, other);
  return more.length === 0 ? points : ordered([...points, ...more]);
}

let allCases: Map<number, readonly number[]> | null = null;

/** By code point: all that are the same letter, itself included. */
function casesOf(): Map<number, readonly number[]> {
  if (allCases !== null) return allCases;
  const groups = new Map<number, number[]>();
  const join = (point: number, text: string): void => {
    const other = text.codePointAt(0) as number;
    if (other === point || text.length !== (other > 0xffff ? 2 : 1)) return;
    const left = groups.get(point) ?? [point];
    const right = groups.get(other) ?? [other];
    if (left === right) return;
    const both = [...left, ...right];
    for (const member of both) groups.set(member, both);
  };
  for (let point = 0; point <= LAST_CASED; point++) {
    // The dotless i and the I with a dot are letters of their own, but for Turkish.
    if (point === 0x130 || point === 0x131) continue;
    const text = String.fromCodePoint(point);
    join(point, text.toLowerCase());
    join(point, text.toUpperCase());
  }
  allCases = groups;
  return groups;
}

/** Code points that the platform is asked about at once. Divides the ranges that are assigned. */
const CHUNK = 0x800;

const unicodeClasses = new Map<string, CodePoints | null>();

/** A general category (`L`, `Lu`), a script (`Greek`) or `Any`, as the platform's Unicode has it; null: there is none of that name. */
export function unicodeClass(name: string): CodePoints | null {
  let points = unicodeClasses.get(name);
  if (points === undefined) unicodeClasses.set(name, (points = findUnicodeClass(name)));
  return points;
}

function findUnicodeClass(name: string): CodePoints | null {
  if (name === 'Any') return [0, LAST_CODE_POINT];
  if (name === 'Cs') return SURROGATES;
  if (name === 'Co') return PRIVATE_USE;
  // RE2 does not count what is unassigned.
  if (name === 'C') return ordered(['Cc', 'Cf', 'Cs', 'Co'].flatMap((part) => unicodeClass(part) as CodePoints));
  if (name === 'Cn' || name === 'LC' || !/^[A-Z][a-zA-Z_]*$/.test(name)) return null;
  let one: RegExp;
  try {
    one = new RegExp(name.length <= 2 ? `\\p{${name}}+` : `\\p{Script=${name}}+`, 'gu');
  } catch {
    return null;
  }
  const out: number[] = [];
  for (let i = 0; i < ASSIGNED.length; i += 2) {
    for (let first = ASSIGNED[i]; first <= ASSIGNED[i + 1]; first += CHUNK) {
      const text = String.fromCodePoint(...Array.from({ length: CHUNK }, (_, k) => first + k));
      const units = first > 0xffff ? 2 : 1;
      for (const run of text.matchAll(one)) out.push(first + run.index / units, first + (run.index + run[0].length) / units - 1);
    }
  }
  return ordered(out);
}
