/**
 * Choosing the affine map of integer codes 0 .. most, x ≈ centre + scale * (code - zero), from a sample of the rows.
 *
 * Centred: the centre is the middle of each dimension's range, so that an offset in some dimension costs nothing;
 * one scale for all keeps distances between codes proportional to distances. Where many values are the least of their dimension (pixels, counts), the
 * centre is moved to where that value is exact. Not centred, for dot products between rows, out
 * of which a centre would not cancel: the zero code is placed so that 0 is exact and the range is used. Values beyond the
 * range are clipped: the range is the one with the least squared error over the sample, so that a few outliers do not
 * coarsen everything. Plain double arithmetic in a fixed order: equal rows give equal codes on every machine.
 */
const SAMPLE_ROWS_MAX = 4096;
const BINS = 512;
/** One row of the sample in so many decides between two centres. */
const ERROR_EVERY = 8;

export interface AffineMap {
  readonly scale: number;
  readonly zero: number;
  /** f32, shape (dim). */
  readonly centre: Float32Array;
}

export interface CodeRange {
  /** Largest code: 2^bits - 1. */
  readonly most: number;
  readonly isCentred: boolean;
}

/** `values`: f32, shape (rows, dim). `inverseNorms`: shape (rows), scales each row first; null: not. */
export function trainAffine(values: Float32Array, rows: number, dim: number, { most, isCentred }: CodeRange, inverseNorms: Float32Array | null): AffineMap {
  /** Code of the centre: as many steps below it as above, and one. */
  const middle = (most + 1) / 2;
  const sampleRows = Math.min(rows, SAMPLE_ROWS_MAX);
  const low = new Float64Array(dim).fill(Infinity);
  const high = new Float64Array(dim).fill(-Infinity);
  const rowAt = (i: number): number => Math.floor((i * rows) / sampleRows);
  for (let i = 0; i < sampleRows; i++) {
    const row = rowAt(i);
    const length = inverseNorms ? inverseNorms[row] : 1;
    for (let d = 0, at = row * dim; d < dim; d++, at++) {
      const x = values[at] * length;
      if (x < low[d]) low[d] = x;
      if (x > high[d]) high[d] = x;
    }
  }
  const centre = new Float32Array(dim);
  if (!isCentred) {
    let least = 0, largest = 0;
    for (let d = 0; d < dim; d++) {
      if (low[d] < least) least = low[d];
      if (high[d] > largest) largest = high[d];
    }
    if (!(largest > least)) return { scale: 1, zero: middle, centre };
    const zero = Math.round((most * -least) / (largest - least));
    const scale = Math.max(zero < most ? largest / (most - zero) : 0, zero > 0 ? -least / zero : 0);
    return { scale: Math.fround(scale), zero, centre };
  }

  let reach = 0;
  for (let d = 0; d < dim; d++) {
    if (!(high[d] >= low[d])) continue;
    centre[d] = (low[d] + high[d]) / 2;
    reach = Math.max(reach, (high[d] - low[d]) / 2);
  }
  if (!(reach > 0)) return { scale: 1, zero: middle, centre };

  const histogram = new Float64Array(BINS);
  const perBin = BINS / reach;
  for (let i = 0; i < sampleRows; i++) {
    const row = rowAt(i);
    const length = inverseNorms ? inverseNorms[row] : 1;
    for (let d = 0, at = row * dim; d < dim; d++, at++) {
      const bin = Math.abs(values[at] * length - centre[d]) * perBin;
      histogram[bin < BINS ? bin | 0 : BINS - 1]++;
    }
  }
  const scale = Math.fround(leastErrorReach(histogram, reach, middle - 0.5) / (middle - 0.5));
  const exactLow = centre.map((m, d) => low[d] + scale * Math.round((m - low[d]) / scale));
  /** Of the sample, as rows are encoded. */
  const squaredError = (about: Float32Array): number => {
    let error = 0;
    for (let i = 0; i < sampleRows; i += ERROR_EVERY) {
      const row = rowAt(i);
      const length = inverseNorms ? inverseNorms[row] : 1;
      for (let d = 0, at = row * dim; d < dim; d++, at++) {
        const x = values[at] * length - about[d];
        const off = x - scale * Math.min(Math.max(Math.round(x / scale), -middle), most - middle);
        error += off * off;
      }
    }
    return error;
  };
  return { scale, zero: middle, centre: squaredError(exactLow) < squaredError(centre) ? exactLow : centre };
}

/** The reach (largest |x - centre| kept) in `steps` steps with the least squared error: rounding inside, clipping beyond. */
function leastErrorReach(histogram: Float64Array, reach: number, steps: number): number {
  const width = reach / BINS;
  let best = reach, bestError = Infinity;
  for (let kept = BINS; kept >= BINS / 16; kept -= BINS / 64) {
    const limit = kept * width;
    const step = limit / steps;
    let error = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const beyond = bin < kept ? 0 : (bin + 0.5) * width - limit;
      error += histogram[bin] * ((step * step) / 12 + beyond * beyond);
    }
    if (error < bestError) {
      bestError = error;
      best = limit;
    }
  }
  return best;
}
