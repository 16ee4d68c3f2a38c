/** Numbers from a seed, 0 to below 1 (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The numbers 0 to n - 1 in an order set by the seed (Fisher-Yates). */
export function shuffled(n: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const random = numbersFrom(seed);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** So many different numbers of 0 to n - 1, ascending; all where there are not more. */
export function sampleOf(n: number, count: number, seed: number): Uint32Array {
  if (count >= n) return Uint32Array.from({ length: n }, (_, i) => i);
  const random = numbersFrom(seed);
  const chosen = new Uint32Array(count);
  let at = 0;
  // Each is taken with the share that is still needed (Knuth, algorithm S).
  for (let i = 0; at < count; i++) if (random() * (n - i) < count - at) chosen[at++] = i;
  return chosen;
}
