/**
 * Vector sets whose rows have fields, filters on them, and the exact answers under each filter: what a filtered search is
 * compared on. A filter is one value of one field, which every library that filters can be asked for.
 *
 * @typedef {import('./filtered-sets.d.mts').FilteredSet} FilteredSet
 * @typedef {import('./filtered-sets.d.mts').SetFilter} SetFilter
 */
import { hasDataset, random, readData, readI8, readJsonl, syntheticVectors } from '../datasets.mjs';

const DEBIAN = 'debian-packages-text';
const DEBIAN_FILTERS = [['arch', 'all'], ['section', 'python'], ['section', 'games'], ['priority', 'required']];
/** Value of the synthetic set's field, and the share of the rows that have it; the others have another. @type {[string, number][]} */
const SYNTHETIC_SHARES = [['half', 0.5], ['tenth', 0.1], ['hundredth', 0.01], ['thousandth', 0.001]];

export const FILTERED_SET_NAMES = [DEBIAN, 'synthetic'];

/**
 * Null where the set is not on this machine.
 * @param {string} name one of FILTERED_SET_NAMES
 * @param {{ rows?: number, queries?: number, k?: number, seed?: number }} [options] the first `rows` and `queries`; 200 queries unless told
 * @returns {FilteredSet | null}
 */
export function loadFilteredSet(name, { rows, queries = 200, k = 10, seed = 1 } = {}) {
  if (name === 'synthetic') return synthetic(rows ?? 100_000, queries, k, seed);
  if (name !== DEBIAN) throw new RangeError(`"name" expected one of ${FILTERED_SET_NAMES.join(', ')}, got ${name}`);
  return hasDataset(name) ? debian(rows ?? Infinity, queries, k) : null;
}

/**
 * Rows by their text (LSA), with fields of a package. Queries are rows themselves. The seven rows of zeros are left out: they have no
 * cosine, and a library that finds NaN for one answers wrongly for others as well.
 * @param {number} most @param {number} queries @param {number} k
 */
function debian(most, queries, k) {
  const all = readI8(`${DEBIAN}/lsa96.i8`, 96);
  const { dim } = all;
  const kept = Array.from({ length: all.rows }, (_, row) => row).filter((row) => all.values.subarray(row * dim, (row + 1) * dim).some((x) => x !== 0)).slice(0, most);
  /** @param {number[]} rows @returns {import('../datasets.d.mts').Matrix} */
  const matrix = (rows) => {
    const values = new Float32Array(rows.length * dim);
    rows.forEach((row, r) => values.set(all.values.subarray(row * dim, (row + 1) * dim), r * dim));
    return { values: unit(values, dim), rows: rows.length, dim };
  };
  const isKept = new Set(kept);
  const asked = JSON.parse(new TextDecoder().decode(readData(`${DEBIAN}/query_rows.json`))).filter((/** @type {number} */ row) => isKept.has(row)).slice(0, queries);
  const packages = readJsonl(`${DEBIAN}/packages.jsonl.gz`);
  const columns = Object.fromEntries(['arch', 'section', 'priority'].map((field) => [field, kept.map((row) => String(packages[row][field]))]));
  return complete({ name: DEBIAN, seed: null, metric: 'COSINE', base: matrix(kept), queries: matrix(asked), k, columns }, DEBIAN_FILTERS);
}

/** Rows of every value lie anywhere: the field says nothing about the vector. @param {number} rows @param {number} queries @param {number} k @param {number} seed */
function synthetic(rows, queries, k, seed) {
  const set = syntheticVectors({ rows, queries, seed });
  const uniform = random(seed + 7_919);
  const kind = Array.from({ length: rows }, () => {
    let at = uniform();
    for (const [value, share] of SYNTHETIC_SHARES) if ((at -= share) < 0) return value;
    return 'other';
  });
  return complete({ name: 'synthetic', seed, metric: 'L2', ...set, k, columns: { kind } }, SYNTHETIC_SHARES.map(([value]) => ['kind', value]));
}

/** Brings rows to unit length in place; none may be all zeros. @param {Float32Array} values @param {number} dim */
function unit(values, dim) {
  for (let at = 0; at < values.length; at += dim) {
    let squares = 0;
    for (let i = at; i < at + dim; i++) squares += values[i] ** 2;
    const inverse = 1 / Math.sqrt(squares);
    for (let i = at; i < at + dim; i++) values[i] *= inverse;
  }
  return values;
}

/**
 * Distance of a row and a query: 1 - cosine of rows of unit length, or squared Euclidean. In double precision.
 * @param {Pick<FilteredSet, 'metric' | 'base' | 'queries'>} set @param {number} row @param {number} query
 */
export function distanceOf({ metric, base, queries }, row, query) {
  const { dim } = base;
  let dot = 0, squares = 0;
  for (let i = 0, p = row * dim, q = query * dim; i < dim; i++) {
    const x = base.values[p + i], y = queries.values[q + i];
    dot += x * y;
    squares += (x - y) ** 2;
  }
  return metric === 'COSINE' ? 1 - dot : squares;
}

/**
 * Adds the filters and, for each, the distance of the last of the exact hits, by comparing everything.
 * @param {Omit<FilteredSet, 'limits' | 'filters'>} set @param {string[][]} pairs @returns {FilteredSet}
 */
function complete(set, pairs) {
  const { base, queries, columns, k } = set;
  const filters = pairs
    .map(([field, value]) => {
      const matches = Uint8Array.from(columns[field], (of) => Number(of === value));
      const count = matches.reduce((a, b) => a + b, 0);
      return { name: `${field} = ${value}`, field, value, matches, count, limits: new Float64Array(queries.rows) };
    })
    .filter(({ count }) => count > 0);
  const limits = new Float64Array(queries.rows);
  const everything = [{ matches: new Uint8Array(base.rows).fill(1), count: base.rows, limits }, ...filters];
  const distances = new Float64Array(base.rows);
  for (let q = 0; q < queries.rows; q++) {
    for (let row = 0; row < base.rows; row++) distances[row] = distanceOf(set, row, q);
    for (const { matches, count, limits: of } of everything) of[q] = distances.filter((_, row) => matches[row] === 1).sort()[Math.min(k, count) - 1];
  }
  return { ...set, limits, filters };
}

/**
 * Recall by distance under a filter, and how many hits came back: a hit counts when its row matches and is no farther than the
 * last of the exact hits. Of a filter that fewer than k rows match, all of them are asked for. Means over the queries, `hits` of `hitsMost`.
 * @param {FilteredSet} set @param {SetFilter} filter @param {ArrayLike<number>[]} lists rows returned for the first queries
 */
export function filteredRecall(set, filter, lists) {
  const hitsMost = Math.min(set.k, filter.count);
  let good = 0, hits = 0;
  lists.forEach((list, q) => {
    const rows = new Set(Array.from(list).slice(0, set.k).filter((row) => filter.matches[row] === 1));
    const limit = filter.limits[q] + 1e-6 * Math.max(1, Math.abs(filter.limits[q]));
    hits += rows.size;
    for (const row of rows) if (distanceOf(set, row, q) <= limit) good++;
  });
  return { recall: good / (lists.length * hitsMost), hits: hits / lists.length, hitsMost };
}

/**
 * The filter in Elanus's language: a number writes it with other blanks, the n-th in a way of its own, so that it is a text that
 * was never asked before and yet the same filter.
 * @param {SetFilter} filter @param {number} [n] below 2 ** 32
 */
export function filterText({ field, value }, n) {
  const blanks = n === undefined ? '' : n.toString(2).replaceAll('0', ' ').replaceAll('1', '\t');
  return `${field} == ${JSON.stringify(value)}${blanks}`;
}

/** The same as SQL for LanceDB. @param {SetFilter} filter */
export const filterSql = ({ field, value }) => `${field} = '${value.replaceAll("'", "''")}'`;
