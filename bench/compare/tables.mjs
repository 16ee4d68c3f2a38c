/** Markdown tables of what the comparison measured. */
import { median, megabytes, number, quantile, ratio, table } from '../lib/measure.mjs';
import { atRecall, ratioAtRecall, ratioAtSetting } from './analysis.mjs';
import { FAMILIES } from './families.mjs';

/** @typedef {import('./report.d.mts').FamilyReport} FamilyReport */

export const RECALLS = [0.95, 0.97, 0.99];

/** @param {FamilyReport} of */
export const titleOf = ({ set, rows, dim, metric, family }) => `${set}, ${rows.toLocaleString('en')} x ${dim}, ${metric}: ${FAMILIES[family].about}`;

/** Every measured point. @param {FamilyReport} of */
export function pointTable({ engines, k }) {
  const rows = engines.flatMap(({ name, points }) =>
    points.map((p) => [name, p.label, p.recall.toFixed(4), number(median(p.rounds)), `${number(quantile(p.rounds, 0.1))}-${number(quantile(p.rounds, 0.9))}`]),
  );
  return table(['engine', 'setting', `recall@${k}`, 'QPS', '10-90 %'], rows);
}

/**
 * Speed of each engine, and how many times as fast as each rival it is: at equal recall, or setting by setting in an
 * exact family.
 * @param {FamilyReport} of
 */
export function speedTable({ engines, family, k }) {
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

/** @param {[string, number | null][]} ratios */
function best(ratios) {
  const reached = ratios.filter((entry) => entry[1] !== null).sort((a, b) => Number(b[1]) - Number(a[1]));
  return reached.length === 0 ? '-' : `${ratio(reached[0][1])} (${reached[0][0].replace(/^elanus /, '')})`;
}
