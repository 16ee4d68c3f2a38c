/** Time of a search as a visitor would meet it on a page that does nothing else. */

const RUNS = 5;

/** The median of a few runs, in milliseconds; begins when what is on its way to the screen has been drawn. */
export async function medianMs(search: () => Promise<unknown>): Promise<number> {
  await painted();
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const begin = performance.now();
    await search();
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1];
}

/** A tab that is not on the screen is not drawn; it need not wait. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) resolve();
    else requestAnimationFrame(() => setTimeout(resolve));
  });
}
