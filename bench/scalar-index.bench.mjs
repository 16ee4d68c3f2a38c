/** `scalar-index/*`: what scalar indexes take to build, how large they are, and what a lookup in them takes beside a scan of the column, by selectivity. */
import { random } from './datasets.mjs';
import { cpuMs, median, number, ratio } from './lib/measure.mjs';
import { importSource } from './lib/source.mjs';

const SOURCE = `
export { compileFilter } from '../src/filter/compile.ts';
export { evaluate } from '../src/filter/evaluate.ts';
export { buildScalarIndex, openScalarIndex } from '../src/scalar-index/build.ts';
export { completeScalarSpec, targetOf } from '../src/scalar-index/registry.ts';
export { toColumn } from '../src/schema/values.ts';
export { BatchBudget } from '../src/schema/budget.ts';
export { columnBytes, concatColumns } from '../src/schema/column-ops.ts';
`;

const WORDS = ['amber', 'basalt', 'cobalt', 'dune', 'ember', 'fjord', 'garnet', 'heron', 'iris', 'jasper', 'kelp', 'lichen', 'moss', 'nacre', 'opal', 'pyrite'];

/** @type {{ field: string, type: string, make: (below: (n: number) => number) => unknown, indexes: [string, Record<string, unknown>?][], filters: string[] }[]} */
const CASES = [
  {
    field: 'i32', type: 'Int32', make: (below) => below(1e6), indexes: [['STL_SORT'], ['INVERTED']],
    filters: ['i32 == 500000', 'i32 < 1000', 'i32 < 10000', 'i32 < 100000', 'i32 < 500000', `i32 in [${Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1e6)}]`],
  },
  { field: 'i64', type: 'Int64', make: (below) => BigInt(below(1e6)) * 1_000_003n, indexes: [['STL_SORT']], filters: ['i64 == 123456370368', 'i64 < 100000300000'] },
  { field: 'year', type: 'Int16', make: (below) => 1900 + below(90), indexes: [['BITMAP'], ['INVERTED']], filters: ['year == 1950', 'year < 1909', 'year < 1945', 'year != 1950'] },
  { field: 'd', type: 'Double', make: (below) => below(1e9) / 7, indexes: [['STL_SORT']], filters: ['d < 100000.0', 'd < 14000000.0'] },
  {
    field: 'tag', type: 'VarChar', make: (below) => `tag-${below(1000)}`, indexes: [['INVERTED'], ['BITMAP'], ['STL_SORT']],
    filters: ["tag == 'tag-123'", "tag like 'tag-1%'", "tag like '%7'", "tag != 'tag-123'"],
  },
  {
    field: 'name', type: 'VarChar', make: (below) => `${WORDS[below(16)]} ${WORDS[below(16)]} ${below(1000)} ${WORDS[below(16)]}`, indexes: [['STL_SORT'], ['NGRAM', { min_gram: 3, max_gram: 3 }], ['NGRAM', { min_gram: 2, max_gram: 3 }]],
    filters: ["name == 'opal moss 7 iris'", "name like 'opal moss%'", "name like '%opal%'", "name like '%l 123 %'"],
  },
  {
    field: 'j', type: 'JSON', make: (below) => ({ kind: WORDS[below(16)], a: below(1e6), inner: { score: below(1000) } }),
    indexes: [['STL_SORT', { json_path: 'j["a"]', json_cast_type: 'double' }], ['BITMAP', { json_path: 'j["kind"]', json_cast_type: 'varchar' }]],
    filters: ['j["a"] < 1000', 'j["a"] < 100000', 'j["a"] < 500000', 'j["kind"] == "opal"'],
  },
];

/** @param {any} library @param {string} name @param {string} type @param {number} rows @param {(below: (n: number) => number) => unknown} make */
function columnOf({ BatchBudget, concatColumns, toColumn }, name, type, rows, make) {
  const uniform = random(1);
  const below = (/** @type {number} */ n) => Math.floor(uniform() * n);
  const field = { fieldId: 0, name, type, primaryKey: false, autoId: false, nullable: false, ...(type === 'VarChar' ? { maxLength: 100 } : {}) };
  const parts = [];
  for (let at = 0; at < rows; at += 50_000) parts.push(toColumn(field, Array.from({ length: Math.min(50_000, rows - at) }, () => make(below)), new BatchBudget()));
  return { field, column: concatColumns(parts) };
}

/** Builds in steps; tells how much processor time all of them and the longest took. @param {Generator<void, any>} steps */
function built(steps) {
  const start = cpuMs();
  let longest = 0;
  for (;;) {
    const before = cpuMs();
    const { done, value } = steps.next();
    longest = Math.max(longest, cpuMs() - before);
    if (done) return { type: value.type, sections: new Map(value.sections.map((/** @type {any} */ section) => [section.name, section.bytes])), ms: cpuMs() - start, longest };
  }
}

const nameOf = (/** @type {string} */ index, /** @type {any} */ params, /** @type {string} */ field) => `${index}${params.min_gram ? ` ${params.min_gram} to ${params.max_gram}` : ''} on ${params.json_path ?? field}`;

/** @type {import('./run.mjs').Bench} */
const builds = {
  name: 'scalar-index/build',
  about: 'Scalar indexes over the columns of one segment, built on one thread: rows a second, the longest step (between steps others have their turn), bytes a row beside those of the column, and how long opening takes, which checks all of it. In processor time.',
  needsDist: false,
  async run({ quick }) {
    const rows = quick ? 100_000 : 1_000_000;
    const library = await importSource('scalar-index-build', SOURCE);
    const measured = [];
    for (const { field: name, type, make, indexes } of CASES) {
      const { field, column } = columnOf(library, name, type, rows, make);
      for (const [index, params = {}] of indexes) {
        const { spec, path } = library.completeScalarSpec(field, { type: index, params });
        const target = library.targetOf(field, path, spec);
        const { sections, ms, longest } = built(library.buildScalarIndex(column, target, spec));
        const bytes = [...sections.values()].reduce((sum, section) => sum + section.byteLength, 0);
        const start = cpuMs();
        library.openScalarIndex(sections, target, rows);
        measured.push({ what: `${nameOf(index, params, name)} (${type})`, ms, longest, bytes: bytes / rows, columnBytes: library.columnBytes(column) / rows, openMs: cpuMs() - start });
      }
    }
    return {
      head: ['index', 'ms', 'M rows/s', 'longest step, ms', 'bytes/row', 'column, bytes/row', 'open, ms'],
      rows: measured.map(({ what, ms, longest, bytes, columnBytes, openMs }) => [what, number(ms), number(rows / ms / 1000), number(longest), number(bytes), number(columnBytes), number(openMs)]),
      figures: measured,
      notes: [`${rows.toLocaleString('en')} rows.`],
    };
  },
};

/** @type {import('./run.mjs').Bench} */
const lookups = {
  name: 'scalar-index/lookup',
  about: 'One comparison answered by an index and by a scan of the column in memory, to a bitset. Of NGRAM the candidates, which are then compared; `work` is what the planner takes a lookup for, in rows of a scan of numbers, `rows` what it expects.',
  needsDist: false,
  async run({ quick }) {
    const rows = quick ? 100_000 : 1_000_000;
    const library = await importSource('scalar-index-lookup', SOURCE);
    const measured = [];
    for (const { field: name, type, make, indexes, filters } of CASES) {
      const { field, column } = columnOf(library, name, type, rows, make);
      const scanned = filters.map((text) => {
        const leaf = library.compileFilter(text, undefined, { version: 1, fields: [field] }).predicate;
        return { text, leaf, scan: timed(() => library.evaluate(leaf, { rows, column: () => column, known: () => null }).isTrue) };
      });
      for (const [index, params = {}] of indexes) {
        const { spec, path } = library.completeScalarSpec(field, { type: index, params });
        const target = library.targetOf(field, path, spec);
        const opened = library.openScalarIndex(built(library.buildScalarIndex(column, target, spec)).sections, target, rows);
        for (const { text, leaf, scan } of scanned) {
          if (opened.answers(leaf) === 'none') continue;
          // A leaf of its own each time: what was asked last is remembered.
          const lookup = timed(() => opened.lookup({ ...leaf }).isTrue);
          measured.push({ what: nameOf(index, params, name), text, matching: scan.count, found: lookup.count, estimate: opened.estimate(leaf), work: opened.work(leaf), scanMs: scan.ms, lookupMs: lookup.ms });
        }
      }
    }
    return {
      head: ['index', 'filter', 'match', 'found', 'rows', 'work', 'scan, ms', 'lookup, ms', 'x scan'],
      rows: measured.map(({ what, text, matching, found, estimate, work, scanMs, lookupMs }) => [what, text.slice(0, 36), matching, found, Math.round(estimate), Math.round(work), number(scanMs), number(lookupMs), ratio(scanMs / lookupMs)]),
      figures: measured,
      notes: [`${rows.toLocaleString('en')} rows.`],
    };
  },
};

export const benches = [builds, lookups];

/** @param {Uint32Array} words */
function ones(words) {
  let count = 0;
  for (const word of words) for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** The median of processor time. @param {() => Uint32Array} work */
function timed(work) {
  const count = ones(work());
  const times = [];
  for (const until = performance.now() + 60; times.length < 3 || performance.now() < until; ) {
    const start = cpuMs();
    work();
    times.push(cpuMs() - start);
  }
  return { count, ms: median(times) };
}
