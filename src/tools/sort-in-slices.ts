/** Sorting of long lists with pauses. */

/** Items of a run that is sorted at once, and merged between two pauses. */
const RUN = 2048;

/** The list in order: runs are sorted and merged, so that no step is long. Equal items stay in order. */
export async function sortInSlices<T>(list: readonly T[], compare: (a: T, b: T) => number, pause: () => Promise<void> | undefined): Promise<T[]> {
  let from = [...list], to: T[] = [];
  for (let at = 0; at < from.length; at += RUN) {
    const run = from.slice(at, at + RUN).sort(compare);
    for (const [i, item] of run.entries()) from[at + i] = item;
    const waiting = pause();
    if (waiting) await waiting;
  }
  for (let width = RUN; width < from.length; width *= 2) {
    to = [];
    for (let at = 0; at < from.length; at += 2 * width) {
      const middle = Math.min(at + width, from.length), end = Math.min(at + 2 * width, from.length);
      for (let left = at, right = middle; left < middle || right < end; ) {
        to.push(right === end || (left < middle && compare(from[left]!, from[right]!) <= 0) ? from[left++]! : from[right++]!);
        const waiting = to.length % RUN === 0 ? pause() : undefined;
        if (waiting) await waiting;
      }
    }
    from = to;
  }
  return from;
}
