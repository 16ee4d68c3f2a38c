/**
 * The curve 1 / (1 + a x^(2b)) by which UMAP turns a distance on the map into a likeness: fitted by least squares to 1 up
 * to `minDist` and exp(-(x - minDist) / spread) behind it (McInnes, Healy, Melville 2018, arXiv:1802.03426, section 3.2).
 */
export interface Curve {
  readonly a: number;
  readonly b: number;
}

const POINTS = 300;
const ROUNDS = 100;

/** Levenberg-Marquardt in two variables. Both arguments are more than 0. */
export function fitCurve(minDist: number, spread: number): Curve {
  const xs = Float64Array.from({ length: POINTS }, (_, i) => (3 * spread * i) / (POINTS - 1));
  const ys = xs.map((x) => (x < minDist ? 1 : Math.exp(-(x - minDist) / spread)));
  const errorOf = (a: number, b: number): number => xs.reduce((sum, x, i) => sum + (1 / (1 + a * x ** (2 * b)) - ys[i]) ** 2, 0);

  let [a, b, damping] = [1, 1, 1e-3];
  let error = errorOf(a, b);
  for (let round = 0; round < ROUNDS; round++) {
    let [aa, ab, bb, ga, gb] = [0, 0, 0, 0, 0];
    // The first point lies at 0, where the curve is 1 for any a and b.
    for (let i = 1; i < POINTS; i++) {
      const power = xs[i] ** (2 * b);
      const y = 1 / (1 + a * power);
      const da = -power * y * y;
      const db = -2 * a * power * Math.log(xs[i]) * y * y;
      const residual = ys[i] - y;
      aa += da * da;
      ab += da * db;
      bb += db * db;
      ga += da * residual;
      gb += db * residual;
    }
    const [daa, dbb] = [aa * (1 + damping), bb * (1 + damping)];
    const determinant = daa * dbb - ab * ab;
    const [nextA, nextB] = [a + (dbb * ga - ab * gb) / determinant, b + (daa * gb - ab * ga) / determinant];
    const next = nextA > 0 && nextB > 0 ? errorOf(nextA, nextB) : Infinity;
    if (next < error) {
      const gained = error - next;
      [a, b, error, damping] = [nextA, nextB, next, damping / 3];
      if (gained < 1e-14) break;
    } else {
      damping *= 4;
    }
  }
  return { a, b };
}
