/** The visitor's searches go before the page's own reading: who reads in the background waits here between two reads. */
let running: Promise<unknown> | null = null;

/** Runs what the visitor waits for. */
export async function foreground<T>(work: () => Promise<T>): Promise<T> {
  const mine = work();
  running = mine;
  try {
    return await mine;
  } finally {
    if (running === mine) running = null;
  }
}

/** Resolves when the visitor waits for nothing. */
export async function idle(): Promise<void> {
  // What was just read may be shown and searched for first.
  await new Promise((resolve) => setTimeout(resolve));
  while (running !== null) await Promise.allSettled([running]);
}

/** How long the page must have been quiet, and how long that is waited for. */
const QUIET_MS = 150;
const PATIENCE_MS = 2_000;

/** Resolves when what just came in has been shown and searched: the visitor has waited for nothing for a moment. */
export async function settled(): Promise<void> {
  const begin = performance.now();
  let quietSince = begin;
  while (performance.now() - quietSince < QUIET_MS && performance.now() - begin < PATIENCE_MS) {
    const isBusy = running !== null;
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (isBusy || running !== null) quietSince = performance.now();
  }
}
