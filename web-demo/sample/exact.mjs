/**
 * Exact search in plain JavaScript: the judge of recall. It shares no code with the library, so that the two can
 * disagree.
 */

const LANE = 56;

/**
 * The k rows with the smallest squared L2 distance, nearest first; rows of equal distance in row order. A row is
 * left early once its partial sum is beyond the k-th best, which changes no result.
 */
export function exactL2(base, rows, dim, query, k) {
  const best = new TopK(Math.min(k, rows));
  for (let row = 0; row < rows; row++) {
    const start = row * dim;
    let sum = 0;
    for (let from = 0; from < dim && sum < best.worst; from += LANE) {
      const to = Math.min(from + LANE, dim);
      for (let i = from; i < to; i++) {
        const difference = base[start + i] - query[i];
        sum += difference * difference;
      }
    }
    best.offer(row, sum);
  }
  return { rows: best.rows, scores: best.scores };
}

/** The k rows with the largest cosine, nearest first. */
export function exactCosine(base, rows, dim, query, k) {
  const best = new TopK(Math.min(k, rows));
  for (let row = 0; row < rows; row++) best.offer(row, -cosineAt(base, row, dim, query));
  return { rows: best.rows, scores: best.scores.map((score) => -score) };
}

/** The k rows with the largest inner product, nearest first. */
export function exactIP(base, rows, dim, query, k) {
  const best = new TopK(Math.min(k, rows));
  for (let row = 0; row < rows; row++) best.offer(row, -ipAt(base, row, dim, query));
  return { rows: best.rows, scores: best.scores.map((score) => -score) };
}

export function l2At(base, row, dim, query) {
  let sum = 0;
  for (let i = 0; i < dim; i++) {
    const difference = base[row * dim + i] - query[i];
    sum += difference * difference;
  }
  return sum;
}

export function cosineAt(base, row, dim, query) {
  let dot = 0;
  let baseNorm = 0;
  let queryNorm = 0;
  for (let i = 0; i < dim; i++) {
    const x = base[row * dim + i];
    dot += x * query[i];
    baseNorm += x * x;
    queryNorm += query[i] * query[i];
  }
  return dot / Math.sqrt(baseNorm * queryNorm);
}

export function ipAt(base, row, dim, query) {
  let dot = 0;
  for (let i = 0; i < dim; i++) dot += base[row * dim + i] * query[i];
  return dot;
}

/**
 * The share of the exact answer that was found. A found row counts when it is as near as the last exact one, so that
 * ties at the border are no error.
 */
export function recallL2(found, exact, base, dim, query) {
  if (exact.rows.length === 0) return 1;
  const border = exact.scores[exact.scores.length - 1];
  return new Set(found.filter((row) => l2At(base, row, dim, query) <= border)).size / exact.rows.length;
}

export function recallCosine(found, exact, base, dim, query) {
  if (exact.rows.length === 0) return 1;
  const border = exact.scores[exact.scores.length - 1] - 1e-7;
  return new Set(found.filter((row) => cosineAt(base, row, dim, query) >= border)).size / exact.rows.length;
}

export function recallIP(found, exact, base, dim, query) {
  if (exact.rows.length === 0) return 1;
  const last = exact.scores[exact.scores.length - 1];
  const border = last - 1e-7 * Math.abs(last);
  return new Set(found.filter((row) => ipAt(base, row, dim, query) >= border)).size / exact.rows.length;
}

/** The k smallest scores seen, sorted. */
class TopK {
  constructor(k) {
    this.k = k;
    this.rows = [];
    this.scores = [];
    this.worst = Infinity;
  }

  offer(row, score) {
    if (!(score < this.worst)) return;
    let at = this.rows.length;
    while (at > 0 && this.scores[at - 1] > score) at--;
    this.rows.splice(at, 0, row);
    this.scores.splice(at, 0, score);
    if (this.rows.length > this.k) {
      this.rows.pop();
      this.scores.pop();
    }
    if (this.rows.length === this.k) this.worst = this.k === 0 ? -Infinity : this.scores[this.k - 1];
  }
}
