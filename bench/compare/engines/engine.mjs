/**
 * What the comparison knows of an engine, and what the engines share. Rivals are called in the form that suits them
 * best (queries converted beforehand, no promise where they have none); Elanus is called as a user calls it, one awaited
 * `search` at a time.
 *
 * @typedef {import('../../datasets.d.mts').VectorSet} VectorSet
 * @typedef {import('../filtered-sets.d.mts').FilteredSet} FilteredSet
 * @typedef {import('../filtered-sets.d.mts').SetFilter} SetFilter
 *
 * @typedef {object} Build
 * @property {number} M @property {number} efConstruction @property {number} nlist
 * @property {number} seed @property {string} folder a place for files, emptied by the caller
 * @property {'cpu' | 'wall'} clock processor time of all threads, or the clock on the wall
 *
 * @typedef {{ buildSeconds: number, ownBytes: number, note?: string }} Built `ownBytes`: of the index with its vectors, by the engine's own count or as saved
 *
 * @typedef {{ label: string, asked?: string, filter?: SetFilter, [knob: string]: unknown }} Setting
 *   `filter`: put in by the measurement, one of the set's after the other; `asked`: where one way of asking is not to stand for another
 * @typedef {{ efs: number[], nprobes: number[], refineKs: number[], candidates: number[] }} Grid
 *   values to try: breadths of a walk, lists looked into, candidates scored again as a multiple of k, or as a number
 *
 * @typedef {object} Engine
 * @property {string} name
 * @property {string} what library, version, kind
 * @property {(set: VectorSet | FilteredSet, build: Build) => Promise<Built>} build
 * @property {(grid: Grid, k: number) => Setting[]} settings what is worth trying
 * @property {(setting: Setting) => void | Promise<void>} prepare before the passes with this setting; not timed
 * @property {(setting: Setting, count: number) => Promise<number>} pass asks the first `count` queries; milliseconds by the chosen clock
 * @property {(setting: Setting, count: number) => Promise<ArrayLike<number>[]>} rows row numbers returned for the first `count` queries
 * @property {() => void | Promise<void>} close
 */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { clockOf } from '../../lib/measure.mjs';

export const require = createRequire(import.meta.url);

/** The version of a rival that is installed. @param {string} name */
export function versionOf(name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/** One array a row. @param {import('../../datasets.d.mts').Matrix} matrix @returns {Float32Array[]} */
export const rowViews = ({ values, rows, dim }) => Array.from({ length: rows }, (_, r) => values.slice(r * dim, (r + 1) * dim));

/** @param {Grid} grid @returns {Setting[]} */
export const byEf = ({ efs }) => efs.map((ef) => ({ label: `ef ${ef}`, ef }));

/** The fields of a set's rows, none where it has none. @param {VectorSet | FilteredSet} set @returns {Record<string, string[]>} */
export const columnsOf = (set) => ('columns' in set ? set.columns : {});

/** Size of a file that is then removed. @param {string} file */
export function takeSize(file) {
  const { size } = statSync(file);
  rmSync(file);
  return size;
}

/** Bytes of all files below a folder. @param {string} folder */
export function folderBytes(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
  }
  return bytes;
}

/** Milliseconds of a piece of work in this process. @param {'cpu' | 'wall'} clock @param {() => unknown} run */
export async function timed(clock, run) {
  const now = clockOf(clock);
  const start = now();
  await run();
  return now() - start;
}

/** Parts of a product code, for all engines alike: of four dimensions each, or of eight from 256 dimensions on. @param {number} dim */
export function codeParts(dim) {
  const each = dim < 256 ? 4 : 8;
  return dim % each === 0 ? dim / each : 1;
}
