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
