/**
 * Reads the free text in which a museum dates a work (`ca. 1850–60`, `late 5th–4th century B.C.`) as a span of years.
 *
 * Where a text dates several parts of a work, the first one counts: what follows tells of mounts, casts and repairs. What
 * stands in round brackets is left out. Years before the common era are negative (550 B.C. is -550; there is no year 0).
 * Centuries begin with the year that their hundreds begin with, as the Metropolitan Museum counts them: the 18th is
 * 1700 to 1799, the 5th B.C. is 499 to 400 B.C.; early, mid and late are its thirds.
 */

/** Shares of a century (or decade, or millennium) that a word takes: where it begins, where it ends. */
const PARTS = new Map([
  ['early', [0, 1 / 3]],
  ['mid', [1 / 3, 2 / 3]],
  ['late', [2 / 3, 1]],
  ['first half', [0, 1 / 2]],
  ['1st half', [0, 1 / 2]],
  ['second half', [1 / 2, 1]],
  ['2nd half', [1 / 2, 1]],
  ['first quarter', [0, 1 / 4]],
  ['second quarter', [1 / 4, 1 / 2]],
  ['third quarter', [1 / 2, 3 / 4]],
  ['last quarter', [3 / 4, 1]],
  ['fourth quarter', [3 / 4, 1]],
  ['first decade', [0, 1 / 10]],
  ['last decade', [9 / 10, 1]],
]);

const MONTHS = 'January|February|March|April|May|June|July|August|September|October|November|December';

const TOKENS = new RegExp(
  [
    `(?<part>${[...PARTS.keys()].join('|')})\\b`,
    String.raw`(?<bce>B\.? ?C\.?(?:E\.?)?(?![a-z]))`,
    String.raw`(?<ce>C\.E\.|CE\b|A\.D\.|AD\b)`,
    String.raw`(?<ordinal>\d{1,2})(?:st|nd|rd|th)\b`,
    String.raw`(?<number>\d{1,4})(?<plural>s?)(?!\d)`,
    String.raw`(?<unit>centur(?:y|ies)|millennium)\b`,
    // Only before a time: `dated by inscription` limits nothing.
    String.raw`(?<before>before|by|until)\s+(?=(?:ca\. ?|the )?(?:\d|early|mid|late))`,
    String.raw`(?<after>after)\b`,
    String.raw`(?<link>[–-]|to\b|or\b|and\b)`,
    String.raw`(?<comma>,)`,
  ].join('|'),
  'gi',
);

/**
 * @param {string} text
 * @returns {{ from: number | null, to: number | null } | null} the first and the last year; null on the side that is
 *   open (`before 1521`), and null where the text names no time
 */
export function readMuseumDate(text) {
  const plain = text
    .replace(/\([^)]*\)/g, ' ')
    // Days and months of other calendars, and years of the Hijra beside those of the common era.
    .replace(new RegExp(`\\b(?:${MONTHS}) \\d{1,2},`, 'gi'), ' ')
    .replace(/\b\d{1,2}(?:st|nd|rd|th) (?:month|year|day)\b,?/gi, ' ')
    .replace(/\bA\.?H\.? ?\d+\/|\b\d+ A\.?H\.?\//gi, ' ');
  for (const part of plain.split(';')) {
    const span = spanOf(firstItems(part));
    if (span !== null) return span;
  }
  return null;
}

/** The times of the first statement: one, or several that are linked (`late 18th or early 19th century`). */
function firstItems(text) {
  const items = [];
  let item = newItem();
  let isLinked = false;
  const hasTime = ({ ordinal, year }) => ordinal !== null || year !== null;
  for (const { groups, index } of text.matchAll(TOKENS)) {
    const { part, bce, ce, ordinal, number, plural, unit, before, after, link, comma } = groups;
    if (hasTime(item)) {
      if (unit !== undefined) item.unit ??= unit.toLowerCase().startsWith('c') ? 'century' : 'millennium';
      else if (bce !== undefined || ce !== undefined) item.era ??= bce !== undefined ? 'bce' : 'ce';
      // `late 16th, early 17th century`: an ordinal goes on until its unit comes.
      else if (link !== undefined || (comma !== undefined && item.ordinal !== null && item.unit === null)) {
        items.push(item);
        item = newItem();
        isLinked = true;
      } else break;
      continue;
    }
    if (part !== undefined) item.part = part.toLowerCase();
    else if (ordinal !== undefined) item.ordinal = Number(ordinal);
    else if (number !== undefined) {
      item.year = number;
      item.isPlural = plural === 's';
    } else if (bce !== undefined || ce !== undefined) item.era = bce !== undefined ? 'bce' : 'ce';
    else if (before !== undefined) item.limit = 'before';
    else if (after !== undefined) item.limit = 'after';
    // `early to mid-19th century` links two parts; the line of `mid–1st century` links nothing.
    else if (link !== undefined && item.part !== null && /^\s*(?:early|mid|late)\b/i.test(text.slice(index + link.length))) {
      items.push(item);
      item = newItem();
    } else if (comma !== undefined && isLinked) break;
  }
  if (hasTime(item)) items.push(item);
  return items;
}

const newItem = () => ({ part: null, ordinal: null, year: null, isPlural: false, unit: null, era: null, limit: null });

function spanOf(items) {
  // What an item leaves out, the next one tells: `5th–4th century B.C.`.
  for (let i = items.length - 2; i >= 0; i--) {
    const [item, next] = [items[i], items[i + 1]];
    if (item.ordinal === null && item.year === null) {
      item.ordinal = next.ordinal;
      item.year = next.year;
      item.isPlural = next.isPlural;
    }
    if (item.ordinal !== null) item.unit ??= next.unit;
    item.era ??= next.era;
  }
  for (const [i, item] of items.entries()) {
    const before = items[i - 1];
    if (before === undefined) continue;
    // `A.D. 60–70`, and the second year of `1850–60`, which lacks its hundreds.
    if (before.era === 'ce') item.era ??= 'ce';
    if (item.year !== null && before.year !== null && item.era !== 'bce' && before.era !== 'bce' && item.year.length < before.year.length) {
      item.year = before.year.slice(0, before.year.length - item.year.length) + item.year;
    }
  }
  const spans = items.map(yearsOf);
  if (spans.length === 0 || spans.includes(null)) return null;
  const [first, last] = [items[0], items.at(-1)];
  let from = Math.min(...spans.map((span) => span[0]));
  let to = Math.max(...spans.map((span) => span[1]));
  if (items.length === 1 && first.limit === 'before') {
    to = first.ordinal === null ? to : from;
    from = null;
  } else if (last.limit === 'after') to = null;
  return { from, to };
}

/** @returns {[number, number] | null} */
function yearsOf({ part, ordinal, year, isPlural, unit, era }) {
  let length;
  let start;
  if (ordinal !== null) {
    if (unit === null || ordinal === 0) return null;
    length = unit === 'century' ? 100 : 1000;
    start = era === 'bce' ? -(ordinal * length - 1) : (ordinal - 1) * length;
  } else {
    const value = Number(year);
    if (value === 0) return null;
    length = !isPlural ? 1 : value % 100 === 0 ? 100 : 10;
    start = era === 'bce' ? -(value + length - 1) : value;
  }
  const [begin, end] = PARTS.get(part) ?? [0, 1];
  const from = start + Math.floor(begin * length);
  const to = length === 1 ? start : start + Math.max(Math.floor(begin * length), Math.floor(end * length) - 1);
  // The first centuries of both eras have 99 years: there is no year 0.
  return [from === 0 ? 1 : from, to === 0 ? -1 : to];
}
