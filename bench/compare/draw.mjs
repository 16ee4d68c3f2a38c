/**
 * Pictures of what the comparison measured: recall against QPS, one curve an engine, or bars where all is exact.
 *
 *   node bench/compare/draw.mjs results.json ...                                one picture a set and family, beside the results
 *   node bench/compare/draw.mjs results.json ... --panels fashion-mnist/graph,synthetic/graph --out docs/images/recall-qps.svg
 *   --only id,id   leaves out other engines          --note "below the picture"
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../lib/measure.mjs';
import { REPOSITORY } from '../lib/setup.mjs';
import { chosenPoints, medianCurve } from './analysis.mjs';
import { qpsAtRecall, upperEdge } from './curve.mjs';
import { FAMILIES } from './families.mjs';
import { drawPanels, logAxis, recallAxis, short } from './svg.mjs';
import { FILTERED_RECALL } from './tables.mjs';

/** @typedef {import('./report.d.mts').FamilyReport} FamilyReport */

/** Curves are shown from here on: what is below is of no use to anybody. */
const RECALL_LOW = 0.8;
const RECALL_HIGH = 0.9999;

/** @param {string} name */
const shown = (name) => name.replace(/^elanus /, '');
/** @param {FamilyReport} of */
const title = ({ set, rows, dim, metric }) => `${set}, ${rows.toLocaleString('en')} × ${dim}, ${metric}`;

/** @param {FamilyReport} of */
export function panelOf(of) {
  if (of.family === 'flat') {
    const labels = [...new Set(of.engines.flatMap(({ points }) => points.map(({ label }) => label)))];
    const groups = labels.map((label) => ({
      name: label === 'batch' ? `${of.queries.toLocaleString('en')} queries in one call` : label,
      bars: of.engines.flatMap(({ name, isOwn, points }) =>
        points.filter((p) => p.label === label).map((p) => ({ name: shown(name), isOwn, value: median(p.rounds), text: short(Math.round(median(p.rounds))) })),
      ),
    }));
    return { title: `${title(of)}, exact`, unit: 'queries per second', groups };
  }
  if (FAMILIES[of.family].isFiltered) {
    const chosen = of.engines.flatMap((engine) => chosenPoints(engine, FILTERED_RECALL).map((one) => ({ ...one, isOwn: engine.isOwn })));
    const groups = [...new Set(chosen.map(({ filter }) => filter))].map((filter) => ({
      name: filter,
      bars: chosen
        .filter((one) => one.filter === filter && one.isReached)
        .map(({ name, asked, isOwn, point }) => ({ name: `${shown(name)}${asked && `, ${asked}`}`, isOwn, value: median(point.rounds), text: short(Math.round(median(point.rounds))) })),
    }));
    return { title: `${title(of)}, under a filter`, unit: `queries per second, recall at least ${FILTERED_RECALL}`, groups };
  }
  const series = of.engines.map((engine) => ({ name: shown(engine.name), isOwn: engine.isOwn, points: visible(medianCurve(engine)) })).filter(({ points }) => points.length > 0);
  const all = series.flatMap(({ points }) => points);
  const x = recallAxis(all.length > 0 ? all.map((p) => p.x) : [RECALL_LOW], of.k);
  return { title: title(of), x, y: logAxis('queries per second, one thread', all.length > 0 ? all.map((p) => p.y) : [1, 10]), series };
}

/** The part of a curve within the picture; of points beyond its right edge the fastest stands at the edge. @param {{ recall: number, qps: number }[]} curve */
function visible(curve) {
  const edge = upperEdge(curve.map(({ recall, qps }) => ({ recall: Math.min(recall, RECALL_HIGH), qps })));
  const points = edge.filter(({ recall }) => recall >= RECALL_LOW).map(({ recall, qps }) => ({ x: recall, y: qps }));
  const start = edge.length > points.length && points.length > 0 ? qpsAtRecall(edge, RECALL_LOW) : null;
  return start === null ? points : [{ x: RECALL_LOW, y: start }, ...points];
}

/** One picture a set and family, into `bench/results`. @param {FamilyReport[]} results @param {string} name */
export function saveDrawings(results, name) {
  const folder = join(REPOSITORY, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  for (const of of results) {
    const file = join(folder, `${name}-${of.set}-${of.family}-node${process.versions.node.split('.')[0]}.local.svg`);
    writeFileSync(file, drawPanels([panelOf(of)]));
    console.log(`picture in ${file.slice(REPOSITORY.length + 1)}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: { panels: { type: 'string' }, out: { type: 'string' }, only: { type: 'string' }, note: { type: 'string' } },
  });
  const only = options.only?.split(',');
  /** @type {FamilyReport[]} */
  const results = positionals.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')).results);
  for (const of of results) if (only) of.engines.splice(0, of.engines.length, ...of.engines.filter(({ id }) => only.includes(id)));
  if (options.panels === undefined) {
    saveDrawings(results, 'drawn');
  } else {
    const panels = options.panels.split(',').map((key) => {
      // The last one counts, so that a newer file may follow an older one.
      const of = results.findLast((result) => `${result.set}/${result.family}` === key);
      if (of === undefined) throw new Error(`"panels" expected some of ${results.map((r) => `${r.set}/${r.family}`).join(', ')}, got ${key}`);
      return panelOf(of);
    });
    const out = options.out ?? 'recall-qps.svg';
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, drawPanels(panels, { note: options.note }));
    console.log(`picture in ${out}`);
  }
}
