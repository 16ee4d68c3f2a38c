/** One family of engines on one set: built one after the other, all kept, then measured in rounds whose order rotates. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recall } from '../datasets.mjs';
import { number, settle } from '../lib/measure.mjs';
import { filteredRecall } from './filtered-sets.mjs';

/** @typedef {import('./engines/engine.mjs').Engine} Engine */
/** @typedef {import('./engines/engine.mjs').Setting} Setting */
/** @typedef {import('../datasets.d.mts').VectorSet} VectorSet */
/** @typedef {import('./filtered-sets.d.mts').FilteredSet} FilteredSet */

/** A slow pass asks the first queries only, but never fewer than this. */
const LEAST_QUERIES = 10;
/** Recall of a slow engine is taken over fewer queries than there are, and never over fewer than this. */
const LEAST_RECALL = 50;
/** Every setting has this many rounds at least, whatever they take. */
const LEAST_ROUNDS = 3;

/**
 * @typedef {object} Pace in milliseconds
 * @property {number} warm every engine searches this long before anything counts: compilers take thousands of searches to reach their best
 * @property {number} pass a pass is repeated until it takes this long, so that a clock can tell
 * @property {number} passMost a pass asks no more queries than fit
 * @property {number} recall the queries of which recall is taken fit in this
 * @property {number} setting one that has used this up sits out the remaining rounds
 *
 * @typedef {object} Options
 * @property {Omit<import('./engines/engine.mjs').Build, 'folder'>} build
 * @property {import('./engines/engine.mjs').Grid} grid
 * @property {number} rounds
 * @property {Pace} pace
 * @property {boolean} allRows
 * @property {import('./families.mjs').Context} context
 */

/**
 * @param {VectorSet | FilteredSet} set every setting is measured under each of its filters, where it has any
 * @param {string} familyName
 * @param {import('./families.mjs').Entry[]} entries
 * @param {Options} options
 */
export async function measureFamily(set, familyName, entries, { build, grid, rounds, pace, allRows, context }) {
  const folder = mkdtempSync(join(tmpdir(), 'elanus-bench-'));
  /** @type {{ engine: Engine, settings: Setting[], report: import('./report.d.mts').EngineReport }[]} */
  const built = [];
  /** @type {{ id: string, why: string }[]} */
  const skipped = [];
  const skip = (/** @type {string} */ id, /** @type {string} */ why) => {
    skipped.push({ id, why });
    console.log(`skipped ${id}: ${why}`);
  };
  try {
    for (const entry of entries) {
      if (entry.metrics && !entry.metrics.includes(set.metric)) {
        skip(entry.id, `knows ${entry.metrics.join(', ')} alone`);
        continue;
      }
      if (entry.maxRows !== undefined && set.base.rows > entry.maxRows && !allRows) {
        skip(entry.id, `too slow for more than ${entry.maxRows.toLocaleString('en')} rows (--all-rows measures it nevertheless)`);
        continue;
      }
      /** @type {Engine} */ let engine;
      try {
        engine = await entry.make(context);
      } catch (error) {
        skip(entry.id, `not installed: ${firstLine(error)}`);
        continue;
      }
      await settle();
      try {
        const { buildSeconds, ownBytes, note } = await engine.build(set, { ...build, folder });
        built.push({
          engine,
          settings: underFilters(engine.settings(grid, set.k), set),
          report: { id: entry.id, name: engine.name, what: engine.what, isOwn: entry.isOwn === true, buildSeconds, ownBytes, ...(note && { note }), points: [] },
        });
        console.log(`built ${engine.name}: ${number(buildSeconds)} s${note ? ` (${note})` : ''}`);
      } catch (error) {
        await engine.close();
        const code = /** @type {{ code?: unknown }} */ (error).code;
        // An index or a parameter that this version does not serve; anything else of ours is a bug and stops the run.
        if (entry.isOwn && code !== 'NOT_SUPPORTED' && code !== 'INVALID_ARGUMENT') throw error;
        skip(entry.id, `${entry.isOwn ? 'not served' : 'failed to build'}: ${firstLine(error)}`);
      }
    }

    /** @type {{ engine: Engine, setting: Setting, count: number, times: number, spent: number, rounds: number[] }[][]} */
    const plans = [];
    for (const { engine, settings, report } of built) {
      const plan = [];
      await engine.prepare(settings[0]);
      for (let ms = 0; ms < pace.warm; ) ms += Math.max(0.1, await engine.pass(settings[0], Math.min(LEAST_QUERIES, set.queries.rows)));
      for (const setting of settings) {
        await engine.prepare(setting);
        const few = Math.min(setting.batch ? set.queries.rows : LEAST_QUERIES, set.queries.rows);
        await engine.pass(setting, few);
        const msEach = (await engine.pass(setting, few)) / few;
        const forRecall = Math.min(set.queries.rows, Math.max(LEAST_RECALL, Math.floor(pace.recall / msEach)));
        const rows = await engine.rows(setting, forRecall);
        const count = Math.min(set.queries.rows, Math.max(LEAST_QUERIES, Math.floor(pace.passMost / msEach)));
        const times = Math.max(1, Math.ceil(pace.pass / (count * msEach)));
        const point = { label: setting.label, ...judged(set, setting, rows), queries: count * times, rounds: /** @type {number[]} */ ([]) };
        report.points.push(point);
        plan.push({ engine, setting, count, times, spent: 0, rounds: point.rounds });
      }
      plans.push(plan);
      console.log(`recall of ${engine.name}: ${report.points.map((p) => p.recall.toFixed(3)).join(' ')}`);
    }

    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < Math.max(0, ...plans.map((plan) => plan.length)); i++) {
        for (let turn = 0; turn < plans.length; turn++) {
          const step = plans[(turn + round) % plans.length][i];
          if (step === undefined || (step.spent > pace.setting && round >= LEAST_ROUNDS)) continue;
          await step.engine.prepare(step.setting);
          let ms = 0;
          for (let t = 0; t < step.times; t++) ms += await step.engine.pass(step.setting, step.count);
          step.spent += ms;
          step.rounds.push((1000 * step.count * step.times) / ms);
        }
      }
    }
  } finally {
    for (const { engine } of built) await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { set: set.name, family: familyName, metric: set.metric, rows: set.base.rows, dim: set.base.dim, queries: set.queries.rows, k: set.k, nlist: build.nlist, skipped, engines: built.map(({ report }) => report) };
}

/** @param {Setting[]} settings @param {VectorSet | FilteredSet} set @returns {Setting[]} */
const underFilters = (settings, set) => ('filters' in set ? set.filters.flatMap((filter) => settings.map((setting) => ({ ...setting, filter }))) : settings);

/** Recall over the first queries, and what a point says of its filter. @param {VectorSet | FilteredSet} set @param {Setting} setting @param {ArrayLike<number>[]} lists */
function judged(set, { filter, asked }, lists) {
  if (filter && 'filters' in set) return { filter: filter.name, share: filter.count / set.base.rows, ...(asked && { asked }), ...filteredRecall(set, filter, lists) };
  return { recall: recall({ ...set, queries: { ...set.queries, rows: lists.length } }, (q) => lists[q]) };
}

/** @param {unknown} error */
const firstLine = (error) => String(/** @type {Error} */ (error).message ?? error).split('\n')[0];
