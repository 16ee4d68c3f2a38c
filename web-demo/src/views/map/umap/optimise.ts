/**
 * Lays out a fuzzy set on a plane: stochastic gradient descent with negative sampling (McInnes, Healy, Melville 2018,
 * arXiv:1802.03426, algorithm 5). An edge is visited as often as it weighs; it pulls its two rows together, and pushes its
 * head away from some rows taken by chance. The same set, beginning and seed give the same layout.
 */
import { fitCurve, type Curve } from './curve.ts';
import type { FuzzySet } from './fuzzy-set.ts';

export interface LayoutOptions {
  /** Where the rows are at first, about -10 to 10 in both directions, shape (rows, 2). Copied. */
  readonly positions: Float32Array;
  readonly epochs?: number;
  readonly seed?: number;
  /** How close rows may come. More than 0. */
  readonly minDist?: number;
  readonly spread?: number;
}

const NEGATIVES = 5;
const STEP_MAX = 4;
/** Keeps the push between rows that lie on each other finite, as the authors' code does. */
const NEAR = 0.001;

/** Few rows need more rounds to settle. */
export const epochsFor = (rows: number): number => (rows <= 2500 ? 500 : rows <= 5000 ? 400 : rows <= 12_000 ? 300 : 200);

export class Layout {
  /** Shape (rows, 2); changes with every step. */
  readonly positions: Float32Array;
  readonly epochs: number;
  #epoch = 0;
  readonly #set: FuzzySet;
  /** Epochs between two visits of an edge; Infinity where it weighs too little to be visited. */
  readonly #every: Float32Array;
  readonly #next: Float32Array;
  readonly #nextNegative: Float32Array;
  readonly #forces: Forces;
  readonly #random: Uint32Array;

  constructor(set: FuzzySet, options: LayoutOptions) {
    const { positions, epochs = epochsFor(set.rows), seed = 1, minDist = 0.1, spread = 1 } = options;
    if (positions.length !== set.rows * 2) throw new RangeError(`positions: expected ${set.rows * 2} numbers, got ${positions.length}`);
    this.positions = positions.slice();
    this.epochs = epochs;
    this.#set = set;
    const heaviest = set.weights.reduce((max, weight) => (weight > max ? weight : max), 0);
    this.#every = set.weights.map((weight) => (weight < heaviest / epochs ? Infinity : heaviest / weight));
    this.#next = this.#every.slice();
    this.#nextNegative = this.#every.map((every) => every / NEGATIVES);
    this.#forces = forces(fitCurve(minDist, spread));
    this.#random = seeded(seed);
  }

  /** Epochs that are done. */
  get epoch(): number {
    return this.#epoch;
  }

  get isDone(): boolean {
    return this.#epoch >= this.epochs;
  }

  /** One epoch: every edge whose turn it is. */
  step(): void {
    const { positions } = this;
    const [every, next, nextNegative] = [this.#every, this.#next, this.#nextNegative];
    const { heads, tails, rows } = this.#set;
    const { pull, push } = this.#forces;
    const epoch = this.#epoch++;
    // As in the authors' code the first epoch runs at the full rate.
    const rate = epoch === 0 ? 1 : 1 - (epoch - 1) / this.epochs;
    const scale = rows / 4294967296;
    let [x, y, z, w] = this.#random;

    for (let edge = 0; edge < heads.length; edge++) {
      if (next[edge] > epoch) continue;
      const head = 2 * heads[edge];
      const tail = 2 * tails[edge];
      let headX = positions[head];
      let headY = positions[head + 1];
      let dx = headX - positions[tail];
      let dy = headY - positions[tail + 1];
      let force = pull[cell(dx * dx + dy * dy)];
      let stepX = clip(force * dx) * rate;
      let stepY = clip(force * dy) * rate;
      headX += stepX;
      headY += stepY;
      positions[tail] -= stepX;
      positions[tail + 1] -= stepY;
      next[edge] += every[edge];

      const gap = every[edge] / NEGATIVES;
      const negatives = Math.floor((epoch - nextNegative[edge]) / gap);
      for (let n = 0; n < negatives; n++) {
        // xorshift128 (Marsaglia 2003).
        const t = x ^ (x << 11);
        x = y;
        y = z;
        z = w;
        w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
        const other = 2 * Math.floor((w >>> 0) * scale);
        if (other === head) continue;
        dx = headX - positions[other];
        dy = headY - positions[other + 1];
        const squared = dx * dx + dy * dy;
        force = push[cell(squared)];
        stepX = squared > 0 ? clip(force * dx) : STEP_MAX;
        stepY = squared > 0 ? clip(force * dy) : STEP_MAX;
        headX += stepX * rate;
        headY += stepY * rate;
      }
      nextNegative[edge] += negatives * gap;
      positions[head] = headX;
      positions[head + 1] = headY;
    }
    this.#random.set([x, y, z, w]);
  }
}

const clip = (step: number): number => (step > STEP_MAX ? STEP_MAX : step < -STEP_MAX ? -STEP_MAX : step);

interface Forces {
  readonly pull: Float32Array;
  readonly push: Float32Array;
}

/** The upper bits of a float: its exponent and nine bits behind, so that a cell is 0.2 % wide wherever it lies. */
const CELL_SHIFT = 14;
const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

function cell(squared: number): number {
  asFloat[0] = squared;
  return asBits[0] >>> CELL_SHIFT;
}

/** Both forces by squared distance, looked up: powers would take most of the time. */
function forces({ a, b }: Curve): Forces {
  const cells = 0x7f800000 >>> CELL_SHIFT;
  const pull = new Float32Array(cells + 1);
  const push = new Float32Array(cells + 1);
  for (let at = 1; at < cells; at++) {
    asBits[0] = (at << CELL_SHIFT) + (1 << (CELL_SHIFT - 1));
    const squared = asFloat[0];
    const power = squared ** b;
    pull[at] = (-2 * a * b * (power / squared)) / (1 + a * power);
    push[at] = (2 * b) / ((NEAR + squared) * (1 + a * power));
  }
  return { pull, push };
}

/** Four numbers that are not all 0 (splitmix32). */
function seeded(seed: number): Uint32Array {
  let state = seed >>> 0;
  return Uint32Array.from({ length: 4 }, () => {
    state = (state + 0x9e3779b9) >>> 0;
    let t = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    t = Math.imul(t ^ (t >>> 15), 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0 || 1;
  });
}
