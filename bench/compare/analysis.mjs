/**
 * From what was measured to what is compared. A point holds one QPS per round; a ratio is taken within each round and
 * the median over the rounds counts.
 *
 * @typedef {{ label: string, recall: number, rounds: number[], filter?: string, share?: number, asked?: string, hits?: number, hitsMost?: number }} Point
 * @typedef {{ name: string, points: Point[] }} Measured
 * @typedef {{ name: string, filter: string, asked: string, point: Point, isReached: boolean }} Chosen what stands for an engine under a filter
 */
import { median } from '../lib/measure.mjs';
import { qpsAtRecall, upperEdge } from './curve.mjs';

/** A slow point has fewer rounds than others: its median stands for the missing ones. @param {Point} point @param {number} round */
const inRound = ({ rounds }, round) => rounds[round] ?? median(rounds);

/** @param {Measured} of */
const roundsOf = (of) => Math.max(...of.points.map(({ rounds }) => rounds.length));

/** An engine's curve in one round: the upper edge of what was measured in it. @param {Measured} of @param {number} round */
const curve = (of, round) => upperEdge(of.points.map((p) => ({ recall: p.recall, qps: inRound(p, round) })));

/** An engine's curve over all rounds: the upper edge of its points' medians. @param {Measured} of */
export const medianCurve = (of) => upperEdge(of.points.map((p) => ({ label: p.label, recall: p.recall, qps: median(p.rounds) })));

/** Median of a figure over rounds; null where it is null in one. @param {number} rounds @param {(round: number) => number | null} figure */
function overRounds(rounds, figure) {
  const each = Array.from({ length: rounds }, (_, round) => figure(round));
  return each.includes(null) ? null : median(/** @type {number[]} */ (each));
}

/** QPS at a recall; null where the engine does not reach it. @param {Measured} of @param {number} recall */
export const atRecall = (of, recall) => overRounds(roundsOf(of), (round) => qpsAtRecall(curve(of, round), recall));

/** How many times as fast one engine is as another at a recall; null where one does not reach it. @param {Measured} of @param {Measured} to @param {number} recall */
export function ratioAtRecall(of, to, recall) {
  return overRounds(Math.max(roundsOf(of), roundsOf(to)), (round) => {
    const a = qpsAtRecall(curve(of, round), recall);
    const b = qpsAtRecall(curve(to, round), recall);
    return a === null || b === null ? null : a / b;
  });
}

/** The same for one setting that both have, whatever the recall; null where one has not. @param {Measured} of @param {Measured} to @param {string} label */
export function ratioAtSetting(of, to, label) {
  const a = of.points.find((p) => p.label === label);
  const b = to.points.find((p) => p.label === label);
  if (a === undefined || b === undefined) return null;
  return ratioOfPoints(a, b);
}

/** @param {Point} a @param {Point} b */
const ratioOfPoints = (a, b) => overRounds(Math.max(a.rounds.length, b.rounds.length), (round) => inRound(a, round) / inRound(b, round));

/**
 * For each filter and way of asking, the fastest point whose recall is enough; where none is, the one with the best recall.
 * Filters in the order in which they were measured.
 * @param {Measured} of @param {number} least @returns {Chosen[]}
 */
export function chosenPoints({ name, points }, least) {
  /** @type {Map<string, Point[]>} */
  const groups = new Map();
  for (const point of points) {
    const key = `${point.filter}\n${point.asked ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups.values()].map((group) => {
    const enough = group.filter(({ recall }) => recall >= least);
    const [point] = enough.length > 0 ? enough.sort((a, b) => median(b.rounds) - median(a.rounds)) : group.sort((a, b) => b.recall - a.recall);
    return { name, filter: point.filter ?? '', asked: point.asked ?? '', point, isReached: enough.length > 0 };
  });
}

/** How many times as fast one is as another; null where the recall of one is not enough. @param {Chosen} of @param {Chosen | undefined} to */
export const ratioOfChosen = (of, to) => (of.isReached && to?.isReached ? ratioOfPoints(of.point, to.point) : null);
