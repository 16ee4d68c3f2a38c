/** Curves of recall over time, in the form that the chart draws. */

/** Of the axis of times: its end over its beginning. */
const SPAN_MIN = 5;

export interface CurvePoint {
  /** Mean time of a search. */
  readonly ms: number;
  /** 0 to 1. */
  readonly recall: number;
  /** Of the setting: `ef 64`. */
  readonly label: string;
}

export interface Curve {
  readonly name: string;
  /** Number of its colour. */
  readonly tone: number;
  readonly points: readonly CurvePoint[];
}

/** All times in ascending order, and for every curve its recall at those that are its own. */
export function aligned(curves: readonly Curve[]): (number | null)[][] {
  const all = curves.flatMap(({ points }, curve) => points.map(({ ms, recall }) => ({ ms, recall, curve }))).sort((a, b) => a.ms - b.ms || a.recall - b.recall);
  return [all.map(({ ms }) => ms), ...curves.map((_, i) => all.map(({ recall, curve }) => (curve === i ? recall : null)))];
}

/** With room at both sides; small differences stay small. */
export function timeBounds(curves: readonly Curve[]): [number, number] {
  const times = curves.flatMap(({ points }) => points.map(({ ms }) => ms));
  const [least, most] = [Math.min(...times) / 1.25, Math.max(...times) * 1.4];
  const widen = Math.max(1, Math.sqrt((SPAN_MIN * least) / most));
  return [least / widen, most * widen];
}

/** Digits of the times that an axis names, the most of them first. */
const DIGITS = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];

/** Round times between two, as many as there is room for, but one at least. */
export function timeSplits(from: number, to: number, room: number): number[] {
  let splits: number[] = [];
  for (const digits of DIGITS) {
    const fewer: number[] = [];
    for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++) {
      for (const digit of digits) {
        const split = Number(`${digit}e${power}`);
        if (split >= from && split <= to) fewer.push(split);
      }
    }
    if (fewer.length === 0) break;
    splits = fewer;
    if (splits.length <= room) break;
  }
  return splits;
}

/** From a round share below the least to just above all. */
export function recallBounds(curves: readonly Curve[]): [number, number] {
  const least = Math.min(...curves.flatMap(({ points }) => points.map(({ recall }) => recall)));
  const step = least > 0.85 ? 0.05 : 0.1;
  const from = Math.max(0, Math.floor((least - 0.01) / step) * step);
  return [from, 1 + (1 - from) * 0.04];
}
