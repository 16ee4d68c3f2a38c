/** Markdown tables of what the comparison measured. */
import { median, megabytes, number, quantile, ratio, table } from '../lib/measure.mjs';
import { atRecall, chosenPoints, ratioAtRecall, ratioAtSetting, ratioOfChosen } from './analysis.mjs';
import { FAMILIES } from './families.mjs';

/** @typedef {import('./report.d.mts').FamilyReport} FamilyReport */

export const RECALLS = [0.95, 0.97, 0.99];
/** Under a filter, the fastest setting with this recall stands for an engine. */
export const FILTERED_RECALL = 0.95;

/** @param {FamilyReport} of */
export const titleOf = ({ set, rows, dim, metric, family }) => `${set}, ${rows.toLocaleString('en')} x ${dim}, ${metric}: ${FAMILIES[family].about}`;

/** Every measured point. @param {FamilyReport} of */
export function pointTable({ engines, family, k }) {
  const { isFiltered } = FAMILIES[family];
  const rows = engines.flatMap(({ name, points }) =>
    points.map((p) => [name, ...(isFiltered ? [p.filter ?? '', p.asked ?? ''] : []), p.label, p.recall.toFixed(4), number(median(p.rounds)), `${number(quantile(p.rounds, 0.1))}-${number(quantile(p.rounds, 0.9))}`]),
  );
  return table(['engine', ...(isFiltered ? ['filter', 'asked'] : []), 'setting', `recall@${k}`, 'QPS', '10-90 %'], rows);
}

/**
 * Speed of each engine, and how many times as fast as each rival it is: at equal recall, or setting by setting in an
 * exact family, or filter by filter in a filtered one.
 * @param {FamilyReport} of
 */
export function speedTable(of) {
  const { engines, family, k } = of;
  if (FAMILIES[family].isFiltered) return filteredTable(of);
  const rivals = engines.filter(({ isOwn }) => !isOwn);
  const heads = rivals.map(({ name }) => `x ${name}`);
  if (FAMILIES[family].isExact) {
    const rows = engines.flatMap((e) => e.points.map((p) => [e.name, p.label, p.recall.toFixed(4), number(median(p.rounds)), ...rivals.map((rival) => ratio(ratioAtSetting(e, rival, p.label)))]));
    return table(['engine', 'asked', `recall@${k}`, 'QPS', ...heads], rows);
  }
  const rows = RECALLS.flatMap((target) =>
    engines.map((e) => {
      const qps = atRecall(e, target);
      return [e.name, target.toFixed(2), qps === null ? 'not reached' : number(qps), ...rivals.map((rival) => ratio(ratioAtRecall(e, rival, target)))];
    }),
  );
  return table(['engine', `recall@${k}`, 'QPS', ...heads], rows);
}

/** Speed under each filter, of every engine's fastest setting with enough recall. @param {FamilyReport} of */
function filteredTable({ engines, k }) {
  const chosen = engines.flatMap((e) => chosenPoints(e, FILTERED_RECALL));
  const rivals = engines.filter(({ isOwn }) => !isOwn);
  const filters = [...new Set(chosen.map(({ filter }) => filter))];
  const rows = filters.flatMap((filter) => {
    const here = chosen.filter((one) => one.filter === filter);
    return here.map((one) => {
      const { label, recall, rounds, share = NaN, hits = NaN, hitsMost = NaN } = one.point;
      const ratios = rivals.map(({ name }) => ratio(ratioOfChosen(one, here.find((other) => other.name === name))));
      const qps = one.isReached ? number(median(rounds)) : 'not reached';
      return [`${filter} (${+(100 * share).toPrecision(2)} %)`, one.name, one.asked || 'evaluated each time', label, recall.toFixed(4), `${+hits.toFixed(2)} of ${hitsMost}`, qps, ...ratios];
    });
  });
  return table(['filter', 'engine', 'filter is', 'setting', `recall@${k}`, 'hits', 'QPS', ...rivals.map(({ name }) => `x ${name}`)], rows);
}

/** Build seconds (and the rival's by this one's) and bytes, of the index with its vectors. @param {FamilyReport} of */
export function buildTable({ engines, rows, dim }) {
  const rivals = engines.filter(({ isOwn }) => !isOwn);
  const data = rows * dim * 4;
  return table(
    ['engine', 'build s', ...rivals.map(({ name }) => `x ${name}`), 'index and vectors', 'bytes/row', 'bytes per byte of data'],
    engines.map((e) => {
      const own = e.ownBytes ?? NaN;
      return [e.name, number(e.buildSeconds), ...rivals.map((rival) => ratio(rival.buildSeconds / e.buildSeconds)), megabytes(own), number(own / rows), number(own / data)];
    }),
  );
}

/** Who was left out, and why. @param {FamilyReport} of */
export const skippedLines = ({ skipped }) => skipped.map(({ id, why }) => `Left out: ${id}, ${why}.`);

/** The results of several runs, the last of each set and family. @param {{ results: FamilyReport[] }[]} runs @returns {FamilyReport[]} */
export function merged(runs) {
  /** @type {Map<string, FamilyReport>} */
  const byKey = new Map();
  for (const of of runs.flatMap(({ results }) => results)) byKey.set(`${of.set} ${of.rows} ${of.family}`, of);
  return [...byKey.values()];
}

/** Our fastest index of each family at each recall against every rival, a row for each set and rival. @param {FamilyReport[]} results */
export function summaryTable(results) {
  const rows = results.flatMap((of) => {
    if (FAMILIES[of.family].isFiltered) return filteredSummary(of);
    const own = of.engines.filter(({ isOwn }) => isOwn);
    return of.engines
      .filter(({ isOwn }) => !isOwn)
      .map((rival) => {
        const head = [`${of.set}, ${of.rows.toLocaleString('en')} x ${of.dim}`, of.family, rival.name];
        if (FAMILIES[of.family].isExact) {
          const [one, batch] = ['one query', 'batch'].map((label) => best(own.map((e) => [e.name, ratioAtSetting(e, rival, label)])));
          return [...head, one, batch, '-'];
        }
        return [...head, ...RECALLS.map((target) => best(own.map((e) => [e.name, ratioAtRecall(e, rival, target)])))];
      });
  });
  return table(['set', 'family', 'rival', '0.95 / one query', '0.97 / batch', '0.99'], rows);
}

/** A row for each rival and filter, at the one recall. @param {FamilyReport} of */
function filteredSummary(of) {
  const own = of.engines.filter(({ isOwn }) => isOwn).flatMap((e) => chosenPoints(e, FILTERED_RECALL));
  return of.engines
    .filter(({ isOwn }) => !isOwn)
    .flatMap((rival) =>
      chosenPoints(rival, FILTERED_RECALL).map((to) => {
        const ratios = own.filter(({ filter }) => filter === to.filter).map((one) => /** @type {[string, number | null]} */ ([`${one.name}, ${one.asked}`, ratioOfChosen(one, to)]));
        return [`${of.set}, ${of.rows.toLocaleString('en')} x ${of.dim}`, `${of.family}, ${to.filter}`, rival.name, best(ratios), '-', '-'];
      }),
    );
}

/** @param {[string, number | null][]} ratios */
function best(ratios) {
  const reached = ratios.filter((entry) => entry[1] !== null).sort((a, b) => Number(b[1]) - Number(a[1]));
  return reached.length === 0 ? '-' : `${ratio(reached[0][1])} (${reached[0][0].replace(/^elanus /, '')})`;
}
