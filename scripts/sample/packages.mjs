/**
 * Packages of Debian 12, and a latent space of their names and descriptions, in which a page places them and what is typed.
 *
 * - `packages-space.gz`: the space (`docs/format/latent-space.md`). It is fitted to the name, text, section and tags of all
 *   rows, so that words of one purpose keep company, and then used for names and texts alone.
 * - `packages-N.gz`: JSON, an array per field: `name`, `text`, `size` (bytes), `installed_kb`, `n_depends`; `section`, `priority`
 *   and `arch` as { words, rows }, where a row's number says which of the words it has; `tags` likewise with arrays of numbers;
 *   `essential`: the numbers of the block's rows that are.
 *
 * No vectors travel: a page makes them of the texts. The first block is a sample of all sections, programs before libraries,
 * so that searches find something when it is there; the others are in the order of the archive's index, without those.
 */
import { join } from 'node:path';
import { blocksOf, readLines } from './parts.mjs';

const FIRST_BLOCK = 2_000;
const PER_BLOCK = 4_000;
/** Of every section in the first block, at least, where there are so many. */
const PER_SECTION = 10;
const DIM = 128;
/** More terms know rarer words, and take more bytes. */
const MAX_TERMS = 8_000;
const BITS = 4;

/** Facets of tags that say how a package is made, and not what it is for. */
const HOW = new Set(['role', 'implemented-in', 'devel', 'interface', 'uitoolkit', 'suite', 'scope', 'special', 'culture', 'x11']);

/** What the space is fitted to of a package. */
function textOf({ name, text, section, tags }) {
  const purposes = tags.map((tag) => tag.split('::')).filter(([facet]) => !HOW.has(facet));
  return [name, text, section, ...purposes.map(([, purpose]) => purpose)].join(' ');
}

export async function makePackages(data, parts) {
  // The built package, as a page has it.
  const { fitLatentSpace } = await import('elanus');
  const rows = inOrder(readLines(join(data, 'debian-packages-text/packages.jsonl.gz')));
  const space = await fitLatentSpace(rows.map(textOf), { dim: DIM, maxTerms: MAX_TERMS });
  return {
    rows: rows.length,
    dim: DIM,
    space: { id: space.id, ...parts.write('packages-space.gz', space.toBytes({ bits: BITS })) },
    blocks: blocksOf(rows.length, FIRST_BLOCK, PER_BLOCK).map(({ from, to }, i) => ({ rows: to - from, ...parts.writeJson(`packages-${i}.gz`, columnsOf(rows.slice(from, to))) })),
  };
}

/** Programs that people start, before what other programs need. */
function appeal({ name, tags }) {
  const has = (start) => tags.some((tag) => tag.startsWith(start));
  return 4 * has('role::program') + 2 * has('use::') + has('interface::') + has('works-with::') - 4 * /^lib|-(?:dev|doc|dbg|data|common|bin|perl|java)$|^(?:python|ruby|node|golang|r-cran)-/.test(name);
}

/** The first block's rows, some of every section and then of those that appeal most, and all others as they were. */
function inOrder(rows) {
  const ranked = rows
    .map((row) => ({ row, appeal: appeal(row), lot: lotOf(row.name) }))
    .sort((a, b) => b.appeal - a.appeal || a.lot - b.lot)
    .map(({ row }) => row);
  const perSection = new Map();
  const isOfFew = ({ section }) => {
    const seen = perSection.get(section) ?? 0;
    perSection.set(section, seen + 1);
    return seen < PER_SECTION;
  };
  const some = new Set(ranked.filter(isOfFew));
  const first = [...some, ...ranked.filter((row) => !some.has(row))].slice(0, FIRST_BLOCK);
  const taken = new Set(first);
  return [...first, ...rows.filter((row) => !taken.has(row))];
}

/** A number that has nothing to do with the alphabet (FNV-1a). */
function lotOf(name) {
  let lot = 0x811c9dc5;
  for (const byte of Buffer.from(name)) lot = Math.imul(lot ^ byte, 0x01000193) >>> 0;
  return lot;
}

function columnsOf(rows) {
  const column = (name) => rows.map((row) => row[name]);
  return {
    name: column('name'),
    text: column('text'),
    section: coded(column('section')),
    priority: coded(column('priority')),
    arch: coded(column('arch')),
    size: column('size'),
    installed_kb: column('installed_kb'),
    n_depends: column('n_depends'),
    tags: codedLists(column('tags')),
    essential: rows.flatMap(({ essential }, row) => (essential ? [row] : [])),
  };
}

function coded(values) {
  const words = [...new Set(values)].sort();
  return { words, rows: values.map((value) => words.indexOf(value)) };
}

function codedLists(lists) {
  const words = [...new Set(lists.flat())].sort();
  const codes = new Map(words.map((word, code) => [word, code]));
  return { words, rows: lists.map((list) => list.map((word) => codes.get(word))) };
}
