/** Natural logarithm of a number >= 1 by plain arithmetic: that of Math may differ in its last bit from engine to engine. */
export function logarithm(x: number): number {
  let halvings = 0;
  let m = x;
  for (; m > Math.SQRT2; m /= 2) halvings++;
  // ln m = 2 artanh((m - 1) / (m + 1)), here at most 0.172: twelve terms are beyond double precision.
  const s = (m - 1) / (m + 1);
  const squared = s * s;
  let sum = 0;
  for (let k = 23; k > 0; k -= 2) sum = sum * squared + 1 / k;
  return halvings * Math.LN2 + 2 * s * sum;
}
