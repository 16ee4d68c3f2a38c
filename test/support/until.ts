/** Waits until something holds, which is asked again and again. Fails after ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited for ten seconds until ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
