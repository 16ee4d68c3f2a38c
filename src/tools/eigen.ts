/**
 * Eigenvalues and eigenvectors of a real symmetric matrix in double precision: Householder's reduction to three
 * diagonals, then the implicit QL algorithm (Wilkinson & Reinsch, "Handbook for Automatic Computation II", contributions
 * II/2 and II/4, as EISPACK's tred2 and tql2 have it). Plain additions, products and roots in a fixed order: the same bits everywhere.
 * Eigenvectors are kept as rows, so that every inner loop runs along memory; the rotations, most of the work, are a kernel's.
 */
import type { Kernels } from '../kernels/kernels.ts';

export interface Eigen {
  /** Descending. Shape (n). */
  readonly values: Float64Array;
  /** Row i belongs to value i; unit length, the entry of largest magnitude positive. Shape (n, n). */
  readonly vectors: Float64Array;
}

/** Called between steps: where long work gives way to its host, and may be stopped. */
export type Pause = (done: number, total: number) => Promise<void> | undefined;

const EPSILON = 2 ** -52;

/** `a`: shape (n, n), symmetric; overwritten. */
export async function symmetricEigen(kernels: Kernels, a: Float64Array, n: number, pause: Pause = () => undefined): Promise<Eigen> {
  const diagonal = new Float64Array(n);
  const off = new Float64Array(n);
  const total = 3 * n;
  const reflectors = new Float64Array(n * n);
  for (let k = 0; k < n - 2; k++) {
    reduceColumn(a, n, k, reflectors.subarray(k * n, (k + 1) * n), off);
    const waiting = pause(k, total);
    if (waiting) await waiting;
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];
  if (n > 1) off[n - 2] = a[(n - 1) * n + n - 2];

  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    reflectRows(vectors, n, k, reflectors.subarray(k * n, (k + 1) * n));
    const waiting = pause(2 * n - k, total);
    if (waiting) await waiting;
  }
  const rotations = new Rotations(kernels, vectors, n);
  try {
    await diagonalise(diagonal, off, rotations, n, (done) => pause(2 * n + done, total));
    return sorted(diagonal, rotations.rows(), n);
  } finally {
    rotations.free();
  }
}

/** The eigenvectors to be, in kernel memory, and the rotations of one step. */
class Rotations {
  readonly #kernels: Kernels;
  readonly #n: number;
  readonly #rows: number;
  readonly #turns: number;
  /** Cosine and sine of rows i and i + 1 at 2 i and 2 i + 1. Shape (2 n). */
  readonly turns: Float64Array;

  constructor(kernels: Kernels, rows: Float64Array, n: number) {
    const { arena } = kernels;
    this.#kernels = kernels;
    this.#n = n;
    this.turns = new Float64Array(2 * n);
    this.#turns = arena.alloc(this.turns.byteLength);
    this.#rows = arena.alloc(rows.byteLength);
    arena.u8(this.#rows, rows.byteLength).set(new Uint8Array(rows.buffer));
  }

  /** Turns rows last + 1 .. first. */
  apply(first: number, last: number): void {
    this.#kernels.arena.u8(this.#turns, this.turns.byteLength).set(new Uint8Array(this.turns.buffer));
    this.#kernels.exports.rotateRows(this.#rows, this.#n, first, last, this.#turns);
  }

  rows(): Float64Array {
    return new Float64Array(this.#kernels.arena.u8(this.#rows, this.#n * this.#n * 8).slice().buffer);
  }

  free(): void {
    this.#kernels.arena.free(this.#rows);
    this.#kernels.arena.free(this.#turns);
  }
}

/**
 * One step of the reduction: `v` gets the reflector that clears column k below its sub-diagonal, scaled so that
 * H = I - v v'; the sub-diagonal goes to off[k], and the rows and columns behind k are changed to H A H.
 */
function reduceColumn(a: Float64Array, n: number, k: number, v: Float64Array, off: Float64Array): void {
  let scale = 0;
  for (let i = k + 1; i < n; i++) scale += Math.abs(a[i * n + k]);
  if (scale === 0) return;
  let squares = 0;
  for (let i = k + 1; i < n; i++) {
    v[i] = a[i * n + k] / scale;
    squares += v[i] * v[i];
  }
  const length = v[k + 1] > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  off[k] = scale * length;
  // |x - length e|^2 / 2
  const half = squares - v[k + 1] * length;
  v[k + 1] -= length;
  if (half === 0) {
    v.fill(0);
    return;
  }
  const root = Math.sqrt(half);
  for (let i = k + 1; i < n; i++) v[i] /= root;
  // p = A v, w = p - (v'p / 2) v, A -= v w' + w v'
  const p = new Float64Array(n);
  let dot = 0;
  for (let i = k + 1; i < n; i++) {
    let sum = 0;
    const row = i * n;
    for (let j = k + 1; j < n; j++) sum += a[row + j] * v[j];
    p[i] = sum;
    dot += sum * v[i];
  }
  for (let i = k + 1; i < n; i++) p[i] -= (dot / 2) * v[i];
  for (let i = k + 1; i < n; i++) {
    const row = i * n, vi = v[i], wi = p[i];
    for (let j = k + 1; j < n; j++) a[row + j] -= vi * p[j] + wi * v[j];
  }
}

/** Rows behind k times H = I - v v'. */
function reflectRows(vectors: Float64Array, n: number, k: number, v: Float64Array): void {
  for (let i = k + 1; i < n; i++) {
    const row = i * n;
    let dot = 0;
    for (let j = k + 1; j < n; j++) dot += vectors[row + j] * v[j];
    if (dot !== 0) for (let j = k + 1; j < n; j++) vectors[row + j] -= dot * v[j];
  }
}

/** Implicit QL on the diagonal d and sub-diagonal e (e[i] between i and i + 1); the eigenvectors are rotated along. */
async function diagonalise(d: Float64Array, e: Float64Array, rotations: Rotations, n: number, pause: (done: number) => Promise<void> | undefined): Promise<void> {
  let shift = 0;
  let largest = 0;
  e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l]) + Math.abs(e[l]));
    let m = l;
    while (m < n - 1 && Math.abs(e[m]) > EPSILON * largest) m++;
    if (m > l) {
      do {
        shift += qlStep(d, e, rotations.turns, n, l, m);
        rotations.apply(l, m - 1);
        const waiting = pause(l);
        if (waiting) await waiting;
      } while (Math.abs(e[l]) > EPSILON * largest);
    }
    d[l] += shift;
    e[l] = 0;
  }
}

/** One QL step with implicit shift on rows l .. m, whose rotations go to `turns`. Answers the shift. */
function qlStep(d: Float64Array, e: Float64Array, turns: Float64Array, n: number, l: number, m: number): number {
  let g = d[l];
  let p = (d[l + 1] - g) / (2 * e[l]);
  let r = hypot(p, 1);
  if (p < 0) r = -r;
  d[l] = e[l] / (p + r);
  d[l + 1] = e[l] * (p + r);
  const next = d[l + 1];
  const shift = g - d[l];
  for (let i = l + 2; i < n; i++) d[i] -= shift;
  p = d[m];
  let c = 1, c2 = 1, c3 = 1, s = 0, s2 = 0;
  const e1 = e[l + 1];
  for (let i = m - 1; i >= l; i--) {
    c3 = c2;
    c2 = c;
    s2 = s;
    g = c * e[i];
    const h = c * p;
    r = hypot(p, e[i]);
    e[i + 1] = s * r;
    s = e[i] / r;
    c = p / r;
    p = c * d[i] - s * g;
    d[i + 1] = h + s * (c * g + s * d[i]);
    turns[2 * i] = c;
    turns[2 * i + 1] = s;
  }
  p = (-s * s2 * c3 * e1 * e[l]) / next;
  e[l] = s * p;
  d[l] = c * p;
  return shift;
}

/** Not Math.hypot, whose last bit is the engine's own. */
function hypot(a: number, b: number): number {
  const x = Math.abs(a), y = Math.abs(b);
  const large = Math.max(x, y), small = Math.min(x, y);
  if (large === 0) return 0;
  const ratio = small / large;
  return large * Math.sqrt(1 + ratio * ratio);
}

function sorted(values: Float64Array, rows: Float64Array, n: number): Eigen {
  const order = Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    const row = rows.subarray(from * n, (from + 1) * n);
    let largest = 0;
    for (let i = 1; i < n; i++) if (Math.abs(row[i]) > Math.abs(row[largest])) largest = i;
    const sign = row[largest] < 0 ? -1 : 1;
    for (let i = 0; i < n; i++) vectors[to * n + i] = sign * row[i];
  });
  return { values: Float64Array.from(order, (i) => values[i]), vectors };
}
